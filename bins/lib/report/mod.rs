//! Sentences, pages and charts for people.

pub mod aligned;
pub(crate) mod escape;
pub mod compare_sentences;
pub mod validate_sentences;
pub mod flips;
pub mod drift_sentences;
mod prose;
mod decision;
mod markdown;
mod svg;
mod chart;
mod table;
mod page;
mod annotate;
pub mod model_card;
pub mod curve;
mod files;

pub use decision::{Decision, RunResults, read};
pub use files::{append, write};
