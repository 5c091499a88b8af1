//! score: adds the score and the verdict of a model to rows, and measures it on labelled rows.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;

use spamops::cli::histogram::ScoreHistogram;
use spamops::cli::options::{OutArgs, RowArgs};
use spamops::cli::tool::{self, Outcome, Scene, Tool};
use spamops::io::diagnostics::Diagnostics;
use spamops::io::result_file;
use spamops::io::stream::{self, Place};
use spamops::model::class_balance;
use spamops::model::model_file::Model;
use spamops::model::scoring::{LabelledScores, Scorer, ScoringOptions};
use spamops::model::threads;
use spamops::report::curve;
use spamops::rows::{CellValue, ReadOptions, Rows, Writer};
use spamops::stats::metrics::Metrics;
use spamops::stats::prior_shift::{Prior, RequestedPrior};

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
        let threads = threads::count(self.threads);
        let prior = self.prior.map(|asked| self.prior(asked, &model, threads, scene)).transpose()?;
        let mut rows = Rows::open(&self.input, &self.rows.options(scene))?;
        let explained_terms = self.explain.map(usize::from);
        let options = ScoringOptions { threads, prior: prior.as_ref(), explained_terms };
        let scorer = Scorer::new(&model, &rows, options)?;
        let added = &["spam_score", "verdict", "reasons"][..if self.explain.is_some() { 3 } else { 2 }];
        let mut writer = Writer::create(&self.out.output, self.out.format, &mut rows, added)?;
        let mut labelled = LabelledScores::new(self.metrics.is_some() || self.curve.is_some());
        let mut histogram = ScoreHistogram::default();
        scorer.score_each(&mut rows, |rows, row, scored| {
            let (score, verdict, truth) = (scored.spam_score, scorer.verdict(scored), rows.label(row)?);
            if let Some(truth) = truth {
                labelled.add(truth, verdict, score);
            }
            histogram.add(score, truth);
            let verdict = CellValue::Text(model.names.of(verdict));
            let values = [CellValue::Number(score), verdict, CellValue::Text(&scored.reasons)];
            writer.write_with(row, &values[..added.len()])
        })?;
        writer.finish()?;
        if let Some(place) = &self.metrics {
            let mut metrics = Metrics::new(rows.seen(), labelled.figures(), scene.name());
            metrics.head.run_id = scene.run_id();
            result_file::write(place, &Metrics { prior, ..metrics })?;
        }
        if let Some(place) = &self.curve {
            curve::write(place, &labelled.ranking())?;
        }
        if scene.is_watched() {
            scene.draw(histogram.lines(&model.names));
        }
        Ok(Outcome::Done)
    }
}

impl Args {
    /// The class balance that the scores are corrected for.
    fn prior(&self, asked: RequestedPrior, model: &Model, threads: usize, scene: &Scene) -> Result<Prior> {
        let basis = class_balance::prior_basis(model);
        let prior = match asked {
            RequestedPrior::Given(share) => Prior::given(share, basis),
            RequestedPrior::Auto => Prior::auto(&self.distinct_scores(model, threads, scene)?, basis),
        };
        scene.tell(prior.to_string());
        Ok(prior)
    }

    /// The scores that the class balance is estimated from, in a first pass over the rows.
    fn distinct_scores(&self, model: &Model, threads: usize, scene: &Scene) -> Result<Vec<f64>> {
        let is_read_once = self.input.path().is_none_or(|path| path.exists() && !path.is_file());
        let input = &self.input;
        ensure!(!is_read_once, "{input}: --prior auto reads the rows twice; name a file, or the share");
        // The second pass makes the remarks.
        let options = ReadOptions { notes: Diagnostics::default(), ..self.rows.options(scene) };
        let mut rows = Rows::open(input, &options)?;
        let options = ScoringOptions { threads, prior: None, explained_terms: None };
        class_balance::distinct_scores(&Scorer::new(model, &rows, options)?, &mut rows)
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
