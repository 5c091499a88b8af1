//! The streaming reader for CSV and JSON Lines, which knows the line of every row for error messages.

use super::csv_rows::CsvRows;
use super::decode::Decoded;
use super::header::Header;
use super::json_rows::JsonRows;
use super::row::{Format, MalformedRows, ReadOptions, ReadProgress, Row, json_line};
use super::sniff;
use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};
use std::rc::Rc;

use anyhow::{Context, Result, bail};

use crate::io::dates::{self, Timestamp};
use crate::io::diagnostics::{DecodedFields, Diagnostics, shown};
use crate::io::stream::Place;
use crate::rows::label::{Label, LabelSpelling};

enum RowSource {
    Csv(Box<CsvRows>),
    Json(JsonRows),
}

/// Rows as they stream in.
pub struct Rows {
    place: Place,
    source: RowSource,
    header: Header,
    pub(super) options: ReadOptions,
    /// Fields that were not UTF-8; none so far if empty.
    decoded: Option<Rc<DecodedFields>>,
    seen: u64,
    size: Option<u64>,
}

impl Rows {
    /// Opens a place and reads its header.
    pub fn open(place: &Place, options: &ReadOptions) -> Result<Self> {
        Self::from_bytes(place.reader()?, place, options)
    }

    /// Reads the header of bytes that come from elsewhere, and go by the name of a place.
    pub fn from_bytes(bytes: Box<dyn Read>, place: &Place, options: &ReadOptions) -> Result<Self> {
        Self::begin(bytes, place, options).with_context(|| place.to_string())
    }

    fn begin(mut bytes: Box<dyn Read>, place: &Place, options: &ReadOptions) -> Result<Self> {
        let start = sniff::start(&mut bytes, place, options)?;
        let whole = Box::new(io::Cursor::new(start.head).chain(bytes));
        let size = place.path().and_then(|path| path.metadata().ok()).map(|found| found.len());
        let (source, header, first) = match start.format {
            Format::Csv => {
                let (rows, row, decoded) = CsvRows::open(whole, start.delimiter, start.lines_before)?;
                let names = row.cells().map(str::to_owned).collect();
                let header = Header::whole(names, &options.named);
                let header = header.with_context(|| format!("line {}", row.line))?;
                (RowSource::Csv(Box::new(rows)), header, Some((row, decoded)))
            }
            Format::JsonLines => {
                let (rows, names) = JsonRows::open(whole)?;
                let header = names.into_iter().try_fold(Header::default(), |mut header, name| {
                    header.add(&name, &options.named).map(|_| header)
                });
                // A first row with one name twice is no row, and no reason to refuse the others.
                (RowSource::Json(rows), header.unwrap_or_default(), None)
            }
        };
        let (place, options) = (place.clone(), options.clone());
        let mut rows = Self { place, source, header, options, decoded: None, seen: 0, size };
        if let Some((row, decoded)) = first {
            rows.count(&row, decoded)?;
        }
        Ok(rows)
    }

    /// Counts the fields that had to be decoded, or refuses them.
    fn count(&mut self, row: &Row, decoded: Decoded) -> Result<()> {
        if decoded.fields == 0 {
            return Ok(());
        }
        if self.options.strict {
            let column = match self.format() {
                Format::Csv => format!("column '{}' is", self.header.name(decoded.first_column)),
                Format::JsonLines => format!("column {}:", decoded.first_column + 1),
            };
            bail!("line {}: {column} not UTF-8; save the file as UTF-8, or drop --strict", row.line);
        }
        if let Some(before) = &self.decoded {
            before.count.set(before.count.get() + decoded.fields);
            return Ok(());
        }
        let (input, first_line) = (self.place.to_string(), row.line);
        let unit = if self.format() == Format::Csv { "field" } else { "line" };
        let fields = Rc::new(DecodedFields { input, unit, count: Cell::new(decoded.fields), first_line });
        self.options.notes.add_decoded(&fields);
        self.decoded = Some(fields);
        Ok(())
    }

