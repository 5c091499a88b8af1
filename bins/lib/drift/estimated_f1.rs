//! Estimates the champion's F1 on unlabelled messages. Assumes that its scores keep their calibration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::drift::messages::Messages;
use crate::io::fraction::Fraction;
use crate::model::calibrate::{Calibration, CalibrationMethod};
use crate::profile::summary::MessageRecord;
use crate::rows::label::Label;
use crate::stats::estimated_performance::{EstimatedMetric, PerformanceSums};
use crate::stats::intervals::{Interval, Z};
use crate::stats::prior_shift;
use crate::stats::special::normal_tail;

/// An estimated figure with its 95% interval.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct EstimatedFigure {
    /// Estimated value, 0 to 1.
    pub value: f64,
    /// Standard error.
    pub error: f64,
    /// 95% interval.
    pub interval: Interval,
}

/// Estimated F1 (confidence-based performance estimation: Guillory et al. 2021, NannyML).
///
/// Isotonic regression on the reference turns each score into a probability. F1 follows from the sums of these probabilities.
/// If the class balance differs, the probabilities are adjusted to it (Saerens et al. 2002), and the reference is
/// reweighted to the same class balance. Otherwise, a change of class balance would look like a loss.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct EstimatedF1 {
    /// Estimated F1 on the new messages.
    pub expected: EstimatedFigure,
    /// Estimated F1 on the reference, computed the same way.
    pub before: EstimatedFigure,
    /// Estimated F1 on the reference, adjusted to the class balance of the new messages.
    pub reference: EstimatedFigure,
    /// Estimated accuracy, precision and recall on the new messages, in this order.
    pub others: [Option<EstimatedMetric>; 3],
    /// Estimated class balance of the new messages: the share of spam, 0 to 1.
    pub positives: f64,
    /// Number of new messages.
    pub messages: u64,
    /// P-value of the loss: the probability of a loss of this size or more if nothing has changed.
    pub p: f64,
}

/// Minimum number of labelled messages per class in the reference.
pub const MIN_LABELLED_PER_CLASS: u64 = 50;

impl EstimatedF1 {
    /// Estimates F1 on new messages; none without new messages or scores.
    pub fn of(
        reference: &Messages,
        new: &Messages,
        threshold: Fraction,
        calibration: &Calibration,
    ) -> Option<Self> {
        if !new.scored || new.is_empty() {
            return None;
        }
        let rows = |side: &Messages| -> Vec<ScoredMessage> {
            side.records.iter().map(|record| ScoredMessage::of(record, threshold, calibration)).collect()
        };
        let (mut new, before) = (rows(new), rows(reference));
        let share =
            |rows: &[ScoredMessage]| rows.iter().map(|row| row.probability).sum::<f64>() / rows.len() as f64;
        let trained = share(&before);
        // A score can be wrong even if the reference has no errors at this score.
        let margin = 0.5 / before.len() as f64;
        let probabilities: Vec<f64> =
            new.iter().map(|row| row.probability.clamp(margin, 1.0 - margin)).collect();
        let now = prior_shift::estimate(&probabilities, trained);
        let mut moved = before.clone();
        if (now - trained).abs() >= prior_shift::MIN_EFFECT {
            let weights = (now / trained, (1.0 - now) / (1.0 - trained));
            for row in moved.iter_mut().chain(&mut new) {
                row.reweigh(weights);
            }
            for row in &mut new {
                row.weight = 1.0;
            }
        }
        let (expected, before, reference) = (figure(&new)?, figure(&before)?, figure(&moved)?);
        let mut sums = PerformanceSums::default();
        for row in &new {
            sums.add(row.probability, row.verdict);
        }
        let others = [sums.accuracy(), sums.precision(), sums.recall()];
        let error = expected.error.hypot(reference.error);
        let z = (reference.value - expected.value) / error;
        let p = if error > 0.0 { normal_tail(z) } else { 1.0 };
        Some(Self {
            expected,
            before,
            reference,
            others,
            positives: share(&new),
            messages: new.len() as u64,
            p,
        })
    }

