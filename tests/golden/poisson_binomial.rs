//! Tests that the lower tail of Poisson's binomial distribution matches scipy.

use serde::Deserialize;

use spamops::stats::poisson_binomial::{lower_tail, lower_tail_with_error};

use crate::cases::{assert_agree, cases};

#[test]
fn lower_tail_matches_scipy() {
    #[derive(Deserialize)]
    struct Case {
        chances: Vec<f64>,
        most: usize,
        tail: f64,
        factor: f64,
        shape: f64,
        with_error: f64,
    }
    let cases = cases::<Case>("poisson_binomial");
    assert!(cases.len() >= 20);
    for Case { chances, most, tail, factor, shape, with_error } in cases {
        let case = format!("at most {most} of {} events", chances.len());
        assert_agree(&case, &[("the tail", lower_tail(chances.iter().copied(), most), tail)]);
        // The trapezoidal rule is not exact if the factor is very uncertain.
        let found = lower_tail_with_error(&chances, most, factor, shape);
        assert!(
            (found / with_error - 1.0).abs() < 2e-3,
            "{case}, shape {shape}: {found:e}, not {with_error:e}"
        );
    }
}
