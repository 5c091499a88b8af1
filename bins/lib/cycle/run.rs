//! Runs the cycle. Each result determines the next step, and a killed run resumes after its last completed step.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;

use crate::compare::report::CompareReport;
use crate::cycle::command_line::{CommandLine, Programs};
use crate::cycle::files::{RunFile, RunFiles};
use crate::cycle::record::CycleRecord;
use crate::cycle::step::CycleStep;
use crate::drift::drift_report::DriftReport;
use crate::drift::triggers::TriggerCode;
use crate::io::result_file::{self, ResultHead};
use crate::io::stream::Place;
use crate::registry::journal::JournalAction;
use crate::registry::moves::Promotion;
use crate::registry::{CHAMPION, Registry};
use crate::rows::contract::{ValidateReport, ValidateVerdict};

/// A run and the programs that it calls.
pub struct CycleRun<'a> {
    pub record: CycleRecord,
    pub files: RunFiles,
    pub programs: Programs,
    /// Words added to every command line, such as `--config FILE`.
    pub common: Vec<String>,
    /// Channels to notify, as a comma-separated list.
    pub notify: Option<String>,
    /// Events to notify about, as a comma-separated list; defaults to all.
    pub notify_on: Option<String>,
    /// Whether to only print the command lines.
    pub dry_run: bool,
    /// Prints a line immediately.
    pub echo: &'a dyn Fn(&str),
}

/// Number of labels to ask for if drift does not say how many are missing.
const LABELS_AT_ONCE: u64 = 50;

/// Number of labels that a retrain is short of; 0 if drift requests none.
fn missing_labels(drift: &DriftReport) -> u64 {
    if !drift.labels_needed {
        return 0;
    }
    let code = TriggerCode::LabelsNeeded.name();
    let reason = drift.reasons.iter().find(|reason| reason.fired && reason.code == code);
    let missing = reason.and_then(|reason| Some(reason.limit? - reason.value?));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of rows")]
    missing.map_or(LABELS_AT_ONCE, |missing| missing.max(1.0) as u64)
}

