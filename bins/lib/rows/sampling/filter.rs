//! Which rows are offered at all: by date, by texts used before, by texts they nearly copy.

use std::collections::HashMap;

use anyhow::Result;

use crate::io::dates::Timestamp;
use crate::io::fraction::Fraction;
use crate::rows::fingerprint::Fingerprint;
use crate::rows::near_duplicates::NearDuplicates;
use crate::rows::{Row, Rows};

/// What rows are held against, and how many did not pass. Memory: sixteen bytes for each text to leave out.
#[derive(Default)]
pub struct Filter {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    dated: bool,
    /// Texts to leave out, and whether they were labelled.
    used: HashMap<Fingerprint, bool>,
    near: Option<NearDuplicates>,
    /// Counts of what the rows read so far were.
    pub met: FilterCounts,
}

/// Rows that are worth a remark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FilterCounts {
    /// Left out: they have no date that can be read, and one was needed.
    pub undated: u64,
    /// Left out: they nearly copy a text held against them.
    pub near_copies: u64,
    /// Passed on: they are no rows.
    pub faulty: u64,
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

    /// Leaves out rows with the fingerprint of any of these; a label that came since then makes a new row of an old one.
    pub fn exclude(&mut self, rows: &mut Rows) -> Result<()> {
        let mut row = Row::default();
        while rows.read(&mut row)? {
            // What is no row was not used: a run killed while it wrote the state leaves such a line.
            if row.fault().is_none() {
                let labelled = matches!(rows.label(&row), Ok(Some(_)));
                *self.used.entry(Fingerprint::of(rows.text(&row)?)).or_default() |= labelled;
            }
        }
        Ok(())
    }

    /// Leaves out rows that nearly copy any of these.
    pub fn hold_against(&mut self, rows: &mut Rows, threshold: Fraction) -> Result<()> {
        let near = self.near.insert(NearDuplicates::new(threshold.value()));
        let mut row = Row::default();
        while rows.read(&mut row)? {
            near.add(rows.text(&row)?);
        }
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
            // What is no row is not judged here: validate must see it.
            let faulty = row.fault().is_some();
            self.met.faulty += u64::from(faulty);
            if faulty || self.passes(rows, row)? {
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
        let is_copy = self.near.as_ref().is_some_and(|near| near.has_near(text));
        self.met.near_copies += u64::from(is_copy);
        Ok(!is_copy)
    }
}
