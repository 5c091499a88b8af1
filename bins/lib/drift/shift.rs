//! Distinguishes label shift (only the class balance changed) from a change in the messages.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::drift::messages::{Messages, STEPS, SizeScale};
use crate::io::fraction::Fraction;
use crate::model::calibrate::Calibration;
use crate::rows::label::Label;
use crate::stats::confusion::Confusion;
use crate::stats::kolmogorov;
use crate::stats::label_shift;
use crate::stats::prior_shift;

/// The class balance of the reference and of the new messages, and whether anything else changed.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct LabelShift {
    /// Class balance of the reference: the share of spam, 0 to 1.
    pub before: f64,
    /// Class balance of the new messages, estimated from scores (Saerens, Latinne & Decaestecker 2002).
    pub estimated: f64,
    /// Class balance of the new messages, estimated from verdicts (Lipton, Wang & Smola 2018). Null if the verdicts do not
    /// separate the classes.
    pub by_verdicts: Option<f64>,
    /// Kolmogorov-Smirnov distance of the scores from the reference, adjusted to the estimated class balance.
    pub distance: f64,
    /// P-value of the distance.
    pub p: f64,
    /// Whether only the class balance changed, as far as the scores show.
    pub only_base_rate: bool,
}

/// Minimum effect: a smaller distance is ignored.
const MINIMUM_EFFECT: f64 = 0.10;

/// Estimates the class balance from the scores; none without scores, or without labels of both classes in the reference.
pub fn shift(
    reference: &Messages,
    new: &Messages,
    threshold: Fraction,
    calibration: &Calibration,
) -> Option<LabelShift> {
    let [negative, positive] = reference.labels();
    if negative == 0 || positive == 0 || new.is_empty() || !reference.scored || !new.scored {
        return None;
    }
    let before = positive as f64 / (positive + negative) as f64;
    // A score can be wrong even if the reference has no errors at this score.
    let margin = 0.5 / (positive + negative) as f64;
    let probabilities =
        new.records.iter().map(|record| calibration.probability(record.score()).clamp(margin, 1.0 - margin));
    let estimated = prior_shift::estimate(&probabilities.collect::<Vec<_>>(), before);
    let mut confusion = Confusion::default();
    for record in &reference.records {
        let verdict = if record.score() >= threshold.value() { Label::Positive } else { Label::Negative };
        record.label().into_iter().for_each(|label| confusion.add(label, verdict));
    }
    let by_verdicts =
        label_shift::estimate(new.verdicts(threshold), new.len(), confusion).map(|found| found.share);
    let (distance, p) = reweighted(reference, new, estimated / before, (1.0 - estimated) / (1.0 - before))?;
    let balance_changed = (estimated - before).abs() >= prior_shift::MIN_EFFECT;
    let only_base_rate = balance_changed && (p > 0.05 || distance < MINIMUM_EFFECT);
    Some(LabelShift { before, estimated, by_verdicts, distance, p, only_base_rate })
}

/// Kolmogorov-Smirnov distance between new scores and reference scores, with its p-value. `positive` and `negative`
/// weight the classes of the reference. The p-value uses the effective sample size of the weights (Kish 1965).
fn reweighted(reference: &Messages, new: &Messages, positive: f64, negative: f64) -> Option<(f64, f64)> {
    let mut bins = [0.0; STEPS];
    let (mut sum, mut squares) = (0.0, 0.0);
    for (record, step) in reference.steps(SizeScale::Score, reference) {
        let weight = match record.label() {
            Some(Label::Positive) => positive,
            Some(Label::Negative) => negative,
            None => continue,
        };
        bins[step] += weight;
        sum += weight;
        squares += weight * weight;
    }
    let scores = new.histogram(SizeScale::Score, reference);
    let (mut below, mut new_below, mut distance) = (0.0, 0u64, 0.0f64);
    for (weight, count) in bins.iter().zip(&scores) {
        below += weight / sum;
        new_below += count;
        distance = distance.max((below - new_below as f64 / new.len() as f64).abs());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of rows")]
    let rows = (sum * sum / squares) as u64;
    (sum > 0.0).then(|| (distance, kolmogorov::p(distance, rows, new.len())))
}
