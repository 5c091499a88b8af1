//! Tests that the black-box estimate of the class balance matches mpmath.

use serde::Deserialize;

use spamops::stats::label_shift;
use spamops::stats::metrics::Confusion;

use crate::cases::{assert_both, cases};

#[test]
fn black_box_estimate_matches_mpmath() {
    #[derive(Deserialize)]
    struct Case {
        taken: u64,
        rows: u64,
        reference: Confusion,
        share: Option<f64>,
        error: Option<f64>,
    }
    let cases = cases::<Case>("label_shift");
    assert!(cases.len() >= 20);
    for Case { taken, rows, reference, share, error } in cases {
        let case = format!("{taken} of {rows} by {reference:?}");
        let found = label_shift::estimate(taken, rows, reference);
        assert_both(&case, "the share", found.map(|found| found.share), share);
        assert_both(&case, "its error", found.map(|found| found.error), error);
    }
}
