//! Computes the special functions that the tests use: normal and Student tails, Stirling's error, the incomplete beta
//! function.

use std::f64::consts::{SQRT_2, TAU};

/// The probability that a standard normal variable exceeds `z`. Half the complementary error function, so a far tail
/// keeps all its digits.
pub fn normal_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z / SQRT_2)
}

/// The inverse of [`normal_tail`]: a first guess by Hastings (1955), then Halley steps on the logarithm of the tail
/// until the steps change nothing. Infinite for the probability 0, and minus infinity for 1.
pub fn normal_point(chance: f64) -> f64 {
    if chance > 0.5 {
        // No digit is lost: 1 minus a number over a half is exact (Sterbenz 1974).
        return -normal_point(1.0 - chance);
    }
    if chance <= 0.0 || chance.is_nan() {
        return f64::INFINITY;
    }
    let chance = chance.max(f64::MIN_POSITIVE);
    let root = (-2.0 * chance.ln()).sqrt();
    let guess = 2.515_517 + root * (0.802_853 + root * 0.010_328);
    let mut z = root - guess / (1.0 + root * (1.432_788 + root * (0.189_269 + root * 0.001_308)));
    for _ in 0..8 {
        let tail = normal_tail(z);
        // Mills' ratio, and Newton's step on the logarithm of the tail.
        let mills = tail / ((-0.5 * z * z).exp() / TAU.sqrt());
        let step = (tail / chance).ln() * mills;
        let halley = step / (1.0 - 0.5 * step * (1.0 / mills - z));
        z += halley;
        if halley.abs() <= 1e-15 * z.abs().max(1e-300) {
            break;
        }
    }
    z
}

/// The error of Stirling's formula for ln n! (Loader 2000, "Fast and accurate computation of binomial probabilities").
/// From 16 on, uses five terms of the series, which are exact. Below 16, uses the definition. `n` need not be an
/// integer.
pub(crate) fn stirling_error(n: f64) -> f64 {
    if n <= 0.0 {
        return 0.0;
    }
    if n < 16.0 {
        return libm::lgamma(n + 1.0) - 0.5 * (TAU * n).ln() - n * n.ln() + n;
    }
    let square = n * n;
    let series = [1.0 / 12.0, 1.0 / 360.0, 1.0 / 1260.0, 1.0 / 1680.0, 1.0 / 1188.0];
    series.iter().rev().fold(0.0, |sum, coefficient| coefficient - sum / square) / n
}

/// (1 + x) ln (1 + x) - x: the deviance of a count whose relative difference from its expectation is x (Loader 2000).
/// Near 0, uses the series of the inverse hyperbolic tangent, because the difference would lose its digits.
pub(crate) fn deviance(x: f64) -> f64 {
    if x <= -1.0 {
        return 1.0;
    }
    if x.abs() > 0.2 {
        return (1.0 + x) * x.ln_1p() - x;
    }
    let half = x / (2.0 + x);
    let square = half * half;
    let (mut power, mut series, mut odd) = (half * square, 0.0, 3.0);
    while power.abs() > 1e-18 * f64::abs(series) && power != 0.0 {
        series += power / odd;
        power *= square;
        odd += 2.0;
    }
    x * half + 2.0 * (1.0 + x) * series
}

/// Stirling's formula for ln n! without the powers n ln n - n: ½ ln(2πn) plus [`stirling_error`]. 0 for 0, because 0!
/// is 1.
pub(crate) fn ln_factorial_rest(n: u128) -> f64 {
    if n == 0 {
        return 0.0;
    }
    let n = n as f64;
    0.5 * (TAU * n).ln() + stirling_error(n)
}

/// Two-sided p-value of `t` in Student's distribution (1908): the regularised incomplete beta function at `freedom /
/// (freedom + t²)`. The function of statrs stops its continued fraction after 140 steps. With a million degrees of
/// freedom, that function is wrong from the ninth digit on.
pub fn student_tails(t: f64, freedom: f64) -> f64 {
    let square = t * t;
    let (a, b) = (0.5 * freedom, 0.5);
    let all = freedom + square;
    if !all.is_finite() {
        return if freedom.is_finite() { 0.0 } else { 2.0 * normal_tail(t.abs()) };
    }
    let (inside, outside) = (freedom / all, square / all);
    let off = a / all * (square - 1.0);
    let scale = ln_beta_density(a, b, [inside, outside], off).exp();
    if off >= 0.0 {
        scale * beta_fraction(a, b, [inside, outside], off)
    } else {
        1.0 - scale * beta_fraction(b, a, [outside, inside], -off)
    }
}

/// ln of x^a y^b / B(a, b), where y is 1 - x and `off` is ay - bx. The caller passes `off`, which it computes more
/// exactly. In Stirling's formula, the powers become the deviances of a and b from their shares of a + b (Loader
/// 2000).
pub(crate) fn ln_beta_density(a: f64, b: f64, [x, y]: [f64; 2], off: f64) -> f64 {
    let all = a + b;
    let part = |share: f64, off: f64| {
        let mean = all * share;
        if mean > 0.0 { mean * deviance(off / mean) } else { f64::INFINITY }
    };
    let errors = stirling_error(all) - stirling_error(a) - stirling_error(b);
    0.5 * (a / all * b / TAU).ln() + errors - part(x, off) - part(y, -off)
}

