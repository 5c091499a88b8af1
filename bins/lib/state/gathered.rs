//! Reads and writes the state directory: gathered rows, drift history, decisions and notifications.
//!
//! If the state is lost, later runs take longer but stay correct. The files are append-only, except the history, which
//! keeps the last 64 runs.

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::io::append_log::{AppendLog, complete_lines};
use crate::io::dates::Timestamp;
use crate::io::limits;
use crate::io::owned_file::{OwnedDirectory, copy_to_new, create_directories, open_lock};
use crate::io::stream::{Place, read_file};
use crate::state::asked_entry::AskedEntry;
use crate::state::told::NotificationEntry;

/// The files of the state directory.
pub const STATE_FILES: OwnedDirectory = OwnedDirectory {
    kind: "state",
    paths: || {
        let names = [
            "rows.jsonl",
            "refused.jsonl",
            "decisions.jsonl",
            "told.jsonl",
            "marks.jsonl",
            "promotion-*.json",
            "asked.jsonl",
            "history.jsonl",
            "history.lock",
            "history.unreadable-*.jsonl",
            "watched.json",
            CHAMPION_PROFILE,
            "retrain-pending",
        ];
        names.map(str::to_owned).into()
    },
};

/// The profile of the first rows that another system's model scored as champion.
pub const CHAMPION_PROFILE: &str = "champion-profile.json";

/// The file of the requests for labels.
const ASKED: &str = "asked.jsonl";

#[derive(Clone, Debug)]
pub struct State {
    directory: PathBuf,
}

/// The decision of one run.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each answer has its own key")]
pub struct DecisionEntry {
    /// Time in seconds since 1970.
    pub time: i64,
    /// Whether the run requested a retrain.
    pub retrain_needed: bool,
    /// Whether the run compared a challenger. Absent if it did not.
    #[serde(default, skip_serializing_if = "is_false")]
    pub compared: bool,
    /// Whether the challenger was better than the champion.
    pub deploy_needed: bool,
    /// Whether the challenger was better, but the champion is held. Absent if not.
    #[serde(default, skip_serializing_if = "is_false")]
    pub held: bool,
    /// Number of new rows.
    #[serde(default)]
    pub rows: u64,
    /// Reasons for the decision, one sentence each.
    pub reasons: Vec<String>,
}

impl DecisionEntry {
    /// Whether the run compared a challenger that was not better.
    pub fn is_refused(&self) -> bool {
        self.compared && !self.deploy_needed && !self.held
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}
impl State {
    /// The state in a directory, which need not exist yet. Fails if one of its files is a symbolic link.
    pub fn open(directory: &Path) -> Result<Self> {
        STATE_FILES.expect_no_links(directory)?;
        Ok(Self { directory: directory.to_path_buf() })
    }

    /// The gathered rows, as JSON Lines. `sample --exclude` leaves these rows out.
    pub fn rows(&self) -> Place {
        Place::File(self.file("rows.jsonl"))
    }

    /// Adds rows as lines of JSON and skips known rows. Returns the numbers of added and skipped rows.
    pub fn gather(&self, lines: impl Iterator<Item = Result<String>>) -> Result<(u64, u64)> {
        self.add("rows.jsonl", lines)
    }

    /// Like [`State::gather`], for rejected rows. Rejected rows are never used for training and never drawn again.
    pub fn reject(&self, lines: impl Iterator<Item = Result<String>>) -> Result<(u64, u64)> {
        self.add("refused.jsonl", lines)
    }

    fn add(&self, name: &str, lines: impl Iterator<Item = Result<String>>) -> Result<(u64, u64)> {
        let mut log = AppendLog::open_locked(&self.directory.join(name))?;
        let mut known = log.lines()?.map(|line| Ok(xxh3_64(&line?))).collect::<Result<HashSet<u64>>>()?;
        let (mut added, mut skipped) = (0, 0);
        let mut batch = Vec::new();
        for line in lines {
            let line = line?;
            if known.insert(xxh3_64(line.as_bytes())) {
                batch.extend_from_slice(line.as_bytes());
                batch.push(b'\n');
                added += 1;
            } else {
                skipped += 1;
            }
        }
        log.append(&batch)?;
        Ok((added, skipped))
    }

    /// Adds a decision unless it is recorded already, so a repeated step has no effect.
    pub fn record_decision(&self, decision: &DecisionEntry) -> Result<()> {
        self.append_once("decisions.jsonl", decision)
    }

    /// The records of earlier `drift` runs, one per line. Empty if there are none.
    pub fn history(&self) -> Result<String> {
        let path = self.file("history.jsonl");
        if path.exists() {
            Place::File(path).read_text_within(limits::RESULT_BYTES)
        } else {
            Ok(String::new())
        }
    }

    /// Locks the history for one run, until the returned file is dropped.
    pub fn lock_history(&self) -> Result<File> {
        let path = self.file("history.lock");
        create_directories(&self.directory).with_context(|| self.directory.display().to_string())?;
        let lock = open_lock(&path).with_context(|| path.display().to_string())?;
        lock.lock().with_context(|| path.display().to_string())?;
        Ok(lock)
    }

