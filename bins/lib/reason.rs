//! The type `Reason`, one entry of `reasons` in a result: code, sentence, value, limit and p-value.

use serde::{Deserialize, Serialize};

/// One signal: what was seen, against which limit, and whether that decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// A word for programs, such as `performance`.
    pub code: String,
    /// Whether it spoke for the decision.
    pub fired: bool,
    /// A sentence for people.
    pub says: String,
    /// What was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The limit it was held against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// How surprising it is, where a test was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p: Option<f64>,
}

/// A p-value for a sentence: three digits, or its magnitude where these are zeros.
pub fn p_value(p: f64) -> String {
    match p {
        0.001.. => format!("{p:.3}"),
        // Under that a number of 64 bits has no digits left.
        1e-300.. => format!("{p:.0e}"),
        _ => "under 1e-300".into(),
    }
}

impl Reason {
    /// A signal without a number.
    pub fn plain(code: &str, fired: bool, says: impl Into<String>) -> Self {
        Self { code: code.into(), fired, says: says.into(), value: None, limit: None, p: None }
    }

    /// A signal against a limit.
    pub fn against(code: &str, fired: bool, says: impl Into<String>, value: f64, limit: f64) -> Self {
        Self { value: Some(value), limit: Some(limit), ..Self::plain(code, fired, says) }
    }
}
