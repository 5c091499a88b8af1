//! Reads the golden files and compares numbers with them.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use spamops::stats::intervals::Interval;

/// A JSON file of `tests/golden`.
#[derive(Deserialize)]
struct Golden<Case> {
    cases: Vec<Case>,
}

pub(crate) fn cases<Case: DeserializeOwned>(name: &str) -> Vec<Case> {
    let path = format!("{}/tests/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let golden: Golden<Case> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    golden.cases
}

/// Whether two numbers agree to nine significant digits.
fn agree(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-9 * expected.abs() + f64::MIN_POSITIVE
}

/// Asserts that each named number agrees with its expected number.
pub(crate) fn assert_agree(case: &str, numbers: &[(&str, f64, f64)]) {
    for (name, found, expected) in numbers {
        assert!(agree(*found, *expected), "{case}: {name} is {found:e}, expected {expected:e}");
    }
}

/// Asserts that two numbers agree, or that both are undefined.
pub(crate) fn assert_both(case: &str, name: &str, found: Option<f64>, expected: Option<f64>) {
    match (found, expected) {
        (Some(found), Some(expected)) => assert_agree(case, &[(name, found, expected)]),
        (found, expected) => assert_eq!(found, expected, "{case}: {name}"),
    }
}

/// Asserts that bounds agree to nine decimal places. statsmodels computes a bound by subtraction, so it gives about 1e-17
/// instead of 0.
pub(crate) fn assert_bounds(case: &str, name: &str, found: Option<Interval>, expected: Option<Interval>) {
    let near = |one: f64, other: f64| (one - other).abs() <= 1e-9;
    let agree = match (found, expected) {
        (Some(found), Some(expected)) => near(found.0, expected.0) && near(found.1, expected.1),
        (found, expected) => found == expected,
    };
    assert!(agree, "{case}: the interval of {name} is {found:?}, expected {expected:?}");
}