    /// Replaces the history. Keeps a copy of the old history if it was unreadable.
    pub fn write_history(&self, lines: &str, was_unreadable: bool) -> Result<()> {
        let path = self.file("history.jsonl");
        create_directories(&self.directory).with_context(|| self.directory.display().to_string())?;
        if was_unreadable {
            let names = (1..1000).map(|number| self.file(&format!("history.unreadable-{number}.jsonl")));
            let copy = names.into_iter().find(|copy| !copy.exists());
            let copy = copy.with_context(|| {
                let directory = self.directory.display();
                format!("{directory}: has 999 files named history.unreadable-N.jsonl; delete some")
            })?;
            copy_to_new(&path, &copy).with_context(|| copy.display().to_string())?;
        }
        Place::File(path).write_text(lines)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub(super) fn append_once(&self, name: &str, entry: &impl Serialize) -> Result<()> {
        let mut log = AppendLog::open_locked(&self.directory.join(name))?;
        let line = serde_json::to_vec(entry)?;
        let known = log.lines()?.try_fold(false, |known, found| anyhow::Ok(known || found? == line))?;
        if !known {
            log.append(&[&line[..], b"\n"].concat())?;
        }
        Ok(())
    }

    /// All decisions, oldest first.
    pub fn decisions(&self) -> Result<Vec<DecisionEntry>> {
        entries(&self.file("decisions.jsonl"))
    }

    /// Adds a message to a channel unless it is recorded already.
    pub fn record_notification(&self, notification: &NotificationEntry) -> Result<()> {
        self.append_once("told.jsonl", notification)
    }

    /// The messages to all channels, oldest first.
    pub fn notifications(&self) -> Result<Vec<NotificationEntry>> {
        entries(&self.file("told.jsonl"))
    }

    /// Adds a request for labels, unless the same request is recorded already.
    pub fn record_asked(&self, asked: &[AskedEntry]) -> Result<()> {
        let lines = asked.iter().map(|entry| serde_json::to_string(entry).map_err(Into::into));
        self.add(ASKED, lines).map(drop)
    }

    /// The file of the requests for labels. `sample --asked` reads it.
    pub fn asked_file(&self) -> PathBuf {
        self.file(ASKED)
    }

    /// The time of the last retrain request.
    pub fn last_retrain(&self) -> Result<Option<Timestamp>> {
        let times = self.decisions()?.into_iter().filter(|decision| decision.retrain_needed);
        Ok(times.map(|decision| Timestamp(decision.time)).max())
    }
}

/// The entries of a file of JSON Lines; empty if the file does not exist.
pub(super) fn entries<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let bytes = read_file(path, limits::RESULT_BYTES)?;
    let mut entries = Vec::new();
    for (index, line) in complete_lines(&bytes[..]).enumerate() {
        let line = line.with_context(|| path.display().to_string())?;
        let entry = serde_json::from_slice(&line);
        entries.push(entry.with_context(|| format!("{}: line {}", path.display(), index + 1))?);
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn state(name: &str) -> State {
        let directory = std::env::temp_dir().join(format!("spamops-state-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        State::open(&directory).unwrap()
    }

    #[test]
    fn gathering_the_same_rows_twice_adds_them_once() {
        let state = state("twice");
        let lines = || ["{\"text\":\"a\"}", "{\"text\":\"b\"}"].map(|line| Ok(line.to_owned())).into_iter();
        assert_eq!(state.gather(lines()).unwrap(), (2, 0));
        assert_eq!(state.gather(lines()).unwrap(), (0, 2));
        assert_eq!(fs::read_to_string(state.rows().path().unwrap()).unwrap().lines().count(), 2);
        fs::remove_dir_all(&state.directory).unwrap();
    }

    #[test]
    fn removes_an_incomplete_last_line() {
        let state = state("incomplete");
        fs::create_dir_all(&state.directory).unwrap();
        fs::write(state.rows().path().unwrap(), "{\"text\":\"a\"}\n{\"te").unwrap();
        assert_eq!(state.gather([Ok("{\"text\":\"b\"}".to_owned())].into_iter()).unwrap(), (1, 0));
        let rows = fs::read_to_string(state.rows().path().unwrap()).unwrap();
        assert_eq!(rows, "{\"text\":\"a\"}\n{\"text\":\"b\"}\n");
        fs::remove_dir_all(&state.directory).unwrap();
    }

    #[test]
    fn keeps_a_complete_last_line_without_a_newline() {
        let state = state("complete");
        fs::create_dir_all(&state.directory).unwrap();
        fs::write(state.rows().path().unwrap(), "{\"text\":\"a\"}\n{\"text\":\"b\"}").unwrap();
        let lines = ["{\"text\":\"b\"}", "{\"text\":\"c\"}"].map(|line| Ok(line.to_owned()));
        assert_eq!(state.gather(lines.into_iter()).unwrap(), (1, 1));
        fs::remove_dir_all(&state.directory).unwrap();
    }

    #[test]
    fn the_last_retrain_is_the_latest_decision_that_requested_one() {
        let state = state("decisions");
        assert_eq!(state.last_retrain().unwrap(), None);
        for (time, retrain_needed) in [(10, true), (20, true), (30, false), (20, true)] {
            let decision = DecisionEntry {
                time,
                retrain_needed,
                compared: false,
                deploy_needed: false,
                held: false,
                rows: 0,
                reasons: vec![],
            };
            state.record_decision(&decision).unwrap();
        }
        assert_eq!(state.last_retrain().unwrap(), Some(Timestamp(20)));
        assert_eq!(state.decisions().unwrap().len(), 3);
        fs::remove_dir_all(&state.directory).unwrap();
    }
}
