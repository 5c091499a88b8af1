//! A run of the cycle: the one place that knows which file goes where, and what follows from a result.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;

use crate::compare::report::CompareReport;
use crate::cycle::command_line::{CommandLine, Programs};
use crate::cycle::demo;
use crate::cycle::files::{RECORD, RunFiles};
use crate::cycle::record::CycleRecord;
use crate::cycle::step::CycleStep;
use crate::drift::drift_report::DriftReport;
use crate::io::result_file::{self, ResultHead};
use crate::io::stream::Place;
use crate::rows::contract::{ValidateReport, ValidateVerdict};

/// Rows that a person is asked to label at a time.
const TO_LABEL: &str = "50";

/// The part of the gathered rows that models learn from. The rest is the holdout.
const TRAINING: &str = "0.7";

/// The seed of the sample.
const SEED: &str = "7";

/// A run, and how it calls the tools.
pub struct CycleRun<'a> {
    /// The run itself.
    pub record: CycleRecord,
    /// Its files.
    pub files: RunFiles,
    /// How a shell finds the tools.
    pub programs: Programs,
    /// Words for every command line, such as those that name the policy.
    pub common: Vec<String>,
    /// Channels to tell people through.
    pub notify: Option<String>,
    /// Print the command lines, and neither run nor write anything.
    pub dry_run: bool,
    /// Prints a line at once.
    pub echo: &'a dyn Fn(&str),
}

