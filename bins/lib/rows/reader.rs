//! Streams rows from CSV and JSON Lines, and tracks line numbers for error messages.

use super::csv_rows::CsvRows;
use super::decode::Decoded;
use super::encoding::{DecodingFaults, DecodingReader};
use super::header::Header;
use super::json_rows::JsonRows;
use super::row::{Format, MalformedRows, ReadOptions, ReadProgress, Row, json_line};
use super::sniff;
use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};
use std::rc::Rc;

use anyhow::{Context, Result, bail, ensure};

use crate::io::dates::{self, Timestamp};
use crate::io::diagnostics::{DecodedAs, DecodedFields, Diagnostics, shown};
use crate::io::stream::Place;
use crate::rows::label::{Label, LabelSpelling};

enum RowSource {
    Csv(Box<CsvRows>),
    Json(JsonRows),
}

/// A stream of rows from one input.
pub struct Rows {
    place: Place,
    source: RowSource,
    header: Header,
    pub(super) options: ReadOptions,
    /// Fields that are not UTF-8; `None` until one is found.
    decoded: Option<Rc<DecodedFields>>,
    seen: u64,
    size: Option<u64>,
    /// Line and fault of the first malformed row, while no row has a column.
    first_fault: Option<(u64, String)>,
}

impl Rows {
    /// Opens a place and reads its header.
    pub fn open(place: &Place, options: &ReadOptions) -> Result<Self> {
        let is_directory = place.path().is_some_and(std::path::Path::is_dir);
        ensure!(!is_directory, "{place}: is a directory, not rows; name a CSV or JSON Lines file");
        Self::from_bytes(place.reader()?, place, options)
    }

    /// Reads rows from bytes. Errors and warnings use the name of `place`.
    pub fn from_bytes(bytes: Box<dyn Read>, place: &Place, options: &ReadOptions) -> Result<Self> {
        Self::begin(bytes, place, options).with_context(|| place.to_string())
    }

    fn begin(mut bytes: Box<dyn Read>, place: &Place, options: &ReadOptions) -> Result<Self> {
        if let Some(encoding) = options.encoding {
            let faults = DecodingFaults {
                input: place.to_string(),
                strict: options.strict,
                notes: options.notes.clone(),
                found: None,
                line: 1,
            };
            bytes = Box::new(DecodingReader::new(bytes, encoding, faults));
        }
        let start = sniff::start(&mut bytes, place, options)?;
        let bytes = Box::new(io::Cursor::new(start.head).chain(bytes));
        // Decoded bytes do not add up to the size of the file.
        let path = place.path().filter(|_| options.encoding.is_none());
        let size = path.and_then(|path| path.metadata().ok()).map(|found| found.len());
        let (source, header, first) = match start.format {
            Format::Csv => {
                let (rows, row, decoded) = CsvRows::open(bytes, start.delimiter, start.lines_before)?;
                let names = row.cells().map(str::to_owned).collect();
                let header = Header::complete(names, &options.named);
                let header = header.with_context(|| format!("line {}", row.line))?;
                (RowSource::Csv(Box::new(rows)), header, Some((row, decoded)))
            }
            Format::JsonLines => {
                let (rows, names) = JsonRows::open(bytes)?;
                let header = names.into_iter().try_fold(Header::default(), |mut header, name| {
                    header.add(&name, &options.named).map(|_| header)
                });
                // If the first row has a name twice, only this row is malformed.
                (RowSource::Json(rows), header.unwrap_or_default(), None)
            }
        };
        let (place, options) = (place.clone(), options.clone());
        let mut rows =
            Self { place, source, header, options, decoded: None, seen: 0, size, first_fault: None };
        if let Some((row, decoded)) = first {
            rows.count(&row, decoded)?;
        }
        Ok(rows)
    }

