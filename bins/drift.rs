//! drift: is the live model still right for what arrives now?

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;

use spamops::cli::options::RowArgs;
use spamops::cli::tool::{self, Outcome, Scene, Tool};
use spamops::drift::decision::decide;
use spamops::drift::history::History;
use spamops::drift::observation::{Champion, DriftEvidence};
use spamops::drift::policy::{DriftPolicy, Persistence, RetrainOn};
use spamops::drift::word_names::WordNames;
use spamops::io::dates;
use spamops::io::fraction::Fraction;
use spamops::io::result_file;
use spamops::io::result_file::digest;
use spamops::io::stream::{Place, expect_kept};
use spamops::model::model_file::Model;
use spamops::model::observe;
use spamops::profile::summary::{self, Profile, StoredProfile};
use spamops::report::drift_sentences::drift_report;
use spamops::rows::Rows;
use spamops::state::gathered::State;
use spamops::state::watched_files::{self, WatchedFiles};
use spamops::stats::metrics::Metrics;

/// Decide whether the champion needs a successor: verdict and retrain_needed, with every reason
///
/// Distinct new messages are held against those the champion was fitted on, whose profile is in the model. Families of
/// tests (sizes, flags, words, a classifier, scores, verdicts, labels, the F1 to be expected) are an alarm together in at
/// most 5 of 100 runs where nothing has changed, and only where the change is large enough to matter. With --state small
/// runs are pooled with those before, so FILE must hold rows that no run had before; and from 20 windows on drift is news
/// only where it is larger than in 95 of 100 of them, which is what asks for a retrain.
///
/// A retrain is asked for when it is forced, when labelled rows show an F1 surely below what it was, when the scores of
/// unlabelled ones let expect that, when drift stays (--retrain-on), by age, by number of rows, or by changes to a watched
/// file; not within the cooldown, and not without new labels to learn from.
#[derive(Parser)]
#[command(
    name = "drift",
    after_help = "\
Examples:
  drift --model champion.json --metrics metrics.json clean.csv -o drift.json
  drift --model champion.json --state state --cooldown-hours 48 clean.csv
  drift --reference last-month.csv this-month.csv
  drift --model champion.json --watch words.txt --watch-since spam@v1.2.0 clean.csv
  drift --model champion.json --exit-code clean.csv > /dev/null || echo retrain"
)]
pub(crate) struct Args {
    /// New rows as CSV or JSON Lines, plain, gzip or zstd
    #[arg(value_name = "FILE", default_value = "-")]
    input: Place,

    /// The champion; without one, and nothing to compare with, the answer is that there is one to be made
    #[arg(long, short, value_name = "FILE")]
    model: Option<Place>,

    /// Hold the new rows against these, not against what the model was fitted on
    #[arg(long, value_name = "FILE", conflicts_with = "profile")]
    reference: Option<Place>,

    /// Hold the new rows against this profile, from spamops profile
    #[arg(long, value_name = "FILE")]
    profile: Option<Place>,

    /// What the champion scored on these rows, from score --metrics
    #[arg(long, value_name = "FILE")]
    metrics: Option<Place>,

    /// The state: the runs before, among which this one is put, and the last retrain
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,

    /// Leave the state as it is
    #[arg(long, requires = "state")]
    dry_run: bool,

    /// Where the report goes
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: Place,

    /// Exit with 1 where a retrain is needed
    #[arg(long)]
    exit_code: bool,

    #[command(flatten)]
    policy: PolicyArgs,

    #[command(flatten)]
    rows: RowArgs,
}

/// When to retrain.
#[derive(clap::Args)]
#[command(next_help_heading = "Retrain")]
struct PolicyArgs {
    /// What asks for a retrain besides F1 on labelled rows: performance (the F1 to be expected), persistent-drift (that,
    /// and drift that stays) or any-drift. Where nothing changes, daily runs at the default ask falsely .2 times a year, .3
    /// at most: 200 simulated years of 100 and of 1,000 rows a day, tests/bench/drift
    #[arg(long, value_name = "WHAT", default_value = "persistent-drift")]
    retrain_on: RetrainOn,

