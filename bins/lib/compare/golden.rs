//! The result of the golden messages, which a challenger must all classify correctly.

use serde::{Deserialize, Serialize};

/// The golden messages as a fresh process of the challenger judged them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GoldenResult {
    /// How many there are.
    pub rows: u64,
    /// How many it got wrong.
    pub wrong: u64,
    /// The first of these.
    pub shown: Vec<GoldenMiss>,
}

impl GoldenResult {
    /// Whether all of them were judged right.
    pub fn passed(&self) -> bool {
        self.wrong == 0
    }
}

/// A golden message that was judged wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GoldenMiss {
    /// Its line in the file.
    pub line: u64,
    /// Its label, as the file writes it.
    pub expected: String,
    /// The label that the challenger gave it, as `score` writes it.
    #[serde(rename = "verdict")]
    pub judged_as: String,
    /// Its score.
    pub spam_score: f64,
}
