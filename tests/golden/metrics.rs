//! Tests that macro F1, balanced accuracy and MCC match scikit-learn and that the 95% intervals match statsmodels.

use serde::Deserialize;

use spamops::stats::intervals::Interval;
use spamops::stats::metrics::{Confusion, Figures};

use crate::cases::{assert_agree, assert_both, assert_bounds, cases};

#[test]
fn macro_f1_balanced_accuracy_mcc_and_intervals_match_scikit_learn_and_statsmodels() {
    #[derive(Deserialize)]
    struct Bounds {
        f1: Option<Interval>,
        precision: Option<Interval>,
        recall: Option<Interval>,
        accuracy: Option<Interval>,
    }
    #[derive(Deserialize)]
    struct Case {
        #[serde(flatten)]
        confusion: Confusion,
        macro_f1: f64,
        balanced_accuracy: Option<f64>,
        mcc: f64,
        intervals: Bounds,
    }
    let cases = cases::<Case>("verdicts");
    assert!(cases.len() >= 20);
    for Case { confusion, macro_f1, balanced_accuracy, mcc, intervals } in cases {
        let case = format!("{confusion:?}");
        let found = Figures::of(&mut [], confusion);
        assert_agree(&case, &[("macro F1", found.macro_f1, macro_f1), ("MCC", found.mcc, mcc)]);
        assert_both(&case, "balanced accuracy", found.balanced_accuracy, balanced_accuracy);
        assert_bounds(&case, "F1", found.intervals.f1, intervals.f1);
        assert_bounds(&case, "precision", found.intervals.precision, intervals.precision);
        assert_bounds(&case, "recall", found.intervals.recall, intervals.recall);
        assert_bounds(&case, "accuracy", found.intervals.accuracy, intervals.accuracy);
    }
}
