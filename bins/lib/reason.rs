//! Defines `Reason`, an entry of `reasons` in a result: code, sentence, value, limit and p-value.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One signal or check of a decision.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Reason {
    /// A stable code for programs, such as `performance`.
    pub code: String,
    /// Whether it supports the decision: a trigger that fired, or a check that passed.
    pub fired: bool,
    /// One sentence for people: the fact and its limit, then details after a semicolon.
    pub says: String,
    /// The measured value; null if nothing was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The limit for the value; null if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// The p-value, from 0 to 1; null if no test was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p: Option<f64>,
}

/// A p-value for a sentence: three decimals, or its magnitude if all three decimals would be 0.
pub fn p_value(p: f64) -> String {
    match p {
        0.001.. => format!("{p:.3}"),
        // Below 1e-300 a 64-bit float loses its precision.
        1e-300.. => format!("{p:.0e}"),
        _ => "under 1e-300".into(),
    }
}

impl Reason {
    /// A reason without a number.
    pub fn plain(code: &str, fired: bool, says: impl Into<String>) -> Self {
        Self { code: code.into(), fired, says: says.into(), value: None, limit: None, p: None }
    }

    /// A reason that compares a value with a limit.
    pub fn against(code: &str, fired: bool, says: impl Into<String>, value: f64, limit: f64) -> Self {
        Self { value: Some(value), limit: Some(limit), ..Self::plain(code, fired, says) }
    }

    /// The fact and its limit: the sentence without the details after its first semicolon.
    pub fn fact(&self) -> &str {
        self.says.split("; ").next().unwrap_or_default()
    }
}
