//! score: adds a model's score and verdict to rows, and measures the model on labelled rows.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;

use spamops::cli::histogram::ScoreHistogram;
use spamops::cli::options::{OutArgs, RowArgs, ScoredArgs};
use spamops::cli::tool::{self, Outcome, Scene, Tool};
use spamops::drift::other_change;
use spamops::io::diagnostics::Diagnostics;
use spamops::io::result_file;
use spamops::io::stream::{self, Place};
use spamops::model::class_balance;
use spamops::model::model_file::Model;
use spamops::model::profile_builder;
use spamops::model::scoring::{LabelledScores, RowScore, Scorer, ScoringOptions};
use spamops::model::threads;
use spamops::report::curve;
use spamops::rows::label::{Label, LabelNames};
use spamops::rows::scored::{KnownScores, SCORE, VERDICT};
use spamops::rows::{CellValue, ReadOptions, Row, Rows, Writer};
use spamops::stats::metrics::Metrics;
use spamops::stats::prior_shift::{OtherChange, Prior, RequestedPrior};

/// Score rows with a model, and measure it on labelled rows
///
/// What it does: Adds the columns spam_score and verdict to every row. The score is the probability that the row is
/// spam. The verdict is spam if the score reaches the model's threshold.
///
/// Input: A model from fit, and rows as CSV or JSON Lines, plain, gzip or zstd. --prior auto reads the rows three
/// times, so the rows must come from a file. Without --model, the scores come from another system, such as scikit-learn:
/// from columns of the rows (--score-column, --verdict-column), or from another file (--scores).
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
  score --score-column probability --threshold 0.7 sklearn.csv --metrics metrics.json
  score --scores sklearn.csv --score-column probability clean.csv -o scored.csv
  score --model champion.json --prior auto clean.csv -o scored.csv --metrics metrics.json
  zcat mail.csv.gz | score --model champion.json | sample --for-labels 50"
)]
pub(crate) struct Args {
    /// Rows as CSV or JSON Lines, plain, gzip or zstd
    #[arg(value_name = "FILE", default_value = "-")]
    input: Place,

    /// Model to score with
    #[arg(long, short, value_name = "FILE")]
    model: Option<Place>,

    /// File with the scores of another system, to use instead of a model
    ///
    /// The file has the same rows, or more, with a score or a verdict. Rows are joined by their text, or by --id. A row
    /// that is missing in the file is left out, and a warning gives the number. You can repeat this option: scores
    /// that are missing in one file are read from the next. A later file can also be the output of score.
    #[arg(long, value_name = "FILE", conflicts_with = "model", hide_short_help = true)]
    scores: Vec<Place>,

    /// Column that joins the rows of two files, in any order [default: the text]
    #[arg(long, value_name = "COLUMN", hide_short_help = true)]
    id: Option<String>,

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
    #[arg(long, value_name = "auto|SHARE", requires = "model")]
    prior: Option<RequestedPrior>,

    /// Add the column reasons with this many terms
    ///
    /// These terms moved the score most. Each term comes with its effect in log-odds.
    #[arg(long, value_name = "TERMS", value_parser = clap::value_parser!(u16).range(1..=1000), requires = "model")]
    explain: Option<u16>,

    #[command(flatten)]
    out: OutArgs,

    #[command(flatten)]
    columns: ScoredArgs,

    #[command(flatten)]
    rows: RowArgs,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        let sources = self.model.iter().chain(&self.scores);
        stream::expect_distinct(&[Some(&self.out.output), self.metrics.as_ref(), self.curve.as_ref()])?;
        stream::expect_not_overwritten(&[Some(&self.out.output)], sources.clone())?;
        stream::expect_not_overwritten(
            &[self.metrics.as_ref(), self.curve.as_ref()],
            sources.chain([&self.input]),
        )?;
        match &self.model {
            Some(model) => self.with_model(&Model::read(model)?, scene)?,
            None => self.with_known_scores(scene)?,
        }
        Ok(Outcome::Done)
    }
}

/// Writes scored rows, and measures the labelled ones.
struct ScoredOutput<'a> {
    args: &'a Args,
    writer: Writer,
    columns: &'static [&'static str],
    names: LabelNames,
    labelled: LabelledScores,
    picked: u64,
    histogram: ScoreHistogram,
}

