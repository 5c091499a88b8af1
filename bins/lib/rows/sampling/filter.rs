//! Filters rows before sampling: by date, by texts already used, and by near-duplicates of other texts.

use std::collections::HashMap;

use anyhow::Result;

use crate::io::dates::Timestamp;
use crate::io::fraction::Fraction;
use crate::io::stream::Place;
use crate::rows::fingerprint::Fingerprint;
use crate::rows::near_duplicates::NearDuplicates;
use crate::rows::row::counted;
use crate::rows::sampling::late_labels::LateLabels;
use crate::rows::{ReadOptions, Row, Rows};

/// The filter, and counts of rows for warnings. Memory: sixteen bytes for each excluded text.
#[derive(Default)]
pub struct Filter {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    dated: bool,
    /// Excluded texts, and whether they were labelled.
    used: HashMap<Fingerprint, bool>,
    /// Texts whose near-duplicates are excluded, and the file they come from.
    near: Option<(Place, NearDuplicates)>,
    /// Labels that arrive apart from their rows.
    pub(super) late: LateLabels,
    counts: FilterCounts,
}

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
                let labelled = matches!(rows.label(&row), Ok(Some(_)));
                *self.used.entry(Fingerprint::of(rows.text(&row)?)).or_default() |= labelled;
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
