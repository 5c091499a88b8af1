//! Learns from a reference profile what a score means: the probability that a message is positive, and its error.

use crate::model::calibrate::{Calibration, CalibrationMethod};
use crate::profile::summary::MessageRecord;
use crate::rows::label::Label;

/// Minimum number of labelled messages per class in the reference.
pub const MIN_LABELLED_PER_CLASS: u64 = 50;

/// A calibration of scores by isotonic regression, with the number of messages behind each of its steps.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreCalibration {
    map: Calibration,
    /// The steps, by ascending probability.
    steps: Vec<CalibrationStep>,
    /// Number of labelled messages.
    messages: u64,
}

/// Messages that the calibration gives the same probability.
#[derive(Clone, Copy, Debug, PartialEq)]
struct CalibrationStep {
    probability: f64,
    messages: f64,
}

impl CalibrationStep {
    /// Variance of the probability: the posterior of a share with Jeffreys' prior (1946). It is above 0 even if all
    /// messages of the step have one label.
    fn variance(self) -> f64 {
        let mean = (self.probability * self.messages + 0.5) / (self.messages + 1.0);
        mean * (1.0 - mean) / (self.messages + 2.0)
    }
}

impl ScoreCalibration {
    /// Learns from the labelled messages of a reference. None if a class has too few of them.
    pub fn learn<'a>(reference: impl Iterator<Item = &'a MessageRecord>) -> Option<Self> {
        let labelled: Vec<(f64, bool)> = reference
            .filter_map(|record| Some((record.score(), record.label()? == Label::Positive)))
            .collect();
        let positive = labelled.iter().filter(|(_, positive)| *positive).count() as u64;
        let messages = labelled.len() as u64;
        if positive.min(messages - positive) < MIN_LABELLED_PER_CLASS {
            return None;
        }
        let map = Calibration::learn(CalibrationMethod::Isotonic, &labelled);
        let mut given: Vec<f64> = labelled.iter().map(|(score, _)| map.probability(*score)).collect();
        given.sort_unstable_by(f64::total_cmp);
        let steps = given.chunk_by(|one, next| one.to_bits() == next.to_bits());
        let steps =
            steps.map(|step| CalibrationStep { probability: step[0], messages: step.len() as f64 }).collect();
        Some(Self { map, steps, messages })
    }

    /// The probability that a message with this score is positive.
    pub fn probability(&self, score: f64) -> f64 {
        self.map.probability(score)
    }

    /// Smallest probability that the reference can tell from 0: a score can be wrong even if the reference has no
    /// errors at this score.
    pub fn margin(&self) -> f64 {
        0.5 / self.messages as f64
    }

    /// Variance of a figure that comes from the error of the calibration, by the delta method. `slopes` gives, for each
    /// message, its probability and the derivative of the figure with respect to this probability.
    pub fn variance(&self, slopes: impl Iterator<Item = (f64, f64)>) -> f64 {
        let mut sums = vec![0.0; self.steps.len()];
        for (probability, slope) in slopes {
            let above = self.steps.partition_point(|step| step.probability < probability);
            let last = self.steps.len() - 1;
            let (low, high) = (above.saturating_sub(1), above.min(last));
            let (p, q) = (self.steps[low].probability, self.steps[high].probability);
            // Between two steps, the calibration is linear.
            let part = if q > p { ((probability - p) / (q - p)).clamp(0.0, 1.0) } else { 1.0 };
            sums[low] += (1.0 - part) * slope;
            sums[high] += part * slope;
        }
        sums.iter().zip(&self.steps).map(|(sum, step)| sum * sum * step.variance()).sum()
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

    #[test]
    fn the_error_of_a_step_depends_on_its_messages() {
        // Two steps: 100 messages with score 0.2, of which 10 are positive; 300 with score 0.8, of which 240 are.
        let records: Vec<MessageRecord> =
            (0..400).map(|n| if n < 100 { record(0.2, n < 10) } else { record(0.8, n < 340) }).collect();
        let calibration = ScoreCalibration::learn(records.iter()).unwrap();
        let near = |found: f64, right: f64| assert!((found - right).abs() < 1e-12, "{found}, not {right}");
        near(calibration.probability(0.2), 0.1);
        near(calibration.probability(0.8), 0.8);
        // scipy 1.17: beta(10.5, 90.5).var(), beta(240.5, 60.5).var()
        let (low, high) = (10.5 * 90.5 / (101.0 * 101.0 * 102.0), 240.5 * 60.5 / (301.0 * 301.0 * 302.0));
        near(calibration.variance([(0.1, 1.0)].into_iter()), low);
        near(calibration.variance([(0.8, 2.0)].into_iter()), 4.0 * high);
        // Halfway between the steps, both contribute.
        near(calibration.variance([(0.45, 1.0)].into_iter()), low / 4.0 + high / 4.0);
    }
}
