//! Checks whether labels are independent of a model: labels that repeat its verdicts are no evidence about it.

use std::collections::BTreeSet;

use anyhow::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::io::fraction::Fraction;
use crate::model::model_file::Model;
use crate::model::profile_builder::ProfileBuilder;
use crate::model::row_score::ColumnPlaces;
use crate::model::score_calibration::ScoreCalibration;
use crate::profile::summary::{KEPT, MessageRecord, Profile};
use crate::rows::label::Label;
use crate::rows::{Row, Rows};
use crate::stats::poisson_binomial::lower_tail_with_error;

/// Number of labels that differ from the model's verdicts, and the number that its scores predict.
///
/// A score says how often the verdict is wrong. If labels are copies of verdicts, the verdict is never wrong. So fewer
/// errors than the scores predict mean that the labels are not independent (a feedback loop). A good model alone does
/// not cause this, because its scores predict few errors.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct LabelEvidence {
    /// Number of distinct labelled messages outside the training rows. Messages with the same label and the same three
    /// lowest word hashes count once.
    pub labelled: u64,
    /// Number of labels that differ from the model's verdict.
    pub errors: u64,
    /// Number of such labels that the scores predict.
    pub predicted: f64,
    /// Probability of so few errors, even if the scores predict twice the true number: among all messages, or among the
    /// uncertain ones. The lower probability counts, doubled, because there are two tests.
    pub p: f64,
}

/// Limit of the probability.
pub const FEEDBACK_LEVEL: f64 = 0.001;

/// Mean share of the predicted errors that are true errors: the scores may predict twice the true number. Out-of-fold
/// scores are slightly pessimistic, because each fold trains on fewer rows.
const LEAST_SHARE: f64 = 0.5;

/// A message is uncertain if the scores give its verdict at least this chance of being wrong. A few labels may differ
/// from the verdicts at random, even if the labels are copies. Then most of them differ on certain messages.
const UNCERTAIN: f64 = 0.1;

/// Number of lowest word hashes that two messages must share to count once.
const SHARED_WORDS: usize = 3;

impl LabelEvidence {
    /// Compares labels with verdicts. `reference` has the out-of-fold scores of the training rows. None if no message
    /// can be used, or if the reference has too few labels.
    pub fn of(reference: &Profile, labelled: &Profile, threshold: Fraction) -> Option<Self> {
        if !reference.scored || !labelled.scored {
            return None;
        }
        let calibration = ScoreCalibration::learn(reference.records())?;
        let chance = |record: &MessageRecord| {
            let probability = calibration.probability(record.score());
            if verdict(record, threshold) == Label::Positive { 1.0 - probability } else { probability }
        };
        let known_chances: Vec<f64> =
            reference.records().filter(|record| record.label().is_some()).map(chance).collect();
        // A full profile only keeps the lowest hashes, so it cannot tell whether a message with a higher hash is new.
        let last = reference.hashes().last().filter(|_| reference.len() == KEPT).unwrap_or(u64::MAX);
        let messages = labelled.hashes().zip(labelled.records());
        let new = messages.filter(|(hash, _)| *hash <= last && !reference.has(*hash));
        let (mut verdicts, mut known) = (Vec::new(), BTreeSet::new());
        for (_, record) in new {
            let Some(label) = record.label() else { continue };
            let words = &record.look.words;
            let shared = words.get(..SHARED_WORDS).unwrap_or(words).to_vec();
            if known.insert((label == Label::Positive, shared)) {
                verdicts.push((chance(record), label != verdict(record, threshold)));
            }
        }
        let errors = verdicts.iter().filter(|(_, is_error)| *is_error).count();
        let p = tail(&verdicts, &known_chances, 0.0).min(tail(&verdicts, &known_chances, UNCERTAIN));
        (!verdicts.is_empty()).then(|| Self {
            labelled: verdicts.len() as u64,
            errors: errors as u64,
            predicted: verdicts.iter().map(|(chance, _)| chance).sum(),
            p: (2.0 * p).min(1.0),
        })
    }

    /// Whether the labels differ from the verdicts so rarely that they are probably copies of them.
    pub fn is_feedback(&self) -> bool {
        self.p < FEEDBACK_LEVEL
    }
}

/// Probability of so few errors among the verdicts with at least the chance `least` of being wrong. `known` has the
/// chances of the messages that the scores were learned from.
fn tail(verdicts: &[(f64, bool)], known: &[f64], least: f64) -> f64 {
    let chances: Vec<f64> =
        verdicts.iter().map(|(chance, _)| *chance).filter(|chance| *chance >= least).collect();
    let errors = verdicts.iter().filter(|(chance, is_error)| *is_error && *chance >= least).count();
    let errors_known: f64 = known.iter().filter(|chance| **chance >= least).sum();
    lower_tail_with_error(&chances, errors, LEAST_SHARE, errors_known + 0.5)
}

/// Collects labelled rows and compares their labels with the verdicts of the champion.
pub struct HoldoutLabels<'a> {
    model: Option<&'a Model>,
    columns: Option<ColumnPlaces>,
    builder: ProfileBuilder<'a, fn(u16, &str)>,
}

