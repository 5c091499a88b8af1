//! Tests on counts: chi-square for homogeneity (Pearson 1900), and McNemar's test (1947), exact and mid-p.

use statrs::distribution::{ChiSquared, ContinuousCDF};

use crate::stats::special::stirling_error;

/// The outcome of a test of homogeneity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Homogeneity {
    /// Pearson's statistic.
    pub statistic: f64,
    /// Degrees of freedom: used columns less one.
    pub freedom: u64,
    /// The chance of such a statistic, or a larger one, where both rows come from one distribution.
    pub p: f64,
    /// Cramér's V (1946), from 0, alike, to 1, nothing in common.
    pub cramers_v: f64,
    /// The same less what chance adds to it (Bergsma 2013), for effects are to be compared whatever the rows and the
    /// columns: 0 where chi-square is no larger than its degrees of freedom.
    pub cramers_v_corrected: f64,
}

/// The chi-square test of homogeneity of two rows of counts (Pearson 1900); none if there is nothing to compare.
/// Both rows are samples: taking the first one as exact would raise the rate of false alarms.
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

/// Bergsma's correction: the mean of φ² without a difference comes off φ², and off the rows and columns what they would
/// be larger by.
fn corrected(statistic: f64, freedom: u64, all: f64) -> f64 {
    let freedom = freedom as f64;
    let square = (statistic - freedom * all / (all - 1.0)) / all;
    // Of two rows and the columns, the fewer less one: two rows it is.
    let fewer = (1.0 - 1.0 / (all - 1.0)).min(freedom - freedom * freedom / (all - 1.0));
    if square > 0.0 && fewer > 0.0 { (square / fewer).sqrt().min(1.0) } else { 0.0 }
}

/// The exact test of McNemar (1947): two-sided binomial on the rows that only one of two judges got right.
pub fn mcnemar_exact(only_one: u64, only_other: u64) -> f64 {
    if only_one == only_other {
        return 1.0;
    }
    (2.0 * tail(only_one.min(only_other), only_one.max(only_other))).min(1.0)
}

/// The chance that of so many fair coins so few, or fewer, show heads.
fn tail(fewer: u64, more: u64) -> f64 {
    // From the likeliest count down: each term is the one before, times the wins left over the losses.
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

/// The mid-p test of McNemar's table (Lancaster 1961; Fagerland, Lydersen and Laake 2013): the exact one, the table
/// itself counted half, so that it errs as often as its level says, and not less. It is above the level by little, and
/// seldom.
pub fn mcnemar_mid_p(only_one: u64, only_other: u64) -> f64 {
    let (fewer, more) = (only_one.min(only_other), only_one.max(only_other));
    match more {
        0 => 1.0,
        _ if fewer == more => 1.0 - 0.5 * coins(fewer, more),
        // The exact one is twice a tail that begins with this very table.
        _ => 2.0 * tail(fewer, more) - coins(fewer, more),
    }
}

/// The chance that fair coins show so many heads and tails. Few are counted, exactly; for many there is the
/// saddle-point form of Loader (2000), "Fast and accurate computation of binomial probabilities": differences of ln Γ
/// lose nine digits where there are millions.
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