    /// Drift stays when so many of the last so many windows have it; windows share no run
    #[arg(long, value_name = "K/N", default_value = "2/3")]
    persistence: Persistence,

    /// The least F1 on labelled rows [default: the model's own out of fold, less the margin]
    #[arg(long, value_name = "SHARE")]
    min_f1: Option<Fraction>,

    /// How much F1 may be lost
    #[arg(long, value_name = "SHARE", default_value = "0.01")]
    margin: Fraction,

    /// How old the champion may become
    #[arg(long, value_name = "DAYS", value_parser = number)]
    max_age_days: Option<f64>,

    /// How many rows may come after it
    #[arg(long, value_name = "N")]
    max_new_rows: Option<u64>,

    /// A file whose changes ask for a retrain, such as a list of words; may be given again
    #[arg(long, value_name = "FILE")]
    watch: Vec<PathBuf>,

    /// Count its changes since this revision of git [default: since the state first saw it with this champion]
    #[arg(long, value_name = "REV", requires = "watch")]
    watch_since: Option<String>,

    /// How many of its lines may change
    #[arg(long, value_name = "N", default_value_t = 100)]
    max_changes: u64,

    /// How long after a retrain no other is asked for
    #[arg(long, value_name = "HOURS", default_value_t = 24.0, value_parser = number)]
    cooldown_hours: f64,

    /// The least number of new labels to learn from: with fewer the answer is labels_needed
    #[arg(long, value_name = "N", default_value_t = 100)]
    min_new_labels: u64,

    /// Ask for a retrain whatever the signals say
    #[arg(long)]
    force: bool,
}

/// Where the state keeps what watched files were.
const WATCHED: &str = "watched.json";

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        let read = [&self.model, &self.reference, &self.profile, &self.metrics].into_iter().flatten();
        expect_kept(&[Some(&self.output)], read.chain([&self.input]))?;
        let model = self.model.as_ref().map(Model::read).transpose()?;
        let metrics =
            self.metrics.as_ref().map(|place| result_file::read::<Metrics>(place, "metrics")).transpose()?;
        let state = self.state.as_ref().map(|path| State::new(path));
        let reference = self.reference(model.as_ref(), scene)?;
        let mut names = WordNames::default();
        let mut rows = Rows::open(&self.input, &self.rows.options(scene))?;
        let new = observe::profile(&mut rows, model.as_ref(), &mut |word, text| names.note(word, text))?;
        // One run at a time reads the history and adds to it.
        let _held = state.as_ref().filter(|_| !self.dry_run).map(State::hold).transpose()?;
        let history = match state.as_ref().map(State::history) {
            Some(Ok(lines)) => History::read(lines.lines()),
            Some(Err(error)) => History::lost(&format!("{error:#}")),
            None => History::default(),
        };
        if let Some(why) = &history.unreadable {
            scene.warn(format!("the history of the state: {why}; the verdict does without it"));
        }
        let champion_digest = model.as_ref().map_or("", Model::digest);
        let mut watched = self.watched(state.as_ref(), champion_digest, scene)?;
        let changes = self.changes(watched.as_mut())?;
        let evidence = DriftEvidence {
            champion: model.as_ref().map(champion),
            reference: reference.as_ref().map(|(profile, digest)| (profile, digest.as_str())),
            new,
            names,
            metrics: metrics.as_ref(),
            history,
            changes,
            last_retrain: state.as_ref().map(State::last_retrain).transpose()?.flatten(),
        };
        let (decision, record) = decide(&evidence, &self.policy(), scene.now()?)?;
        let answer = Outcome::answer(!decision.retrain_needed, self.exit_code);
        result_file::write(&self.output, &drift_report(decision, scene.name()))?;
        if let Some(state) = state.filter(|_| !self.dry_run) {
            let mut history = evidence.history;
            history.add(record)?;
            if let Err(error) = state.remember(&history.lines()?, history.unreadable.is_some()) {
                scene.warn(format!("the history is left as it is: {error:#}"));
            }
            watched.map_or(Ok(()), |watched| watched.write(&state.file(WATCHED)))?;
        }
        Ok(answer)
    }
}

