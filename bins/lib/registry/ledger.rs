//! What a writer reads of a registry, the repairs after a killed writer, and the steps that change files.

use std::fs::{self, File};
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use super::journal::{Journal, JournalAction, JournalEntry};
use super::{Alias, Registry, Version};
use crate::io::append_log::AppendLog;
use crate::io::durable::{self, ReadyFile};
use crate::io::result_file::ResultHead;

/// The whole of a registry but for the models themselves.
pub(super) struct Ledger {
    pub(super) versions: Vec<Version>,
    pub(super) aliases: Vec<Alias>,
    pub(super) journal: Journal,
}

/// One step of a change. Each leaves a registry that readers can read, and that the next writer can go on from.
pub(super) enum RegistryStep {
    /// What nobody needs is removed.
    Remove(PathBuf, &'static str),
    /// A journal that ends within a line is cut to its whole lines.
    Cut(u64),
    /// A whole file is written.
    Write(PathBuf, Vec<u8>),
    /// Lines are added to the journal, and then the alias follows: it is written before, and only renamed after.
    Enter(Vec<String>, Option<Box<Alias>>),
}

impl Registry {
    /// Keeps other writers out until what is given back is dropped.
    pub(super) fn hold(&self) -> Result<File> {
        durable::directory(&self.directory)?;
        let lock = File::open(&self.directory).and_then(|lock| lock.lock().map(|()| lock));
        lock.with_context(|| self.directory.display().to_string())
    }

    /// As [`Registry::hold`], for one who only says what a writer would do: what a writer has half done is none of its
    /// leftovers.
    pub(super) fn wait(&self) -> Result<Option<File>> {
        if !self.directory.exists() {
            return Ok(None);
        }
        let lock = File::open(&self.directory).and_then(|lock| lock.lock_shared().map(|()| lock));
        lock.map(Some).with_context(|| self.directory.display().to_string())
    }

    /// Reads all there is.
    pub(super) fn read_ledger(&self) -> Result<Ledger> {
        Ok(Ledger { versions: self.versions()?, aliases: self.aliases()?, journal: self.journal()? })
    }

    /// What writers that were killed have left to be done.
    pub(super) fn settle(&self, ledger: &mut Ledger) -> Result<Vec<RegistryStep>> {
        let mut steps = Vec::new();
        for directory in ["", "models", "versions", "reports"] {
            let left = durable::leftovers(&self.directory.join(directory))?;
            steps.extend(
                left.into_iter().map(|path| RegistryStep::Remove(path, "left by a run that was killed")),
            );
        }
        if ledger.journal.is_cut {
            steps.push(RegistryStep::Cut(ledger.journal.whole));
        }
        let registered =
            ledger.journal.entries.iter().filter(|entry| entry.action == JournalAction::Registered);
        let known = registered.map(|entry| entry.version).max().unwrap_or(0);
        let there = ledger.versions.len() as u64;
        if known > there {
            let path = self.version_path(there + 1);
            bail!("{}: is missing, though the journal knows it; restore it from git", path.display());
        }
        for entry in &ledger.journal.entries {
            let says = ledger.version(entry.version).map(|version| &version.digest);
            let place = self.version_path(entry.version);
            ensure!(
                says == Some(&entry.digest),
                "{}: says otherwise than the journal; restore both from git",
                place.display()
            );
        }
        for version in ledger.versions.iter().filter(|version| version.version > known) {
            let line = ledger.journal.add(JournalEntry::registered(version))?;
            steps.push(RegistryStep::Enter(vec![line], None));
        }
        for alias in ledger.behind(self)? {
            ledger.aliases.retain(|old| old.alias != alias.alias);
            ledger.aliases.push(alias.clone());
            steps.push(RegistryStep::Enter(Vec::new(), Some(Box::new(alias))));
        }
        Ok(steps)
    }

