//! Runs the Mann-Whitney test (1947), which shows whether one of two histograms is higher. Computes the area under the
//! ROC curve.

use crate::stats::special::normal_tail;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MannWhitney {
    /// Probability that a row of the second histogram is higher than a row of the first histogram; a tie counts half.
    /// Equals the area under the ROC curve (Hanley and McNeil 1982), from 0 to 1; ½ if neither is higher.
    pub auc: f64,
    /// Two-sided p-value of the hypothesis that both come from one distribution. Uses the normal approximation, with
    /// the variance corrected for ties and a continuity correction.
    pub p: f64,
}

/// Runs the two-sided test on histograms with the same bins in ascending order. Returns `None` if a histogram has no
/// rows.
pub fn test(one: &[u64], other: &[u64]) -> Option<MannWhitney> {
    let (n, m) = (one.iter().sum::<u64>(), other.iter().sum::<u64>());
    if n == 0 || m == 0 {
        return None;
    }
    let all = n as f64 + m as f64;
    // `ahead` is twice the number of pairs in which the second row is higher, as an integer.
    let (mut below, mut ahead, mut untied) = (0u64, 0u128, 0.0);
    for bin in 0..one.len().max(other.len()) {
        let at = |counts: &[u64]| counts.get(bin).copied().unwrap_or_default();
        let (a, b) = (at(one), at(other));
        ahead += u128::from(b) * (2 * u128::from(below) + u128::from(a));
        below += a;
        // N³ - Σ t³ as a sum over bins, with positive terms only.
        let tied = a as f64 + b as f64;
        untied += tied * (all - tied) * (all + tied);
    }
    let pairs = u128::from(n) * u128::from(m);
    let auc = ahead as f64 / (2.0 * pairs as f64);
    let variance = pairs as f64 / 12.0 * untied / (all * (all - 1.0));
    // If all rows tie, the variance is 0 and p is 1.
    let beyond = (ahead.abs_diff(pairs) as f64 - 1.0) / 2.0;
    let p = if variance > 0.0 && beyond > 0.0 { 2.0 * normal_tail(beyond / variance.sqrt()) } else { 1.0 };
    Some(MannWhitney { auc, p })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_none_without_rows_and_p_1_if_all_rows_tie() {
        for (one, other) in [(&[][..], &[][..]), (&[0, 0], &[1, 2]), (&[1, 2], &[0, 0])] {
            assert_eq!(test(one, other), None, "{one:?} {other:?}");
        }
        for (one, other) in [(&[1][..], &[1][..]), (&[0, 5], &[0, 7]), (&[1_000_000_000_000], &[3])] {
            assert_eq!(test(one, other), Some(MannWhitney { auc: 0.5, p: 1.0 }), "{one:?} {other:?}");
        }
    }
}
