//! Runs tests on counts: chi-square for homogeneity (Pearson 1900), and McNemar's test (1947), exact and mid-p.

use statrs::distribution::{ChiSquared, ContinuousCDF};

use crate::stats::special::stirling_error;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Homogeneity {
    /// Pearson's statistic.
    pub statistic: f64,
    /// Degrees of freedom: the number of columns with rows, minus 1.
    pub freedom: u64,
    /// p-value of the hypothesis that both rows of counts come from one distribution.
    pub p: f64,
    /// Cramér's V (1946), from 0 (equal) to 1 (nothing in common).
    pub cramers_v: f64,
    /// Cramér's V minus the part caused by chance (Bergsma 2013), so that effects with any number of rows and columns
    /// are comparable. It is 0 if chi-square is not larger than its degrees of freedom.
    pub cramers_v_corrected: f64,
}

/// Chi-square test of homogeneity of two rows of counts (Pearson 1900); `None` if there is nothing to compare. Both
/// rows are samples. Taking the first row as exact would raise the false alarm rate.
pub fn homogeneity(one: &[u64], other: &[u64]) -> Option<Homogeneity> {
    let (sum_one, sum_other) = (one.iter().sum::<u64>() as f64, other.iter().sum::<u64>() as f64);
    let all = sum_one + sum_other;
    let used: Vec<(f64, f64)> =
        one.iter().zip(other).filter(|&(a, b)| a + b > 0).map(|(&a, &b)| (a as f64, b as f64)).collect();
    if sum_one == 0.0 || sum_other == 0.0 || used.len() < 2 {
        return None;
    }
    let part = |seen: f64, expected: f64| (seen - expected).powi(2) / expected;
    let statistic = used
        .iter()
        .map(|&(a, b)| part(a, (a + b) * sum_one / all) + part(b, (a + b) * sum_other / all))
        .sum::<f64>();
    let freedom = used.len() as u64 - 1;
    let p = ChiSquared::new(freedom as f64).ok()?.sf(statistic);
    let cramers_v = (statistic / all).sqrt();
    Some(Homogeneity {
        statistic,
        freedom,
        p,
        cramers_v,
        cramers_v_corrected: corrected(statistic, freedom, all),
    })
}

/// Bergsma's correction: subtracts the mean of φ² under the null hypothesis, and reduces the numbers of rows and
/// columns by their bias.
fn corrected(statistic: f64, freedom: u64, all: f64) -> f64 {
    let freedom = freedom as f64;
    let square = (statistic - freedom * all / (all - 1.0)) / all;
    // The smaller of the corrected numbers of rows (two) and columns, minus 1.
    let fewer = (1.0 - 1.0 / (all - 1.0)).min(freedom - freedom * freedom / (all - 1.0));
    if square > 0.0 && fewer > 0.0 { (square / fewer).sqrt().min(1.0) } else { 0.0 }
}

/// p-value of McNemar's exact test (1947): a two-sided binomial test on the rows for which only one of two models is
/// right.
pub fn mcnemar_exact(only_one: u64, only_other: u64) -> f64 {
    if only_one == only_other {
        return 1.0;
    }
    (2.0 * tail(only_one.min(only_other), only_one.max(only_other))).min(1.0)
}

/// The probability that `fewer + more` fair coins show at most `fewer` heads.
fn tail(fewer: u64, more: u64) -> f64 {
    // Start with the most likely count and go down: each term follows from the previous term.
    let mut term = coins(fewer, more);
    let mut tail = 0.0;
    let (mut heads, mut tails) = (fewer as f64, more as f64);
    while term > tail * f64::EPSILON / 4.0 {
        tail += term;
        tails += 1.0;
        term = term * heads / tails;
        heads -= 1.0;
    }
    tail
}

/// p-value of McNemar's mid-p test (Lancaster 1961; Fagerland, Lydersen and Laake 2013): the exact test, but the
/// observed table counts half. The error rate is then close to the level, and exceeds the level rarely and only
/// slightly.
pub fn mcnemar_mid_p(only_one: u64, only_other: u64) -> f64 {
    let (fewer, more) = (only_one.min(only_other), only_one.max(only_other));
    match more {
        0 => 1.0,
        _ if fewer == more => 1.0 - 0.5 * coins(fewer, more),
        // The exact p-value is twice a tail whose first term is the observed table.
        _ => 2.0 * tail(fewer, more) - coins(fewer, more),
    }
}

/// The probability that fair coins show this many heads and tails. Exact for few coins. Many coins use the
/// saddle-point form of Loader (2000), "Fast and accurate computation of binomial probabilities". Differences of ln Γ
/// would lose nine digits for millions of coins.
fn coins(heads: u64, tails: u64) -> f64 {
    let all = (heads + tails) as f64;
    if heads == 0 || heads + tails <= 48 {
        return (1..=heads).fold(0.5f64.powf(all), |ways, n| ways * (tails + n) as f64 / n as f64);
    }
    let (heads, tails) = (heads as f64, tails as f64);
    let lean = (heads - tails) / all;
    let deviance = all / 2.0 * ((1.0 + lean) * lean.ln_1p() + (1.0 - lean) * (-lean).ln_1p());
    let correction = stirling_error(all) - stirling_error(heads) - stirling_error(tails);
    (correction - deviance).exp() * (all / (std::f64::consts::TAU * heads * tails)).sqrt()
}
