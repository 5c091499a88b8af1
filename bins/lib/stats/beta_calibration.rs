//! Turns scores into probabilities with three parameters, and says how uncertain they are.

/// Beta calibration (Kull, Silva Filho & Flach 2017): logistic regression on the logarithms of a score and of its
/// complement.
///
/// Isotonic regression fits the noise around a threshold that was chosen on the same rows, so its F1 is too high. Three
/// parameters cannot follow this noise, and their covariance is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BetaCalibration {
    /// The coefficients of [`terms`](Self::terms). The last two are at least 0, so a higher score never has a lower
    /// probability.
    coefficients: [f64; 3],
    /// Covariance of the coefficients: the inverse of the Fisher information.
    covariance: [[f64; 3]; 3],
    /// Variance of the log-odds of the class balance.
    balance_variance: f64,
}

/// Smallest score, and smallest complement of a score: half a step of the scores in a profile.
const LEAST: f64 = 0.5 / 65535.0;

impl BetaCalibration {
    /// Maximum likelihood on scores with labels, by Newton's method. Targets are slightly above 0 and below 1, as if each
    /// class had one more row of each label (Platt 1999), so that the coefficients are finite.
    pub fn fit(scores: &[(f64, bool)]) -> Self {
        let positives = scores.iter().filter(|(_, positive)| *positive).count() as f64;
        let negatives = scores.len() as f64 - positives;
        let (high, low) = ((positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0));
        let rows: Vec<([f64; 3], f64)> = scores
            .iter()
            .map(|(score, positive)| (Self::terms(*score), if *positive { high } else { low }))
            .collect();
        let mut used = [true; 3];
        let mut fitted = newton(&rows, used);
        // A term that would lower the probability of a higher score is left out, the worse one first.
        while fitted.0[1].min(fitted.0[2]) < 0.0 {
            used[if fitted.0[1] < fitted.0[2] { 1 } else { 2 }] = false;
            fitted = newton(&rows, used);
        }
        let (coefficients, covariance) = fitted;
        Self { coefficients, covariance, balance_variance: positives.recip() + negatives.recip() }
    }

    /// The terms of the regression: 1, the logarithm of the score, and minus the logarithm of its complement.
    pub fn terms(score: f64) -> [f64; 3] {
        [1.0, score.max(LEAST).ln(), -(1.0 - score).max(LEAST).ln()]
    }

    /// The probability that a row with these terms is positive.
    pub fn probability(&self, terms: [f64; 3]) -> f64 {
        logistic(dot(self.coefficients, terms))
    }

    /// Variance of a figure that comes from the error of the coefficients, by the delta method. `gradient` has the
    /// derivatives of the figure with respect to the coefficients.
    ///
    /// If the class balance of the rows is not used, its error does not count: only the first coefficient has it
    /// (Prentice & Pyke 1979).
    pub fn variance(&self, gradient: [f64; 3], uses_balance: bool) -> f64 {
        let all = dot(gradient, self.covariance.map(|row| dot(row, gradient)));
        let balance = if uses_balance { 0.0 } else { gradient[0] * gradient[0] * self.balance_variance };
        (all - balance).max(0.0)
    }
}

/// The coefficients and their covariance. Both are 0 for a term that is not used.
fn newton(rows: &[([f64; 3], f64)], used: [bool; 3]) -> ([f64; 3], [[f64; 3]; 3]) {
    let mut coefficients = [0.0; 3];
    let mut least = loss(rows, coefficients);
    for _ in 0..100 {
        let (slope, information) = derivatives(rows, coefficients, used);
        let step = inverse(information).map(|row| dot(row, slope));
        let descent = dot(slope, step);
        let mut share = 1.0;
        let moved = loop {
            let next: [f64; 3] = std::array::from_fn(|term| coefficients[term] + share * step[term]);
            let found = loss(rows, next);
            if found <= least - 1e-4 * share * descent {
                (coefficients, least) = (next, found);
                break true;
            }
            share /= 2.0;
            if share < 1e-10 {
                break false;
            }
        };
        if !moved || descent < 1e-12 * (1.0 + least) {
            break;
        }
    }
    let mut covariance = inverse(derivatives(rows, coefficients, used).1);
    for (term, _) in used.iter().enumerate().filter(|(_, used)| !**used) {
        covariance[term] = [0.0; 3];
    }
    (coefficients, covariance)
}

