//! Corrects p-values for multiple tests: Holm (1979), and Benjamini and Hochberg (1995).

/// p-values adjusted by Holm (1979), in the order of the input. The probability of even one false alarm among all tests
/// is at most the level, for any dependence between the tests.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let order = ascending(p);
    let mut adjusted = vec![1.0; p.len()];
    let mut most = 0.0f64;
    for (rank, &place) in order.iter().enumerate() {
        most = most.max(chance(p[place]) * (p.len() - rank) as f64).min(1.0);
        adjusted[place] = most;
    }
    adjusted
}

/// p-values adjusted by Benjamini and Hochberg (1995), in the order of the input. The expected share of false alarms
/// among the alarms is at most the level, if the tests are independent or positively dependent.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let order = ascending(p);
    let mut adjusted = vec![1.0; p.len()];
    let mut least = 1.0f64;
    for (rank, &place) in order.iter().enumerate().rev() {
        least = least.min(chance(p[place]) * (p.len() as f64 / (rank + 1) as f64));
        adjusted[place] = least;
    }
    adjusted
}

fn ascending(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_unstable_by(|&one, &other| chance(p[one]).total_cmp(&chance(p[other])).then(one.cmp(&other)));
    order
}

/// Limits a p-value to 0 and 1. NaN becomes 1, which is never an alarm.
fn chance(p: f64) -> f64 {
    if p.is_nan() { 1.0 } else { p.clamp(0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_no_tests_and_nan() {
        assert_eq!((holm(&[]), benjamini_hochberg(&[])), (vec![], vec![]));
        assert_eq!(holm(&[f64::NAN, 0.01]), [1.0, 0.02]);
        assert_eq!(benjamini_hochberg(&[f64::NAN, 0.01]), [1.0, 0.02]);
    }
}
