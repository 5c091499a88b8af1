//! Computes term weights (TF-IDF): the count of a term in a text, relative to the number of texts with the term (Spärck
//! Jones 1972).

use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the weights of a row are normalised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Norm {
    /// The sum of squares is 1.
    #[default]
    L2,
    /// The sum is 1.
    L1,
    /// No normalisation.
    None,
}

impl FromStr for Norm {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        Ok(match name {
            "l2" => Self::L2,
            "l1" => Self::L1,
            "none" => Self::None,
            _ => bail!("expected l2, l1 or none"),
        })
    }
}

/// Below this frequency, the rarity is computed only once per frequency.
const FEW: u32 = 64;

/// How counts become weights; part of the model file.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weighting {
    /// Whether a count n becomes 1 + ln n.
    pub sublinear: bool,
    /// Whether rare terms weigh more.
    pub idf: bool,
    /// Whether rarity is computed as if one more text had every term.
    pub smooth: bool,
    /// The norm that divides the weights of a row.
    pub norm: Norm,
}

impl Default for Weighting {
    fn default() -> Self {
        Self { sublinear: false, idf: true, smooth: true, norm: Norm::L2 }
    }
}

/// A number of texts: absolute, or a share of all texts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DocumentLimit {
    Count(u64),
    /// A share of all texts, from 0 to 1.
    Fraction(f64),
}

impl DocumentLimit {
    fn of(self, texts: u64) -> f64 {
        match self {
            Self::Count(count) => count as f64,
            Self::Fraction(share) => share * texts as f64,
        }
    }
}

impl FromStr for DocumentLimit {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match (text.parse::<u64>(), text.parse::<f64>()) {
            (Ok(count), _) => Ok(Self::Count(count)),
            (_, Ok(share)) if (0.0..=1.0).contains(&share) => Ok(Self::Fraction(share)),
            _ => bail!("expected a number of texts, or a share such as 0.5"),
        }
    }
}

impl fmt::Display for DocumentLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Fraction(share) => write!(f, "{share:?}"),
        }
    }
}

/// The terms to keep, by the number of texts with the term.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Selection {
    /// The minimum number of texts with the term.
    pub min_df: DocumentLimit,
    /// The maximum number of texts with the term.
    pub max_df: DocumentLimit,
    /// Maximum number of terms. The most frequent terms are kept.
    pub max_features: Option<usize>,
}

impl Selection {
    /// Whether to keep a term that `found` of `texts` texts have.
    pub fn keeps(&self, found: u32, texts: u64) -> bool {
        let found = f64::from(found);
        found > 0.0 && found >= self.min_df.of(texts) && found <= self.max_df.of(texts)
    }

    /// Whether to keep every term.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for Selection {
    fn default() -> Self {
        Self { min_df: DocumentLimit::Count(1), max_df: DocumentLimit::Fraction(1.0), max_features: None }
    }
}

/// Term weights, relative to the rows that a model learns from.
#[derive(Clone, Debug, Default)]
pub struct TermSpace {
    /// Rarity of each term; 0 if the model's rows do not have the term, or if the term is not kept.
    pub rarity: Vec<f64>,
    pub weighting: Weighting,
}

impl TermSpace {
    /// Computes the rarity of terms from the number of texts that have each term.
    pub fn new(frequency: &[u32], texts: u64, selection: &Selection, weighting: Weighting) -> Self {
        let mut rarity = weighting.rarity(frequency, texts);
        for (rarity, found) in rarity.iter_mut().zip(frequency) {
            if !selection.keeps(*found, texts) {
                *rarity = 0.0;
            }
        }
        Self { rarity, weighting }
    }

    /// The normalised weights of the known terms of a row.
    pub fn weigh(&self, row: impl Iterator<Item = (u32, u32)>, weights: &mut Vec<(u32, f64)>) {
        weights.clear();
        for (term, count) in row {
            let rarity = self.rarity[term as usize];
            if rarity > 0.0 {
                weights.push((term, self.weighting.weight(count, rarity)));
            }
        }
        let length = self.weighting.length(weights.iter().map(|&(_, weight)| weight));
        if length > 0.0 {
            for (_, weight) in weights {
                *weight /= length;
            }
        }
    }
}

impl Weighting {
    /// Rarity of each term, from the number of texts that have it.
    pub fn rarity(&self, frequency: &[u32], texts: u64) -> Vec<f64> {
        let extra = if self.smooth { 1.0 } else { 0.0 };
        let one = |&found: &u32| {
            if self.idf { ((extra + texts as f64) / (extra + f64::from(found))).ln() + 1.0 } else { 1.0 }
        };
        // Most terms are rare, so the logarithms of low frequencies are computed only once.
        let few: Vec<f64> = (0..FEW).map(|found| one(&found)).collect();
        let known = |found: &u32| few.get(*found as usize).copied();
        frequency.iter().map(|found| known(found).unwrap_or_else(|| one(found))).collect()
    }

    /// Weight of a term that occurs `count` times, before the row is normalised.
    pub fn weight(&self, count: u32, idf: f64) -> f64 {
        match count {
            1 => idf,
            _ if self.sublinear => (1.0 + f64::from(count).ln()) * idf,
            _ => f64::from(count) * idf,
        }
    }

    /// Norm of a row's weights.
    pub fn length(&self, weights: impl Iterator<Item = f64>) -> f64 {
        match self.norm {
            Norm::L2 => weights.map(|weight| weight * weight).sum::<f64>().sqrt(),
            Norm::L1 => weights.map(f64::abs).sum(),
            Norm::None => {
                // The caller's iterator may also compute a sum, so run it to its end.
                for _ in weights {}
                1.0
            }
        }
    }
}
