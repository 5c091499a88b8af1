//! compare: decides whether the challenger is better than the champion, and sets deploy_needed.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;

use spamops::cli::options::{RowArgs, ScoredArgs};
use spamops::cli::tool::{self, Outcome, Scene, Tool};
use spamops::compare::decision;
use spamops::compare::evidence::CompareEvidence;
use spamops::compare::gates::Gate;
use spamops::compare::recent::NewestRows;
use spamops::compare::sequential::SequentialTest;
use spamops::compare::suspicion;
use spamops::compare::tally::{CompareTally, TallyCounts};
use spamops::io::fraction::Fraction;
use spamops::io::result_file;
use spamops::io::stream::{self, Place};
use spamops::model::label_evidence::HoldoutLabels;
use spamops::model::learned_messages::LearnedMessages;
use spamops::model::model_file::Model;
use spamops::model::paired_rows::{self, ModelPair};
use spamops::registry::golden;
use spamops::report::compare_sentences;
use spamops::report::flips::FlipsFile;

/// Decide whether the challenger is better than the champion, with every reason
///
/// What it decides: The verdict is better, worse or inconclusive. deploy_needed is true if the verdict is better and
/// no check fails. The checks are gates, slices and golden messages. No slice may lose more than 0.03 of F1 (exact
/// tests, corrected by Holm's method, 1979). With one scored file there is no champion, and only the checks decide.
///
/// Input: Two scored files with the same rows, or one labelled file and both models. A scored file can come from
/// another system, such as scikit-learn: see --score-column. A file with the column spam_score is read as output of
/// score. Unlabelled rows are ignored. So are rows that were picked for labelling (column picked_for, other than
/// random), because they are a biased sample, and rows that a given model learned from, as far as its profile
/// remembers them.
///
/// Copies: Copies and near-duplicates with the same label are one message, and each test counts it once. The first row
/// of a message counts. In a slice, its first row in the slice counts; among the newest rows, its newest row. A
/// near-duplicate with another label is another message. The report has both counts, and figures weighted by traffic.
///
/// Output: One JSON report on stdout or in -o FILE, with verdict, deploy_needed and reasons. An inconclusive report
/// also gives the number of rows needed. --flips lists the rows whose verdict changes. The exit status is 0 whatever
/// the verdict, unless --exit-code is set.
///
/// Memory: About 150 bytes per labelled row, and 5 to 10 kB per distinct message to find near-duplicates. After 65,536
/// distinct messages, only exact copies and near-duplicates of earlier messages are found, and a warning is printed.
/// --id also keeps the champion's rows, without their text.
///
/// Method: Two conditions make the challenger better. First, F1 has not fallen: the lower bound of its change is
/// above -0.005 (bootstrap with 10,000 samples, Efron 1979). Second, McNemar's exact test (1947) shows a gain at
/// level 0.05. The second condition also holds if F1 rose by at least 0.005 and the lower bound is above 0. If rows
/// have dates, the newest rows must meet both conditions, and all rows must meet the first condition. The verdict
/// worse uses the same tests in the other direction.
///
/// DeLong's method (1988) compares areas under the ROC curve. Newcombe's method (1998) compares proportions. In
/// simulations, at most 4 of 100 challengers that were not better passed (tests/bench/compare).
#[derive(Parser)]
#[command(
    name = "compare",
    after_help = "\
Examples:
  compare champion-scored.csv challenger-scored.csv -o compare.json
  compare --champion champion.json --challenger challenger.json holdout.csv --flips flips.csv
  compare champion-scored.csv challenger-scored.csv --challenger challenger.json --golden golden.csv
  compare a.csv b.csv --id message_id --slice channel --recent 2026-07-01
  compare a.csv b.csv --gate f1=.9 --gate 'recall min_absolute_change=.01'
  compare challenger-scored.csv                    # the first model: gates and golden messages only
  compare --champion a.json --challenger b.json today.csv --sequential state.json
  compare a.csv b.csv --exit-code > /dev/null && echo better
  compare sklearn.csv challenger-scored.csv --score-column probability --threshold 0.7

