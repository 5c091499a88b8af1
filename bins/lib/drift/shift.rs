//! Distinguishes label shift (only the class balance changed) from a change in the messages.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::drift::messages::{Messages, STEPS, SizeScale};
use crate::drift::text_change::TextChange;
use crate::io::fraction::Fraction;
use crate::model::score_calibration::ScoreCalibration;
use crate::rows::label::Label;
use crate::stats::confusion::Confusion;
use crate::stats::kolmogorov;
use crate::stats::label_shift;
use crate::stats::prior_shift::{self, PriorShiftTest, TrainingBalance};

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
    /// P-value of the hypothesis that the class balance did not change (likelihood-ratio test, Wilks 1938).
    #[serde(default = "certain")]
    pub balance_p: f64,
    /// Kolmogorov-Smirnov distance of the scores from the reference, adjusted to the estimated class balance.
    pub distance: f64,
    /// Upper 95% bound of the distance.
    #[serde(default = "certain")]
    pub distance_upper: f64,
    /// P-value of the distance.
    pub p: f64,
    /// How far the words differ at the same class balance; null if a side has too few messages.
    #[serde(default)]
    pub text: Option<TextChange>,
    /// Whether only the class balance changed, as far as scores and words show.
    pub only_base_rate: bool,
}

fn certain() -> f64 {
    1.0
}

/// Minimum effect: a smaller distance is ignored.
pub const MINIMUM_DISTANCE: f64 = 0.10;

/// Level of the tests.
const LEVEL: f64 = 0.01;

impl LabelShift {
    /// Whether the class balance changed by more than chance and the minimum effect, if nothing else changed.
    pub fn is_balance_changed(&self) -> bool {
        self.balance_p < LEVEL && (self.estimated - self.before).abs() >= prior_shift::MIN_EFFECT
    }

    /// Whether the scores changed in a way that no class balance explains.
    pub fn are_scores_changed(&self) -> bool {
        self.p < LEVEL && self.distance >= MINIMUM_DISTANCE
    }

    /// Evidence that only the class balance changed. A test that finds nothing is no evidence, so the upper bound of the
    /// distance must be below the minimum effect, and the words must not have changed.
    fn is_label_shift(&self) -> bool {
        let has_same_words = self.text.is_some_and(|text| !text.is_change());
        self.is_balance_changed() && self.distance_upper < MINIMUM_DISTANCE && has_same_words
    }
}

/// Estimates the class balance from the scores; none without scores, or without labels of both classes in the reference.
pub fn shift(
    reference: &Messages,
    new: &Messages,
    threshold: Fraction,
    calibration: &ScoreCalibration,
) -> Option<LabelShift> {
    let [negative, positive] = reference.labels();
    if negative == 0 || positive == 0 || new.is_empty() || !reference.scored || !new.scored {
        return None;
    }
    let before = positive as f64 / (positive + negative) as f64;
    let margin = calibration.margin();
    let probabilities: Vec<f64> = new
        .records
        .iter()
        .map(|record| calibration.probability(record.score()).clamp(margin, 1.0 - margin))
        .collect();
    let balance = PriorShiftTest::test(&probabilities, TrainingBalance { positive, negative })?;
    let estimated = balance.estimated;
    let mut confusion = Confusion::default();
    for record in &reference.records {
        let verdict = if record.score() >= threshold.value() { Label::Positive } else { Label::Negative };
        record.label().into_iter().for_each(|label| confusion.add(label, verdict));
    }
    let by_verdicts =
        label_shift::estimate(new.verdicts(threshold), new.len(), confusion).map(|found| found.share);
    let weights = [(1.0 - estimated) / (1.0 - before), estimated / before];
    let ReweightedDistance { distance, upper, p } = ReweightedDistance::of(reference, new, weights)?;
    // The share by verdicts needs no calibration, so an error of the calibration does not look like other words.
    let share = by_verdicts.unwrap_or(estimated);
    let text = TextChange::of(reference, new, share.clamp(margin, 1.0 - margin));
    let mut shift = LabelShift {
        before,
        estimated,
        by_verdicts,
        balance_p: balance.p,
        distance,
        distance_upper: upper,
        p,
        text,
        only_base_rate: false,
    };
    shift.only_base_rate = shift.is_label_shift();
    Some(shift)
}

/// Kolmogorov-Smirnov distance between new scores and weighted reference scores.
struct ReweightedDistance {
    distance: f64,
    /// Upper 95% bound.
    upper: f64,
    p: f64,
}

impl ReweightedDistance {
    /// `weights` are for negative and positive messages of the reference. The number of rows of the reference is the
    /// effective sample size of the weights (Kish 1965).
    ///
    /// The upper bound holds because the measured distance is at least the difference at the score where the true
    /// distance is. The standard error of that difference is at most 0.5 / √n, with n = rows · new / (rows + new).
    fn of(reference: &Messages, new: &Messages, weights: [f64; 2]) -> Option<Self> {
        let mut bins = [0.0; STEPS];
        let (mut sum, mut squares) = (0.0, 0.0);
        for (record, step) in reference.steps(SizeScale::Score, reference) {
            let Some(label) = record.label() else { continue };
            let weight = weights[usize::from(label == Label::Positive)];
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
        let (rows, count) = (sum * sum / squares, new.len() as f64);
        let upper = distance + 1.644_853_626_951_472_2 * 0.5 / (rows * count / (rows + count)).sqrt();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of rows")]
        let rows = rows as u64;
        let p = kolmogorov::p(distance, rows, new.len());
        (sum > 0.0).then_some(Self { distance, upper: upper.min(1.0), p })
    }
}