impl CycleRun<'_> {
    /// The whole cycle. Steps that are done are not repeated.
    pub fn whole(&mut self) -> Result<()> {
        self.all(&[CycleStep::Sample, CycleStep::Validate])?;
        if self.goes_on()? {
            self.all(&[CycleStep::Score, CycleStep::Drift])?;
        }
        if self.retrain_needed()? {
            self.all(&[CycleStep::Split, CycleStep::Fit, CycleStep::Judge, CycleStep::Compare])?;
        }
        if self.deploy_needed()? {
            self.all(&[CycleStep::Promote])?;
        }
        self.all(&[CycleStep::Report])
    }

    fn all(&mut self, steps: &[CycleStep]) -> Result<()> {
        for step in steps {
            if !self.record.is_done(*step) {
                self.step(*step)?;
            }
        }
        Ok(())
    }

    /// One step. It is on record once all of it is done.
    pub fn step(&mut self, step: CycleStep) -> Result<()> {
        match step {
            CycleStep::Sample => self.sample(),
            CycleStep::Validate => self.validate(),
            CycleStep::Score => self.score(),
            CycleStep::Drift => self.drift(),
            CycleStep::Split => self.split(),
            CycleStep::Fit => self.fit(),
            CycleStep::Judge => self.judge(),
            CycleStep::Compare => self.compare(),
            CycleStep::Promote => self.promote(),
            CycleStep::Outputs => self.outputs(),
            CycleStep::Report => self.report(),
        }
        .with_context(|| format!("the step {step} failed"))?;
        if self.dry_run {
            return Ok(());
        }
        if !self.record.is_done(step) {
            self.record.done.push(step);
        }
        self.record.finished = step == CycleStep::Report;
        self.record.write(self.files.directory())
    }

    fn sample(&self) -> Result<()> {
        let settings = &self.record.settings;
        if settings.demo && !self.has_champion() {
            self.first_champion()?;
        }
        let gathered = self.in_state("rows.jsonl");
        let is_gathered = |path: &Path| fs::metadata(path).is_ok_and(|file| file.len() > 0);
        if let Some(since) = settings.since.as_ref().filter(|_| !is_gathered(&gathered)) {
            let [history, clean, rejects] =
                ["history.csv", "history-clean.csv", "history-rejects.csv"].map(|file| self.files.name(file));
            self.call("sample", ["--until", since, &settings.data, "-o", &history])?;
            self.call("validate", [&history, "-o", &clean, "--rejects", &rejects])?;
            self.call("state", ["gather", &clean, "--state", &settings.state])?;
        }
        let mut words: Vec<String> =
            ["--size", &settings.size.to_string(), "--seed", SEED].map(str::to_owned).into();
        for (name, date) in [("--since", &settings.since), ("--until", &settings.until)] {
            words.extend(date.iter().flat_map(|date| [name.to_owned(), date.clone()]));
        }
        for used in ["rows.jsonl", "refused.jsonl"].map(|name| self.in_state(name)) {
            if is_gathered(&used) {
                words.extend(["--exclude".to_owned(), used.display().to_string()]);
            }
        }
        words.extend([settings.data.clone(), "-o".to_owned(), self.new_rows()]);
        self.call("sample", words)
    }

    /// Fits the demo's first champion from the rows that are history, and registers it.
    fn first_champion(&self) -> Result<()> {
        let file = |name: &str| self.files.name(&format!("demo/{name}"));
        let [history, clean, rejects, pool, train, holdout, model] = [
            "history.csv",
            "clean.csv",
            "rejects.csv",
            "pool.csv",
            "train.csv",
            "holdout.csv",
            "champion.json",
        ]
        .map(file);
        let settings = &self.record.settings;
        self.call("sample", ["--until", demo::SINCE, &settings.data, "-o", &history])?;
        self.call("validate", [&history, "-o", &clean, "--rejects", &rejects])?;
        self.call("sample", ["--split", TRAINING, "--rest", &holdout, &clean, "-o", &pool])?;
        self.call("sample", ["--against", &holdout, &pool, "-o", &train])?;
        self.call("fit", [&train, "--now", demo::SINCE, "-o", &model])?;
        let record = file("promote.json");
        let words = ["--registry", &settings.registry, "--reason", demo::REASON, "--now", demo::SINCE, "-o"];
        self.call("promote", [&*model].into_iter().chain(words).chain([&*record]))
    }

    /// The new rows, in the format they came in until validate has looked at them: what is malformed in one format cannot
    /// be written in another.
    fn new_rows(&self) -> String {
        let extension = Place::File(PathBuf::from(&self.record.settings.data)).extension();
        let format = extension.filter(|format| ["jsonl", "ndjson", "tsv"].contains(&&**format));
        self.files.name(&format!("new.{}", format.as_deref().unwrap_or("csv")))
    }

    fn validate(&self) -> Result<()> {
        let new = self.new_rows();
        self.expect(&new, CycleStep::Sample)?;
        let [clean, rejects, report] =
            ["clean.csv", "rejects.csv", "validate.json"].map(|file| self.files.name(file));
        let settings = &self.record.settings;
        let mut words: Vec<&str> = Vec::new();
        if let Some(contract) = &settings.contract {
            words.extend(["--contract", contract]);
        }
        words.extend([&*new, "-o", &clean, "--rejects", &rejects, "--report", &report]);
        self.call_for_result("validate", words)?;
        self.call("state", ["gather", "--refused", &rejects, "--state", &settings.state])
    }

    fn score(&self) -> Result<()> {
        let clean = self.files.name("clean.csv");
        self.expect(&clean, CycleStep::Validate)?;
        if !self.has_champion() {
            return Ok(());
        }
        let [champion, scored, metrics] =
            ["champion.json", "scored.csv", "metrics.json"].map(|file| self.files.name(file));
        self.call("registry", ["export", "--registry", &self.record.settings.registry, "-o", &champion])?;
        let words = ["--model", &champion, &clean, "-o", &scored, "--metrics", &metrics];
        self.call_for_result("score", words)
    }

    fn drift(&self) -> Result<()> {
        let [clean, champion, metrics, report] =
            ["clean.csv", "champion.json", "metrics.json", "drift.json"].map(|file| self.files.name(file));
        self.expect(&clean, CycleStep::Validate)?;
        let state = &self.record.settings.state;
        let mut words: Vec<&str> = Vec::new();
        if self.has_champion() {
            self.expect(&champion, CycleStep::Score)?;
            words.extend(["--model", &champion, "--metrics", &metrics]);
        }
        words.extend(["--state", state]);
        if self.is_forced() {
            words.push("--force");
        }
        words.extend([&clean, "-o", &report]);
        self.call_for_result("drift", words)?;
        self.call("state", ["gather", &clean, "--state", state])?;
        if self.labels_needed()? {
            let [scored, to_label] = ["scored.csv", "to-label.csv"].map(|file| self.files.name(file));
            self.call("sample", ["--for-labels", TO_LABEL, &scored, "-o", &to_label])?;
        }
        // From here on the rows count as used: if this run dies before its report, the next one makes up for it.
        if !self.dry_run && self.retrain_needed()? {
            Place::File(self.pending()).write_text(&format!("{}\n", self.record.id))?;
        }
        Ok(())
    }

    fn split(&self) -> Result<()> {
        let rows = self.in_state("rows.jsonl").display().to_string();
        self.expect(&rows, CycleStep::Drift)?;
        let [pool, train, holdout] =
            ["pool.csv", "train.csv", "holdout.csv"].map(|file| self.files.name(file));
        self.call("sample", ["--split", TRAINING, "--rest", &holdout, &rows, "-o", &pool])?;
        self.call("sample", ["--against", &holdout, &pool, "-o", &train])
    }

    fn fit(&self) -> Result<()> {
        let [train, challenger] = ["train.csv", "challenger.json"].map(|file| self.files.name(file));
        self.expect(&train, CycleStep::Split)?;
        let settings = &self.record.settings;
        let commit = settings.commit.iter().flat_map(|commit| ["--commit", commit]);
        let words = [&*train, "--now", &settings.now].into_iter().chain(commit).chain(["-o", &challenger]);
        self.call("fit", words)
    }

    fn judge(&self) -> Result<()> {
        let [challenger, holdout] = ["challenger.json", "holdout.csv"].map(|file| self.files.name(file));
        self.expect(&challenger, CycleStep::Fit)?;
        let score = |model: &str, scored: &str| {
            self.call("score", ["--model", model, &holdout, "-o", &self.files.name(scored)])
        };
        if self.has_champion() {
            score(&self.files.name("champion.json"), "champion-scored.csv")?;
        }
        score(&challenger, "challenger-scored.csv")
    }

    fn compare(&self) -> Result<()> {
        let scored = self.files.name("challenger-scored.csv");
        self.expect(&scored, CycleStep::Judge)?;
        let [before, champion, flips, challenger, report] =
            ["champion-scored.csv", "champion.json", "flips.csv", "challenger.json", "compare.json"]
                .map(|file| self.files.name(file));
        let mut words: Vec<&str> = Vec::new();
        if self.has_champion() {
            words.extend([&*before, "--champion", &champion, "--flips", &flips]);
        }
        words.extend([&*scored, "--challenger", &challenger, "-o", &report]);
        self.call_for_result("compare", words)
    }

    fn promote(&self) -> Result<()> {
        let [challenger, record] = ["challenger.json", "promote.json"].map(|file| self.files.name(file));
        self.expect(&challenger, CycleStep::Fit)?;
        let why = if self.has_champion() { "better on the holdout" } else { "the first" };
        let reports: Vec<String> = ["drift.json", "compare.json"]
            .into_iter()
            .filter(|file| self.files.has(file))
            .flat_map(|file| ["--report".to_owned(), self.files.name(file)])
            .collect();
        let words = [&*challenger, "--registry", &self.record.settings.registry, "--reason", why];
        let words = words.into_iter().chain(reports.iter().map(String::as_str)).chain(["-o", &record]);
        self.call_for_result("promote", words)
    }

    /// The outputs alone: the summary and the annotations are for the end.
    fn outputs(&self) -> Result<()> {
        let directory = self.files.directory().display().to_string();
        let words = [&*directory, "--now", &self.record.settings.now];
        self.call("report", words.into_iter().chain(["--summary", "/dev/null", "--annotate=false"]))
    }

    fn report(&self) -> Result<()> {
        let directory = self.files.directory().display().to_string();
        let settings = &self.record.settings;
        let common = ["--state", &settings.state, "--now", &settings.now];
        self.call("report", [&*directory].into_iter().chain(common))?;
        if let Some(channels) = &self.notify {
            self.call("notify", [&*directory, "--to", channels].into_iter().chain(common))?;
        }
        let pending = self.pending();
        if pending.exists() && !self.dry_run {
            fs::remove_file(&pending).with_context(|| pending.display().to_string())?;
        }
        Ok(())
    }

    /// Whether the new rows are worth a look: valid, or none where a retrain is asked for all the same.
    fn goes_on(&self) -> Result<bool> {
        if self.dry_run {
            self.note("if the new rows are valid");
            return Ok(true);
        }
        let validate: Option<ValidateReport> = self.result("validate")?;
        Ok(validate.is_some_and(|report| match report.verdict {
            ValidateVerdict::Valid => true,
            ValidateVerdict::Empty => self.is_forced(),
            ValidateVerdict::Invalid => false,
        }))
    }

    fn labels_needed(&self) -> Result<bool> {
        if self.dry_run {
            self.note("if drift requests labels");
            return Ok(true);
        }
        let drift: Option<DriftReport> = self.result("drift")?;
        Ok(drift.is_some_and(|report| report.labels_needed))
    }

    fn retrain_needed(&self) -> Result<bool> {
        if self.dry_run {
            self.note("if drift requests a retrain");
            return Ok(true);
        }
        let drift: Option<DriftReport> = self.result("drift")?;
        Ok(drift.is_some_and(|report| report.retrain_needed))
    }

    fn deploy_needed(&self) -> Result<bool> {
        if self.dry_run {
            self.note("if the challenger is better");
            return Ok(true);
        }
        let compare: Option<CompareReport> = self.result("compare")?;
        Ok(compare.is_some_and(|report| report.deploy_needed))
    }

    fn note(&self, condition: &str) {
        (self.echo)(&format!("# {condition}:"));
    }

    /// Whether to retrain whatever the signals say: on request, or because an earlier run died after its request.
    fn is_forced(&self) -> bool {
        let earlier = fs::read_to_string(self.pending()).ok().filter(|id| id.trim() != self.record.id);
        self.record.settings.force || earlier.is_some()
    }

    /// Exists from a request for a retrain to the report of the run that made it.
    fn pending(&self) -> PathBuf {
        self.in_state("retrain-pending")
    }

    fn in_state(&self, name: &str) -> PathBuf {
        Path::new(&self.record.settings.state).join(name)
    }

    fn has_champion(&self) -> bool {
        Path::new(&self.record.settings.registry).join("spam").join("champion.json").exists()
    }

    /// Fails if what another step writes is missing.
    fn expect(&self, file: &str, step: CycleStep) -> Result<()> {
        let directory = self.files.directory().display();
        ensure!(
            self.dry_run || Path::new(file).exists(),
            "{file}: missing; run the step {step} first: spamops run --out-dir {directory} {step}"
        );
        Ok(())
    }

    /// A result of this run, if there is one.
    fn result<T: DeserializeOwned>(&self, kind: &str) -> Result<Option<T>> {
        let path = self.files.path(&format!("{kind}.json"));
        if !path.exists() {
            return Ok(None);
        }
        let place = Place::File(path);
        let head: ResultHead = result_file::read(&place, kind)?;
        ensure!(
            head.run_id.as_ref() == Some(&self.record.id),
            "{place}: belongs to another run; start over with spamops run"
        );
        result_file::read(&place, kind).map(Some)
    }

    /// Calls a tool whose result carries the id and the moment of this run.
    fn call_for_result<T: ToString>(&self, tool: &str, words: impl IntoIterator<Item = T>) -> Result<()> {
        let record = self.files.name(RECORD);
        let run = ["--now", &self.record.settings.now, "--run", &record].map(str::to_owned);
        self.call(tool, words.into_iter().map(|word| word.to_string()).chain(run))
    }

    /// Prints a command line and runs it.
    fn call<T: ToString>(&self, tool: &str, words: impl IntoIterator<Item = T>) -> Result<()> {
        let line = CommandLine::calling(&self.programs, tool).with(words).with(&self.common);
        (self.echo)(&format!("$ {line}"));
        if self.dry_run { Ok(()) } else { line.run() }
    }
}
