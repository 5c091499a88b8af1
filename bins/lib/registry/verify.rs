//! Checks that every file of a registry matches its name, and that all files agree with each other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};

use super::directory::{expect_digest, stem};
use super::journal::{Journal, JournalAction};
use super::ledger::counted;
use super::{Alias, CHAMPION, REGISTRY_FILES, Registry, Version, json_files};
use crate::io::diagnostics::shown;
use crate::io::limits;
use crate::io::owned_file::{LINK, expect_no_link};
use crate::io::result_file;
use crate::io::stream::Place;
use crate::model::model_file::Model;

/// Facts from the files that were already read.
#[derive(Default)]
struct KnownFiles {
    /// Digests of the models, by version.
    digests: BTreeMap<u64, String>,
    journal: Journal,
}

impl Registry {
    /// Checks every file, and passes its description or its error to `each`.
    pub fn verify(&self, each: &mut dyn FnMut(&Path, Result<String>)) -> Result<()> {
        expect_no_link(&self.directory)?;
        let mut known = KnownFiles::default();
        // Links are findings, and nothing is read through them.
        let linked = REGISTRY_FILES.links(&self.directory)?;
        let is_own = |path: &Path| !path.ancestors().any(|path| linked.iter().any(|link| link == path));
        let json_files = |directory: &Path| -> Result<Vec<PathBuf>> {
            let files = if is_own(directory) { json_files(directory)? } else { Vec::new() };
            Ok(files.into_iter().filter(|path| is_own(path)).collect())
        };
        for link in linked.iter().filter(|link| **link != self.journal_path()) {
            each(link, Err(anyhow!(LINK)));
        }
        // Read aliases first, then the journal, then versions. A writer works in the opposite order, so the journal lists
        // every alias that was read, and every version in the journal exists.
        let aliases = json_files(&self.directory)?.into_iter();
        let mut aliases: Vec<_> = aliases.map(|path| (read_alias(&path), path)).collect();
        let path = self.journal_path();
        let is_new = self.is_empty()?;
        let journal = match is_own(&path) {
            false => Err(anyhow!(LINK)),
            true if is_new => Ok(Journal::default()),
            true => read_journal(&path),
        };
        let journal = journal.map(|journal| {
            if is_new {
                return "no journal yet; the next promote creates it".to_owned();
            }
            known.journal = journal;
            let lines = counted(known.journal.entries.len());
            let cut = if known.journal.is_cut {
                ", and an incomplete line that the next promote removes"
            } else {
                ""
            };
            format!("journal of {lines}{cut}")
        });
        let is_readable = journal.is_ok();
        let champion = self.alias_path(CHAMPION);
        let needs_champion = !is_readable || known.journal.moves(CHAMPION).next().is_some();
        if needs_champion && !champion.exists() && is_own(&champion) {
            aliases.push((read_alias(&champion), champion));
        }
        let mut versions = json_files(&self.directory.join("versions"))?;
        versions.sort_by_key(|path| path.as_os_str().len());
        for path in versions {
            each(&path, self.verify_version(&path, &mut known));
        }
        for path in json_files(&self.directory.join("models"))? {
            each(&path, verify_model(&path, &known.digests));
        }
        for path in json_files(&self.directory.join("reports"))? {
            each(&path, verify_report(&path));
        }
        each(&path, journal.and_then(|description| known.check_journal().map(|()| description)));
        for (alias, path) in aliases {
            each(&path, alias.and_then(|alias| verify_alias(&alias, &path, &known, is_readable)));
        }
        Ok(())
    }

    /// Checks a version, describes it, and notes the digest of its model.
    fn verify_version(&self, path: &Path, known: &mut KnownFiles) -> Result<String> {
        let number = stem(path).parse().ok().filter(|number: &u64| number.to_string() == stem(path));
        let number = number.context("its file name is not a version number; rename or remove it")?;
        let Version { version, digest, reports, .. } = result_file::parse(&read(path)?, "version")?;
        ensure!(version == number, "has version number {version}, expected {number}; restore it from git");
        expect_digest(&digest)?;
        let is_removed = known.journal.is_removed(number);
        let is_there = is_removed || self.model_path(&digest).is_file();
        ensure!(is_there, "its model {digest}.json is missing; restore it from git");
        known.digests.insert(number, digest);
        for (kind, report) in &reports {
            let is_there = expect_digest(report).is_ok() && self.report_path(report).is_file();
            ensure!(is_there, "its report {} is missing; restore it from git", shown(kind));
        }
        let previous = number.wrapping_sub(1);
        ensure!(
            number == 1 || self.version_path(previous).exists(),
            "version {previous} is missing; restore it from git"
        );
        Ok(if is_removed { format!("version {number} (model removed)") } else { format!("version {number}") })
    }
}

