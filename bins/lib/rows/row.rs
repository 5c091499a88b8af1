//! Defines `Row` and the options for reading rows.

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;
use std::str::FromStr;

use anyhow::{Result, bail};

use super::cells::Cells;
use super::encoding::TextEncoding;
use super::header::{ColumnNames, ScoredColumns};
use super::json_text::{self, object, quoted, with_values};
use crate::io::diagnostics::Diagnostics;
use crate::io::stream::Place;
use crate::rows::label::LabelSpelling;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180 with a header and any delimiter.
    Csv,
    /// One JSON object per line.
    JsonLines,
}

impl FromStr for Format {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "csv" => Ok(Self::Csv),
            "jsonl" => Ok(Self::JsonLines),
            _ => bail!("expected csv or jsonl"),
        }
    }
}

impl Format {
    pub(super) fn of_extension(place: &Place) -> Option<Self> {
        match place.extension()?.as_str() {
            "csv" | "tsv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            _ => None,
        }
    }
}

/// How a reader handles a malformed row, such as one with an extra field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MalformedRows {
    /// Fail with an error that names the line.
    #[default]
    Stop,
    /// Return the row with its [`RowFault`].
    Keep,
}

/// Options for reading rows. The defaults work for nearly every file.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// If not set, the format is detected from the extension or the first byte.
    pub format: Option<Format>,
    /// If not set, the delimiter is detected from the header.
    pub delimiter: Option<u8>,
    /// If not set, the rows are UTF-8, and fields that are not UTF-8 are decoded one by one.
    pub encoding: Option<TextEncoding>,
    /// Fail if a field is not UTF-8, instead of decoding it.
    pub strict: bool,
    pub faults: MalformedRows,
    pub named: ColumnNames,
    pub spelling: LabelSpelling,
    /// Columns with the scores of another system.
    pub scored: ScoredColumns,
    /// Receives the warnings of the reader.
    pub notes: Diagnostics,
    /// Called from time to time, to show the progress.
    pub progress: Option<ReadProgress>,
}

/// A callback that gets the number of rows read, the number of bytes read, and the file size in bytes if known.
#[derive(Clone)]
pub struct ReadProgress(pub Rc<dyn Fn(u64, u64, Option<u64>)>);

impl fmt::Debug for ReadProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}

/// The reason why a row is malformed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    pub(super) says: String,
    /// Number of further lines that the row has swallowed, because a quote is never closed.
    pub(super) lost_lines: u64,
}

impl RowFault {
    pub(super) fn new(says: impl Into<String>) -> Self {
        Self { says: says.into(), lost_lines: 0 }
    }

    /// Number of further lines that the row has swallowed. Each of them may be a row.
    pub fn lost_lines(&self) -> u64 {
        self.lost_lines
    }
}

impl fmt::Display for RowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.says)
    }
}

/// The cells of one row, in the order of the header.
#[derive(Clone, Debug, Default)]
pub struct Row {
    pub(super) line: u64,
    pub(super) cells: Cells,
    /// The row as written, for JSON rows and malformed CSV rows.
    pub(super) raw: Option<String>,
    pub(super) fault: Option<RowFault>,
}

impl Row {
    /// The line on which the row starts, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The cell of a column; empty if the column does not exist.
    pub fn get(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or_default()
    }

    pub fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter()
    }

    /// The reason why the row is malformed; `None` for a valid row.
    pub fn fault(&self) -> Option<&RowFault> {
        self.fault.as_ref()
    }

    /// Applies `change` to every value; JSON keys stay unchanged.
    #[must_use]
    pub fn rewritten(&self, change: impl Fn(&str) -> String) -> Self {
        Self {
            cells: self.cells.iter().map(&change).collect(),
            raw: self.raw.as_ref().map(|raw| json_text::rewritten(raw, &change)),
            ..self.clone()
        }
    }

    /// Returns the row with exactly `columns` cells, and the raw text of a malformed row, so that nothing is lost.
    #[must_use]
    pub fn squared(&self, columns: usize) -> (Self, &str) {
        let cells = (0..columns).map(|column| self.get(column)).collect();
        let (raw, rest) = match &self.fault {
            Some(_) => (None, self.raw.as_deref().unwrap_or_default()),
            None => (self.raw.clone(), ""),
        };
        (Self { cells, raw, fault: None, line: self.line }, rest)
    }
}

/// Writes a row as a line of JSON. The values in `added` must be JSON.
pub(super) fn json_line<'a>(
    row: &'a Row,
    source_format: Format,
    names: &[String],
    added: &[(&str, String)],
) -> Result<Cow<'a, str>> {
    match (source_format, row.fault(), &row.raw) {
        (Format::Csv, Some(fault), _) => bail!("line {}: {fault}; {}", row.line(), cannot_become("JSON")),
        (Format::JsonLines, fault, Some(line)) if added.is_empty() || fault.is_some() => {
            Ok(Cow::Borrowed(line))
        }
        (Format::JsonLines, _, Some(line)) => with_values(line, added).map(Cow::Owned),
        _ => {
            let cells = names.iter().zip(row.cells());
            let line = object(cells.map(|(name, cell)| (Cow::Borrowed(name.as_str()), quoted(cell))));
            Ok(Cow::Owned(if added.is_empty() { line } else { with_values(&line, added)? }))
        }
    }
}

pub(super) fn cannot_become(format: &str) -> String {
    format!("a malformed row cannot be written as {format}; run validate to reject it")
}

/// A number and its noun: `1 row`, `2 rows`.
pub(super) fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
