//! Moves an alias. The whole move is planned before anything is written, so a dry run shows exactly what a run does.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::{Deserialize, Serialize};

use super::candidate::CandidateModel;
use super::journal::{JournalAction, JournalEntry};
use super::ledger::{Ledger, RegistryStep, pretty};
use super::{Alias, CHAMPION, Registry, Version};
use crate::io::diagnostics::shown;
use crate::io::result_file::{self, ResultHead};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct MoveRequest<'a> {
    /// Which alias is to move.
    pub alias: &'a str,
    /// Where to.
    pub to: MoveTarget<'a>,
    /// Where the alias must be now, if that matters.
    pub expect: Option<ExpectedVersion>,
    /// The reports it was decided by.
    pub reports: &'a [KeptReport],
    /// Why, for the record.
    pub reason: &'a str,
    /// Who asks.
    pub actor: Option<&'a str>,
    /// The run that asks.
    pub run: Option<&'a str>,
    /// When.
    pub now: &'a str,
    /// The tool.
    pub tool: &'a str,
}

/// Where an alias is to move.
#[derive(Clone, Copy, Debug)]
pub enum MoveTarget<'a> {
    /// To this model, which is registered where it is not yet.
    Model(&'a CandidateModel),
    /// To a version that is registered.
    Version(u64),
    /// Back to a version, or to where it was before.
    Back(Option<u64>),
}

/// Where an alias must be for a move to go ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedVersion {
    /// There must be no such alias yet.
    Nothing,
    /// It must be at this version.
    Version(u64),
}

impl FromStr for ExpectedVersion {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "none" => Ok(Self::Nothing),
            _ => text
                .parse()
                .map(Self::Version)
                .map_err(|_| anyhow!("expected the number of a version, or none")),
        }
    }
}

impl fmt::Display for ExpectedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("none"),
            Self::Version(version) => write!(f, "version {version}"),
        }
    }
}

/// A report of a tool, kept with what it decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptReport {
    kind: String,
    digest: String,
    text: String,
}

impl KeptReport {
    /// Most bytes of a report that is kept.
    const MOST: usize = 4 << 20;

    /// A report by its text, which must say what it is.
    pub fn new(text: String) -> Result<Self> {
        let schema: String = result_file::schema_of(&text)?;
        let kind = schema.strip_prefix("spamops/").and_then(|rest| rest.strip_suffix("/1"));
        let kind = kind.filter(|kind| kind.bytes().all(|byte| byte.is_ascii_lowercase()));
        let kind = kind.with_context(|| format!("schema {} is none of a report", shown(&schema)))?.to_owned();
        ensure!(kind != "model", "is a model, not a report about one");
        let (most, size) = (Self::MOST, text.len());
        ensure!(size <= most, "has {size} bytes, and the registry keeps reports of up to {most}");
        Ok(Self { kind, digest: result_file::digest(&text), text })
    }
}

/// The record of a promotion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Promotion {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: ResultHead,
    /// Which of the registry's models.
    pub name: String,
    /// Which alias.
    pub alias: String,
    /// How it moved.
    pub action: JournalAction,
    /// Whether it moved: false where it was there already.
    pub changed: bool,
    /// Whether this is only what would happen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// The version that the alias is at now.
    pub version: u64,
    /// The version that it was at before, if it was.
    pub previous_version: Option<u64>,
    /// SHA-256 of the model file.
    pub digest: String,
    /// How often the alias has been moved.
    pub sequence: u64,
    /// When.
    pub moved: String,
    /// Why.
    pub reason: String,
    /// Who, where that is known.
    pub actor: Option<String>,
    /// What is written for it, in order.
    pub writes: Vec<String>,
}

/// A move that is planned: what it will come to, and the steps.
pub struct MovePlan {
    promotion: Promotion,
    steps: Vec<RegistryStep>,
}

impl Registry {
    /// Moves an alias. What is no model is no version.
    pub fn promote(&self, request: &MoveRequest<'_>) -> Result<Promotion> {
        let outer = self.directory.parent().filter(|outer| super::in_directory(outer).is_some());
        if let Some(outer) = outer {
            bail!("{}: holds the versions of one model; name the registry that it is in", outer.display());
        }
        if !self.directory.exists() {
            // What is refused leaves no directory behind.
            self.plan(request)?;
        }
        let _lock = self.hold()?;
        let MovePlan { promotion, steps } = self.plan(request)?;
        self.take(&steps)?;
        Ok(promotion)
    }

    /// What [`Registry::promote`] would do now.
    pub fn preview(&self, request: &MoveRequest<'_>) -> Result<Promotion> {
        let _lock = self.wait()?;
        Ok(Promotion { dry_run: true, ..self.plan(request)?.promotion })
    }

