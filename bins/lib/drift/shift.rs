//! Tells label shift (only the class balance changed) from a change of the messages themselves.

use serde::{Deserialize, Serialize};

use crate::drift::messages::{Messages, STEPS, SizeScale};
use crate::io::fraction::Fraction;
use crate::model::calibrate::Calibration;
use crate::rows::label::Label;
use crate::stats::confusion::Confusion;
use crate::stats::kolmogorov;
use crate::stats::label_shift;
use crate::stats::prior_shift;

/// What kind of change it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelShift {
    /// The share of positives in the reference.
    pub before: f64,
    /// That of the new messages, by their scores (Saerens, Latinne & Decaestecker 2002).
    pub estimated: f64,
    /// The same by the verdicts (Lipton, Wang & Smola 2018), where these tell the classes apart.
    pub by_verdicts: Option<f64>,
    /// How far the scores are from those of the reference, were only the share of positives as estimated.
    pub distance: f64,
    /// The chance of such a distance, or a larger one, then.
    pub p: f64,
    /// Whether the share of positives has changed, and nothing else that the scores would show.
    pub only_base_rate: bool,
}

/// The least distance that is not by the shares alone.
const FLOOR: f64 = 0.10;

/// What the scores say; none where they say nothing.
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
    // A score that was never wrong is not sure for all that.
    let trace = 0.5 / (positive + negative) as f64;
    let chances =
        new.records.iter().map(|record| calibration.probability(record.score()).clamp(trace, 1.0 - trace));
    let estimated = prior_shift::estimate(&chances.collect::<Vec<_>>(), before);
    let mut confusion = Confusion::default();
    for record in &reference.records {
        let verdict = if record.score() >= threshold.value() { Label::Positive } else { Label::Negative };
        record.label().into_iter().for_each(|label| confusion.add(label, verdict));
    }
    let by_verdicts =
        label_shift::estimate(new.verdicts(threshold), new.len(), confusion).map(|found| found.share);
    let (distance, p) = reweighted(reference, new, estimated / before, (1.0 - estimated) / (1.0 - before))?;
    let moved = (estimated - before).abs() >= prior_shift::MIN_EFFECT;
    let only_base_rate = moved && (p > 0.05 || distance < FLOOR);
    Some(LabelShift { before, estimated, by_verdicts, distance, p, only_base_rate })
}

/// Kolmogorov's distance between new scores and those of the reference, whose classes weigh so much; and its p-value, by as
/// many rows as the weights are worth (Kish 1965).
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
    let (mut below, mut new_below, mut most) = (0.0, 0u64, 0.0f64);
    for (weight, count) in bins.iter().zip(&scores) {
        below += weight / sum;
        new_below += count;
        most = most.max((below - new_below as f64 / new.len() as f64).abs());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of rows")]
    let rows = (sum * sum / squares) as u64;
    (sum > 0.0).then(|| (most, kolmogorov::p(most, rows, new.len())))
}