Gates in spamops.toml have the same keys as in MLflow:
  [compare.gate.f1]
  threshold = 0.9
  min_absolute_change = 0.01"
)]
pub(crate) struct Args {
    /// Scored rows of the champion and of the challenger
    ///
    /// For a first model, give one file: the scored rows of the challenger. To compare models, give one labelled file
    /// with --champion and --challenger. compare then scores the rows.
    #[arg(value_name = "FILE", required = true, num_args = 1..=2)]
    scored: Vec<Place>,

    /// Model file of the champion
    ///
    /// With one file, this model scores the rows. With two files, this model explains why verdicts change.
    #[arg(long, value_name = "FILE", requires = "challenger")]
    champion: Option<Place>,

    /// Model file of the challenger
    ///
    /// If the model missed a gate of fit --require, deploy_needed is false.
    #[arg(long, value_name = "FILE")]
    challenger: Option<Place>,

    /// Column that joins the rows of two files, in any order
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,

    /// Minimum F1 of the challenger
    ///
    /// If the champion's F1 on the same rows is lower, the champion's F1 is the limit. If positives are rare, F1 is low for
    /// every model.
    #[arg(long, value_name = "SHARE", default_value = "0.8")]
    min_f1: Fraction,

    /// Gate for another figure: FIGURE=LIMIT, or MLflow's keys
    ///
    /// fpr=0.01 limits the false positive rate: at most 10 of 1,000 negative rows (ham) get a positive verdict.
    /// MLflow's keys follow FIGURE: threshold=, min_absolute_change=, min_relative_change= and greater_is_better=.
    /// You can repeat this option.
    #[arg(long, value_name = "GATE")]
    gate: Vec<Gate>,

    /// Share or first date of the newest rows [default: 0.25, at least 500 rows]
    ///
    /// The challenger must also be better on these rows. 0 turns this check off.
    #[arg(long, value_name = "SHARE|DATE")]
    recent: Option<NewestRows>,

    /// Another column whose values form slices
    ///
    /// Script, length, link and a column lang or language always form slices. You can repeat this option.
    #[arg(long, value_name = "COLUMN")]
    slice: Vec<String>,

    /// File for the rows whose verdict changes, as CSV
    ///
    /// Personal data is masked. With both models, the file also has the terms that change the verdict.
    #[arg(long, value_name = "FILE")]
    flips: Option<Place>,

    /// Labelled messages that the challenger must classify correctly
    ///
    /// A new process loads the model and scores the messages. One wrong verdict sets deploy_needed to false.
    #[arg(long, value_name = "FILE", requires = "challenger")]
    golden: Option<Place>,

    /// Code of a group of suspect rows that you accept
    ///
    /// fit finds rows labelled ham that share a rare phrase, a day or a source, although the rest of their text looks
    /// like spam. They can be a backdoor, so the verdict cannot be better until you accept the group. A group that the
    /// champion also learned from does not block. Look at the rows first. Only the command line can set this option. You
    /// can repeat it. The search needs cross-validation; the code "unsearched" accepts a model without it.
    #[arg(long, value_name = "CODE", requires = "challenger", hide_short_help = true)]
    accept_suspect: Vec<String>,

