//! Generates seeded random numbers, the same on every run and machine: uniform, binomial, multinomial.

use crate::rows::fingerprint::mix;
use crate::stats::special::{deviance, ln_factorial_rest};

/// A stream of random numbers from a seed: splitmix64 (Steele, Lea and Flood 2014).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RandomStream(u64);

impl RandomStream {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number, uniform from 0 (included) to 1 (excluded).
    pub fn uniform(&mut self) -> f64 {
        let mixed = mix(self.0);
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        (mixed >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Draws the number of successes in `all` trials with the probability `chance`. Adds up probabilities if fewer
    /// than 10 successes are expected. Otherwise uses transformed rejection (Hörmann 1993, algorithm BTRS). The time
    /// hardly depends on `all`.
    pub fn binomial(&mut self, all: u64, chance: f64) -> u64 {
        if chance > 0.5 {
            return all - self.binomial(all, 1.0 - chance).min(all);
        }
        if all == 0 || chance <= 0.0 || chance.is_nan() {
            return 0;
        }
        if all as f64 * chance < 10.0 {
            self.by_inversion(all, chance)
        } else {
            self.by_rejection(all, chance)
        }
    }

    /// Draws by inversion of the distribution function, from 0 up.
    fn by_inversion(&mut self, all: u64, chance: f64) -> u64 {
        let odds = chance / (1.0 - chance);
        let mut left = self.uniform();
        let mut term = (all as f64 * (-chance).ln_1p()).exp();
        let mut found = 0;
        while left >= term && found < all && term > 0.0 {
            left -= term;
            found += 1;
            term *= odds * (all - found + 1) as f64 / found as f64;
        }
        found
    }

    /// Draws by transformed rejection.
    fn by_rejection(&mut self, all: u64, chance: f64) -> u64 {
        let rows = all as f64;
        let spread = (rows * chance * (1.0 - chance)).sqrt();
        let width = 1.15 + 2.53 * spread;
        let tilt = -0.0873 + 0.0248 * width + 0.01 * chance;
        let middle = rows * chance + 0.5;
        let sure = 0.92 - 4.2 / width;
        let hat = (2.83 + 5.1 / width) * spread;
        let mode = ((rows + 1.0) * chance).floor();
        let most = ln_share(rows, chance, mode);
        loop {
            let (place, height) = (self.uniform() - 0.5, self.uniform());
            let side = 0.5 - place.abs();
            let found = ((2.0 * tilt / side + width) * place + middle).floor();
            if !(0.0..=rows).contains(&found) {
                continue;
            }
            let taken = side >= 0.07 && height <= sure
                || (height * hat / (tilt / (side * side) + width)).ln()
                    <= ln_share(rows, chance, found) - most;
            if taken {
                return whole(found);
            }
        }
    }

    /// Draws as many rows as the cells have in total. Each row falls into a cell with a probability proportional to the
    /// cell's count.
    pub fn multinomial<const CELLS: usize>(&mut self, cells: [u64; CELLS]) -> [u64; CELLS] {
        let mut rest = cells.iter().sum::<u64>();
        let mut rows = rest;
        cells.map(|cell| {
            let drawn = if cell >= rest { rows } else { self.binomial(rows, cell as f64 / rest as f64) };
            (rows, rest) = (rows - drawn, rest - cell);
            drawn
        })
    }
}

/// Logarithm of the probability of `found` successes, without the part that is the same for every count (Loader 2000).
fn ln_share(all: f64, chance: f64, found: f64) -> f64 {
    let (expected, others) = (all * chance, all * (1.0 - chance));
    let off = found - expected;
    let rest = |count: f64| ln_factorial_rest(u128::from(whole(count)));
    -expected * deviance(off / expected) - others * deviance(-off / others) - rest(found) - rest(all - found)
}

fn whole(count: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts are not negative")]
    (count as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_determines_the_numbers() {
        let drawn = |seed: u64| {
            let mut numbers = RandomStream::new(seed);
            (0..100).map(|_| numbers.multinomial([5, 0, 900, 13])).collect::<Vec<_>>()
        };
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
        assert!(drawn(3).iter().all(|cells| cells.iter().sum::<u64>() == 918 && cells[1] == 0));
    }

    #[test]
    fn binomial_draws_have_the_expected_mean_and_variance() {
        let mut numbers = RandomStream::new(7);
        for (all, chance) in [
            (1, 0.3),
            (7, 0.9),
            (20, 0.02),
            (20, 0.5),
            (21, 0.49),
            (40, 0.3),
            (1000, 0.009),
            (1000, 0.011),
            (1000, 0.5),
            (1000, 0.97),
            (1_000_000_000, 1e-9),
            (1_000_000_000, 0.13),
        ] {
            let draws = 20_000;
            let found: Vec<f64> = (0..draws).map(|_| numbers.binomial(all, chance) as f64).collect();
            let rows = f64::from(draws);
            let (mean, variance) = (all as f64 * chance, all as f64 * chance * (1.0 - chance));
            let off = found.iter().sum::<f64>() / rows - mean;
            assert!(off.abs() < 4.0 * (variance / rows).sqrt(), "{all} {chance}: {off}");
            let spread = found.iter().map(|found| (found - mean).powi(2)).sum::<f64>() / rows / variance;
            // The fourth moment of a binomial distribution gives the error of its variance.
            let error = ((2.0 + (1.0 - 6.0 * chance * (1.0 - chance)) / variance) / rows).sqrt();
            assert!((spread - 1.0).abs() < 4.0 * error, "{all} {chance}: {spread}");
        }
        let sure = [(0, 0.5), (9, 0.0), (9, 1.0), (9, -1.0), (9, 2.0), (9, f64::NAN)];
        assert_eq!(sure.map(|(all, chance)| numbers.binomial(all, chance)), [0, 0, 9, 0, 9, 0]);
    }

    #[test]
    fn binomial_draws_follow_the_distribution() {
        // Compares both algorithms with the exact distribution.
        for (all, chance) in [(30, 0.2), (40, 0.4)] {
            let mut numbers = RandomStream::new(11);
            let mut counts = vec![0u64; all + 1];
            for _ in 0..200_000 {
                counts[usize::try_from(numbers.binomial(all as u64, chance)).unwrap()] += 1;
            }
            let mut share = (1.0 - chance).powi(i32::try_from(all).unwrap());
            for (found, count) in counts.into_iter().enumerate() {
                let off = count as f64 / 200_000.0 - share;
                assert!(off.abs() < 4.5 * (share / 200_000.0).sqrt() + 1e-5, "{found} of {all}: {off}");
                share *= chance / (1.0 - chance) * (all - found) as f64 / (found + 1) as f64;
            }
        }
    }
}
