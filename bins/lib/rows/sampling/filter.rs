//! Filters rows before sampling: by date, by texts already used, by texts that they nearly copy.

use std::collections::HashMap;

use anyhow::Result;

use crate::io::dates::Timestamp;
use crate::io::fraction::Fraction;
use crate::io::stream::Place;
use crate::rows::fingerprint::Fingerprint;
use crate::rows::near_duplicates::NearDuplicates;
use crate::rows::{ReadOptions, Row, Rows};

/// What rows are held against, and how many did not pass. Memory: sixteen bytes for each text to leave out.
#[derive(Default)]
pub struct Filter {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    dated: bool,
    /// Texts to leave out, and whether they were labelled.
    used: HashMap<Fingerprint, bool>,
    /// Texts that no row may nearly copy, and the file they are from.
    near: Option<(Place, NearDuplicates)>,
    met: FilterCounts,
}

/// Rows that are worth a remark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct FilterCounts {
    /// Left out: they have no date that can be read, and one was needed.
    undated: u64,
    /// Left out: they nearly copy a text held against them.
    near_copies: u64,
    /// Passed on: they are malformed.
    malformed: u64,
}

impl Filter {
    /// Lets pass what is dated from `since` on and before `until`, or everything where neither is given.
    pub fn between(since: Option<Timestamp>, until: Option<Timestamp>) -> Self {
        Self { since, until, dated: since.is_some() || until.is_some(), ..Self::default() }
    }

    /// Leaves out rows without a date.
    #[must_use]
    pub fn dated(self, dated: bool) -> Self {
        Self { dated: self.dated || dated, ..self }
    }

    /// Leaves out rows whose text is in a file; a label that came since then makes a new row of an old one.
    pub fn exclude(&mut self, place: &Place, options: &ReadOptions) -> Result<()> {
        let (mut rows, mut row) = (Rows::open(place, options)?, Row::default());
        while rows.read(&mut row)? {
            // A malformed row was not used: a run killed while it wrote the state leaves such a line.
            if row.fault().is_none() {
                let labelled = matches!(rows.label(&row), Ok(Some(_)));
                *self.used.entry(Fingerprint::of(rows.text(&row)?)).or_default() |= labelled;
            }
        }
        Ok(())
    }

    /// Leaves out rows that nearly copy a row of a file.
    pub fn exclude_near(&mut self, place: &Place, threshold: Fraction, options: &ReadOptions) -> Result<()> {
        let (mut rows, mut row) = (Rows::open(place, options)?, Row::default());
        let mut near = NearDuplicates::new(threshold.value());
        while rows.read(&mut row)? {
            near.add(rows.text(&row)?);
        }
        self.near = Some((place.clone(), near));
        Ok(())
    }

    /// Fails now, not at the first row, where a column that is needed is not there.
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

    /// Reads the next row that passes into `row`; false at the end.
    pub fn read(&mut self, rows: &mut Rows, row: &mut Row) -> Result<bool> {
        while rows.read(row)? {
            // A malformed row is not judged here: validate must see it.
            let is_malformed = row.fault().is_some();
            self.met.malformed += u64::from(is_malformed);
            if is_malformed || self.passes(rows, row)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn passes(&mut self, rows: &Rows, row: &Row) -> Result<bool> {
        if self.dated {
            let Some(date) = rows.date(row) else {
                self.met.undated += 1;
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
            && (*was_labelled || !matches!(rows.label(row), Ok(Some(_))))
        {
            return Ok(false);
        }
        let is_copy = self.near.as_ref().is_some_and(|(_, near)| near.has_near(text));
        self.met.near_copies += u64::from(is_copy);
        Ok(!is_copy)
    }

    /// How many rows of `input` were set aside as near-copies, in words, if any were.
    pub(super) fn set_aside(&self, input: &Place) -> Option<String> {
        let (against, _) = self.near.as_ref().filter(|_| self.met.near_copies > 0)?;
        Some(format!("{input}: set aside as near-copies of rows of {against}: {}", self.met.near_copies))
    }

    /// What was wrong with the rows of `input`.
    pub(super) fn warnings(&self, input: &Place) -> impl Iterator<Item = String> {
        let FilterCounts { undated, malformed, .. } = self.met;
        let no_date = || format!("{input}: left out for want of a date that can be read: {undated}");
        let no_row = || format!("{input}: lines that are no rows: {malformed}; validate sets them aside");
        (undated > 0).then(no_date).into_iter().chain((malformed > 0).then(no_row))
    }
}
