//! Computes the evidence of a sequential form of McNemar's test (1947). You can check the evidence after every row.
//!
//! If the challenger is not better, the evidence rarely becomes large. If the challenger is better, the evidence
//! grows.

use std::f64::consts::PI;

use crate::stats::special::{beta_fraction, ln_beta_density};

/// Natural logarithm of the evidence (an e-value) that the challenger wins more than half of the discordant rows. A row
/// is discordant if only one of two models is right. `wins` and `losses` are counted for the challenger.
///
/// McNemar's test (1947) becomes a bet on the next discordant row, by Beta(½, ½) truncated to shares over ½ (a mixture
/// as in Robbins 1970). If the challenger is not better, the probability that the evidence ever reaches 1 / `level` is
/// at most `level`, however often you look (Ville 1939).
///
/// Let x = ½ + wins and y = ½ + losses. The evidence is 2 B(x, y) / B(½, ½) times 2^(wins + losses) times the part of
/// Beta(x, y) above ½.
pub fn ln_evidence(wins: u64, losses: u64) -> f64 {
    let (x, y) = (wins as f64 + 0.5, losses as f64 + 0.5);
    let half = wins.abs_diff(losses) as f64 / 2.0;
    let lead = if wins < losses { -half } else { half };
    // B(x, y) 2^(x + y) is 1 divided by the density at ½. A small part above ½ is computed as the density times a
    // fraction.
    let density = ln_beta_density(x, y, [0.5, 0.5], lead);
    if lead < 0.0 {
        // 1 - I_½(x, y) = I_½(y, x): the density cancels.
        return beta_fraction(y, x, [0.5, 0.5], -lead).ln() - PI.ln();
    }
    let under = density.exp() * beta_fraction(x, y, [0.5, 0.5], lead);
    (-under).ln_1p() - density - PI.ln()
}
