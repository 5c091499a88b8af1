//! The journal of a registry: one line for each new version and each alias move.
//!
//! Each line has the digest of the line before it. The journal is append-only, and every entry in it has happened.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::io::result_file;
use crate::io::stream::Place;

/// What stands before the first line.
const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JournalAction {
    /// A version came.
    Registered,
    /// An alias moved to a version.
    Assigned,
    /// An alias moved back to a version.
    RolledBack,
    /// The model of a version was removed to save room.
    Removed,
}

impl JournalAction {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Assigned => "assigned",
            Self::RolledBack => "rolled_back",
            Self::Removed => "removed",
        }
    }
}

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalEntry {
    /// Which line it is: 1, 2, 3, …
    pub entry: u64,
    /// When; nothing is ordered by it.
    pub at: String,
    /// What happened.
    pub action: JournalAction,
    /// To which version.
    pub version: u64,
    /// SHA-256 of its model.
    pub digest: String,
    /// Which alias moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// How often that alias has moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// The version it moved from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// Why.
    pub reason: String,
    /// Who did it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The run that did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The reports it was decided by: their SHA-256, by what they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reports: BTreeMap<String, String>,
    /// SHA-256 of the line before, zeros for the first.
    pub before: String,
}

/// A journal as it was read.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// Its whole lines.
    pub entries: Vec<JournalEntry>,
    /// The bytes of these.
    pub(super) whole: u64,
    /// Whether a last line was cut short: whoever wrote it was killed, and nothing that it says has happened.
    pub(super) is_cut: bool,
    last: Option<String>,
}

