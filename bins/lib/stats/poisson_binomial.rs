//! Computes how likely few events are, if each event has its own probability: Poisson's binomial distribution (1837).

/// Probability of at most `most` events among independent events with these probabilities. Adds one event after the
/// other, so the result is exact except for rounding.
pub fn lower_tail(chances: impl Iterator<Item = f64>, most: usize) -> f64 {
    let mut counts = vec![0.0; most + 1];
    counts[0] = 1.0;
    for chance in chances {
        for count in (1..=most).rev() {
            counts[count] = counts[count] * (1.0 - chance) + counts[count - 1] * chance;
        }
        counts[0] *= 1.0 - chance;
    }
    counts.iter().sum::<f64>().min(1.0)
}

/// The same probability, if all chances have a common factor that is not known exactly. The factor has a gamma
/// distribution with mean `factor` and this shape, as the rate of a Poisson process after `shape` events. The mean over
/// the factor is computed with the trapezoidal rule on the logarithm.
pub fn lower_tail_with_error(chances: &[f64], most: usize, factor: f64, shape: f64) -> f64 {
    const POINTS: u32 = 64;
    let (low, high) = (-8.0 / shape.sqrt() - 16.0 / shape, 8.0 / shape.sqrt());
    let (mut sum, mut weights) = (0.0, 0.0);
    for point in 0..=POINTS {
        let log = low + (high - low) * f64::from(point) / f64::from(POINTS);
        let scale = log.exp();
        let weight = (shape * (log - scale + 1.0)).exp();
        if weight > 1e-18 {
            let tail = lower_tail(chances.iter().map(|chance| (chance * factor * scale).min(1.0)), most);
            sum += weight * tail;
            weights += weight;
        }
    }
    if weights > 0.0 { sum / weights } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_uncertain_factor_makes_few_events_more_likely() {
        // Many small chances: the count is nearly Poisson, and with a gamma factor nearly negative binomial.
        let chances = vec![0.002; 10_000];
        let near =
            |found: f64, right: f64| assert!((found / right - 1.0).abs() < 0.02, "{found}, not {right}");
        // scipy 1.17: poisson.cdf(5, 20), poisson.cdf(5, 10)
        near(lower_tail(chances.iter().copied(), 5), 7.190_884_0e-5);
        near(lower_tail_with_error(&chances, 5, 0.5, 1e9), 0.067_085_96);
        // scipy 1.17: nbinom.cdf(5, 30, 30 / (30 + 10)), nbinom.cdf(0, 4.5, 4.5 / (4.5 + 20))
        near(lower_tail_with_error(&chances, 5, 0.5, 30.0), 0.097_620_23);
        near(lower_tail_with_error(&chances, 0, 1.0, 4.5), 0.000_487_763_1);
    }
}
