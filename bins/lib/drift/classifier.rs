//! Tests whether naive Bayes can separate new messages from the reference by their words.

use crate::drift::families::{Family, FamilyTest, SingleTest, TestSubject};
use crate::drift::messages::{HASHES, Messages};
use crate::model::bayes::probability;
use crate::rows::label::Label;
use crate::stats::ranking::{Ranking, ScoredLabel};
use crate::stats::welch::{self, WelchSample};

/// The classifier family. Trains on each half of the messages and tests on the other half.
/// The p-value of the family is twice the smaller p-value.
pub(super) fn classifier(reference: &Messages, new: &Messages) -> Option<FamilyTest> {
    let both = [tested_on_other_half(reference, new, false)?, tested_on_other_half(reference, new, true)?];
    let effect = f64::midpoint(both[0].1, both[1].1);
    let p = both[0].0.min(both[1].0);
    Family::Classifier.strongest(vec![SingleTest::new(TestSubject::AllWords, p, effect)], 2)
}

/// Trains naive Bayes on one half and scores the other half. Returns the p-value of higher scores for new messages,
/// and the AUC.
fn tested_on_other_half(reference: &Messages, new: &Messages, half: bool) -> Option<(f64, f64)> {
    let (new_counts, old_counts) = (HalfCounts::of(new, half), HalfCounts::of(reference, half));
    let counts = new_counts.shares().zip(old_counts.shares());
    let log_odds: Vec<f64> = counts.map(|(new, old)| (new / old).ln()).collect();
    let scores = |side: &Messages| -> Vec<f64> {
        let others = side.records.iter().zip(&side.halves).filter(|(_, of)| **of != half);
        let words = others.map(|(record, _)| record.look.words.iter());
        words.map(|words| words.map(|word| log_odds[usize::from(*word)]).sum()).collect()
    };
    let (new, old) = (scores(new), scores(reference));
    let test = welch::test(WelchSample::of(new.iter().copied()), WelchSample::of(old.iter().copied()))?;
    let p = if test.statistic > 0.0 { test.p / 2.0 } else { 1.0 - test.p / 2.0 };
    let labelled = |scores: Vec<f64>, label: Label| {
        scores.into_iter().map(move |score| ScoredLabel::new(probability(score), label))
    };
    let mut both: Vec<ScoredLabel> =
        labelled(new, Label::Positive).chain(labelled(old, Label::Negative)).collect();
    Some((p, Ranking::of(&mut both).roc_auc()?))
}

/// The number of messages in one half, and the number of messages with each word.
struct HalfCounts {
    words: Vec<u32>,
    messages: f64,
}

impl HalfCounts {
    fn of(side: &Messages, half: bool) -> Self {
        let mut counts = Self { words: vec![0; HASHES], messages: 0.0 };
        for (record, _) in side.records.iter().zip(&side.halves).filter(|(_, of)| **of == half) {
            counts.messages += 1.0;
            record.look.words.iter().for_each(|word| counts.words[usize::from(*word)] += 1);
        }
        counts
    }

    /// The smoothed share of messages with each word.
    fn shares(&self) -> impl Iterator<Item = f64> {
        self.words.iter().map(|count| (f64::from(*count) + 0.5) / (self.messages + 1.0))
    }
}