impl Journal {
    /// Reads a journal, every line held against the one before it.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = Place::File(path.to_path_buf()).read_bytes()?;
        Self::parse(&bytes).with_context(|| path.display().to_string())
    }

    /// As [`Journal::read`], from its bytes: a line may be cut short within a letter.
    pub fn parse(bytes: impl AsRef<[u8]>) -> Result<Self> {
        let (mut journal, bytes) = (Self::default(), bytes.as_ref());
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let text = std::str::from_utf8(&bytes[..whole]).ok().context("is no text; restore it from git")?;
        for (line, number) in text.lines().zip(1..) {
            let entry: JournalEntry = serde_json::from_str(line)
                .with_context(|| format!("line {number}: is no entry of a journal; restore it from git"))?;
            ensure!(
                entry.entry == number && entry.before == journal.last(),
                "line {number}: does not follow the line before it; restore it from git"
            );
            journal.entries.push(entry);
            journal.last = Some(result_file::digest(line));
        }
        journal.whole = whole as u64;
        journal.is_cut = whole < bytes.len();
        Ok(journal)
    }

    /// Adds an entry; the line it makes.
    pub(super) fn add(&mut self, mut entry: JournalEntry) -> Result<String> {
        entry.entry = self.entries.len() as u64 + 1;
        self.last().clone_into(&mut entry.before);
        let line = serde_json::to_string(&entry)?;
        self.last = Some(result_file::digest(&line));
        self.entries.push(entry);
        Ok(line)
    }

    /// The digest of the last line.
    fn last(&self) -> &str {
        self.last.as_deref().unwrap_or(NOTHING)
    }

    /// Every move of an alias, in order.
    pub fn moves<'a>(&'a self, alias: &'a str) -> impl DoubleEndedIterator<Item = &'a JournalEntry> {
        self.entries.iter().filter(move |entry| entry.alias.as_deref() == Some(alias))
    }

    /// Where an alias was before it came to where it is. What was rolled back is forgotten: a second rollback goes further
    /// back, not forth again.
    pub fn former(&self, alias: &str) -> Option<u64> {
        let mut path: Vec<u64> = Vec::new();
        for entry in self.moves(alias) {
            let known = path.iter().rposition(|version| *version == entry.version);
            match known.filter(|_| entry.action == JournalAction::RolledBack) {
                Some(place) => path.truncate(place + 1),
                None => path.push(entry.version),
            }
        }
        path.len().checked_sub(2).map(|place| path[place])
    }

    /// Whether the model of a version was removed, and has not come again since.
    pub fn is_removed(&self, version: u64) -> bool {
        let about = |entry: &&JournalEntry| entry.version == version && entry.alias.is_none();
        self.entries.iter().rfind(about).is_some_and(|entry| entry.action == JournalAction::Removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(action: JournalAction, version: u64) -> JournalEntry {
        JournalEntry {
            entry: 0,
            at: "2026-07-01T00:00:00Z".into(),
            action,
            version,
            digest: result_file::digest(&version.to_string()),
            alias: matches!(action, JournalAction::Assigned | JournalAction::RolledBack)
                .then(|| "champion".into()),
            sequence: None,
            from: None,
            reason: String::new(),
            actor: None,
            run: None,
            reports: BTreeMap::new(),
            before: String::new(),
        }
    }

    fn written(steps: &[(JournalAction, u64)]) -> (Journal, String) {
        let mut journal = Journal::default();
        let add =
            |(action, version): &(JournalAction, u64)| journal.add(entry(*action, *version)).unwrap() + "\n";
        let text = steps.iter().map(add).collect();
        (journal, text)
    }

    #[test]
    fn a_line_that_is_changed_missing_or_moved_is_seen() {
        let (journal, text) = written(&[
            (JournalAction::Registered, 1),
            (JournalAction::Assigned, 1),
            (JournalAction::Registered, 2),
        ]);
        let read = Journal::parse(&text).unwrap();
        assert_eq!(read.entries, journal.entries);
        assert!(!read.is_cut && read.whole == text.len() as u64);
        let lines: Vec<&str> = text.lines().collect();
        let wrong = [
            (text.replacen("2026-07", "2026-08", 1), "line 2: does not follow"),
            (
                text.replacen("2026-07", "2026-7x", 2).replacen("2026-7x", "2026-07", 1),
                "line 3: does not follow",
            ),
            (format!("{}\n{}\n", lines[0], lines[2]), "line 2: does not follow"),
            (format!("{}\n", lines[1]), "line 1: does not follow"),
            (format!("{}\n\n", lines[0]), "line 2: is no entry"),
        ];
        for (text, wanted) in wrong {
            let said = format!("{:#}", Journal::parse(&text).unwrap_err());
            assert!(said.starts_with(wanted), "{said}");
        }
    }

    #[test]
    fn a_line_that_is_cut_short_has_not_happened() {
        let mut journal = Journal::default();
        let lines = [JournalAction::Registered, JournalAction::Assigned].map(|action| {
            let reason = "größer als 世界".into();
            journal.add(JournalEntry { reason, ..entry(action, 1) }).unwrap() + "\n"
        });
        let (text, first) = (lines.concat().into_bytes(), lines[0].len());
        for end in first..text.len() {
            let read = Journal::parse(&text[..end]).unwrap();
            assert_eq!(
                (read.entries.len(), read.whole, read.is_cut),
                (1, first as u64, end > first),
                "{end}"
            );
        }
    }

    #[test]
    fn a_rollback_goes_back_and_a_second_one_further() {
        use JournalAction::{Assigned, RolledBack};
        let former = |steps: &[(JournalAction, u64)]| written(steps).0.former("champion");
        assert_eq!(former(&[]), None);
        assert_eq!(former(&[(Assigned, 1)]), None);
        assert_eq!(former(&[(Assigned, 1), (Assigned, 2), (Assigned, 3)]), Some(2));
        assert_eq!(former(&[(Assigned, 1), (Assigned, 2), (Assigned, 3), (RolledBack, 2)]), Some(1));
        assert_eq!(former(&[(Assigned, 1), (Assigned, 2), (RolledBack, 1)]), None);
        assert_eq!(former(&[(Assigned, 1), (Assigned, 2), (RolledBack, 1), (Assigned, 3)]), Some(1));
        // Moved back by hand is no rollback: it is a step forward to an old version.
        assert_eq!(former(&[(Assigned, 1), (Assigned, 2), (Assigned, 1)]), Some(2));
        // To a version that the alias has never been at.
        assert_eq!(former(&[(Assigned, 2), (RolledBack, 1)]), Some(2));
    }

    #[test]
    fn a_removed_model_may_come_again() {
        use JournalAction::{Registered, Removed};
        assert!(!written(&[(Registered, 1)]).0.is_removed(1));
        assert!(written(&[(Registered, 1), (Removed, 1)]).0.is_removed(1));
        assert!(!written(&[(Registered, 1), (Removed, 1), (Registered, 1)]).0.is_removed(1));
    }
}
