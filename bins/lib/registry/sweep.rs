//! Frees space: removes files that belong to no version, and the models of old versions.

use std::collections::BTreeSet;

use anyhow::Result;

use super::directory::stem;
use super::journal::{JournalAction, JournalEntry};
use super::ledger::{Ledger, RegistryStep};
use super::{Registry, json_files};

/// Who makes room, when and why, for the record.
#[derive(Clone, Copy, Debug)]
pub struct Sweeper<'a> {
    /// How many of the newest versions keep their models, whether an alias points to them or not; all where none is said.
    pub keep: Option<u64>,
    /// Why.
    pub reason: &'a str,
    /// Who.
    pub actor: Option<&'a str>,
    /// When.
    pub now: &'a str,
}

impl Registry {
    /// Removes what a killed run has left, models and reports of no version, and the models of old versions that no alias
    /// points to and no rollback leads to; what was done, step by step.
    pub fn sweep(&self, sweeper: &Sweeper<'_>) -> Result<Vec<String>> {
        if !self.directory.exists() {
            return Ok(Vec::new());
        }
        let _lock = self.hold()?;
        let steps = self.room(sweeper)?;
        self.take(&steps)?;
        Ok(steps.iter().map(|step| self.describe(step)).collect())
    }

    /// What [`Registry::sweep`] would do now.
    pub fn preview_sweep(&self, sweeper: &Sweeper<'_>) -> Result<Vec<String>> {
        let _lock = self.wait()?;
        Ok(self.room(sweeper)?.iter().map(|step| self.describe(step)).collect())
    }

    fn room(&self, sweeper: &Sweeper<'_>) -> Result<Vec<RegistryStep>> {
        let mut ledger = self.read_ledger()?;
        let mut steps = self.settle(&mut ledger)?;
        let old = old(&ledger, sweeper.keep);
        let mut lines = Vec::new();
        for version in ledger.versions.iter().filter(|version| old.contains(&version.version)) {
            lines.push(ledger.journal.add(JournalEntry {
                at: sweeper.now.into(),
                action: JournalAction::Removed,
                reason: sweeper.reason.into(),
                actor: sweeper.actor.map(str::to_owned),
                run: None,
                reports: std::collections::BTreeMap::new(),
                ..JournalEntry::registered(version)
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
                let why = if known.contains(&*name) { "of an old version" } else { "of no version" };
                steps.push(RegistryStep::Remove(path, why));
            }
        }
        let entries = ledger.journal.entries.iter().flat_map(|entry| entry.reports.values());
        let reports: BTreeSet<&String> =
            ledger.versions.iter().flat_map(|version| version.reports.values()).chain(entries).collect();
        for path in json_files(&self.directory.join("reports"))? {
            if !reports.contains(&stem(&path).to_owned()) {
                steps.push(RegistryStep::Remove(path, "of no version"));
            }
        }
        Ok(steps)
    }
}

/// The versions whose models may go, and have not gone yet.
fn old(ledger: &Ledger, keep: Option<u64>) -> Vec<u64> {
    let Some(keep) = keep else { return Vec::new() };
    let mut needed: Vec<u64> = ledger.aliases.iter().map(|alias| alias.version).collect();
    needed.extend(ledger.aliases.iter().filter_map(|alias| ledger.journal.former(&alias.alias)));
    let last = (ledger.versions.len() as u64).saturating_sub(keep);
    (1..=last).filter(|version| !needed.contains(version) && !ledger.journal.is_removed(*version)).collect()
}
