//! Moves an alias. Plans the complete move before it writes, so that a dry run shows exactly the same steps as a run.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result, anyhow, bail, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::candidate::CandidateModel;
use super::holds::AliasHold;
use super::journal::{JournalAction, JournalEntry};
use super::ledger::{Ledger, RegistryStep, pretty};
use super::{Alias, CHAMPION, JournalHead, Registry, Version};
use crate::compare::paired_result::CompareVerdict;
use crate::compare::report::CompareReport;
use crate::io::dates::Timestamp;
use crate::io::diagnostics::shown;
use crate::io::result_file::{self, ResultHead};

/// A requested move.
#[derive(Clone, Debug)]
pub struct MoveRequest<'a> {
    pub alias: &'a str,
    pub to: MoveTarget<'a>,
    /// Whether to end a hold of the alias before the move.
    pub resume: bool,
    /// Whether to promote a model although a report of `compare` speaks against it.
    pub force: bool,
    /// The version that the alias must point to now; none to skip this check.
    pub expect: Option<ExpectedVersion>,
    /// The reports behind the decision.
    pub reports: &'a [KeptReport],
    pub reason: &'a str,
    /// Person or account that requests the move.
    pub actor: Option<&'a str>,
    /// Id of the run that requests the move.
    pub run: Option<&'a str>,
    pub now: &'a str,
    pub tool: &'a str,
}

#[derive(Clone, Copy, Debug)]
pub enum MoveTarget<'a> {
    /// A model. The move registers a new model.
    Model(&'a CandidateModel),
    /// A registered version.
    Version(u64),
    /// A rollback to this version, or to the previous version.
    Back(Option<u64>),
    /// The current version: the alias is held there, until this time if one is given.
    Hold(Option<Timestamp>),
    /// The current version: the hold of the alias ends.
    Resume,
}

impl MoveTarget<'_> {
    fn action(self) -> JournalAction {
        match self {
            Self::Model(_) | Self::Version(_) => JournalAction::Assigned,
            Self::Back(_) => JournalAction::RolledBack,
            Self::Hold(_) => JournalAction::Held,
            Self::Resume => JournalAction::Resumed,
        }
    }
}

/// The version that an alias must point to before a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedVersion {
    /// The alias must not exist yet.
    Nothing,
    /// The alias must point to this version.
    Version(u64),
}

impl FromStr for ExpectedVersion {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "none" => Ok(Self::Nothing),
            _ => text.parse().map(Self::Version).map_err(|_| anyhow!("expected a version number, or none")),
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

impl MoveRequest<'_> {
    /// The time of the request.
    fn time(&self) -> Result<Timestamp> {
        self.now.parse()
    }

    /// Whether a hold by a person is the requested hold.
    fn is_held(&self, hold: &AliasHold, until: Option<Timestamp>) -> bool {
        hold.reason == self.reason && hold.until == until.map(|until| until.to_string())
    }

    /// A line of the journal about the alias, without the numbers of a move.
    fn entry(&self, action: JournalAction, version: &Version, manifest: &str) -> JournalEntry {
        let until = match self.to {
            MoveTarget::Hold(until) if action == JournalAction::Held => until,
            _ => None,
        };
        JournalEntry {
            at: self.now.into(),
            action,
            alias: Some(self.alias.into()),
            until: until.map(|until| until.to_string()),
            reason: self.reason.into(),
            actor: self.actor.map(str::to_owned),
            run: self.run.map(str::to_owned),
            reports: named(self.reports),
            ..JournalEntry::registered(version, manifest)
        }
    }
}

/// A report that justifies a move. The registry stores the report under its SHA-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptReport {
    kind: String,
    digest: String,
    text: String,
}

impl KeptReport {
    /// Maximum size of a report in bytes.
    const MAX_BYTES: usize = 4 << 20;

    /// Checks a report. Its `schema` must name its kind.
    pub fn new(text: String) -> Result<Self> {
        let schema: String = result_file::schema_of(&text)?;
        let kind = schema.strip_prefix("spamops/").and_then(|rest| rest.strip_suffix("/1"));
        let kind = kind.filter(|kind| kind.bytes().all(|byte| byte.is_ascii_lowercase()));
        let kind = kind
            .with_context(|| {
                format!(
                    "schema {} is not the schema of a report; give the JSON result of a tool",
                    shown(&schema)
                )
            })?
            .to_owned();
        ensure!(kind != "model", "is a model, not a report; give the JSON result of a tool");
        let (limit, size) = (Self::MAX_BYTES, text.len());
        ensure!(size <= limit, "has {size} bytes (limit {limit}); give a smaller report");
        Ok(Self { kind, digest: result_file::digest(&text), text })
    }

