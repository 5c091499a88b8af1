//! Multinomial naive Bayes on weighted words (McCallum & Nigam 1998), two classes.

use crate::data::label::Label;
use crate::learn::tfidf::Vector;

/// What is added to every count, so that a word seen in one class only does not decide alone.
pub const ALPHA: f64 = 0.1;

/// The learned difference of the two classes: a text scores `bias` plus its weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// The log-odds of the classes themselves.
    pub bias: f64,
    /// The log-odds of each word.
    pub words: Vec<f64>,
}

/// Learns from labelled vectors over `words` words.
pub fn fit(rows: &[(Vector, Label)], words: usize, alpha: f64) -> Weights {
    let mut sums = [vec![0.0; words], vec![0.0; words]];
    let mut rows_of = [0.0f64; 2];
    for (vector, label) in rows {
        let class = usize::from(*label == Label::Positive);
        rows_of[class] += 1.0;
        for &(word, weight) in vector {
            sums[class][word as usize] += weight;
        }
    }
    let log_total = |class: &[f64]| (class.iter().sum::<f64>() + alpha * words as f64).ln();
    let [negative, positive] = &sums;
    let shift = log_total(negative) - log_total(positive);
    let log_odds = |(yes, no): (&f64, &f64)| (yes + alpha).ln() - (no + alpha).ln() + shift;
    Weights {
        bias: rows_of[1].ln() - rows_of[0].ln(),
        words: positive.iter().zip(negative).map(log_odds).collect(),
    }
}

/// The probability that a text is positive.
pub fn probability(weights: &Weights, vector: &Vector) -> f64 {
    let log_odds = weights.bias + vector.iter().map(|&(w, x)| x * weights.words[w as usize]).sum::<f64>();
    1.0 / (1.0 + (-log_odds).exp())
}