impl KnownFiles {
    /// Checks the journal against the versions, and every move against the previous move.
    fn check_journal(&self) -> Result<()> {
        let mut moved: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for entry in &self.journal.entries {
            let (line, version, action) = (entry.entry, entry.version, entry.action);
            let digest = self.digests.get(&version);
            let digest = digest
                .with_context(|| format!("line {line}: version {version} is missing; restore it from git"))?;
            ensure!(
                *digest == entry.digest,
                "line {line}: digest differs from the digest of version {version}; restore both from git"
            );
            let is_move = matches!(action, JournalAction::Assigned | JournalAction::RolledBack);
            ensure!(
                is_move == entry.alias.is_some(),
                "line {line}: action {} does not match its alias; restore the journal from git",
                action.name()
            );
            let Some(alias) = &entry.alias else { continue };
            let before = moved.insert(alias, (entry.sequence.unwrap_or(0), version));
            let follows = entry.sequence == Some(before.map_or(1, |(sequence, _)| sequence + 1))
                && entry.from == before.map(|(_, version)| version);
            ensure!(
                follows,
                "line {line}: does not continue the last move of {}; restore the journal from git",
                shown(alias)
            );
        }
        Ok(())
    }
}

/// Checks a model, and describes it by its version.
fn verify_model(path: &Path, digests: &BTreeMap<u64, String>) -> Result<String> {
    let text = read(path)?;
    let is_intact = result_file::digest(&text) == stem(path);
    ensure!(is_intact, "does not match the digest in its name; restore it from git");
    Model::parse(&text)?;
    let version = digests.iter().find(|(_, digest)| *digest == stem(path));
    Ok(version.map_or("model without a version".into(), |(number, _)| format!("model of version {number}")))
}

fn verify_report(path: &Path) -> Result<String> {
    let is_intact = result_file::digest(&read(path)?) == stem(path);
    ensure!(is_intact, "does not match the digest in its name; restore it from git");
    Ok("report".into())
}

fn read_journal(path: &Path) -> Result<Journal> {
    ensure!(path.exists(), "is missing; restore it from git");
    let bytes = Place::File(path.to_owned()).read_bytes_within(limits::RESULT_BYTES);
    Journal::parse(bytes.map_err(unnamed)?)
}

fn read_alias(path: &Path) -> Result<Alias> {
    ensure!(path.exists(), "is missing; restore it from git, or promote a model");
    result_file::parse(&read(path)?, "alias")
}

/// Checks an alias against the versions and the journal, and describes it.
fn verify_alias(found: &Alias, path: &Path, known: &KnownFiles, is_readable: bool) -> Result<String> {
    let Alias { alias, version, sequence, digest, .. } = found;
    ensure!(alias == stem(path), "belongs to the alias {}; restore it from git", shown(alias));
    ensure!(*sequence > 0, "sequence number is 0; restore it from git");
    let wanted = known.digests.get(version).with_context(|| {
        format!("points to version {version}, which is missing or damaged; promote another version")
    })?;
    ensure!(digest == wanted, "digest differs from the digest of version {version}; restore both from git");
    if is_readable {
        let last = known.journal.moves(alias).find(|entry| entry.sequence == Some(*sequence));
        let last = last.context("is not in the journal; restore both from git")?;
        ensure!(last.matches(found), "does not match the journal; restore both from git");
        let newest = known.journal.moves(alias).next_back().and_then(|entry| entry.sequence);
        if newest > Some(*sequence) {
            return Ok(format!("alias of version {version}; the next promote updates it from the journal"));
        }
    }
    Ok(format!("alias of version {version}"))
}

/// The text of a file. Errors do not name the file, because the caller names it.
fn read(path: &Path) -> Result<String> {
    Place::File(path.to_owned()).read_text().map_err(unnamed)
}

#[expect(clippy::needless_pass_by_value, reason = "map_err passes the error by value")]
fn unnamed(error: anyhow::Error) -> anyhow::Error {
    anyhow!("{}", error.root_cause())
}
