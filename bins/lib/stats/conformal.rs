//! Conformal p-value of a value among its past values, for any distribution (Vovk, Gammerman and Shafer 2005).

/// The chance of a value at least as large as this one, by the past ones alone: one more than those of them that are no
/// smaller, over one more than all (Vovk, Gammerman and Shafer 2005). At most the level is an alarm, at most that
/// often, where the present one and the past ones could have come in any order. What is no number is never an alarm,
/// and never speaks for one.
pub fn p(now: f64, past: impl IntoIterator<Item = f64>) -> f64 {
    let (mut all, mut smaller) = (1u64, 0u64);
    for then in past {
        all += 1;
        smaller += u64::from(then < now);
    }
    (all - smaller) as f64 / all as f64
}
