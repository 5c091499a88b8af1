//! Corrects the tests of all families together, and finds the alarms among them.

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

/// The result of a family, corrected for the other families and compared with earlier windows.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// The result of the family without further correction.
    pub test: FamilyTest,
    /// P-value, corrected for all families (Holm 1979).
    pub corrected: f64,
    /// P-value of a change of this size among earlier windows; none if there are too few windows.
    pub surprise: Option<f64>,
    /// Whether the signal is an alarm.
    pub fired: bool,
}

impl Signal {
    /// Whether the change is larger than in 95% of the earlier windows. True if there are too few earlier windows.
    pub fn is_unusual(&self) -> bool {
        self.surprise.is_none_or(|p| p <= ALPHA)
    }
}

/// The champion's threshold and its estimated F1 on the new messages.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChampionEvidence<'a> {
    /// Minimum score of a positive message.
    pub threshold: Option<Fraction>,
    pub estimated: Option<&'a EstimatedF1>,
}

/// Tests every family, if both sides have data for it.
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
        champion.estimated.and_then(estimated_loss),
    ];
    tests.into_iter().flatten().collect()
}

/// Corrects the p-values of all families, and compares changes with earlier windows.
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

/// Tests the loss of estimated F1; none if the estimate is only a guess.
fn estimated_loss(performance: &EstimatedF1) -> Option<FamilyTest> {
    if performance.is_guess() {
        return None;
    }
    let EstimatedF1 { expected, reference, p, .. } = performance;
    let subject = TestSubject::EstimatedF1 { new: expected.value, reference: reference.value };
    // A gain does not raise an alarm.
    Family::Expected.strongest(vec![SingleTest::new(subject, *p, performance.loss().max(0.0))], 1)
}
