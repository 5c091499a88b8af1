//! Estimated accuracy, precision, recall and F1 without labels, from calibrated probabilities.
//!
//! The estimates are right only if the probabilities are.

use serde::{Deserialize, Serialize};

use crate::rows::label::Label;
use crate::stats::exact_sum::ExactSum;
use crate::stats::intervals::{Interval, Z};

/// Sums over rows of one verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictSums {
    /// Rows.
    pub rows: u64,
    /// The probabilities of being positive: how many are to be expected.
    pub positives: ExactSum,
    /// The variances of being positive, each p (1 - p): that of how many are (Poisson's binomial distribution, 1837).
    pub variance: ExactSum,
}

/// Sums over scored rows, by verdict: all that an expectation needs. They can be added up in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerformanceSums {
    /// Rows taken for positive.
    pub taken: VerdictSums,
    /// Rows left alone.
    pub left: VerdictSums,
}

/// A figure that is not known, but expected.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EstimatedMetric {
    /// What to expect.
    pub value: f64,
    /// The standard error: how far the labels, once they are known, will put it off.
    pub error: f64,
    /// 1.96 standard errors up and down, and within 0 and 1. Not on the logit: of a hundred rows with figures near 1 the truth
    /// was above such an interval more often than not.
    pub interval: Interval,
}

impl PerformanceSums {
    /// Counts a row by its calibrated probability of being positive, from 0 to 1, and what it was taken for.
    pub fn add(&mut self, probability: f64, verdict: Label) {
        let side = if verdict == Label::Positive { &mut self.taken } else { &mut self.left };
        side.rows += 1;
        side.positives.add(probability);
        side.variance.add(probability * (1.0 - probability));
    }

    /// Adds the rows of another part.
    pub fn merge(&mut self, other: &Self) {
        self.taken.merge(&other.taken);
        self.left.merge(&other.left);
    }

    /// All rows.
    pub fn rows(&self) -> u64 {
        self.taken.rows + self.left.rows
    }

    /// The share of right verdicts; none where there are no rows.
    pub fn accuracy(&self) -> Option<EstimatedMetric> {
        let (taken, left, rows) = (self.taken.sums(), self.left.sums(), self.rows() as f64);
        let right = taken.positives + (self.left.rows as f64 - left.positives);
        EstimatedMetric::new(right / rows, (taken.variance + left.variance) / (rows * rows))
    }

    /// The share of positives among the rows taken for it; none where none was.
    pub fn precision(&self) -> Option<EstimatedMetric> {
        let (taken, rows) = (self.taken.sums(), self.taken.rows as f64);
        EstimatedMetric::new(taken.positives / rows, taken.variance / (rows * rows))
    }

    /// The share of the positives that are found, `S1 / (S1 + S0)`; none where none are expected.
    pub fn recall(&self) -> Option<EstimatedMetric> {
        let (taken, left) = (self.taken.sums(), self.left.sums());
        let all = taken.positives + left.positives;
        let (found, missed) = (taken.positives / all, left.positives / all);
        let variance = missed * missed * taken.variance + found * found * left.variance;
        EstimatedMetric::new(found, variance / (all * all))
    }

    /// F1, `2 S1 / (n1 + S1 + S0)`: twice the positives found, over those taken for it and those there are. None where
    /// nothing is taken for positive and nothing is expected to be.
    pub fn f1(&self) -> Option<EstimatedMetric> {
        let (taken, left) = (self.taken.sums(), self.left.sums());
        let all = self.taken.rows as f64 + taken.positives + left.positives;
        let value = 2.0 * taken.positives / all;
        // By a positive more among those taken it grows by (2 - F1) over all; by one more among the others it falls by
        // F1 over all.
        let rise = (2.0 - value) / all;
        let fall = value / all;
        EstimatedMetric::new(value, rise * rise * taken.variance + fall * fall * left.variance)
    }
}

impl EstimatedMetric {
    /// By the delta method (Cramér 1946, section 27.7): the variance of a figure is that of the sums, each times the
    /// square of what the figure moves by as that sum does. The point estimates are those of CBPE (NannyML 2021).
    fn new(value: f64, variance: f64) -> Option<Self> {
        let error = variance.max(0.0).sqrt();
        let interval = Interval((value - Z * error).max(0.0), (value + Z * error).min(1.0));
        (value.is_finite() && error.is_finite()).then_some(Self { value, error, interval })
    }
}

/// [`VerdictSums`] as numbers.
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
    fn nothing_is_expected_of_nothing() {
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
    fn parts_add_up_in_any_order() {
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
