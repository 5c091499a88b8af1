//! drift: decides whether new rows have drifted from the reference and whether the champion needs a retrain.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;

use spamops::cli::drift_policy_args::DriftPolicyArgs;
use spamops::cli::options::{RowArgs, ScoredArgs};
use spamops::cli::tool::{self, Outcome, Scene, Tool};
use spamops::drift::decision::decide;
use spamops::drift::history::History;
use spamops::drift::observation::{Champion, DriftEvidence, PastRetrain, VerdictRows};
use spamops::drift::run_record::RunRecord;
use spamops::drift::word_names::WordNames;
use spamops::io::dates::{self, Timestamp};
use spamops::io::fraction::Fraction;
use spamops::io::result_file::{self, digest};
use spamops::io::stream::{Place, expect_not_overwritten};
use spamops::model::model_file::Model;
use spamops::model::profile_builder;
use spamops::profile::summary::{Profile, ProfileFile, StoredProfile};
use spamops::report::drift_sentences::drift_report;
use spamops::rows::label::Label;
use spamops::rows::{ReadOptions, Rows};
use spamops::state::gathered::State;
use spamops::state::watched_files::{ChangesSince, WATCHED};
use spamops::stats::metrics::{Confusion, Metrics};

/// Decide whether the champion needs a retrain, with every reason
///
/// What it decides: The verdict says whether the data changed: drifted, steady or insufficient_data. The verdict
/// depends on the new messages and the reference: their texts, scores and labels. With --state, it also depends on
/// earlier runs. Measured F1, your limits, the cooldown and --force do not change the verdict.
///
/// retrain_needed says whether to fit a new model. A trigger must fire: --force, no champion, low F1 on labelled rows,
/// a high false positive rate on labelled rows (--max-fpr), or low estimated F1. Persistent drift (see --retrain-on), the champion's age, the number of new rows, many labelled
/// rows to learn from (--max-label-growth) and changes to a watched file are also triggers. A drifted verdict alone is
/// not enough, and a change of the class balance alone triggers no retrain for drift. Within --cooldown-hours of the last
/// retrain, retrain_needed stays false. With fewer than --min-new-labels new labels, retrain_needed also stays false,
/// and labels_needed is true: label more rows. Neither rule applies to --force or a missing champion. The second rule
/// does not apply to changes of a watched file.
///
/// Input: New rows, and the champion, which contains the profile of its training rows: the reference. --reference or
/// --profile replaces this profile. Without a model, --score-column names the scores of another system in the new rows
/// and in --reference; then use labelled rows that the system did not learn from as the reference. --metrics adds F1 on
/// labelled rows. With --state, give each row to one run only.
///
/// Output: One JSON report on stdout or in -o FILE, with verdict, retrain_needed, labels_needed and reasons. The run is
/// added to --state. The exit status is 0, or 1 with --exit-code if a retrain is needed.
///
/// Memory: About 20 MB, or 50 MB with a model. Memory does not grow with the file.
///
/// Method: Distinct messages are compared, so a repeated newsletter counts once. F1 on labelled rows also counts each
/// message once, in one run and in pooled runs. There are up to eight families of
/// tests: message sizes, flags (such as links), words, scores, verdicts, labels, estimated F1 and a classifier. The
/// classifier tries to separate new messages from the reference. One alarm makes the verdict drifted. If nothing
/// changed, at most 5 of 100 runs raise a false alarm. Changes below the minimum effect of a family are ignored.
///
/// With --state, a small run is pooled with earlier runs into a window, and the verdict is about the window. Real
/// messages change all the time, so the verdict stays steady after an alarm in two cases. First, the state has 20
/// windows, and the change is not larger than in 95% of them. Second, a retrain has answered the change, and the change
/// has not grown by a quarter since. An estimated loss of F1 that a retrain has answered also triggers no other retrain until it grows by
/// a quarter.
#[derive(Parser)]
#[command(
    name = "drift",
    after_help = "\
Examples:
  drift --model champion.json --metrics metrics.json clean.csv -o drift.json
  drift --model champion.json --state state --cooldown-hours 48 clean.csv
  drift --reference last-month.csv this-month.csv
  drift --reference sklearn-may.csv --score-column probability --threshold 0.7 sklearn-june.csv
  drift --model champion.json --watch words.txt --watch-since spam@v1.2.0 clean.csv
  drift --model champion.json --exit-code clean.csv > /dev/null || echo retrain"
)]
pub(crate) struct Args {
    /// New rows as CSV or JSON Lines, plain, gzip or zstd
    #[arg(value_name = "FILE", default_value = "-")]
    input: Place,

