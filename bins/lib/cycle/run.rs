//! Runs the cycle: each result determines the next step, and a stopped run resumes after its last complete step.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;

use crate::compare::report::CompareReport;
use crate::cycle::command_line::{CommandLine, Programs};
use crate::cycle::files::{RunFile, RunFiles};
use crate::cycle::record::CycleRecord;
use crate::cycle::step::CycleStep;
use crate::drift::drift_report::DriftReport;
use crate::io::result_file::{self, ResultHead};
use crate::io::stream::Place;
use crate::registry::Registry;
use crate::rows::contract::{ValidateReport, ValidateVerdict};

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
        // Also if it is done: the runner wants its outputs.
        self.step(CycleStep::Report)
    }

    fn all(&mut self, steps: &[CycleStep]) -> Result<()> {
        for step in steps {
            let is_there = step.result().is_none_or(|file| self.files.path(file).exists());
            if !self.record.is_done(*step) || !is_there {
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
        if let Some(file) = step.result().map(|file| self.files.path(file)) {
            ensure!(file.exists(), "the step {step} did not write {}", file.display());
        }
        if step == CycleStep::Score {
            self.record.champion = self.registry().champion()?.map(|alias| alias.version);
        }
        if !self.record.is_done(step) {
            self.record.done.push(step);
        }
        if !step.only_reports() || step == CycleStep::Report {
            self.record.finished = step == CycleStep::Report;
        }
        self.record.write(self.files.directory())
    }

    /// Whether to go on: the rows are valid, or there are none and a retrain is forced.
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

    pub(super) fn labels_needed(&self) -> Result<bool> {
        if self.dry_run {
            self.note("if drift requests labels");
            return Ok(true);
        }
        let drift: Option<DriftReport> = self.result("drift")?;
        Ok(drift.is_some_and(|report| report.labels_needed))
    }

    pub(super) fn retrain_needed(&self) -> Result<bool> {
        if self.dry_run {
            self.note("if drift requests a retrain");
            return Ok(true);
        }
        let drift: Option<DriftReport> = self.result("drift")?;
        Ok(drift.is_some_and(|report| report.retrain_needed))
    }

    pub(super) fn deploy_needed(&self) -> Result<bool> {
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
    pub(super) fn is_forced(&self) -> bool {
        self.record.settings.force || self.record.answers_earlier_request
    }

    /// Whether this run has answered every request for a retrain: it compared a challenger, or drift requests none.
    pub(super) fn has_answered(&self) -> Result<bool> {
        if self.record.id.is_empty() {
            return Ok(false);
        }
        let compare: Option<CompareReport> = self.result("compare")?;
        let drift: Option<DriftReport> = self.result("drift")?;
        Ok(compare.is_some() || drift.is_some_and(|drift| !drift.retrain_needed))
    }

    pub(super) fn in_state(&self, name: &str) -> PathBuf {
        Path::new(&self.record.settings.state).join(name)
    }

    pub(super) fn registry(&self) -> Registry {
        Registry::new(Path::new(&self.record.settings.registry), "spam")
    }

    /// Whether the registry has a champion, or will have one: the demo's first step makes one.
    pub(super) fn is_championed(&self) -> bool {
        let is_planned = self.dry_run && self.record.settings.demo;
        is_planned || self.registry().directory().join("champion.json").exists()
    }

    /// Whether this run has a champion, whatever others do to the registry meanwhile.
    pub(super) fn has_champion(&self) -> bool {
        if self.dry_run { self.is_championed() } else { self.files.path(RunFile::Champion).exists() }
    }

    /// Fails if what another step writes is missing.
    pub(super) fn expect(&self, file: &str, step: CycleStep) -> Result<()> {
        let directory = self.files.directory().display().to_string();
        let remedy =
            CommandLine::calling(&self.programs, "run").with(["--out-dir", &directory, &step.to_string()]);
        ensure!(
            self.dry_run || Path::new(file).exists(),
            "{file}: missing; run the step {step} first: {remedy}"
        );
        Ok(())
    }

    /// A result of this run, if there is one.
    fn result<T: DeserializeOwned>(&self, kind: &str) -> Result<Option<T>> {
        let path = self.files.directory().join(format!("{kind}.json"));
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
    pub(super) fn call_for_result<T: ToString>(
        &self,
        tool: &str,
        words: impl IntoIterator<Item = T>,
    ) -> Result<()> {
        let record = self.files.record().display().to_string();
        let run = ["--now", &self.record.settings.now, "--run", &record].map(str::to_owned);
        self.call(tool, words.into_iter().map(|word| word.to_string()).chain(run))
    }

    /// Prints a command line and runs it.
    pub(super) fn call<T: ToString>(&self, tool: &str, words: impl IntoIterator<Item = T>) -> Result<()> {
        let line = CommandLine::calling(&self.programs, tool).with(words).with(&self.common);
        (self.echo)(&format!("$ {line}"));
        if self.dry_run { Ok(()) } else { line.run() }
    }
}
