//! Tests that divergences of histograms match mpmath.

use serde::Deserialize;

use spamops::stats::divergence::{Divergence, jensen_shannon, stability_index, wasserstein};

use crate::cases::{assert_agree, cases};

#[test]
fn divergences_match_mpmath() {
    #[derive(Deserialize)]
    struct Three {
        stability_index: f64,
        jensen_shannon: f64,
        wasserstein: f64,
    }
    #[derive(Deserialize)]
    struct Case {
        one: Vec<u64>,
        other: Vec<u64>,
        value: Three,
        debiased: Three,
    }
    let cases = cases::<Case>("divergence");
    assert!(cases.len() >= 20);
    for Case { one, other, value, debiased } in cases {
        let case = format!("{one:?} against {other:?}");
        let positions: Vec<f64> = (0..one.len()).map(|bin| bin as f64 + (bin * bin) as f64 / 10.0).collect();
        let index = stability_index(&one, &other).unwrap();
        let distance = jensen_shannon(&one, &other).unwrap();
        let moved = wasserstein(&one, &other, &positions).unwrap();
        for (name, Divergence { value, debiased }, expected, expected_debiased) in [
            ("PSI", index, value.stability_index, debiased.stability_index),
            ("Jensen-Shannon", distance, value.jensen_shannon, debiased.jensen_shannon),
            ("Wasserstein", moved, value.wasserstein, debiased.wasserstein),
        ] {
            assert_agree(&case, &[(name, value, expected), ("debiased", debiased, expected_debiased)]);
        }
    }
}