impl<'a> ScoredOutput<'a> {
    fn create(args: &'a Args, rows: &mut Rows, names: LabelNames) -> Result<Self> {
        let columns = &[SCORE, VERDICT, "reasons"][..if args.explain.is_some() { 3 } else { 2 }];
        let writer = Writer::create(&args.out.output, args.out.format, rows, columns)?;
        let labelled =
            LabelledScores::new(args.metrics.is_some() || args.curve.is_some(), args.metrics.is_some());
        Ok(Self { args, writer, columns, names, labelled, picked: 0, histogram: ScoreHistogram::default() })
    }

    /// Adds a row. A row without a text is never a copy.
    fn add(
        &mut self,
        (rows, row): (&Rows, &Row),
        text: Option<&str>,
        scored: &RowScore,
        verdict: Label,
    ) -> Result<()> {
        let (score, label) = (scored.spam_score, rows.label(row)?);
        if label.is_some() && rows.is_picked(row) {
            self.picked += 1;
        } else if let Some(label) = label {
            self.labelled.add(text, label, verdict, score);
        }
        self.histogram.add(score, label);
        let verdict = CellValue::Text(self.names.of(verdict));
        let values = [CellValue::Number(score), verdict, CellValue::Text(&scored.reasons)];
        self.writer.write_with(row, &values[..self.columns.len()])
    }

    /// Finishes the output. `rows` is the number of scored rows.
    fn finish(mut self, rows: u64, prior: Option<Prior>, scene: &Scene) -> Result<()> {
        self.writer.finish()?;
        if let Some(place) = &self.args.metrics {
            let mut metrics = Metrics::new(rows, self.labelled.figures(), scene.name());
            metrics.head.run_id = scene.run_id();
            if let Some(warning) = self.labelled.warning(&self.args.input) {
                scene.warn(warning);
            }
            let distinct = self.labelled.distinct_figures();
            result_file::write(place, &Metrics { prior, distinct, picked: self.picked, ..metrics })?;
        }
        if let Some(place) = &self.args.curve {
            curve::write(place, &self.labelled.ranking())?;
        }
        if scene.is_interactive() {
            scene.draw(self.histogram.lines(&self.names));
        }
        Ok(())
    }
}

impl Args {
    fn with_model(&self, model: &Model, scene: &Scene) -> Result<()> {
        let threads = threads::count(self.threads);
        let prior = self.prior.map(|requested| self.prior(requested, model, threads, scene)).transpose()?;
        let mut rows = Rows::open(&self.input, &self.rows.options(scene))?;
        let explained_terms = self.explain.map(usize::from);
        let options = ScoringOptions { threads, prior: prior.as_ref(), explained_terms };
        let scorer = Scorer::new(model, &rows, options)?;
        let mut output = ScoredOutput::create(self, &mut rows, model.names.clone())?;
        scorer.score_each(&mut rows, |rows, row, scored| {
            output.add((rows, row), scorer.text(row), scored, scorer.verdict(scored))
        })?;
        output.finish(rows.seen(), prior, scene)
    }

    /// Takes the scores of another system from `--scores`, or from the columns of the rows.
    fn with_known_scores(&self, scene: &Scene) -> Result<()> {
        let options = self.columns.options(self.rows.options(scene));
        let has_files = !self.scores.is_empty();
        ensure!(
            has_files || options.scored.are_named(),
            "no scores; set --model, or --score-column or --scores for the scores of another system"
        );
        let id = self.id.as_deref();
        let known = has_files.then(|| KnownScores::read(&self.scores, id, &options)).transpose()?;
        let mut rows = Rows::open(&self.input, &options)?;
        rows.expect_text()?;
        let positive = self.rows.spelling().positive;
        let names = positive.map_or_else(LabelNames::default, LabelNames::with_positive);
        let mut output = ScoredOutput::create(self, &mut rows, names)?;
        let (mut row, mut unknown) = (Row::default(), 0);
        while rows.read(&mut row)? {
            let scored = match &known {
                Some(known) => known.of(&rows, &row)?,
                None => Some((rows.score(&row)?, rows.verdict(&row)?)),
            };
            let Some((spam_score, verdict)) = scored else {
                unknown += 1;
                continue;
            };
            let scored = RowScore { spam_score, ..RowScore::default() };
            output.add((&rows, &row), Some(rows.text(&row)?), &scored, verdict)?;
        }
        let warnings = known.map(|known| known.warnings(unknown, &rows)).transpose()?;
        warnings.into_iter().flatten().for_each(|warning| scene.warn(warning));
        output.finish(rows.seen() - unknown, None, scene)
    }

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