/// The continued fraction of the incomplete beta function (DiDonato and Morris 1992): `I_x(a, b)` is x^a y^b / B(a, b)
/// times this fraction. `off` is as in [`ln_beta_density`], and at least 0. If x rounds to 1, y and `off` are still
/// exact. The number of steps is at most a few times the square root of the larger of a and b.
pub(crate) fn beta_fraction(a: f64, b: f64, [x, y]: [f64; 2], off: f64) -> f64 {
    let (shift, step) = (1.0 + off, 1.0 + 1.0 / a);
    let (mut before, mut numerator) = (0.0, 1.0);
    let (mut denominator_before, mut denominator) = (1.0, shift / step);
    let mut fraction = step / shift;
    let (mut round, mut last) = (0.0, 1.0);
    while round < 1e6 {
        round += 1.0;
        let share = round / a;
        let middle = a + 2.0 * round - 1.0;
        let weight = round * (b - round) * x;
        let scale = a / middle;
        let alpha = last * (last + b / a) * scale * scale * weight * x;
        let beta =
            round + weight / middle + (1.0 + share) / (step + 2.0 * share) * (shift + round * (1.0 + y));
        last = 1.0 + share;
        (before, numerator) = (numerator, alpha * before + beta * numerator);
        (denominator_before, denominator) = (denominator, alpha * denominator_before + beta * denominator);
        let found = numerator / denominator;
        let moved = (found - fraction).abs();
        fraction = found;
        if moved <= f64::EPSILON * fraction {
            break;
        }
        // Rescale, so that numerator and denominator do not overflow.
        (before, denominator_before) = (before / denominator, denominator_before / denominator);
        (numerator, denominator) = (fraction, 1.0);
    }
    fraction
}

/// The difference of two products, rounded only once.
pub(crate) fn difference_of_products(one: [u64; 2], other: [u64; 2]) -> f64 {
    let product = |[a, b]: [u64; 2]| u128::from(a) * u128::from(b);
    let (one, other) = (product(one), product(other));
    let size = one.abs_diff(other) as f64;
    if one < other { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_point_inverts_normal_tail() {
        for chance in [1e-300, 1e-20, 1e-9, 0.001, 0.025, 0.05, 0.2, 0.4, 0.499_999, 0.5] {
            let back = normal_tail(normal_point(chance));
            assert!((back / chance - 1.0).abs() < 1e-12, "{chance}: {back}");
        }
        assert!((normal_point(0.025) - 1.959_963_984_540_054).abs() < 1e-14);
        assert!((normal_point(0.975) + 1.959_963_984_540_054).abs() < 1e-13);
        assert!(normal_point(0.5).abs() < 1e-16);
        assert_eq!((normal_point(0.0), normal_point(1.0)), (f64::INFINITY, f64::NEG_INFINITY));
        assert!((37.0..38.5).contains(&normal_point(5e-324)));
    }

    #[test]
    fn student_tails_match_closed_forms() {
        for t in [0.0, 1e-9, 0.3, 1.0, 2.0, 40.0, 1e6] {
            // One degree of freedom gives Cauchy's distribution. Two give an algebraic distribution. Infinitely many
            // give the normal distribution.
            let cauchy = 1.0 - 2.0 * f64::atan(t) / std::f64::consts::PI;
            let root = f64::hypot(t, SQRT_2);
            let two = 2.0 / (root * (root + t));
            for (found, expected) in [(student_tails(t, 1.0), cauchy), (student_tails(t, 2.0), two)] {
                assert!((found - expected).abs() <= 1e-13 * expected + 1e-16, "{t}: {found} {expected}");
            }
            assert_eq!(Some(student_tails(t, f64::INFINITY)), Some(2.0 * normal_tail(t)));
        }
    }

    #[test]
    fn deviance_is_continuous_where_its_formula_changes() {
        for x in [0.2, -0.2] {
            let (inside, outside) = (deviance(x * (1.0 - 1e-15)), deviance(x * (1.0 + 1e-15)));
            assert!((inside / outside - 1.0).abs() < 1e-13, "{x}: {inside} {outside}");
        }
        assert!((deviance(1e-8) / (0.5e-16 - 1e-24 / 6.0) - 1.0).abs() < 1e-12);
        assert_eq!((deviance(0.0), deviance(-1.0)), (0.0, 1.0));
    }

    #[test]
    fn stirling_error_is_continuous_where_its_formula_changes() {
        let exact = |n: f64| libm::lgamma(n + 1.0) - 0.5 * (TAU * n).ln() - n * n.ln() + n;
        for n in [16.0, 16.5, 17.0] {
            assert!((stirling_error(n) - exact(n)).abs() < 1e-13, "{n}");
        }
    }
}
