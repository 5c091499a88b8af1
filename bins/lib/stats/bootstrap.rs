//! Computes the bootstrap interval of the difference of two F1 scores (Efron 1979) by resampling eight counts instead
//! of rows.

use crate::stats::intervals::Interval;
use crate::stats::paired::PairedConfusion;
use crate::stats::random::RandomStream;

/// The distribution of the F1 difference over draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResampledF1 {
    /// 95% interval: the 2.5th and 97.5th percentiles of the differences (Efron 1979).
    pub interval: Interval,
    /// Standard deviation of the differences.
    pub error: f64,
}

/// Resamples the rows and computes the challenger's F1 minus the champion's F1 in each draw.
///
/// Rows with the same label and verdicts are interchangeable, so the eight counts of a draw follow a multinomial
/// distribution. A draw therefore takes the same time for any number of rows. `None` if there are no rows or no draws.
pub fn f1_difference(eight: &PairedConfusion, draws: usize, seed: u64) -> Option<ResampledF1> {
    if eight.rows() == 0 || draws == 0 {
        return None;
    }
    let (mut numbers, cells) = (RandomStream::new(seed), eight.cells());
    let mut found: Vec<f64> =
        (0..draws).map(|_| PairedConfusion::of_cells(numbers.multinomial(cells)).f1_difference()).collect();
    let mean = found.iter().sum::<f64>() / draws as f64;
    let squares = found.iter().map(|difference| (difference - mean).powi(2)).sum::<f64>();
    found.sort_unstable_by(f64::total_cmp);
    Some(ResampledF1 {
        interval: Interval(percentile(&found, 1, 40)?, percentile(&found, 39, 40)?),
        error: (squares / draws as f64).sqrt(),
    })
}

/// The quantile `part / whole` of `sorted`, interpolated linearly (Hyndman and Fan 1996, type 7, as in numpy). `None`
/// if there are no values.
fn percentile(sorted: &[f64], part: usize, whole: usize) -> Option<f64> {
    let place = sorted.len().checked_sub(1)? * part;
    let (low, rest) = (*sorted.get(place / whole)?, place % whole);
    let high = *sorted.get(place / whole + usize::from(rest > 0))?;
    Some(low + (high - low) * rest as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_interpolated() {
        let values = [0.0, 1.0, 2.0, 4.0];
        assert_eq!([1, 2, 3].map(|part| percentile(&values, part, 4)), [Some(0.75), Some(1.5), Some(2.5)]);
        assert_eq!((percentile(&values, 0, 4), percentile(&values, 4, 4)), (Some(0.0), Some(4.0)));
        assert_eq!((percentile(&[7.0], 39, 40), percentile(&[], 1, 40)), (Some(7.0), None));
    }

    #[test]
    fn a_seed_determines_the_result_and_no_draws_give_none() {
        let eight = PairedConfusion::of_cells([80, 5, 9, 6, 2, 3, 1, 894]);
        assert_eq!(
            (f1_difference(&PairedConfusion::default(), 100, 1), f1_difference(&eight, 0, 1)),
            (None, None)
        );
        let found = f1_difference(&eight, 500, 1);
        assert!(found.is_some() && found == f1_difference(&eight, 500, 1));
        assert_ne!(found, f1_difference(&eight, 500, 2));
        let nothing = ResampledF1 { interval: Interval(0.0, 0.0), error: 0.0 };
        assert_eq!(f1_difference(&PairedConfusion::of_cells([0, 0, 0, 0, 0, 0, 0, 9]), 50, 1), Some(nothing));
    }
}
