//! Tests that ROC AUC, average precision, log loss, Brier, ECE and curve points match scikit-learn and numpy.

use serde::Deserialize;

use spamops::stats::intervals::Interval;
use spamops::stats::metrics::{AtFalsePositiveRate, Confusion, Figures};
use spamops::stats::ranking::{Ranking, ThresholdPoint};

use crate::cases::{assert_agree, assert_both, assert_bounds, cases};
use crate::drawn::{Drawn, scored};

#[test]
fn figures_and_points_of_the_curve_match_scikit_learn_and_numpy() {
    #[derive(Deserialize)]
    struct Bounds {
        roc_auc: Option<Interval>,
        recall_at_fpr: AtFalsePositiveRate<Option<Interval>>,
    }
    #[derive(Deserialize)]
    struct Point {
        place: usize,
        threshold: f64,
        false_positive_rate: Option<f64>,
        true_positive_rate: Option<f64>,
        precision: f64,
    }
    #[derive(Deserialize)]
    struct Case {
        drawn: Option<Drawn>,
        #[serde(default)]
        scores: Vec<f64>,
        #[serde(default)]
        positive: Vec<bool>,
        roc_auc: Option<f64>,
        average_precision: Option<f64>,
        log_loss: Option<f64>,
        brier: Option<f64>,
        ece: Option<f64>,
        recall_at_fpr: AtFalsePositiveRate<Option<f64>>,
        intervals: Bounds,
        points: usize,
        some: Vec<Point>,
    }
    let cases = cases::<Case>("ranking");
    assert!(cases.len() >= 20);
    for expected_case in cases {
        let stored = expected_case
            .scores
            .iter()
            .zip(&expected_case.positive)
            .map(|(score, positive)| scored(*score, *positive));
        let mut rows = expected_case.drawn.as_ref().map_or_else(|| stored.collect(), Drawn::rows);
        let case =
            format!("{:?} {:?} {:?}", expected_case.drawn, expected_case.scores, expected_case.positive);
        let found = Figures::of(&mut rows, Confusion::default());
        assert_both(&case, "ROC AUC", found.roc_auc, expected_case.roc_auc);
        assert_both(&case, "average precision", found.average_precision, expected_case.average_precision);
        assert_both(&case, "log-loss", found.log_loss, expected_case.log_loss);
        assert_both(&case, "Brier score", found.brier, expected_case.brier);
        assert_both(&case, "calibration error", found.ece, expected_case.ece);
        let (at, expected) = (found.recall_at_fpr, expected_case.recall_at_fpr);
        assert_both(&case, "recall at .1%", at.thousandth, expected.thousandth);
        assert_both(&case, "recall at 1%", at.hundredth, expected.hundredth);
        assert_bounds(&case, "ROC AUC", found.intervals.roc_auc, expected_case.intervals.roc_auc);
        let (at, expected) = (found.intervals.recall_at_fpr, expected_case.intervals.recall_at_fpr);
        assert_bounds(&case, "recall at .1%", at.thousandth, expected.thousandth);
        assert_bounds(&case, "recall at 1%", at.hundredth, expected.hundredth);
        let points: Vec<_> = Ranking::of(&mut rows).points().collect();
        assert_eq!(points.len(), expected_case.points, "{case}");
        // Average precision is the area under the steps between the points.
        let recall = |point: &ThresholdPoint| point.true_positive_rate.unwrap_or(0.0);
        let before = std::iter::once(0.0).chain(points.iter().map(recall));
        let steps =
            points.iter().zip(before).map(|(point, before)| (recall(point) - before) * point.precision);
        let area = expected_case.average_precision.map(|_| steps.sum());
        assert_both(&case, "area under the points", area, expected_case.average_precision);
        for expected in expected_case.some {
            let found = points[expected.place];
            let numbers = [
                ("threshold", found.threshold, expected.threshold),
                ("precision", found.precision, expected.precision),
            ];
            assert_agree(&case, &numbers);
            assert_both(&case, "false positives", found.false_positive_rate, expected.false_positive_rate);
            assert_both(&case, "true positives", found.true_positive_rate, expected.true_positive_rate);
        }
    }
}
