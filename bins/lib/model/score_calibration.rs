//! Learns from a reference profile what a score means: the probability that a message is positive, and its error.

use crate::profile::summary::MessageRecord;
use crate::rows::label::Label;
use crate::stats::beta_calibration::BetaCalibration;

/// Minimum number of labelled messages per class in the reference.
pub const MIN_LABELLED_PER_CLASS: u64 = 50;

/// A calibration of scores, learned from labelled messages.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreCalibration {
    /// The map from scores to probabilities.
    pub map: BetaCalibration,
    /// Number of labelled messages.
    messages: u64,
}

impl ScoreCalibration {
    /// Learns from the labelled messages of a reference. None if a class has too few of them.
    pub fn learn<'a>(reference: impl Iterator<Item = &'a MessageRecord>) -> Option<Self> {
        let labelled: Vec<(f64, bool)> = reference
            .filter_map(|record| Some((record.score(), record.label()? == Label::Positive)))
            .collect();
        let positive = labelled.iter().filter(|(_, positive)| *positive).count() as u64;
        let messages = labelled.len() as u64;
        let has_labels = positive.min(messages - positive) >= MIN_LABELLED_PER_CLASS;
        has_labels.then(|| Self { map: BetaCalibration::fit(&labelled), messages })
    }

    /// The probability that a message with this score is positive.
    pub fn probability(&self, score: f64) -> f64 {
        self.map.probability(BetaCalibration::terms(score))
    }

    /// Smallest probability that the reference can tell from 0: a score can be wrong even if the reference has no
    /// errors at this score.
    pub fn margin(&self) -> f64 {
        0.5 / self.messages as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::descriptor::Descriptor;

    fn record(score: f64, positive: bool) -> MessageRecord {
        let label = if positive { Label::Positive } else { Label::Negative };
        MessageRecord::new(0, Descriptor::default(), score, Some(label), 1)
    }

    #[test]
    fn a_calibration_needs_labels_of_both_classes() {
        let records = |positive: usize| -> Vec<MessageRecord> {
            (0..200).map(|n| record(n as f64 / 200.0, n >= 200 - positive)).collect()
        };
        assert!(ScoreCalibration::learn(records(49).iter()).is_none());
        assert!(ScoreCalibration::learn(records(50).iter()).is_some());
        assert!(ScoreCalibration::learn(records(151).iter()).is_none());
    }
}
