//! Computes the score of one row: sums its known terms, takes the highest window, applies the calibration.

use std::borrow::Cow;

use anyhow::Result;

use crate::features::windows;
use crate::features::{AnalyzerBuffers, Term};
use crate::model::model_file::{Model, Windows};
use crate::model::term_counts::TermCounts;
use crate::rows::mask;
use crate::rows::{Row, Rows};

/// Buffers reused from row to row, for one model.
#[derive(Default)]
pub struct ScoringBuffers {
    scratch: AnalyzerBuffers,
    tally: TermCounts,
    keys: Vec<u64>,
    pub(super) counts: Vec<(u32, u32)>,
    pub(super) cells: Vec<String>,
}

/// The part of a text that determines the score of the text.
pub(super) struct ScoredPart<'a> {
    pub(super) text: &'a str,
    pub(super) log_odds: f64,
    /// Log-odds subtracted because the part is a window; 0 for the complete text.
    pub(super) margin: f64,
}

/// The columns of a file that a model reads.
pub struct ColumnPlaces {
    text: Option<usize>,
    pub(super) cells: Vec<usize>,
}

impl ColumnPlaces {
    /// Copies the cells of a row into the buffers, and returns its text.
    pub(super) fn load_row<'a>(&self, row: &'a Row, buffers: &mut ScoringBuffers) -> &'a str {
        buffers.cells.resize(self.cells.len(), String::new());
        for (cell, &column) in buffers.cells.iter_mut().zip(&self.cells) {
            cell.clear();
            cell.push_str(row.get(column));
        }
        self.text(row).unwrap_or_default()
    }

    /// The text of a row; `None` if the model reads no text.
    pub(super) fn text<'a>(&self, row: &'a Row) -> Option<&'a str> {
        self.text.map(|column| row.get(column))
    }
}

/// Number of keys that are looked up at a time.
const KEYS: usize = 1 << 14;

impl Model {
    /// The columns that the model reads. Fails if a column is missing.
    pub fn columns(&self, rows: &Rows) -> Result<ColumnPlaces> {
        let text = if self.features.text { Some(rows.text_column()?) } else { None };
        let cells = self.features.columns.names().map(|name| rows.column(name)).collect::<Result<_>>()?;
        Ok(ColumnPlaces { text, cells })
    }

    /// The probability that a text is positive.
    pub fn score(&self, text: &str, buffers: &mut ScoringBuffers) -> f64 {
        buffers.cells.clear();
        self.score_cells(text, buffers)
    }

    /// The probability that a row is positive.
    pub fn score_row(&self, row: &Row, columns: &ColumnPlaces, buffers: &mut ScoringBuffers) -> f64 {
        let text = columns.load_row(row, buffers);
        self.score_cells(text, buffers)
    }

    /// The probability that a text is positive, with the cells in the buffers.
    pub(super) fn score_cells(&self, text: &str, buffers: &mut ScoringBuffers) -> f64 {
        self.calibration.probability(self.best_part(&self.read_as(text), buffers).log_odds)
    }

    /// A text as the model reads it: personal data is masked if the training texts were masked.
    pub(super) fn read_as<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.masked.is_empty() { Cow::Borrowed(text) } else { mask::masked(text, &self.masked).into() }
    }

    /// The part with the highest log-odds: the complete text or one of its windows.
    pub(super) fn best_part<'a>(&self, text: &'a str, buffers: &mut ScoringBuffers) -> ScoredPart<'a> {
        let mut most = ScoredPart { text, log_odds: self.sum(text, buffers), margin: 0.0 };
        if let Some(Windows { words, margin }) = self.windows {
            windows::each(text, words, &mut |text| {
                let log_odds = self.sum(text, buffers) - margin;
                if log_odds > most.log_odds {
                    most = ScoredPart { text, log_odds, margin };
                }
            });
        }
        most
    }

    /// The log-odds of a part of a text. The counts of the known terms stay in the buffers.
    pub(super) fn sum(&self, text: &str, buffers: &mut ScoringBuffers) -> f64 {
        let ScoringBuffers { scratch, tally, keys, counts, cells } = buffers;
        let index = self.index();
        // Keys are collected first and looked up together, so that memory reads do not wait for each other.
        keys.clear();
        scratch.unspelled = true;
        self.features.each(text, cells, scratch, &mut |Term { key, .. }| {
            keys.push(key);
            if keys.len() == KEYS {
                index.count(keys, tally);
            }
        });
        index.count(keys, tally);
        tally.take(counts);
        let mut sum = 0.0;
        let values = counts.iter().map(|&(place, count)| {
            let (rarity, weight) = index.table[place as usize];
            let value = self.weighting.weight(count, rarity);
            sum += value * weight;
            value
        });
        let length = self.weighting.length(values);
        self.bias + if length > 0.0 { sum / length } else { 0.0 }
    }
}