    /// Counts the fields that are not UTF-8, or fails if the options are strict.
    fn count(&mut self, row: &Row, decoded: Decoded) -> Result<()> {
        if decoded.fields == 0 {
            return Ok(());
        }
        if self.options.strict {
            let column = match self.format() {
                Format::Csv => format!("column '{}' is", self.header.name(decoded.first_column)),
                Format::JsonLines => format!("column {} is", decoded.first_column + 1),
            };
            bail!("line {}: {column} not UTF-8; save the file as UTF-8 or drop --strict", row.line);
        }
        if let Some(before) = &self.decoded {
            before.count.set(before.count.get() + decoded.fields);
            if let DecodedAs::Guessed { windows_1252 } = &before.decoded_as {
                windows_1252.set(windows_1252.get() + decoded.windows_1252);
            }
            return Ok(());
        }
        let (input, first_line) = (self.place.to_string(), row.line);
        let unit = if self.format() == Format::Csv { "field" } else { "line" };
        let decoded_as = DecodedAs::Guessed { windows_1252: Cell::new(decoded.windows_1252) };
        let fields =
            Rc::new(DecodedFields { input, unit, count: Cell::new(decoded.fields), first_line, decoded_as });
        self.options.notes.add_decoded(&fields);
        self.decoded = Some(fields);
        Ok(())
    }

    /// Ends the reading, and moves the warning about decoded fields to the end. Without this call, the warning stays at
    /// the position of the first decoded field.
    pub fn finish(self) {
        if let Some(fields) = &self.decoded {
            self.options.notes.move_last(fields);
        }
    }

    /// Reads the next row into `row`. Returns false at the end.
    pub fn read(&mut self, row: &mut Row) -> Result<bool> {
        row.fault = None;
        let more = match &mut self.source {
            RowSource::Csv(rows) => rows.read(row, Some(self.header.len())),
            RowSource::Json(rows) => rows.read(row, &mut self.header, &self.options.named),
        };
        let decoded = match more {
            Ok(None) => return Ok(false),
            Ok(Some(decoded)) => decoded,
            Err(error) => return Err(error.context(self.place.to_string())),
        };
        self.seen += 1;
        if let (Some(ReadProgress(report)), true) = (&self.options.progress, self.seen.is_multiple_of(4096)) {
            report(self.seen, self.bytes_read(), self.size);
        }
        self.count(row, decoded).with_context(|| self.place.to_string())?;
        if let (Some(fault), None, true) = (&row.fault, &self.first_fault, self.header.is_empty()) {
            self.first_fault = Some((row.line, fault.to_string()));
        }
        if let (Some(fault), MalformedRows::Stop) = (&row.fault, self.options.faults) {
            return Err(self.error(row, format!("{fault}; fix the row, or run validate to reject it")));
        }
        Ok(true)
    }

