//! score: adds a model's score and verdict to rows, and measures the model on labelled rows.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;

use spamops::cli::histogram::ScoreHistogram;
use spamops::cli::options::{OutArgs, RowArgs};
use spamops::cli::tool::{self, Outcome, Scene, Tool};
use spamops::drift::other_change;
use spamops::io::diagnostics::Diagnostics;
use spamops::io::result_file;
use spamops::io::stream::{self, Place};
use spamops::model::class_balance;
use spamops::model::model_file::Model;
use spamops::model::profile_builder;
use spamops::model::scoring::{LabelledScores, Scorer, ScoringOptions};
use spamops::model::threads;
use spamops::report::curve;
use spamops::rows::{CellValue, ReadOptions, Rows, Writer};
use spamops::stats::metrics::Metrics;
use spamops::stats::prior_shift::{OtherChange, Prior, RequestedPrior};

/// Score rows with a model, and measure it on labelled rows
///
/// What it does: Adds the columns spam_score and verdict to every row. The score is the probability that the row is
/// spam. The verdict is spam if the score reaches the model's threshold.
///
/// Input: A model from fit, and rows as CSV or JSON Lines, plain, gzip or zstd. --prior auto reads the rows three
/// times, so the rows must come from a file.
///
/// Output: All rows in input order, on stdout or in -o FILE. --explain adds the column reasons, --metrics writes the
/// figures as JSON, and --curve writes the ROC and precision-recall curves as CSV. A terminal also shows a histogram of
/// the scores, unless --quiet is set.
///
/// Memory: The model and three batches of rows. A batch has 1 MB of rows, or one longer row. --metrics and
/// --curve add 8 to 16 bytes per labelled row. --metrics also adds 5 to 10 kB per distinct labelled message, for up to
/// 65,536 messages, to find near-duplicates. --prior auto adds about 24 bytes per distinct text.
///
/// Method: Scores are calibrated if the model has a calibration. The result does not depend on the number of threads.
/// The figures equal scikit-learn's figures, even if scores are tied.
///
/// If labelled rows are copies or near-duplicates of others, --metrics also has the figures with each message counted
/// once (the key distinct). drift uses these figures, so a message that is sent twenty times counts once.
///
/// The figures leave out labelled rows that were picked for labelling (column picked_for, other than random): they are
/// the hardest rows, so a healthy model looks bad on them.
///
/// F1, precision, recall, accuracy, macro F1 and Matthews' correlation use the threshold. They are 0 if the divisor is
/// 0. ROC AUC, average precision, log-loss, Brier score and expected calibration error (15 bins, Naeini 2015) use the
/// scores. Recall at a false positive rate of 0.1% and 1% also uses the scores. These figures are null if a class they
/// need has no rows. The 95% intervals are Wilson's (1927). The interval of F1 is computed through the Jaccard index.
/// The interval of the AUC uses DeLong's variance (1988) on the logit scale.
///
/// --explain gives the weight of each known term in the row, multiplied by the slope of a sigmoid calibration. Together
/// with the intercept, the weights add up to the log-odds of the score. A message that is scored by windows gets the
/// reasons of the window with the highest score. In the column reasons, () marks the shape of a text, and [] marks
/// another column.
///
/// --prior corrects calibrated scores by Bayes' rule if the class balance differs from training. The threshold and
/// the reasons do not change. auto estimates the class balance from the scores of distinct texts (Saerens, Latinne
/// and Decaestecker 2002). auto corrects the scores only if there are at least 200 distinct texts and the change is at
/// least 0.03. A likelihood-ratio test (Wilks 1938) must also give p < 0.01. The out-of-fold recall must exceed the
/// false positive rate by at least 0.2. Words and scores must not have changed otherwise: they are compared with the
/// profile of the training rows at the same class balance. The odds change by at most a factor of 10. Use --prior SHARE
/// only if the class balance has changed and the texts have not. One line on stderr reports the correction and its
/// reason.
#[derive(Parser)]
#[command(
    name = "score",
    after_help = "\
Examples:
  score --model champion.json clean.csv -o scored.csv --metrics metrics.json
  score --model champion.json --explain 5 clean.csv
  score --model champion.json holdout.csv -o scored.csv --curve curve.csv
  score --model champion.json --prior auto clean.csv -o scored.csv --metrics metrics.json
  zcat mail.csv.gz | score --model champion.json | sample --for-labels 50"
)]
pub(crate) struct Args {
    /// Rows as CSV or JSON Lines, plain, gzip or zstd
    #[arg(value_name = "FILE", default_value = "-")]
    input: Place,

    /// Model to score with
    #[arg(long, short, value_name = "FILE")]
    model: Place,

    /// File for the figures as JSON, with 95% intervals and counts
    #[arg(long, value_name = "FILE")]
    metrics: Option<Place>,

    /// File for the ROC and precision-recall curves as CSV
    ///
    /// The file has one line per distinct score.
    #[arg(long, value_name = "FILE")]
    curve: Option<Place>,

    /// Number of threads [default: one per core]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024), hide_short_help = true)]
    threads: Option<u16>,

