//! Scores rows in batches on several threads, and hands them on in order.

use std::sync::{Mutex, PoisonError};

use anyhow::{Error, Result};

use crate::model::model_file::Model;
use crate::model::row_score::{ColumnPlaces, ScoringBuffers};
use crate::model::threads;
use crate::rows::label::Label;
use crate::rows::{Row, Rows};
use crate::stats::metrics::{Confusion, Figures};
use crate::stats::prior_shift::Prior;
use crate::stats::ranking::{Ranking, ScoredLabel};

/// How rows are scored.
#[derive(Clone, Copy)]
pub struct ScoringOptions<'a> {
    /// Threads that score at once.
    pub threads: usize,
    /// Corrects the scores for another class balance.
    pub prior: Option<&'a Prior>,
    /// How many terms explain a score, at most; none if scores are not explained.
    pub explained_terms: Option<usize>,
}

/// The score of a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowScore {
    /// The probability that the row is positive.
    pub spam_score: f64,
    /// The terms that moved the score most; empty if scores are not explained.
    pub reasons: String,
}

/// A model that scores the rows of one file.
pub struct Scorer<'a> {
    model: &'a Model,
    columns: ColumnPlaces,
    options: ScoringOptions<'a>,
    /// Buffers that no thread is using.
    buffers: Mutex<Vec<ScoringBuffers>>,
}

impl<'a> Scorer<'a> {
    /// A scorer for these rows; an error if they lack a column that the model reads.
    pub fn new(model: &'a Model, rows: &Rows, options: ScoringOptions<'a>) -> Result<Self> {
        Ok(Self { model, columns: model.columns(rows)?, options, buffers: Mutex::default() })
    }

    /// The columns that the model reads.
    pub fn columns(&self) -> &ColumnPlaces {
        &self.columns
    }

    /// The verdict on a score, by the threshold of the model.
    pub fn verdict(&self, scored: &RowScore) -> Label {
        self.model.verdict(scored.spam_score)
    }

    /// Reads and scores all rows, and calls `each` with every row in order. While one batch is scored, `each` sees the
    /// batch before it and the batch after it is read.
    ///
    /// If reading fails, `each` still sees the rows before the failure.
    pub fn score_each(
        &self,
        rows: &mut Rows,
        mut each: impl FnMut(&Rows, &Row, &RowScore) -> Result<()>,
    ) -> Result<()> {
        let mut batches = [const { RowBatch::new() }; 3];
        batches[0].read(rows);
        loop {
            let [now, before, after] = &mut batches;
            if now.is_empty() && before.is_empty() {
                return Ok(());
            }
            let RowBatch { rows: unscored, scores, used, ended, .. } = now;
            self.score_beside(&unscored[..*used], scores, || {
                before.hand_on(rows, &mut each)?;
                if *ended {
                    after.clear();
                } else {
                    after.read(rows);
                }
                anyhow::Ok(())
            })?;
            batches.rotate_right(1);
        }
    }

    /// Scores a batch of rows; `scores` is overwritten.
    pub fn score(&self, rows: &[Row], scores: &mut Vec<RowScore>) {
        self.score_beside(rows, scores, || ());
    }

    /// Scores a batch of rows while this thread first does something else.
    fn score_beside<R>(&self, rows: &[Row], scores: &mut Vec<RowScore>, meanwhile: impl FnOnce() -> R) -> R {
        scores.resize(rows.len(), RowScore::default());
        let mut work: Vec<_> = rows.chunks(THREAD_ROWS).zip(scores.chunks_mut(THREAD_ROWS)).collect();
        threads::beside(
            &mut work,
            self.options.threads,
            |(rows, scores)| self.score_some(rows, scores),
            meanwhile,
        )
    }

