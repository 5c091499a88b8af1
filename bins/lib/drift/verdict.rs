//! Defines the verdict on new messages (drifted, steady or insufficient data), and the window it covers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether the new messages differ from the reference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftVerdict {
    /// At least one family of tests raised an alarm, and the change is new.
    Drifted,
    /// No alarm, on enough messages to detect a change; or a change that is usual, or that a retrain has answered.
    Steady,
    /// No alarm, but too few messages to detect a change.
    #[default]
    InsufficientData,
}

impl DriftVerdict {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Drifted => "drifted",
            Self::Steady => "steady",
            Self::InsufficientData => "insufficient_data",
        }
    }
}

/// The basis that decides whether drift is unusual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmCalibration {
    /// Earlier windows. Drift is unusual if it is larger than in 95% of them.
    History,
    /// None, because there are too few earlier windows. Only the tests decide, and they assume independent rows.
    IidOnly,
}

/// The messages that a verdict covers.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Window {
    /// Number of new rows in this run.
    pub rows: u64,
    /// Estimated number of distinct messages among the new rows.
    pub distinct: u64,
    /// Number of pooled runs, including this run.
    pub runs: usize,
    /// Number of distinct messages compared; 0 without a reference.
    pub messages: u64,
    /// Number of distinct messages in the reference; 0 without a reference.
    pub reference: u64,
    /// Messages needed to detect a distance of 0.10 with power 0.5; null if the reference is too small.
    pub needed: Option<u64>,
    /// Smallest distance that the tests detect on these messages with power 0.5; null if they detect none.
    pub detectable: Option<f64>,
    /// Basis of unusual drift: `history` (earlier windows) or `iid-only` (the tests alone).
    pub calibration: AlarmCalibration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_match_their_json_names() {
        for verdict in [DriftVerdict::Drifted, DriftVerdict::Steady, DriftVerdict::InsufficientData] {
            assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.name());
        }
        assert_eq!(serde_json::to_value(AlarmCalibration::IidOnly).unwrap(), "iid-only");
    }
}
