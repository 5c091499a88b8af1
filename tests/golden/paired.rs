//! Intervals of differences match statsmodels and Newcombe's paper; AUC differences match DeLong over every pair.

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
    let cases_apart = cases::<Case>("newcombe");
    assert!(cases_apart.len() >= 20);
    for Case { counts, interval } in cases_apart {
        let [part, whole, other_part, other_whole] = counts;
        let found = newcombe(part, whole, other_part, other_whole);
        assert_bounds(&format!("{counts:?}"), "the difference", found, Some(interval));
    }
    let paired = cases::<Case>("newcombe_paired");
    assert!(paired.len() >= 20);
    for Case { counts, interval } in paired {
        // The paper has the first share less the second one.
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
        // numpy's difference of means has a speck where there is none.
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
        let reach = 1.959_963_984_540_054 * case.variance.sqrt();
        let interval = Interval((case.difference - reach).max(-1.0), (case.difference + reach).min(1.0));
        assert_bounds(&name, "the difference", Some(found.interval), Some(interval));
    }
}
