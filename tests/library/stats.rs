//! Tests that every statistic stays within its bounds, for all counts.

use proptest::prelude::*;

use spamops::rows::label::Label;
use spamops::stats::bootstrap;
use spamops::stats::conformal;
use spamops::stats::confusion::Confusion;
use spamops::stats::corrections;
use spamops::stats::divergence;
use spamops::stats::estimated_performance;
use spamops::stats::intervals::Interval;
use spamops::stats::kolmogorov;
use spamops::stats::label_shift;
use spamops::stats::mann_whitney;
use spamops::stats::paired::{PairedAuc, PairedConfusion, PairedCounts, newcombe};
use spamops::stats::power::{self, PowerAim};
use spamops::stats::ranking::ScoredLabel;
use spamops::stats::sequential;
use spamops::stats::significance;
use spamops::stats::two_by_two::TwoByTwo;
use spamops::stats::welch::{self, WelchSample};

/// Counts from 0 to a billion. Small counts are frequent.
fn count() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 0u64..4, 0u64..100, 0u64..1_000_000, 0u64..1_000_000_000]
}

fn histogram() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(count(), 0..12)
}

/// Verdicts of two models on rows of one class.
pub(crate) fn paired_counts() -> impl Strategy<Value = PairedCounts> {
    [count(), count(), count(), count()].prop_map(|[both, only_one, only_other, neither]| PairedCounts {
        both,
        only_one,
        only_other,
        neither,
    })
}

/// Fails unless the number is finite and within the bounds.
fn within(found: f64, low: f64, high: f64) -> Result<(), TestCaseError> {
    prop_assert!(found >= low && found <= high, "{found} is not between {low} and {high}");
    Ok(())
}

