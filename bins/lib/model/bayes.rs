//! Fits naive Bayes to weighted terms: multinomial (McCallum & Nigam 1998), complement (Rennie et al. 2003), two
//! classes.

use ndarray::{Array1, Array2, Axis, Zip, stack};

use crate::model::tfidf::TermSpace;

/// The counts that are evidence for a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BayesKind {
    /// The counts of the class itself.
    Multinomial,
    /// Low counts in the other class.
    Complement,
}

/// A linear classifier. The log-odds of a text are `bias` plus the sum over its terms of value times weight.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinearScore {
    /// Log-odds of a text without terms.
    pub bias: f64,
    /// Log-odds of each term.
    pub weights: Vec<f64>,
}

/// Sums of each term's weights over the rows of one class.
#[derive(Clone, Debug)]
pub struct ClassSum {
    terms: Array1<f64>,
    rows: f64,
}

impl ClassSum {
    /// A sum over no rows, for this number of terms.
    pub fn new(terms: usize) -> Self {
        Self { terms: Array1::zeros(terms), rows: 0.0 }
    }

    pub fn add(&mut self, row: &[(u32, f64)], weight: f64) {
        self.rows += weight;
        for &(term, value) in row {
            self.terms[term as usize] += value * weight;
        }
    }
}

/// Fits the classifier. Returns `None` if a class has no rows. `alpha` is added to every sum (Lidstone 1920). `prior`
/// replaces the class balance of the rows.
pub fn line(
    negative: &ClassSum,
    positive: &ClassSum,
    space: &TermSpace,
    alpha: f64,
    kind: BayesKind,
    prior: Option<f64>,
) -> Option<LinearScore> {
    if negative.rows <= 0.0 || positive.rows <= 0.0 {
        return None;
    }
    let known: Array1<f64> = space.rarity.iter().map(|rarity| f64::from(u8::from(*rarity > 0.0))).collect();
    let classes = stack![Axis(0), negative.terms, positive.terms];
    let smooth: Array2<f64> = classes + &known * alpha;
    let totals = smooth.sum_axis(Axis(1));
    let shift = totals[0].ln() - totals[1].ln();
    let bias = match (kind, prior) {
        // With two classes, the complement of a class is the other class, and the class balances cancel out.
        (BayesKind::Complement, _) => 0.0,
        (_, Some(prior)) => prior.ln() - (1.0 - prior).ln(),
        (_, None) => positive.rows.ln() - negative.rows.ln(),
    };
    let weights =
        Zip::from(&known).and(smooth.row(0)).and(smooth.row(1)).map_collect(|known, negative, positive| {
            if *known > 0.0 { positive.ln() - negative.ln() + shift } else { 0.0 }
        });
    Some(LinearScore { bias, weights: weights.to_vec() })
}

/// The probability that corresponds to log-odds.
pub fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}
