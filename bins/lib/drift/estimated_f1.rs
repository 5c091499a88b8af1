//! Estimates the champion's F1 on unlabelled messages, and says when the estimate cannot be trusted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::drift::messages::Messages;
use crate::drift::shift::LabelShift;
use crate::io::fraction::Fraction;
use crate::model::score_calibration::ScoreCalibration;
use crate::profile::summary::MessageRecord;
use crate::rows::label::Label;
use crate::stats::beta_calibration::BetaCalibration;
use crate::stats::estimated_performance::{EstimatedMetric, PerformanceSums};
use crate::stats::intervals::{Interval, Z};
use crate::stats::special::normal_tail;

/// An estimated figure with its 95% interval.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct EstimatedFigure {
    /// Estimated value, 0 to 1.
    pub value: f64,
    /// Standard error, from unknown labels and the sampling of messages. For new messages, it includes the errors of the
    /// calibration and of the estimated class balance.
    pub error: f64,
    /// 95% interval.
    pub interval: Interval,
}

/// Why an estimate cannot be trusted. A loss that labels do not confirm can then be wrong in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EstimateDoubt {
    /// The messages have so little in common with the reference that the estimate is only a guess.
    OtherMessages,
    /// The words changed, so a score can have another meaning than in the reference.
    ChangedWords,
    /// The scores changed in a way that no class balance explains.
    ChangedScores,
    /// The class balance seems to have changed, but there are too few messages to rule out another change.
    UnclearBalance,
}

impl EstimateDoubt {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::OtherMessages => "other_messages",
            Self::ChangedWords => "changed_words",
            Self::ChangedScores => "changed_scores",
            Self::UnclearBalance => "unclear_balance",
        }
    }

    /// The strongest doubt about an estimate; none if scores and words look as in the reference, or if only the class
    /// balance changed.
    fn of(shift: &LabelShift) -> Option<Self> {
        match shift.text {
            _ if shift.only_base_rate => None,
            Some(text) if text.is_other() => Some(Self::OtherMessages),
            Some(text) if text.is_change() => Some(Self::ChangedWords),
            _ if shift.are_scores_changed() => Some(Self::ChangedScores),
            _ => shift.is_balance_changed().then_some(Self::UnclearBalance),
        }
    }
}

/// The reason why F1 cannot be estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotEstimated {
    /// There is no reference to compare with.
    NoReference,
    /// A side has too few distinct messages.
    TooFewMessages,
    /// The messages have no scores.
    NoScores,
    /// The reference has too few labelled messages of a class.
    TooFewLabels,
    /// No message is predicted positive, and the scores suggest that none is positive.
    NoPositives,
}

/// Estimated F1 (confidence-based performance estimation: Guillory et al. 2021, NannyML).
///
/// [`BetaCalibration`] on the reference turns each score into a probability. F1 follows from the sums of these
/// probabilities. This assumes that a score means the same as in the reference.
///
/// If there is evidence that only the class balance changed ([`LabelShift::only_base_rate`]), the probabilities are
/// adjusted to it (Saerens et al. 2002), and the reference is reweighted to the same class balance. Otherwise, such a
/// change would look like a loss. Without this evidence, the adjustment can do more harm than good: if the texts
/// changed, the estimated class balance is wrong.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct EstimatedF1 {
    /// Estimated F1 on the new messages.
    pub expected: EstimatedFigure,
    /// Estimated F1 on the reference, computed the same way.
    pub before: EstimatedFigure,
    /// Estimated F1 on the reference, adjusted to the class balance of the new messages if `adjusted`.
    pub reference: EstimatedFigure,
    /// Estimated accuracy, precision and recall on the new messages, in this order.
    pub others: [Option<EstimatedMetric>; 3],
    /// Estimated class balance of the new messages: the share of spam, 0 to 1.
    pub positives: f64,
    /// Whether the estimate is adjusted to a changed class balance.
    #[serde(default)]
    pub adjusted: bool,
    /// Why the estimate cannot be trusted; null if it can.
    #[serde(default)]
    pub doubt: Option<EstimateDoubt>,
    /// Number of new messages.
    pub messages: u64,
    /// Standard error of the loss, without the error of the calibration, which is the same on both sides.
    #[serde(default)]
    pub loss_error: f64,
    /// P-value of the loss: the probability of a loss of this size or more if nothing has changed.
    pub p: f64,
}

