//! Tests that performance estimated without labels matches NannyML.

use serde::Deserialize;

use spamops::rows::label::Label;
use spamops::stats::estimated_performance::PerformanceSums;
use spamops::stats::intervals::Interval;

use crate::cases::{assert_both, assert_bounds, cases};
use crate::drawn::Drawn;

#[test]
fn estimated_performance_matches_nannyml() {
    #[derive(Deserialize)]
    struct Four<T> {
        accuracy: T,
        precision: T,
        recall: T,
        f1: T,
    }
    #[derive(Deserialize)]
    struct Case {
        #[serde(default)]
        scores: Vec<f64>,
        drawn: Option<Drawn>,
        threshold: f64,
        rows: usize,
        value: Four<Option<f64>>,
        error: Four<Option<f64>>,
        exact: Option<Four<f64>>,
    }
    let cases = cases::<Case>("estimated_performance");
    assert!(cases.len() >= 20);
    let mut compared = 0;
    for Case { scores, drawn, threshold, rows, value, error, exact } in cases {
        let case = format!("{scores:?} {drawn:?} from {threshold}");
        let scores =
            drawn.map_or(scores, |drawn| drawn.pairs().into_iter().map(|(score, _)| score).collect());
        assert_eq!(scores.len(), rows, "{case}");
        let mut sums = PerformanceSums::default();
        for &score in &scores {
            sums.add(score, if score >= threshold { Label::Positive } else { Label::Negative });
        }
        for (name, found, value, error) in [
            ("accuracy", sums.accuracy(), value.accuracy, error.accuracy),
            ("precision", sums.precision(), value.precision, error.precision),
            ("recall", sums.recall(), value.recall, error.recall),
            ("F1", sums.f1(), value.f1, error.f1),
        ] {
            assert_both(&case, name, found.map(|found| found.value), value);
            assert_both(&case, "its error", found.map(|found| found.error), error);
            if let Some(found) = found {
                let reach = 1.959_963_984_540_054 * found.error;
                let bounds = Interval((found.value - reach).max(0.0), (found.value + reach).min(1.0));
                assert_bounds(&case, name, Some(found.interval), Some(bounds));
            }
        }
        let Some(exact) = exact else { continue };
        // Accuracy and precision are linear in the labels, so their errors are exact. The errors of recall and F1 are
        // approximations. From 12 rows on, they deviate by less than a sixth. The expected errors for more than 16 rows are
        // simulated, and deviate by 1% themselves.
        let linear = if rows > 16 { 0.02 } else { 1e-9 };
        let nonlinear = if rows > 16 { 0.03 } else { 1.0 / 6.0 };
        for (name, found, exact, tolerance) in [
            ("accuracy", sums.accuracy(), exact.accuracy, linear),
            ("precision", sums.precision(), exact.precision, linear),
            ("recall", sums.recall(), exact.recall, nonlinear),
            ("F1", sums.f1(), exact.f1, nonlinear),
        ] {
            let Some(found) = found.filter(|_| rows >= 12) else { continue };
            let off = (found.error - exact).abs();
            assert!(
                off <= tolerance * exact,
                "{case}: the error of {name} is {}, expected {exact}",
                found.error
            );
            compared += 1;
        }
    }
    assert!(compared >= 50, "{compared}");
}
