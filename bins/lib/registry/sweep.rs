//! Frees space. Removes files that belong to no version, and the models of old versions.

use std::collections::BTreeSet;

use anyhow::Result;

use super::directory::stem;
use super::journal::{JournalAction, JournalEntry};
use super::ledger::{Ledger, RegistryStep};
use super::{Registry, json_files};

/// The options of a sweep, and its entry in the journal.
#[derive(Clone, Copy, Debug)]
pub struct Sweeper<'a> {
    /// Number of newest versions that keep their models; none for all versions.
    pub keep: Option<u64>,
    pub reason: &'a str,
    /// Person or account that removes the models.
    pub actor: Option<&'a str>,
    pub now: &'a str,
}

impl Registry {
    /// Removes the leftovers of killed runs, and models and reports without a version. With `keep`, also removes models of
    /// old versions that no alias points to and no rollback returns to. Returns the steps as phrases.
    pub fn sweep(&self, sweeper: &Sweeper<'_>) -> Result<Vec<String>> {
        if !self.directory.exists() {
            return Ok(Vec::new());
        }
        let _lock = self.lock()?;
        let steps = self.sweep_steps(sweeper)?;
        self.carry_out(&steps)?;
        Ok(steps.iter().map(|step| self.describe(step)).collect())
    }

    /// Plans the steps of [`Registry::sweep`], and writes nothing.
    pub fn preview_sweep(&self, sweeper: &Sweeper<'_>) -> Result<Vec<String>> {
        let _lock = self.lock_shared()?;
        Ok(self.sweep_steps(sweeper)?.iter().map(|step| self.describe(step)).collect())
    }

    fn sweep_steps(&self, sweeper: &Sweeper<'_>) -> Result<Vec<RegistryStep>> {
        let mut ledger = self.read_ledger()?;
        let mut steps = self.settle(&mut ledger)?;
        let removable = removable(&ledger, sweeper.keep);
        let mut lines = Vec::new();
        for version in ledger.versions.iter().filter(|version| removable.contains(&version.version)) {
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
        Ok(steps)
    }
}

/// The versions whose models can be removed and are not removed yet.
fn removable(ledger: &Ledger, keep: Option<u64>) -> Vec<u64> {
    let Some(keep) = keep else { return Vec::new() };
    let mut needed: Vec<u64> = ledger.aliases.iter().map(|alias| alias.version).collect();
    needed.extend(ledger.aliases.iter().filter_map(|alias| ledger.journal.former(&alias.alias)));
    let last = (ledger.versions.len() as u64).saturating_sub(keep);
    (1..=last).filter(|version| !needed.contains(version) && !ledger.journal.is_removed(*version)).collect()
}
