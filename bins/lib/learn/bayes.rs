//! Naive Bayes on weighted terms, multinomial (McCallum & Nigam 1998) and complement (Rennie et al. 2003), two classes.

use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};

use crate::data::label::Label;

/// Which counts speak for a class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Its own.
    #[default]
    Multinomial,
    /// That the other class has few.
    Complement,
}

/// A straight line between the classes: a text scores `bias` plus its weights times these.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// The log-odds of the classes themselves.
    pub bias: f64,
    /// The log-odds of each term.
    pub weights: Vec<f64>,
}

/// A row of weights, its label, and how much it counts.
pub struct Example {
    /// Terms by place, ascending.
    pub row: Vec<(u32, f64)>,
    /// What it is.
    pub label: Label,
    /// How much it counts: 1 for most.
    pub weight: f64,
}

/// Learns from examples over so many terms.
pub fn fit(examples: &[Example], terms: usize, alpha: f64, kind: Kind) -> Line {
    let mut sums = Array2::<f64>::zeros((2, terms));
    let mut of_class = [0.0f64; 2];
    for Example { row, label, weight } in examples {
        let class = usize::from(*label == Label::Positive);
        of_class[class] += weight;
        let mut sum = sums.row_mut(class);
        for &(term, value) in row {
            sum[term as usize] += value * weight;
        }
    }
    sums += alpha;
    let totals = sums.sum_axis(Axis(1));
    let (no, yes) = (sums.row(0), sums.row(1));
    let (shift, bias) = match kind {
        Kind::Multinomial => (totals[0].ln() - totals[1].ln(), of_class[1].ln() - of_class[0].ln()),
        // With two classes the complement of one is the other, and the priors have no part.
        Kind::Complement => (totals[0].ln() - totals[1].ln(), 0.0),
    };
    let weights = yes.iter().zip(no).map(|(yes, no)| yes.ln() - no.ln() + shift).collect();
    Line { bias, weights }
}

/// The probability that goes with a score.
pub fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}
