//! Defines the result of the golden messages. A challenger must classify all of them correctly.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The golden messages, scored by the challenger in a new process.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct GoldenResult {
    /// Number of golden messages.
    pub rows: u64,
    /// Number of messages that the challenger got wrong.
    pub wrong: u64,
    /// The first wrong messages, at most 10.
    pub shown: Vec<GoldenMiss>,
}

impl GoldenResult {
    pub fn passed(&self) -> bool {
        self.wrong == 0
    }
}

/// A golden message with a wrong verdict.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct GoldenMiss {
    /// Line of the message in its file.
    pub line: u64,
    /// Label of the message, as written in the file.
    pub expected: String,
    /// Verdict of the challenger, as `score` writes it.
    #[serde(rename = "verdict")]
    pub judged_as: String,
    /// Score of the message, 0 to 1.
    pub spam_score: f64,
}
