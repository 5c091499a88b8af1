//! Computes 95% confidence intervals: Wilson for a share, Wilson through Jaccard's index for F1, and a logit interval
//! for AUC.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The standard normal quantile of two-sided 95% intervals.
pub(crate) const Z: f64 = 1.959_963_984_540_054;

/// Lower and upper bound.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Interval(pub f64, pub f64);

/// The score interval of a proportion (Wilson 1927); `None` if `whole` is 0 or smaller than `part`.
pub fn wilson(part: u64, whole: u64) -> Option<Interval> {
    let (hits, misses) = (part as f64, whole.checked_sub(part)? as f64);
    (whole > 0).then(|| Interval(wilson_lower(hits, misses), 1.0 - wilson_lower(misses, hits)))
}

/// Wilson's lower bound, computed as the product of both bounds divided by the upper bound. A difference would lose
/// digits if there are few hits.
fn wilson_lower(hits: f64, misses: f64) -> f64 {
    let all = hits + misses;
    let share = hits / all;
    let half = Z * Z / (2.0 * all);
    share * share / (share + half + Z * (share * misses / (all * all) + half / (2.0 * all)).sqrt())
}

/// Interval of F1, which is 2J / (1 + J) with Jaccard's index J. J is a proportion, so Wilson's interval (1927)
/// applies: the found positives among `involved` rows. A row is involved if it is positive or has a positive verdict.
/// `None` if no row is involved.
pub fn of_f1(true_positive: u64, involved: u64) -> Option<Interval> {
    let f1 = |jaccard: f64| 2.0 * jaccard / (1.0 + jaccard);
    wilson(true_positive, involved).map(|Interval(low, high)| Interval(f1(low), f1(high)))
}

/// Interval of a share with a known variance. Symmetric in the logit of the share, so always between 0 and 1 (for AUC:
/// Pepe 2003, section 5.2). `None` if the variance is 0, or the share is 0 or 1, because the sample then does not show
/// the standard error.
pub fn on_logit(share: f64, variance: f64) -> Option<Interval> {
    let slope = share * (1.0 - share);
    if variance <= 0.0 || slope <= 0.0 {
        return None;
    }
    let reach = Z * variance.sqrt() / slope;
    let odds = share / (1.0 - share);
    let bound = |odds: f64| 1.0 / (1.0 + 1.0 / odds);
    Some(Interval(bound(odds * (-reach).exp()), bound(odds * reach.exp())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_of_0_and_1_contain_the_share_and_have_a_width() {
        for whole in [1, 2, 3, 7, 1000, 1_000_000_000_000] {
            let (nothing, all) = (wilson(0, whole).unwrap(), wilson(whole, whole).unwrap());
            assert_eq!((nothing.0, all.1), (0.0, 1.0), "{whole}");
            assert!(nothing.1 > 0.0 && nothing.1 < 1.0 && all.0 > 0.0 && all.0 < 1.0, "{whole}");
        }
        assert_eq!((wilson(0, 0), wilson(2, 1), of_f1(0, 0)), (None, None, None));
    }

    #[test]
    fn logit_intervals_stay_between_0_and_1() {
        for (share, variance) in [(0.999, 0.2), (1e-9, 1.0), (0.5, 1e9), (0.5, 1e-12)] {
            let Interval(low, high) = on_logit(share, variance).unwrap();
            assert!(
                (0.0..=share).contains(&low) && (share..=1.0).contains(&high),
                "{share}: {low} to {high}"
            );
        }
        assert_eq!((on_logit(1.0, 0.0), on_logit(0.0, 0.0), on_logit(0.5, 0.0)), (None, None, None));
    }
}
