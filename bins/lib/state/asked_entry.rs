//! Defines a line of `asked.jsonl`: one request for a label.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::io::dates::Timestamp;
use crate::rows::fingerprint::Fingerprint;

/// A row that people were asked to label: a line of `asked.jsonl`.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct AskedEntry {
    /// Time in seconds since 1970.
    pub time: i64,
    /// Fingerprint of the text, in hexadecimal digits.
    pub text: String,
    /// Why the row was picked: `uncertain`, `novel` or `random`.
    pub picked_for: String,
    /// Probability with which a random row was picked; null for the other rows.
    pub probability: Option<f64>,
}

impl AskedEntry {
    pub fn new(time: Timestamp, text: Fingerprint, picked_for: &str, probability: Option<f64>) -> Self {
        let text = format!("{:016x}", text.0);
        Self { time: time.0, text, picked_for: picked_for.to_owned(), probability }
    }
}
