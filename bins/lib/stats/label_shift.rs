//! Estimates the class balance of new rows from their verdicts: black-box shift estimation (Lipton, Wang and Smola
//! 2018).

use crate::stats::confusion::Confusion;
use crate::stats::intervals::{Interval, Z};
use crate::stats::prior_shift::MIN_SEPARATION;

/// A class balance estimated without labels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EstimatedBalance {
    /// Class balance, from 0 to 1.
    pub share: f64,
    /// Standard error of the class balance.
    pub error: f64,
    /// 95% interval: the class balance ± 1.96 standard errors, limited to 0 and 1.
    pub interval: Interval,
}

/// Estimates the class balance as (q - FPR) / (TPR - FPR), where q is the share of positive verdicts.
///
/// TPR and FPR are the rates of the reference. The estimate assumes label shift: within each class, rows have the same
/// distribution as in the reference. The standard error is by the delta method over all three rates, because the
/// reference is a sample, too.
///
/// `None` if there are no rows, if a class of the reference has no rows, or if TPR - FPR is below [`MIN_SEPARATION`].
pub fn estimate(positive_verdicts: u64, rows: u64, reference: Confusion) -> Option<EstimatedBalance> {
    let Confusion { true_positive, false_positive, true_negative, false_negative } = reference;
    let (q, recall, false_positives) = (
        CountedRate::of(positive_verdicts, rows)?,
        CountedRate::of(true_positive, true_positive + false_negative)?,
        CountedRate::of(false_positive, false_positive + true_negative)?,
    );
    let separation = recall.rate - false_positives.rate;
    if separation < MIN_SEPARATION {
        return None;
    }
    let share = (q.rate - false_positives.rate) / separation;
    let variance = q.variance
        + share * share * recall.variance
        + (1.0 - share) * (1.0 - share) * false_positives.variance;
    let error = variance.sqrt() / separation;
    let interval = Interval((share - Z * error).clamp(0.0, 1.0), (share + Z * error).clamp(0.0, 1.0));
    Some(EstimatedBalance { share: share.clamp(0.0, 1.0), error, interval })
}

/// A rate and its sampling variance.
struct CountedRate {
    rate: f64,
    variance: f64,
}

impl CountedRate {
    fn of(part: u64, whole: u64) -> Option<Self> {
        let rest = whole.checked_sub(part)?;
        let (rate, rows) = (part as f64 / whole as f64, whole as f64);
        (whole > 0).then(|| Self { rate, variance: rate * (rest as f64 / rows) / rows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_none_without_rows_or_separation() {
        let good = Confusion { true_positive: 90, false_negative: 10, false_positive: 5, true_negative: 95 };
        assert!(estimate(30, 100, good).is_some_and(|recall| recall.interval.0 < recall.share));
        assert_eq!((estimate(0, 0, good), estimate(3, 2, good)), (None, None));
        let one_class = Confusion { false_positive: 0, true_negative: 0, ..good };
        let overlapping = Confusion { true_positive: 24, false_negative: 76, ..good };
        let backwards = Confusion { true_positive: 0, false_negative: 100, ..good };
        for reference in [one_class, overlapping, backwards, Confusion::default()] {
            assert_eq!(estimate(30, 100, reference), None, "{reference:?}");
        }
    }
}
