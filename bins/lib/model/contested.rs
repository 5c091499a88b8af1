//! Scores rows without some of their terms, to find negative rows that only rare terms keep from being positive.

use crate::model::fold_model::FoldModel;
use crate::model::tfidf::Norm;

/// A term is rare if at most this share of the rows have it.
const RARE: f64 = 0.05;

/// Tells rare terms from common terms, by the number of rows with each term.
#[derive(Clone, Copy, Debug)]
pub(super) struct RareTerms<'a> {
    frequency: &'a [u32],
    most: u32,
}

impl<'a> RareTerms<'a> {
    /// `frequency` is the number of rows with each term; `rows` is the number of all rows.
    pub(super) fn of(frequency: &'a [u32], rows: usize) -> Self {
        let most = (rows as f64 * RARE).max(1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
        Self { frequency, most: most as u32 }
    }

    #[inline]
    pub(super) fn has(&self, term: u32) -> bool {
        self.frequency[term as usize] <= self.most
    }

    /// Number of rows with a term.
    pub(super) fn rows_with(&self, term: u32) -> u64 {
        u64::from(self.frequency[term as usize])
    }

    /// Number of rare terms that at least `rows` rows have.
    pub(super) fn shared_by(&self, rows: u64) -> usize {
        let is_shared = |found: &&u32| u64::from(**found) >= rows && **found <= self.most;
        self.frequency.iter().filter(is_shared).count()
    }
}

/// The log-odds of a row without its rare negative terms. `weights` holds the values of its terms, as `model` weighs
/// them.
pub(super) fn stripped(model: &FoldModel, weights: &[(u32, f64)], rare: RareTerms) -> f64 {
    let weighed = weights.iter().map(|&(term, value)| (term, value, model.line.weights[term as usize]));
    let kept = weighed.filter(|&(term, _, weight)| weight >= 0.0 || !rare.has(term));
    log_odds(model.line.bias, model.space.weighting.norm, kept.map(|(_, value, weight)| (value, weight)))
}

/// The log-odds of pairs of value and weight. The values are normalised again.
fn log_odds(bias: f64, norm: Norm, terms: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mut sum, mut length) = (0.0, 0.0);
    for (value, weight) in terms {
        sum += value * weight;
        length += if norm == Norm::L1 { value.abs() } else { value * value };
    }
    let length = match norm {
        Norm::L2 => length.sqrt(),
        Norm::L1 => length,
        Norm::None => 1.0,
    };
    bias + if length > 0.0 { sum / length } else { 0.0 }
}

/// A term of a contested row.
#[derive(Clone, Copy, Debug)]
pub(super) struct ContestedTerm {
    pub(super) term: u32,
    value: f64,
    /// The weight in the model that left the row's fold out.
    pub(super) weight: f64,
}

/// A negative row that its out-of-fold model judges positive without the row's rare negative terms.
#[derive(Clone, Debug)]
pub(super) struct ContestedRow {
    pub(super) row: usize,
    /// Number of contested rows with the same content, including this row.
    pub(super) copies: u64,
    bias: f64,
    norm: Norm,
    /// The terms, in the order in which they first occur.
    pub(super) terms: Vec<ContestedTerm>,
}

impl ContestedRow {
    /// `weights` holds the values of the row's terms, as `model` weighs them.
    pub(super) fn new(row: usize, model: &FoldModel, weights: &[(u32, f64)]) -> Self {
        let term = |&(term, value): &(u32, f64)| ContestedTerm {
            term,
            value,
            weight: model.line.weights[term as usize],
        };
        Self {
            row,
            copies: 1,
            bias: model.line.bias,
            norm: model.space.weighting.norm,
            terms: weights.iter().map(term).collect(),
        }
    }

    /// The log-odds without some terms.
    pub(super) fn without(&self, is_left_out: impl Fn(u32) -> bool) -> f64 {
        let kept = self.terms.iter().filter(|term| !is_left_out(term.term));
        log_odds(self.bias, self.norm, kept.map(|term| (term.value, term.weight)))
    }

    /// The terms that count for the negative class and are rare.
    pub(super) fn rare_negative_terms(&self, rare: RareTerms<'_>) -> impl Iterator<Item = u32> {
        self.terms.iter().filter(move |term| term.weight < 0.0 && rare.has(term.term)).map(|term| term.term)
    }
}
