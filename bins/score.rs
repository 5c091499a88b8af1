//! score: what a model makes of rows, one after the other.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use spamops::data::place::{self, Place};
use spamops::data::results;
use spamops::data::rows::{Row, Rows, Value, Writer};
use spamops::judge::metrics::{Confusion, Figures, Metrics};
use spamops::judge::ranking::{Ranking, Scored};
use spamops::learn::model::{Desk, Model};
use spamops::show::histogram::Histogram;
use spamops::show::options::{OutArgs, RowArgs};
use spamops::show::tool::{self, Scene, Tool, Verdict};

/// Score rows: adds the columns spam_score and verdict, and measures where there are labels
///
/// The score is the probability of naive Bayes that a row is spam; the verdict is spam from the model's threshold up.
/// Streaming: the memory is that of the model; --metrics and --curve add eight to sixteen bytes for each labelled row.
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
/// A terminal gets a histogram of the scores, too; --quiet leaves it out.
#[derive(Parser)]
#[command(
    name = "score",
    after_help = "\
Examples:
  score --model champion.json clean.csv -o scored.csv --metrics metrics.json
  score --model champion.json holdout.csv -o scored.csv --curve curve.csv
  score --model champion.json --explain 5 clean.csv
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

    /// Add the column reasons: the terms that moved the score most, so many, and by how much in log-odds
    #[arg(long, value_name = "TERMS", value_parser = clap::value_parser!(u16).range(1..=1000))]
    explain: Option<u16>,

    #[command(flatten)]
    out: OutArgs,

    #[command(flatten)]
    rows: RowArgs,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Verdict> {
        place::expect_apart(&[Some(&self.out.output), self.metrics.as_ref(), self.curve.as_ref()])?;
        let model = Model::read(&self.model)?;
        let mut rows = Rows::open(&self.input, &self.rows.options(scene))?;
        let columns = model.columns(&rows)?;
        let added = &["spam_score", "verdict", "reasons"][..if self.explain.is_some() { 3 } else { 2 }];
        let mut writer = Writer::create(&self.out.output, self.out.format, &mut rows, added)?;
        let keeps_scores = self.metrics.is_some() || self.curve.is_some();
        let mut scored = Vec::new();
        let mut confusion = Confusion::default();
        let mut histogram = Histogram::default();
        let mut row = Row::default();
        let mut desk = Desk::default();
        while rows.read(&mut row)? {
            let score = model.score_row(&row, &columns, &mut desk);
            let verdict = model.verdict(score);
            let truth = rows.label(&row)?;
            if let Some(truth) = truth {
                confusion.add(truth, verdict);
                if keeps_scores {
                    scored.push(Scored::new(score, truth));
                }
            }
            histogram.add(score, truth);
            let reasons = self.explain.map(|most| model.reasons(&row, &columns, &mut desk, most.into()));
            let reasons = Value::Text(reasons.as_deref().unwrap_or_default());
            let values = [Value::Number(score), Value::Text(model.names.of(verdict)), reasons];
            writer.write_with(&row, &values[..added.len()])?;
        }
        writer.finish()?;
        if let Some(place) = &self.metrics {
            let figures = Figures::of(&mut scored, confusion);
            results::write(place, &Metrics::new(rows.seen(), figures, scene.name()))?;
        }
        if let Some(place) = &self.curve {
            write_curve(place, &Ranking::of(&mut scored))?;
        }
        if scene.is_watched() {
            scene.draw(histogram.lines(&model.names));
        }
        Ok(Verdict::Done)
    }
}

/// Writes the points of the curves, from the highest threshold down; a rate is empty where there is nothing to take it of.
fn write_curve(place: &Place, ranking: &Ranking) -> Result<()> {
    let cell = |rate: Option<f64>| rate.map_or_else(String::new, |rate| Value::Number(rate).cell());
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
