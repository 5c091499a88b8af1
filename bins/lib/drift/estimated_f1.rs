//! Estimated F1 of the champion on unlabelled messages, assuming that its scores keep their meaning.

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

/// A figure with its 95% interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EstimatedFigure {
    /// The figure.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
    /// Its bounds, 95 times in 100.
    pub interval: Interval,
}

/// The F1 to be expected (CBPE, Guillory et al. 2021 and NannyML): what the scores of a message turned out to mean among
/// the reference's, by isotonic regression, summed up over the new ones. Where the share of positives is another one, chances
/// are moved to it (Saerens et al. 2002), and the reference is weighed as if it had that share: F1 falls with it, and that is
/// no fault of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EstimatedF1 {
    /// Of the new messages.
    pub expected: EstimatedFigure,
    /// Of the reference's, in the same way.
    pub before: EstimatedFigure,
    /// The same, had they the share of positives of the new ones.
    pub reference: EstimatedFigure,
    /// Accuracy, precision and recall of the new messages, by the same chances.
    pub others: [Option<EstimatedMetric>; 3],
    /// The share of positives to be expected among the new messages.
    pub positives: f64,
    /// New messages that it is about.
    pub messages: u64,
    /// The chance of such a loss, or a larger one, where nothing has changed.
    pub p: f64,
}

/// Labelled messages of the reference of either class under which its scores mean nothing yet.
const LEAST: u64 = 50;

impl EstimatedF1 {
    /// Of new messages; none where either side has no scores, or the reference too few labels.
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
            |rows: &[ScoredMessage]| rows.iter().map(|row| row.chance).sum::<f64>() / rows.len() as f64;
        let trained = share(&before);
        // A score that was never wrong is not sure for all that.
        let trace = 0.5 / before.len() as f64;
        let chances: Vec<f64> = new.iter().map(|row| row.chance.clamp(trace, 1.0 - trace)).collect();
        let now = prior_shift::estimate(&chances, trained);
        let mut moved = before.clone();
        if (now - trained).abs() >= prior_shift::MIN_EFFECT {
            let weights = (now / trained, (1.0 - now) / (1.0 - trained));
            for row in moved.iter_mut().chain(&mut new) {
                row.weigh(weights);
            }
            for row in &mut new {
                row.weight = 1.0;
            }
        }
        let (expected, before, reference) = (figure(&new)?, figure(&before)?, figure(&moved)?);
        let mut sums = PerformanceSums::default();
        for row in &new {
            sums.add(row.chance, row.taken);
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

    /// How much less is to be expected than before.
    pub fn lost(&self) -> f64 {
        self.reference.value - self.expected.value
    }

    /// The least of it that 95 times in 100 is lost.
    pub fn least_loss(&self) -> f64 {
        self.lost() - 1.644_853_626_951_472_2 * self.expected.error.hypot(self.reference.error)
    }
}

/// What the scores of the reference's messages turned out to mean; none where too few are scored and labelled.
pub fn calibration(reference: &Messages) -> Option<Calibration> {
    if !reference.scored || reference.labels().iter().any(|count| *count < LEAST) {
        return None;
    }
    let labelled = reference.records.iter().filter_map(|record| {
        let positive = record.label()? == Label::Positive;
        Some((record.score(), positive))
    });
    Some(Calibration::learn(CalibrationMethod::Isotonic, &labelled.collect::<Vec<_>>()))
}

/// A message, as far as F1 goes.
#[derive(Clone, Copy)]
struct ScoredMessage {
    /// The chance that it is positive.
    chance: f64,
    /// Whether it is taken for positive.
    taken: Label,
    /// How much it counts.
    weight: f64,
}

impl ScoredMessage {
    fn of(record: &MessageRecord, threshold: Fraction, calibration: &Calibration) -> Self {
        let taken = if record.score() >= threshold.value() { Label::Positive } else { Label::Negative };
        Self { chance: calibration.probability(record.score()), taken, weight: 1.0 }
    }

    /// As it is where positives and negatives are so much more frequent.
    fn weigh(&mut self, (positive, negative): (f64, f64)) {
        let chance = self.chance * positive;
        self.weight = chance + (1.0 - self.chance) * negative;
        self.chance = if self.weight > 0.0 { chance / self.weight } else { 0.0 };
    }
}

/// The F1 to be expected of rows with weights, as a ratio of two means (Cochran 1977, section 2.11): what [`PerformanceSums`] has
/// for rows without; its error is that of the labels and, since the messages are a sample, too, of these.
fn figure(rows: &[ScoredMessage]) -> Option<EstimatedFigure> {
    let taken = |row: &ScoredMessage| f64::from(u8::from(row.taken == Label::Positive));
    let (mut found, mut involved) = (0.0, 0.0);
    for row in rows {
        found += row.weight * 2.0 * row.chance * taken(row);
        involved += row.weight * (row.chance + taken(row));
    }
    let value = (involved > 0.0).then(|| found / involved)?;
    let variance = rows.iter().map(|row| {
        let message = 2.0 * row.chance * taken(row) - value * (row.chance + taken(row));
        let label = row.chance * (1.0 - row.chance) * (2.0 * taken(row) - value).powi(2);
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
    fn without_weights_it_is_what_is_expected() {
        let rows: Vec<ScoredMessage> = (0..500)
            .map(|n| {
                let chance = f64::from(n) / 499.0;
                let taken = if n % 7 > 2 && n > 200 { Label::Positive } else { Label::Negative };
                ScoredMessage { chance, taken, weight: 1.0 }
            })
            .collect();
        let mut sums = PerformanceSums::default();
        for row in &rows {
            sums.add(row.chance, row.taken);
        }
        let (one, other) = (figure(&rows).unwrap(), sums.f1().unwrap());
        assert!((one.value - other.value).abs() < 1e-9 && one.error > other.error);
        let doubled: Vec<ScoredMessage> =
            rows.iter().map(|row| ScoredMessage { weight: 2.0, ..*row }).collect();
        assert!((figure(&doubled).unwrap().value - one.value).abs() < 1e-12);
    }
}
