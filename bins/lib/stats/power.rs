//! Power: the smallest effect that a test detects with the given rows, and the rows needed for an effect.

use std::f64::consts::PI;

use crate::stats::kolmogorov;
use crate::stats::special::normal_point;
use crate::stats::welch::WelchSample;

/// How often a test shall be right, both ways.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerAim {
    /// How often it may see what is not there; two-sided.
    pub level: f64,
    /// How often it shall see what is there.
    pub power: f64,
}

impl PowerAim {
    /// An even chance at a level of .05: an effect of just the critical size.
    pub const EVEN: Self = Self { level: 0.05, power: 0.5 };

    /// The usual one of four in five at a level of .05 (Cohen 1988).
    pub const USUAL: Self = Self { level: 0.05, power: 0.8 };

    /// How many standard errors an effect must have (Cohen 1988): the critical number and, on top, what chance may
    /// take. That the test may be right on the wrong side is left out, which is a chance of less than half its level.
    pub fn errors(self) -> f64 {
        self.critical() + self.spare()
    }

    /// The number of standard errors at which a test says yes.
    pub(crate) fn critical(self) -> f64 {
        normal_point(self.level / 2.0)
    }

    /// How many standard errors the effect must be over that.
    pub(crate) fn spare(self) -> f64 {
        -normal_point(self.power)
    }
}

/// The distance of Kolmogorov and Smirnov between samples of so many rows that is seen in half the cases: the critical
/// one. None where a sample has no rows, or not even samples with nothing in common would do.
pub fn distance(n: u64, m: u64, level: f64) -> Option<f64> {
    within(kolmogorov::point(level) / kolmogorov::effective_rows(n, m).sqrt(), 1.0)
}

/// The rows that are needed, beside so many, to see a distance in half the cases; none where no number will do.
pub fn rows_for_distance(n: u64, distance: f64, level: f64) -> Option<u64> {
    let z = kolmogorov::point(level);
    beside(n, (z / distance).powi(2))
}

/// Cohen's h (1988) of shares in samples of so many rows that is seen; none where a sample has no rows, or not even
/// nothing against all would do.
pub fn share(n: u64, m: u64, aim: PowerAim) -> Option<f64> {
    within(aim.errors() / kolmogorov::effective_rows(n, m).sqrt(), PI)
}

/// The rows that are needed, beside so many, to see Cohen's h; none where no number will do.
pub fn rows_for_share(n: u64, h: f64, aim: PowerAim) -> Option<u64> {
    beside(n, (aim.errors() / h).powi(2))
}

/// The share that is h away from this one, upwards where h is over 0, and not beyond 0 and 1: what an effect means to
/// people.
pub fn share_at(share: f64, h: f64) -> f64 {
    let angle = share.clamp(0.0, 1.0).sqrt().asin() + h / 2.0;
    angle.clamp(0.0, PI / 2.0).sin().powi(2)
}

/// The difference of the means of two samples that is seen, the variances as they are; none where a sample has no rows.
pub fn mean(one: WelchSample, other: WelchSample, aim: PowerAim) -> Option<f64> {
    let variance = one.variance_of_mean() + other.variance_of_mean();
    within(aim.errors() * variance.sqrt(), f64::MAX)
}

/// The rows of such a variance that are needed, beside a sample, to see a difference of the means; none where no number
/// will do.
pub fn rows_for_mean(one: WelchSample, variance: f64, difference: f64, aim: PowerAim) -> Option<u64> {
    let left = (difference / aim.errors()).powi(2) - one.variance_of_mean();
    whole(variance / left)
}

/// The difference of the shares of two judges of the same rows that McNemar's test sees, where they differ at this
/// share of rows (Connor 1987): at the least one that they could have. None where there is no such difference.
pub fn paired(rows: u64, discordant: f64, aim: PowerAim) -> Option<f64> {
    let (n, critical, spare) = (rows as f64, aim.critical(), aim.spare());
    // √n δ = critical √ψ + spare √(ψ - δ²), solved for δ.
    let (line, all) = (critical * discordant.sqrt(), n + spare * spare);
    let root = spare * (discordant * (all - critical * critical)).max(0.0).sqrt();
    within((line * n.sqrt() + root) / all, discordant).filter(|_| rows > 0 && discordant > 0.0)
}

/// The rows that are needed to see a difference of the shares of two judges, where they differ at this share of rows
/// (Connor 1987); none where no number will do.
pub fn rows_for_paired(difference: f64, discordant: f64, aim: PowerAim) -> Option<u64> {
    let inside = discordant - difference * difference;
    if difference.abs() > discordant || inside < 0.0 {
        return None;
    }
    whole(((aim.critical() * discordant.sqrt() + aim.spare() * inside.sqrt()) / difference).powi(2))
}

