//! Welch's test (1947): compares two means whose variances may differ.

use crate::stats::special::student_tails;

/// Size, mean and variance of a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WelchSample {
    /// Number of rows.
    pub n: u64,
    pub mean: f64,
    /// Sample variance, with the divisor n - 1.
    pub variance: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Welch {
    /// Difference of the means, first minus second, divided by its standard error.
    pub statistic: f64,
    /// Degrees of freedom (Satterthwaite 1946).
    pub freedom: f64,
    /// Two-sided p-value of the hypothesis that the means are equal.
    pub p: f64,
}

impl WelchSample {
    /// Summarises values in one pass (Welford 1962).
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let (mut n, mut mean, mut squares) = (0u64, 0.0, 0.0);
        for value in values {
            n += 1;
            let off = value - mean;
            mean += off / n as f64;
            squares += off * (value - mean);
        }
        Self { n, mean, variance: if n > 1 { squares / (n - 1) as f64 } else { 0.0 } }
    }

    pub fn variance_of_mean(self) -> f64 {
        self.variance / self.n as f64
    }
}

/// Runs the two-sided test; `None` if a sample has fewer than two rows, or if neither sample varies.
pub fn test(one: WelchSample, other: WelchSample) -> Option<Welch> {
    if one.n < 2 || other.n < 2 {
        return None;
    }
    let (part, other_part) = (one.variance_of_mean(), other.variance_of_mean());
    let variance = part + other_part;
    let statistic = (one.mean - other.mean) / variance.sqrt();
    // Use shares of the variance: the squares of shares neither overflow nor underflow.
    let (share, other_share) = (part / variance, other_part / variance);
    let freedom =
        1.0 / (share * share / (one.n - 1) as f64 + other_share * other_share / (other.n - 1) as f64);
    if variance <= 0.0 || !statistic.is_finite() || !freedom.is_finite() {
        return None;
    }
    Some(Welch { statistic, freedom, p: student_tails(statistic, freedom) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_none_if_neither_sample_varies() {
        let some = WelchSample { n: 9, mean: 1.0, variance: 2.0 };
        assert_eq!(test(some, some).map(|found| (found.statistic, found.p)), Some((0.0, 1.0)));
        let constant = WelchSample { variance: 0.0, ..some };
        assert!(test(some, constant).is_some());
        let invalid = [constant, WelchSample { n: 1, ..some }, WelchSample::default()];
        for other in invalid {
            assert_eq!(test(constant, other), None, "{other:?}");
        }
        assert_eq!(test(some, WelchSample { mean: f64::NAN, ..some }), None);
        assert_eq!(test(some, WelchSample { variance: f64::INFINITY, ..some }), None);
    }

    #[test]
    fn summarises_values() {
        assert_eq!(WelchSample::of([2.0, 4.0, 9.0]), WelchSample { n: 3, mean: 5.0, variance: 13.0 });
        assert_eq!(WelchSample::of([7.0]), WelchSample { n: 1, mean: 7.0, variance: 0.0 });
        assert_eq!(WelchSample::of([]), WelchSample::default());
    }
}
