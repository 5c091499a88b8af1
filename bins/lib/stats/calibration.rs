//! Computes calibration figures of scores: log loss, Brier score and expected calibration error.

use crate::stats::ranking::ScoredLabel;

/// Number of bins in [`expected_error`].
const BINS: usize = 15;

/// Log loss in nats: the mean of -ln of the probability of the true class (Good 1952). Probabilities are limited to one
/// float epsilon from 0 and 1, as in scikit-learn. `None` if there are no rows.
pub fn log_loss(rows: &[ScoredLabel]) -> Option<f64> {
    mean(rows, |row| {
        let given = if row.is_positive() { row.score() } else { 1.0 - row.score() };
        -given.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
    })
}

/// Mean squared difference of score and label (Brier 1950); `None` if there are no rows.
pub fn brier(rows: &[ScoredLabel]) -> Option<f64> {
    mean(rows, |row| (row.score() - truth(row)).powi(2))
}

/// Expected calibration error, from 0 to 1 (Naeini, Cooper and Hauskrecht 2015). Each of 15 bins of equal width gives
/// the absolute difference of the mean score and the share of positives. The mean of these differences is weighted by
/// the rows in each bin.
///
/// A bin includes its upper bound but not its lower bound (Guo et al. 2017). The first bin includes both. The bin of a
/// score is 15 times the score, rounded up. `None` if there are no rows.
pub fn expected_error(rows: &[ScoredLabel]) -> Option<f64> {
    let mut excess = [0.0; BINS];
    for row in rows {
        excess[bin(row.score())] += row.score() - truth(*row);
    }
    (!rows.is_empty()).then(|| excess.iter().map(|sum| sum.abs()).sum::<f64>() / rows.len() as f64)
}

fn bin(score: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "scores are from 0 to 1")]
    let above = (score * BINS as f64).ceil() as usize;
    above.clamp(1, BINS) - 1
}

fn truth(row: ScoredLabel) -> f64 {
    f64::from(u8::from(row.is_positive()))
}

fn mean(rows: &[ScoredLabel], loss: impl Fn(ScoredLabel) -> f64) -> Option<f64> {
    (!rows.is_empty()).then(|| rows.iter().map(|row| loss(*row)).sum::<f64>() / rows.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::bin;

    #[test]
    fn a_bin_includes_its_upper_bound() {
        assert_eq!((bin(0.0), bin(f64::MIN_POSITIVE), bin(1.0)), (0, 0, 14));
        for (upper, edge) in (1..15).map(|edge| (edge - 1, edge as f64 / 15.0)) {
            assert_eq!((bin(edge), bin(edge + 1e-12)), (upper, upper + 1));
        }
    }
}