    /// Scores some rows on this thread.
    fn score_some(&self, rows: &[Row], scores: &mut [RowScore]) {
        let Self { model, columns, options, buffers: unused } = self;
        let unused = || unused.lock().unwrap_or_else(PoisonError::into_inner);
        let mut buffers = unused().pop().unwrap_or_default();
        for (row, scored) in rows.iter().zip(scores) {
            let score = model.score_row(row, columns, &mut buffers);
            scored.spam_score = options.prior.map_or(score, |prior| prior.corrected(score));
            if let Some(most) = options.explained_terms {
                scored.reasons = model.reasons(row, columns, &mut buffers, most);
            }
        }
        // Buffers grow with the largest row; they are not kept after a giant one.
        if !rows.iter().any(|row| row_bytes(row) >= GIANT_BYTES) {
            unused().push(buffers);
        }
    }
}

/// Rows of a batch, at most.
const BATCH_ROWS: usize = 512;

/// A batch with this many bytes takes no more rows.
const BATCH_BYTES: usize = 1 << 20;

/// The memory of a row with this many bytes is not reused.
const GIANT_BYTES: usize = 1 << 16;

/// Rows that a thread takes at once.
const THREAD_ROWS: usize = 32;

fn row_bytes(row: &Row) -> usize {
    row.cells().map(str::len).sum()
}

/// Rows that are read, scored and handed on together. Its memory is reused for later batches.
struct RowBatch {
    rows: Vec<Row>,
    scores: Vec<RowScore>,
    /// How many of the rows belong to this batch; the others are memory for later ones.
    used: usize,
    /// Whether these are the last rows.
    ended: bool,
    /// The error that ended the reading early.
    failed: Option<Error>,
}

impl RowBatch {
    const fn new() -> Self {
        Self { rows: Vec::new(), scores: Vec::new(), used: 0, ended: false, failed: None }
    }

    fn is_empty(&self) -> bool {
        self.used == 0 && self.failed.is_none()
    }

    /// Leaves the batch empty, after the last row.
    fn clear(&mut self) {
        (self.used, self.ended) = (0, true);
    }

    /// Reads the next rows.
    fn read(&mut self, rows: &mut Rows) {
        (self.used, self.ended) = (0, false);
        let mut bytes = 0;
        self.rows.retain(|row| row_bytes(row) < GIANT_BYTES);
        while self.used < BATCH_ROWS && bytes < BATCH_BYTES {
            if self.used == self.rows.len() {
                self.rows.push(Row::default());
            }
            match rows.read(&mut self.rows[self.used]) {
                Ok(true) => bytes += row_bytes(&self.rows[self.used]),
                Ok(false) => {
                    self.ended = true;
                    return;
                }
                Err(error) => {
                    (self.failed, self.ended) = (Some(error), true);
                    return;
                }
            }
            self.used += 1;
        }
    }

    /// Calls `each` with every scored row, then reports the error that ended the reading.
    fn hand_on(
        &mut self,
        rows: &Rows,
        each: &mut impl FnMut(&Rows, &Row, &RowScore) -> Result<()>,
    ) -> Result<()> {
        for (row, scored) in self.rows[..self.used].iter().zip(&self.scores) {
            each(rows, row, scored)?;
        }
        self.failed.take().map_or(Ok(()), Err)
    }
}

/// The scores of labelled rows, collected for metrics and curves.
#[derive(Default)]
pub struct LabelledScores {
    confusion: Confusion,
    keeps_scores: bool,
    scores: Vec<ScoredLabel>,
}

impl LabelledScores {
    /// An empty collection. Unless it `keeps_scores`, it takes no memory for each row and has no figures from scores.
    pub fn new(keeps_scores: bool) -> Self {
        Self { keeps_scores, ..Self::default() }
    }

    /// Adds a labelled row.
    pub fn add(&mut self, truth: Label, verdict: Label, score: f64) {
        self.confusion.add(truth, verdict);
        if self.keeps_scores {
            self.scores.push(ScoredLabel::new(score, truth));
        }
    }

    /// The figures of all rows.
    pub fn figures(&mut self) -> Figures {
        Figures::of(&mut self.scores, self.confusion)
    }

    /// The rows ranked by score.
    pub fn ranking(&mut self) -> Ranking<'_> {
        Ranking::of(&mut self.scores)
    }
}