/// The rows m with nm / (n + m) as it must be.
fn beside(n: u64, effective: f64) -> Option<u64> {
    let n = n as f64;
    whole(n * effective / (n - effective))
}

/// An effect, where it is one, and not larger than can be.
fn within(effect: f64, most: f64) -> Option<f64> {
    (effect >= 0.0 && effect <= most).then_some(effect)
}

/// A number of rows, rounded up unless it is over a whole number by what calculation adds; none where there is no such
/// number.
pub(crate) fn whole(rows: f64) -> Option<u64> {
    let rows = (rows * (1.0 - 1e-12)).ceil();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is in the range")]
    (0.0..1e18).contains(&rows).then_some((rows as u64).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: [(u64, u64); 6] =
        [(20, 20), (100, 50), (5000, 100), (5000, 5000), (50_000, 700), (1 << 40, 3)];

    #[test]
    fn rows_and_effects_are_inverse() {
        for (n, m) in ROWS {
            for level in [0.2, 0.05, 0.001] {
                let aim = PowerAim { level, power: 0.8 };
                if let Some(found) = distance(n, m, level) {
                    assert_eq!(rows_for_distance(n, found, level), Some(m), "{n} {m} {level}");
                    assert!((kolmogorov::p(found, n, m) / level - 1.0).abs() < 1e-9);
                }
                if let Some(found) = share(n, m, aim) {
                    assert_eq!(rows_for_share(n, found, aim), Some(m), "{n} {m} {level}");
                }
                let (one, other) = (
                    WelchSample { n, mean: 0.0, variance: 4.0 },
                    WelchSample { n: m, mean: 0.0, variance: 9.0 },
                );
                let found = mean(one, other, aim).unwrap();
                assert_eq!(rows_for_mean(one, 9.0, found, aim), Some(m), "{n} {m} {level}");
            }
        }
        assert!(distance(5000, 100, 0.05).is_some() && share(5000, 100, PowerAim::USUAL).is_some());
    }

    #[test]
    fn rows_and_paired_differences_are_inverse() {
        for rows in [30, 200, 5000, 1_000_000_000] {
            for discordant in [1.0, 0.3, 0.04, 0.001] {
                for power in [0.3, 0.5, 0.8, 0.99] {
                    let aim = PowerAim { level: 0.05, power };
                    let Some(found) = paired(rows, discordant, aim) else { continue };
                    assert!(found > 0.0 && found <= discordant);
                    assert_eq!(
                        rows_for_paired(found, discordant, aim),
                        Some(rows),
                        "{rows} {discordant} {power}"
                    );
                    assert_eq!(rows_for_paired(-found, discordant, aim), Some(rows));
                }
            }
        }
        assert!(paired(200, 0.3, PowerAim::USUAL).is_some());
        assert_eq!(
            (paired(0, 0.3, PowerAim::EVEN), paired(9, 0.01, PowerAim::EVEN), paired(9, 0.0, PowerAim::EVEN)),
            (None, None, None)
        );
        assert_eq!(
            (rows_for_paired(0.0, 0.1, PowerAim::EVEN), rows_for_paired(0.2, 0.1, PowerAim::EVEN)),
            (None, None)
        );
    }

    #[test]
    fn what_cannot_be_seen_is_none() {
        assert_eq!((distance(1, 1, 0.05), distance(0, 9, 0.05), distance(9, 0, 0.05)), (None, None, None));
        assert_eq!(
            (share(1, 1, PowerAim { level: 1e-9, power: 0.9 }), share(0, 0, PowerAim::EVEN)),
            (None, None)
        );
        // A reference this small would not do beside any number of rows.
        assert_eq!((rows_for_distance(10, 0.1, 0.05), rows_for_share(10, 0.1, PowerAim::EVEN)), (None, None));
        assert_eq!((rows_for_distance(10, 0.0, 0.05), rows_for_distance(10, f64::NAN, 0.05)), (None, None));
        let small = WelchSample { n: 10, mean: 0.0, variance: 1.0 };
        assert_eq!(rows_for_mean(small, 1.0, 0.1, PowerAim::EVEN), None);
        assert_eq!(mean(WelchSample::default(), small, PowerAim::EVEN), None);
    }

    #[test]
    fn a_share_moves_as_far_as_h_says() {
        for (share, h) in [(0.13, 0.1), (0.13, -0.1), (0.5, 1.0), (0.001, 0.02)] {
            let other = share_at(share, h);
            let back = 2.0 * (other.sqrt().asin() - f64::sqrt(share).asin());
            assert!((back - h).abs() < 1e-12 && (other > share) == (h > 0.0), "{share} {h}: {other}");
        }
        assert_eq!((share_at(0.1, 9.0), share_at(0.1, -9.0)), (1.0, 0.0));
    }
}
