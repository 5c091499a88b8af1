//! Computes the power of tests: the smallest effect that the given rows detect, and the number of rows needed to detect
//! an effect.

use std::f64::consts::PI;

use crate::stats::kolmogorov;
use crate::stats::special::normal_point;
use crate::stats::welch::WelchSample;

/// Level and power of a test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerAim {
    /// Significance level (two-sided): the probability of detecting an effect that does not exist.
    pub level: f64,
    /// Probability of detecting an effect that exists.
    pub power: f64,
}

impl PowerAim {
    /// Power 0.5 at level 0.05. With this power, the detectable effect is exactly the critical effect.
    pub const EVEN: Self = Self { level: 0.05, power: 0.5 };

    /// The usual power of 0.8 at level 0.05 (Cohen 1988).
    pub const USUAL: Self = Self { level: 0.05, power: 0.8 };

    /// The effect that a test detects, in standard errors (Cohen 1988): the critical value plus the quantile of the
    /// power. Ignores significant results in the wrong direction, whose probability is below half the level.
    pub fn errors(self) -> f64 {
        self.critical() + self.spare()
    }

    /// The number of standard errors from which a result is significant.
    pub(crate) fn critical(self) -> f64 {
        normal_point(self.level / 2.0)
    }

    /// The number of standard errors that the power needs in addition to the critical value.
    pub(crate) fn spare(self) -> f64 {
        -normal_point(self.power)
    }
}

/// The Kolmogorov-Smirnov distance between samples of `n` and `m` rows that is detected with power 0.5: the critical
/// distance. `None` if a sample has no rows, or if even the largest distance, 1, is not significant.
pub fn distance(n: u64, m: u64, level: f64) -> Option<f64> {
    within(kolmogorov::point(level) / kolmogorov::effective_rows(n, m).sqrt(), 1.0)
}

/// The number of rows needed, together with a sample of `n` rows, to detect a distance with power 0.5. `None` if no
/// number is enough.
pub fn rows_for_distance(n: u64, distance: f64, level: f64) -> Option<u64> {
    let z = kolmogorov::point(level);
    second_sample(n, (z / distance).powi(2))
}

/// Cohen's h (1988) that is detected between samples of `n` and `m` rows. `None` if a sample has no rows, or if even
/// the largest h, π, is not detected.
pub fn share(n: u64, m: u64, aim: PowerAim) -> Option<f64> {
    within(aim.errors() / kolmogorov::effective_rows(n, m).sqrt(), PI)
}

/// The number of rows needed, together with a sample of `n` rows, to detect Cohen's h. `None` if no number is enough.
pub fn rows_for_share(n: u64, h: f64, aim: PowerAim) -> Option<u64> {
    second_sample(n, (aim.errors() / h).powi(2))
}

/// The share that differs from `share` by Cohen's h, limited to 0 and 1. A positive h raises the share. Shares are
/// easier to read than h.
pub fn share_at(share: f64, h: f64) -> f64 {
    let angle = share.clamp(0.0, 1.0).sqrt().asin() + h / 2.0;
    angle.clamp(0.0, PI / 2.0).sin().powi(2)
}

/// The difference of two means that is detected, given both variances. `None` if a sample has no rows.
pub fn mean(one: WelchSample, other: WelchSample, aim: PowerAim) -> Option<f64> {
    let variance = one.variance_of_mean() + other.variance_of_mean();
    within(aim.errors() * variance.sqrt(), f64::MAX)
}

/// The number of rows with this variance that are needed, together with a sample, to detect a difference of the means.
/// `None` if no number is enough.
pub fn rows_for_mean(one: WelchSample, variance: f64, difference: f64, aim: PowerAim) -> Option<u64> {
    let left = (difference / aim.errors()).powi(2) - one.variance_of_mean();
    round_up_rows(variance / left)
}

/// The difference of the shares of two models on the same rows that McNemar's test detects (Connor 1987). `discordant`
/// is the share of rows on which the models differ. `None` if no possible difference is detected.
pub fn paired(rows: u64, discordant: f64, aim: PowerAim) -> Option<f64> {
    let (n, critical, spare) = (rows as f64, aim.critical(), aim.spare());
    // √n δ = critical √ψ + spare √(ψ - δ²), solved for δ.
    let (line, all) = (critical * discordant.sqrt(), n + spare * spare);
    let root = spare * (discordant * (all - critical * critical)).max(0.0).sqrt();
    within((line * n.sqrt() + root) / all, discordant).filter(|_| rows > 0 && discordant > 0.0)
}

/// The number of rows that McNemar's test needs to detect a difference of the shares of two models (Connor 1987).
/// `discordant` is the share of rows on which the models differ. `None` if no number is enough.
pub fn rows_for_paired(difference: f64, discordant: f64, aim: PowerAim) -> Option<u64> {
    let inside = discordant - difference * difference;
    if difference.abs() > discordant || inside < 0.0 {
        return None;
    }
    round_up_rows(((aim.critical() * discordant.sqrt() + aim.spare() * inside.sqrt()) / difference).powi(2))
}

/// The number of rows m with nm / (n + m) = `effective`.
fn second_sample(n: u64, effective: f64) -> Option<u64> {
    let n = n as f64;
    round_up_rows(n * effective / (n - effective))
}

/// The effect, if it is between 0 and the largest possible effect.
fn within(effect: f64, most: f64) -> Option<f64> {
    (effect >= 0.0 && effect <= most).then_some(effect)
}

/// Rounds up to a number of rows, but ignores an excess caused by rounding errors. `None` if the number is not finite,
/// negative or out of range.
pub(crate) fn round_up_rows(rows: f64) -> Option<u64> {
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
    fn gives_none_for_undetectable_effects() {
        assert_eq!((distance(1, 1, 0.05), distance(0, 9, 0.05), distance(9, 0, 0.05)), (None, None, None));
        assert_eq!(
            (share(1, 1, PowerAim { level: 1e-9, power: 0.9 }), share(0, 0, PowerAim::EVEN)),
            (None, None)
        );
        // With a reference this small, no number of rows is enough.
        assert_eq!((rows_for_distance(10, 0.1, 0.05), rows_for_share(10, 0.1, PowerAim::EVEN)), (None, None));
        assert_eq!((rows_for_distance(10, 0.0, 0.05), rows_for_distance(10, f64::NAN, 0.05)), (None, None));
        let small = WelchSample { n: 10, mean: 0.0, variance: 1.0 };
        assert_eq!(rows_for_mean(small, 1.0, 0.1, PowerAim::EVEN), None);
        assert_eq!(mean(WelchSample::default(), small, PowerAim::EVEN), None);
    }

    #[test]
    fn share_at_inverts_cohens_h() {
        for (share, h) in [(0.13, 0.1), (0.13, -0.1), (0.5, 1.0), (0.001, 0.02)] {
            let other = share_at(share, h);
            let back = 2.0 * (other.sqrt().asin() - f64::sqrt(share).asin());
            assert!((back - h).abs() < 1e-12 && (other > share) == (h > 0.0), "{share} {h}: {other}");
        }
        assert_eq!((share_at(0.1, 9.0), share_at(0.1, -9.0)), (1.0, 0.0));
    }
}