    /// Fails if this is a report of `compare` that speaks against promoting the model, or is about another model.
    fn expect_better(&self, digest: &str) -> Result<()> {
        if self.kind != "compare" {
            return Ok(());
        }
        let compare: CompareReport = result_file::parse(&self.text, "compare")?;
        let otherwise = "; promote another model, or use --force with a --reason";
        if let Some(own) = compare.challenger_digest.filter(|own| own != digest) {
            let [own, digest] = [&own, digest].map(|digest| shown(digest.get(..12).unwrap_or(digest)));
            bail!("the report of compare is about the challenger {own}, not about {digest}{otherwise}");
        }
        let verdict = compare.verdict.name();
        ensure!(compare.verdict == CompareVerdict::Better, "the report of compare says {verdict}{otherwise}");
        ensure!(compare.deploy_needed, "a check in the report of compare failed{otherwise}");
        Ok(())
    }
}

/// The result of `promote`: one move of an alias, or its hold.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Promotion {
    /// Schema, tool and run.
    #[serde(flatten)]
    pub head: ResultHead,
    /// Name of the model in the registry.
    pub name: String,
    /// Alias that was moved, held or resumed.
    pub alias: String,
    /// `assigned` or `rolled_back` for a move, `held` for a hold, `resumed` for the end of a hold.
    pub action: JournalAction,
    /// Whether the action changed anything. False if the alias already pointed to this version, was already held in this
    /// way, or was not held.
    pub changed: bool,
    /// Whether nothing was written; absent unless true.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Version that the alias points to now.
    pub version: u64,
    /// Previous version of the alias; null for its first move.
    pub previous_version: Option<u64>,
    /// SHA-256 of the model file.
    pub digest: String,
    /// Number of moves of the alias, including this move.
    pub sequence: u64,
    /// Head of the journal after the move, as LINES:SHA256. `spamops registry verify --expect-head` checks it. Absent in
    /// records of an earlier spamops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal_head: Option<JournalHead>,
    /// Hold of the alias now; absent if it is not held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<AliasHold>,
    /// Time of the action, in UTC (RFC 3339).
    pub moved: String,
    /// Reason for the action.
    pub reason: String,
    /// Person or account behind the action; null if unknown.
    pub actor: Option<String>,
    /// Descriptions of the written files, in order.
    pub writes: Vec<String>,
}

/// A planned move: its result and its steps.
pub struct MovePlan {
    promotion: Promotion,
    steps: Vec<RegistryStep>,
}

impl Registry {
    /// Moves an alias.
    pub fn promote(&self, request: &MoveRequest<'_>) -> Result<Promotion> {
        let outer = self.directory.parent().filter(|outer| super::in_directory(outer).is_some());
        if let Some(outer) = outer {
            bail!(
                "{}: is the directory of one model; set --registry to its parent directory",
                outer.display()
            );
        }
        if !self.directory.exists() {
            // A failed move must not leave a new directory.
            self.plan(request)?;
        }
        let _lock = self.lock()?;
        let MovePlan { promotion, steps } = self.plan(request)?;
        self.carry_out(&steps)?;
        Ok(promotion)
    }

    /// Plans the steps of [`Registry::promote`], and writes nothing.
    pub fn preview(&self, request: &MoveRequest<'_>) -> Result<Promotion> {
        let _lock = self.lock_shared()?;
        Ok(Promotion { dry_run: true, ..self.plan(request)?.promotion })
    }

