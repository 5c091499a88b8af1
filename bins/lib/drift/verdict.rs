//! The verdict on new messages (drifted, steady or insufficient data), and the window it covers.

use serde::{Deserialize, Serialize};

/// Whether the new messages differ from the reference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftVerdict {
    /// At least one family of tests raised an alarm.
    Drifted,
    /// No alarm, on enough messages to see a change.
    Steady,
    /// No alarm, on too few messages for one to be likely.
    #[default]
    InsufficientData,
}

impl DriftVerdict {
    /// The verdict as results spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Drifted => "drifted",
            Self::Steady => "steady",
            Self::InsufficientData => "insufficient_data",
        }
    }
}

/// What an alarm is compared with before it counts as news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmCalibration {
    /// Earlier windows of the stream: drift is news only if it is larger than in 95 of 100 of them.
    History,
    /// Nothing: there are too few earlier windows, so the tests, which assume independent rows, stand alone.
    IidOnly,
}

/// The messages that a verdict is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// New rows of this run.
    pub rows: u64,
    /// Distinct messages among them, estimated.
    pub distinct: u64,
    /// Pooled runs: this one and those before it.
    pub runs: usize,
    /// Distinct messages that were tested.
    pub messages: u64,
    /// Distinct messages of the reference.
    pub reference: u64,
    /// Messages needed to detect a distance of .10 half of the time; none if the reference is too small for that.
    pub needed: Option<u64>,
    /// The smallest distance that these messages would show half of the time.
    pub detectable: Option<f64>,
    /// What alarms were compared with.
    pub calibration: AlarmCalibration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_has_one_spelling() {
        for verdict in [DriftVerdict::Drifted, DriftVerdict::Steady, DriftVerdict::InsufficientData] {
            assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.name());
        }
        assert_eq!(serde_json::to_value(AlarmCalibration::IidOnly).unwrap(), "iid-only");
    }
}
