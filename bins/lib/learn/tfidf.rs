//! Counted terms as weights: how often a term occurs here against how many texts have it (Spärck Jones 1972).

use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use crate::learn::counts::Counts;

/// How a row of weights is brought to one length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Norm {
    /// The sum of squares is 1.
    #[default]
    L2,
    /// The sum is 1.
    L1,
    /// As it comes.
    None,
}

/// How counts become weights; part of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weighting {
    /// Whether a count is 1 + ln of itself.
    pub sublinear: bool,
    /// Whether rare terms weigh more.
    pub idf: bool,
    /// Whether rarity is reckoned as if one more text had every term.
    pub smooth: bool,
    /// The length of a row.
    pub norm: Norm,
}

impl Default for Weighting {
    fn default() -> Self {
        Self { sublinear: false, idf: true, smooth: true, norm: Norm::L2 }
    }
}

/// A number of texts: so many, or a share of all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// So many.
    Count(u64),
    /// A share of all.
    Share(f64),
}

impl Limit {
    fn of(self, texts: usize) -> f64 {
        match self {
            Self::Count(count) => count as f64,
            Self::Share(share) => share * texts as f64,
        }
    }
}

impl FromStr for Limit {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match (text.parse::<u64>(), text.parse::<f64>()) {
            (Ok(count), _) => Ok(Self::Count(count)),
            (_, Ok(share)) if (0.0..=1.0).contains(&share) => Ok(Self::Share(share)),
            _ => bail!("expected a number of texts, or a share such as 0.5"),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Share(share) => write!(f, "{share:?}"),
        }
    }
}

/// Which terms are kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Selection {
    /// The fewest texts that have it.
    pub min_df: Limit,
    /// The most.
    pub max_df: Limit,
    /// The most terms, the most frequent first.
    pub max_features: Option<usize>,
}

impl Default for Selection {
    fn default() -> Self {
        Self { min_df: Limit::Count(1), max_df: Limit::Share(1.0), max_features: None }
    }
}

/// The terms kept of some rows, and how many of these rows have each.
#[derive(Clone, Debug)]
pub struct Space {
    /// The number of rows.
    pub texts: usize,
    /// The terms by their numbers in the counts, ascending.
    pub terms: Vec<u32>,
    /// How many rows have each.
    pub frequency: Vec<u32>,
    /// The place in `terms` of every number; that of a term not kept is out of reach.
    places: Vec<u32>,
}

/// The place of a term that is not kept.
const NOWHERE: u32 = u32::MAX;

impl Space {
    /// Keeps terms of these rows.
    pub fn of(counts: &Counts, rows: &[usize], selection: &Selection) -> Self {
        let mut frequency = vec![0u32; counts.terms.len()];
        let mut occurrences = vec![0u64; counts.terms.len()];
        for &row in rows {
            for &(term, count) in counts.row(row) {
                frequency[term as usize] += 1;
                occurrences[term as usize] += u64::from(count);
            }
        }
        let (least, most) = (selection.min_df.of(rows.len()), selection.max_df.of(rows.len()));
        let kept = |term: &u32| {
            let found = f64::from(frequency[*term as usize]);
            found > 0.0 && found >= least && found <= most
        };
        let mut terms: Vec<u32> = (0..).take(counts.terms.len()).filter(kept).collect();
        if let Some(limit) = selection.max_features.filter(|&limit| limit < terms.len()) {
            // Of equally frequent terms the first in order is kept.
            terms.sort_by_key(|&term| std::cmp::Reverse(occurrences[term as usize]));
            terms.truncate(limit);
            terms.sort_unstable();
        }
        let mut places = vec![NOWHERE; counts.terms.len()];
        for (place, &term) in (0..).zip(&terms) {
            places[term as usize] = place;
        }
        let frequency = terms.iter().map(|&term| frequency[term as usize]).collect();
        Self { texts: rows.len(), terms, frequency, places }
    }

    /// A row as weights of the terms kept.
    pub fn weigh(&self, row: &[(u32, u32)], weighting: &Weighting, idf: &[f64]) -> Vec<(u32, f64)> {
        let known = row.iter().filter_map(|&(term, count)| {
            let place = self.places[term as usize];
            (place != NOWHERE).then(|| (place, weighting.weight(count, idf[place as usize])))
        });
        let mut row: Vec<(u32, f64)> = known.collect();
        let length = weighting.length(row.iter().map(|&(_, weight)| weight));
        if length > 0.0 {
            for (_, weight) in &mut row {
                *weight /= length;
            }
        }
        row
    }
}

impl Weighting {
    /// How rare terms are that so many of so many texts have.
    pub fn rarity(&self, frequency: &[u32], texts: usize) -> Vec<f64> {
        let extra = if self.smooth { 1.0 } else { 0.0 };
        let one = |&found: &u32| {
            if self.idf { ((extra + texts as f64) / (extra + f64::from(found))).ln() + 1.0 } else { 1.0 }
        };
        frequency.iter().map(one).collect()
    }

    /// The weight of a term that occurs so often, before the row is brought to length.
    pub fn weight(&self, count: u32, idf: f64) -> f64 {
        let count = f64::from(count);
        if self.sublinear { (1.0 + count.ln()) * idf } else { count * idf }
    }

    /// The length of a row.
    pub fn length(&self, weights: impl Iterator<Item = f64>) -> f64 {
        match self.norm {
            Norm::L2 => weights.map(|weight| weight * weight).sum::<f64>().sqrt(),
            Norm::L1 => weights.map(f64::abs).sum(),
            // Every weight is asked for, whatever the norm: who gives them may be counting on it.
            Norm::None => weights.fold(1.0, |length, _| length),
        }
    }
}
