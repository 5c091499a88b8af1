//! Tests two-by-two tables by Fisher's exact test, and computes effect sizes of two shares (Cohen's h, log odds ratio).

use crate::stats::special::{deviance, difference_of_products, ln_factorial_rest};

/// Counts of two groups, one group per row. The first column counts items with a property; the second column counts the
/// others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TwoByTwo(pub [[u64; 2]; 2]);

/// Log-probabilities that differ by less than this count as equal. The limit is above the rounding error of equal
/// probabilities, and below the difference of unequal probabilities.
const TIE: f64 = 1e-11;

impl TwoByTwo {
    /// A table of `part` of `whole` and `other_part` of `other_whole`; `None` if a part is larger than its total.
    pub fn of(part: u64, whole: u64, other_part: u64, other_whole: u64) -> Option<Self> {
        Some(Self([[part, whole.checked_sub(part)?], [other_part, other_whole.checked_sub(other_part)?]]))
    }

    /// Two-sided p-value of Fisher's exact test (1935), as in scipy: the probability of all tables with these margins
    /// that are not more likely than this table (Freeman and Halton 1951). 1 if there is nothing to compare.
    ///
    /// Only one probability is computed in full. The others follow from it step by step, until the rest no longer
    /// matters. A billion rows take about ten thousand steps.
    pub fn exact(self) -> f64 {
        let seen = self.ln_chance();
        let mode = self.mode();
        if seen >= mode.ln_chance() - TIE {
            return 1.0;
        }
        // Swap the columns if needed, so that the first cell is smaller than in the most likely table.
        let low = if self.first() < mode.first() { self } else { self.swapped() };
        let beyond = low.first_as_unlikely(low.mode(), seen + TIE);
        let far = beyond.map_or(0.0, |table| table.swapped().tail(table.ln_chance()));
        (low.tail(seen) + far).min(1.0)
    }

    /// One-sided p-value of Fisher's exact test (1935): the probability of this count or more in the first cell. Small
    /// if the first row has the larger share. 1 if there is nothing to compare.
    pub fn upper(self) -> f64 {
        let [[a, b], [c, d]] = self.0;
        if b.min(c) == 0 && a.min(d) == 0 {
            return 1.0;
        }
        if difference_of_products([a, d], [b, c]) > 0.0 {
            let table = self.swapped();
            return table.tail(table.ln_chance()).min(1.0);
        }
        // Below the mean, use 1 minus the probability of fewer.
        let fewer = self.moved_down();
        fewer.map_or(1.0, |table| (1.0 - table.tail(table.ln_chance())).max(0.0))
    }

    /// Cohen's h (1988): 2 asin √p - 2 asin √q, where p and q are the shares of the first and the second row. From -π
    /// to π; 0 if a row is empty.
    ///
    /// h is computed as the angle between (√p, √(1-p)) and (√q, √(1-q)). The sine of the angle is a difference of
    /// integers divided by a sum.
    pub fn cohens_h(self) -> f64 {
        let [[a, b], [c, d]] = self.0;
        let root = |one: u64, other: u64| (one as f64).sqrt() * (other as f64).sqrt();
        let across = root(a, d) + root(b, c);
        if across == 0.0 {
            return 0.0;
        }
        let sine = difference_of_products([a, d], [b, c]) / across;
        2.0 * sine.atan2(root(a, c) + root(b, d))
    }

    /// Natural logarithm of the odds ratio (first row divided by second row), with 0.5 added to every cell (Haldane
    /// 1956, Anscombe 1956).
    pub fn log_odds(self) -> f64 {
        let [[a, b], [c, d]] = self.0;
        let half = |count: u64| count as f64 + 0.5;
        let (ahead, behind) = (half(a) * half(d), half(b) * half(c));
        // (a + ½)(d + ½) - (b + ½)(c + ½), computed so that large products stay exact.
        let halves = (a as f64 - b as f64) - (c as f64 - d as f64);
        let excess = difference_of_products([a, d], [b, c]) + 0.5 * halves;
        if excess.abs() < 0.5 * behind { (excess / behind).ln_1p() } else { (ahead / behind).ln() }
    }

    fn first(self) -> u64 {
        self.0[0][0]
    }

    /// The table with its columns swapped.
    fn swapped(self) -> Self {
        let [[a, b], [c, d]] = self.0;
        Self([[b, a], [d, c]])
    }

    /// The table with this count in the first cell, and the same margins.
    fn with(self, first: u64) -> Self {
        let [[a, b], [c, d]] = self.0;
        Self([[first, a + b - first], [a + c - first, first.wrapping_add(d).wrapping_sub(a)]])
    }

