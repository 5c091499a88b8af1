//! Compares manifests, the journal and aliases with each other.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow, ensure};

use super::holds::AliasHolds;
use super::journal::{Journal, JournalAction, JournalEntry};
use super::{Alias, CHAMPION, Version};
use crate::io::diagnostics::shown;

/// A manifest that was read, and the SHA-256 of its file.
pub(super) struct KnownManifest {
    pub(super) version: Version,
    pub(super) digest: String,
}

/// Fails if a manifest differs from the journal. Returns whether the journal registers the version.
pub(super) fn expect_recorded(manifest: &KnownManifest, journal: &Journal) -> Result<bool> {
    let version = &manifest.version;
    let (number, last) = (version.version, journal.last_registered());
    let Some((index, entry)) = journal.registration(number) else {
        // A killed writer leaves at most one version without a line.
        ensure!(number == last + 1, "is not in the journal; restore both from git");
        return Ok(false);
    };
    let champion = journal.entries.get(..index).into_iter().flatten().rfind(|entry| is_of(entry, CHAMPION));
    let same = [
        ("registered", version.registered == entry.at),
        ("reason", version.reason == entry.reason),
        ("actor", version.actor == entry.actor),
        ("run", version.run == entry.run),
        ("reports", version.reports == entry.reports),
        ("parent", version.parent == champion.map(|entry| entry.version)),
    ];
    expect_all(&same, entry)?;
    for entry in journal.entries.iter().filter(|entry| entry.version == number) {
        let is_same = entry.manifest.as_ref().is_none_or(|digest| *digest == manifest.digest);
        ensure!(
            is_same,
            "does not match its SHA-256 in line {} of the journal; restore both from git",
            entry.entry
        );
    }
    Ok(true)
}

/// Fails if an alias differs from its move in the journal.
pub(super) fn expect_moved(alias: &Alias, entry: &JournalEntry) -> Result<()> {
    let same = [
        ("version", alias.version == entry.version),
        ("digest", alias.digest == entry.digest),
        ("moved", alias.moved == entry.at),
        ("reason", alias.reason == entry.reason),
        ("actor", alias.actor == entry.actor),
    ];
    expect_all(&same, entry)
}

/// Fails if a key differs from a line of the journal.
fn expect_all(same: &[(&str, bool)], entry: &JournalEntry) -> Result<()> {
    let line = entry.entry;
    let wrong = same.iter().find(|(_, is_same)| !is_same);
    wrong.map_or(Ok(()), |(key, _)| {
        Err(anyhow!("{key} differs from line {line} of the journal; restore both from git"))
    })
}

fn is_of(entry: &JournalEntry, alias: &str) -> bool {
    entry.action.is_move() && entry.alias.as_deref() == Some(alias)
}

/// Checks the journal against the manifests, and every move against the previous move.
pub(super) fn expect_continuous(journal: &Journal, manifests: &BTreeMap<u64, KnownManifest>) -> Result<()> {
    let mut moved: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let mut holds: BTreeMap<&str, AliasHolds> = BTreeMap::new();
    for entry in &journal.entries {
        let (line, version, action) = (entry.entry, entry.version, entry.action);
        let manifest = manifests.get(&version);
        let manifest = manifest
            .with_context(|| format!("line {line}: version {version} is missing; restore it from git"))?;
        ensure!(
            manifest.version.digest == entry.digest,
            "line {line}: digest differs from the digest of version {version}; restore both from git"
        );
        ensure!(
            action.is_about_alias() == entry.alias.is_some()
                && (action == JournalAction::Held || entry.until.is_none()),
            "line {line}: action {} does not match its alias; restore the journal from git",
            action.name()
        );
        let Some(alias) = &entry.alias else { continue };
        let held = holds.entry(alias).or_default();
        let is_free = action != JournalAction::Assigned || !held.is_held_by_person(&entry.at);
        ensure!(is_free, "line {line}: moves {}, which is held; restore the journal from git", shown(alias));
        held.follow(entry);
        if !action.is_move() {
            let is_at = moved.get(&**alias).is_some_and(|(_, current)| *current == version);
            ensure!(
                is_at && entry.sequence.is_none() && entry.from.is_none(),
                "line {line}: does not match the last move of {}; restore the journal from git",
                shown(alias)
            );
            continue;
        }
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
