//! Reads and extends the journal of a registry: one line for each registration, move and removal.
//!
//! Each line has the digest of the previous line. The journal is append-only, and every complete line counts.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::JournalHead;
use crate::io::limits;
use crate::io::result_file;
use crate::io::seal;
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
    /// An alias was held at its version.
    Held,
    /// The hold of an alias was ended.
    Resumed,
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
            Self::Held => "held",
            Self::Resumed => "resumed",
            Self::Removed => "removed",
        }
    }

    /// Whether the action moves an alias.
    pub fn is_move(self) -> bool {
        matches!(self, Self::Assigned | Self::RolledBack)
    }

    /// Whether the action is about an alias.
    pub(super) fn is_about_alias(self) -> bool {
        self.is_move() || matches!(self, Self::Held | Self::Resumed)
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
    /// Version that was registered, pointed to, held or removed.
    pub version: u64,
    /// SHA-256 of that version's model file.
    pub digest: String,
    /// Alias that moved, was held or was resumed; absent for other entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Number of moves of that alias, including this move; absent if no alias moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// Previous version of the alias; absent for its first move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// Time at which a hold ends on its own, in UTC (RFC 3339); absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
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
    /// SHA-256 of that version's manifest file; absent in lines of an earlier spamops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// SHA-256 of the previous line; zeros for the first line.
    pub before: String,
    /// SHA-256 of the line up to this key; absent in lines of an earlier spamops.
    #[serde(default, skip_serializing)]
    pub sha256: Option<String>,
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
    /// SHA-256 of each line.
    digests: Vec<String>,
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
            journal.expect_sealed(&entry, line)?;
            ensure!(
                entry.entry == number && entry.before == journal.last(),
                "line {number}: does not follow the previous line; restore it from git"
            );
            journal.entries.push(entry);
            journal.digests.push(result_file::digest(line));
        }
        journal.complete_bytes = complete as u64;
        journal.is_cut = complete < bytes.len();
        Ok(journal)
    }

    /// Adds an entry and returns its line.
    pub(super) fn add(&mut self, mut entry: JournalEntry) -> Result<String> {
        entry.entry = self.entries.len() as u64 + 1;
        self.last().clone_into(&mut entry.before);
        let line = seal::sealed(&serde_json::to_string(&entry)?);
        entry.sha256 = Some(seal::seal(&line));
        self.digests.push(result_file::digest(&line));
        self.entries.push(entry);
        Ok(line)
    }

    /// Fails if a line differs from its own SHA-256. Only the first lines may have none: an earlier spamops wrote them.
    fn expect_sealed(&self, entry: &JournalEntry, line: &str) -> Result<()> {
        let number = self.entries.len() + 1;
        let was_sealed = self.entries.last().is_some_and(|last| last.sha256.is_some());
        let Some(digest) = &entry.sha256 else {
            ensure!(
                !was_sealed && entry.manifest.is_none(),
                "line {number}: has no SHA-256 at its end; restore it from git"
            );
            return Ok(());
        };
        ensure!(
            *digest == seal::seal(line),
            "line {number}: does not match the SHA-256 at its end; restore it from git"
        );
        ensure!(
            entry.manifest.is_some(),
            "line {number}: has no SHA-256 of its manifest; restore it from git"
        );
        Ok(())
    }

    /// Digest of the last line.
    fn last(&self) -> &str {
        self.digests.last().map_or(NOTHING, String::as_str)
    }

    /// The head, which an outside anchor keeps to recognise this journal; none without lines.
    pub fn head(&self) -> Option<JournalHead> {
        let digest = self.digests.last()?.clone();
        Some(JournalHead { lines: Some(self.digests.len() as u64), digest })
    }

    /// Fails if the journal does not contain a head that it had earlier, and says whether lines were cut or rewritten.
    /// Returns the line of the head.
    pub fn expect_head(&self, head: &JournalHead) -> Result<u64> {
        let all = self.digests.len() as u64;
        let found = (1..).zip(&self.digests).find(|(_, digest)| **digest == head.digest);
        match (found, head.lines) {
            (Some((line, _)), lines) if lines.is_none_or(|lines| lines == line) => Ok(line),
            (_, Some(lines)) if lines > all => bail!(
                "the newest lines were cut: the expected head is line {lines}, but the journal has {all} lines; restore it from git"
            ),
            (_, Some(lines)) => {
                bail!("was rewritten: line {lines} differs from the expected head; restore it from git")
            }
            (_, None) => {
                bail!(
                    "was cut or rewritten: it does not contain the expected head {head}; restore it from git"
                )
            }
        }
    }

    /// The line that registered a version, and its index; none if the version is not in the journal.
    pub(super) fn registration(&self, version: u64) -> Option<(usize, &JournalEntry)> {
        let registers =
            |entry: &JournalEntry| entry.action == JournalAction::Registered && entry.version == version;
        self.entries.iter().enumerate().find(|(_, entry)| registers(entry))
    }

    /// The highest version that the journal registers; 0 without versions.
    pub(super) fn last_registered(&self) -> u64 {
        let registered = self.entries.iter().filter(|entry| entry.action == JournalAction::Registered);
        registered.map(|entry| entry.version).max().unwrap_or(0)
    }

    /// All moves of an alias, oldest first.
    pub fn moves<'a>(&'a self, alias: &'a str) -> impl DoubleEndedIterator<Item = &'a JournalEntry> {
        let is_of =
            move |entry: &&JournalEntry| entry.action.is_move() && entry.alias.as_deref() == Some(alias);
        self.entries.iter().filter(is_of)
    }

    /// The version that a rollback returns to.
    pub fn former(&self, alias: &str) -> Option<u64> {
        let path = self.rollback_path(alias);
        path.len().checked_sub(2).map(|place| path[place])
    }

    /// The versions that rollbacks return to, then the current version. A rollback drops the versions it skips, so a
    /// second rollback goes further back.
    pub fn rollback_path(&self, alias: &str) -> Vec<u64> {
        let mut path: Vec<u64> = Vec::new();
        for entry in self.moves(alias) {
            let known = path.iter().rposition(|version| *version == entry.version);
            match known.filter(|_| entry.action == JournalAction::RolledBack) {
                Some(place) => path.truncate(place + 1),
                None => path.push(entry.version),
            }
        }
        path
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
            alias: action.is_about_alias().then(|| "champion".into()),
            sequence: None,
            from: None,
            until: None,
            reason: String::new(),
            actor: None,
            run: None,
            reports: BTreeMap::new(),
            manifest: Some(result_file::digest(&format!("manifest {version}"))),
            before: String::new(),
            sha256: None,
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
        let other = written(&[(JournalAction::Registered, 3)]).1;
        let wrong = [
            (text.replacen("2026-07", "2026-08", 1), "line 1: does not match the SHA-256 at its end"),
            (
                text.replacen("\"version\":2", "\"version\":1", 1),
                "line 3: does not match the SHA-256 at its end",
            ),
            (unsealed(lines[2], ["sha256"]), "line 1: has no SHA-256 at its end"),
            (
                format!("{}\n{}\n{}", lines[0], lines[1], unsealed(lines[2], ["sha256", "manifest"])),
                "line 3: has no SHA-256 at its end",
            ),
            (
                seal::sealed(&unsealed(lines[0], ["sha256", "manifest"])) + "\n",
                "line 1: has no SHA-256 of its manifest",
            ),
            (other + lines[1] + "\n", "line 2: does not follow"),
            (format!("{}\n{}\n", lines[0], lines[2]), "line 2: does not follow"),
            (format!("{}\n", lines[1]), "line 1: does not follow"),
            (format!("{}\n\n", lines[0]), "line 2: is not a journal entry"),
        ];
        for (text, wanted) in wrong {
            let error = format!("{:#}", Journal::parse(&text).unwrap_err());
            assert!(error.starts_with(wanted), "{error}");
        }
    }

    /// A line without some of its digests, as an earlier spamops wrote it.
    fn unsealed<const N: usize>(line: &str, keys: [&str; N]) -> String {
        let mut entry: serde_json::Value = serde_json::from_str(line).unwrap();
        for key in keys {
            drop(entry.as_object_mut().unwrap().remove(key).unwrap());
        }
        entry.to_string() + "\n"
    }

    #[test]
    fn a_journal_of_an_earlier_version_stays_valid_and_continues_with_sealed_lines() {
        let (_, text) = written(&[(JournalAction::Registered, 1)]);
        let old = unsealed(text.trim_end(), ["sha256", "manifest"]);
        let mut journal = Journal::parse(&old).unwrap();
        let new = journal.add(entry(JournalAction::Assigned, 1)).unwrap() + "\n";
        let read = Journal::parse(format!("{old}{new}")).unwrap();
        assert_eq!(read.entries, journal.entries);
        assert_eq!(read.head(), journal.head());
        assert!(read.entries[0].sha256.is_none() && read.entries[1].sha256.is_some());
    }

    #[test]
    fn a_head_shows_whether_lines_were_cut_or_rewritten() {
        use JournalAction::{Assigned, Registered, RolledBack};
        let steps = [(Registered, 1), (Assigned, 1), (Registered, 2), (Assigned, 2)];
        let (journal, _) = written(&steps);
        let head = journal.head().unwrap();
        let earlier = written(&steps[..2]).0.head().unwrap();
        assert_eq!((journal.expect_head(&head).unwrap(), journal.expect_head(&earlier).unwrap()), (4, 2));
        let error = |steps: &[(JournalAction, u64)], head: &JournalHead| {
            written(steps).0.expect_head(head).unwrap_err().to_string()
        };
        let cut = "the newest lines were cut: the expected head is line 4, but the journal has 2 lines";
        assert!(error(&steps[..2], &head).starts_with(cut));
        assert!(error(&[], &head).contains("but the journal has 0 lines"));
        let other = [steps[0], (RolledBack, 1), steps[2], steps[3], steps[3]];
        let rewritten = "was rewritten: line 4 differs from the expected head";
        assert!(error(&other, &head).starts_with(rewritten));
        let digest = JournalHead { lines: None, ..head.clone() };
        assert_eq!(journal.expect_head(&digest).unwrap(), 4);
        assert!(error(&other, &digest).starts_with("was cut or rewritten: it does not contain"));
        // The number of lines belongs to the head.
        let moved = JournalHead { lines: Some(3), ..head };
        assert!(journal.expect_head(&moved).unwrap_err().to_string().starts_with("was rewritten: line 3"));
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
