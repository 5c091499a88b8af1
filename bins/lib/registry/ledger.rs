//! Reads a registry for a writer, repairs it after a killed writer, and carries out the steps of a change.

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail, ensure};

use super::journal::{Journal, JournalAction, JournalEntry};
use super::{Alias, Registry, Version};
use crate::io::append_log::AppendLog;
use crate::io::durable::{self, ReadyFile};
use crate::io::owned_file;
use crate::io::result_file::{self, ResultHead};
use crate::io::stream::Place;

/// The contents of a registry without the models.
pub(super) struct Ledger {
    pub(super) versions: Vec<Version>,
    /// SHA-256 of each version's manifest file.
    manifests: Vec<String>,
    pub(super) aliases: Vec<Alias>,
    pub(super) journal: Journal,
}

/// One step of a change. After each step, readers can read the registry and the next writer can continue.
pub(super) enum RegistryStep {
    /// Removes a file. The text is the reason.
    Remove(PathBuf, &'static str),
    /// Cuts an incomplete last line from the journal. The value is the new length in bytes.
    Cut(u64),
    /// Writes a complete file.
    Write(PathBuf, Vec<u8>),
    /// Adds lines to the journal, then updates the alias. Writes a temporary alias file before the lines, and renames
    /// that file after the lines.
    Enter(Vec<String>, Option<Box<Alias>>),
}

impl Registry {
    /// Waits for other writers, and keeps them out until the returned lock is dropped.
    pub(super) fn lock(&self) -> Result<File> {
        self.expect_no_links()?;
        durable::directory(&self.directory)?;
        let lock = File::open(&self.directory).and_then(|lock| lock.lock().map(|()| lock));
        lock.map_err(|error| self.cannot_lock(&error))
    }

    /// Like [`Registry::lock`], but shared, for a dry run. A dry run waits for a writer, so that it does not report the
    /// writer's temporary files as leftovers.
    pub(super) fn lock_shared(&self) -> Result<Option<File>> {
        self.expect_no_links()?;
        if !self.directory.exists() {
            return Ok(None);
        }
        let lock = File::open(&self.directory).and_then(|lock| lock.lock_shared().map(|()| lock));
        lock.map(Some).map_err(|error| self.cannot_lock(&error))
    }

    fn cannot_lock(&self, error: &std::io::Error) -> anyhow::Error {
        anyhow!("{}: cannot lock the directory ({error}); check its permissions", self.directory.display())
    }

    /// Reads versions, aliases and the journal.
    pub(super) fn read_ledger(&self) -> Result<Ledger> {
        let versions = self.versions()?;
        let digest = |version: &Version| {
            let text = Place::File(self.version_path(version.version)).read_text()?;
            Ok(result_file::digest(&text))
        };
        let manifests = versions.iter().map(digest).collect::<Result<_>>()?;
        Ok(Ledger { versions, manifests, aliases: self.aliases()?, journal: self.journal()? })
    }

    /// The steps that killed writers left undone.
    pub(super) fn settle(&self, ledger: &mut Ledger) -> Result<Vec<RegistryStep>> {
        let mut steps = Vec::new();
        for directory in ["", "models", "versions", "reports"] {
            let left = durable::leftovers(&self.directory.join(directory))?;
            steps.extend(left.into_iter().map(|path| RegistryStep::Remove(path, "left by a killed run")));
        }
        if ledger.journal.is_cut {
            steps.push(RegistryStep::Cut(ledger.journal.complete_bytes));
        }
        let last_registered = ledger.journal.last_registered();
        let last_on_disk = ledger.versions.len() as u64;
        if last_registered > last_on_disk {
            let path = self.version_path(last_on_disk + 1);
            bail!("{}: is missing, but the journal lists it; restore it from git", path.display());
        }
        for entry in &ledger.journal.entries {
            let actual = ledger.version(entry.version).map(|version| &version.digest);
            let place = self.version_path(entry.version);
            let is_same =
                entry.manifest.is_none() || entry.manifest.as_ref() == ledger.manifest(entry.version);
            ensure!(
                actual == Some(&entry.digest) && is_same,
                "{}: does not match the journal; restore both from git",
                place.display()
            );
        }
        // A killed writer leaves at most one version without a line.
        ensure!(
            last_on_disk <= last_registered + 1,
            "{}: the lines of version {} are missing; restore it from git",
            self.journal_path().display(),
            last_registered + 1
        );
        for (version, manifest) in ledger.versions.iter().zip(&ledger.manifests) {
            if version.version <= last_registered {
                continue;
            }
            let line = ledger.journal.add(JournalEntry::registered(version, manifest))?;
            steps.push(RegistryStep::Enter(vec![line], None));
        }
        for alias in ledger.outdated_aliases(self)? {
            ledger.aliases.retain(|old| old.alias != alias.alias);
            ledger.aliases.push(alias.clone());
            steps.push(RegistryStep::Enter(Vec::new(), Some(Box::new(alias))));
        }
        Ok(steps)
    }

