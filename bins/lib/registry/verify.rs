//! Checks that every file of a registry matches its name, and that all files agree with each other.
//!
//! Someone can rewrite all files so that they agree. Only an outside anchor detects this: a head that the journal had
//! earlier.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};

use super::agreement::{KnownManifest, expect_continuous, expect_moved, expect_recorded};
use super::candidate::ManifestFacts;
use super::directory::{expect_digest, stem};
use super::journal::Journal;
use super::ledger::counted;
use super::{Alias, CHAMPION, JournalHead, REGISTRY_FILES, Registry, Version, json_files};
use crate::io::diagnostics::shown;
use crate::io::limits;
use crate::io::owned_file::{LINK, expect_no_link};
use crate::io::result_file;
use crate::io::stream::Place;
use crate::model::model_file::Model;

/// What to check besides the registry's own files.
#[derive(Clone, Copy)]
pub struct RegistryChecks<'a> {
    /// Checks the text of a report.
    pub report: fn(&str) -> Result<()>,
    /// Heads that the journal had earlier. It must still contain them.
    pub heads: &'a [JournalHead],
}

/// A file of a registry, and its description or its error.
pub struct CheckedFile {
    pub path: PathBuf,
    pub found: Result<String>,
    /// Head of an intact journal; none for other files.
    pub head: Option<JournalHead>,
}

/// Facts from the files that were already read.
struct KnownFiles {
    manifests: BTreeMap<u64, KnownManifest>,
    /// Facts from the intact models, by digest.
    models: BTreeMap<String, ManifestFacts>,
    journal: Journal,
    is_journal_readable: bool,
}

impl Registry {
    /// Checks every file.
    ///
    /// Readers take no lock, so a writer can change files between two reads. If a file looks wrong, all files are read
    /// again while writers wait, and only this second result counts.
    pub fn verify(&self, checks: RegistryChecks<'_>) -> Result<Vec<CheckedFile>> {
        let first = self.check_files(checks);
        if first.as_ref().is_ok_and(|files| files.iter().all(|file| file.found.is_ok())) {
            return first;
        }
        // Without a lock, for example on a file system that has none, the second look is still better than the first.
        let _lock = self.lock_shared().ok();
        self.check_files(checks)
    }

    fn check_files(&self, checks: RegistryChecks<'_>) -> Result<Vec<CheckedFile>> {
        expect_no_link(&self.directory)?;
        // Links are findings, and nothing is read through them.
        let linked = REGISTRY_FILES.links(&self.directory)?;
        let is_own = |path: &Path| !path.ancestors().any(|path| linked.iter().any(|link| link == path));
        let json_files = |directory: &Path| -> Result<Vec<PathBuf>> {
            let files = if is_own(directory) { json_files(directory)? } else { Vec::new() };
            Ok(files.into_iter().filter(|path| is_own(path)).collect())
        };
        // Read aliases first, then the journal, then versions. A writer works in the opposite order, so the journal lists
        // every alias that was read, and every version in the journal exists.
        let aliases = json_files(&self.directory)?.into_iter();
        let mut aliases: Vec<_> = aliases.map(|path| (read_alias(&path), path)).collect();
        let is_journal_own = is_own(&self.journal_path());
        let journal = if is_journal_own { self.readable_journal() } else { Err(anyhow!(LINK)) };
        let mut known = KnownFiles {
            manifests: BTreeMap::new(),
            models: BTreeMap::new(),
            is_journal_readable: journal.is_ok(),
            journal: journal.as_ref().cloned().unwrap_or_default(),
        };
        let mut moved: BTreeSet<&str> =
            known.journal.entries.iter().filter_map(|entry| entry.alias.as_deref()).collect();
        moved.extend(journal.is_err().then_some(CHAMPION));
        // The name of an alias comes from a file, so it may not be a name.
        let moved = moved.into_iter().filter(|name| super::alias(name).is_ok());
        for path in moved.map(|alias| self.alias_path(alias)) {
            if !path.exists() && is_own(&path) {
                aliases.push((read_alias(&path), path));
            }
        }
        let mut manifests = json_files(&self.directory.join("versions"))?;
        manifests.sort_by_key(|path| path.as_os_str().len());
        let manifests: Vec<_> =
            manifests.into_iter().map(|path| (known.read_manifest(&path), path)).collect();
        let models = json_files(&self.directory.join("models"))?.into_iter();
        let models: Vec<_> = models.map(|path| (known.read_model(&path), path)).collect();
        let reports = json_files(&self.directory.join("reports"))?.into_iter();

        let mut files = Vec::new();
        let mut add = |path, found| files.push(CheckedFile { path, found, head: None });
        for link in linked.iter().filter(|link| **link != self.journal_path()) {
            add(link.clone(), Err(anyhow!(LINK)));
        }
        for (number, path) in manifests {
            add(path, number.and_then(|number| self.check_version(number, &known)));
        }
        for (found, path) in models {
            add(path, found);
        }
        reports.for_each(|path| {
            let found = check_report(&path, checks.report);
            add(path, found);
        });
        // An alias of a version without its model points to nothing.
        let KnownFiles { manifests, journal: lines, .. } = &mut known;
        manifests.retain(|number, manifest| {
            lines.is_removed(*number) || self.model_path(&manifest.version.digest).is_file()
        });
        let journal = journal.and_then(|journal| {
            self.expect_reports(&journal)?;
            known.describe_journal(&journal, checks.heads)
        });
        let head = known.journal.head().filter(|_| journal.is_ok());
        files.push(CheckedFile { path: self.journal_path(), found: journal, head });
        for (alias, path) in aliases {
            let found = alias.and_then(|alias| check_alias(&alias, &path, &known));
            files.push(CheckedFile { path, found, head: None });
        }
        Ok(files)
    }

