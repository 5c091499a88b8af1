//! How well verdicts agree with labels.

use serde::{Deserialize, Serialize};

use crate::data::label::Label;
use crate::data::results::Head;

/// Labelled rows by what they are and what they were taken for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// Positive, found.
    pub true_positive: u64,
    /// Negative, taken for positive.
    pub false_positive: u64,
    /// Negative, left alone.
    pub true_negative: u64,
    /// Positive, missed.
    pub false_negative: u64,
}

impl Confusion {
    /// Counts one row.
    pub fn add(&mut self, truth: Label, verdict: Label) {
        match (truth, verdict) {
            (Label::Positive, Label::Positive) => self.true_positive += 1,
            (Label::Negative, Label::Positive) => self.false_positive += 1,
            (Label::Negative, Label::Negative) => self.true_negative += 1,
            (Label::Positive, Label::Negative) => self.false_negative += 1,
        }
    }

    /// All labelled rows.
    pub fn total(&self) -> u64 {
        self.true_positive + self.false_positive + self.true_negative + self.false_negative
    }

    /// The share of right verdicts.
    pub fn accuracy(&self) -> f64 {
        ratio(self.true_positive + self.true_negative, self.total())
    }

    /// The share of positives among those taken for it; 0 where none was.
    pub fn precision(&self) -> f64 {
        ratio(self.true_positive, self.true_positive + self.false_positive)
    }

    /// The share of positives that were found; 0 where there are none.
    pub fn recall(&self) -> f64 {
        ratio(self.true_positive, self.true_positive + self.false_negative)
    }

    /// The harmonic mean of precision and recall (van Rijsbergen 1979); 0 where nothing was found.
    pub fn f1(&self) -> f64 {
        ratio(2 * self.true_positive, 2 * self.true_positive + self.false_positive + self.false_negative)
    }
}

/// What `score` measures where there are labels: a tree of numbers, as DVC reads it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: Head,
    /// Rows scored.
    pub rows: u64,
    /// Rows with a label among them: the rest of the numbers is about these.
    pub labelled: u64,
    /// The harmonic mean of precision and recall.
    pub f1: f64,
    /// The share of positives among those taken for it.
    pub precision: f64,
    /// The share of positives that were found.
    pub recall: f64,
    /// The share of right verdicts.
    pub accuracy: f64,
    /// The counts behind them.
    pub confusion: Confusion,
}

impl Metrics {
    /// The metrics of scored rows.
    pub fn new(rows: u64, confusion: Confusion, tool: &str) -> Self {
        Self {
            head: Head::new("metrics", tool),
            rows,
            labelled: confusion.total(),
            f1: confusion.f1(),
            precision: confusion.precision(),
            recall: confusion.recall(),
            accuracy: confusion.accuracy(),
            confusion,
        }
    }
}

/// A quotient; 0 over 0 is 0, as in scikit-learn with `zero_division=0`.
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
