//! Checks a registry: every file matches its name, and all files agree with each other.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};

use super::directory::{expect_digest, stem};
use super::journal::{Journal, JournalAction};
use super::{Alias, CHAMPION, Registry, Version, json_files};
use crate::io::diagnostics::shown;
use crate::io::result_file;
use crate::io::stream::Place;
use crate::model::model_file::Model;

/// What the files say so far.
#[derive(Default)]
struct KnownFiles {
    /// The digests of the versions.
    digests: BTreeMap<u64, String>,
    journal: Journal,
}

impl Registry {
    /// Looks at every file, and gives what it is or what is wrong with it to `each`.
    pub fn verify(&self, each: &mut dyn FnMut(&Path, Result<String>)) -> Result<()> {
        let mut known = KnownFiles::default();
        // First the aliases, then the journal, then the versions: whoever writes meanwhile does it the other way round, so
        // that the journal knows every alias that is read here, and every version that it tells of is there.
        let aliases = json_files(&self.directory)?.into_iter();
        let mut aliases: Vec<_> = aliases.map(|path| (read_alias(&path), path)).collect();
        let path = self.journal_path();
        let is_new = self.is_empty()?;
        let journal = if is_new { Ok(Journal::default()) } else { read_journal(&path) };
        let journal = journal.map(|journal| {
            if is_new {
                return "no journal yet: the next promote begins it".to_owned();
            }
            known.journal = journal;
            let lines = known.journal.entries.len();
            let cut =
                if known.journal.is_cut { ", and one cut short, which the next promote removes" } else { "" };
            format!("journal of {lines} lines{cut}")
        });
        let is_whole = journal.is_ok();
        let champion = self.alias_path(CHAMPION);
        let wants_champion = !is_whole || known.journal.moves(CHAMPION).next().is_some();
        if wants_champion && !champion.exists() {
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
        each(&path, journal.and_then(|said| known.agree().map(|()| said)));
        for (alias, path) in aliases {
            each(&path, alias.and_then(|alias| verify_alias(&alias, &path, &known, is_whole)));
        }
        Ok(())
    }

    /// What a version's file is; the digest of its model is noted.
    fn verify_version(&self, path: &Path, known: &mut KnownFiles) -> Result<String> {
        let number = stem(path).parse().ok().filter(|number: &u64| number.to_string() == stem(path));
        let number = number.context("its name is no number")?;
        let Version { version, digest, reports, .. } = result_file::parse(&read(path)?, "version")?;
        ensure!(version == number, "says that it is version {version}");
        expect_digest(&digest)?;
        let is_removed = known.journal.is_removed(number);
        let is_there = is_removed || self.model_path(&digest).is_file();
        ensure!(is_there, "its model {digest}.json is missing; restore it from git");
        known.digests.insert(number, digest);
        for (kind, report) in &reports {
            let is_there = expect_digest(report).is_ok() && self.report_path(report).is_file();
            ensure!(is_there, "its report {} is missing; restore it from git", shown(kind));
        }
        let before = self.version_path(number.wrapping_sub(1));
        ensure!(number == 1 || before.exists(), "there is no version before it; restore that from git");
        Ok(if is_removed {
            format!("version {number}, its model removed")
        } else {
            format!("version {number}")
        })
    }
}

impl KnownFiles {
    /// Holds the journal against the versions, and every move against the one before it.
    fn agree(&self) -> Result<()> {
        let mut moved: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for entry in &self.journal.entries {
            let (line, version, action) = (entry.entry, entry.version, entry.action);
            let digest = self.digests.get(&version);
            let digest =
                digest.with_context(|| format!("line {line}: its version {version} is not there"))?;
            ensure!(*digest == entry.digest, "line {line}: version {version} has another digest");
            let is_move = matches!(action, JournalAction::Assigned | JournalAction::RolledBack);
            ensure!(
                is_move == entry.alias.is_some(),
                "line {line}: {} does not go with its alias",
                action.name()
            );
            let Some(alias) = &entry.alias else { continue };
            let before = moved.insert(alias, (entry.sequence.unwrap_or(0), version));
            let follows = entry.sequence == Some(before.map_or(1, |(sequence, _)| sequence + 1))
                && entry.from == before.map(|(_, version)| version);
            ensure!(follows, "line {line}: does not go on from where {} was", shown(alias));
        }
        Ok(())
    }
}

/// What a model's file is, by the digests of the versions.
fn verify_model(path: &Path, digests: &BTreeMap<u64, String>) -> Result<String> {
    let text = read(path)?;
    let intact = result_file::digest(&text) == stem(path);
    ensure!(intact, "does not have the digest in its name; restore it from git");
    Model::parse(&text)?;
    let of = digests.iter().find(|(_, digest)| *digest == stem(path));
    Ok(of.map_or("model of no version".into(), |(number, _)| format!("model of version {number}")))
}

fn verify_report(path: &Path) -> Result<String> {
    let intact = result_file::digest(&read(path)?) == stem(path);
    ensure!(intact, "does not have the digest in its name; restore it from git");
    Ok("report".into())
}

fn read_journal(path: &Path) -> Result<Journal> {
    ensure!(path.exists(), "is missing; restore it from git");
    Journal::parse(Place::File(path.to_owned()).read_bytes().map_err(unnamed)?)
}

fn read_alias(path: &Path) -> Result<Alias> {
    ensure!(path.exists(), "is missing: no model serves; restore it from git, or promote one");
    result_file::parse(&read(path)?, "alias")
}

/// What the file of an alias is, by the versions and by the journal.
fn verify_alias(found: &Alias, path: &Path, known: &KnownFiles, is_whole: bool) -> Result<String> {
    let Alias { alias, version, sequence, digest, .. } = found;
    ensure!(alias == stem(path), "says that it is the alias {}", shown(alias));
    ensure!(*sequence > 0, "has been moved 0 times");
    let wanted = known.digests.get(version).with_context(|| {
        format!("points to version {version}, which is not there or broken; promote another")
    })?;
    ensure!(digest == wanted, "has another digest than version {version}");
    if is_whole {
        let last = known.journal.moves(alias).find(|entry| entry.sequence == Some(*sequence));
        let last = last.context("is not in the journal; restore both from git")?;
        ensure!(last.is_about(found), "says otherwise than the journal; restore both from git");
        let newest = known.journal.moves(alias).next_back().and_then(|entry| entry.sequence);
        if newest > Some(*sequence) {
            return Ok(format!(
                "alias of version {version}; the next promote moves it on, as the journal has it"
            ));
        }
    }
    Ok(format!("alias of version {version}"))
}

/// The text of a file, errors without its name.
fn read(path: &Path) -> Result<String> {
    Place::File(path.to_owned()).read_text().map_err(unnamed)
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn unnamed(error: anyhow::Error) -> anyhow::Error {
    anyhow!("{}", error.root_cause())
}