    /// The journal; empty if nothing was registered yet.
    fn readable_journal(&self) -> Result<Journal> {
        if self.is_empty()? {
            return Ok(Journal::default());
        }
        let path = self.journal_path();
        ensure!(path.exists(), "is missing; restore it from git");
        Journal::parse(Place::File(path).read_bytes_within(limits::RESULT_BYTES).map_err(unnamed)?)
    }

    /// Fails if a report of a move is missing.
    fn expect_reports(&self, journal: &Journal) -> Result<()> {
        for entry in &journal.entries {
            for (kind, report) in &entry.reports {
                let is_there = expect_digest(report).is_ok() && self.report_path(report).is_file();
                let (line, kind) = (entry.entry, shown(kind));
                ensure!(is_there, "line {line}: its report {kind} is missing; restore it from git");
            }
        }
        Ok(())
    }

    /// Checks a version against its model, its reports and the journal, and describes it.
    fn check_version(&self, number: u64, known: &KnownFiles) -> Result<String> {
        let manifest = known.manifests.get(&number).context("cannot be read")?;
        let Version { digest, reports, .. } = &manifest.version;
        let is_removed = known.journal.is_removed(number);
        let is_there = is_removed || self.model_path(digest).is_file();
        ensure!(is_there, "its model {digest}.json is missing; restore it from git");
        for (kind, report) in reports {
            let is_there = expect_digest(report).is_ok() && self.report_path(report).is_file();
            ensure!(is_there, "its report {} is missing; restore it from git", shown(kind));
        }
        let previous = number.wrapping_sub(1);
        ensure!(
            number == 1 || self.version_path(previous).exists(),
            "version {previous} is missing; restore it from git"
        );
        if let Some(facts) = known.models.get(digest) {
            facts.expect_agreement(&manifest.version)?;
        }
        let is_recorded = !known.is_journal_readable || expect_recorded(manifest, &known.journal)?;
        Ok(match (is_recorded, is_removed) {
            (true, false) => format!("version {number}"),
            (true, true) => format!("version {number} (model removed)"),
            (false, _) => format!("version {number}; the next promote adds it to the journal"),
        })
    }
}

