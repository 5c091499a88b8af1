//! Adds fixed-point numbers, so that the sum does not depend on the order of addition.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Number of steps from 0 to 1: 2^64.
const PARTS: f64 = 18_446_744_073_709_551_616.0;

/// A sum that is exact to 2^-65 for each added number, for up to 2^63 numbers from -1 to 1. In JSON, it is two
/// integers: the sum rounded down, and the rest in units of 2^-64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize, Deserialize)]
#[serde(from = "(i64, u64)", into = "(i64, u64)")]
pub struct ExactSum(i128);

impl ExactSum {
    /// Adds a number. NaN adds nothing. A number out of range adds the nearest value in range.
    pub fn add(&mut self, number: f64) {
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates out of range")]
        let parts = (number * PARTS).round() as i128;
        self.0 = self.0.saturating_add(parts);
    }

    pub fn merge(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }

    pub fn value(self) -> f64 {
        self.0 as f64 / PARTS
    }
}

impl From<(i64, u64)> for ExactSum {
    fn from((whole, parts): (i64, u64)) -> Self {
        Self((i128::from(whole) << 64) | i128::from(parts))
    }
}

impl From<ExactSum> for (i64, u64) {
    fn from(ExactSum(sum): ExactSum) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the sum is split into its upper and lower half"
        )]
        ((sum >> 64) as i64, sum as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(numbers: impl IntoIterator<Item = f64>) -> ExactSum {
        let mut sum = ExactSum::default();
        numbers.into_iter().for_each(|number| sum.add(number));
        sum
    }

    #[test]
    fn order_does_not_change_the_sum() {
        let numbers = (0..1000).map(|n| f64::sin(f64::from(n)) * 10f64.powi(n % 9));
        let forwards = sum(numbers.clone());
        assert_eq!(forwards, sum(numbers.clone().rev()));
        let mut halves = sum(numbers.clone().take(300));
        halves.merge(sum(numbers.clone().skip(300)));
        assert_eq!(forwards, halves);
        assert!((forwards.value() - numbers.sum::<f64>()).abs() < 1e-5);
    }

    #[test]
    fn json_keeps_every_bit() {
        for numbers in [&[0.0][..], &[0.1, 0.2], &[-0.1], &[-3.0, 1e-19], &[1e18, 0.3], &[-1e18]] {
            let sum = sum(numbers.iter().copied());
            let json = serde_json::to_string(&sum).unwrap();
            assert_eq!(serde_json::from_str::<ExactSum>(&json).unwrap(), sum, "{json}");
        }
        assert_eq!(serde_json::to_string(&sum([-0.5])).unwrap(), "[-1,9223372036854775808]");
    }

    #[test]
    fn nan_adds_nothing_and_large_numbers_saturate() {
        assert_eq!((sum([f64::NAN, 0.5]).value(), sum([1e300, 1.0]).value()), (0.5, 2f64.powi(63)));
    }
}
