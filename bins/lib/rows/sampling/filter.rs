//! Filters rows before sampling: by date, by texts already used, and by near-duplicates of other texts.

use std::collections::HashMap;

use anyhow::{Result, ensure};
use xxhash_rust::xxh3::Xxh3Default;

use crate::io::dates::Timestamp;
use crate::io::fraction::Fraction;
use crate::io::stream::Place;
use crate::rows::fingerprint::Fingerprint;
use crate::rows::label::Label;
use crate::rows::near_duplicates::NearDuplicates;
use crate::rows::row::counted;
use crate::rows::sampling::late_labels::LateLabels;
use crate::rows::{MalformedRows, ReadOptions, Row, Rows};

/// The value of `picked_for` if a row corrects the label of an earlier row.
pub(super) const CORRECTED: &str = "corrected";

/// The column that identifies a row.
const ID: &str = "id";

/// The filter, and counts of rows for warnings. Memory: sixteen bytes for each excluded text.
#[derive(Default)]
pub struct Filter {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    dated: bool,
    /// Excluded texts, and whether they were labelled.
    used: HashMap<Fingerprint, bool>,
    /// The labels of the excluded rows, if a row passes that corrects its label.
    corrected: Option<HashMap<u64, UsedLabel>>,
    /// The lines of the last corrections; earlier rows with the same text, date and id are left out.
    last: HashMap<u64, u64>,
    /// Texts whose near-duplicates are excluded, and the file they come from.
    near: Option<(Place, NearDuplicates)>,
    /// Labels that arrive apart from their rows.
    pub(super) late: LateLabels,
    counts: FilterCounts,
}

/// The last label of an excluded row, and how often it was corrected.
#[derive(Clone, Copy, Debug)]
struct UsedLabel {
    last: Label,
    corrections: u8,
}

/// How often the label of a row can be corrected. Two rows with the same id and other labels would correct each other for
/// ever.
const MOST_CORRECTIONS: u8 = 9;

/// Counts of rows for warnings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct FilterCounts {
    /// Rows left out because they have no valid date.
    undated: u64,
    /// Rows left out as near-duplicates.
    near_duplicates: u64,
    /// Malformed rows, which pass.
    malformed: u64,
}

impl Filter {
    /// Passes rows dated from `since` (inclusive) to `until` (exclusive). Passes all rows if neither is given.
    pub fn between(since: Option<Timestamp>, until: Option<Timestamp>) -> Self {
        Self { since, until, dated: since.is_some() || until.is_some(), ..Self::default() }
    }

    /// Leaves out rows without a valid date.
    #[must_use]
    pub fn dated(self, dated: bool) -> Self {
        Self { dated: self.dated || dated, ..self }
    }

    /// Leaves out rows whose text is in a file. A row passes if it is labelled now and was unlabelled in the file.
    pub fn exclude(&mut self, place: &Place, options: &ReadOptions) -> Result<()> {
        let (mut rows, mut row) = (Rows::open(place, options)?, Row::default());
        while rows.read(&mut row)? {
            // Skip a malformed row, because it was not used. A run that is killed while it writes the state can leave a
            // malformed row.
            if row.fault().is_none() {
                let label = rows.label(&row).ok().flatten();
                *self.used.entry(Fingerprint::of(rows.text(&row)?)).or_default() |= label.is_some();
                if let Some((labels, label)) = self.corrected.as_mut().zip(label) {
                    let new = UsedLabel { last: label, corrections: 0 };
                    let used = labels.entry(key_without_label(&rows, &row)).or_insert(new);
                    used.corrections = used.corrections.saturating_add(u8::from(used.last != label));
                    used.last = label;
                }
            }
        }
        Ok(())
    }

    /// Passes a row that will be excluded, if it has an id and its label differs from the last label there.
    #[must_use]
    pub fn with_corrections(self, corrections: bool) -> Self {
        Self { corrected: corrections.then(HashMap::new), ..self }
    }

    /// Leaves out rows whose label a later row corrects. Reads the input once before the sample does.
    pub fn keep_last_labels(&mut self, input: &Place, options: &ReadOptions) -> Result<()> {
        ensure!(input.is_regular_file(), "{input}: --last-label reads the rows twice; give it a file");
        let options = ReadOptions { faults: MalformedRows::Keep, ..options.clone() };
        let (mut rows, mut row) = (Rows::open(input, &options)?, Row::default());
        while rows.read(&mut row)? {
            let picked_for = rows.header().picked.map_or("", |column| row.get(column));
            if picked_for == CORRECTED {
                self.last.insert(key_without_label(&rows, &row), row.line());
            }
        }
        Ok(())
    }

