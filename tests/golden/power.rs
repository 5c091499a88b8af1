//! Tests that detectable effects match scipy.

use serde::Deserialize;

use spamops::stats::power::{self, PowerAim};
use spamops::stats::welch::WelchSample;

use crate::cases::{assert_both, cases};

#[test]
fn detectable_effects_match_scipy() {
    #[derive(Debug, Deserialize)]
    struct Case {
        n: u64,
        m: u64,
        level: f64,
        power: f64,
        distance: Option<f64>,
        share: Option<f64>,
        mean: f64,
    }
    let cases = cases::<Case>("power");
    assert!(cases.len() >= 20);
    for case in cases {
        let (name, aim) = (format!("{case:?}"), PowerAim { level: case.level, power: case.power });
        assert_both(&name, "distance", power::distance(case.n, case.m, case.level), case.distance);
        assert_both(&name, "share", power::share(case.n, case.m, aim), case.share);
        let (one, other) = (
            WelchSample { n: case.n, mean: 1.0, variance: 4.0 },
            WelchSample { n: case.m, mean: 2.0, variance: 9.0 },
        );
        assert_both(&name, "mean", power::mean(one, other, aim), Some(case.mean));
    }
}

#[test]
fn detectable_paired_difference_matches_scipy() {
    #[derive(Debug, Deserialize)]
    struct Case {
        rows: u64,
        share: f64,
        level: f64,
        power: f64,
        difference: Option<f64>,
    }
    let cases = cases::<Case>("paired_power");
    assert!(cases.len() >= 20);
    for case in cases {
        let aim = PowerAim { level: case.level, power: case.power };
        let found = power::paired(case.rows, case.share, aim);
        assert_both(&format!("{case:?}"), "the difference", found, case.difference);
    }
}