    /// The table with the first cell reduced by one and the same margins, if it exists.
    fn moved_down(self) -> Option<Self> {
        let [[a, b], [c, d]] = self.0;
        Some(Self([[a.checked_sub(1)?, b + 1], [c + 1, d.checked_sub(1)?]]))
    }

    /// The most likely table with these margins.
    fn mode(self) -> Self {
        let [[a, b], [c, d]] = self.0.map(|row| row.map(u128::from));
        let most = (a + b + 1) * (a + c + 1) / (a + b + c + d + 2);
        self.with(u64::try_from(most).unwrap_or(u64::MAX))
    }

    /// Logarithm of the probability of this table among all tables with its margins (Fisher 1935).
    ///
    /// Uses Stirling's formula and its error. The powers in the formula become the deviances of the cells from their
    /// expectations (Loader 2000). All four cells differ from their expectation by the same quotient of integers.
    fn ln_chance(self) -> f64 {
        let [[a, b], [c, d]] = self.0;
        let cells = [a, b, c, d].map(u128::from);
        let all = cells.iter().sum::<u128>();
        let rows = [cells[0] + cells[1], cells[2] + cells[3]];
        let columns = [cells[0] + cells[2], cells[1] + cells[3]];
        if rows.contains(&0) || columns.contains(&0) {
            return 0.0;
        }
        let off = difference_of_products([a, d], [b, c]);
        let mut ln = -ln_factorial_rest(all);
        for (row, column, sign) in [(0, 0, 1.0), (0, 1, -1.0), (1, 0, -1.0), (1, 1, 1.0)] {
            // The expectation times the total. `off / product` is the relative difference from the expectation.
            let product = rows[row] as f64 * columns[column] as f64;
            ln -= product / all as f64 * deviance(sign * off / product);
        }
        ln += rows.iter().chain(&columns).map(|count| ln_factorial_rest(*count)).sum::<f64>();
        ln - cells.iter().map(|count| ln_factorial_rest(*count)).sum::<f64>()
    }

    /// The probability of this count or fewer in the first cell. The table must not be likelier than the table with the
    /// first cell increased by one.
    fn tail(self, ln_chance: f64) -> f64 {
        let [[mut a, mut b], [mut c, mut d]] = self.0.map(|row| row.map(|count| count as f64));
        let (mut term, mut sum) = (1.0, 0.0);
        while term > sum * f64::EPSILON / 64.0 {
            sum += term;
            (b, c) = (b + 1.0, c + 1.0);
            term *= a * d / (b * c);
            (a, d) = (a - 1.0, d - 1.0);
        }
        // A sum of logarithms, because the factors may be out of range while their product is not.
        (ln_chance + sum.ln()).exp()
    }

    /// The first table above the mode with a log-probability of at most `most`, by bisection; `None` if there is none.
    fn first_as_unlikely(self, mode: Self, most: f64) -> Option<Self> {
        let [[a, b], [c, _]] = self.0;
        let (mut low, mut high) = (mode.first(), a + b.min(c));
        if self.with(high).ln_chance() > most {
            return None;
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.with(middle).ln_chance() > most {
                low = middle;
            } else {
                high = middle;
            }
        }
        Some(self.with(high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_is_1_if_there_is_nothing_to_compare() {
        for table in
            [[[0, 0], [0, 0]], [[0, 0], [3, 4]], [[3, 4], [0, 0]], [[0, 7], [0, 9]], [[7, 0], [9, 0]]]
        {
            let table = TwoByTwo(table);
            assert_eq!((table.exact(), table.upper(), table.cohens_h()), (1.0, 1.0, 0.0), "{table:?}");
            assert!(table.log_odds().is_finite());
        }
    }

    #[test]
    fn swapping_rows_or_columns_keeps_p() {
        for [[a, b], [c, d]] in [[[3, 9], [11, 2]], [[120, 4000], [90, 5000]], [[1, 1_000_000], [9, 900_000]]]
        {
            let (p, h) = (TwoByTwo([[a, b], [c, d]]).exact(), TwoByTwo([[a, b], [c, d]]).cohens_h());
            for other in [[[c, d], [a, b]], [[b, a], [d, c]], [[a, c], [b, d]]] {
                assert!((TwoByTwo(other).exact() / p - 1.0).abs() < 1e-12, "{other:?}");
            }
            assert!((TwoByTwo([[c, d], [a, b]]).cohens_h() + h).abs() < 1e-15);
        }
    }

    #[test]
    fn rejects_a_part_larger_than_its_total() {
        assert_eq!(TwoByTwo::of(3, 10, 4, 9), Some(TwoByTwo([[3, 7], [4, 5]])));
        assert_eq!((TwoByTwo::of(3, 2, 4, 9), TwoByTwo::of(3, 10, 4, 3)), (None, None));
    }
}