impl EstimatedF1 {
    /// Estimates F1 on new messages. `shift` compares the messages with the reference.
    pub fn of(
        reference: &Messages,
        new: &Messages,
        threshold: Fraction,
        calibration: &ScoreCalibration,
        shift: Option<&LabelShift>,
    ) -> Result<Self, NotEstimated> {
        if !new.scored || new.is_empty() {
            return Err(NotEstimated::NoScores);
        }
        let rows = |side: &Messages| -> Vec<ScoredMessage> {
            side.records.iter().map(|record| ScoredMessage::of(record, threshold, calibration)).collect()
        };
        let (mut new, before) = (rows(new), rows(reference));
        let mut moved = before.clone();
        let label_shift = shift.filter(|shift| shift.only_base_rate);
        if let Some(shift) = label_shift {
            let weights = (shift.estimated / shift.before, (1.0 - shift.estimated) / (1.0 - shift.before));
            moved.iter_mut().chain(&mut new).for_each(|row| row.reweigh(weights));
            for row in &mut new {
                row.weight = 1.0;
            }
        }
        if new.iter().map(|row| row.probability + row.called_positive()).sum::<f64>() < 1.0 {
            return Err(NotEstimated::NoPositives);
        }
        let [plain, before, reference] =
            [&new, &before, &moved].map(|rows| figure(rows).ok_or(NotEstimated::NoPositives));
        let (plain, before, reference) = (plain?, before?, reference?);
        let variance = plain.variance + parameter_variance(&new, &plain, calibration, label_shift);
        let doubt = shift.and_then(EstimateDoubt::of);
        let unknown = match (doubt, shift.and_then(|shift| shift.text)) {
            (Some(EstimateDoubt::OtherMessages), Some(text)) => text.new_words,
            _ => 0.0,
        };
        let now = with_unknown(&new, EstimatedFigure::new(plain.value, variance), unknown);
        let loss_error = (plain.variance + reference.variance).sqrt();
        let loss = reference.value - now.value;
        Ok(Self {
            expected: now,
            before: before.estimated(),
            reference: reference.estimated(),
            others: others(&new),
            positives: new.iter().map(|row| row.probability).sum::<f64>() / new.len() as f64,
            adjusted: label_shift.is_some(),
            doubt,
            messages: new.len() as u64,
            loss_error,
            p: if loss_error > 0.0 { normal_tail(loss / loss_error) } else { 1.0 },
        })
    }

    /// Loss of F1: the adjusted reference minus the new messages.
    pub fn loss(&self) -> f64 {
        self.reference.value - self.expected.value
    }

    /// Lower 95% bound of the loss.
    pub fn loss_lower_bound(&self) -> f64 {
        self.loss() - 1.644_853_626_951_472_2 * self.loss_error
    }

    /// Whether the estimate is only a guess, because the messages have little in common with the reference.
    pub fn is_guess(&self) -> bool {
        self.doubt == Some(EstimateDoubt::OtherMessages)
    }
}

/// Estimated accuracy, precision and recall.
fn others(rows: &[ScoredMessage]) -> [Option<EstimatedMetric>; 3] {
    let mut sums = PerformanceSums::default();
    for row in rows {
        sums.add(row.probability, row.verdict);
    }
    [sums.accuracy(), sums.precision(), sums.recall()]
}

/// Variance of estimated F1 from the errors of the calibration and of the estimated class balance, by the delta method.
/// The class balance follows from the calibration, so an error of the calibration also counts through it.
fn parameter_variance(
    rows: &[ScoredMessage],
    figure: &F1Figure,
    calibration: &ScoreCalibration,
    label_shift: Option<&LabelShift>,
) -> f64 {
    let sum = |part: &dyn Fn(&ScoredMessage) -> f64| rows.iter().map(part).sum::<f64>();
    let gradient = |part: &dyn Fn(&ScoredMessage) -> f64| -> [f64; 3] {
        std::array::from_fn(|term| sum(&|row| part(row) * row.terms[term]))
    };
    let effect = |row: &ScoredMessage| row.effect(figure);
    let mut by_calibration = gradient(&effect);
    let odds = label_shift.map_or(0.0, |shift| shift.estimated * (1.0 - shift.estimated));
    let Some(shift) = label_shift.filter(|_| odds > 0.0) else {
        return calibration.map.variance(by_calibration, label_shift.is_none());
    };
    // The observed information of the likelihood that the class balance maximises.
    let information = sum(&|row| ((row.probability - shift.estimated) / odds).powi(2));
    let by_balance = sum(&effect) / odds;
    let balance_by_calibration = gradient(&ScoredMessage::spread);
    for (by_calibration, balance) in by_calibration.iter_mut().zip(balance_by_calibration) {
        *by_calibration += by_balance * balance / odds / information;
    }
    calibration.map.variance(by_calibration, false) + by_balance * by_balance / information
}