    fn plan(&self, request: &MoveRequest<'_>) -> Result<MovePlan> {
        let mut ledger = self.read_ledger()?;
        let mut steps = self.settle(&mut ledger)?;
        let before = ledger.alias(request.alias).cloned();
        let (mut files, mut lines) = (Vec::new(), Vec::new());
        let version = match request.to {
            MoveTarget::Model(model) => self.register(model, request, &mut ledger, &mut files, &mut lines)?,
            MoveTarget::Version(number) => self.registered(number, &ledger)?,
            MoveTarget::Back(to) => self.registered(self.back(to, request.alias, &ledger)?, &ledger)?,
        };
        let action = if matches!(request.to, MoveTarget::Back(_)) {
            JournalAction::RolledBack
        } else {
            JournalAction::Assigned
        };
        let entry = JournalEntry {
            at: request.now.into(),
            action,
            alias: Some(request.alias.into()),
            sequence: Some(self.next(before.as_ref())?),
            from: before.as_ref().map(|alias| alias.version),
            reason: request.reason.into(),
            actor: request.actor.map(str::to_owned),
            run: request.run.map(str::to_owned),
            reports: named(request.reports),
            ..JournalEntry::registered(&version)
        };
        let changed = before.as_ref().is_none_or(|alias| alias.version != version.version);
        let after = if changed { entry.points() } else { before.clone() };
        let after = after.context("an alias without a name")?;
        if changed {
            self.expect(request, before.as_ref())?;
            lines.push(ledger.journal.add(entry)?);
        }
        if !lines.is_empty() {
            steps.extend(self.keep(request.reports));
            steps.append(&mut files);
            steps.push(RegistryStep::Enter(lines, changed.then(|| Box::new(after.clone()))));
        }
        let promotion = Promotion {
            head: ResultHead::new("promote", request.tool),
            name: self.name.clone(),
            action,
            changed,
            dry_run: false,
            version: after.version,
            // The move that brought it here is the last one of the journal, whether it is made now or was made before.
            previous_version: ledger.journal.moves(request.alias).next_back().and_then(|entry| entry.from),
            digest: after.digest,
            sequence: after.sequence,
            moved: after.moved,
            reason: after.reason,
            actor: after.actor,
            alias: after.alias,
            writes: steps.iter().map(|step| self.describe(step)).collect(),
        };
        Ok(MovePlan { promotion, steps })
    }

    /// The version to go back to: the one that is named, else the one before.
    fn back(&self, to: Option<u64>, alias: &str, ledger: &Ledger) -> Result<u64> {
        let place = self.directory.display();
        to.or_else(|| ledger.journal.former(alias))
            .with_context(|| format!("{place}: {alias} has nowhere to go back to"))
    }

    /// The version of a model: the one it has already, or the next, with what is to be written for that.
    fn register(
        &self,
        model: &CandidateModel,
        request: &MoveRequest<'_>,
        ledger: &mut Ledger,
        files: &mut Vec<RegistryStep>,
        lines: &mut Vec<String>,
    ) -> Result<Version> {
        let known = ledger.versions.iter().find(|version| version.digest == model.digest).cloned();
        // A file whose removal is in the journal is on its way out, whether it is still there or not.
        let stays = |version: &Version| {
            !ledger.journal.is_removed(version.version) && self.model(&model.digest).is_ok()
        };
        if let Some(version) = known.clone().filter(stays) {
            return Ok(version);
        }
        // A version whose model was lost or removed keeps its number, and gets its model back.
        let version = known.unwrap_or_else(|| manifest(model, request, ledger));
        files.push(RegistryStep::Write(self.model_path(&version.digest), model.text.clone().into_bytes()));
        if version.version > ledger.versions.len() as u64 {
            files.push(RegistryStep::Write(self.version_path(version.version), pretty(&version)?));
        }
        lines.push(
            ledger
                .journal
                .add(JournalEntry { at: request.now.into(), ..JournalEntry::registered(&version) })?,
        );
        Ok(version)
    }

    /// The number of the next move of an alias.
    fn next(&self, before: Option<&Alias>) -> Result<u64> {
        let next = before.map_or(Some(1), |alias| alias.sequence.checked_add(1));
        next.with_context(|| {
            format!("{}: no move can follow the last; restore it from git", self.journal_path().display())
        })
    }

    /// Refuses a move where the alias is not where it is expected to be.
    fn expect(&self, request: &MoveRequest<'_>, before: Option<&Alias>) -> Result<()> {
        let found = before.map_or(ExpectedVersion::Nothing, |alias| ExpectedVersion::Version(alias.version));
        let Some(expected) = request.expect.filter(|expected| *expected != found) else { return Ok(()) };
        let (place, alias) = (self.directory.display(), request.alias);
        bail!("{place}: {alias} is {found} where {expected} is expected; see spamops registry history")
    }

    /// A version that is there, its model whole.
    fn registered(&self, number: u64, ledger: &Ledger) -> Result<Version> {
        let version = ledger.version(number).cloned();
        let version =
            version.with_context(|| format!("{}: has no version {number}", self.directory.display()))?;
        ensure!(
            !ledger.journal.is_removed(number),
            "{}: the model of version {number} was removed to make room; promote its file",
            self.directory.display()
        );
        self.model(&version.digest)?;
        Ok(version)
    }

    /// What is to be written for reports to be kept.
    fn keep(&self, reports: &[KeptReport]) -> Vec<RegistryStep> {
        let missing = reports.iter().filter(|report| !self.report_path(&report.digest).exists());
        missing
            .map(|report| {
                RegistryStep::Write(self.report_path(&report.digest), report.text.clone().into_bytes())
            })
            .collect()
    }
}

/// The manifest of a model that is new.
fn manifest(model: &CandidateModel, request: &MoveRequest<'_>, ledger: &Ledger) -> Version {
    Version {
        head: ResultHead::new("version", request.tool),
        version: ledger.versions.len() as u64 + 1,
        digest: model.digest.clone(),
        registered: request.now.into(),
        reason: request.reason.into(),
        actor: request.actor.map(str::to_owned),
        run: request.run.map(str::to_owned),
        parent: ledger.alias(CHAMPION).map(|champion| champion.version),
        fitted: model.fitted.clone(),
        commit: model.commit.clone(),
        data: model.data.clone(),
        metrics: model.metrics.clone(),
        reports: named(request.reports),
    }
}

fn named(reports: &[KeptReport]) -> BTreeMap<String, String> {
    reports.iter().map(|report| (report.kind.clone(), report.digest.clone())).collect()
}
