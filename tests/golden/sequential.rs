//! Tests that sequential evidence matches mpmath.

use serde::Deserialize;

use spamops::stats::sequential::ln_evidence;

use crate::cases::cases;

#[test]
fn evidence_matches_mpmath() {
    #[derive(Deserialize)]
    struct Case {
        wins: u64,
        losses: u64,
        ln_evidence: f64,
    }
    let cases = cases::<Case>("sequential");
    assert!(cases.len() >= 20);
    for Case { wins, losses, ln_evidence: expected } in cases {
        // Nine decimals of a logarithm are nine digits of the evidence.
        let found = ln_evidence(wins, losses);
        assert!(
            (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
            "{wins} to {losses}: {found}, expected {expected}"
        );
    }
}
