//! The JSON of `validate`: the definition of `validate.json`.

use serde::{Deserialize, Serialize};

use super::Severity;
use crate::io::result_file::ResultHead;

/// Whether rows keep their contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValidateVerdict {
    /// No check failed that the contract calls a failure.
    Valid,
    /// One did.
    Invalid,
    /// There are no rows.
    Empty,
}

impl ValidateVerdict {
    /// Every verdict.
    pub const ALL: [Self; 3] = [Self::Valid, Self::Invalid, Self::Empty];

    /// The verdict as JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Empty => "empty",
        }
    }
}

/// The JSON that `validate` writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValidateReport {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: ResultHead,
    /// Whether the rows keep their contract.
    pub verdict: ValidateVerdict,
    /// Rows in.
    pub rows: u64,
    /// Rows that passed.
    pub clean: u64,
    /// Rows set aside.
    pub rejected: u64,
    /// Every check that a row or the table failed.
    pub failed: Vec<FailedCheck>,
    /// The sentences behind the verdict.
    pub reasons: Vec<String>,
}

/// One check that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailedCheck {
    /// Such as `text.min_length`.
    pub name: String,
    /// How bad that is.
    pub severity: Severity,
    /// How many rows failed it; 1 for a check on the table.
    pub count: u64,
    /// What is wrong, as one of the rows has it, personal data masked.
    pub examples: Vec<String>,
}
