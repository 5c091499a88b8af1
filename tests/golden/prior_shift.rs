//! Tests that the class balance estimated from scores matches expectation maximisation.

use serde::Deserialize;

use spamops::stats::prior_shift::{PriorShiftTest, TrainingBalance, estimate};
use spamops::stats::ranking::ScoredLabel;

use crate::cases::cases;
use crate::drawn::Drawn;

#[test]
fn estimated_class_balance_matches_em() {
    #[derive(Deserialize)]
    struct Case {
        drawn: Drawn,
        squares: i32,
        positive: u64,
        negative: u64,
        estimated: f64,
        common: f64,
        statistic: f64,
        p: f64,
    }
    let cases = cases::<Case>("prior_shift");
    assert!(cases.len() >= 20);
    for Case { drawn, squares, positive, negative, estimated, common, statistic, p } in cases {
        let trained = TrainingBalance { positive, negative };
        let case = format!("{drawn:?}, {squares} squares, {trained:?}");
        let squared = |row: ScoredLabel| (0..squares).fold(row.score(), |score, _| score * score);
        let scores: Vec<f64> = drawn.rows().into_iter().map(squared).collect();
        let found = PriorShiftTest::test(&scores, trained).unwrap();
        let near = |name: &str, found: f64, expected: f64| {
            let tolerance = 1e-9 * expected.abs().max(1.0);
            assert!(
                (found - expected).abs() <= tolerance,
                "{case}: {name} is {found:e}, expected {expected:e}"
            );
        };
        near("the estimate", found.estimated, estimated);
        near("the estimate alone", estimate(&scores, trained.share().unwrap()), estimated);
        near("the common share", found.common, common);
        near("the statistic", found.statistic, statistic);
        // The larger the statistic, the fewer digits of the p-value are correct.
        let off = (found.p - p).abs() / (1.0 + statistic);
        assert!(off <= 1e-9 * p + f64::MIN_POSITIVE, "{case}: p is {:e}, expected {p:e}", found.p);
    }
}
