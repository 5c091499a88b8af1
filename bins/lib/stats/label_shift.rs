//! Class balance of new rows from their verdicts: black-box shift estimation (Lipton, Wang and Smola 2018).

use crate::stats::confusion::Confusion;
use crate::stats::intervals::{Interval, Z};
use crate::stats::prior_shift::APART;

/// A share that no label tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EstimatedBalance {
    /// The share, from 0 to 1.
    pub share: f64,
    /// Its standard error.
    pub error: f64,
    /// 1.96 standard errors up and down, and within 0 and 1.
    pub interval: Interval,
}

/// The share of positives among rows of which so many were taken for positive, by how often the reference's verdicts
/// were wrong: where q is the share that was taken, it is (q - FPR) / (TPR - FPR), as long as within a class rows look
/// as they did. The standard error is by the delta method over all three rates, for the reference is a sample, too.
/// None where there are no rows or a class of the reference has none, and where TPR - FPR is less than [`APART`].
pub fn estimate(taken: u64, rows: u64, reference: Confusion) -> Option<EstimatedBalance> {
    let Confusion { true_positive, false_positive, true_negative, false_negative } = reference;
    let (q, found, false_alarms) = (
        CountedRate::of(taken, rows)?,
        CountedRate::of(true_positive, true_positive + false_negative)?,
        CountedRate::of(false_positive, false_positive + true_negative)?,
    );
    let apart = found.rate - false_alarms.rate;
    if apart < APART {
        return None;
    }
    let share = (q.rate - false_alarms.rate) / apart;
    let variance =
        q.variance + share * share * found.variance + (1.0 - share) * (1.0 - share) * false_alarms.variance;
    let error = variance.sqrt() / apart;
    let interval = Interval((share - Z * error).clamp(0.0, 1.0), (share + Z * error).clamp(0.0, 1.0));
    Some(EstimatedBalance { share: share.clamp(0.0, 1.0), error, interval })
}

/// A rate that was counted.
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
    fn what_cannot_be_told_is_none() {
        let good = Confusion { true_positive: 90, false_negative: 10, false_positive: 5, true_negative: 95 };
        assert!(estimate(30, 100, good).is_some_and(|found| found.interval.0 < found.share));
        assert_eq!((estimate(0, 0, good), estimate(3, 2, good)), (None, None));
        let one_class = Confusion { false_positive: 0, true_negative: 0, ..good };
        let alike = Confusion { true_positive: 24, false_negative: 76, ..good };
        let backwards = Confusion { true_positive: 0, false_negative: 100, ..good };
        for reference in [one_class, alike, backwards, Confusion::default()] {
            assert_eq!(estimate(30, 100, reference), None, "{reference:?}");
        }
    }
}
