//! Tests intervals of differences against statsmodels and Newcombe's paper, and AUC differences against DeLong over every pair.

use serde::Deserialize;

use spamops::stats::intervals::Interval;
use spamops::stats::paired::{PairedAuc, PairedCounts, newcombe};
use spamops::stats::ranking::ScoredLabel;

use crate::cases::{assert_bounds, cases};
use crate::drawn::{Drawn, scored};

#[test]
fn newcombe_matches_statsmodels_and_the_paper() {
    #[derive(Deserialize)]
    struct Case {
        counts: [u64; 4],
        interval: Interval,
    }
    let independent = cases::<Case>("newcombe");
    assert!(independent.len() >= 20);
    for Case { counts, interval } in independent {
        let [one, n, other, m] = counts;
        let found = newcombe(one, n, other, m);
        assert_bounds(&format!("{counts:?}"), "the difference", found, Some(interval));
    }
    let paired = cases::<Case>("newcombe_paired");
    assert!(paired.len() >= 20);
    for Case { counts, interval } in paired {
        // The paper subtracts the second share from the first. The library subtracts the first from the second.
        let [both, only_other, only_one, neither] = counts;
        let found = PairedCounts { both, only_one, only_other, neither }.newcombe();
        assert_bounds(&format!("{counts:?}"), "the paired difference", found, Some(interval));
    }
}

#[test]
fn auc_difference_matches_delong_over_every_pair() {
    #[derive(Deserialize)]
    struct Case {
        drawn: Drawn,
        other_seed: u64,
        grains: f64,
        champion: f64,
        challenger: f64,
        difference: f64,
        variance: f64,
        p: f64,
    }
    let cases = cases::<Case>("paired_areas");
    assert!(cases.len() >= 20);
    for case in cases {
        let name = format!("{:?} and {} by {}", case.drawn, case.other_seed, case.grains);
        let pairs = case.drawn.pairs();
        let others = case.drawn.with_seed(case.other_seed).pairs();
        let challenger = |(&(one, positive), (other, _)): (&(f64, bool), (f64, bool))| {
            let mean = f64::midpoint(one, other);
            let cut = (mean * case.grains).floor() / case.grains;
            scored(if case.grains > 0.0 { cut } else { mean }, positive)
        };
        let challenger: Vec<ScoredLabel> = pairs.iter().zip(others).map(challenger).collect();
        let champion: Vec<ScoredLabel> =
            pairs.iter().map(|&(score, positive)| scored(score, positive)).collect();
        let found = PairedAuc::compare(&champion, &challenger).unwrap();
        // numpy's difference of equal means is about 1e-17 instead of 0.
        let near = |name: &str, found: f64, expected: f64| {
            assert!(
                (found - expected).abs() <= 1e-9 * expected.abs() + 1e-15,
                "{name}: {found:e}, expected {expected:e}"
            );
        };
        near(&format!("{name}: champion"), found.champion, case.champion);
        near(&format!("{name}: challenger"), found.challenger, case.challenger);
        near(&format!("{name}: difference"), found.difference, case.difference);
        near(&format!("{name}: variance"), found.variance, case.variance);
        near(&format!("{name}: p"), found.p.unwrap(), case.p);
        let half_width = 1.959_963_984_540_054 * case.variance.sqrt();
        let interval =
            Interval((case.difference - half_width).max(-1.0), (case.difference + half_width).min(1.0));
        assert_bounds(&name, "the difference", Some(found.interval), Some(interval));
    }
}
