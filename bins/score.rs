//! score: what a model makes of rows, one after the other.

use std::collections::HashSet;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;

use anyhow::{Context, Error, Result, ensure};
use clap::Parser;

use spamops::cli::histogram::ScoreHistogram;
use spamops::cli::options::{OutArgs, RowArgs};
use spamops::cli::tool::{self, Outcome, Scene, Tool};
use spamops::io::diagnostics::Diagnostics;
use spamops::io::result_file;
use spamops::io::stream::{self, Place};
use spamops::model::calibrate::Calibration;
use spamops::model::model_file::Model;
use spamops::model::row_score::{ColumnPlaces, ScoringBuffers};
use spamops::model::threads;
use spamops::rows::fingerprint::Fingerprint;
use spamops::rows::{CellValue, ReadOptions, Row, Rows, Writer};
use spamops::stats::metrics::{Confusion, Figures, Metrics};
use spamops::stats::prior_shift::{Prior, PriorBasis, RequestedPrior, TrainingBalance};
use spamops::stats::ranking::{Ranking, ScoredLabel};

/// Score rows: adds the columns spam_score and verdict, and measures where there are labels
///
/// The score is the probability that a row is spam, calibrated where the model is; the verdict is spam from the model's
/// threshold up. Rows go out in the order they came in, on any number of threads. Streaming: the memory is that of the model
/// and of three batches of rows, of a megabyte or one row each; --metrics and --curve add eight to sixteen bytes for each labelled row.
///
/// Figures are those of scikit-learn, ties included. At the model's threshold, and 0 where they divide by 0: F1, precision,
/// recall, accuracy, macro F1, Matthews' correlation. From the scores, and null where a class they need has no rows: ROC
/// AUC, average precision, log-loss, Brier score, expected calibration error in 15 bins (Naeini 2015), and the most recall
/// with false positives of .1% and of 1%. 95% intervals are Wilson's (1927), that of F1 by way of Jaccard's index, that of
/// AUC by DeLong's variance (1988) on the logit.
///
/// --explain reads a row once more for its reasons: the weight of each known term in the row, times the slope of the model's
/// calibration where that is a sigmoid. With the log-odds without a term they add up to those of the score; of a message
/// that is judged by its surest window they are that window's. No word stands in (), no text in [].
///
/// --prior corrects calibrated scores by Bayes' rule where the share of positive rows is another than in training; the
/// threshold stays, and the reasons are those of the score before. A named share is used as it is. With auto it is estimated
/// from the scores of the distinct texts (Saerens, Latinne and Decaestecker 2002), and used where there are 200 of them, a
/// likelihood-ratio test (Wilks 1938) gives p < .01, the shares differ by .03 or more, and recall less false positives was
/// .2 or more out of fold; the odds move by a factor of 10 at most. It helps where the base rate has moved and the texts
/// have not. The file is read twice, with some 24 bytes for each distinct text. A line says what was done, and why.
///
/// A terminal gets a histogram of the scores, too; --quiet leaves it out.
#[derive(Parser)]
#[command(
    name = "score",
    after_help = "\
Examples:
  score --model champion.json clean.csv -o scored.csv --metrics metrics.json
  score --model champion.json holdout.csv -o scored.csv --curve curve.csv
  score --model champion.json --explain 5 clean.csv
  score --model champion.json --prior auto clean.csv -o scored.csv --metrics metrics.json
  zcat mail.csv.gz | score --model champion.json | sample --for-labels 50"
)]
pub(crate) struct Args {
    /// Rows as CSV or JSON Lines, plain, gzip or zstd
    #[arg(value_name = "FILE", default_value = "-")]
    input: Place,

    /// The model
    #[arg(long, short, value_name = "FILE")]
    model: Place,

    /// Where the figures go, their 95% intervals and the counts behind them, as JSON
    #[arg(long, value_name = "FILE")]
    metrics: Option<Place>,

    /// Where the points of the ROC and the precision-recall curve go, as CSV: one for each score at which it turns
    #[arg(long, value_name = "FILE")]
    curve: Option<Place>,

    /// How many threads score [default: one for each core]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// Correct the scores for another share of positive rows than in training: this one, or auto, to estimate it
    #[arg(long, value_name = "auto|SHARE")]
    prior: Option<RequestedPrior>,

    /// Add the column reasons: the terms that moved the score most, so many, and by how much in log-odds
    #[arg(long, value_name = "TERMS", value_parser = clap::value_parser!(u16).range(1..=1000))]
    explain: Option<u16>,

    #[command(flatten)]
    out: OutArgs,