/// Negative logarithm of the likelihood.
fn loss(rows: &[([f64; 3], f64)], coefficients: [f64; 3]) -> f64 {
    let row = |(terms, target): &([f64; 3], f64)| {
        let z = dot(coefficients, *terms);
        z.max(0.0) + (-z.abs()).exp().ln_1p() - target * z
    };
    rows.iter().map(row).sum()
}

/// The slope of the likelihood's logarithm, and the Fisher information. A tiny ridge keeps the information invertible.
fn derivatives(rows: &[([f64; 3], f64)], at: [f64; 3], used: [bool; 3]) -> ([f64; 3], [[f64; 3]; 3]) {
    let (mut slope, mut information) = ([0.0; 3], [[0.0; 3]; 3]);
    for (terms, target) in rows {
        let p = logistic(dot(at, *terms));
        for one in (0..3).filter(|term| used[*term]) {
            slope[one] += (target - p) * terms[one];
            for other in (0..3).filter(|term| used[*term]) {
                information[one][other] += p * (1.0 - p) * terms[one] * terms[other];
            }
        }
    }
    for (term, row) in information.iter_mut().enumerate() {
        row[term] += if used[term] { 1e-9 } else { 1.0 };
    }
    (slope, information)
}

/// Inverse of a symmetric matrix, by cofactors.
fn inverse(matrix: [[f64; 3]; 3]) -> [[f64; 3]; 3] {
    let cofactor = |row: usize, column: usize| {
        let ([a, b], [c, d]) = ([(row + 1) % 3, (row + 2) % 3], [(column + 1) % 3, (column + 2) % 3]);
        matrix[a][c] * matrix[b][d] - matrix[a][d] * matrix[b][c]
    };
    let cofactors: [[f64; 3]; 3] =
        std::array::from_fn(|row| std::array::from_fn(|column| cofactor(row, column)));
    let determinant = dot(matrix[0], cofactors[0]);
    cofactors.map(|row| row.map(|cell| cell / determinant))
}

fn logistic(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

fn dot(one: [f64; 3], other: [f64; 3]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_scipy() {
        let scores: Vec<(f64, bool)> = (0..400u32)
            .map(|n| {
                let score = (f64::from(n * 37 % 400) + 0.5) / 400.0;
                (score, f64::from(n * 53 % 100) / 100.0 < score * score)
            })
            .collect();
        let fitted = BetaCalibration::fit(&scores);
        let near = |found: f64, right: f64| assert!((found - right).abs() < 1e-9, "{found}, not {right}");
        // scipy 1.17: minimize(likelihood, method="BFGS"), then Newton steps; linalg.inv(information)
        let right = [-1.803_763_584_155_875_5, 0.530_212_379_237_807_1, 1.509_006_324_434_117_6];
        fitted.coefficients.iter().zip(right).for_each(|(found, right)| near(*found, right));
        near(fitted.covariance[0][0], 0.315_128_634_360_005_27);
        near(fitted.covariance[1][2], -0.091_203_782_260_554_4);
        // 138 positives
        near(fitted.variance([1.0, 0.0, 0.0], false), 0.315_128_634_360_005_27 - 1.0 / 138.0 - 1.0 / 262.0);
    }

    #[test]
    fn a_higher_score_never_has_a_lower_probability() {
        // Separable, reversed, constant, and highest in the middle.
        let cases: [fn(u32) -> (f64, bool); 4] = [
            |n| (f64::from(n) / 199.0, n > 120),
            |n| (f64::from(n) / 199.0, n < 120),
            |n| (0.0, n % 3 == 0),
            |n| (f64::from(n) / 199.0, (80..120).contains(&n)),
        ];
        for case in cases {
            let fitted = BetaCalibration::fit(&(0..200).map(case).collect::<Vec<_>>());
            let map = |score: f64| fitted.probability(BetaCalibration::terms(score));
            let all: Vec<f64> = (0..=100).map(|n| map(f64::from(n) / 100.0)).collect();
            assert!(all.is_sorted() && all.iter().all(|p| (0.0..=1.0).contains(p)), "{all:?}");
            assert!(fitted.variance([1.0, -2.0, 3.0], true).is_finite(), "{fitted:?}");
        }
    }
}