    /// State of a sequential test, for labels that arrive over time
    ///
    /// Each call adds the rows that are not counted yet, identified by --id or their text. A copy of a counted message
    /// is not counted; in a later call, only a copy with the same fingerprint is recognised. You can look at the evidence
    /// at any time. The verdict is better once the evidence reaches 20 (Ville 1939). Slices and newest rows are not
    /// tested. The file belongs to one pair of models.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["recent", "slice"],
        requires_all = ["champion", "challenger"],
        hide_short_help = true
    )]
    sequential: Option<Place>,

    /// Exit with 1 unless deploy_needed is true
    #[arg(long)]
    exit_code: bool,

    /// File for the report
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: Place,

    #[command(flatten)]
    scores: ScoredArgs,

    #[command(flatten)]
    rows: RowArgs,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        self.expect_places()?;
        let mut options = self.scores.options(self.rows.options(scene));
        options.scored.own_first = true;
        let read = |place: &Option<Place>| place.as_ref().map(Model::read_with_digest).transpose();
        let (champion, champion_digest) = read(&self.champion)?.unzip();
        let (challenger, challenger_digest) = read(&self.challenger)?.unzip();
        let models = ModelPair { champion: champion.as_ref(), challenger: challenger.as_ref() };
        let id = self.id.as_deref();
        let suspects = suspicion::judge(models.challenger, models.champion, &self.accept_suspect)?;
        let has_champion = self.scored.len() == 2 || champion.is_some();
        let counts = TallyCounts::new(has_champion, self.sequential_test(models, scene)?);
        let mut tally = CompareTally::new(counts, id, &self.slice);
        let positive = options.spelling.positive.as_deref();
        let flips = self.flips.as_ref().map(|place| FlipsFile::create(place, id, models, positive));
        let mut flips = flips.transpose()?;
        let mut holdout = HoldoutLabels::new(models.champion.filter(|_| self.scored.len() == 1));
        let learned = LearnedMessages::of([models.champion, models.challenger].into_iter().flatten())?;
        let (mut picked, mut known): (u64, u64) = (0, 0);
        paired_rows::read(&self.scored, id, &options, models, &mut |judged| {
            if judged.rows.is_picked(judged.row) {
                picked += 1;
                return Ok(());
            }
            if learned.has(judged.rows, judged.row)? {
                known += 1;
                return Ok(());
            }
            tally.add(judged)?;
            holdout.add(judged.rows, judged.row)?;
            flips.as_mut().map_or(Ok(()), |flips| flips.add(judged))
        })?;
        let warning = self.scored.last().and_then(|place| tally.groups().warning(place));
        if let Some(warning) = warning {
            scene.warn(warning);
        }
        if picked > 0 {
            scene.remark(format!("{picked} labelled rows left out, because they were picked for labelling"));
        }
        if known > 0 {
            scene.warn(format!("{known} labelled rows left out, because a model learned from them"));
        }
        let (counted, state) = tally.finish(self.recent)?;
        let golden = self.golden.as_ref().zip(self.challenger.as_ref());
        let golden = golden.map(|(golden, model)| golden::check(model, golden, &options, &self.rows.words()));
        let min_f1 = Gate::of_f1(self.min_f1.value());
        let decision = decision::decide(CompareEvidence {
            gates: [min_f1].into_iter().chain(self.gate.iter().copied()).collect(),
            required: models.challenger.map(|model| model.estimate.gates.clone()).unwrap_or_default(),
            golden: golden.transpose()?,
            labels: holdout.evidence()?,
            suspects,
            ..counted
        });
        flips.map_or(Ok(()), FlipsFile::finish)?;
        let mut report = compare_sentences::report(decision, scene.name());
        report.head.run_id = scene.run_id();
        (report.champion_digest, report.challenger_digest) = (champion_digest, challenger_digest);
        report.learned = (known > 0).then_some(known);
        result_file::write(&self.output, &report)?;
        if let Some((place, state)) = self.sequential.as_ref().zip(state) {
            if report.sequential.is_some_and(|evidence| evidence.new == 0) {
                scene.remark(format!("{place}: no new rows; the evidence is unchanged"));
            }
            result_file::write_compact(place, &state)?;
        }
        Ok(Outcome::answer(report.deploy_needed, self.exit_code))
    }
}

impl Args {
    /// Fails if two outputs are the same file, or if an output would overwrite an input.
    fn expect_places(&self) -> Result<()> {
        let outputs = [Some(&self.output), self.flips.as_ref(), self.sequential.as_ref()];
        stream::expect_distinct(&outputs)?;
        let read = [&self.champion, &self.challenger, &self.golden].into_iter().flatten();
        stream::expect_not_overwritten(&outputs, self.scored.iter().chain(read))
    }

    /// The state of the sequential test, read from its file or new; `None` without `--sequential`.
    fn sequential_test(&self, models: ModelPair, scene: &Scene) -> Result<Option<SequentialTest>> {
        let Some(place) = &self.sequential else { return Ok(None) };
        let Some(path) = place.path() else { bail!("--sequential cannot read stdin; set it to a file") };
        let earlier = if path.exists() { Some(result_file::read(place, "sequential")?) } else { None };
        let [champion, challenger] =
            [models.champion, models.challenger].map(|model| model.map(Model::digest));
        let state = SequentialTest::look(earlier, scene.name(), champion, challenger);
        state.map(Some).with_context(|| place.to_string())
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