    /// Adds labels and picks that arrive apart from the rows. A row with a late label counts as labelled.
    #[must_use]
    pub fn with_late_labels(self, late: LateLabels) -> Self {
        Self { late, ..self }
    }

    /// Leaves out near-duplicates of the rows of a file.
    pub fn exclude_near(&mut self, place: &Place, threshold: Fraction, options: &ReadOptions) -> Result<()> {
        let (mut rows, mut row) = (Rows::open(place, options)?, Row::default());
        let mut near = NearDuplicates::new(threshold.value());
        while rows.read(&mut row)? {
            near.add(rows.text(&row)?);
        }
        self.near = Some((place.clone(), near));
        Ok(())
    }

    /// Fails early if a required column is missing.
    pub fn expect_columns(&self, rows: &Rows) -> Result<()> {
        if self.dated {
            rows.expect_date()?;
        }
        if self.reads_texts() {
            rows.expect_text()?;
        }
        Ok(())
    }

    fn reads_texts(&self) -> bool {
        !self.used.is_empty() || self.near.is_some()
    }

    /// Reads the next row that passes into `row`. Returns false at the end.
    pub fn read(&mut self, rows: &mut Rows, row: &mut Row) -> Result<bool> {
        while rows.read(row)? {
            // Pass malformed rows on, so that validate sees them.
            let is_malformed = row.fault().is_some();
            self.counts.malformed += u64::from(is_malformed);
            if is_malformed || self.passes(rows, row)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn passes(&mut self, rows: &Rows, row: &Row) -> Result<bool> {
        let is_labelled_late = self.late.label(rows, row).is_some();
        if !self.last.is_empty() {
            let last = self.last.get(&key_without_label(rows, row));
            if last.is_some_and(|last| row.line() < *last) {
                return Ok(false);
            }
        }
        // A correction of an old row is new, whatever the date of the row.
        if self.is_correction(rows, row) {
            return Ok(true);
        }
        if self.dated {
            let Some(date) = rows.date(row) else {
                self.counts.undated += 1;
                return Ok(false);
            };
            if self.since.is_some_and(|since| date < since) || self.until.is_some_and(|until| date >= until) {
                return Ok(false);
            }
        }
        if !self.reads_texts() {
            return Ok(true);
        }
        let text = rows.text(row)?;
        if let Some(was_labelled) = self.used.get(&Fingerprint::of(text))
            && (*was_labelled || !is_labelled_late && !matches!(rows.label(row), Ok(Some(_))))
        {
            return Ok(false);
        }
        let is_copy = self.near.as_ref().is_some_and(|(_, near)| near.has_near(text));
        self.counts.near_duplicates += u64::from(is_copy);
        Ok(!is_copy)
    }

    /// Whether the label of a row corrects the label of an excluded row.
    pub(super) fn is_correction(&self, rows: &Rows, row: &Row) -> bool {
        let Some(labels) = &self.corrected else { return false };
        // Without an id, rows with the same text are often different messages.
        if rows.header().find(ID).is_none_or(|column| row.get(column).is_empty()) {
            return false;
        }
        let label = rows.label(row).ok().flatten();
        let used = labels.get(&key_without_label(rows, row));
        used.zip(label).is_some_and(|(used, label)| used.last != label && used.corrections < MOST_CORRECTIONS)
    }

    /// The message about near-duplicates in `input`, if any were left out.
    pub(super) fn set_aside(&self, input: &Place) -> Option<String> {
        let (against, _) = self.near.as_ref().filter(|_| self.counts.near_duplicates > 0)?;
        let rows = counted(self.counts.near_duplicates, "row");
        Some(format!("{input}: {rows} left out as near-duplicates of rows in {against}"))
    }

    /// Warnings about malformed rows of `input` and rows without a valid date.
    pub(super) fn warnings(&self, input: &Place) -> impl Iterator<Item = String> {
        let FilterCounts { undated, malformed, .. } = self.counts;
        let no_date = || {
            let rows = counted(undated, "row");
            format!("{input}: {rows} left out without a valid date; fix the dates, or set --date-column")
        };
        let no_row = || {
            let rows = counted(malformed, "malformed row");
            format!("{input}: {rows} found; run validate to reject malformed rows")
        };
        let late = self.late.warning(input);
        (undated > 0).then(no_date).into_iter().chain((malformed > 0).then(no_row)).chain(late)
    }
}

/// A hash that identifies a row, whatever its label: its text, its date, and its column `id`.
fn key_without_label(rows: &Rows, row: &Row) -> u64 {
    let header = rows.header();
    let mut key = Xxh3Default::new();
    for column in [header.text, header.date, header.find(ID)] {
        let cell = column.map_or("", |column| row.get(column));
        key.update(&cell.len().to_le_bytes());
        key.update(cell.as_bytes());
    }
    key.digest()
}
