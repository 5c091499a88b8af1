//! compare: decides whether the challenger is better than the champion, and whether to deploy it.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;

use spamops::cli::options::RowArgs;
use spamops::cli::tool::{self, Outcome, Scene, Tool};
use spamops::compare::decision;
use spamops::compare::evidence::CompareEvidence;
use spamops::compare::gates::Gate;
use spamops::compare::recent::NewestRows;
use spamops::compare::sequential::SequentialTest;
use spamops::compare::tally::{CompareTally, TallyCounts};
use spamops::io::fraction::Fraction;
use spamops::io::result_file;
use spamops::io::stream::{self, Place};
use spamops::model::model_file::Model;
use spamops::model::paired_rows::{self, ModelPair};
use spamops::registry::golden;
use spamops::report::compare_sentences;
use spamops::report::flips::FlipsFile;
use spamops::stats::metrics::FigureName;

/// Compare two models on the same rows: verdict and deploy_needed, with every reason
///
/// The challenger is better where its F1 is surely not lower by .005 (the lower bound of the difference, from rows drawn
/// again 10,000 times: Efron 1979), and either McNemar's exact test (1947) says at .05 that it is right more often, or F1 is
/// higher by .005 or more with a lower bound over 0. Where rows have dates that must be so on the newest of them, and on
/// all of them F1 must surely not be lower by .005. It is deployed where it is better, every gate is passed, no slice of
/// rows surely loses more than .03 of F1 (exact tests, adjusted after Holm 1979 for all slices), and every golden message
/// is judged right by the model as a fresh process loads it.
///
/// Otherwise it is worse, by the same tests the other way round, or the answer is inconclusive, with the number of rows
/// that would tell. With one scored file there is no champion, and the gates decide. Of simulated challengers that are no
/// better 3 in 100 are promoted at most (tests/bench/compare).
///
/// Rows without a label are passed over. Areas under the ROC curve are compared after DeLong (1988), shares after Newcombe
/// (1998). Streaming: both files are read side by side, with some fifty bytes for each labelled row; with --id the
/// champion's rows are kept without their texts.
#[derive(Parser)]
#[command(
    name = "compare",
    after_help = "\
Examples:
  compare champion-scored.csv challenger-scored.csv -o compare.json
  compare champion-scored.csv challenger-scored.csv --challenger challenger.json --golden golden.csv
  compare --champion champion.json --challenger challenger.json holdout.csv --flips flips.csv
  compare a.csv b.csv --id message_id --slice channel --recent 2026-07-01
  compare a.csv b.csv --gate f1=.9 --gate 'recall min_absolute_change=.01'
  compare challenger-scored.csv                    # the first model: the gates alone
  compare --champion a.json --challenger b.json today.csv --sequential state.json
  compare a.csv b.csv --exit-code > /dev/null && echo better

In spamops.toml, in the words of MLflow:
  [compare.gate.f1]
  threshold = 0.9
  min_absolute_change = 0.01"
)]
pub(crate) struct Args {
    /// The rows as the champion scored them, then as the challenger did; or the challenger's alone; or, with both models,
    /// labelled rows to be scored here
    #[arg(value_name = "FILE", required = true, num_args = 1..=2)]
    scored: Vec<Place>,

    /// The champion's model: with one file, it is scored here; with two, it tells why verdicts change
    #[arg(long, value_name = "FILE", requires = "challenger")]
    champion: Option<Place>,

    /// The challenger's model: one that missed what `fit --require` asked of it is not deployed
    #[arg(long, value_name = "FILE")]
    challenger: Option<Place>,

    /// Join the rows of two files by this column, in whatever order they are
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,

    /// The least F1 of the challenger
    #[arg(long, value_name = "SHARE", default_value = "0.8")]
    min_f1: Fraction,

    /// What another figure must be: FIGURE=LIMIT, or FIGURE and threshold=, min_absolute_change=, min_relative_change= or
    /// greater_is_better=, as in MLflow; once for each
    #[arg(long, value_name = "GATE")]
    gate: Vec<Gate>,

    /// The newest rows, by their dates: a share of them, 0 for none, or a date [default: 0.25, but 500 rows or more]
    #[arg(long, value_name = "SHARE|DATE")]
    recent: Option<NewestRows>,

