//! Calibrates scores: turns them into probabilities. The calibration is learned from out-of-fold scores.

use std::str::FromStr;

use anyhow::{Result, bail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::bayes::probability;

/// The method that turns scores into probabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CalibrationMethod {
    /// The learner's probabilities, unchanged.
    #[default]
    None,
    /// A straight line in log-odds.
    Sigmoid,
    /// A non-decreasing step function.
    Isotonic,
}

impl FromStr for CalibrationMethod {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        Ok(match name {
            "none" => Self::None,
            "sigmoid" => Self::Sigmoid,
            "isotonic" => Self::Isotonic,
            _ => bail!("expected none, sigmoid or isotonic"),
        })
    }
}

/// Maps the learner's log-odds to a probability; part of the model file.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Calibration {
    /// The learner's probabilities, unchanged.
    #[default]
    None,
    /// 1 / (1 + exp(-(slope · z + shift))).
    Sigmoid {
        /// Factor of the log-odds.
        slope: f64,
        /// Number added to the product.
        shift: f64,
    },
    /// Points of log-odds and probability, both ascending. The calibration is linear between points and constant beyond
    /// the ends.
    Isotonic(Vec<(f64, f64)>),
}

impl Calibration {
    /// Learns a calibration from rows: the out-of-fold log-odds, and whether the row is positive.
    pub fn learn(method: CalibrationMethod, scores: &[(f64, bool)]) -> Self {
        match method {
            _ if scores.is_empty() => Self::None,
            CalibrationMethod::None => Self::None,
            CalibrationMethod::Sigmoid => sigmoid(scores),
            CalibrationMethod::Isotonic => Self::Isotonic(isotonic(scores)),
        }
    }

    /// The probability that corresponds to log-odds.
    pub fn probability(&self, log_odds: f64) -> f64 {
        match self {
            Self::None => probability(log_odds),
            Self::Sigmoid { slope, shift } => probability(slope * log_odds + shift),
            Self::Isotonic(steps) => between(steps, log_odds),
        }
    }

    /// Slope and shift from the learner's log-odds to calibrated log-odds; 1 and 0 if the calibration is not a
    /// straight line.
    pub fn line(&self) -> (f64, f64) {
        match self {
            Self::Sigmoid { slope, shift } => (*slope, *shift),
            Self::None | Self::Isotonic(_) => (1.0, 0.0),
        }
    }

    /// Whether the calibration is a non-decreasing function of the log-odds.
    pub fn is_valid(&self) -> bool {
        match self {
            Self::None => true,
            Self::Sigmoid { slope, shift } => (0.0..1e100).contains(slope) && shift.abs() < 1e100,
            Self::Isotonic(steps) => {
                !steps.is_empty()
                    && steps.iter().all(|(z, p)| z.is_finite() && (0.0..=1.0).contains(p))
                    && steps.is_sorted_by(|one, next| one.0 <= next.0 && one.1 <= next.1)
            }
        }
    }
}

fn between(steps: &[(f64, f64)], z: f64) -> f64 {
    let above = steps.partition_point(|(edge, _)| *edge < z);
    match (above.checked_sub(1).map(|below| steps[below]), steps.get(above)) {
        (Some((low, p)), Some((high, q))) => p + (q - p) * (z - low) / (high - low),
        (Some((_, p)), None) | (None, Some(&(_, p))) => p,
        (None, None) => 0.5,
    }
}

/// The maximum-likelihood line, found by Newton's method: Platt (1999), with the corrections of Lin, Lin & Weng (2007).
/// The targets are slightly above 0 and below 1, as if each class had one more row.
fn sigmoid(scores: &[(f64, bool)]) -> Calibration {
    let positives = scores.iter().filter(|(_, positive)| *positive).count() as f64;
    let negatives = scores.len() as f64 - positives;
    let (high, low) = ((positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0));
    let target = |positive: bool| if positive { high } else { low };
    let loss = |slope: f64, shift: f64| {
        scores.iter().fold(0.0, |sum, &(z, positive)| {
            let z = slope * z + shift;
            sum - target(positive) * z + if z > 0.0 { z + (-z).exp().ln_1p() } else { z.exp().ln_1p() }
        })
    };
    let (mut slope, mut shift) = (0.0, ((positives + 1.0) / (negatives + 1.0)).ln());
    let mut least = loss(slope, shift);
    for _ in 0..100 {
        // The gradient and the curvature. A tiny ridge keeps the determinant above 0.
        let (mut g1, mut g2, mut h11, mut h12, mut h22) = (0.0, 0.0, 1e-12, 0.0, 1e-12);
        for &(z, positive) in scores {
            let p = probability(slope * z + shift);
            let (pull, curve) = (p - target(positive), p * (1.0 - p));
            g1 += pull * z;
            g2 += pull;
            h11 += curve * z * z;
            h12 += curve * z;
            h22 += curve;
        }
        let determinant = h11 * h22 - h12 * h12;
        let (d1, d2) = (-(h22 * g1 - h12 * g2) / determinant, -(h11 * g2 - h12 * g1) / determinant);
        let descent = g1 * d1 + g2 * d2;
        let mut share = 1.0;
        while share > 1e-10 {
            let next = loss(slope + share * d1, shift + share * d2);
            if next <= least + 1e-4 * share * descent {
                (slope, shift, least) = (slope + share * d1, shift + share * d2, next);
                break;
            }
            share /= 2.0;
        }
        if share <= 1e-10 || descent.abs() < 1e-14 * (1.0 + least.abs()) {
            break;
        }
    }
    if slope > 0.0 {
        return Calibration::Sigmoid { slope, shift };
    }
    // If spam scores lower than ham, calibration must not reverse the order of scores: all rows get the same
    // probability.
    let sum = positives * high + negatives * low;
    Calibration::Sigmoid { slope: 0.0, shift: sum.ln() - (positives + negatives - sum).ln() }
}

/// Pool adjacent violators (Ayer et al. 1955): the least-squares non-decreasing step function. Each step is given by
/// its two ends.
fn isotonic(scores: &[(f64, bool)]) -> Vec<(f64, f64)> {
    let mut sorted = scores.to_vec();
    sorted.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
    // Lowest and highest score, rows, positives.
    let mut pools: Vec<(f64, f64, f64, f64)> = Vec::new();
    for (z, positive) in sorted {
        let positive = f64::from(u8::from(positive));
        match pools.last_mut() {
            Some(pool) if pool.0 >= z => {
                pool.2 += 1.0;
                pool.3 += positive;
            }
            _ => pools.push((z, z, 1.0, positive)),
        }
    }
    let mut steps: Vec<(f64, f64, f64, f64)> = Vec::new();
    for pool in pools {
        steps.push(pool);
        while let [.., below, above] = &mut steps[..]
            && below.3 / below.2 >= above.3 / above.2
        {
            *below = (below.0, above.1, below.2 + above.2, below.3 + above.3);
            steps.pop();
        }
    }
    let mut points = Vec::new();
    for (low, high, rows, positives) in steps {
        points.push((low, positives / rows));
        if high > low {
            points.push((high, positives / rows));
        }
    }
    points
}