    #[command(flatten)]
    rows: RowArgs,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        stream::expect_apart(&[Some(&self.out.output), self.metrics.as_ref(), self.curve.as_ref()])?;
        stream::expect_kept(&[Some(&self.out.output)], [&self.model])?;
        stream::expect_kept(&[self.metrics.as_ref(), self.curve.as_ref()], [&self.model, &self.input])?;
        let model = Model::read(&self.model)?;
        let threads = self.threads.map(usize::from).or_else(|| available_parallelism().ok().map(Into::into));
        let threads = threads.unwrap_or(1);
        let prior = self.prior.map(|asked| self.prior(asked, &model, threads, scene)).transpose()?;
        let mut rows = Rows::open(&self.input, &self.rows.options(scene))?;
        let columns = model.columns(&rows)?;
        let added = &["spam_score", "verdict", "reasons"][..if self.explain.is_some() { 3 } else { 2 }];
        let mut writer = Writer::create(&self.out.output, self.out.format, &mut rows, added)?;
        let mut found =
            Found { keeps_scores: self.metrics.is_some() || self.curve.is_some(), ..Found::default() };
        let most = self.explain.map(usize::from);
        let judge = Judge { model: &model, columns, prior: prior.as_ref(), most };
        each_batch(&mut rows, &judge, threads, |rows, batch| {
            batch.write(rows, &judge, &mut writer, &mut found)
        })?;
        writer.finish()?;
        let Found { confusion, mut scored, histogram, .. } = found;
        if let Some(place) = &self.metrics {
            let figures = Figures::of(&mut scored, confusion);
            let metrics = Metrics::new(rows.seen(), figures, scene.name());
            result_file::write(place, &Metrics { prior, ..metrics })?;
        }
        if let Some(place) = &self.curve {
            write_curve(place, &Ranking::of(&mut scored))?;
        }
        if scene.is_watched() {
            scene.draw(histogram.lines(&model.names));
        }
        Ok(Outcome::Done)
    }
}

impl Args {
    /// Which share of positive rows the scores go by.
    fn prior(&self, asked: RequestedPrior, model: &Model, threads: usize, scene: &Scene) -> Result<Prior> {
        let positive = model.provenance.positive;
        let negative = model.provenance.rows.saturating_sub(positive);
        let Figures { recall, confusion, .. } = model.estimate.pooled;
        let negatives = confusion.false_positive + confusion.true_negative;
        let ground = PriorBasis {
            trained: TrainingBalance { positive, negative },
            calibrated: model.calibration != Calibration::None,
            apart: recall - confusion.false_positive as f64 / negatives.max(1) as f64,
        };
        let prior = match asked {
            RequestedPrior::Given(share) => Prior::given(share, ground),
            RequestedPrior::Auto => Prior::auto(&self.distinct_scores(model, threads, scene)?, ground),
        };
        scene.tell(prior.to_string());
        Ok(prior)
    }

    /// The scores of distinct texts; of all rows where the model reads no text.
    fn distinct_scores(&self, model: &Model, threads: usize, scene: &Scene) -> Result<Vec<f64>> {
        let is_read_once = self.input.path().is_none_or(|path| path.exists() && !path.is_file());
        let input = &self.input;
        ensure!(!is_read_once, "{input}: --prior auto reads the rows twice; name a file, or the share");
        // What there is to remark is remarked on the second time.
        let options = ReadOptions { notes: Diagnostics::default(), ..self.rows.options(scene) };
        let mut rows = Rows::open(input, &options)?;
        let judge = Judge { model, columns: model.columns(&rows)?, prior: None, most: None };
        let text = if model.features.text { Some(rows.text_column()?) } else { None };
        let (mut scores, mut seen) = (Vec::new(), HashSet::new());
        each_batch(&mut rows, &judge, threads, |_, batch| {
            for (row, (score, _)) in batch.rows[..batch.used].iter().zip(&batch.scores) {
                if text.is_none_or(|column| seen.insert(Fingerprint::of(row.get(column)))) {
                    scores.push(*score);
                }
            }
            batch.failed.take().map_or(Ok(()), Err)
        })?;
        Ok(scores)
    }
}

/// Hands on every batch of rows with its scores: one is scored while the one before it is handed on and the one after it
/// is read.
fn each_batch(
    rows: &mut Rows,
    judge: &Judge,
    threads: usize,
    mut each: impl FnMut(&Rows, &mut Batch) -> Result<()>,
) -> Result<()> {
    let desks = Mutex::new(Vec::new());
    let mut batches = [const { Batch::new() }; 3];
    batches[0].read(rows);
    loop {
        let [now, before, after] = &mut batches;
        // Behind an error or the end there is nothing to wait for.
        let ended = now.ended;
        if now.is_empty() && before.is_empty() {
            return Ok(());
        }
        now.score(judge, &desks, threads, || {
            each(rows, before)?;
            if ended {
                after.clear();
            } else {
                after.read(rows);
            }
            anyhow::Ok(())
        })?;
        batches.rotate_right(1);
    }
}

/// Rows of a batch at most, and bytes from which on it takes no more.
const AT_ONCE: (usize, usize) = (512, 1 << 20);

/// Bytes of a row whose memory is not kept for the next.
const GIANT: usize = 1 << 16;

/// Rows that a thread takes at once.
const A_FEW: usize = 32;

