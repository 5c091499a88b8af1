//! Tests histograms of message sizes and of scores against the reference.

use crate::drift::families::{ALPHA, Family, FamilyTest, SingleTest, TestSubject};
use crate::drift::messages::{Messages, SizeScale, distance};
use crate::stats::corrections::benjamini_hochberg;
use crate::stats::power;

/// Minimum number of distinct messages for a verdict, on each side.
pub const MIN_MESSAGES: u64 = 30;

/// The smallest distance that the size tests detect with power 0.5 on these messages.
pub fn detectable(reference: u64, new: u64) -> Option<f64> {
    power::distance(reference, new, level())
}

/// Number of new messages that the size tests need for their minimum effect; none if the reference is too small.
pub fn needed(reference: u64) -> Option<u64> {
    power::rows_for_distance(reference, Family::Sizes.minimum_effect(), level())
}

/// Number of new messages to pool into a window. More new messages than the reference has add little: the reference then
/// limits the tests.
pub(super) fn window(reference: u64) -> u64 {
    let most = reference.max(MIN_MESSAGES);
    needed(reference).map_or(most, |needed| needed.min(most))
}

/// Level of one size test, corrected for all size tests and families (Bonferroni).
fn level() -> f64 {
    ALPHA / Family::ALL.len() as f64 / SizeScale::without_score().count() as f64
}

pub(super) fn sizes(reference: &Messages, new: &Messages) -> Option<FamilyTest> {
    let tests: Vec<SingleTest> =
        SizeScale::without_score().filter_map(|scale| on_scale(scale, reference, new)).collect();
    let made = tests.len();
    Family::Sizes.strongest(tests, made)
}

/// Tests the scores; none if a side has no scores.
pub(super) fn score(reference: &Messages, new: &Messages) -> Option<FamilyTest> {
    if !reference.scored || !new.scored {
        return None;
    }
    Family::Score.strongest(on_scale(SizeScale::Score, reference, new).into_iter().collect(), 1)
}

/// The sizes that changed, each with its p-value (false discovery rate by Benjamini & Hochberg 1995, minimum effect).
pub fn moved_sizes(reference: &Messages, new: &Messages) -> Vec<(SizeScale, f64)> {
    let tests: Vec<(SizeScale, SingleTest)> = SizeScale::without_score()
        .filter_map(|scale| Some((scale, on_scale(scale, reference, new)?)))
        .collect();
    let rates = benjamini_hochberg(&tests.iter().map(|(_, one)| one.p).collect::<Vec<_>>());
    let found =
        tests.iter().zip(rates).filter(|((_, one), rate)| *rate <= ALPHA && Family::Sizes.counts(one.effect));
    found.map(|((scale, one), _)| (*scale, one.p)).collect()
}

fn on_scale(scale: SizeScale, reference: &Messages, new: &Messages) -> Option<SingleTest> {
    let (one, other) = (reference.histogram(scale, reference), new.histogram(scale, reference));
    let (effect, p) = distance(&one, &other)?;
    let mean = |bins: &[u64]| {
        let sum: u64 = (0u64..).zip(bins).map(|(step, count)| step * count).sum();
        sum as f64 / bins.iter().sum::<u64>().max(1) as f64
    };
    let is_lower = mean(&other) < mean(&one);
    Some(SingleTest::new(TestSubject::Scale { scale, is_lower }, p, effect))
}