    /// Class balance to correct the scores for: a share of spam, or auto
    ///
    /// auto estimates the class balance. A share that you give is used without a test.
    #[arg(long, value_name = "auto|SHARE")]
    prior: Option<RequestedPrior>,

    /// Add the column reasons with this many terms
    ///
    /// These terms moved the score most. Each term comes with its effect in log-odds.
    #[arg(long, value_name = "TERMS", value_parser = clap::value_parser!(u16).range(1..=1000))]
    explain: Option<u16>,

    #[command(flatten)]
    out: OutArgs,

    #[command(flatten)]
    rows: RowArgs,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        stream::expect_distinct(&[Some(&self.out.output), self.metrics.as_ref(), self.curve.as_ref()])?;
        stream::expect_not_overwritten(&[Some(&self.out.output)], [&self.model])?;
        stream::expect_not_overwritten(
            &[self.metrics.as_ref(), self.curve.as_ref()],
            [&self.model, &self.input],
        )?;
        let model = Model::read(&self.model)?;
        let threads = threads::count(self.threads);
        let prior = self.prior.map(|requested| self.prior(requested, &model, threads, scene)).transpose()?;
        let mut rows = Rows::open(&self.input, &self.rows.options(scene))?;
        let explained_terms = self.explain.map(usize::from);
        let options = ScoringOptions { threads, prior: prior.as_ref(), explained_terms };
        let scorer = Scorer::new(&model, &rows, options)?;
        let added_columns =
            &["spam_score", "verdict", "reasons"][..if self.explain.is_some() { 3 } else { 2 }];
        let mut writer = Writer::create(&self.out.output, self.out.format, &mut rows, added_columns)?;
        let mut labelled =
            LabelledScores::new(self.metrics.is_some() || self.curve.is_some(), self.metrics.is_some());
        let mut picked = 0;
        let mut histogram = ScoreHistogram::default();
        scorer.score_each(&mut rows, |rows, row, scored| {
            let (score, verdict, label) = (scored.spam_score, scorer.verdict(scored), rows.label(row)?);
            if label.is_some() && rows.is_picked(row) {
                picked += 1;
            } else if let Some(label) = label {
                labelled.add(scorer.text(row), label, verdict, score);
            }
            histogram.add(score, label);
            let verdict = CellValue::Text(model.names.of(verdict));
            let values = [CellValue::Number(score), verdict, CellValue::Text(&scored.reasons)];
            writer.write_with(row, &values[..added_columns.len()])
        })?;
        writer.finish()?;
        if let Some(place) = &self.metrics {
            let mut metrics = Metrics::new(rows.seen(), labelled.figures(), scene.name());
            metrics.head.run_id = scene.run_id();
            labelled.warning(&self.input).into_iter().for_each(|warning| scene.warn(warning));
            let distinct = labelled.distinct_figures();
            result_file::write(place, &Metrics { prior, distinct, picked, ..metrics })?;
        }
        if let Some(place) = &self.curve {
            curve::write(place, &labelled.ranking())?;
        }
        if scene.is_interactive() {
            scene.draw(histogram.lines(&model.names));
        }
        Ok(Outcome::Done)
    }
}

impl Args {
    /// The class balance to correct the scores for: a given share, or an estimate.
    fn prior(
        &self,
        requested: RequestedPrior,
        model: &Model,
        threads: usize,
        scene: &Scene,
    ) -> Result<Prior> {
        let basis = class_balance::prior_basis(model);
        let prior = match requested {
            RequestedPrior::Given(share) => Prior::given(share, basis),
            RequestedPrior::Auto => {
                let scores = self.distinct_scores(model, threads, scene)?;
                Prior::auto(&scores, basis, self.other_change(model, scene)?)
            }
        };
        scene.remark(prior.to_string());
        Ok(prior)
    }

    /// Compares the texts with the model's training rows in a further pass.
    fn other_change(&self, model: &Model, scene: &Scene) -> Result<Option<OtherChange>> {
        let options = ReadOptions { notes: Diagnostics::default(), ..self.rows.options(scene) };
        let mut rows = Rows::open(&self.input, &options)?;
        let new = profile_builder::profile(&mut rows, Some(model), &mut |_, _| ())?;
        other_change::other_change(model, &new)
    }

    /// Scores each distinct text in a first pass, to estimate the class balance.
    fn distinct_scores(&self, model: &Model, threads: usize, scene: &Scene) -> Result<Vec<f64>> {
        let is_stream = self.input.path().is_none_or(|path| path.exists() && !path.is_file());
        let input = &self.input;
        ensure!(
            !is_stream,
            "{input}: --prior auto reads the rows more than once; name a file, or set --prior SHARE"
        );
        // The warnings of this pass are dropped; the second pass prints them.
        let options = ReadOptions { notes: Diagnostics::default(), ..self.rows.options(scene) };
        let mut rows = Rows::open(input, &options)?;
        let options = ScoringOptions { threads, prior: None, explained_terms: None };
        class_balance::distinct_scores(&Scorer::new(model, &rows, options)?, &mut rows)
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
