//! Computes accuracy, precision, recall and F1 from the confusion matrix of verdicts and labels.

use std::ops::Add;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rows::label::Label;

/// Counts of labelled rows by label and verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Confusion {
    /// Number of positive rows with a positive verdict.
    pub true_positive: u64,
    /// Number of negative rows with a positive verdict.
    pub false_positive: u64,
    /// Number of negative rows with a negative verdict.
    pub true_negative: u64,
    /// Number of positive rows with a negative verdict.
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
    pub fn add(&mut self, truth: Label, verdict: Label) {
        match (truth, verdict) {
            (Label::Positive, Label::Positive) => self.true_positive += 1,
            (Label::Negative, Label::Positive) => self.false_positive += 1,
            (Label::Negative, Label::Negative) => self.true_negative += 1,
            (Label::Positive, Label::Negative) => self.false_negative += 1,
        }
    }

    /// Takes a row away, if there is one.
    pub fn remove(&mut self, truth: Label, verdict: Label) {
        let count = match (truth, verdict) {
            (Label::Positive, Label::Positive) => &mut self.true_positive,
            (Label::Negative, Label::Positive) => &mut self.false_positive,
            (Label::Negative, Label::Negative) => &mut self.true_negative,
            (Label::Positive, Label::Negative) => &mut self.false_negative,
        };
        *count = count.saturating_sub(1);
    }

    /// Number of labelled rows.
    pub fn total(&self) -> u64 {
        self.true_positive + self.false_positive + self.true_negative + self.false_negative
    }

    /// Share of correct verdicts; 0 if there are no rows.
    pub fn accuracy(&self) -> f64 {
        ratio(self.true_positive + self.true_negative, self.total())
    }

    /// Mean of the shares of correct verdicts in both classes. `None` if a class has no rows.
    pub fn balanced_accuracy(&self) -> Option<f64> {
        let (positives, negatives) =
            (self.true_positive + self.false_negative, self.true_negative + self.false_positive);
        let both = positives > 0 && negatives > 0;
        both.then(|| f64::midpoint(self.recall(), self.swapped().recall()))
    }

    /// Share of positives among rows with a positive verdict; 0 if there are none.
    pub fn precision(&self) -> f64 {
        ratio(self.true_positive, self.true_positive + self.false_positive)
    }

    /// Share of positives with a positive verdict; 0 if there are no positives.
    pub fn recall(&self) -> f64 {
        ratio(self.true_positive, self.true_positive + self.false_negative)
    }

    /// Share of positives among all rows; 0 if there are no rows.
    pub fn share_of_positives(&self) -> f64 {
        ratio(self.true_positive + self.false_negative, self.total())
    }

    /// Share of negatives with a positive verdict. `None` if there are no negatives.
    pub fn false_positive_rate(&self) -> Option<f64> {
        let negatives = self.false_positive + self.true_negative;
        (negatives > 0).then(|| ratio(self.false_positive, negatives))
    }

    /// Harmonic mean of precision and recall (van Rijsbergen 1979); 0 if no positive was found.
    pub fn f1(&self) -> f64 {
        ratio(2 * self.true_positive, 2 * self.true_positive + self.false_positive + self.false_negative)
    }

    /// Mean of the F1 of both classes. A class with neither rows nor verdicts is ignored, as in scikit-learn.
    pub fn macro_f1(&self) -> f64 {
        let classes = [*self, self.swapped()];
        let met = classes.iter().filter(|class| class.total() > class.true_negative);
        let (sum, count) = met.fold((0.0, 0.0), |(sum, count), class| (sum + class.f1(), count + 1.0));
        if count > 0.0 { sum / count } else { 0.0 }
    }

    /// Matthews correlation of labels and verdicts (1975), from -1 to 1; 0 if all labels or all verdicts are the same.
    pub fn mcc(&self) -> f64 {
        let Self { true_positive, false_positive, true_negative, false_negative } = *self;
        let product = |one: u64, other: u64| i128::from(one) * i128::from(other);
        // The numbers stay integers until here, because the difference of two large products may be small.
        let agreement = product(true_positive, true_negative) - product(false_positive, false_negative);
        let found = product(true_positive + false_positive, true_positive + false_negative);
        let left = product(true_negative + false_positive, true_negative + false_negative);
        if found == 0 || left == 0 {
            return 0.0;
        }
        agreement as f64 / ((found as f64).sqrt() * (left as f64).sqrt())
    }

    /// The confusion matrix for the other class.
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

/// A quotient; 0 / 0 is 0, as in scikit-learn with `zero_division=0`.
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mcc_is_precise_with_billions_of_rows() {
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
