//! Frees space. Removes files that belong to no version, and the models of old versions.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};

use super::directory::stem;
use super::journal::{JournalAction, JournalEntry};
use super::ledger::{Ledger, RegistryStep};
use super::{Alias, Registry, json_files};
use crate::io::diagnostics::inert;

/// The options of a sweep, and its entry in the journal.
#[derive(Clone, Copy, Debug)]
pub struct Sweeper<'a> {
    /// Number of newest versions that keep their models, and of newest steps that each alias can roll back through; none
    /// for all.
    pub keep: Option<u64>,
    pub reason: &'a str,
    /// Person or account that removes the models.
    pub actor: Option<&'a str>,
    pub now: &'a str,
}

/// The result of a sweep.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SweepResult {
    /// The steps, as phrases.
    pub steps: Vec<String>,
    /// The rollbacks that the sweep makes impossible, one sentence per alias.
    pub lost_rollbacks: Vec<String>,
}

/// A planned sweep.
struct SweepPlan {
    steps: Vec<RegistryStep>,
    lost_rollbacks: Vec<String>,
}

impl Registry {
    /// Removes the leftovers of killed runs, and models and reports without a version. With `keep`, also removes models of
    /// old versions that no alias points to and none of the newest rollbacks needs.
    pub fn sweep(&self, sweeper: &Sweeper<'_>) -> Result<SweepResult> {
        if !self.directory.exists() {
            return Ok(SweepResult::default());
        }
        let _lock = self.lock()?;
        let plan = self.plan_sweep(sweeper)?;
        self.carry_out(&plan.steps)?;
        Ok(self.sweep_result(plan))
    }

    /// Plans the steps of [`Registry::sweep`], and writes nothing.
    pub fn preview_sweep(&self, sweeper: &Sweeper<'_>) -> Result<SweepResult> {
        let _lock = self.lock_shared()?;
        Ok(self.sweep_result(self.plan_sweep(sweeper)?))
    }

    fn sweep_result(&self, plan: SweepPlan) -> SweepResult {
        let SweepPlan { steps, lost_rollbacks } = plan;
        SweepResult { steps: steps.iter().map(|step| self.describe(step)).collect(), lost_rollbacks }
    }

    fn plan_sweep(&self, sweeper: &Sweeper<'_>) -> Result<SweepPlan> {
        let mut ledger = self.read_ledger()?;
        let mut steps = self.settle(&mut ledger)?;
        let removable = removable(&ledger, sweeper.keep);
        let mut lines = Vec::new();
        for number in &removable {
            let version = ledger.version(*number).cloned();
            let (version, manifest) = ledger.with_manifest(version.context("the version is missing")?)?;
            lines.push(ledger.journal.add(JournalEntry {
                at: sweeper.now.into(),
                action: JournalAction::Removed,
                reason: sweeper.reason.into(),
                actor: sweeper.actor.map(str::to_owned),
                run: None,
                reports: BTreeMap::new(),
                ..JournalEntry::registered(&version, &manifest)
            })?);
        }
        if !lines.is_empty() {
            steps.push(RegistryStep::Enter(lines, None));
        }
        let kept = ledger.versions.iter().filter(|version| !ledger.journal.is_removed(version.version));
        let models: BTreeSet<&str> = kept.map(|version| &*version.digest).collect();
        let known: BTreeSet<&str> = ledger.versions.iter().map(|version| &*version.digest).collect();
        for path in json_files(&self.directory.join("models"))? {
            let name = stem(&path).to_owned();
            if !models.contains(&*name) {
                let why = if known.contains(&*name) {
                    "belongs to an old version"
                } else {
                    "belongs to no version"
                };
                steps.push(RegistryStep::Remove(path, why));
            }
        }
        let entries = ledger.journal.entries.iter().flat_map(|entry| entry.reports.values());
        let reports: BTreeSet<&String> =
            ledger.versions.iter().flat_map(|version| version.reports.values()).chain(entries).collect();
        for path in json_files(&self.directory.join("reports"))? {
            if !reports.contains(&stem(&path).to_owned()) {
                steps.push(RegistryStep::Remove(path, "belongs to no version"));
            }
        }
        let lost_rollbacks =
            ledger.aliases.iter().filter_map(|alias| lost(alias, &ledger, &removable)).collect();
        Ok(SweepPlan { steps, lost_rollbacks })
    }
}

/// The versions whose models can be removed and are not removed yet.
fn removable(ledger: &Ledger, keep: Option<u64>) -> Vec<u64> {
    let Some(keep) = keep else { return Vec::new() };
    let mut needed: Vec<u64> = ledger.aliases.iter().map(|alias| alias.version).collect();
    // One rollback is always possible.
    let steps = usize::try_from(keep.max(2)).unwrap_or(usize::MAX);
    for alias in &ledger.aliases {
        needed.extend(ledger.journal.rollback_path(&alias.alias).iter().rev().take(steps));
    }
    let last = (ledger.versions.len() as u64).saturating_sub(keep);
    (1..=last).filter(|version| !needed.contains(version) && !ledger.journal.is_removed(*version)).collect()
}

/// Says which rollback of an alias a sweep makes impossible; none if the sweep removes no model that a rollback needs.
fn lost(alias: &Alias, ledger: &Ledger, removable: &[u64]) -> Option<String> {
    let path = ledger.journal.rollback_path(&alias.alias);
    let is_removed = |version: &u64| ledger.journal.is_removed(*version);
    let earlier: Vec<u64> = path.iter().rev().skip(1).copied().collect();
    let possible = earlier.iter().take_while(|version| !is_removed(version)).count();
    let missing = earlier.get(possible).filter(|missing| removable.contains(missing))?;
    let times = if possible == 1 { "once".to_owned() } else { format!("{possible} times") };
    let last = possible.checked_sub(1).and_then(|last| earlier.get(last))?;
    Some(format!(
        "{} can still be rolled back {times}, to version {last}; a further rollback needs the model file of version {missing}",
        inert(&alias.alias)
    ))
}
