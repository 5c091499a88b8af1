//! Tests that corrections for multiple tests match statsmodels.

use serde::Deserialize;

use spamops::stats::corrections::{benjamini_hochberg, holm};

use crate::cases::{assert_agree, cases};

#[test]
fn corrections_match_statsmodels() {
    #[derive(Deserialize)]
    struct Case {
        p: Vec<f64>,
        holm: Vec<f64>,
        benjamini_hochberg: Vec<f64>,
    }
    let cases = cases::<Case>("corrections");
    assert!(cases.len() >= 20);
    for case in cases {
        for (name, found, expected) in [
            ("Holm", holm(&case.p), case.holm),
            ("Benjamini and Hochberg", benjamini_hochberg(&case.p), case.benjamini_hochberg),
        ] {
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.into_iter().zip(expected) {
                assert_agree(&format!("{:?}", case.p), &[(name, found, expected)]);
            }
        }
    }
}