/// Lowers the lower bound to the estimate with a part of each probability replaced by 1/2: the share of new words, which
/// the reference says nothing about.
fn with_unknown(rows: &[ScoredMessage], plain: EstimatedFigure, new_words: f64) -> EstimatedFigure {
    let replaced = |row: &ScoredMessage| ScoredMessage {
        probability: row.probability * (1.0 - new_words) + 0.5 * new_words,
        ..*row
    };
    let replaced: Vec<ScoredMessage> = rows.iter().map(replaced).collect();
    let lowest = figure(&replaced).map_or(plain.value, |figure| figure.value).min(plain.value);
    let Interval(low, high) = plain.interval;
    let low = (low - (plain.value - lowest)).max(0.0);
    EstimatedFigure {
        error: plain.error.max((high - low) / (2.0 * Z)),
        interval: Interval(low, high),
        ..plain
    }
}

/// The properties of a message that F1 depends on.
#[derive(Clone, Copy)]
struct ScoredMessage {
    /// The terms of the calibration.
    terms: [f64; 3],
    /// Probability that the message is spam.
    probability: f64,
    /// Verdict of the champion.
    verdict: Label,
    weight: f64,
}

impl ScoredMessage {
    fn of(record: &MessageRecord, threshold: Fraction, calibration: &ScoreCalibration) -> Self {
        let verdict = if record.score() >= threshold.value() { Label::Positive } else { Label::Negative };
        let terms = BetaCalibration::terms(record.score());
        Self { terms, ..Self::new(calibration.map.probability(terms), verdict) }
    }

    fn new(probability: f64, verdict: Label) -> Self {
        Self { terms: [0.0; 3], probability, verdict, weight: 1.0 }
    }

    /// Adjusts the message to a class balance that differs by these factors.
    fn reweigh(&mut self, (positive, negative): (f64, f64)) {
        let probability = self.probability * positive;
        self.weight = probability + (1.0 - self.probability) * negative;
        self.probability = if self.weight > 0.0 { probability / self.weight } else { 0.0 };
    }

    fn called_positive(&self) -> f64 {
        f64::from(u8::from(self.verdict == Label::Positive))
    }

    /// Variance of the unknown label; also the derivative of the probability with respect to its log-odds.
    fn spread(&self) -> f64 {
        self.probability * (1.0 - self.probability)
    }

    /// Derivative of F1 with respect to the log-odds of this message.
    fn effect(&self, figure: &F1Figure) -> f64 {
        self.spread() * (2.0 * self.called_positive() - figure.value) / figure.involved
    }
}

impl EstimatedFigure {
    fn new(value: f64, variance: f64) -> Self {
        let error = variance.sqrt();
        let interval = Interval((value - Z * error).max(0.0), (value + Z * error).min(1.0));
        Self { value, error, interval }
    }
}

/// Estimated F1 of weighted rows.
struct F1Figure {
    value: f64,
    /// The divisor of F1: the expected number of positives plus the number of positive verdicts.
    involved: f64,
    /// Variance from unknown labels and from the sampling of messages.
    variance: f64,
}

impl F1Figure {
    fn estimated(&self) -> EstimatedFigure {
        EstimatedFigure::new(self.value, self.variance)
    }
}

