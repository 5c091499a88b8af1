//! Computes distances and histograms of sizes and scores, for information only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::drift::changes;
use crate::drift::messages::{Messages, STEPS, SizeScale};
use crate::stats::divergence;

/// Distances of one size, or of the score, from the reference. The value expected by chance is subtracted.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct FeatureDistance {
    /// Name of the size, or `score`.
    pub what: String,
    /// Population stability index.
    pub psi: f64,
    /// Jensen-Shannon divergence, in bits.
    pub jensen_shannon: f64,
    /// Wasserstein distance, in standard deviations of the reference.
    pub wasserstein: f64,
}

/// Histograms of one size, or of the score.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct FeatureHistogram {
    /// Name of the size, or `score`.
    pub what: String,
    /// Lower bound of each bin.
    pub from: Vec<f64>,
    /// Number of reference messages in each bin.
    pub reference: Vec<u64>,
    /// Number of new messages in each bin.
    pub new: Vec<u64>,
}

/// Standard deviation of values that occur with the frequencies in `bins`.
fn deviation(bins: &[u64], values: &[f64]) -> f64 {
    let rows = bins.iter().sum::<u64>().max(1) as f64;
    let mean_of = |of: &dyn Fn(f64) -> f64| {
        bins.iter().zip(values).map(|(count, value)| *count as f64 * of(*value)).sum::<f64>() / rows
    };
    let mean = mean_of(&|value| value);
    mean_of(&|value| (value - mean).powi(2)).sqrt()
}

/// Maximum number of bins of a histogram.
const MAX_BINS: usize = 16;

/// Computes the distances and histograms of all sizes, and of the score if both sides have scores.
pub fn feature_histograms(
    reference: &Messages,
    new: &Messages,
) -> (Vec<FeatureDistance>, Vec<FeatureHistogram>) {
    let scored = reference.scored && new.scored;
    let scales = SizeScale::without_score().chain(scored.then_some(SizeScale::Score));
    let both = scales.filter_map(|scale| {
        let one = reference.histogram(scale, reference);
        let other = new.histogram(scale, reference);
        let used = |bins: &[u64]| bins.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
        let last = if scale == SizeScale::Score { STEPS } else { used(&one).max(used(&other)) };
        let width = last.div_ceil(MAX_BINS).max(1);
        let wide =
            |bins: &[u64]| -> Vec<u64> { bins[..last].chunks(width).map(|bins| bins.iter().sum()).collect() };
        let (narrow, narrow_other) = (&one[..last], &other[..last]);
        let (one, other) = (wide(&one), wide(&other));
        let values: Vec<f64> = (0..last).map(|step| changes::number(scale, step)).collect();
        let distance = FeatureDistance {
            what: scale.name().into(),
            psi: divergence::stability_index(&one, &other)?.debiased,
            jensen_shannon: divergence::jensen_shannon(&one, &other)?.debiased,
            wasserstein: divergence::wasserstein(narrow, narrow_other, &values)?.debiased
                / deviation(narrow, &values).max(f64::MIN_POSITIVE),
        };
        let from = (0..last).step_by(width).map(|step| changes::number(scale, step)).collect();
        Some((distance, FeatureHistogram { what: scale.name().into(), from, reference: one, new: other }))
    });
    both.unzip()
}