    fn plan(&self, request: &MoveRequest<'_>) -> Result<MovePlan> {
        let mut ledger = self.read_ledger()?;
        let mut steps = self.settle(&mut ledger)?;
        let before = ledger.alias(request.alias).cloned();
        let (mut files, mut lines) = (Vec::new(), Vec::new());
        let target = match request.to {
            MoveTarget::Model(model) => self.register(model, request, &mut ledger, &mut files, &mut lines)?,
            MoveTarget::Version(number) => self.registered(number, &ledger, "")?,
            MoveTarget::Back(to) => {
                let number = self.rollback_version(to, request.alias, &ledger)?;
                self.registered(number, &ledger, &other_rollbacks(request.alias, &ledger))?
            }
            MoveTarget::Hold(_) | MoveTarget::Resume => self.current(request.alias, &ledger)?,
        };
        let entries = self.entries(request, &ledger, &target)?;
        let changed = !entries.is_empty();
        let action = entries.last().map_or(request.to.action(), |entry| entry.action);
        let moved = entries.iter().find_map(JournalEntry::alias_after);
        let after = moved.clone().or(before).context("the alias has no name")?;
        for entry in entries {
            lines.push(ledger.journal.add(entry)?);
        }
        if !lines.is_empty() {
            steps.extend(self.keep(request.reports));
            steps.append(&mut files);
            steps.push(RegistryStep::Enter(lines, moved.map(Box::new)));
        }
        let is_move = action.is_move();
        let promotion = Promotion {
            head: ResultHead::new("promote", request.tool),
            name: self.name.clone(),
            action,
            changed,
            dry_run: false,
            version: after.version,
            // The last move in the journal set the current version, now or earlier.
            previous_version: ledger.journal.moves(request.alias).next_back().and_then(|entry| entry.from),
            digest: after.digest,
            sequence: after.sequence,
            journal_head: ledger.journal.head(),
            hold: ledger.journal.holds(request.alias).at(request.time()?),
            moved: if is_move { after.moved } else { request.now.into() },
            reason: if is_move { after.reason } else { request.reason.into() },
            actor: if is_move { after.actor } else { request.actor.map(str::to_owned) },
            alias: after.alias,
            writes: steps.iter().map(|step| self.describe(step)).collect(),
        };
        Ok(MovePlan { promotion, steps })
    }

    /// The lines of the journal about the alias: the end of its hold, then the move or the hold. Empty if nothing changes.
    fn entries(
        &self,
        request: &MoveRequest<'_>,
        ledger: &Ledger,
        (version, manifest): &(Version, String),
    ) -> Result<Vec<JournalEntry>> {
        let (before, holds) = (ledger.alias(request.alias), ledger.journal.holds(request.alias));
        let is_elsewhere = before.is_none_or(|alias| alias.version != version.version);
        let is_new = match request.to {
            MoveTarget::Hold(until) => !holds.by_person().is_some_and(|hold| request.is_held(hold, until)),
            MoveTarget::Resume => false,
            _ => is_elsewhere,
        };
        let (action, hold) = (request.to.action(), holds.at(request.time()?));
        let ends_hold = hold.is_some() && (request.resume || action == JournalAction::Resumed);
        let mut entries = Vec::new();
        if ends_hold {
            let (current, manifest) = self.current(request.alias, ledger)?;
            entries.push(request.entry(JournalAction::Resumed, &current, &manifest));
        }
        if is_new {
            let mut entry = request.entry(action, version, manifest);
            if action.is_move() {
                entry.sequence = Some(self.next_sequence(before)?);
                entry.from = before.map(|alias| alias.version);
            }
            entries.push(entry);
        }
        if entries.is_empty() {
            return Ok(entries);
        }
        self.expect(request, before)?;
        if action == JournalAction::Assigned && is_new && !request.force {
            request.reports.iter().try_for_each(|report| report.expect_better(&version.digest))?;
        }
        match hold.filter(|_| action == JournalAction::Assigned && !ends_hold) {
            None => Ok(entries),
            Some(hold) => bail!(
                "{}: {} is {hold}; end the hold with promote --resume",
                self.directory.display(),
                request.alias
            ),
        }
    }

    /// The version that an alias points to, and the SHA-256 of its manifest.
    fn current(&self, alias: &str, ledger: &Ledger) -> Result<(Version, String)> {
        let version = ledger.alias(alias).and_then(|alias| ledger.version(alias.version)).cloned();
        let missing = || format!("{}: has no alias {alias}; promote a model first", self.directory.display());
        ledger.with_manifest(version.with_context(missing)?)
    }

    /// The version to roll back to. Defaults to the previous version.
    fn rollback_version(&self, to: Option<u64>, alias: &str, ledger: &Ledger) -> Result<u64> {
        let place = self.directory.display();
        to.or_else(|| ledger.journal.former(alias)).with_context(|| {
            format!("{place}: {alias} has no earlier version to roll back to; name a version with --to")
        })
    }

