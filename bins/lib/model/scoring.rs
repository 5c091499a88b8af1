//! Scores rows in batches on several threads, and returns them in order.

use std::sync::{Mutex, PoisonError};

use anyhow::{Error, Result};

use crate::io::stream::Place;
use crate::model::model_file::Model;
use crate::model::row_score::{ColumnPlaces, ScoringBuffers};
use crate::model::threads;
use crate::rows::label::Label;
use crate::rows::message_groups::MessageGroups;
use crate::rows::{Row, Rows};
use crate::stats::metrics::{Confusion, DistinctFigures, Figures};
use crate::stats::prior_shift::Prior;
use crate::stats::ranking::{Ranking, ScoredLabel};

#[derive(Clone, Copy)]
pub struct ScoringOptions<'a> {
    pub threads: usize,
    /// Correction for a different class balance.
    pub prior: Option<&'a Prior>,
    /// Maximum number of terms that explain a score; `None` for no explanation.
    pub explained_terms: Option<usize>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowScore {
    /// Probability that the row is positive.
    pub spam_score: f64,
    /// The terms with the largest contributions; empty if scores are not explained.
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
    /// Creates a scorer for these rows. Fails if the rows lack a column that the model reads.
    pub fn new(model: &'a Model, rows: &Rows, options: ScoringOptions<'a>) -> Result<Self> {
        Ok(Self { model, columns: model.columns(rows)?, options, buffers: Mutex::default() })
    }

    /// The columns that the model reads.
    pub fn columns(&self) -> &ColumnPlaces {
        &self.columns
    }

    /// The text of a row; `None` if the model reads no text.
    pub fn text<'r>(&self, row: &'r Row) -> Option<&'r str> {
        self.columns.text(row)
    }

    /// The verdict on a score, by the threshold of the model.
    pub fn verdict(&self, scored: &RowScore) -> Label {
        self.model.verdict(scored.spam_score)
    }

    /// Reads and scores all rows, and calls `each` with every row in order. While one batch is scored, `each` gets the
    /// previous batch, and the next batch is read.
    ///
    /// If reading fails, `each` still gets the rows read until then.
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
            self.score_while(&unscored[..*used], scores, || {
                before.pass_on(rows, &mut each)?;
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
        self.score_while(rows, scores, || ());
    }

    /// Scores a batch of rows while this thread first does something else.
    fn score_while<R>(&self, rows: &[Row], scores: &mut Vec<RowScore>, meanwhile: impl FnOnce() -> R) -> R {
        scores.resize(rows.len(), RowScore::default());
        let mut work: Vec<_> = rows.chunks(THREAD_ROWS).zip(scores.chunks_mut(THREAD_ROWS)).collect();
        threads::each_while(
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
        // Buffers grow with the largest row. Drop the buffers after a giant row.
        if !rows.iter().any(|row| row_bytes(row) >= GIANT_BYTES) {
            unused().push(buffers);
        }
    }
}

/// Maximum number of rows in a batch.
const BATCH_ROWS: usize = 512;

/// A batch with this many bytes or more takes no more rows.
const BATCH_BYTES: usize = 1 << 20;

/// The memory of a row with this many bytes or more is not reused.
const GIANT_BYTES: usize = 1 << 16;

/// Number of rows that a thread takes at a time.
const THREAD_ROWS: usize = 32;

fn row_bytes(row: &Row) -> usize {
    row.cells().map(str::len).sum()
}

/// Rows that are read, scored and passed on together. The memory is reused for later batches.
struct RowBatch {
    rows: Vec<Row>,
    scores: Vec<RowScore>,
    /// Number of rows in this batch; the others are memory for later batches.
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

    /// Empties the batch, after the last row.
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

    /// Calls `each` with every scored row, then returns the error that ended the reading.
    fn pass_on(
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
    keeps_scores: bool,
    all: ScoredRows,
    /// Distinct messages, each with its first row; none if copies are not told apart.
    distinct: Option<(MessageGroups, ScoredRows)>,
}

#[derive(Default)]
struct ScoredRows {
    confusion: Confusion,
    scores: Vec<ScoredLabel>,
}

impl LabelledScores {
    /// An empty collection. If `keeps_scores` is false, rows need no memory, and figures from scores are missing. If
    /// `groups_copies` is true, figures on distinct messages are collected too.
    pub fn new(keeps_scores: bool, groups_copies: bool) -> Self {
        Self { keeps_scores, all: ScoredRows::default(), distinct: groups_copies.then(Default::default) }
    }

    /// Adds a row. A row without a text is never a copy.
    pub fn add(&mut self, text: Option<&str>, truth: Label, verdict: Label, score: f64) {
        let scored = ScoredLabel::new(score, truth);
        let count = |rows: &mut ScoredRows| {
            rows.confusion.add(truth, verdict);
            if self.keeps_scores {
                rows.scores.push(scored);
            }
        };
        count(&mut self.all);
        if let Some((groups, first_rows)) = &mut self.distinct
            && groups.add(text, truth).is_first
        {
            count(first_rows);
        }
    }

    pub fn figures(&mut self) -> Figures {
        Figures::of(&mut self.all.scores, self.all.confusion)
    }

    /// The figures on distinct messages; none if no row is a copy.
    pub fn distinct_figures(&mut self) -> Option<DistinctFigures> {
        let (groups, first_rows) = self.distinct.as_mut().filter(|(groups, _)| groups.copies() > 0)?;
        let figures = Figures::of(&mut first_rows.scores, first_rows.confusion);
        Some(DistinctFigures { messages: groups.messages(), figures })
    }

    /// The warning that copies in a file may be missed; none if all are found.
    pub fn warning(&self, place: &Place) -> Option<String> {
        self.distinct.as_ref().and_then(|(groups, _)| groups.warning(place))
    }

    pub fn ranking(&mut self) -> Ranking<'_> {
        Ranking::of(&mut self.all.scores)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    use crate::features::Analyzer;
    use crate::features::columns::FeatureColumns;
    use crate::features::row::FeatureSpec;
    use crate::rows::ReadOptions;

    fn model() -> Model {
        let (text, analyzer, columns) = (true, Analyzer::default(), FeatureColumns::default());
        let mut model = Model::empty("fit", FeatureSpec { text, analyzer, columns });
        model.texts = 10;
        model.terms.push("free", 4, 2.0);
        model.terms.push("noon", 3, -1.0);
        model
    }

    fn rows(text: String) -> Rows {
        let place = Place::File("rows.csv".into());
        Rows::from_bytes(Box::new(Cursor::new(text)), &place, &ReadOptions::default()).unwrap()
    }

    /// Every text with its score, and the result of reading.
    fn scored(model: &Model, csv: &str, threads: usize) -> (Vec<(String, RowScore)>, Result<()>) {
        let mut rows = rows(csv.to_owned());
        let options = ScoringOptions { threads, prior: None, explained_terms: Some(1) };
        let scorer = Scorer::new(model, &rows, options).unwrap();
        let mut found = Vec::new();
        let result = scorer.score_each(&mut rows, |_, row, scored| {
            found.push((row.get(0).to_owned(), scored.clone()));
            Ok(())
        });
        (found, result)
    }

    #[test]
    fn scores_rows_in_order_on_any_number_of_threads() {
        let model = model();
        let texts = |n: usize| format!("{} {n}", ["free", "noon", "other"][n % 3]);
        // A giant row in the middle: its memory is not kept.
        let giant = "free ".repeat(GIANT_BYTES / 4);
        let text = |n: usize| if n == 700 { giant.clone() } else { texts(n) };
        let count = 3 * BATCH_ROWS + 7;
        let csv: String = (0..count).fold("text\n".to_owned(), |csv, n| csv + &text(n) + "\n");
        let (alone, result) = scored(&model, &csv, 1);
        result.unwrap();
        assert!(alone.iter().map(|(text, _)| text.clone()).eq((0..count).map(text)));
        for (text, RowScore { spam_score, reasons }) in &alone {
            assert_eq!(spam_score.to_bits(), model.score(text, &mut ScoringBuffers::default()).to_bits());
            assert_eq!(reasons.contains("free"), text.starts_with("free"), "{reasons}");
        }
        for threads in [2, 5] {
            assert!(scored(&model, &csv, threads).0 == alone);
        }
    }

    #[test]
    fn rows_before_a_failure_are_scored() {
        let (found, result) = scored(&model(), "text\nfree\nnoon\na,b\nfree\n", 2);
        assert_eq!(found.iter().map(|(text, _)| &text[..]).collect::<Vec<_>>(), ["free", "noon"]);
        assert!(result.unwrap_err().to_string().starts_with("rows.csv: line 4: "));
    }

    #[test]
    fn scores_a_batch_in_memory_like_a_file() {
        let (model, mut source) = (model(), rows("text\nfree\nnoon\n".into()));
        let options = ScoringOptions { threads: 2, prior: None, explained_terms: None };
        let scorer = Scorer::new(&model, &source, options).unwrap();
        let mut batch = vec![Row::default(), Row::default()];
        for row in &mut batch {
            assert!(source.read(row).unwrap());
        }
        let mut found = vec![RowScore::default(); 7];
        scorer.score(&batch, &mut found);
        let single = ["free", "noon"].map(|text| model.score(text, &mut ScoringBuffers::default()));
        assert_eq!(found.iter().map(|scored| scored.spam_score).collect::<Vec<_>>(), single);
        assert!(single[0] > 0.5 && single[1] < 0.5);
    }
}