/// Estimated F1 of weighted rows, as a ratio of two means (Cochran 1977, section 2.11). [`PerformanceSums`] does the same
/// without weights.
fn figure(rows: &[ScoredMessage]) -> Option<F1Figure> {
    let (mut found, mut involved) = (0.0, 0.0);
    for row in rows {
        found += row.weight * 2.0 * row.probability * row.called_positive();
        involved += row.weight * (row.probability + row.called_positive());
    }
    let value = (involved > 0.0).then(|| found / involved)?;
    let variance = rows.iter().map(|row| {
        let called_positive = row.called_positive();
        let message = 2.0 * row.probability * called_positive - value * (row.probability + called_positive);
        let label = row.spread() * (2.0 * called_positive - value).powi(2);
        row.weight * row.weight * (message * message + label)
    });
    let variance = variance.sum::<f64>() / (involved * involved);
    Some(F1Figure { value, involved, variance })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::threshold::{ThresholdGoal, choose};
    use crate::profile::descriptor::Descriptor;
    use crate::profile::summary::Profile;
    use crate::rows::fingerprint::mix;

    #[test]
    fn equal_weights_give_the_unweighted_estimate() {
        let rows: Vec<ScoredMessage> = (0..500)
            .map(|n| {
                let verdict = if n % 7 > 2 && n > 200 { Label::Positive } else { Label::Negative };
                ScoredMessage::new(f64::from(n) / 499.0, verdict)
            })
            .collect();
        let mut sums = PerformanceSums::default();
        for row in &rows {
            sums.add(row.probability, row.verdict);
        }
        let (one, other) = (figure(&rows).unwrap(), sums.f1().unwrap());
        assert!((one.value - other.value).abs() < 1e-9 && one.variance.sqrt() > other.error);
        let doubled: Vec<ScoredMessage> =
            rows.iter().map(|row| ScoredMessage { weight: 2.0, ..*row }).collect();
        assert!((figure(&doubled).unwrap().value - one.value).abs() < 1e-12);
    }

    /// A profile of messages whose score is the probability of spam. `words` gives the words of message n.
    fn profile(count: u64, seed: u64, score: impl Fn(f64) -> f64, words: impl Fn(u64) -> u16) -> Profile {
        let mut profile = Profile::new(true);
        for n in 0..count {
            let random = |part: u64| (mix(seed ^ mix(n << 3 | part)) >> 11) as f64 / (1u64 << 53) as f64;
            let score = score(random(0));
            let label = if random(1) < score { Label::Positive } else { Label::Negative };
            let own = words(mix(seed ^ n));
            let look = Descriptor { words: vec![own, own + 1], ..Descriptor::default() };
            profile.count_only(false, Some(label));
            profile.remember(mix(seed ^ n ^ 0x4d), MessageRecord::new(0, look, score, Some(label), 1));
        }
        profile
    }

    fn half() -> Fraction {
        Fraction::try_from(0.5).unwrap()
    }

    fn estimate(
        reference: &Profile,
        new: &Profile,
    ) -> (Result<EstimatedF1, NotEstimated>, Option<LabelShift>) {
        estimate_at(half(), reference, new)
    }

    fn estimate_at(
        threshold: Fraction,
        reference: &Profile,
        new: &Profile,
    ) -> (Result<EstimatedF1, NotEstimated>, Option<LabelShift>) {
        let (side, new) = (Messages::of_reference(reference), Messages::of_new(new, reference));
        let calibration = ScoreCalibration::learn(side.records.iter().copied()).unwrap();
        let shift = crate::drift::shift::shift(&side, &new, threshold, &calibration);
        (EstimatedF1::of(&side, &new, threshold, &calibration, shift.as_ref()), shift)
    }

    /// F1 of the verdicts, by the labels of the profile.
    fn true_f1(profile: &Profile) -> f64 {
        true_f1_at(half(), profile)
    }

    fn true_f1_at(threshold: Fraction, profile: &Profile) -> f64 {
        let (mut right, mut all) = (0.0, 0.0);
        for record in profile.records() {
            let (spam, called) =
                (record.label() == Some(Label::Positive), record.score() >= threshold.value());
            right += 2.0 * f64::from(u8::from(spam && called));
            all += f64::from(u8::from(spam)) + f64::from(u8::from(called));
        }
        right / all
    }

    /// Scores that separate the classes well: a share near 1, the others near 0.
    fn separated(share: f64) -> impl Fn(f64) -> f64 {
        move |random| if random < share { 0.95 - random / share * 0.2 } else { (random - share) * 0.1 }
    }

    #[test]
    fn moved_texts_do_not_lead_the_class_balance_astray() {
        let reference = profile(3000, 1, separated(0.4), |n| (n % 500) as u16);
        // Other words, and scores that say little: most are low, but half of the messages are spam.
        let weak = |random: f64| 0.02 + random * 0.5;
        let new = profile(1500, 2, weak, |n| 600 + (n % 500) as u16);
        let (estimated, shift) = estimate(&reference, &new);
        let (estimated, shift) = (estimated.unwrap(), shift.unwrap());
        assert!(!shift.only_base_rate && !estimated.adjusted, "{shift:?}");
        assert_eq!(estimated.doubt, Some(EstimateDoubt::OtherMessages));
        let Interval(low, high) = estimated.expected.interval;
        let truth = true_f1(&new);
        assert!(low <= truth && truth <= high, "{truth} is not in {low}..{high}");
        assert!(high - low > 0.05, "the interval of a guess is wide: {low}..{high}");
    }

    #[test]
    fn a_changed_class_balance_alone_is_adjusted_for() {
        let reference = profile(4000, 1, separated(0.4), |n| (n % 50) as u16);
        let more = {
            // The same messages of each class, in another balance.
            let all = profile(6000, 9, separated(0.4), |n| (n % 50) as u16);
            let mut kept = Profile::new(true);
            let mut ham = 0;
            for (hash, record) in all.hashes().zip(all.records()) {
                ham += u32::from(record.label() == Some(Label::Negative));
                if record.label() == Some(Label::Positive) || ham % 4 == 0 {
                    kept.count_only(false, record.label());
                    kept.remember(hash, record.clone());
                }
            }
            kept
        };
        let (estimated, shift) = estimate(&reference, &more);
        let (estimated, shift) = (estimated.unwrap(), shift.unwrap());
        assert!(shift.only_base_rate && estimated.adjusted && estimated.doubt.is_none(), "{shift:?}");
        assert!((estimated.expected.value - true_f1(&more)).abs() < 0.02, "{estimated:?}");
        assert!(estimated.loss().abs() < 0.02, "{estimated:?}");
    }

    #[test]
    fn no_estimate_without_positives() {
        let reference = profile(2000, 1, separated(0.4), |n| (n % 50) as u16);
        let new = profile(400, 2, |_| 0.0, |n| (n % 50) as u16);
        assert_eq!(estimate(&reference, &new).0, Err(NotEstimated::NoPositives));
    }

    #[test]
    fn the_interval_covers_the_error_of_the_calibration() {
        // A small reference: its calibration has a larger error than the 4,000 new messages.
        let overlapping = |random: f64| random;
        let covered = (0..100).filter(|run| {
            let reference = profile(300, 2 * run + 1000, overlapping, |n| (n % 50) as u16);
            let new = profile(4000, 2 * run + 1001, overlapping, |n| (n % 50) as u16);
            let Interval(low, high) = estimate(&reference, &new).0.unwrap().expected.interval;
            (low..=high).contains(&true_f1(&new))
        });
        // At a coverage of 0.93, the chance of fewer than 84 in 100 is below 0.1%.
        let covered = covered.count();
        assert!(covered >= 84, "{covered} of 100");
    }

    #[test]
    fn a_threshold_chosen_on_the_reference_does_not_raise_the_estimate() {
        let overlapping = |random: f64| random;
        let excess = |run: u64| {
            let reference = profile(300, 2 * run + 5000, overlapping, |n| (n % 50) as u16);
            let new = profile(1500, 2 * run + 5001, overlapping, |n| (n % 50) as u16);
            let scores: Vec<(f64, bool)> = reference
                .records()
                .map(|record| (record.score(), record.label() == Some(Label::Positive)))
                .collect();
            let threshold = Fraction::try_from(choose(ThresholdGoal::BestF1, &scores)).unwrap();
            let estimated = estimate_at(threshold, &reference, &new).0.unwrap();
            estimated.expected.value - true_f1_at(threshold, &new)
        };
        // With isotonic regression, the mean is 0.02. The standard error of the mean is 0.003.
        let mean = (0..60).map(excess).sum::<f64>() / 60.0;
        assert!(mean.abs() < 0.01, "{mean}");
    }
}