    /// Carries out the steps in order.
    pub(super) fn carry_out(&self, steps: &[RegistryStep]) -> Result<()> {
        steps.iter().try_for_each(|step| match step {
            RegistryStep::Remove(path, _) => owned_file::remove(path),
            RegistryStep::Cut(length) => AppendLog::open(&self.journal_path())?.cut(*length),
            RegistryStep::Write(path, bytes) => durable::write(path, bytes),
            RegistryStep::Enter(lines, alias) => {
                let ready = alias
                    .as_ref()
                    .map(|alias| ReadyFile::write(&self.alias_path(&alias.alias), &pretty(alias)?));
                let ready = ready.transpose()?;
                let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
                if !text.is_empty() {
                    AppendLog::open(&self.journal_path())?.append(text.as_bytes())?;
                }
                ready.map_or(Ok(()), ReadyFile::place)
            }
        })
    }

    /// A step as a phrase, for a dry run or a result.
    pub(super) fn describe(&self, step: &RegistryStep) -> String {
        let short = |path: &PathBuf| path.strip_prefix(&self.directory).unwrap_or(path).display().to_string();
        match step {
            RegistryStep::Remove(path, why) => format!("remove {}: {why}", short(path)),
            RegistryStep::Cut(length) => {
                format!("cut journal.jsonl to {length} bytes: a killed run left an incomplete line")
            }
            RegistryStep::Write(path, bytes) => format!("write {}, {} bytes", short(path), bytes.len()),
            RegistryStep::Enter(lines, None) => format!("add {} to journal.jsonl", counted(lines.len())),
            RegistryStep::Enter(lines, Some(alias)) => {
                let (name, version) = (&alias.alias, alias.version);
                match lines.len() {
                    0 => format!("write {name}.json: version {version}, to match the journal"),
                    lines => format!(
                        "add {} to journal.jsonl, then write {name}.json: version {version}",
                        counted(lines)
                    ),
                }
            }
        }
    }
}

pub(super) fn counted(lines: usize) -> String {
    if lines == 1 { "1 line".into() } else { format!("{lines} lines") }
}

/// A result as JSON, ending with a newline.
pub(super) fn pretty(result: &impl serde::Serialize) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(result)?;
    bytes.push(b'\n');
    Ok(bytes)
}

impl Ledger {
    pub(super) fn alias(&self, name: &str) -> Option<&Alias> {
        self.aliases.iter().find(|alias| alias.alias == name)
    }

    pub(super) fn version(&self, number: u64) -> Option<&Version> {
        self.versions.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// SHA-256 of the manifest file of a version.
    pub(super) fn manifest(&self, number: u64) -> Option<&String> {
        self.manifests.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// A version with the SHA-256 of its manifest file.
    pub(super) fn with_manifest(&self, version: Version) -> Result<(Version, String)> {
        let manifest = self.manifest(version.version).cloned();
        let manifest = manifest
            .with_context(|| format!("version {} has no manifest; restore it from git", version.version))?;
        Ok((version, manifest))
    }

    /// The corrected form of every alias that differs from its last move in the journal.
    fn outdated_aliases(&self, registry: &Registry) -> Result<Vec<Alias>> {
        let mut last: Vec<&JournalEntry> = Vec::new();
        for entry in self.journal.entries.iter().filter(|entry| entry.action.is_move()) {
            last.retain(|earlier| earlier.alias != entry.alias);
            last.push(entry);
        }
        for alias in &self.aliases {
            let entry = last.iter().find(|entry| entry.alias.as_ref() == Some(&alias.alias));
            let place = || registry.alias_path(&alias.alias).display().to_string();
            let entry = entry
                .with_context(|| format!("{}: is not in the journal; restore both from git", place()))?;
            ensure!(
                entry.sequence > Some(alias.sequence) || entry.matches(alias),
                "{}: does not match the journal; restore both from git",
                place()
            );
        }
        let is_behind = |entry: &&&JournalEntry| !self.aliases.iter().any(|alias| entry.matches(alias));
        Ok(last.iter().filter(is_behind).filter_map(|entry| entry.alias_after()).collect())
    }
}

impl JournalEntry {
    /// The entry for a new version. `manifest` is the SHA-256 of its manifest file.
    pub(super) fn registered(version: &Version, manifest: &str) -> Self {
        Self {
            entry: 0,
            at: version.registered.clone(),
            action: JournalAction::Registered,
            version: version.version,
            digest: version.digest.clone(),
            alias: None,
            sequence: None,
            from: None,
            until: None,
            reason: version.reason.clone(),
            actor: version.actor.clone(),
            run: version.run.clone(),
            reports: version.reports.clone(),
            manifest: Some(manifest.to_owned()),
            before: String::new(),
            sha256: None,
        }
    }

    /// Whether the entry is the last move of an alias.
    pub(super) fn matches(&self, alias: &Alias) -> bool {
        self.alias_after().is_some_and(|after| Alias { head: alias.head.clone(), ..after } == *alias)
    }

    /// The alias after this move; none if the entry is not a move.
    pub(super) fn alias_after(&self) -> Option<Alias> {
        Some(Alias {
            head: ResultHead::new("alias", "promote"),
            alias: self.alias.clone()?,
            sequence: self.sequence?,
            version: self.version,
            digest: self.digest.clone(),
            moved: self.at.clone(),
            reason: self.reason.clone(),
            actor: self.actor.clone(),
        })
    }
}
