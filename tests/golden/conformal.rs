//! Tests that the conformal p-value matches numpy.

use serde::Deserialize;

use spamops::stats::conformal;

use crate::cases::{assert_agree, cases};

#[test]
fn conformal_p_matches_numpy() {
    #[derive(Debug, Deserialize)]
    struct Case {
        now: f64,
        past: Vec<f64>,
        p: f64,
    }
    let cases = cases::<Case>("conformal");
    assert!(cases.len() >= 20);
    for case in cases {
        let found = conformal::p(case.now, case.past.iter().copied());
        assert_agree(&format!("{case:?}"), &[("p", found, case.p)]);
    }
    let without_data =
        [conformal::p(f64::NAN, [0.0; 19]), conformal::p(1.0, [f64::NAN; 19]), conformal::p(1.0, [])];
    assert_agree("nothing to compare", &without_data.map(|p| ("p", p, 1.0)));
}
