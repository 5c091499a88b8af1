//! Distances and histograms of sizes and scores, new messages against the reference. Shown only; they decide nothing.

use serde::{Deserialize, Serialize};

use crate::drift::changes;
use crate::drift::messages::{Messages, STEPS, SizeScale};
use crate::stats::divergence;

/// How far a size or score is from the reference's: PSI and Jensen-Shannon less what chance alone makes of them, and
/// Wasserstein's distance in standard deviations of the reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureDistance {
    /// Of what.
    pub what: String,
    /// The population stability index.
    pub psi: f64,
    /// Jensen and Shannon's divergence, in bits.
    pub jensen_shannon: f64,
    /// Wasserstein's distance.
    pub wasserstein: f64,
}

/// Two histograms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureHistogram {
    /// Of what.
    pub what: String,
    /// Where each bin begins.
    pub from: Vec<f64>,
    /// Messages of the reference.
    pub reference: Vec<u64>,
    /// New messages.
    pub new: Vec<u64>,
}

/// The standard deviation of what is at these places so often.
fn deviation(bins: &[u64], places: &[f64]) -> f64 {
    let rows = bins.iter().sum::<u64>().max(1) as f64;
    let mean_of = |of: &dyn Fn(f64) -> f64| {
        bins.iter().zip(places).map(|(count, place)| *count as f64 * of(*place)).sum::<f64>() / rows
    };
    let mean = mean_of(&|place| place);
    mean_of(&|place| (place - mean).powi(2)).sqrt()
}

/// Bins of a picture.
const BINS: usize = 16;

/// Distances and histograms of all scales.
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
        let width = last.div_ceil(BINS).max(1);
        let wide =
            |bins: &[u64]| -> Vec<u64> { bins[..last].chunks(width).map(|bins| bins.iter().sum()).collect() };
        let (narrow, narrow_other) = (&one[..last], &other[..last]);
        let (one, other) = (wide(&one), wide(&other));
        let places: Vec<f64> = (0..last).map(|step| changes::number(scale, step)).collect();
        let distance = FeatureDistance {
            what: scale.name().into(),
            psi: divergence::stability_index(&one, &other)?.debiased,
            jensen_shannon: divergence::jensen_shannon(&one, &other)?.debiased,
            wasserstein: divergence::wasserstein(narrow, narrow_other, &places)?.debiased
                / deviation(narrow, &places).max(f64::MIN_POSITIVE),
        };
        let from = (0..last).step_by(width).map(|step| changes::number(scale, step)).collect();
        Some((distance, FeatureHistogram { what: scale.name().into(), from, reference: one, new: other }))
    });
    both.unzip()
}