impl CycleRun<'_> {
    /// Runs all steps of the cycle, except completed steps. Tells people if a step fails.
    pub fn run_all(&mut self) -> Result<()> {
        let outcome = self.run_steps();
        if outcome.is_err() {
            self.tell_failure(None);
        }
        outcome
    }

    fn run_steps(&mut self) -> Result<()> {
        self.run_pending(&[CycleStep::Sample, CycleStep::Validate])?;
        if self.has_rows_to_score()? {
            self.run_pending(&[CycleStep::Score, CycleStep::Drift, CycleStep::Watch])?;
        }
        // After a rollback, the results of this run are about a model that no longer serves. The next run retrains.
        if !self.was_rolled_back()? {
            self.challenge()?;
        }
        // Run this step even if it is done, because the runner needs its outputs.
        self.step(CycleStep::Report)
    }

    /// Fits a challenger if one is needed, and promotes it if it is better.
    fn challenge(&mut self) -> Result<()> {
        if self.retrain_needed()? {
            self.run_pending(&[CycleStep::Split, CycleStep::Fit, CycleStep::Judge, CycleStep::Compare])?;
            self.run_pending(&[CycleStep::Resume])?;
        }
        if self.deploy_needed()? {
            self.run_pending(&[CycleStep::Promote])?;
        }
        Ok(())
    }

    /// Whether this run rolled the champion back.
    fn was_rolled_back(&self) -> Result<bool> {
        if self.dry_run {
            return Ok(false);
        }
        let promotion: Option<Promotion> = self.result("promote")?;
        Ok(promotion.is_some_and(|promotion| promotion.action == JournalAction::RolledBack))
    }

    fn run_pending(&mut self, steps: &[CycleStep]) -> Result<()> {
        for step in steps {
            let has_result = step.result().is_none_or(|file| self.files.path(file).exists());
            if !self.record.is_done(*step) || !has_result {
                self.step(*step)?;
            }
        }
        Ok(())
    }

    /// Runs one step, and records that it is complete or that it failed.
    pub fn step(&mut self, step: CycleStep) -> Result<()> {
        let outcome = self.carry_out(step);
        if outcome.is_err() && !self.dry_run {
            self.record.failed = Some(step);
            // The error of the step matters more, for example on a full disk.
            self.record.write(self.files.directory()).unwrap_or_default();
        }
        outcome
    }

    fn carry_out(&mut self, step: CycleStep) -> Result<()> {
        match step {
            CycleStep::Sample => self.sample(),
            CycleStep::Validate => self.validate(),
            CycleStep::Score => self.score(),
            CycleStep::Drift => self.drift(),
            CycleStep::Watch => self.watch(),
            CycleStep::Split => self.split(),
            CycleStep::Fit => self.fit(),
            CycleStep::Judge => self.judge(),
            CycleStep::Compare => self.compare(),
            CycleStep::Resume => self.resume(),
            CycleStep::Promote => self.promote(),
            CycleStep::Outputs => self.outputs(),
            CycleStep::Report => self.report(),
        }
        .with_context(|| format!("the step {step} failed"))?;
        if self.dry_run {
            return Ok(());
        }
        if let Some(file) = step.result().map(|file| self.files.path(file)) {
            ensure!(file.exists(), "the step {step} did not write {}; run the step again", file.display());
        }
        if step == CycleStep::Score {
            self.record.champion = self.registry().champion()?.map(|alias| alias.version);
        }
        if matches!(step, CycleStep::Score | CycleStep::Compare) {
            let now = self.record.settings.now.parse()?;
            self.record.hold = self.registry().journal()?.holds(CHAMPION).at(now);
        }
        if step == CycleStep::Resume && self.beats_both()? {
            self.record.ended_hold = self.record.hold.take();
        }
        if !self.record.is_done(step) {
            self.record.done.push(step);
        }
        if !step.only_reports() || self.record.failed == Some(step) {
            self.record.failed = None;
        }
        if !step.only_reports() || step == CycleStep::Report {
            self.record.finished = step == CycleStep::Report;
        }
        self.record.write(self.files.directory())
    }

    /// Whether to continue after `validate`: the rows are valid, or there are no rows and a retrain is forced.
    fn has_rows_to_score(&self) -> Result<bool> {
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

    /// Number of labels to ask for; 0 if none are needed.
    pub(super) fn missing_labels(&self) -> Result<u64> {
        if self.dry_run {
            self.note("if drift requests labels");
            return Ok(LABELS_AT_ONCE);
        }
        let drift: Option<DriftReport> = self.result("drift")?;
        Ok(drift.as_ref().map_or(0, missing_labels))
    }

    pub(super) fn retrain_needed(&self) -> Result<bool> {
        if self.dry_run {
            self.note("if drift requests a retrain");
            return Ok(true);
        }
        let drift: Option<DriftReport> = self.result("drift")?;
        Ok(drift.is_some_and(|report| report.retrain_needed))
    }

    /// Whether to promote the challenger. While the champion is held, the run promotes nothing.
    pub(super) fn deploy_needed(&self) -> Result<bool> {
        if self.dry_run {
            self.note("if the challenger is better");
            return Ok(true);
        }
        if self.record.hold.is_some() {
            return Ok(false);
        }
        let compare: Option<CompareReport> = self.result("compare")?;
        Ok(compare.is_some_and(|report| report.deploy_needed))
    }

    fn note(&self, condition: &str) {
        (self.echo)(&format!("# {condition}:"));
    }

    /// Whether to retrain regardless of the signals: on request, or because an earlier run was killed before its retrain.
    pub(super) fn is_forced(&self) -> bool {
        self.record.settings.force || self.record.answers_earlier_request
    }

    /// Whether no retrain is pending: the run compared a challenger, or drift requested no retrain.
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
        Registry::new(Path::new(&self.record.settings.registry), &self.record.settings.name)
    }

    /// Whether the registry has a champion. True in a dry run of the demo, because the demo would first promote a
    /// champion.
    pub(super) fn registry_has_champion(&self) -> bool {
        let is_planned = self.dry_run && self.record.settings.demo;
        is_planned || self.registry().directory().join("champion.json").exists()
    }

    /// Whether this run has a champion. Later changes to the registry make no difference.
    pub(super) fn has_champion(&self) -> bool {
        if self.dry_run { self.registry_has_champion() } else { self.files.path(RunFile::Champion).exists() }
    }

    /// The scored rows of another system, if its model is the champion of this run.
    pub(super) fn other_champion(&self) -> Option<&str> {
        let scored = self.record.settings.champion_scored.as_deref();
        // Once this run has scored its rows, later changes to the registry make no difference.
        let is_replaced = if self.files.path(RunFile::Scored).exists() {
            self.has_champion()
        } else {
            self.registry_has_champion()
        };
        scored.filter(|_| !is_replaced)
    }

    /// Fails if the result of an earlier step is missing.
    pub(super) fn expect(&self, file: &str, step: CycleStep) -> Result<()> {
        let directory = self.files.directory().display().to_string();
        let remedy =
            CommandLine::calling(&self.programs, "run").with(["--out-dir", &directory, &step.to_string()]);
        ensure!(
            self.dry_run || Path::new(file).exists(),
            "{file}: is missing; run the step {step} first: {remedy}"
        );
        Ok(())
    }

    /// Reads a result of this run; none if the result does not exist. Fails if the result belongs to another run.
    pub(super) fn result<T: DeserializeOwned>(&self, kind: &str) -> Result<Option<T>> {
        self.result_in(&format!("{kind}.json"), kind)
    }

    /// Like [`CycleRun::result`], for a result in a file with another name.
    pub(super) fn result_in<T: DeserializeOwned>(&self, name: &str, kind: &str) -> Result<Option<T>> {
        let path = self.files.directory().join(name);
        if !path.exists() {
            return Ok(None);
        }
        let place = Place::File(path);
        let head: ResultHead = result_file::read(&place, kind)?;
        ensure!(
            head.run_id.as_ref() == Some(&self.record.id),
            "{place}: belongs to another run; start over with spamops run --restart"
        );
        result_file::read(&place, kind).map(Some)
    }

    /// Calls a tool whose result carries the id and time of this run.
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
