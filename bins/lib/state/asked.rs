//! Records which rows people were asked to label, and finds the rows to ask for next.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use anyhow::{Context, Result};

use crate::io::dates::{DAY, Timestamp};
use crate::rows::fingerprint::Fingerprint;
use crate::rows::{ReadOptions, Row, Rows};
use crate::state::asked_entry::AskedEntry;
use crate::state::gathered::{State, entries};

/// Days after which a row that nobody labelled is asked for again.
pub const OVERDUE_DAYS: u32 = 14;

/// The rows that people were asked to label, by text. The last request for a text counts.
#[derive(Clone, Debug, Default)]
pub struct AskedRows(BTreeMap<Fingerprint, AskedEntry>);

impl AskedRows {
    /// Reads `asked.jsonl`; empty if the file does not exist.
    pub fn read(path: &Path) -> Result<Self> {
        let mut asked = BTreeMap::new();
        for entry in entries::<AskedEntry>(path)? {
            let text = u64::from_str_radix(&entry.text, 16).ok();
            let text = text
                .with_context(|| format!("{}: text {} is not a fingerprint", path.display(), entry.text))?;
            asked.insert(Fingerprint(text), entry);
        }
        Ok(Self(asked))
    }

    /// Every text that people were asked for, and why.
    pub fn picks(&self) -> impl Iterator<Item = (Fingerprint, &str)> {
        self.0.iter().map(|(text, entry)| (*text, entry.picked_for.as_str()))
    }

    /// Whether people were asked for this text, and still have time. A request of the present run does not count, so
    /// that a repeated step asks for the same rows.
    fn is_pending(&self, text: Fingerprint, now: Timestamp, overdue_days: u32) -> bool {
        // The difference is absolute, because an entry from a clock that was ahead must not block a row.
        let age = |entry: &AskedEntry| now.0.abs_diff(entry.time);
        let limit = u64::from(overdue_days) * DAY.unsigned_abs();
        self.0.get(&text).is_some_and(|entry| entry.time != now.0 && age(entry) < limit)
    }
}

/// What the labels of the gathered rows are still missing.
pub struct LabelBacklog {
    asked: AskedRows,
    /// Texts with a label in any row.
    labelled: HashSet<Fingerprint>,
    now: Timestamp,
    overdue_days: u32,
}

impl LabelBacklog {
    /// Reads the gathered rows of a state once. Memory: eight bytes per labelled text.
    pub fn read(state: &State, options: &ReadOptions, now: Timestamp, overdue_days: u32) -> Result<Self> {
        let mut labelled = HashSet::new();
        each_row(state, options, |rows, row| {
            if rows.label(row)?.is_some() {
                labelled.insert(Fingerprint::of(rows.text(row)?));
            }
            Ok(())
        })?;
        Ok(Self { asked: AskedRows::read(&state.asked_file())?, labelled, now, overdue_days })
    }

    /// Whether this text is unlabelled, and whether a request for its label is still open.
    pub fn standing(&self, text: Fingerprint) -> LabelStanding {
        if self.labelled.contains(&text) {
            LabelStanding::Labelled
        } else if self.asked.is_pending(text, self.now, self.overdue_days) {
            LabelStanding::Asked
        } else {
            LabelStanding::Open
        }
    }

    /// Number of rows that people were asked for, have not labelled, and still have time for.
    pub fn pending(&self) -> usize {
        self.asked.0.keys().filter(|text| self.standing(**text) == LabelStanding::Asked).count()
    }
}

/// Whether a text has a label, or will get one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelStanding {
    Labelled,
    /// People were asked for the label, and still have time.
    Asked,
    /// Nobody labels the text.
    Open,
}

/// Calls `each` with every gathered row.
pub fn each_row(
    state: &State,
    options: &ReadOptions,
    mut each: impl FnMut(&Rows, &Row) -> Result<()>,
) -> Result<()> {
    if !state.rows().path().is_some_and(Path::exists) {
        return Ok(());
    }
    let (mut rows, mut row) = (Rows::open(&state.rows(), options)?, Row::default());
    while rows.read(&mut row)? {
        each(&rows, &row)?;
    }
    Ok(())
}