    /// Ends the reading: what was decoded is said after the remarks made so far. Otherwise it is said in the place of the
    /// first decoded field.
    pub fn finish(self) {
        if let Some(fields) = &self.decoded {
            self.options.notes.move_last(fields);
        }
    }

    /// Reads the next row into `row`; false at the end.
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
        if let (Some(ReadProgress(tell)), true) = (&self.options.progress, self.seen.is_multiple_of(4096)) {
            tell(self.seen, self.bytes_read(), self.size);
        }
        self.count(row, decoded).with_context(|| self.place.to_string())?;
        if let (Some(fault), MalformedRows::Refuse) = (&row.fault, self.options.faults) {
            return Err(self.error(row, format!("{fault}; fix the row, or let validate set it aside")));
        }
        Ok(true)
    }

    /// How many rows have been read.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// The names of the columns.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Where the rows come from.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The format the rows come in.
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

    /// The text of a row; an error where no column holds texts.
    pub fn text<'a>(&self, row: &'a Row) -> Result<&'a str> {
        Ok(row.get(self.text_column().map_err(|error| self.error(row, error))?))
    }

    /// The column of the texts.
    pub fn text_column(&self) -> Result<usize> {
        self.header.text.with_context(|| self.header.lacks_kind("text", self.options.named.text.as_ref()))
    }

    /// Fails where no column holds texts; what the columns of JSON are only its rows can tell.
    pub fn expect_text(&self) -> Result<()> {
        if self.format() == Format::Csv || self.seen > 0 {
            self.text_column().with_context(|| self.place.to_string())?;
        }
        Ok(())
    }

    /// Fails now, not after the last row, where no column holds dates.
    pub fn expect_date(&self) -> Result<()> {
        if self.format() == Format::Csv && self.header.date.is_none() {
            bail!("{}: {}", self.place, self.header.lacks_kind("date", self.options.named.date.as_ref()));
        }
        Ok(())
    }

    /// The label of a row; none where the cell is empty or there is no such column.
    pub fn label(&self, row: &Row) -> Result<Option<Label>> {
        match self.header.label {
            Some(column) => {
                self.options.spelling.read(row.get(column)).map_err(|error| self.error(row, error))
            }
            None => Ok(None),
        }
    }

    /// The label of a row as it is written.
    pub fn label_cell<'a>(&self, row: &'a Row) -> &'a str {
        self.header.label.map_or("", |column| row.get(column).trim())
    }

    /// The date of a row; none where there is none that can be read.
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
            .with_context(|| format!("{column} {} is not a number", shown(cell)))
            .map_err(|error| self.error(row, error))
    }

    /// The index of a column that must be there.
    pub fn column(&self, name: &str) -> Result<usize> {
        self.header.find(name).with_context(|| format!("{}: {}", self.place, self.header.lacks(name)))
    }

    /// How labels are spelled.
    pub fn spelling(&self) -> &LabelSpelling {
        &self.options.spelling
    }

    /// The label that a value of another column, such as `verdict`, stands for.
    pub fn label_in(&self, row: &Row, column: usize) -> Result<Option<Label>> {
        self.options.spelling.read(row.get(column)).map_err(|error| self.error(row, error))
    }

    /// The row as a line of JSON.
    pub fn line(&self, row: &Row) -> Result<String> {
        let names: Vec<String> = self.header.names().map(str::to_owned).collect();
        Ok(json_line(row, self.format(), &names, &[])?.into_owned())
    }

    /// An error with the place and line of a row.
    pub fn error(&self, row: &Row, what: impl fmt::Display) -> anyhow::Error {
        anyhow::anyhow!("{}: line {}: {what}", self.place, row.line)
    }

    /// Reads the file once more for the columns of all rows, so that a CSV header can be written before them.
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
        Ok(())
    }
}
