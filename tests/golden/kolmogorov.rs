//! Tests that the Kolmogorov-Smirnov test matches scipy.

use serde::Deserialize;

use spamops::stats::kolmogorov;

use crate::cases::{assert_agree, cases};

#[test]
fn distance_and_p_match_scipy() {
    #[derive(Deserialize)]
    struct Case {
        one: Vec<u64>,
        other: Vec<u64>,
        distance: f64,
        p: f64,
    }
    let cases = cases::<Case>("kolmogorov");
    assert!(cases.len() >= 20);
    for Case { one, other, distance, p } in cases {
        let case = format!("{one:?} against {other:?}");
        let found = kolmogorov::distance(&one, &other).unwrap();
        let found_p = kolmogorov::p(found, one.iter().sum(), other.iter().sum());
        assert_agree(&case, &[("the distance", found, distance), ("p", found_p, p)]);
    }
}

#[test]
fn tail_matches_scipy() {
    #[derive(Deserialize)]
    struct Case {
        z: f64,
        p: f64,
    }
    let cases = cases::<Case>("kolmogorov_tails");
    assert!(cases.len() >= 20);
    for Case { z, p } in cases {
        assert_agree(&format!("{z}"), &[("the tail", kolmogorov::tail(z), p)]);
    }
}
