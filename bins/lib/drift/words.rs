//! Tests which words became more or less frequent.

use crate::drift::families::{ALPHA, Family, FamilyTest, ShareOf, SingleTest, TestSubject};
use crate::drift::messages::Messages;
use crate::drift::word_names::WordNames;
use crate::stats::corrections::benjamini_hochberg;
use crate::stats::two_by_two::TwoByTwo;

/// Minimum number of messages with a word, on both sides together, for a test.
const MIN_MESSAGES: u64 = 5;

/// A word whose share may have changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WordChange {
    /// Hash of the word.
    pub word: u16,
    /// Numbers of messages with the word: new, then reference.
    pub counts: (u64, u64),
    /// Log-odds ratio, new over reference.
    pub log_odds: f64,
    /// P-value of this word, without correction.
    pub p: f64,
}

pub(super) fn words(reference: &Messages, new: &Messages, names: &WordNames) -> Option<FamilyTest> {
    let (made, moved) = tested(reference, new);
    let tests = moved.iter().filter_map(|moved| {
        let (in_new, in_reference) = moved.counts;
        let share = |count: u64, side: &Messages| count as f64 / side.len() as f64;
        let of = names.get(moved.word).map_or(ShareOf::UnnamedWord(moved.word), ShareOf::Word);
        let table = TwoByTwo::of(in_new, new.len(), in_reference, reference.len())?;
        Some(SingleTest {
            subject: TestSubject::Share { of, table },
            p: moved.p,
            effect: moved.log_odds,
            strength: share(in_new, new) - share(in_reference, reference),
        })
    });
    let none = SingleTest::new(TestSubject::NoWord, 1.0, 0.0);
    let tests = tests.chain([none]).collect();
    (made > 0).then(|| Family::Words.strongest(tests, made)).flatten()
}

/// The words that changed, smallest p-value first (false discovery rate by Benjamini & Hochberg 1995, minimum effect).
pub fn moved_words(reference: &Messages, new: &Messages) -> Vec<WordChange> {
    let (made, moved) = tested(reference, new);
    // A word that was not tested counts as a test with p = 1.
    let mut p: Vec<f64> = moved.iter().map(|moved| moved.p).collect();
    p.resize(made, 1.0);
    let rates = benjamini_hochberg(&p);
    let found = moved
        .into_iter()
        .zip(rates)
        .filter(|(moved, rate)| *rate <= ALPHA && Family::Words.counts(moved.log_odds));
    let mut found: Vec<WordChange> = found.map(|(moved, _)| moved).collect();
    found.sort_by(|one, other| one.p.total_cmp(&other.p).then(one.word.cmp(&other.word)));
    found
}

/// Tests every frequent word (Fisher, exact). Returns the number of frequent words, and the words that may have changed.
fn tested(reference: &Messages, new: &Messages) -> (usize, Vec<WordChange>) {
    let (mut made, mut moved) = (0, Vec::new());
    let part = new.len() as f64 / (new.len() + reference.len()) as f64;
    for (word, counts) in (0..=u16::MAX).zip(new.words.iter().zip(&reference.words)) {
        let counts = (u64::from(*counts.0), u64::from(*counts.1));
        let both = counts.0 + counts.1;
        if both < MIN_MESSAGES {
            continue;
        }
        made += 1;
        // Below two standard errors, skip the slow exact test, because its result cannot survive the correction.
        let mean = both as f64 * part;
        if (counts.0 as f64 - mean).powi(2) < 4.0 * mean * (1.0 - part) {
            continue;
        }
        if let Some(table) = TwoByTwo::of(counts.0, new.len(), counts.1, reference.len()) {
            moved.push(WordChange { word, counts, log_odds: table.log_odds(), p: table.exact() });
        }
    }
    (made, moved)
}
