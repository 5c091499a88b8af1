//! The bootstrap interval from counts matches a bootstrap of rows.

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
        // A percentile of so many draws is off by 2.7 standard deviations over their root, .033 for both; four times
        // that. What takes few values may miss by one of them, which is by less than one over the rows involved.
        let involved: u64 = cells[..7].iter().sum();
        let most = if error > 0.0 { 0.13 * error + 0.5 / involved as f64 } else { 0.0 };
        let Interval(low, high) = found.interval;
        assert!((low - interval.0).abs() <= most, "{cells:?}: from {low}, expected {}", interval.0);
        assert!((high - interval.1).abs() <= most, "{cells:?}: to {high}, expected {}", interval.1);
        assert!((found.error - error).abs() <= 0.05 * error, "{cells:?}: {} is not {error}", found.error);
    }
}
