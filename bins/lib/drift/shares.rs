//! Tests shares of messages: flags, positive labels and positive verdicts.

use crate::drift::families::{ALPHA, Family, FamilyTest, ShareOf, SingleTest, TestSubject};
use crate::drift::messages::{Messages, STEPS, SizeScale, distance, has_flag};
use crate::io::fraction::Fraction;
use crate::profile::descriptor::FLAGS;
use crate::stats::corrections::benjamini_hochberg;
use crate::stats::significance::homogeneity;
use crate::stats::two_by_two::TwoByTwo;

/// Minimum number of labelled messages on each side.
const MIN_LABELLED: u64 = 30;

pub(super) fn flags(reference: &Messages, new: &Messages) -> Option<FamilyTest> {
    let tests = (0..FLAGS.len()).filter_map(|flag| {
        let table = flag_table(reference, new, flag)?;
        let subject = TestSubject::Share { of: ShareOf::Flag(flag), table };
        Some(SingleTest::new(subject, table.exact(), table.cohens_h()))
    });
    Family::Flags.strongest(tests.collect(), FLAGS.len())
}

/// The flags that changed, each with its p-value (false discovery rate by Benjamini & Hochberg 1995, minimum effect).
pub fn moved_flags(reference: &Messages, new: &Messages) -> Vec<(usize, f64)> {
    let tests: Vec<(usize, TwoByTwo)> =
        (0..FLAGS.len()).filter_map(|flag| Some((flag, flag_table(reference, new, flag)?))).collect();
    let p: Vec<f64> = tests.iter().map(|(_, table)| table.exact()).collect();
    let rates = benjamini_hochberg(&p);
    let found = tests
        .iter()
        .zip(p)
        .zip(rates)
        .filter(|(((_, table), _), rate)| *rate <= ALPHA && Family::Flags.counts(table.cohens_h()));
    found.map(|(((flag, _), p), _)| (*flag, p)).collect()
}

fn flag_table(reference: &Messages, new: &Messages, flag: usize) -> Option<TwoByTwo> {
    let count = |side: &Messages| side.count(|record| has_flag(record, flag));
    TwoByTwo::of(count(new), new.len(), count(reference), reference.len())
}

/// Tests the class balance of the labels. None if a side has too few labels, or if the new labelled rows are not a
/// random sample.
pub(super) fn labels(reference: &Messages, new: &Messages) -> Option<FamilyTest> {
    if are_picked(new) {
        return None;
    }
    let (new, reference) = (new.labels(), reference.labels());
    let enough = |labels: [u64; 2]| labels.iter().sum::<u64>() >= MIN_LABELLED;
    let test = if enough(new) && enough(reference) {
        difference(ShareOf::LabelledPositive, new, reference)
    } else {
        None
    };
    Family::Labels.strongest(test.into_iter().collect(), 1)
}

/// Tests the share of positive verdicts; none if a side has no scores.
pub(super) fn verdicts(reference: &Messages, new: &Messages, threshold: Fraction) -> Option<FamilyTest> {
    if !reference.scored || !new.scored {
        return None;
    }
    let verdicts = |side: &Messages| [side.len() - side.verdicts(threshold), side.verdicts(threshold)];
    let test = difference(ShareOf::PositiveVerdict, verdicts(new), verdicts(reference));
    Family::Verdicts.strongest(test.into_iter().collect(), 1)
}

/// Tests one share. `new` and `reference` count negatives, then positives.
fn difference(of: ShareOf, new: [u64; 2], reference: [u64; 2]) -> Option<SingleTest> {
    let test = homogeneity(&new, &reference)?;
    let share = |[no, yes]: [u64; 2]| yes as f64 / (no + yes) as f64;
    let table = TwoByTwo([[new[1], new[0]], [reference[1], reference[0]]]);
    Some(SingleTest::new(TestSubject::Share { of, table }, test.p, share(new) - share(reference)))
}

/// Whether the labelled messages are not a random sample, for example because the least certain messages were
/// labelled. Compares the scores of the labelled messages with the other scores. Messages whose labels can still come
/// do not count, because nobody left them out.
pub fn are_picked(new: &Messages) -> bool {
    const LEVEL: f64 = 0.01;
    let (mut labelled, mut others) = (vec![0; STEPS], vec![0; STEPS]);
    for ((record, step), is_awaiting) in new.steps(SizeScale::Score, new).zip(&new.awaiting) {
        if record.label().is_some() {
            labelled[step] += 1;
        } else if !*is_awaiting {
            others[step] += 1;
        }
    }
    new.scored && distance(&labelled, &others).is_some_and(|(_, p)| p < LEVEL)
}