    /// Loss of F1: the adjusted reference minus the new messages.
    pub fn loss(&self) -> f64 {
        self.reference.value - self.expected.value
    }

    /// Lower 95% bound of the loss.
    pub fn loss_lower_bound(&self) -> f64 {
        self.loss() - 1.644_853_626_951_472_2 * self.expected.error.hypot(self.reference.error)
    }
}

/// Learns the calibration of scores from the reference; none without scores, or with too few labels.
pub fn calibration(reference: &Messages) -> Option<Calibration> {
    if !reference.scored || reference.labels().iter().any(|count| *count < MIN_LABELLED_PER_CLASS) {
        return None;
    }
    let labelled = reference.records.iter().filter_map(|record| {
        let positive = record.label()? == Label::Positive;
        Some((record.score(), positive))
    });
    Some(Calibration::learn(CalibrationMethod::Isotonic, &labelled.collect::<Vec<_>>()))
}

/// The properties of a message that F1 depends on.
#[derive(Clone, Copy)]
struct ScoredMessage {
    /// Probability that the message is spam.
    probability: f64,
    /// Verdict of the champion.
    verdict: Label,
    weight: f64,
}

impl ScoredMessage {
    fn of(record: &MessageRecord, threshold: Fraction, calibration: &Calibration) -> Self {
        let verdict = if record.score() >= threshold.value() { Label::Positive } else { Label::Negative };
        Self { probability: calibration.probability(record.score()), verdict, weight: 1.0 }
    }

    /// Adjusts the message to a class balance that differs by these factors.
    fn reweigh(&mut self, (positive, negative): (f64, f64)) {
        let probability = self.probability * positive;
        self.weight = probability + (1.0 - self.probability) * negative;
        self.probability = if self.weight > 0.0 { probability / self.weight } else { 0.0 };
    }
}

/// Estimated F1 of weighted rows, as a ratio of two means (Cochran 1977, section 2.11). [`PerformanceSums`] does the same
/// without weights. The error covers both unknown labels and the sampling of messages.
fn figure(rows: &[ScoredMessage]) -> Option<EstimatedFigure> {
    let called_positive = |row: &ScoredMessage| f64::from(u8::from(row.verdict == Label::Positive));
    let (mut found, mut involved) = (0.0, 0.0);
    for row in rows {
        found += row.weight * 2.0 * row.probability * called_positive(row);
        involved += row.weight * (row.probability + called_positive(row));
    }
    let value = (involved > 0.0).then(|| found / involved)?;
    let variance = rows.iter().map(|row| {
        let message =
            2.0 * row.probability * called_positive(row) - value * (row.probability + called_positive(row));
        let label = row.probability * (1.0 - row.probability) * (2.0 * called_positive(row) - value).powi(2);
        row.weight * row.weight * (message * message + label)
    });
    let error = variance.sum::<f64>().sqrt() / involved;
    let interval = Interval((value - Z * error).max(0.0), (value + Z * error).min(1.0));
    Some(EstimatedFigure { value, error, interval })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_weights_give_the_unweighted_estimate() {
        let rows: Vec<ScoredMessage> = (0..500)
            .map(|n| {
                let probability = f64::from(n) / 499.0;
                let verdict = if n % 7 > 2 && n > 200 { Label::Positive } else { Label::Negative };
                ScoredMessage { probability, verdict, weight: 1.0 }
            })
            .collect();
        let mut sums = PerformanceSums::default();
        for row in &rows {
            sums.add(row.probability, row.verdict);
        }
        let (one, other) = (figure(&rows).unwrap(), sums.f1().unwrap());
        assert!((one.value - other.value).abs() < 1e-9 && one.error > other.error);
        let doubled: Vec<ScoredMessage> =
            rows.iter().map(|row| ScoredMessage { weight: 2.0, ..*row }).collect();
        assert!((figure(&doubled).unwrap().value - one.value).abs() < 1e-12);
    }
}
