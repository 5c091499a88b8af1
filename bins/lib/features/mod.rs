//! Turns the text and the feature columns of a row into hashed terms.

mod kind;
mod key;
mod term;
mod spelled;
pub mod hash_table;
mod stop;
mod stems;
mod analyzer;
mod look_alikes;
mod chars;
mod words;
mod disguises;
mod shapes;
mod message;
mod tokenize;
pub mod undisguised;
pub mod windows;
pub mod columns;
pub mod row;

pub use analyzer::{Analyzer, AnalyzerBuffers};
pub use kind::{Ngrams, TermKind};
pub(crate) use message::is_unspaced;
pub(crate) use shapes::{count, is_host};
pub use stems::Language;
pub use stop::StopWords;
pub use term::Term;
