//! Reads and extends the journal of a registry: one line for each registration, move and removal.
//!
//! Each line has the digest of the previous line. The journal is append-only, and every complete line counts.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::io::limits;
use crate::io::result_file;
use crate::io::stream::Place;

/// The `before` of the first line.
const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The kind of a journal entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JournalAction {
    /// A version was registered.
    Registered,
    /// An alias moved to a version.
    Assigned,
    /// An alias was rolled back to a version.
    RolledBack,
    /// The model of a version was removed to save space.
    Removed,
}

impl JournalAction {
    /// The name in JSON.
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
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalEntry {
    /// Line number: 1, 2, 3, …
    pub entry: u64,
    /// Time, in UTC (RFC 3339). Entries are ordered by line, not by time.
    pub at: String,
    /// Kind of the entry.
    pub action: JournalAction,
    /// Version that was registered, pointed to or removed.
    pub version: u64,
    /// SHA-256 of that version's model file.
    pub digest: String,
    /// Alias that moved; absent if none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Number of moves of that alias, including this move; absent without an alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// Previous version of the alias; absent for its first move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// Reason for the action.
    pub reason: String,
    /// Person or account behind the action; absent if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Id of the run behind the action; absent outside a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// SHA-256 of the reports behind the decision, by kind; absent if there are none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reports: BTreeMap<String, String>,
    /// SHA-256 of the previous line; zeros for the first line.
    pub before: String,
}

/// The journal of one named model.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// The complete lines.
    pub entries: Vec<JournalEntry>,
    /// Length of the complete lines in bytes.
    pub(super) complete_bytes: u64,
    /// Whether the last line is incomplete. Its writer was killed, so the entry does not count.
    pub(super) is_cut: bool,
    last: Option<String>,
}

impl Journal {
    /// Reads a journal and checks that each line follows the previous line.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = Place::File(path.to_path_buf()).read_bytes_within(limits::RESULT_BYTES)?;
        Self::parse(&bytes).with_context(|| path.display().to_string())
    }

    /// Like [`Journal::read`], from bytes, because the last line can end within a character.
    pub fn parse(bytes: impl AsRef<[u8]>) -> Result<Self> {
        let (mut journal, bytes) = (Self::default(), bytes.as_ref());
        let complete = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let text =
            std::str::from_utf8(&bytes[..complete]).ok().context("is not UTF-8 text; restore it from git")?;
        for (line, number) in text.lines().zip(1..) {
            let entry: JournalEntry = serde_json::from_str(line).map_err(|error| {
                anyhow!("line {number}: is not a journal entry ({error}); restore it from git")
            })?;
            ensure!(
                entry.entry == number && entry.before == journal.last(),
                "line {number}: does not follow the previous line; restore it from git"
            );
            journal.entries.push(entry);
            journal.last = Some(result_file::digest(line));
        }
        journal.complete_bytes = complete as u64;
        journal.is_cut = complete < bytes.len();
        Ok(journal)
    }

    /// Adds an entry and returns its line.
    pub(super) fn add(&mut self, mut entry: JournalEntry) -> Result<String> {
        entry.entry = self.entries.len() as u64 + 1;
        self.last().clone_into(&mut entry.before);
        let line = serde_json::to_string(&entry)?;
        self.last = Some(result_file::digest(&line));
        self.entries.push(entry);
        Ok(line)
    }

    /// Digest of the last line.
    fn last(&self) -> &str {
        self.last.as_deref().unwrap_or(NOTHING)
    }

    /// All moves of an alias, oldest first.
    pub fn moves<'a>(&'a self, alias: &'a str) -> impl DoubleEndedIterator<Item = &'a JournalEntry> {
        self.entries.iter().filter(move |entry| entry.alias.as_deref() == Some(alias))
    }

    /// The version that a rollback returns to. A rollback drops the versions it skips, so a second rollback goes further
    /// back.
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

    /// Whether the model of a version was removed and not registered again.
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
    fn rejects_a_line_that_was_edited_deleted_or_moved() {
        let (journal, text) = written(&[
            (JournalAction::Registered, 1),
            (JournalAction::Assigned, 1),
            (JournalAction::Registered, 2),
        ]);
        let read = Journal::parse(&text).unwrap();
        assert_eq!(read.entries, journal.entries);
        assert!(!read.is_cut && read.complete_bytes == text.len() as u64);
        let lines: Vec<&str> = text.lines().collect();
        let wrong = [
            (text.replacen("2026-07", "2026-08", 1), "line 2: does not follow"),
            (
                text.replacen("2026-07", "2026-7x", 2).replacen("2026-7x", "2026-07", 1),
                "line 3: does not follow",
            ),
            (format!("{}\n{}\n", lines[0], lines[2]), "line 2: does not follow"),
            (format!("{}\n", lines[1]), "line 1: does not follow"),
            (format!("{}\n\n", lines[0]), "line 2: is not a journal entry"),
        ];
        for (text, wanted) in wrong {
            let error = format!("{:#}", Journal::parse(&text).unwrap_err());
            assert!(error.starts_with(wanted), "{error}");
        }
    }

    #[test]
    fn ignores_an_incomplete_last_line() {
        let mut journal = Journal::default();
        let lines = [JournalAction::Registered, JournalAction::Assigned].map(|action| {
            let reason = "größer als 世界".into();
            journal.add(JournalEntry { reason, ..entry(action, 1) }).unwrap() + "\n"
        });
        let (text, first) = (lines.concat().into_bytes(), lines[0].len());
        for end in first..text.len() {
            let read = Journal::parse(&text[..end]).unwrap();
            assert_eq!(
                (read.entries.len(), read.complete_bytes, read.is_cut),
                (1, first as u64, end > first),
                "{end}"
            );
        }
    }

    #[test]
    fn a_second_rollback_goes_further_back() {
        use JournalAction::{Assigned, RolledBack};
        let former = |steps: &[(JournalAction, u64)]| written(steps).0.former("champion");
        assert_eq!(former(&[]), None);
        assert_eq!(former(&[(Assigned, 1)]), None);
        assert_eq!(former(&[(Assigned, 1), (Assigned, 2), (Assigned, 3)]), Some(2));
        assert_eq!(former(&[(Assigned, 1), (Assigned, 2), (Assigned, 3), (RolledBack, 2)]), Some(1));
        assert_eq!(former(&[(Assigned, 1), (Assigned, 2), (RolledBack, 1)]), None);
        assert_eq!(former(&[(Assigned, 1), (Assigned, 2), (RolledBack, 1), (Assigned, 3)]), Some(1));
        // A move to an old version counts as a step forward, not as a rollback.
        assert_eq!(former(&[(Assigned, 1), (Assigned, 2), (Assigned, 1)]), Some(2));
        // A rollback to a version that the alias never pointed to.
        assert_eq!(former(&[(Assigned, 2), (RolledBack, 1)]), Some(2));
    }

    #[test]
    fn a_removed_model_can_be_registered_again() {
        use JournalAction::{Registered, Removed};
        assert!(!written(&[(Registered, 1)]).0.is_removed(1));
        assert!(written(&[(Registered, 1), (Removed, 1)]).0.is_removed(1));
        assert!(!written(&[(Registered, 1), (Removed, 1), (Registered, 1)]).0.is_removed(1));
    }
}