    /// Takes the steps, one after the other.
    pub(super) fn take(&self, steps: &[RegistryStep]) -> Result<()> {
        steps.iter().try_for_each(|step| match step {
            RegistryStep::Remove(path, _) => {
                fs::remove_file(path).with_context(|| path.display().to_string())
            }
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

    /// A step in words.
    pub(super) fn describe(&self, step: &RegistryStep) -> String {
        let short = |path: &PathBuf| path.strip_prefix(&self.directory).unwrap_or(path).display().to_string();
        match step {
            RegistryStep::Remove(path, why) => format!("remove {}: {why}", short(path)),
            RegistryStep::Cut(length) => {
                format!("cut journal.jsonl to {length} bytes: a run was killed within a line")
            }
            RegistryStep::Write(path, bytes) => format!("write {}, {} bytes", short(path), bytes.len()),
            RegistryStep::Enter(lines, None) => format!("add {} to journal.jsonl", counted(lines.len())),
            RegistryStep::Enter(lines, Some(alias)) => {
                let (name, version) = (&alias.alias, alias.version);
                match lines.len() {
                    0 => format!("write {name}.json: version {version}, as the journal has it"),
                    lines => format!(
                        "add {} to journal.jsonl, then write {name}.json: version {version}",
                        counted(lines)
                    ),
                }
            }
        }
    }
}

fn counted(lines: usize) -> String {
    if lines == 1 { "a line".into() } else { format!("{lines} lines") }
}

/// A result as it is written.
pub(super) fn pretty(result: &impl serde::Serialize) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(result)?;
    bytes.push(b'\n');
    Ok(bytes)
}

impl Ledger {
    /// Where an alias points.
    pub(super) fn alias(&self, name: &str) -> Option<&Alias> {
        self.aliases.iter().find(|alias| alias.alias == name)
    }

    /// A version by its number.
    pub(super) fn version(&self, number: u64) -> Option<&Version> {
        self.versions.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// The aliases that have not followed the journal yet, as they are to be.
    fn behind(&self, registry: &Registry) -> Result<Vec<Alias>> {
        let mut last: Vec<&JournalEntry> = Vec::new();
        for entry in self.journal.entries.iter().filter(|entry| entry.alias.is_some()) {
            last.retain(|earlier| earlier.alias != entry.alias);
            last.push(entry);
        }
        for alias in &self.aliases {
            let entry = last.iter().find(|entry| entry.alias.as_ref() == Some(&alias.alias));
            let place = || registry.alias_path(&alias.alias).display().to_string();
            let entry = entry
                .with_context(|| format!("{}: is not in the journal; restore both from git", place()))?;
            ensure!(
                entry.sequence > Some(alias.sequence) || entry.is_about(alias),
                "{}: says otherwise than the journal; restore both from git",
                place()
            );
        }
        let is_behind = |entry: &&&JournalEntry| !self.aliases.iter().any(|alias| entry.is_about(alias));
        Ok(last.iter().filter(is_behind).filter_map(|entry| entry.points()).collect())
    }
}

impl JournalEntry {
    /// That a version came.
    pub(super) fn registered(version: &Version) -> Self {
        Self {
            entry: 0,
            at: version.registered.clone(),
            action: JournalAction::Registered,
            version: version.version,
            digest: version.digest.clone(),
            alias: None,
            sequence: None,
            from: None,
            reason: version.reason.clone(),
            actor: version.actor.clone(),
            run: version.run.clone(),
            reports: version.reports.clone(),
            before: String::new(),
        }
    }

    /// Whether the entry is the move that brought an alias to where it is.
    pub(super) fn is_about(&self, alias: &Alias) -> bool {
        let Alias { alias: name, sequence, version, digest, .. } = alias;
        self.alias.as_ref() == Some(name)
            && self.sequence == Some(*sequence)
            && self.version == *version
            && self.digest == *digest
    }

    /// The alias as the entry has moved it.
    pub(super) fn points(&self) -> Option<Alias> {
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