/// What makes scores of rows.
struct Judge<'a> {
    model: &'a Model,
    columns: ColumnPlaces,
    /// What corrects them.
    prior: Option<&'a Prior>,
    /// The terms that a score is explained by, at most; none where it is not.
    most: Option<usize>,
}

/// Rows, and what becomes of them.
struct Batch {
    rows: Vec<Row>,
    /// The score of each row, and what moved it.
    scores: Vec<(f64, String)>,
    /// How many of the rows are of this batch; the others are memory for later ones.
    used: usize,
    /// Whether there are no rows behind these.
    ended: bool,
    /// Why the reading ended early.
    failed: Option<Error>,
}

/// What is known of the rows so far.
#[derive(Default)]
struct Found {
    confusion: Confusion,
    histogram: ScoreHistogram,
    keeps_scores: bool,
    scored: Vec<ScoredLabel>,
}

impl Batch {
    const fn new() -> Self {
        Self { rows: Vec::new(), scores: Vec::new(), used: 0, ended: false, failed: None }
    }

    fn is_empty(&self) -> bool {
        self.used == 0 && self.failed.is_none()
    }

    /// Leaves it empty, behind the end.
    fn clear(&mut self) {
        (self.used, self.ended) = (0, true);
    }

    fn read(&mut self, rows: &mut Rows) {
        (self.used, self.ended) = (0, false);
        let mut bytes = 0;
        // What a few giants needed is given back.
        self.rows.retain(|row| row.cells().map(str::len).sum::<usize>() < GIANT);
        while self.used < AT_ONCE.0 && bytes < AT_ONCE.1 {
            if self.used == self.rows.len() {
                self.rows.push(Row::default());
            }
            match rows.read(&mut self.rows[self.used]) {
                Ok(true) => bytes += self.rows[self.used].cells().map(str::len).sum::<usize>(),
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

    /// Scores the rows, so many threads at a time, this one after it has done what there is to do meanwhile.
    fn score<R>(
        &mut self,
        judge: &Judge,
        desks: &Mutex<Vec<ScoringBuffers>>,
        threads: usize,
        meanwhile: impl FnOnce() -> R,
    ) -> R {
        let Judge { model, columns, prior, most } = judge;
        self.scores.resize(self.used, (0.0, String::new()));
        let rows = self.rows[..self.used].chunks(A_FEW);
        let mut work: Vec<_> = rows.zip(self.scores.chunks_mut(A_FEW)).collect();
        let desk = || desks.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let put_back = |desk| desks.lock().unwrap_or_else(PoisonError::into_inner).push(desk);
        let score = |(rows, scores): &mut (&[Row], &mut [(f64, String)])| {
            let mut desk = desk().unwrap_or_default();
            for (row, (score, reasons)) in rows.iter().zip(scores.iter_mut()) {
                *score = model.score_row(row, columns, &mut desk);
                *score = prior.map_or(*score, |prior| prior.corrected(*score));
                if let Some(most) = *most {
                    *reasons = model.reasons(row, columns, &mut desk, most);
                }
            }
            // A desk that has seen a giant has grown with it, and is not kept.
            if !rows.iter().any(|row| row.cells().map(str::len).sum::<usize>() >= GIANT) {
                put_back(desk);
            }
        };
        threads::beside(&mut work, threads, score, meanwhile)
    }

    fn write(&mut self, rows: &Rows, judge: &Judge, writer: &mut Writer, found: &mut Found) -> Result<()> {
        for (row, (score, reasons)) in self.rows[..self.used].iter().zip(&self.scores) {
            let (score, verdict) = (*score, judge.model.verdict(*score));
            let truth = rows.label(row)?;
            if let Some(truth) = truth {
                found.confusion.add(truth, verdict);
                if found.keeps_scores {
                    found.scored.push(ScoredLabel::new(score, truth));
                }
            }
            found.histogram.add(score, truth);
            let verdict = CellValue::Text(judge.model.names.of(verdict));
            let values = [CellValue::Number(score), verdict, CellValue::Text(reasons)];
            writer.write_with(row, &values[..if judge.most.is_some() { 3 } else { 2 }])?;
        }
        self.failed.take().map_or(Ok(()), Err)
    }
}

/// Writes the points of the curves, from the highest threshold down; a rate is empty where there is nothing to take it of.
fn write_curve(place: &Place, ranking: &Ranking) -> Result<()> {
    let cell = |rate: Option<f64>| rate.map_or_else(String::new, |rate| CellValue::Number(rate).cell());
    let mut output = place.writer()?;
    let mut write = |line: String| writeln!(output, "{line}").with_context(|| place.to_string());
    write("threshold,false_positive_rate,true_positive_rate,precision".into())?;
    for point in ranking.corners() {
        let rates = [point.false_positive_rate, point.true_positive_rate, Some(point.precision)];
        let [false_positive, true_positive, precision] = rates.map(cell);
        let threshold = cell(Some(point.threshold));
        write(format!("{threshold},{false_positive},{true_positive},{precision}"))?;
    }
    output.finish()
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
