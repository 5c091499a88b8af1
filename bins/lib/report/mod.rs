//! Writes sentences, reports and charts for people.

pub mod aligned;
mod numbers;
pub(crate) mod escape;
pub mod suspect_fact;
pub mod compare_sentences;
pub mod validate_sentences;
pub mod flips;
mod prose;
pub mod drift_sentences;
mod run_results;
mod compare_facts;
mod error_rates;
mod headline;
mod decision;
mod key_facts;
mod next_steps;
pub mod notices;
mod markdown;
mod svg;
mod chart;
mod table;
mod page;
mod annotate;
pub mod model_card;
pub mod curve;
mod files;

pub use decision::Decision;
pub use files::{append, write};
pub use run_results::{RunModel, RunResults, read};