    /// Champion, with the profile of its training rows
    ///
    /// If you set neither a model nor a reference, retrain_needed is true: a first model is needed.
    #[arg(long, short, value_name = "FILE")]
    model: Option<Place>,

    /// Rows to compare with, instead of the champion's training rows
    #[arg(long, value_name = "FILE", conflicts_with = "profile")]
    reference: Option<Place>,

    /// Profile to compare with, from spamops profile
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    profile: Option<Place>,

    /// Figures of the champion on these rows, from score --metrics
    #[arg(long, value_name = "FILE")]
    metrics: Option<Place>,

    /// Directory of the state: earlier runs and the last retrain
    ///
    /// This run is added to the state.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,

    /// Do not change the state
    #[arg(long, requires = "state", hide_short_help = true)]
    dry_run: bool,

    /// File for the report
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: Place,

    /// Exit with 1 if a retrain is needed
    #[arg(long)]
    exit_code: bool,

    #[command(flatten)]
    policy: DriftPolicyArgs,

    #[command(flatten)]
    scores: ScoredArgs,

    #[command(flatten)]
    rows: RowArgs,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        let read = [&self.model, &self.reference, &self.profile, &self.metrics].into_iter().flatten();
        expect_not_overwritten(&[Some(&self.output)], read.chain([&self.input]))?;
        let model = self.model.as_ref().map(Model::read).transpose()?;
        let metrics =
            self.metrics.as_ref().map(|place| result_file::read::<Metrics>(place, "metrics")).transpose()?;
        let state = self.state.as_deref().map(State::open).transpose()?;
        let reference = self.reference(model.as_ref(), scene)?;
        let mut names = WordNames::default();
        let mut rows = Rows::open(&self.input, &self.options(scene))?;
        let new =
            profile_builder::profile(&mut rows, model.as_ref(), &mut |word, text| names.note(word, text))?;
        // Only one run at a time reads the history and adds to it.
        let _lock = state.as_ref().filter(|_| !self.dry_run).map(State::lock_history).transpose()?;
        let history = history(state.as_ref(), scene);
        let champion_digest = model.as_ref().map_or("", Model::digest);
        let mut since = self.policy.changes_since(state.as_ref(), champion_digest, scene.name())?;
        let changes = since.as_mut().map(|since| since.count(self.policy.watched_files())).transpose()?;
        let evidence = DriftEvidence {
            champion: model.as_ref().map(champion).or_else(|| self.other_champion(reference.as_ref())),
            reference: reference.as_ref().map(|(profile, digest)| (profile, digest.as_str())),
            new,
            names,
            metrics: metrics.as_ref(),
            history,
            changes: changes.unwrap_or_default(),
            last_retrain: state.as_ref().map(State::last_retrain).transpose()?.flatten(),
            retrains: state.as_ref().map(retrains).transpose()?.unwrap_or_default(),
        };
        let (decision, record) = decide(&evidence, &self.policy.policy(), scene.now()?)?;
        let outcome = Outcome::answer(!decision.retrain_needed, self.exit_code);
        let mut report = drift_report(decision, scene.name());
        report.head.run_id = scene.run_id();
        result_file::write(&self.output, &report)?;
        if let Some(state) = state.filter(|_| !self.dry_run) {
            write_history(&state, evidence.history, record, scene)?;
            if let Some(watched) = since.as_ref().and_then(ChangesSince::watched) {
                watched.write(&state.file(WATCHED))?;
            }
        }
        rows.finish();
        Ok(outcome)
    }
}

impl Args {
    /// How rows are read. A model scores the rows, so their own scores do not count.
    fn options(&self, scene: &Scene) -> ReadOptions {
        let plain = self.rows.options(scene);
        if self.model.is_none() { self.scores.options(plain) } else { plain }
    }

