//! Tests that Welch's test matches scipy.

use serde::Deserialize;

use spamops::stats::welch::{self, WelchSample};

use crate::cases::{assert_agree, cases};

#[test]
fn welch_matches_scipy() {
    #[derive(Deserialize)]
    struct Case {
        one: (u64, f64, f64),
        other: (u64, f64, f64),
        statistic: f64,
        freedom: f64,
        p: f64,
    }
    let cases = cases::<Case>("welch");
    assert!(cases.len() >= 20);
    for Case { one, other, statistic, freedom, p } in cases {
        let sample = |(n, mean, variance)| WelchSample { n, mean, variance };
        let found = welch::test(sample(one), sample(other)).unwrap();
        let numbers = [
            ("statistic", found.statistic, statistic),
            ("freedom", found.freedom, freedom),
            ("p", found.p, p),
        ];
        assert_agree(&format!("{one:?} against {other:?}"), &numbers);
    }
}
