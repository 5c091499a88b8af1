//! Tests that the bootstrap interval from counts matches a bootstrap of rows.

use serde::Deserialize;

use spamops::stats::bootstrap;
use spamops::stats::intervals::Interval;
use spamops::stats::paired::{PairedConfusion, PairedCounts};

use crate::cases::cases;

#[test]
fn interval_from_counts_matches_a_bootstrap_of_rows() {
    #[derive(Deserialize)]
    struct Case {
        cells: [u64; 8],
        interval: Interval,
        error: f64,
    }
    let cases = cases::<Case>("bootstrap");
    assert!(cases.len() >= 20);
    for Case { cells, interval, error } in cases {
        let paired = |rows: &[u64]| PairedCounts {
            both: rows[0],
            only_one: rows[1],
            only_other: rows[2],
            neither: rows[3],
        };
        let eight = PairedConfusion { positive: paired(&cells[..4]), negative: paired(&cells[4..]) };
        let found = bootstrap::f1_difference(&eight, 10_000, 1).unwrap();
        // The standard error of these percentiles is 2.7 standard deviations over the root of the number of draws: 0.033
        // for both percentiles. The tolerance is four standard errors. A discrete difference may also be off by one
        // step, which is less than 1 over the number of rows involved.
        let involved: u64 = cells[..7].iter().sum();
        let tolerance = if error > 0.0 { 0.13 * error + 0.5 / involved as f64 } else { 0.0 };
        let Interval(low, high) = found.interval;
        assert!(
            (low - interval.0).abs() <= tolerance,
            "{cells:?}: lower bound {low}, expected {}",
            interval.0
        );
        assert!(
            (high - interval.1).abs() <= tolerance,
            "{cells:?}: upper bound {high}, expected {}",
            interval.1
        );
        assert!(
            (found.error - error).abs() <= 0.05 * error,
            "{cells:?}: error {}, expected {error}",
            found.error
        );
    }
}