    /// The model of another system, if the rows have its scores.
    fn other_champion(&self, reference: Option<&(Profile, String)>) -> Option<Champion> {
        let columns = self.scores.columns();
        let threshold = columns.threshold();
        columns.are_named().then(|| Champion {
            threshold,
            confusion: reference.and_then(|(profile, _)| confusion(profile, threshold)),
            basis: VerdictRows::Reference,
            fitted: None,
            learned: None,
        })
    }

    /// The reference profile and its digest.
    fn reference(&self, model: Option<&Model>, scene: &Scene) -> Result<Option<(Profile, String)>> {
        if let Some(place) = &self.profile {
            let file = ProfileFile::read(place)?;
            let (scored_by, champion) = (file.model.as_deref(), model.map(Model::digest));
            ensure!(
                scored_by == champion,
                "{place}: is scored by {}, but --model is {}; make the profile again with spamops profile",
                scored_by.unwrap_or("no model"),
                champion.unwrap_or("not set")
            );
            ensure!(
                model.is_some() || !self.scores.columns().are_named() || file.profile.is_scored(),
                "{place}: has no scores; make the profile again with spamops profile --score-column"
            );
            let profile = file.profile.profile().with_context(|| place.to_string())?;
            return Ok(Some((profile, digest(&serde_json::to_string(&file.profile)?))));
        }
        if let Some(place) = &self.reference {
            let mut rows = Rows::open(place, &self.options(scene))?;
            let profile = profile_builder::profile(&mut rows, model, &mut |_, _| ())?;
            let digest = digest(&serde_json::to_string(&StoredProfile::of(&profile))?);
            return Ok(Some((profile, digest)));
        }
        let Some(model) = model else { return Ok(None) };
        if model.profile.is_empty() {
            scene.warn("the model has no profile; fit it again or set --reference");
        }
        let place = self.model.as_ref().unwrap_or(&Place::Standard);
        let profile = model.profile.profile().with_context(|| place.to_string())?;
        Ok(Some((profile, model.digest().to_owned())))
    }
}

/// Reads the earlier runs. If the history is unreadable, warns and goes on without it.
fn history(state: Option<&State>, scene: &Scene) -> History {
    let history = match state.map(State::history) {
        Some(Ok(lines)) => History::read(lines.lines()),
        Some(Err(error)) => History::unreadable(&format!("{error:#}")),
        None => History::default(),
    };
    if let Some(error) = &history.unreadable {
        scene.warn(format!(
            "history.jsonl cannot be read, so this decision ignores it ({error}); restore it from a backup"
        ));
    }
    history
}

/// Reads the retrains that compared a challenger.
fn retrains(state: &State) -> Result<Vec<PastRetrain>> {
    let decisions = state.decisions()?.into_iter();
    let compared = decisions.filter(|decision| decision.retrain_needed && decision.compared);
    let mut retrains: Vec<PastRetrain> = compared
        .map(|decision| PastRetrain { time: Timestamp(decision.time), was_better: decision.deploy_needed })
        .collect();
    retrains.sort_by_key(|retrain| retrain.time);
    Ok(retrains)
}

/// Adds a run to the history of the state.
fn write_history(state: &State, mut history: History, record: RunRecord, scene: &Scene) -> Result<()> {
    history.add(record)?;
    if let Err(error) = state.write_history(&history.lines()?, history.unreadable.is_some()) {
        scene.warn(format!("this run was not added to the history: {error:#}"));
    }
    Ok(())
}

fn champion(model: &Model) -> Champion {
    Champion {
        threshold: model.threshold,
        confusion: (model.estimate.folds > 0).then_some(model.estimate.deciding_figures().confusion),
        basis: VerdictRows::CrossValidation,
        fitted: dates::read(&model.provenance.fitted),
        learned: Some(model.provenance.rows).filter(|rows| *rows > 0),
    }
}

/// The verdicts on the labelled messages of a reference; none without labels.
fn confusion(reference: &Profile, threshold: Fraction) -> Option<Confusion> {
    let mut confusion = Confusion::default();
    for record in reference.records() {
        let verdict = if record.score() >= threshold.value() { Label::Positive } else { Label::Negative };
        record.label().into_iter().for_each(|label| confusion.add(label, verdict));
    }
    (confusion.total() > 0).then_some(confusion)
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