impl KnownFiles {
    /// Reads a manifest, notes it, and returns its version number.
    fn read_manifest(&mut self, path: &Path) -> Result<u64> {
        let number = stem(path).parse().ok().filter(|number: &u64| number.to_string() == stem(path));
        let number = number.context("its file name is not a version number; rename or remove it")?;
        let text = read(path)?;
        let version: Version = result_file::parse(&text, "version")?;
        let actual = version.version;
        ensure!(actual == number, "has version number {actual}, expected {number}; restore it from git");
        expect_digest(&version.digest)?;
        self.manifests.insert(number, KnownManifest { version, digest: result_file::digest(&text) });
        Ok(number)
    }

    /// Checks a model, notes its facts, and describes it by its version.
    fn read_model(&mut self, path: &Path) -> Result<String> {
        let text = read(path)?;
        let is_intact = result_file::digest(&text) == stem(path);
        ensure!(is_intact, "does not match the digest in its name; restore it from git");
        let facts = ManifestFacts::of(Model::parse(&text)?)?;
        self.models.insert(stem(path).to_owned(), facts);
        let version = self.manifests.values().find(|known| known.version.digest == stem(path));
        Ok(version.map_or("model without a version".into(), |known| {
            format!("model of version {}", known.version.version)
        }))
    }

    /// Checks the journal against the versions and the expected heads, and describes it.
    fn describe_journal(&self, journal: &Journal, heads: &[JournalHead]) -> Result<String> {
        for head in heads {
            journal.expect_head(head)?;
        }
        if journal.entries.is_empty() && !journal.is_cut {
            // A killed writer leaves at most its own version and model.
            let own = self.manifests.get(&1).map(|first| &first.version.digest);
            let is_own = self.models.len() <= 1 && self.models.keys().all(|digest| Some(digest) == own);
            ensure!(is_own, "is missing; restore it from git");
            return Ok("no journal yet; the next promote creates it".to_owned());
        }
        expect_continuous(journal, &self.manifests)?;
        let lines = counted(journal.entries.len());
        let cut = if journal.is_cut { ", and an incomplete line that the next promote removes" } else { "" };
        Ok(format!("journal of {lines}{cut}"))
    }
}

fn check_report(path: &Path, check: fn(&str) -> Result<()>) -> Result<String> {
    let text = read(path)?;
    let is_intact = result_file::digest(&text) == stem(path);
    ensure!(is_intact, "does not match the digest in its name; restore it from git");
    check(&text)?;
    Ok("report".into())
}

fn read_alias(path: &Path) -> Result<Alias> {
    ensure!(path.exists(), "is missing; restore it from git, or promote a model");
    result_file::parse(&read(path)?, "alias")
}

/// Checks an alias against the versions and the journal, and describes it.
fn check_alias(found: &Alias, path: &Path, known: &KnownFiles) -> Result<String> {
    let Alias { alias, version, sequence, digest, .. } = found;
    ensure!(alias == stem(path), "belongs to the alias {}; restore it from git", shown(alias));
    ensure!(*sequence > 0, "sequence number is 0; restore it from git");
    let wanted = known.manifests.get(version).with_context(|| {
        format!("points to version {version}, which is missing or damaged; promote another version")
    })?;
    ensure!(
        *digest == wanted.version.digest,
        "digest differs from the digest of version {version}; restore both from git"
    );
    if known.is_journal_readable {
        let last = known.journal.moves(alias).find(|entry| entry.sequence == Some(*sequence));
        expect_moved(found, last.context("is not in the journal; restore both from git")?)?;
        let newest = known.journal.moves(alias).next_back().and_then(|entry| entry.sequence);
        if newest > Some(*sequence) {
            return Ok(format!("alias of version {version}; the next promote updates it from the journal"));
        }
    }
    let hold = known.journal.holds(alias).last();
    Ok(format!("alias of version {version}{}", hold.map_or_else(String::new, |hold| format!("; {hold}"))))
}

/// The text of a file. Errors do not name the file, because the caller names it.
fn read(path: &Path) -> Result<String> {
    Place::File(path.to_owned()).read_text().map_err(unnamed)
}

#[expect(clippy::needless_pass_by_value, reason = "map_err passes the error by value")]
fn unnamed(error: anyhow::Error) -> anyhow::Error {
    anyhow!("{}", error.root_cause())
}
