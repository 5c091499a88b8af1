//! The confusion matrix of verdicts and labels: accuracy, precision, recall, F1.

use std::ops::Add;

use serde::{Deserialize, Serialize};

use crate::rows::label::Label;

/// Labelled rows by what they are and what they were taken for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// Positive, found.
    pub true_positive: u64,
    /// Negative, taken for positive.
    pub false_positive: u64,
    /// Negative, left alone.
    pub true_negative: u64,
    /// Positive, missed.
    pub false_negative: u64,
}

impl Add for Confusion {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            true_positive: self.true_positive + other.true_positive,
            false_positive: self.false_positive + other.false_positive,
            true_negative: self.true_negative + other.true_negative,
            false_negative: self.false_negative + other.false_negative,
        }
    }
}

impl Confusion {
    /// Counts one row.
    pub fn add(&mut self, truth: Label, verdict: Label) {
        match (truth, verdict) {
            (Label::Positive, Label::Positive) => self.true_positive += 1,
            (Label::Negative, Label::Positive) => self.false_positive += 1,
            (Label::Negative, Label::Negative) => self.true_negative += 1,
            (Label::Positive, Label::Negative) => self.false_negative += 1,
        }
    }

    /// All labelled rows.
    pub fn total(&self) -> u64 {
        self.true_positive + self.false_positive + self.true_negative + self.false_negative
    }

    /// The share of right verdicts.
    pub fn accuracy(&self) -> f64 {
        ratio(self.true_positive + self.true_negative, self.total())
    }

    /// The share of positives among those taken for it; 0 where none was.
    pub fn precision(&self) -> f64 {
        ratio(self.true_positive, self.true_positive + self.false_positive)
    }

    /// The share of positives that were found; 0 where there are none.
    pub fn recall(&self) -> f64 {
        ratio(self.true_positive, self.true_positive + self.false_negative)
    }

    /// The harmonic mean of precision and recall (van Rijsbergen 1979); 0 where nothing was found.
    pub fn f1(&self) -> f64 {
        ratio(2 * self.true_positive, 2 * self.true_positive + self.false_positive + self.false_negative)
    }

    /// The F1 of either class, averaged; a class that neither is nor was said to be counts for nothing, as in scikit-learn.
    pub fn macro_f1(&self) -> f64 {
        let classes = [*self, self.swapped()];
        let met = classes.iter().filter(|class| class.total() > class.true_negative);
        let (sum, count) = met.fold((0.0, 0.0), |(sum, count), class| (sum + class.f1(), count + 1.0));
        if count > 0.0 { sum / count } else { 0.0 }
    }

    /// Matthews' correlation of labels and verdicts (1975), from -1 to 1; 0 where either are all alike.
    pub fn mcc(&self) -> f64 {
        let Self { true_positive, false_positive, true_negative, false_negative } = *self;
        let product = |one: u64, other: u64| i128::from(one) * i128::from(other);
        // Whole numbers up to here: of two large products the difference may be small.
        let agreement = product(true_positive, true_negative) - product(false_positive, false_negative);
        let found = product(true_positive + false_positive, true_positive + false_negative);
        let left = product(true_negative + false_positive, true_negative + false_negative);
        if found == 0 || left == 0 {
            return 0.0;
        }
        agreement as f64 / ((found as f64).sqrt() * (left as f64).sqrt())
    }

    /// The same rows where the other class is the one looked for.
    fn swapped(self) -> Self {
        let Self { true_positive, false_positive, true_negative, false_negative } = self;
        Self {
            true_positive: true_negative,
            false_positive: false_negative,
            true_negative: true_positive,
            false_negative: false_positive,
        }
    }
}

/// A quotient; 0 over 0 is 0, as in scikit-learn with `zero_division=0`.
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn billions_leave_the_correlation_its_digits() {
        let rare = Confusion {
            true_positive: 1,
            false_positive: 1,
            true_negative: 1_000_000_000,
            false_negative: 1,
        };
        // (TP TN - FP FN) / (2 (TN + 1)), by hand; scikit-learn says 0.5.
        assert!((rare.mcc() - 999_999_999.0 / 2_000_000_002.0).abs() < 1e-15);
        let most = u64::MAX / 4;
        let all = Confusion { true_positive: most, true_negative: most, ..Confusion::default() };
        assert!((all.mcc() - 1.0).abs() < 1e-15 && (all.macro_f1() - 1.0).abs() < 1e-15);
    }
}
