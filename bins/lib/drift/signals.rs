//! Signals: the tests of all families, corrected together, and the alarms among them.

use crate::drift::classifier::classifier;
use crate::drift::estimated_f1::EstimatedF1;
use crate::drift::families::{ALPHA, Family, FamilyTest, SingleTest, TestSubject};
use crate::drift::messages::Messages;
use crate::drift::shares::{flags, labels, verdicts};
use crate::drift::sizes::{score, sizes};
use crate::drift::word_names::WordNames;
use crate::drift::words::words;
use crate::io::fraction::Fraction;
use crate::stats::corrections::holm;

/// A family of tests beside the others of its run and beside earlier windows.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// The result of the family alone.
    pub test: FamilyTest,
    /// The p-value, corrected for all families (Holm 1979).
    pub corrected: f64,
    /// The p-value of a change this large among earlier windows; none if there are too few of them.
    pub surprise: Option<f64>,
    /// Whether it is an alarm.
    pub fired: bool,
}

impl Signal {
    /// Whether the change is larger than what is normal for the stream, as far as that is known.
    pub fn is_news(&self) -> bool {
        self.surprise.is_none_or(|p| p <= ALPHA)
    }
}

/// What the champion makes of the new messages.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChampionEvidence<'a> {
    /// The score from which a message is positive.
    pub threshold: Option<Fraction>,
    /// The estimated F1.
    pub estimated: Option<&'a EstimatedF1>,
}

/// All families that both sides have data for.
pub(super) fn families(
    reference: &Messages,
    new: &Messages,
    champion: ChampionEvidence,
    names: &WordNames,
) -> Vec<FamilyTest> {
    let tests = [
        sizes(reference, new),
        score(reference, new),
        flags(reference, new),
        labels(reference, new),
        champion.threshold.and_then(|threshold| verdicts(reference, new, threshold)),
        words(reference, new, names),
        classifier(reference, new),
        champion.estimated.and_then(expected),
    ];
    tests.into_iter().flatten().collect()
}

/// The signals of all families: p-values corrected, changes compared with earlier windows.
pub(super) fn signals(
    families: Vec<FamilyTest>,
    surprise: impl Fn(&FamilyTest) -> Option<f64>,
) -> Vec<Signal> {
    let corrected = holm(&families.iter().map(|test| test.p).collect::<Vec<_>>());
    let signal = |(test, corrected): (FamilyTest, f64)| Signal {
        corrected,
        surprise: surprise(&test),
        fired: corrected <= ALPHA && test.family.counts(test.effect),
        test,
    };
    families.into_iter().zip(corrected).map(signal).collect()
}

fn expected(performance: &EstimatedF1) -> Option<FamilyTest> {
    let EstimatedF1 { expected, reference, p, .. } = performance;
    let subject = TestSubject::EstimatedF1 { new: expected.value, reference: reference.value };
    // A gain is no alarm.
    Family::Expected.strongest(vec![SingleTest::new(subject, *p, performance.lost().max(0.0))], 1)
}
