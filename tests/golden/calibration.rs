//! Tests that sigmoid and isotonic calibration match scikit-learn.

use serde::Deserialize;

use spamops::model::calibrate::{Calibration, CalibrationMethod};

use crate::cases::cases;
use crate::drawn::DrawnOrStored;

#[test]
fn calibration_matches_scikit_learn() {
    #[derive(Deserialize)]
    struct Case {
        #[serde(flatten)]
        rows: DrawnOrStored,
        asked: Vec<f64>,
        sigmoid: Vec<f64>,
        isotonic: Vec<f64>,
    }
    let cases = cases::<Case>("calibration");
    assert!(cases.len() >= 20);
    for Case { rows, asked, sigmoid, isotonic } in cases {
        let odds: Vec<(f64, bool)> =
            rows.pairs().into_iter().map(|(score, positive)| (16.0 * (score - 0.5), positive)).collect();
        for (method, expected, tolerance) in
            [(CalibrationMethod::Sigmoid, sigmoid, 1e-6), (CalibrationMethod::Isotonic, isotonic, 1e-9)]
        {
            let calibration = Calibration::learn(method, &odds);
            assert!(calibration.is_valid(), "{calibration:?}");
            for (&odds, expected) in asked.iter().zip(expected) {
                let found = calibration.probability(odds);
                assert!(
                    (found - expected).abs() < tolerance,
                    "{method:?} on {rows:?}: {odds} is {found:e}, expected {expected:e}"
                );
            }
        }
    }
}
