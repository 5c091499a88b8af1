//! Computes distances between two histograms: PSI, Jensen-Shannon and Wasserstein. The distances are only reported: no
//! verdict uses them.
//!
//! The size of a distance depends on the number of rows. Each distance therefore has a debiased value: the distance
//! minus its mean without drift.

use std::f64::consts::{FRAC_2_PI, LN_2};

use crate::stats::special::{deviance, difference_of_products};

/// A distance between two histograms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Divergence {
    /// The distance by its definition.
    pub value: f64,
    /// The distance minus its mean between samples of this size from one distribution; at least 0.
    pub debiased: f64,
}

/// The population stability index, Σ (p - q) ln (p / q), which is the divergence of Jeffreys (1946). The sum covers
/// the bins in which either histogram has rows. Half a row is added to each bin so that the sum stays finite
/// (Jeffreys' prior).
///
/// Without drift, the mean of the index is (k - 1)(1 / n + 1 / m) for k bins (Yurdakul 2018). The usual limits 0.1
/// and 0.2 therefore do not fit every sample size. `None` if a histogram has no rows.
pub fn stability_index(one: &[u64], other: &[u64]) -> Option<Divergence> {
    let HistogramSizes { n, m, bins } = HistogramSizes::of(one, other)?;
    // Counts are doubled, so that halves are integers: p is (2 a + 1) / (2 n + k).
    let (whole, other_whole) = (2 * n + bins, 2 * m + bins);
    let scale = whole as f64 * other_whole as f64;
    let part = |(a, b): (u64, u64)| {
        let (a, b) = (2 * a + 1, 2 * b + 1);
        let difference = difference_of_products([a, other_whole], [b, whole]);
        let base = b as f64 * whole as f64;
        let ratio = if difference.abs() < 0.5 * base {
            (difference / base).ln_1p()
        } else {
            (a as f64 * other_whole as f64 / base).ln()
        };
        difference / scale * ratio
    };
    let value = used(one, other).map(part).sum::<f64>();
    let chance = (bins - 1) as f64 * (1.0 / n as f64 + 1.0 / m as f64);
    Some(Divergence { value, debiased: (value - chance).max(0.0) })
}

/// The Jensen-Shannon distance, from 0 to 1: the root of the divergence to base 2 (Lin 1991). The root makes it a
/// metric (Endres and Schindelin 2003).
///
/// k is the number of bins in which either histogram has rows. Without drift, the mean of the square is `(k - 1)(1/n +
/// 1/m) / (8 ln 2)`, by the first term of the series. The debiased value subtracts this mean from the square. `None`
/// if a histogram has no rows.
pub fn jensen_shannon(one: &[u64], other: &[u64]) -> Option<Divergence> {
    let HistogramSizes { n, m, bins } = HistogramSizes::of(one, other)?;
    let (rows, other_rows) = (n as f64, m as f64);
    let part = |(a, b): (u64, u64)| {
        // The two shares are half of `middle`, times 1 + off and 1 - off.
        let middle = a as f64 / rows + b as f64 / other_rows;
        let off = difference_of_products([a, m], [b, n]) / (rows * other_rows * middle);
        middle * (deviance(off) + deviance(-off))
    };
    let square = (used(one, other).map(part).sum::<f64>() / (4.0 * LN_2)).min(1.0);
    let chance = (bins - 1) as f64 * (1.0 / rows + 1.0 / other_rows) / (8.0 * LN_2);
    Some(Divergence { value: square.sqrt(), debiased: (square - chance).max(0.0).sqrt() })
}

/// The Wasserstein distance (1969), in units of `positions`: the mean distance that rows must move, or the area
/// between the distribution functions. `positions` has the positions of the bins, in ascending order.
///
/// Without drift, the difference of the functions at x is normal with variance F (1 - F)(1 / n + 1 / m), where F is
/// the distribution function of all rows. The mean is √(2 (1 / n + 1 / m) / π) ∫ √(F (1 - F)) dx (del Barrio, Giné and
/// Matrán 1999). `None` if a histogram has no rows, or a bin has no valid position.
pub fn wasserstein(one: &[u64], other: &[u64], positions: &[f64]) -> Option<Divergence> {
    let HistogramSizes { n, m, .. } = HistogramSizes::of(one, other)?;
    let bins = one.len().max(other.len());
    if positions.len() < bins || !positions.is_sorted() || !positions.iter().all(|x| x.is_finite()) {
        return None;
    }
    let (rows, all) = (n as f64 * m as f64, (n + m) as f64);
    let (mut below, mut other_below, mut value, mut spread) = (0, 0, 0.0, 0.0);
    for ((a, b), ends) in padded(one, other).zip(positions.windows(2)) {
        below += a;
        other_below += b;
        let width = ends.last()? - ends.first()?;
        value += width * (difference_of_products([below, m], [other_below, n]) / rows).abs();
        let under = (below + other_below) as f64;
        spread += width * (under / all * ((all - under) / all)).sqrt();
    }
    let chance = (FRAC_2_PI * (1.0 / n as f64 + 1.0 / m as f64)).sqrt() * spread;
    value.is_finite().then_some(Divergence { value, debiased: (value - chance).max(0.0) })
}

/// The numbers of rows of two histograms, and the number of bins in which either has rows.
struct HistogramSizes {
    n: u64,
    m: u64,
    bins: u64,
}

impl HistogramSizes {
    /// `None` if a histogram has no rows.
    fn of(one: &[u64], other: &[u64]) -> Option<Self> {
        let (n, m) = (one.iter().sum(), other.iter().sum());
        (n > 0 && m > 0).then(|| Self { n, m, bins: used(one, other).count() as u64 })
    }
}

/// Pairs of counts. A shorter histogram has no rows beyond its end.
fn padded(one: &[u64], other: &[u64]) -> impl Iterator<Item = (u64, u64)> {
    let at = |counts: &[u64], bin: usize| counts.get(bin).copied().unwrap_or_default();
    (0..one.len().max(other.len())).map(move |bin| (at(one, bin), at(other, bin)))
}

/// Pairs of counts that are not both 0.
fn used(one: &[u64], other: &[u64]) -> impl Iterator<Item = (u64, u64)> {
    padded(one, other).filter(|pair| *pair != (0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_none_without_rows_or_positions() {
        for (one, other) in [(&[][..], &[][..]), (&[0, 0], &[1, 2]), (&[1, 2], &[0, 0])] {
            let found = [stability_index(one, other), jensen_shannon(one, other)];
            assert_eq!((found, wasserstein(one, other, &[0.0, 1.0])), ([None; 2], None), "{one:?} {other:?}");
        }
        for positions in [&[0.0][..], &[1.0, 0.0], &[0.0, f64::NAN], &[0.0, f64::INFINITY]] {
            assert_eq!(wasserstein(&[1, 2], &[2, 1], positions), None, "{positions:?}");
        }
        let alike = Some(Divergence { value: 0.0, debiased: 0.0 });
        assert_eq!([stability_index(&[7], &[9]), jensen_shannon(&[7], &[9])], [alike; 2]);
        assert_eq!(wasserstein(&[7], &[9], &[0.5]), alike);
    }

    #[test]
    fn a_shorter_histogram_has_no_rows_beyond_its_end() {
        let (one, other) = (&[3, 4][..], &[3, 4, 5][..]);
        for measure in [stability_index, jensen_shannon] {
            assert_eq!(measure(one, other), measure(&[3, 4, 0], other));
        }
        let positions = [0.0, 1.0, 5.0];
        assert_eq!(wasserstein(one, other, &positions), wasserstein(&[3, 4, 0], other, &positions));
    }
}
