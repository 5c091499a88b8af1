//! Takes rows from a filtered file in three ways: a sample, a split, or rows to label.

use anyhow::Result;

use super::draw::Sample;
use super::filter::{CORRECTED, Filter};
use super::labelling_queue::{self, PickedRow, WordFrequencies};
use crate::io::fraction::Fraction;
use crate::io::stream::Place;
use crate::rows::fingerprint::Fingerprint;
use crate::rows::header::{PICKED_FOR, PICKED_PROBABILITY};
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
        let drawn: Vec<Row> = sample.finish().collect();
        let added = self.late_columns(&rows, &drawn);
        Ok(DrawnRows { requested, rows: drawn, added, purpose: DrawPurpose::Sample, from: rows })
    }

    /// The late labels and picks of the drawn rows; no columns without them.
    fn late_columns(&mut self, rows: &Rows, drawn: &[Row]) -> AddedColumns {
        let mut added = AddedColumns::default();
        let corrected: Vec<bool> = drawn.iter().map(|row| self.filter.is_correction(rows, row)).collect();
        let late = &mut self.filter.late;
        if late.has_labels() {
            let name =
                rows.label_column().map_or_else(|| "label".to_owned(), |column| rows.header().name(column));
            let label = |row: &Row| {
                late.label(rows, row).map_or_else(|| rows.label_cell(row).to_owned(), str::to_owned)
            };
            added.push(name, drawn.iter().map(label).map(AddedCell::Text).collect());
        }
        if late.has_picks() || corrected.contains(&true) {
            let column = rows.header().find(PICKED_FOR);
            let own = |row: &Row| column.map_or("", |column| row.get(column)).to_owned();
            let reason = |(row, is_corrected): (&Row, &bool)| match late.picked_for(rows, row) {
                _ if *is_corrected => CORRECTED.to_owned(),
                Some(reason) => reason.to_owned(),
                None => own(row),
            };
            let reasons = drawn.iter().zip(&corrected).map(reason);
            added.push(PICKED_FOR.to_owned(), reasons.map(AddedCell::Text).collect());
        }
        added
    }

    /// Picks unlabelled rows to label. Reads the file twice: first to count words, then to pick rows.
    /// `threshold` defaults to the boundary between the verdicts.
    pub fn pick_for_labels(
        &mut self,
        size: usize,
        threshold: Option<Fraction>,
        seed: u64,
    ) -> Result<DrawnRows> {
        let kept = self.input.kept()?;
        let open = || Rows::from_bytes(kept.place.reader()?, self.input, &self.options);
        let frequencies = WordFrequencies::read(&mut open()?)?;
        let mut rows = open()?;
        self.filter.expect_columns(&rows)?;
        let threshold = threshold.map_or_else(|| frequencies.threshold(), Fraction::value);
        let picked = labelling_queue::pick(&mut rows, &mut self.filter, &frequencies, size, threshold, seed)?;
        let mut added = AddedColumns::default();
        if rows.label_column().is_none() {
            added.push("label".to_owned(), picked.iter().map(|_| AddedCell::Text(String::new())).collect());
        }
        let reason = |picked: &PickedRow| AddedCell::Text(picked.reason.name().to_owned());
        added.push(PICKED_FOR.to_owned(), picked.iter().map(reason).collect());
        let share = |picked: &PickedRow| {
            picked.probability.map_or_else(|| AddedCell::Text(String::new()), AddedCell::Number)
        };
        added.push(PICKED_PROBABILITY.to_owned(), picked.iter().map(share).collect());
        let drawn = picked.into_iter().map(|picked| picked.row).collect();
        let (requested, purpose) = (size as u64, DrawPurpose::Labels);
        Ok(DrawnRows { requested, rows: drawn, added, purpose, from: rows })
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

/// A cell that a draw adds.
enum AddedCell {
    Text(String),
    Number(f64),
}

/// Columns that a draw adds, or whose cells it replaces.
#[derive(Default)]
struct AddedColumns {
    names: Vec<String>,
    /// The cells of each column.
    cells: Vec<Vec<AddedCell>>,
}

impl AddedColumns {
    fn push(&mut self, name: String, cells: Vec<AddedCell>) {
        self.names.push(name);
        self.cells.push(cells);
    }

    fn of_row(&self, row: usize) -> Vec<CellValue<'_>> {
        let cells = self.cells.iter().filter_map(|column| column.get(row));
        cells
            .map(|cell| match cell {
                AddedCell::Text(text) => CellValue::Text(text),
                AddedCell::Number(number) => CellValue::Number(*number),
            })
            .collect()
    }
}

/// What drawn rows are for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum DrawPurpose {
    Sample,
    Labels,
}

/// The drawn rows, in file order.
pub struct DrawnRows {
    requested: u64,
    rows: Vec<Row>,
    added: AddedColumns,
    purpose: DrawPurpose,
    from: Rows,
}

impl DrawnRows {
    /// The message if fewer rows were found than requested.
    pub fn shortfall(&self) -> Option<String> {
        let (requested, found, input) = (self.requested, self.rows.len() as u64, self.from.place());
        let (option, noun) = match self.purpose {
            DrawPurpose::Labels => ("--for-labels", "distinct unlabelled text"),
            DrawPurpose::Sample => ("--size", "row"),
        };
        (found < requested)
            .then(|| format!("{input}: only {} found ({option} {requested})", counted(found, noun)))
    }

    /// The text of each row that was picked for labelling, the reason, and the probability of a random row.
    pub fn picks(&self) -> Result<Vec<(Fingerprint, &str, Option<f64>)>> {
        let mut picks = Vec::new();
        for (number, row) in self.rows.iter().enumerate() {
            let cell = |name: &str| {
                let column = self.added.names.iter().position(|own| own == name)?;
                self.added.cells[column].get(number)
            };
            let share = match cell(PICKED_PROBABILITY) {
                Some(AddedCell::Number(share)) => Some(*share),
                _ => None,
            };
            if let Some(AddedCell::Text(reason)) = cell(PICKED_FOR) {
                picks.push((Fingerprint::of(self.from.text(row)?), reason.as_str(), share));
            }
        }
        Ok(picks)
    }

    /// Writes the rows. Rows for labelling get the columns `picked_for` and `picked_probability`.
    pub fn write(mut self, place: &Place, format: Option<Format>) -> Result<()> {
        let names: Vec<&str> = self.added.names.iter().map(String::as_str).collect();
        let mut writer = Writer::create(place, format, &mut self.from, &names)?;
        for (number, row) in self.rows.iter().enumerate() {
            writer.write_with(row, &self.added.of_row(number))?;
        }
        writer.finish()
    }
}