impl Args {
    /// What the new rows are held against, and its digest.
    fn reference(&self, model: Option<&Model>, scene: &Scene) -> Result<Option<(Profile, String)>> {
        let (sketch, place) = match (&self.profile, &self.reference, model) {
            (Some(place), ..) => {
                let file = summary::ProfileFile::read(place)?;
                let (theirs, ours) = (file.model.as_deref(), model.map(Model::digest));
                ensure!(
                    theirs == ours,
                    "{place}: scored by {}, and here by {}; make it anew with spamops profile",
                    theirs.unwrap_or("no model"),
                    ours.unwrap_or("none")
                );
                (file.profile, place)
            }
            (_, Some(place), model) => {
                let mut rows = Rows::open(place, &self.rows.options(scene))?;
                let profile = observe::profile(&mut rows, model, &mut |_, _| ())?;
                let digest = digest(&serde_json::to_string(&StoredProfile::of(&profile))?);
                return Ok(Some((profile, digest)));
            }
            (None, None, Some(model)) => {
                if model.profile.is_empty() {
                    scene.warn("the model has no profile: fit it anew, or give --reference".to_owned());
                }
                let place = self.model.as_ref().unwrap_or(&Place::Standard);
                let profile = model.profile.profile().with_context(|| place.to_string())?;
                return Ok(Some((profile, model.digest().to_owned())));
            }
            (None, None, None) => return Ok(None),
        };
        let profile = sketch.profile().with_context(|| place.to_string())?;
        Ok(Some((profile, digest(&serde_json::to_string(&sketch)?))))
    }

    /// What watched files were when this champion was first seen.
    fn watched(&self, state: Option<&State>, champion: &str, scene: &Scene) -> Result<Option<WatchedFiles>> {
        if self.policy.watch.is_empty() || self.policy.watch_since.is_some() {
            return Ok(None);
        }
        let state =
            state.context("--watch counts changes since the champion: it wants --state, or --watch-since")?;
        WatchedFiles::read(&state.file(WATCHED), champion, scene.name()).map(Some)
    }

    /// Changed lines of watched files.
    fn changes(&self, mut watched: Option<&mut WatchedFiles>) -> Result<Vec<(String, u64)>> {
        let count = |file: &PathBuf| {
            let lines = match (&self.policy.watch_since, &mut watched) {
                (Some(revision), _) => watched_files::changes_since(file, revision)?,
                (None, Some(watched)) => watched.changes(file)?,
                (None, None) => 0,
            };
            Ok((file.display().to_string(), lines))
        };
        self.policy.watch.iter().map(count).collect()
    }

    fn policy(&self) -> DriftPolicy {
        let PolicyArgs { retrain_on, persistence, min_f1, margin, .. } = self.policy;
        let PolicyArgs { max_age_days, max_new_rows, max_changes, .. } = self.policy;
        let PolicyArgs { cooldown_hours, min_new_labels, force: forced, .. } = self.policy;
        DriftPolicy {
            min_f1,
            margin: margin.value(),
            retrain_on,
            persistence,
            max_age_days,
            max_new_rows,
            max_changes,
            cooldown_hours,
            min_new_labels,
            forced,
        }
    }
}

fn champion(model: &Model) -> Champion {
    Champion {
        threshold: model.threshold,
        confusion: (model.estimate.folds > 0).then_some(model.estimate.pooled.confusion),
        fitted: dates::read(&model.provenance.fitted),
    }
}

fn number(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number >= 0.0 && number.is_finite() => Ok(number),
        _ => Err("expected a number, not negative".into()),
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
