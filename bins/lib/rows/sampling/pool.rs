//! Takes rows from a filtered file in three ways: a sample, a split, or rows to label.

use anyhow::Result;

use super::draw::Sample;
use super::filter::Filter;
use super::labelling_queue::{self, PickedFor, WordFrequencies};
use crate::io::fraction::Fraction;
use crate::io::stream::Place;
use crate::rows::fingerprint::Fingerprint;
use crate::rows::row::counted;
use crate::rows::{CellValue, Format, MalformedRows, ReadOptions, Row, Rows, Writer};

/// A file and a filter for its rows.
pub struct RowPool<'a> {
    input: &'a Place,
    options: ReadOptions,
    filter: Filter,
}

impl<'a> RowPool<'a> {
    pub fn new(input: &'a Place, options: ReadOptions, filter: Filter) -> Self {
        Self { input, options, filter }
    }

    /// The message about near-duplicates, if any were left out.
    pub fn set_aside(&self) -> Option<String> {
        self.filter.set_aside(self.input)
    }

    /// Warnings about malformed rows and rows without a valid date.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        self.filter.warnings(self.input)
    }

    /// Opens the file for a sample. Malformed rows pass, so that validate sees them.
    fn open(&self) -> Result<Rows> {
        let options = ReadOptions { faults: MalformedRows::Keep, ..self.options.clone() };
        let rows = Rows::open(self.input, &options)?;
        self.filter.expect_columns(&rows)?;
        Ok(rows)
    }

    /// Draws a sample. With `stratify`, the sample keeps the shares of the values of this column.
    pub fn draw(&mut self, mut sample: Sample, stratify: Option<&str>) -> Result<DrawnRows> {
        let mut rows = self.open()?;
        let stratum = stratify.map(|name| rows.column(name)).transpose()?;
        let mut row = Row::default();
        while self.filter.read(&mut rows, &mut row)? {
            let stratum = stratum.map_or("", |column| row.get(column));
            sample.offer(&row, rows.seen(), || rows.date(&row), stratum);
        }
        let requested = sample.size();
        Ok(DrawnRows { requested, rows: sample.finish().collect(), picked_for: None, from: rows })
    }

    /// Picks unlabelled rows to label. Reads the file twice: first to count words, then to pick rows.
    pub fn pick_for_labels(&mut self, size: usize, threshold: Fraction, seed: u64) -> Result<DrawnRows> {
        let kept = self.input.kept()?;
        let open = || Rows::from_bytes(kept.place.reader()?, self.input, &self.options);
        let frequencies = WordFrequencies::read(&mut open()?)?;
        let mut rows = open()?;
        self.filter.expect_columns(&rows)?;
        let picked =
            labelling_queue::pick(&mut rows, &mut self.filter, &frequencies, size, threshold.value(), seed)?;
        let (picked, why) = picked.into_iter().unzip();
        Ok(DrawnRows { requested: size as u64, rows: picked, picked_for: Some(why), from: rows })
    }

    /// Writes each row to one side of a split, by the hash of its text. Without a split, all rows go to `out`.
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

/// The drawn rows, in file order.
pub struct DrawnRows {
    requested: u64,
    rows: Vec<Row>,
    /// The reason why each row was picked, if the rows are for labelling.
    picked_for: Option<Vec<PickedFor>>,
    from: Rows,
}

impl DrawnRows {
    /// The message if fewer rows were found than requested.
    pub fn shortfall(&self) -> Option<String> {
        let (requested, found, input) = (self.requested, self.rows.len() as u64, self.from.place());
        let (option, noun) = match self.picked_for {
            Some(_) => ("--for-labels", "distinct unlabelled text"),
            None => ("--size", "row"),
        };
        (found < requested)
            .then(|| format!("{input}: only {} found ({option} {requested})", counted(found, noun)))
    }

    /// Writes the rows. Rows for labelling get the column `picked_for`.
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
