//! Tests that accuracy, precision, recall and F1 match scikit-learn.

use serde::Deserialize;

use spamops::stats::metrics::Confusion;

use crate::cases::{assert_agree, cases};

#[test]
fn accuracy_precision_recall_and_f1_match_scikit_learn() {
    #[derive(Debug, Deserialize)]
    struct Case {
        #[serde(flatten)]
        confusion: Confusion,
        accuracy: f64,
        precision: f64,
        recall: f64,
        f1: f64,
    }
    let cases = cases::<Case>("confusion");
    assert!(cases.len() >= 20);
    for case in cases {
        let found = case.confusion;
        let numbers = [
            ("accuracy", found.accuracy(), case.accuracy),
            ("precision", found.precision(), case.precision),
            ("recall", found.recall(), case.recall),
            ("f1", found.f1(), case.f1),
        ];
        assert_agree(&format!("{found:?}"), &numbers);
    }
}
