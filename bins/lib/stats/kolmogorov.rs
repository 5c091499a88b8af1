//! Runs the two-sample test of Kolmogorov (1933) and Smirnov (1939) on the largest distance between two cumulative
//! histograms.

use std::f64::consts::{PI, TAU};

/// Smirnov's distance (1939), from 0 to 1: the largest difference of the cumulative shares, over all bins. Both
/// histograms have the same bins; the shorter histogram has no rows in the missing bins. `None` if a histogram has no
/// rows.
pub fn distance(one: &[u64], other: &[u64]) -> Option<f64> {
    let (rows, others) = (one.iter().sum::<u64>(), other.iter().sum::<u64>());
    let (mut below, mut others_below, mut most) = (0u64, 0u64, 0u128);
    // Beyond the end of the shorter histogram, its cumulative share is 1, so the distance cannot increase.
    for (count, other) in one.iter().zip(other) {
        below += count;
        others_below += other;
        let distance =
            (u128::from(below) * u128::from(others)).abs_diff(u128::from(others_below) * u128::from(rows));
        most = most.max(distance);
    }
    (rows > 0 && others > 0).then(|| most as f64 / (rows as f64 * others as f64))
}

/// p-value of a distance between samples of `n` and `m` rows: [`tail`] of the distance times `sqrt(nm / (n + m))`. The
/// null hypothesis is that both samples come from one distribution. With ties, as in bins, the true p-value is not
/// larger.
pub fn p(distance: f64, n: u64, m: u64) -> f64 {
    tail(distance * effective_rows(n, m).sqrt())
}

/// The effective number of rows, nm / (n + m): half the harmonic mean, or 0 if a sample is empty. One sample of this
/// size, compared with a known distribution, is as informative as the two samples.
pub(crate) fn effective_rows(n: u64, m: u64) -> f64 {
    let (fewer, more) = (n.min(m) as f64, n.max(m) as f64);
    if fewer > 0.0 { fewer / (1.0 + fewer / more) } else { 0.0 }
}

/// The limiting probability that the scaled distance is `z` or more (Kolmogorov 1933). A large `z` uses Kolmogorov's
/// alternating series. A small `z` uses the series of Jacobi's theta function. Four terms of either series are exact.
pub fn tail(z: f64) -> f64 {
    // NaN and distances near 0 give 1. Below 0.04, the difference from 1 is smaller than any float.
    if z.is_nan() || z < 0.04 {
        return 1.0;
    }
    let term = |k: f64| {
        if z < 0.82 {
            (-(2.0 * k - 1.0).powi(2) * PI * PI / (8.0 * z * z)).exp()
        } else {
            (-2.0 * (k * z).powi(2)).exp()
        }
    };
    let [first, second, third, fourth] = [1.0, 2.0, 3.0, 4.0].map(term);
    if z < 0.82 {
        1.0 - TAU.sqrt() / z * (first + second + third + fourth)
    } else {
        2.0 * (first - second + third - fourth)
    }
}

/// The inverse of [`tail`], by bisection: 0 for the probability 1, and infinite for 0.
pub fn point(chance: f64) -> f64 {
    let (mut low, mut high) = (0.0, 40.0);
    if chance.is_nan() || chance <= 0.0 {
        return f64::INFINITY;
    }
    if chance >= 1.0 {
        return 0.0;
    }
    for _ in 0..64 {
        let middle = f64::midpoint(low, high);
        if tail(middle) > chance {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shorter_histogram_has_no_rows_beyond_its_end() {
        assert_eq!(distance(&[1, 1], &[1, 1, 2]), Some(0.5));
        assert_eq!(distance(&[1, 1, 2], &[1, 1]), Some(0.5));
        assert_eq!((distance(&[], &[1]), distance(&[0, 0], &[1, 2]), distance(&[], &[])), (None, None, None));
    }

    #[test]
    fn p_is_1_without_rows_or_distance() {
        for (distance, n, m) in [(0.0, 5, 5), (0.3, 0, 9), (0.3, 9, 0), (0.3, 0, 0), (f64::NAN, 5, 5)] {
            assert_eq!(Some(p(distance, n, m)), Some(1.0), "{distance} {n} {m}");
        }
        assert_eq!(Some(p(1.0, u64::MAX, u64::MAX)), Some(0.0));
    }

    #[test]
    fn point_inverts_tail() {
        for chance in [1e-300, 1e-12, 0.001, 0.05, 0.3, 0.9, 1.0 - 1e-6] {
            let back = tail(point(chance));
            assert!((back / chance - 1.0).abs() < 1e-10, "{chance}: {back}");
        }
        assert_eq!((point(1.0), point(0.0)), (0.0, f64::INFINITY));
    }
}
