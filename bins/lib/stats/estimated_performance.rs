//! Estimates accuracy, precision, recall and F1 without labels, from calibrated probabilities.
//!
//! The estimates are only as good as the calibration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rows::label::Label;
use crate::stats::exact_sum::ExactSum;
use crate::stats::intervals::{Interval, Z};

/// Sums over the rows with one verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct VerdictSums {
    /// Number of rows.
    pub rows: u64,
    /// Sum of the probabilities of being positive: the expected number of positive rows.
    pub positives: ExactSum,
    /// Sum of p (1 - p): the variance of the number of positive rows (Poisson's binomial distribution, 1837).
    pub variance: ExactSum,
}

/// Sums over scored rows, by verdict. They are enough to estimate every figure, and merge in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct PerformanceSums {
    /// Rows with a positive verdict.
    pub taken: VerdictSums,
    /// Rows with a negative verdict.
    pub left: VerdictSums,
}

/// A figure estimated from scores, without labels.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct EstimatedMetric {
    /// Estimated value, from 0 to 1.
    pub value: f64,
    /// Standard error of the estimate.
    pub error: f64,
    /// 95% interval: the value ± 1.96 standard errors, limited to 0 and 1.
    pub interval: Interval,
}

impl PerformanceSums {
    /// Adds a row with its calibrated probability of being positive, from 0 to 1.
    pub fn add(&mut self, probability: f64, verdict: Label) {
        let side = if verdict == Label::Positive { &mut self.taken } else { &mut self.left };
        side.rows += 1;
        side.positives.add(probability);
        side.variance.add(probability * (1.0 - probability));
    }

    pub fn merge(&mut self, other: &Self) {
        self.taken.merge(&other.taken);
        self.left.merge(&other.left);
    }

    pub fn rows(&self) -> u64 {
        self.taken.rows + self.left.rows
    }

    /// Estimated share of correct verdicts; `None` if there are no rows.
    pub fn accuracy(&self) -> Option<EstimatedMetric> {
        let (taken, left, rows) = (self.taken.sums(), self.left.sums(), self.rows() as f64);
        let right = taken.positives + (self.left.rows as f64 - left.positives);
        EstimatedMetric::new(right / rows, (taken.variance + left.variance) / (rows * rows))
    }

    /// Estimated precision; `None` if no row has a positive verdict.
    pub fn precision(&self) -> Option<EstimatedMetric> {
        let (taken, rows) = (self.taken.sums(), self.taken.rows as f64);
        EstimatedMetric::new(taken.positives / rows, taken.variance / (rows * rows))
    }

    /// Estimated recall, `S1 / (S1 + S0)`. `S1` and `S0` are the expected positives among positive and negative
    /// verdicts. `None` if no positives are expected.
    pub fn recall(&self) -> Option<EstimatedMetric> {
        let (taken, left) = (self.taken.sums(), self.left.sums());
        let all = taken.positives + left.positives;
        let (found, missed) = (taken.positives / all, left.positives / all);
        let variance = missed * missed * taken.variance + found * found * left.variance;
        EstimatedMetric::new(found, variance / (all * all))
    }

    /// Estimated F1, `2 S1 / (n1 + S1 + S0)`, where n1 is the number of positive verdicts (S1, S0: see
    /// [`recall`](Self::recall)). `None` if there are no positive verdicts and no expected positives.
    pub fn f1(&self) -> Option<EstimatedMetric> {
        let (taken, left) = (self.taken.sums(), self.left.sums());
        let all = self.taken.rows as f64 + taken.positives + left.positives;
        let value = 2.0 * taken.positives / all;
        // One more positive among positive verdicts raises F1 by (2 - F1) / all. One more positive among negative
        // verdicts lowers F1 by F1 / all.
        let rise = (2.0 - value) / all;
        let fall = value / all;
        EstimatedMetric::new(value, rise * rise * taken.variance + fall * fall * left.variance)
    }
}

impl EstimatedMetric {
    /// The variance of a figure comes from the delta method (Cramér 1946, section 27.7). Each sum adds its own
    /// variance × the square of the figure's derivative with respect to the sum. The point estimates equal the
    /// estimates of CBPE (NannyML 2021).
    ///
    /// The interval is not computed on the logit. On 100 rows with figures near 1, the true value was above the logit
    /// interval more than half the time.
    fn new(value: f64, variance: f64) -> Option<Self> {
        let error = variance.max(0.0).sqrt();
        let interval = Interval((value - Z * error).max(0.0), (value + Z * error).min(1.0));
        (value.is_finite() && error.is_finite()).then_some(Self { value, error, interval })
    }
}

/// [`VerdictSums`] as floating-point numbers.
struct VerdictTotals {
    positives: f64,
    variance: f64,
}

impl VerdictSums {
    fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.positives.merge(other.positives);
        self.variance.merge(other.variance);
    }

    fn sums(&self) -> VerdictTotals {
        VerdictTotals { positives: self.positives.value(), variance: self.variance.value() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_none_without_rows_or_expected_positives() {
        let none = PerformanceSums::default();
        assert_eq!([none.accuracy(), none.precision(), none.recall(), none.f1()], [None; 4]);
        let mut left = none;
        left.add(0.0, Label::Negative);
        assert_eq!([left.precision(), left.recall(), left.f1()], [None; 3]);
        assert_eq!(
            left.accuracy(),
            Some(EstimatedMetric { value: 1.0, error: 0.0, interval: Interval(1.0, 1.0) })
        );
    }

    #[test]
    fn sums_merge_in_any_order() {
        let rows: Vec<f64> = (0..999).map(|n| f64::from(n * 37 % 1000) / 999.0).collect();
        let sums = |rows: &mut dyn Iterator<Item = &f64>| {
            let mut sums = PerformanceSums::default();
            rows.for_each(|&p| sums.add(p, if p > 0.4 { Label::Positive } else { Label::Negative }));
            sums
        };
        let all = sums(&mut rows.iter());
        let (mut one, other) = (sums(&mut rows[..400].iter().rev()), sums(&mut rows[400..].iter()));
        one.merge(&other);
        assert_eq!((one, one.rows()), (all, 999));
        assert_eq!(
            serde_json::from_str::<PerformanceSums>(&serde_json::to_string(&all).unwrap()).unwrap(),
            all
        );
    }
}