    /// The version of a model: its existing version, or a new version. Adds the files and journal lines to write.
    fn register(
        &self,
        model: &CandidateModel,
        request: &MoveRequest<'_>,
        ledger: &mut Ledger,
        files: &mut Vec<RegistryStep>,
        lines: &mut Vec<String>,
    ) -> Result<(Version, String)> {
        let known = ledger.versions.iter().find(|version| version.digest == model.digest).cloned();
        // A model counts as removed if the journal records the removal. If the file still exists, the next writer
        // deletes the file.
        let stays = |version: &Version| {
            !ledger.journal.is_removed(version.version) && self.model(&model.digest).is_ok()
        };
        if let Some(version) = known.clone().filter(stays) {
            return ledger.with_manifest(version);
        }
        // A version whose model was lost or removed keeps its number and gets its model back.
        let version = known.unwrap_or_else(|| manifest(model, request, ledger));
        files.push(RegistryStep::Write(self.model_path(&version.digest), model.text.clone().into_bytes()));
        let (version, manifest) = if version.version > ledger.versions.len() as u64 {
            let file = pretty(&version)?;
            let digest = result_file::digest_of(&file);
            files.push(RegistryStep::Write(self.version_path(version.version), file));
            (version, digest)
        } else {
            ledger.with_manifest(version)?
        };
        let entry = JournalEntry::registered(&version, &manifest);
        lines.push(ledger.journal.add(JournalEntry { at: request.now.into(), ..entry })?);
        Ok((version, manifest))
    }

    /// Sequence number of the next move of an alias.
    fn next_sequence(&self, before: Option<&Alias>) -> Result<u64> {
        let next = before.map_or(Some(1), |alias| alias.sequence.checked_add(1));
        next.with_context(|| {
            format!(
                "{}: the last sequence number is too large; restore it from git",
                self.journal_path().display()
            )
        })
    }

    /// Fails if the alias does not point to the expected version.
    fn expect(&self, request: &MoveRequest<'_>, before: Option<&Alias>) -> Result<()> {
        let found = before.map_or(ExpectedVersion::Nothing, |alias| ExpectedVersion::Version(alias.version));
        let Some(expected) = request.expect.filter(|expected| *expected != found) else { return Ok(()) };
        let (place, alias) = (self.directory.display(), request.alias);
        bail!("{place}: {alias} is {found}, expected {expected}; see spamops registry history")
    }

    /// A registered version and the SHA-256 of its manifest. Checks that its model is intact. `otherwise` is the advice if
    /// the model was removed.
    fn registered(&self, number: u64, ledger: &Ledger, otherwise: &str) -> Result<(Version, String)> {
        let version = ledger.version(number).cloned();
        let version = version.with_context(|| {
            format!("{}: has no version {number}; see spamops registry list", self.directory.display())
        })?;
        ensure!(
            !ledger.journal.is_removed(number),
            "{}: the model of version {number} was removed to save space; promote its model file{otherwise}",
            self.directory.display()
        );
        let text = self.model(&version.digest)?;
        let candidate = CandidateModel::parse(text);
        candidate.with_context(|| self.model_path(&version.digest).display().to_string())?;
        ledger.with_manifest(version)
    }

    /// The steps that write the reports that the registry does not have yet.
    fn keep(&self, reports: &[KeptReport]) -> Vec<RegistryStep> {
        let missing = reports.iter().filter(|report| !self.report_path(&report.digest).exists());
        missing
            .map(|report| {
                RegistryStep::Write(self.report_path(&report.digest), report.text.clone().into_bytes())
            })
            .collect()
    }
}

/// Advice after a failed rollback: the earlier versions of the alias that still have a model.
fn other_rollbacks(alias: &str, ledger: &Ledger) -> String {
    let mut path = ledger.journal.rollback_path(alias);
    path.pop();
    path.retain(|version| !ledger.journal.is_removed(*version));
    let Some(newest) = path.pop() else { return String::new() };
    format!(", or use --rollback --to {newest}")
}

/// The manifest of a new version.
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
        fitted: model.facts.fitted.clone(),
        commit: model.facts.commit.clone(),
        data: model.facts.data.clone(),
        metrics: model.facts.metrics.clone(),
        reports: named(request.reports),
    }
}

fn named(reports: &[KeptReport]) -> BTreeMap<String, String> {
    reports.iter().map(|report| (report.kind.clone(), report.digest.clone())).collect()
}
