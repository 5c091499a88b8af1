//! Computes the conformal p-value of a value among its past values, for any distribution.

/// Conformal p-value (Vovk, Gammerman and Shafer 2005): (1 + past values at least as large) / (1 + past values).
///
/// If all orders of the values are equally likely, the probability that p is at or below a level is at most that level.
/// If `now` is NaN, p is 1. A past NaN counts as large, so it never causes an alarm.
pub fn p(now: f64, past: impl IntoIterator<Item = f64>) -> f64 {
    let (mut all, mut smaller) = (1u64, 0u64);
    for then in past {
        all += 1;
        smaller += u64::from(then < now);
    }
    (all - smaller) as f64 / all as f64
}
