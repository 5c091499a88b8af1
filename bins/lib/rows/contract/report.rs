//! Defines `validate.json`, the report of `validate`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Severity;
use crate::io::result_file::ResultHead;

/// The verdict of `validate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValidateVerdict {
    /// No check with severity `fail` failed.
    Valid,
    /// At least one check with severity `fail` failed.
    Invalid,
    /// The input has no rows.
    Empty,
}

impl ValidateVerdict {
    pub const ALL: [Self; 3] = [Self::Valid, Self::Invalid, Self::Empty];

    /// The verdict as spelled in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Empty => "empty",
        }
    }
}

/// The report of `validate`.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct ValidateReport {
    /// Schema, tool and id of the run.
    #[serde(flatten)]
    pub head: ResultHead,
    /// Whether the rows satisfy the contract: `valid`, `invalid` or `empty`.
    pub verdict: ValidateVerdict,
    /// Number of rows read.
    pub rows: u64,
    /// Number of valid rows.
    pub clean: u64,
    /// Number of rejected rows, malformed rows included.
    pub rejected: u64,
    /// Every failed check, in the order of names.
    pub failed: Vec<FailedCheck>,
    /// The reasons for the verdict, one sentence each. Empty if the verdict is `valid`.
    pub reasons: Vec<String>,
}

/// A failed check.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct FailedCheck {
    /// Name of the check, such as `text.min_length`.
    pub name: String,
    /// Severity in the contract: `warn`, `reject` or `fail`.
    pub severity: Severity,
    /// Number of rows that failed; 1 for a check of the table.
    pub count: u64,
    /// The first problems, at most three, with personal data masked.
    pub examples: Vec<String>,
}