    /// Look at the rows by the values of this column, too, besides script, length, link and a column lang or language; once
    /// for each
    #[arg(long, value_name = "COLUMN")]
    slice: Vec<String>,

    /// Where the messages that change verdict go, as CSV: masked, and with the words that make them change where both models
    /// are given
    #[arg(long, value_name = "FILE")]
    flips: Option<Place>,

    /// Labelled messages that the challenger must get right, each of them, loaded and asked in a fresh process
    #[arg(long, value_name = "FILE", requires = "challenger")]
    golden: Option<Place>,

    /// Labels arrive over time: go on counting in this file, each row once (by --id, else by its text), and promote once
    /// the evidence, which may be looked at at any time, has been 20 (Ville 1939); slices and newest rows are not looked at.
    /// A file is about one pair of models, which are named with it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["recent", "slice"], requires_all = ["champion", "challenger"])]
    sequential: Option<Place>,

    /// Exit with 1 unless the challenger is to be deployed
    #[arg(long)]
    exit_code: bool,

    /// Where the report goes
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: Place,

    #[command(flatten)]
    rows: RowArgs,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        self.expect_places()?;
        let options = self.rows.options(scene);
        let champion = self.champion.as_ref().map(Model::read).transpose()?;
        let challenger = self.challenger.as_ref().map(Model::read).transpose()?;
        let models = ModelPair { champion: champion.as_ref(), challenger: challenger.as_ref() };
        let id = self.id.as_deref();
        let has_champion = self.scored.len() == 2 || champion.is_some();
        let counts = TallyCounts::new(has_champion, self.sequential_test(models, scene)?);
        let mut tally = CompareTally::new(counts, id, &self.slice);
        let positive = options.spelling.positive.as_deref();
        let flips = self.flips.as_ref().map(|place| FlipsFile::create(place, id, models, positive));
        let mut flips = flips.transpose()?;
        paired_rows::read(&self.scored, id, &options, models, &mut |judged| {
            tally.add(judged)?;
            flips.as_mut().map_or(Ok(()), |flips| flips.add(judged))
        })?;
        let (counted, state) = tally.finish(self.recent)?;
        let golden = self.golden.as_ref().zip(self.challenger.as_ref());
        let golden = golden.map(|(golden, model)| golden::check(model, golden, &options, &self.rows.words()));
        let least_f1 = Gate::least(FigureName::F1, self.min_f1.value());
        let decision = decision::decide(CompareEvidence {
            gates: [least_f1].into_iter().chain(self.gate.iter().copied()).collect(),
            required: models.challenger.map(|model| model.estimate.gates.clone()).unwrap_or_default(),
            golden: golden.transpose()?,
            ..counted
        });
        flips.map_or(Ok(()), FlipsFile::finish)?;
        let mut report = compare_sentences::report(decision, scene.name());
        report.head.run_id = scene.run_id();
        result_file::write(&self.output, &report)?;
        if let Some((place, state)) = self.sequential.as_ref().zip(state) {
            if report.sequential.is_some_and(|evidence| evidence.new == 0) {
                scene.tell(format!("{place}: no row is new: the evidence is what it was"));
            }
            result_file::write_compact(place, &state)?;
        }
        Ok(Outcome::answer(report.deploy_needed, self.exit_code))
    }
}

impl Args {
    /// Refuses two outputs in one place, and an output that would overwrite what is read.
    fn expect_places(&self) -> Result<()> {
        let outputs = [Some(&self.output), self.flips.as_ref(), self.sequential.as_ref()];
        stream::expect_apart(&outputs)?;
        let read = [&self.champion, &self.challenger, &self.golden].into_iter().flatten();
        stream::expect_kept(&outputs, self.scored.iter().chain(read))
    }

    /// The state of the sequential test, if one is asked for: that of the file, or a new one if there is no file yet.
    fn sequential_test(&self, models: ModelPair, scene: &Scene) -> Result<Option<SequentialTest>> {
        let Some(place) = &self.sequential else { return Ok(None) };
        let Some(path) = place.path() else { bail!("--sequential wants a file to go on with") };
        let kept = if path.exists() { Some(result_file::read(place, "sequential")?) } else { None };
        let [champion, challenger] =
            [models.champion, models.challenger].map(|model| model.map(Model::digest));
        let state = SequentialTest::look(kept, scene.name(), champion, challenger);
        state.map(Some).with_context(|| place.to_string())
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
