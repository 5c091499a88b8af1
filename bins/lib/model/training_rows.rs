//! Defines training rows, and sources that can be read several times.

use anyhow::Result;
use sha2::{Digest, Sha256};

use crate::rows::label::Label;

/// A labelled row to learn from.
#[derive(Clone, Debug)]
pub struct TrainingRow {
    /// The text, already masked if the model masks texts before scoring.
    pub text: String,
    /// The cells of the feature columns.
    pub cells: Vec<String>,
    pub label: Label,
    /// Weight of the row; usually 1.
    pub weight: f64,
    /// Day of the row's date, in days since 1970; `None` without a date. Models do not learn from it.
    pub day: Option<i64>,
    /// Who labelled the row or where it came from; empty if unknown. Models do not learn from it.
    pub source: String,
}

impl TrainingRow {
    /// A row with the weight 1 and without cells.
    pub fn new(text: impl Into<String>, label: Label) -> Self {
        Self { text: text.into(), cells: Vec::new(), label, weight: 1.0, day: None, source: String::new() }
    }

    /// Adds the row to a digest of all rows.
    pub(super) fn digest(&self, hash: &mut Sha256) {
        for part in [&self.text].into_iter().chain(&self.cells) {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.update([u8::from(self.label == Label::Positive)]);
        hash.update(self.weight.to_bits().to_le_bytes());
    }
}

/// A source of training rows. Each pass gives the same rows in the same order.
pub trait TrainingRows {
    /// Calls `each` with all rows, block by block.
    fn read(&self, each: &mut dyn FnMut(&[TrainingRow]) -> Result<()>) -> Result<()>;

    /// Whether the rows are in memory.
    fn are_in_memory(&self) -> bool;
}

impl TrainingRows for Vec<TrainingRow> {
    fn read(&self, each: &mut dyn FnMut(&[TrainingRow]) -> Result<()>) -> Result<()> {
        each(self)
    }

    fn are_in_memory(&self) -> bool {
        true
    }
}

/// Limits for the threads and the memory of a fit.
#[derive(Clone, Copy, Debug)]
pub struct ResourceLimits {
    pub threads: usize,
    /// Bytes for counting terms.
    pub memory: usize,
}
