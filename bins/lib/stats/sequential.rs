//! The sequential form of McNemar's test (1947): its evidence may be checked after every row.
//!
//! If the challenger is not better, the evidence rarely becomes large. If it is better, the evidence grows.

use std::f64::consts::PI;

use crate::stats::special::{beta_fraction, ln_beta_density};

/// The log of the evidence, an e-value, that a challenger wins more than half of the rows that only one of two judges
/// gets right, after so many wins and losses: McNemar's test (1947) as a wager on the next such row, by Beta(½, ½)
/// truncated to shares over ½ (a mixture as in Robbins 1970; Ville 1939 bounds it). Where it does not, the evidence
/// ever reaches 1 / level with at most that chance, however often it is looked at.
///
/// With x = ½ + wins and y = ½ + losses it is 2 B(x, y) / B(½, ½) times 2^(wins + losses) times what of Beta(x, y) is
/// over ½.
pub fn ln_evidence(wins: u64, losses: u64) -> f64 {
    let (x, y) = (wins as f64 + 0.5, losses as f64 + 0.5);
    let half = wins.abs_diff(losses) as f64 / 2.0;
    let lead = if wins < losses { -half } else { half };
    // B(x, y) 2^(x + y) is one over the density at ½; what is over ½ is that density times a fraction where it is
    // little.
    let density = ln_beta_density(x, y, [0.5, 0.5], lead);
    if lead < 0.0 {
        // 1 - I_½(x, y) = I_½(y, x): the density cancels.
        return beta_fraction(y, x, [0.5, 0.5], -lead).ln() - PI.ln();
    }
    let under = density.exp() * beta_fraction(x, y, [0.5, 0.5], lead);
    (-under).ln_1p() - density - PI.ln()
}