impl<'a> HoldoutLabels<'a> {
    pub fn new(model: Option<&'a Model>) -> Self {
        let builder = ProfileBuilder::new(model, (|_, _| ()) as fn(u16, &str));
        Self { model, columns: None, builder }
    }

    /// Adds a row. All rows must come from one file. Without a model, rows are ignored.
    pub fn add(&mut self, rows: &Rows, row: &Row) -> Result<()> {
        let Some(model) = self.model else { return Ok(()) };
        if self.columns.is_none() {
            self.columns = Some(model.columns(rows)?);
        }
        self.builder.row(rows, row, self.columns.as_ref())
    }

    /// The evidence of all rows; none without a model, or if its reference has too few labels.
    pub fn evidence(self) -> Result<Option<LabelEvidence>> {
        let Some(model) = self.model else { return Ok(None) };
        let reference = model.profile.profile()?;
        Ok(LabelEvidence::of(&reference, &self.builder.done(), model.threshold))
    }
}

fn verdict(record: &MessageRecord, threshold: Fraction) -> Label {
    if record.score() >= threshold.value() { Label::Positive } else { Label::Negative }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::descriptor::Descriptor;
    use crate::rows::fingerprint::{mix, unit};

    const THRESHOLD: f64 = 0.5;

    /// Share of the labels that are wrong at random, in the tests with wrong labels.
    const WRONG: f64 = 0.02;

    /// Messages whose label is positive with the probability of their score. A share of the labels is replaced by the
    /// verdict, and then a share `wrong` of all labels is wrong. `words` gives the first word of message n.
    fn profile(count: u64, seed: u64, copied: f64, wrong: f64, words: impl Fn(u64) -> u16) -> Profile {
        let mut profile = Profile::new(true);
        for n in 0..count {
            let random = |part: u64| unit(mix(mix(seed << 32 | n) ^ part));
            // Most scores are near 0 or 1: about 6% of the verdicts are wrong.
            let score = if random(0) < 0.4 { 1.0 - 0.5 * random(1).powi(8) } else { 0.5 * random(1).powi(8) };
            let is_spam = if random(2) < copied { score >= THRESHOLD } else { random(3) < score };
            let label = if is_spam == (random(4) < wrong) { Label::Negative } else { Label::Positive };
            let first = words(n);
            let look = Descriptor { words: vec![first, first + 1, first + 2], ..Descriptor::default() };
            profile.count_only(false, Some(label));
            profile.remember(mix(seed << 40 | n), MessageRecord::new(0, look, score, Some(label), 1));
        }
        profile
    }

    fn distinct(n: u64) -> u16 {
        (n * 7 % 60_000) as u16
    }

    fn check(reference: u64, copied: f64, seed: u64, count: u64) -> LabelEvidence {
        check_wrong(reference, copied, 0.0, seed, count)
    }

    fn check_wrong(reference: u64, copied: f64, wrong: f64, seed: u64, count: u64) -> LabelEvidence {
        let reference = profile(reference, seed, 0.0, 0.0, distinct);
        let labelled = profile(count, seed + 100_000, copied, wrong, distinct);
        LabelEvidence::of(&reference, &labelled, Fraction::try_from(THRESHOLD).unwrap()).unwrap()
    }

    #[test]
    fn labels_that_repeat_the_verdicts_are_found() {
        for seed in 0..10 {
            let copies = check(4000, 1.0, seed, 1000);
            assert!(copies.errors == 0 && copies.is_feedback(), "{copies:?}");
            let mostly = check(4000, 0.9, seed, 2000);
            assert!(mostly.is_feedback(), "{mostly:?}");
        }
    }

    #[test]
    fn wrong_labels_do_not_hide_that_the_others_repeat_the_verdicts() {
        for seed in 0..10 {
            let copies = check_wrong(4000, 1.0, WRONG, seed, 1000);
            assert!(copies.errors > 5 && copies.is_feedback(), "{copies:?}");
        }
    }

    #[test]
    fn a_good_model_alone_is_no_feedback() {
        let runs = 200;
        for wrong in [0.0, WRONG] {
            let is_feedback = |seed: &u64| check_wrong(1000, 0.0, wrong, *seed, 1000).is_feedback();
            assert_eq!((0..runs).filter(is_feedback).count(), 0, "of {runs}, {wrong} wrong");
        }
    }

    #[test]
    fn training_rows_and_near_duplicates_are_not_counted_again() {
        let threshold = Fraction::try_from(THRESHOLD).unwrap();
        let reference = profile(2000, 3, 0.0, 0.0, distinct);
        assert_eq!(LabelEvidence::of(&reference, &reference, threshold), None);
        let campaign = LabelEvidence::of(&reference, &profile(1000, 4, 1.0, 0.0, |_| 9), threshold).unwrap();
        assert!(campaign.labelled == 2 && !campaign.is_feedback(), "{campaign:?}");
    }
}
