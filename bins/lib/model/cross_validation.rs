//! Cross-validation: every row gets a score from a model that did not see the row or its near-duplicates.

use anyhow::Result;

use crate::model::contested::{self, RareTerms};
use crate::model::corpus::Corpus;
use crate::model::estimate::OutOfFoldRow;
use crate::model::fold_model::{FoldModel, NO_FOLD};
use crate::model::folds::{self, FoldAssignment, FoldPrint};
use crate::model::threads;
use crate::rows::label::Label;

/// The fold of each row.
pub(super) struct RowFolds {
    /// The index of each row's fold; [`NO_FOLD`] if there are no folds.
    pub(super) of_row: Vec<u8>,
    /// Whether each row is the first of its group of near-duplicates with its label; empty if there are no folds.
    is_first: Vec<bool>,
    /// The print of each row, without its sketch; empty if there are no folds.
    pub(super) prints: Vec<FoldPrint>,
}

impl RowFolds {
    /// Assigns the rows to `count` folds. If `count` is less than two, there are no folds.
    pub(super) fn assign(corpus: &Corpus, count: usize) -> Result<Self> {
        if count < 2 {
            return Ok(Self {
                of_row: vec![NO_FOLD; corpus.labels.len()],
                is_first: Vec::new(),
                prints: Vec::new(),
            });
        }
        let mut prints = corpus.prints()?;
        let FoldAssignment { of_row, is_first } = folds::assign(&prints, &corpus.labels, count);
        prints.iter_mut().for_each(FoldPrint::forget);
        Ok(Self { of_row, is_first, prints })
    }

    /// The rows that are the first of their group: copies of a message count once.
    pub(super) fn first_rows(&self, scored: &[OutOfFoldRow]) -> Vec<OutOfFoldRow> {
        let is_first = |row: &&OutOfFoldRow| self.is_first.get(row.row).copied().unwrap_or(true);
        scored.iter().filter(is_first).copied().collect()
    }
}

/// The log-odds of rows from the models that left their folds out, in the order of the rows.
#[derive(Default)]
pub(super) struct OutOfFoldScores {
    pub(super) rows: Vec<OutOfFoldRow>,
    /// The index of each negative row, and its log-odds without its rare negative terms.
    pub(super) stripped: Vec<(usize, f64)>,
}

/// The log-odds of each row from the model that left its fold out. Leaves out a row if that model does not know both
/// classes.
pub(super) fn out_of_fold(
    corpus: &Corpus,
    folds: &[u8],
    models: &[FoldModel],
    threads: usize,
) -> Result<OutOfFoldScores> {
    let labels = &corpus.labels;
    let rare = RareTerms::of(&corpus.frequency, labels.len());
    let mut all = OutOfFoldScores::default();
    let with_scores = |model| (model, OutOfFoldScores::default());
    let mut by_model: Vec<(&FoldModel, OutOfFoldScores)> =
        models.iter().filter(|model| model.can_score_its_fold()).map(with_scores).collect();
    corpus.each_block(&mut |first, rows| {
        threads::each(&mut by_model, threads, |(model, scored)| {
            let mut weights = Vec::new();
            for (row, terms) in (first..).zip(rows.iter()) {
                let ((label, _), fold) = (labels[row], folds[row]);
                if model.can_score(fold) {
                    let score = model.score(terms, &mut weights);
                    scored.rows.push(OutOfFoldRow { row, score, label, fold });
                    if label == Label::Negative {
                        scored.stripped.push((row, contested::stripped(model, &weights, rare)));
                    }
                }
            }
        });
        for (_, scored) in &mut by_model {
            all.rows.append(&mut scored.rows);
            all.stripped.append(&mut scored.stripped);
        }
    })?;
    all.rows.sort_unstable_by_key(|scored| scored.row);
    all.stripped.sort_unstable_by_key(|(row, _)| *row);
    Ok(all)
}

/// The log-odds of each row's highest window, from the model that left its fold out.
pub(super) fn highest_windows(
    corpus: &Corpus,
    folds: &[u8],
    models: &[FoldModel],
    words: usize,
) -> Result<Vec<f64>> {
    let model_of = |fold: u8| models.iter().find(|model| model.can_score(fold));
    let by_fold: Vec<Option<&FoldModel>> = (0..u8::MAX).map(model_of).collect();
    corpus.highest_windows(words, &|row, window, weights| {
        let model = by_fold.get(usize::from(folds[row])).copied().flatten();
        model.map_or(f64::NEG_INFINITY, |model: &FoldModel| model.score(window.iter().copied(), weights))
    })
}

/// Returns the log-odds to subtract from window scores, so that at most `allowed` negative rows become positive. Raises
/// the score of each row to the score of its highest window minus this margin.
pub(super) fn window_margin(
    rows: &mut [OutOfFoldRow],
    highest: &[f64],
    allowed: usize,
    is_positive: impl Fn(&OutOfFoldRow) -> bool,
) -> f64 {
    // Rows that score no more than `edge` are not positive.
    let below = rows.iter().filter(|row| !is_positive(row));
    let edge = below.clone().map(|row| row.score).fold(f64::NEG_INFINITY, f64::max);
    let mut excess: Vec<f64> =
        below.filter(|row| row.label == Label::Negative).map(|row| highest[row.row] - edge).collect();
    excess.sort_unstable_by(|one, other| other.total_cmp(one));
    // Add a little, because subtracting and adding a number changes the last bits.
    let margin = excess.get(allowed).map_or(0.0, |most| (most + most.abs() * 1e-9).max(0.0));
    for row in rows {
        row.score = row.score.max(highest[row.row] - margin);
    }
    margin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_change_no_more_verdicts_than_allowed() {
        let scored = |row, score, label| OutOfFoldRow { row, score, label, fold: 0 };
        let rows = [
            scored(0, 3.0, Label::Positive),
            scored(1, 0.5, Label::Negative),
            scored(2, -1.0, Label::Negative),
            scored(3, -1.0, Label::Positive),
        ];
        let highest = [f64::NEG_INFINITY, 5.0, 4.1, 6.0];
        let positive_rows = |allowed| {
            let mut rows = rows;
            window_margin(&mut rows, &highest, allowed, |row| row.score >= 1.75);
            rows.map(|row| row.score >= 1.75)
        };
        assert_eq!(positive_rows(0), [true, false, false, false]);
        assert_eq!(positive_rows(2), [true, true, true, true]);
        assert_eq!(positive_rows(1).iter().filter(|positive| **positive).count(), 2);
    }
}
