//! Labelled rows to learn from, and how to read them more than once.

use anyhow::Result;
use sha2::{Digest, Sha256};

use crate::rows::label::Label;

/// A row to learn from.
#[derive(Clone, Debug)]
pub struct TrainingRow {
    /// The text, already masked if the model masks texts before scoring.
    pub text: String,
    /// The cells of the feature columns.
    pub cells: Vec<String>,
    /// The class of the row.
    pub label: Label,
    /// How much the row counts; usually 1.
    pub weight: f64,
}

impl TrainingRow {
    /// A text with its label, without cells, with the weight 1.
    pub fn new(text: impl Into<String>, label: Label) -> Self {
        Self { text: text.into(), cells: Vec::new(), label, weight: 1.0 }
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

/// A source of training rows that gives the same rows in the same order every time it is read.
pub trait TrainingRows {
    /// Calls `each` with all rows, some at a time.
    fn read(&self, each: &mut dyn FnMut(&[TrainingRow]) -> Result<()>) -> Result<()>;

    /// Whether the rows are in memory.
    fn are_held(&self) -> bool;
}

impl TrainingRows for Vec<TrainingRow> {
    fn read(&self, each: &mut dyn FnMut(&[TrainingRow]) -> Result<()>) -> Result<()> {
        each(self)
    }

    fn are_held(&self) -> bool {
        true
    }
}

/// The threads and the memory that fitting may use.
#[derive(Clone, Copy, Debug)]
pub struct ResourceLimits {
    /// Threads at once.
    pub threads: usize,
    /// Bytes for the terms that are counted.
    pub memory: usize,
}
