//! Defines the command lines of each step, with the files that each tool reads and writes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};

use super::run::CycleRun;
use super::since_move::{TRAINING, mark};
use crate::cycle::command_line::text;
use crate::cycle::demo;
use crate::cycle::files::{RunFile, RunFiles};
use crate::cycle::record::request;
use crate::cycle::settings::{CycleSettings, SIZE};
use crate::cycle::step::CycleStep;
use crate::io::owned_file::remove;
use crate::io::stream::Place;
use crate::rows::scored::SCORE;
use crate::state::gathered::CHAMPION_PROFILE;

/// Whether a file of the state has rows.
fn is_gathered(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.len() > 0)
}

/// Seed of the sample.
const SEED: &str = "7";

impl CycleRun<'_> {
    pub(super) fn sample(&self) -> Result<()> {
        let settings = &self.record.settings;
        if settings.demo && (self.dry_run || !self.registry_has_champion()) {
            self.first_champion()?;
        }
        let gathered = self.in_state("rows.jsonl");
        // The first model learns from the complete history that the run is given.
        let is_first = !is_gathered(&gathered) && !self.registry_has_champion();
        let size = settings.size.or((!is_first).then_some(SIZE));
        if let Some(since) = settings.since.as_ref().filter(|_| !is_gathered(&gathered)) {
            let [history, clean, rejects] =
                [RunFile::History, RunFile::HistoryClean, RunFile::HistoryRejects]
                    .map(|file| self.files.name(file));
            self.call("sample", ["--until", since, &settings.data, "-o", &history])?;
            self.call("validate", [&history, "-o", &clean, "--rejects", &rejects])?;
            self.call("state", ["gather", &clean, "--state", &settings.state])?;
        }
        if let Some(size) = size.filter(|_| is_first && self.other_champion().is_none()) {
            (self.echo)(&format!("# the first model learns only from {size} new rows, because of --size"));
        }
        let mut words: Vec<String> = size.map_or_else(Vec::new, |size| {
            ["--size", &size.to_string(), "--seed", SEED].map(str::to_owned).into()
        });
        for (name, date) in [("--since", &settings.since), ("--until", &settings.until)] {
            words.extend(date.iter().flat_map(|date| [name.to_owned(), date.clone()]));
        }
        if let Some(labels) = &settings.labels {
            words.extend(["--labels".to_owned(), labels.clone()]);
        }
        let asked = self.in_state("asked.jsonl");
        if is_gathered(&asked) {
            words.extend(["--asked".to_owned(), asked.display().to_string()]);
        }
        for used in ["rows.jsonl", "refused.jsonl"].map(|name| self.in_state(name)) {
            if is_gathered(&used) {
                words.extend(["--exclude".to_owned(), used.display().to_string()]);
            }
        }
        if is_gathered(&gathered) && size.is_some() {
            words.push("--corrections".to_owned());
        }
        words.extend([settings.data.clone(), "-o".to_owned(), self.new_rows()]);
        self.call("sample", words)
    }

    /// Fits the first champion of the demo on its history, and registers it.
    fn first_champion(&self) -> Result<()> {
        let files = RunFiles::new(&self.files.directory().join("demo"));
        let [history, clean, rejects, pool, train, holdout, model] = [
            RunFile::History,
            RunFile::Clean,
            RunFile::Rejects,
            RunFile::Pool,
            RunFile::Train,
            RunFile::Holdout,
            RunFile::Champion,
        ]
        .map(|file| files.name(file));
        let settings = &self.record.settings;
        self.call("sample", ["--until", demo::SINCE, &settings.data, "-o", &history])?;
        self.call("validate", [&history, "-o", &clean, "--rejects", &rejects])?;
        self.call("sample", ["--split", TRAINING, "--rest", &holdout, &clean, "-o", &pool])?;
        self.call("sample", ["--against", &holdout, &pool, "-o", &train])?;
        self.call("fit", [&train, "--now", demo::SINCE, "-o", &model])?;
        let record = files.name(RunFile::Promote);
        let in_registry = settings.in_registry();
        let words = ["--reason", demo::REASON, "--now", demo::SINCE, "-o", &record];
        self.call("promote", [&*model].into_iter().chain(text(&in_registry)).chain(words))
    }

    /// Path of the new rows. The file keeps the format of the input, because a malformed row cannot be written in
    /// another format.
    fn new_rows(&self) -> String {
        let extension = Place::File(PathBuf::from(&self.record.settings.data)).extension();
        self.files.new_rows(extension.as_deref()).display().to_string()
    }

    pub(super) fn validate(&self) -> Result<()> {
        let new = self.new_rows();
        self.expect(&new, CycleStep::Sample)?;
        let [clean, rejects, report] =
            [RunFile::Clean, RunFile::Rejects, RunFile::Validate].map(|file| self.files.name(file));
        let settings = &self.record.settings;
        let mut words: Vec<&str> = Vec::new();
        if let Some(contract) = &settings.contract {
            words.extend(["--contract", contract]);
        }
        words.extend([&*new, "-o", &clean, "--rejects", &rejects, "--report", &report]);
        self.call_for_result("validate", words)?;
        self.call("state", ["gather", "--refused", &rejects, "--state", &settings.state])
    }

    pub(super) fn score(&self) -> Result<()> {
        let clean = self.files.name(RunFile::Clean);
        self.expect(&clean, CycleStep::Validate)?;
        let [champion, scored, metrics] =
            [RunFile::Champion, RunFile::Scored, RunFile::Metrics].map(|file| self.files.name(file));
        if self.registry_has_champion() {
            if self.record.settings.champion_scored.is_some() {
                (self.echo)(
                    "# the registry has a champion, so --champion-scored no longer counts; remove it",
                );
            }
            let in_registry = self.record.settings.in_registry();
            self.call("registry", ["export"].into_iter().chain(text(&in_registry)).chain(["-o", &champion]))?;
        } else if self.other_champion().is_none() {
            return Ok(());
        }
        let words = [&*clean, "-o", &scored, "--metrics", &metrics].map(str::to_owned);
        self.call_for_result("score", self.by_champion().into_iter().chain(words))
    }

    /// The words that make `score` use the champion: its model, or its scores if it belongs to another system. The
    /// gathered rows have the scores of earlier runs.
    fn by_champion(&self) -> Vec<String> {
        let Some(scored) = self.other_champion() else {
            return vec!["--model".to_owned(), self.files.name(RunFile::Champion)];
        };
        let gathered = Some(self.in_state("rows.jsonl")).filter(|path| is_gathered(path));
        let gathered = gathered.map(|path| path.display().to_string());
        [scored.to_owned()]
            .into_iter()
            .chain(gathered)
            .flat_map(|file| ["--scores".to_owned(), file])
            .collect()
    }

    pub(super) fn drift(&self) -> Result<()> {
        let [clean, champion, metrics, report] =
            [RunFile::Clean, RunFile::Champion, RunFile::Metrics, RunFile::Drift]
                .map(|file| self.files.name(file));
        self.expect(&clean, CycleStep::Validate)?;
        let state = &self.record.settings.state;
        let mut words: Vec<&str> = Vec::new();
        if !self.record.is_done(CycleStep::Score) && self.registry_has_champion() {
            self.expect(&champion, CycleStep::Score)?;
        }
        let profile = self.in_state(CHAMPION_PROFILE);
        let [has_profile, is_other] = [profile.exists(), self.other_champion().is_some()];
        let profile = profile.display().to_string();
        // The profile of another system's model is made from its first rows.
        let needs_profile = is_other && !has_profile;
        let new = if is_other { self.files.name(RunFile::Scored) } else { clean };
        if is_other {
            self.expect(&new, CycleStep::Score)?;
            words.extend(["--score-column", SCORE, "--metrics", &metrics]);
        } else if self.has_champion() {
            words.extend(["--model", &champion, "--metrics", &metrics]);
        }
        if is_other && has_profile {
            words.extend(["--profile", &profile]);
        }
        words.extend(["--state", state]);
        if self.is_forced() {
            words.push("--force");
        }
        words.extend(self.record.settings.watch.iter().flat_map(|watched| ["--watch", watched]));
        words.extend([&new, "-o", &report]);
        self.call_for_result("drift", words)?;
        if needs_profile {
            self.call("profile", ["--score-column", SCORE, &new, "-o", &profile])?;
        }
        // Mark the retrain as pending before the rows count as used. If this run is killed, the next run then retrains.
        if !self.dry_run && self.retrain_needed()? {
            Place::File(request(&self.record.settings)).write_text(&format!("{}\n", self.record.id))?;
        }
        let mark = self.last_move()?.map(|entry| mark(&entry));
        let mark = mark.iter().flat_map(|mark| ["--mark", mark]);
        self.call("state", ["gather", &new, "--state", state].into_iter().chain(mark))?;
        self.ask_for_labels()
    }

    /// Asks for as many labels as a retrain is short of, from all gathered rows.
    fn ask_for_labels(&self) -> Result<()> {
        let missing = self.missing_labels()?;
        if missing == 0 {
            return Ok(());
        }
        let (CycleSettings { state, now, .. }, missing) = (&self.record.settings, missing.to_string());
        let [unlabelled, scored, to_label] =
            [RunFile::Unlabelled, RunFile::UnlabelledScored, RunFile::ToLabel]
                .map(|file| self.files.name(file));
        self.call("state", ["unlabelled", "--state", state, "--now", now, "-o", &unlabelled])?;
        let words = [&*unlabelled, "-o", &scored].map(str::to_owned);
        self.call("score", self.by_champion().into_iter().chain(words))?;
        let words = ["ask", &scored, "--size", &missing, "--state", state, "--now", now, "-o", &to_label];
        self.call("state", words)
    }

    pub(super) fn split(&self) -> Result<()> {
        let rows = self.in_state("rows.jsonl").display().to_string();
        self.expect(&rows, CycleStep::Drift)?;
        let [pool, train, holdout] =
            [RunFile::Pool, RunFile::Train, RunFile::Holdout].map(|file| self.files.name(file));
        self.call("sample", ["--last-label", "--split", TRAINING, "--rest", &holdout, &rows, "-o", &pool])?;
        self.call("sample", ["--against", &holdout, &pool, "-o", &train])
    }

    pub(super) fn fit(&self) -> Result<()> {
        let [train, challenger] = [RunFile::Train, RunFile::Challenger].map(|file| self.files.name(file));
        self.expect(&train, CycleStep::Split)?;
        let settings = &self.record.settings;
        let commit = settings.commit.iter().flat_map(|commit| ["--commit", commit]);
        let words = [&*train, "--now", &settings.now].into_iter().chain(commit).chain(["-o", &challenger]);
        self.call("fit", words)
    }

    pub(super) fn judge(&self) -> Result<()> {
        let [challenger, holdout] = [RunFile::Challenger, RunFile::Holdout].map(|file| self.files.name(file));
        self.expect(&challenger, CycleStep::Fit)?;
        let [before, after] =
            [RunFile::ChampionScored, RunFile::ChallengerScored].map(|file| self.files.name(file));
        if self.has_any_champion() {
            let words = [&*holdout, "-o", &before].map(str::to_owned);
            self.call("score", self.by_champion().into_iter().chain(words))?;
        }
        // Rows that another system has not scored are left out for both models.
        let rows = if self.other_champion().is_some() { &before } else { &holdout };
        self.call("score", ["--model", &challenger, rows, "-o", &after])
    }

    /// Whether this run has a champion, from the registry or of another system.
    fn has_any_champion(&self) -> bool {
        self.has_champion() || self.other_champion().is_some()
    }

    pub(super) fn compare(&self) -> Result<()> {
        let scored = self.files.name(RunFile::ChallengerScored);
        self.expect(&scored, CycleStep::Judge)?;
        let [before, champion, flips, challenger, report] = [
            RunFile::ChampionScored,
            RunFile::Champion,
            RunFile::Flips,
            RunFile::Challenger,
            RunFile::Compare,
        ]
        .map(|file| self.files.name(file));
        let mut words: Vec<&str> = Vec::new();
        if self.has_champion() {
            words.extend([&*before, "--champion", &champion, "--flips", &flips]);
        } else if self.other_champion().is_some() {
            words.extend([&*before, "--flips", &flips]);
        }
        if let Some(golden) = &self.record.settings.golden {
            words.extend(["--golden", golden]);
        }
        words.extend([&*scored, "--challenger", &challenger, "-o", &report]);
        self.call_for_result("compare", words)
    }

    pub(super) fn promote(&self) -> Result<()> {
        let [challenger, record] = [RunFile::Challenger, RunFile::Promote].map(|file| self.files.name(file));
        self.expect(&challenger, CycleStep::Fit)?;
        let compare = self.files.name(RunFile::Compare);
        self.expect(&compare, CycleStep::Compare)?;
        if let Some(hold) = &self.record.hold {
            bail!("champion is {hold}; end the hold with promote --resume, then run the step compare again");
        }
        ensure!(
            self.dry_run || self.deploy_needed()?,
            "{compare}: deploy_needed is false; to promote the challenger anyway, run promote"
        );
        let why = match (&self.record.ended_hold, self.has_any_champion()) {
            (Some(hold), _) => self.why_resumed(hold)?,
            (None, true) => "better on the holdout".to_owned(),
            (None, false) => "first model".to_owned(),
        };
        let reports: Vec<String> = [RunFile::Drift, RunFile::Compare]
            .into_iter()
            .filter(|file| self.files.path(*file).exists())
            .flat_map(|file| ["--report".to_owned(), self.files.name(file)])
            .collect();
        let champion = self.record.champion.map_or("none".to_owned(), |version| version.to_string());
        let in_registry = self.record.settings.in_registry();
        let words = [&*challenger].into_iter().chain(text(&in_registry));
        let words = words.chain(["--expect", &champion, "--reason", &why]);
        let resume = self.record.ended_hold.is_some().then_some("--resume");
        let words = words.chain(resume).chain(reports.iter().map(String::as_str)).chain(["-o", &record]);
        self.call_for_result("promote", words)
    }

    /// Tells people the news of the run, or that the run failed before its first step.
    fn tell(&self, failure: Option<&str>) -> Result<()> {
        let Some(channels) = &self.notify else { return Ok(()) };
        let directory = self.files.directory().display().to_string();
        let settings = &self.record.settings;
        let in_registry = settings.in_registry();
        let mut words = vec![&*directory, "--to", channels];
        words.extend(text(&in_registry));
        words.extend(["--state", &settings.state, "--now", &settings.now]);
        for (option, value) in [("--notify-on", self.notify_on.as_deref()), ("--failed", failure)] {
            words.extend(value.iter().flat_map(|value| [option, *value]));
        }
        self.call("notify", words)
    }

    /// Tells people that the run failed. The caller reports the error, so a second error is only printed.
    pub fn tell_failure(&self, failure: Option<&str>) {
        if !self.dry_run
            && let Err(error) = self.tell(failure)
        {
            (self.echo)(&format!("nobody was notified: {error:#}"));
        }
    }

    /// Writes only the outputs. The step `report` writes summary and annotations.
    pub(super) fn outputs(&self) -> Result<()> {
        let directory = self.files.directory().display().to_string();
        let words = [&*directory, "--now", &self.record.settings.now];
        self.call("report", words.into_iter().chain(["--summary", "/dev/null", "--annotate=false"]))
    }

    pub(super) fn report(&self) -> Result<()> {
        let directory = self.files.directory().display().to_string();
        let settings = &self.record.settings;
        self.call("report", [&*directory, "--state", &settings.state, "--now", &settings.now])?;
        let is_unknown = self.record.id.is_empty() && !self.dry_run;
        self.tell(is_unknown.then_some("the run did not start"))?;
        let pending = request(&self.record.settings);
        if pending.exists() && !self.dry_run && self.has_answered()? {
            remove(&pending)?;
        }
        Ok(())
    }
}