    /// The number of rows read so far.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    pub fn place(&self) -> &Place {
        &self.place
    }

    pub fn format(&self) -> Format {
        match self.source {
            RowSource::Csv(_) => Format::Csv,
            RowSource::Json(_) => Format::JsonLines,
        }
    }

    fn bytes_read(&self) -> u64 {
        match &self.source {
            RowSource::Csv(rows) => rows.bytes_read(),
            RowSource::Json(rows) => rows.bytes_read(),
        }
    }

    pub(super) fn delimiter(&self) -> u8 {
        match &self.source {
            RowSource::Csv(rows) => rows.delimiter(),
            RowSource::Json(_) => b',',
        }
    }

    /// The text of a row. Fails if there is no text column.
    pub fn text<'a>(&self, row: &'a Row) -> Result<&'a str> {
        match self.header.text {
            Some(column) => Ok(row.get(column)),
            None => Err(self.error(row, self.no_text_column())),
        }
    }

    /// The index of the text column.
    pub fn text_column(&self) -> Result<usize> {
        self.header.text.with_context(|| format!("{}: {}", self.place, self.no_text_column()))
    }

    /// The fault of the first line, if no line of a JSON Lines file is an object.
    fn no_object(&self) -> Option<String> {
        let (line, fault) = self.first_fault.as_ref().filter(|_| self.header.is_empty())?;
        Some(format!("line {line}: {fault}; no line is a JSON object, so write one object on each line"))
    }

    pub(super) fn no_text_column(&self) -> String {
        self.no_object().unwrap_or_else(|| self.header.no_text_column(self.options.named.text.as_deref()))
    }

    /// Fails if there is no text column. The columns of JSON are unknown until the first row.
    pub fn expect_text(&self) -> Result<()> {
        if self.format() == Format::Csv || self.seen > 0 {
            self.text_column()?;
        }
        Ok(())
    }

    /// Fails if a CSV file has no date column. The columns of JSON are unknown until the last row.
    pub fn expect_date(&self) -> Result<()> {
        if self.format() == Format::Csv && self.header.date.is_none() {
            bail!("{}: {}", self.place, self.header.no_date_column(self.options.named.date.as_deref()));
        }
        Ok(())
    }

    /// The label of a row; `None` if the cell is empty or there is no label column.
    pub fn label(&self, row: &Row) -> Result<Option<Label>> {
        match self.header.label {
            Some(column) => {
                self.options.spelling.read(row.get(column)).map_err(|error| self.error(row, error))
            }
            None => Ok(None),
        }
    }

    /// The label cell of a row as written; empty if there is no label column.
    pub fn label_cell<'a>(&self, row: &'a Row) -> &'a str {
        self.header.label.map_or("", |column| row.get(column).trim())
    }

    /// The column of the labels; `None` if there is none.
    pub fn label_column(&self) -> Option<usize> {
        self.header.label
    }

    /// Whether a row was picked for labelling, and not at random. Such rows are a biased sample: a model can learn from
    /// them, but they say nothing about how good a model is.
    pub fn is_picked(&self, row: &Row) -> bool {
        let picked_for = self.header.picked.map_or("", |column| row.get(column).trim());
        !picked_for.is_empty() && picked_for != "random"
    }

    /// The date of a row; `None` if the date is missing or cannot be parsed.
    pub fn date(&self, row: &Row) -> Option<Timestamp> {
        dates::read(row.get(self.header.date?))
    }

    /// A number in a column of scored rows, such as `spam_score`.
    pub fn number(&self, row: &Row, column: &str) -> Result<f64> {
        let index = self.column(column)?;
        let cell = row.get(index);
        cell.trim()
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .with_context(|| format!("{column} {} is not a number; fix the row", shown(cell)))
            .map_err(|error| self.error(row, error))
    }

    /// The index of a column. Fails if the column does not exist.
    pub fn column(&self, name: &str) -> Result<usize> {
        self.header.find(name).with_context(|| format!("{}: {}", self.place, self.header.no_column(name)))
    }

    pub fn spelling(&self) -> &LabelSpelling {
        &self.options.spelling
    }

    /// The label in another column, such as `verdict`.
    pub fn label_in(&self, row: &Row, column: usize) -> Result<Option<Label>> {
        self.options.spelling.read(row.get(column)).map_err(|error| self.error(row, error))
    }

    /// The row as a line of JSON.
    pub fn line(&self, row: &Row) -> Result<String> {
        let names: Vec<String> = self.header.names().map(str::to_owned).collect();
        Ok(json_line(row, self.format(), &names, &[])?.into_owned())
    }

    /// An error that names the file and the line of a row.
    pub fn error(&self, row: &Row, message: impl fmt::Display) -> anyhow::Error {
        anyhow::anyhow!("{}: line {}: {message}", self.place, row.line)
    }

    /// Reads a JSON file once more to find the columns of all rows, which a CSV header must list first.
    pub(super) fn learn_all_columns(&mut self) -> Result<()> {
        if !(matches!(self.source, RowSource::Json(_)) && self.place.is_regular_file()) {
            return Ok(());
        }
        let options = ReadOptions {
            faults: MalformedRows::Keep,
            notes: Diagnostics::default(),
            ..self.options.clone()
        };
        let mut again = Self::open(&self.place, &options)?;
        let mut row = Row::default();
        while again.read(&mut row)? {}
        self.header = again.header.clone();
        // The second reading must accept the same columns as the first.
        if let (RowSource::Json(rows), RowSource::Json(again)) = (&mut self.source, &again.source) {
            rows.take_limit_of(again);
        }
        Ok(())
    }
}
