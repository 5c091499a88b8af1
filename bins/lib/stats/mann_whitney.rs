//! The test of Mann and Whitney (1947): which of two histograms is higher, and the area under the ROC curve.

use crate::stats::special::normal_tail;

/// The outcome of a test of which lies higher.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MannWhitney {
    /// The chance that a row of the other histogram lies higher than one of the first, a tie being half of that: the
    /// area under the ROC curve (Hanley and McNeil 1982), from 0 to 1, and ½ where neither lies higher.
    pub auc: f64,
    /// The chance of such an area, or one further from ½, where both come from one distribution: normal, with the
    /// variance that ties leave and a correction for continuity.
    pub p: f64,
}

/// The test, two-sided, of histograms with the same bins in ascending order; none where one has no rows.
pub fn test(one: &[u64], other: &[u64]) -> Option<MannWhitney> {
    let (n, m) = (one.iter().sum::<u64>(), other.iter().sum::<u64>());
    if n == 0 || m == 0 {
        return None;
    }
    let all = n as f64 + m as f64;
    // Twice the pairs in which the other is higher, as whole numbers, and how many pairs of rows do not tie.
    let (mut below, mut ahead, mut untied) = (0u64, 0u128, 0.0);
    for bin in 0..one.len().max(other.len()) {
        let at = |counts: &[u64]| counts.get(bin).copied().unwrap_or_default();
        let (a, b) = (at(one), at(other));
        ahead += u128::from(b) * (2 * u128::from(below) + u128::from(a));
        below += a;
        // N³ - Σ t³ as a sum over bins, of positive parts alone.
        let tied = a as f64 + b as f64;
        untied += tied * (all - tied) * (all + tied);
    }
    let pairs = u128::from(n) * u128::from(m);
    let auc = ahead as f64 / (2.0 * pairs as f64);
    let variance = pairs as f64 / 12.0 * untied / (all * (all - 1.0));
    // Where all rows tie there is no variance, and no surprise.
    let beyond = (ahead.abs_diff(pairs) as f64 - 1.0) / 2.0;
    let p = if variance > 0.0 && beyond > 0.0 { 2.0 * normal_tail(beyond / variance.sqrt()) } else { 1.0 };
    Some(MannWhitney { auc, p })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_to_compare_is_none_and_nothing_but_ties_no_surprise() {
        for (one, other) in [(&[][..], &[][..]), (&[0, 0], &[1, 2]), (&[1, 2], &[0, 0])] {
            assert_eq!(test(one, other), None, "{one:?} {other:?}");
        }
        for (one, other) in [(&[1][..], &[1][..]), (&[0, 5], &[0, 7]), (&[1_000_000_000_000], &[3])] {
            assert_eq!(test(one, other), Some(MannWhitney { auc: 0.5, p: 1.0 }), "{one:?} {other:?}");
        }
    }
}