/// Fails unless the interval is within the bounds and contains the value.
fn contains(interval: Interval, value: f64, least: f64, most: f64) -> Result<(), TestCaseError> {
    let Interval(low, high) = interval;
    within(low, least - 1e-12, value + 1e-12)?;
    within(high, value - 1e-12, most + 1e-12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn results_from_histograms_are_in_bounds(one in histogram(), other in histogram()) {
        let (n, m) = (one.iter().sum::<u64>(), other.iter().sum::<u64>());
        let found = kolmogorov::distance(&one, &other);
        prop_assert_eq!(found.is_some(), n > 0 && m > 0);
        if let Some(distance) = found {
            within(distance, 0.0, 1.0)?;
            within(kolmogorov::p(distance, n, m), 0.0, 1.0)?;
        }
        if let Some(found) = mann_whitney::test(&one, &other) {
            within(found.auc, 0.0, 1.0)?;
            within(found.p, 0.0, 1.0)?;
        }
        let positions: Vec<f64> = (0..12).map(f64::from).collect();
        let measures = [
            (divergence::stability_index(&one, &other), 1e3),
            (divergence::jensen_shannon(&one, &other), 1.0),
            (divergence::wasserstein(&one, &other, &positions), 11.0 + 1e-9),
        ];
        for (found, most) in measures {
            prop_assert_eq!(found.is_some(), n > 0 && m > 0);
            if let Some(found) = found {
                within(found.value, 0.0, most)?;
                within(found.debiased, 0.0, found.value)?;
            }
        }
        if let Some(found) = significance::homogeneity(&one, &other) {
            within(found.p, 0.0, 1.0)?;
            within(found.cramers_v, 0.0, 1.0 + 1e-12)?;
            within(found.cramers_v_corrected, 0.0, 1.0)?;
        }
    }

    #[test]
    fn results_from_four_counts_are_in_bounds(counts in paired_counts()) {
        let PairedCounts { both: a, only_one: b, only_other: c, neither: d } = counts;
        let table = TwoByTwo([[a, b], [c, d]]);
        within(table.exact(), 0.0, 1.0)?;
        within(table.upper(), 0.0, 1.0)?;
        within(table.cohens_h().abs(), 0.0, std::f64::consts::PI + 1e-12)?;
        within(table.log_odds().abs(), 0.0, 100.0)?;
        within(significance::mcnemar_exact(b, c), 0.0, 1.0)?;
        within(significance::mcnemar_mid_p(b, c), 0.0, significance::mcnemar_exact(b, c))?;
        prop_assert!(sequential::ln_evidence(b, c).is_finite());
        if let (Some(interval), Some(difference)) = (counts.newcombe(), counts.difference()) {
            contains(interval, difference, -1.0, 1.0)?;
        }
        if let Some(Interval(low, high)) = newcombe(a, a + b, c, c + d) {
            contains(Interval(low, high), a as f64 / (a + b) as f64 - c as f64 / (c + d) as f64, -1.0, 1.0)?;
        }
        let reference = Confusion { true_positive: a, false_negative: b, false_positive: c, true_negative: d };
        if let Some(found) = label_shift::estimate(b, b + c, reference) {
            contains(found.interval, found.share, 0.0, 1.0)?;
            within(found.error, 0.0, f64::MAX)?;
        }
    }

    #[test]
    fn results_from_eight_counts_are_in_bounds(positive in paired_counts(), negative in paired_counts(), seed in any::<u64>()) {
        if let Some(found) = bootstrap::f1_difference(&PairedConfusion { positive, negative }, 40, seed) {
            let Interval(low, high) = found.interval;
            within(low, -1.0, high)?;
            within(high, low, 1.0)?;
            within(found.error, 0.0, 1.0)?;
        }
    }

    #[test]
    fn results_from_scores_are_in_bounds(rows in prop::collection::vec((0.0..=1.0f64, 0.0..=1.0f64, any::<bool>()), 0..60), grains in 0u8..5) {
        let rounded = |score: f64| if grains > 0 { (score * f64::from(grains)).floor() / f64::from(grains) } else { score };
        let label = |positive: bool| if positive { Label::Positive } else { Label::Negative };
        let one: Vec<ScoredLabel> = rows.iter().map(|row| ScoredLabel::new(rounded(row.0), label(row.2))).collect();
        let other: Vec<ScoredLabel> = rows.iter().map(|row| ScoredLabel::new(rounded(row.1), label(row.2))).collect();
        if let Some(found) = PairedAuc::compare(&one, &other) {
            contains(found.interval, found.difference, -1.0, 1.0)?;
            within(found.champion, 0.0, 1.0)?;
            within(found.challenger, 0.0, 1.0)?;
            within(found.p.unwrap_or_default(), 0.0, 1.0)?;
        }
        let mut sums = estimated_performance::PerformanceSums::default();
        for row in &rows {
            sums.add(row.0, label(row.1 >= 0.5));
        }
        for found in [sums.accuracy(), sums.precision(), sums.recall(), sums.f1()].into_iter().flatten() {
            within(found.value, 0.0, 1.0)?;
            // With only two rows and two unlikely verdicts, the delta method overestimates the error.
            within(found.error, 0.0, f64::MAX)?;
            contains(found.interval, found.value, 0.0, 1.0)?;
        }
        let p: Vec<f64> = rows.iter().map(|row| row.0).collect();
        let (holm, hochberg) = (corrections::holm(&p), corrections::benjamini_hochberg(&p));
        for ((p, holm), hochberg) in p.iter().zip(holm).zip(hochberg) {
            within(hochberg, *p, 1.0)?;
            within(holm, hochberg - 1e-12, 1.0)?;
        }
        within(conformal::p(0.5, p), 0.0, 1.0)?;
    }

    #[test]
    fn results_from_means_are_in_bounds(n in count(), m in count(), mean in any::<f64>(), variances in [0.0..1e6f64, 0.0..1e6f64]) {
        let one = WelchSample { n, mean, variance: variances[0] };
        let other = WelchSample { n: m, mean: 0.1, variance: variances[1] };
        if let Some(found) = welch::test(one, other) {
            within(found.p, 0.0, 1.0)?;
            prop_assert!(found.statistic.is_finite() && found.freedom.is_finite());
        }
        for effect in [power::mean(one, other, PowerAim::USUAL), power::share(n, m, PowerAim::USUAL), power::distance(n, m, 0.05)] {
            within(effect.unwrap_or_default(), 0.0, f64::MAX)?;
        }
        within(power::paired(n, variances[0] / 1e6, PowerAim::USUAL).unwrap_or_default(), 0.0, 1.0)?;
    }
}
