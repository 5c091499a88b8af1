//! Tests that exact tests and effects of two-by-two tables match mpmath.

use serde::Deserialize;

use spamops::stats::two_by_two::TwoByTwo;

use crate::cases::{assert_agree, cases};

#[test]
fn exact_tests_and_effects_match_mpmath() {
    #[derive(Deserialize)]
    struct Case {
        table: [[u64; 2]; 2],
        exact: f64,
        upper: f64,
        cohens_h: f64,
        log_odds: f64,
    }
    let cases = cases::<Case>("two_by_two");
    assert!(cases.len() >= 20);
    for Case { table, exact, upper, cohens_h, log_odds } in cases {
        let found = TwoByTwo(table);
        let numbers = [
            ("the exact p", found.exact(), exact),
            ("the upper p", found.upper(), upper),
            ("Cohen's h", found.cohens_h(), cohens_h),
            ("the log-odds ratio", found.log_odds(), log_odds),
        ];
        assert_agree(&format!("{table:?}"), &numbers);
    }
}
