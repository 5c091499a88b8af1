//! The filtered rows of a file, and the three ways to take rows from them: sample, split, select for labelling.

use anyhow::Result;

use super::draw::Sample;
use super::filter::Filter;
use super::labelling_queue::{self, PickedFor, WordFrequencies};
use crate::io::fraction::Fraction;
use crate::io::stream::Place;
use crate::rows::fingerprint::Fingerprint;
use crate::rows::{CellValue, Format, MalformedRows, ReadOptions, Row, Rows, Writer};

/// A file, and which of its rows may be taken.
pub struct RowPool<'a> {
    input: &'a Place,
    options: ReadOptions,
    filter: Filter,
}

impl<'a> RowPool<'a> {
    /// The rows of a file that pass a filter.
    pub fn new(input: &'a Place, options: ReadOptions, filter: Filter) -> Self {
        Self { input, options, filter }
    }

    /// A remark on the rows that were set aside as near-copies, if any were.
    pub fn set_aside(&self) -> Option<String> {
        self.filter.set_aside(self.input)
    }

    /// What was wrong with rows.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        self.filter.warnings(self.input)
    }

    /// Opens the file for a sample, which passes malformed rows on: validate must see them.
    fn open(&self) -> Result<Rows> {
        let options = ReadOptions { faults: MalformedRows::Keep, ..self.options.clone() };
        let rows = Rows::open(self.input, &options)?;
        self.filter.expect_columns(&rows)?;
        Ok(rows)
    }

    /// Draws a sample; with a column to stratify by, the shares of its values are kept.
    pub fn draw(&mut self, mut sample: Sample, stratify: Option<&str>) -> Result<DrawnRows> {
        let mut rows = self.open()?;
        let stratum = stratify.map(|name| rows.column(name)).transpose()?;
        let mut row = Row::default();
        while self.filter.read(&mut rows, &mut row)? {
            let stratum = stratum.map_or("", |column| row.get(column));
            sample.offer(&row, rows.seen(), || rows.date(&row), stratum);
        }
        let wanted = sample.size();
        Ok(DrawnRows { wanted, rows: sample.finish().collect(), picked_for: None, from: rows })
    }

    /// Picks unlabelled rows for people to label. Reads the file twice: first for how often words occur.
    pub fn pick_for_labels(&mut self, size: usize, threshold: Fraction, seed: u64) -> Result<DrawnRows> {
        let kept = self.input.kept()?;
        let open = || Rows::from_bytes(kept.place.reader()?, self.input, &self.options);
        let familiar = WordFrequencies::read(&mut open()?)?;
        let mut rows = open()?;
        self.filter.expect_columns(&rows)?;
        let picked =
            labelling_queue::pick(&mut rows, &mut self.filter, &familiar, size, threshold.value(), seed)?;
        let (picked, why) = picked.into_iter().unzip();
        Ok(DrawnRows { wanted: size as u64, rows: picked, picked_for: Some(why), from: rows })
    }

    /// Sends each row to its side of a split, by the hash of its text; without a split all go out.
    pub fn split(
        &mut self,
        share: Option<Fraction>,
        out: &Place,
        rest: Option<&Place>,
        format: Option<Format>,
    ) -> Result<()> {
        let mut rows = self.open()?;
        if share.is_some() {
            rows.expect_text()?;
        }
        let mut out = Writer::create(out, format, &mut rows, &[])?;
        let mut rest = rest.map(|place| Writer::create(place, format, &mut rows, &[])).transpose()?;
        let mut row = Row::default();
        while self.filter.read(&mut rows, &mut row)? {
            match (share, &mut rest) {
                (Some(share), Some(rest)) if !Fingerprint::of(rows.text(&row)?).is_for_training(share) => {
                    rest.write(&row)?;
                }
                _ => out.write(&row)?,
            }
        }
        rest.map_or(Ok(()), Writer::finish)?;
        out.finish()
    }
}

/// Rows that were taken, in the order they came.
pub struct DrawnRows {
    wanted: u64,
    rows: Vec<Row>,
    /// Why each was picked, if they are for people to label.
    picked_for: Option<Vec<PickedFor>>,
    /// Where they come from.
    from: Rows,
}

impl DrawnRows {
    /// A remark that there were fewer rows than asked for, if there were.
    pub fn shortfall(&self) -> Option<String> {
        let (wanted, found, input) = (self.wanted, self.rows.len(), self.from.place());
        let asked = if self.picked_for.is_some() { "--for-labels" } else { "--size" };
        let of = if self.picked_for.is_some() { "distinct texts without a label" } else { "to draw from" };
        let is_short = (found as u64) < wanted;
        is_short.then(|| format!("{input}: {asked} {wanted}, but no more than {found} {of}"))
    }

    /// Writes the rows; those for people to label with the column `picked_for`.
    pub fn write(mut self, place: &Place, format: Option<Format>) -> Result<()> {
        let added: &[&str] = if self.picked_for.is_some() { &["picked_for"] } else { &[] };
        let mut writer = Writer::create(place, format, &mut self.from, added)?;
        match self.picked_for {
            None => self.rows.iter().try_for_each(|row| writer.write(row))?,
            Some(why) => self
                .rows
                .iter()
                .zip(why)
                .try_for_each(|(row, why)| writer.write_with(row, &[CellValue::Text(why.name())]))?,
        }
        writer.finish()
    }
}
