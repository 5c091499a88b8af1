//! Naive Bayes on weighted terms, multinomial (McCallum & Nigam 1998) and complement (Rennie et al. 2003), two classes.

use ndarray::{Array1, Array2, Axis, Zip};

use crate::data::label::Label;
use crate::learn::tfidf::Space;

/// Which counts speak for a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Its own.
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

/// What the rows of either class weigh, term by term.
#[derive(Clone, Debug)]
pub struct Sums {
    /// The negative class, then the positive one.
    terms: Array2<f64>,
    rows: [f64; 2],
}

impl Sums {
    /// Nothing yet, of so many terms.
    pub fn new(terms: usize) -> Self {
        Self { terms: Array2::zeros((2, terms)), rows: [0.0; 2] }
    }

    /// Adds a row.
    pub fn add(&mut self, row: &[(u32, f64)], label: Label, weight: f64) {
        let class = usize::from(label == Label::Positive);
        self.rows[class] += weight;
        let mut sums = self.terms.row_mut(class);
        for &(term, value) in row {
            sums[term as usize] += value * weight;
        }
    }

    /// Whether there are rows of both classes.
    pub fn has_both(&self) -> bool {
        self.rows.iter().all(|rows| *rows > 0.0)
    }

    /// The line, `alpha` being added to every sum (Lidstone 1920). The share of positive rows is theirs, unless it is given.
    pub fn line(&self, space: &Space, alpha: f64, kind: Kind, prior: Option<f64>) -> Line {
        let known: Array1<f64> =
            space.rarity.iter().map(|rarity| f64::from(u8::from(*rarity > 0.0))).collect();
        let smooth = &self.terms + &(&known * alpha);
        let totals = smooth.sum_axis(Axis(1));
        let shift = totals[0].ln() - totals[1].ln();
        let bias = match (kind, prior) {
            // With two classes the complement of one is the other, and the priors have no part.
            (Kind::Complement, _) => 0.0,
            (_, Some(prior)) => prior.ln() - (1.0 - prior).ln(),
            (_, None) => self.rows[1].ln() - self.rows[0].ln(),
        };
        let weights = Zip::from(&known)
            .and(smooth.row(0))
            .and(smooth.row(1))
            .map_collect(|known, no, yes| if *known > 0.0 { yes.ln() - no.ln() + shift } else { 0.0 });
        Line { bias, weights: weights.to_vec() }
    }
}

/// The probability that goes with a score.
pub fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}
