//! Adds labels that arrive after their rows, from a file with texts or ids, and the reason why a row was picked.

use std::collections::{HashMap, HashSet};

use anyhow::{Result, ensure};

use crate::io::stream::Place;
use crate::rows::fingerprint::Fingerprint;
use crate::rows::row::counted;
use crate::rows::{ReadOptions, Row, Rows};

/// Labels of rows that have none, and picks. Memory: about a hundred bytes for each label.
#[derive(Default)]
pub struct LateLabels {
    /// The file with the labels, and the column that joins rows without a text.
    from: Option<(Place, String)>,
    by_text: HashMap<Fingerprint, String>,
    by_id: HashMap<String, String>,
    /// Why the row with a text was picked for labelling.
    picked: HashMap<Fingerprint, String>,
    /// Texts and ids that are in the input.
    found: HashSet<String>,
}

impl LateLabels {
    /// Reads the labels of a file: by text, or by the column `id` if the file has no text column. Rows with an empty label
    /// are skipped.
    pub fn read(&mut self, place: &Place, id: &str, options: &ReadOptions) -> Result<()> {
        let (mut rows, mut row) = (Rows::open(place, options)?, Row::default());
        while rows.read(&mut row)? {
            ensure!(rows.label_column().is_some(), "{place}: has no label column; set --label-column");
            if rows.label(&row)?.is_none() {
                continue;
            }
            let label = rows.label_cell(&row).to_owned();
            if rows.text_column().is_ok() {
                self.by_text.insert(Fingerprint::of(rows.text(&row)?), label);
            } else {
                let column = rows.column(id)?;
                self.by_id.insert(row.get(column).trim().to_owned(), label);
            }
        }
        self.from = Some((place.clone(), id.to_owned()));
        Ok(())
    }

    /// Says why the row with this text was picked.
    pub fn add_pick(&mut self, text: Fingerprint, picked_for: &str) {
        self.picked.insert(text, picked_for.to_owned());
    }

    pub(super) fn has_labels(&self) -> bool {
        self.from.is_some()
    }

    pub(super) fn has_picks(&self) -> bool {
        !self.picked.is_empty()
    }

    /// The late label of a row; none if the row has a label of its own. Remembers that the row exists.
    pub(super) fn label(&mut self, rows: &Rows, row: &Row) -> Option<&str> {
        if row.fault().is_some() {
            return None;
        }
        let by_text = || {
            let text = Fingerprint::of(rows.text(row).ok()?);
            self.by_text.get(&text).map(|label| (format!("{:x}", text.0), label))
        };
        let by_id = || {
            let (_, id) = self.from.as_ref()?;
            let id = row.get(rows.column(id).ok()?).trim();
            self.by_id.get(id).map(|label| (id.to_owned(), label))
        };
        let text = if self.by_text.is_empty() { None } else { by_text() };
        let (key, label) = match text {
            Some(found) => found,
            None if self.by_id.is_empty() => return None,
            None => by_id()?,
        };
        self.found.insert(key);
        rows.label_cell(row).is_empty().then_some(label.as_str())
    }

    /// Why a row was picked.
    pub(super) fn picked_for(&self, rows: &Rows, row: &Row) -> Option<&str> {
        let text = if self.picked.is_empty() { None } else { rows.text(row).ok() };
        self.picked.get(&Fingerprint::of(text?)).map(String::as_str)
    }

    /// The warning about labels whose rows are not in `input`.
    pub(super) fn warning(&self, input: &Place) -> Option<String> {
        let (from, _) = self.from.as_ref()?;
        let missing = (self.by_text.len() + self.by_id.len()).saturating_sub(self.found.len()) as u64;
        let rows = counted(missing, "label");
        (missing > 0).then(|| {
            format!("{from}: {rows} without a row in {input}; to learn from them, add the complete rows to the input")
        })
    }
}
