//! The type `Row`, and the options for reading rows.

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;
use std::str::FromStr;

use anyhow::{Result, bail};

use super::cells::Cells;
use super::header::ColumnNames;
use super::json_text::{self, object, quoted, with_values};
use crate::io::diagnostics::Diagnostics;
use crate::io::stream::Place;
use crate::rows::label::LabelSpelling;

/// The most bytes one row may have, so that a quote left open cannot fill the memory.
pub const MOST_BYTES: u64 = 128 << 20;

/// The two ways rows are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Fields between delimiters below a header, RFC 4180.
    Csv,
    /// One JSON object a line.
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

/// What a reader does with a row that is none, such as one with a field too many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MalformedRows {
    /// Stop with an error that names the line.
    #[default]
    Refuse,
    /// Hand the row on with its [`RowFault`].
    Keep,
}

/// How to read rows; the default suits nearly every file.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// The format, where extension and first byte do not tell it.
    pub format: Option<Format>,
    /// The byte between two fields, where it is not to be guessed.
    pub delimiter: Option<u8>,
    /// Refuse bytes that are not UTF-8 instead of decoding them.
    pub strict: bool,
    /// What to do with rows that are none.
    pub faults: MalformedRows,
    /// Columns with names of their own.
    pub named: ColumnNames,
    /// How labels are spelled.
    pub spelling: LabelSpelling,
    /// Where remarks go.
    pub notes: Diagnostics,
    /// Told now and then how far the reading has come.
    pub progress: Option<ReadProgress>,
}

/// Called with the rows and bytes read so far, and all bytes of the file where they are known.
#[derive(Clone)]
pub struct ReadProgress(pub Rc<dyn Fn(u64, u64, Option<u64>)>);

impl fmt::Debug for ReadProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}

/// Why a row is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault(pub(super) String);

impl fmt::Display for RowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One row: its cells in the order of the header, and the line it starts on.
#[derive(Clone, Debug, Default)]
pub struct Row {
    pub(super) line: u64,
    pub(super) cells: Cells,
    /// The row as it came: every one of JSON, and of CSV what is no row.
    pub(super) raw: Option<String>,
    pub(super) fault: Option<RowFault>,
}

impl Row {
    /// The line the row starts on, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The cell of a column; one that is not there is empty.
    pub fn get(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or_default()
    }

    /// All cells.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter()
    }

    /// Why this is no row, if it is none.
    pub fn fault(&self) -> Option<&RowFault> {
        self.fault.as_ref()
    }

    /// The row with every text passed through `change`; numbers and nested values of JSON as they are written.
    #[must_use]
    pub fn rewritten(&self, change: impl Fn(&str) -> String) -> Self {
        Self {
            cells: self.cells.iter().map(&change).collect(),
            raw: self.raw.as_ref().map(|raw| json_text::rewritten(raw, &change)),
            ..self.clone()
        }
    }

    /// The row with exactly this many cells, and as it came where it is none: nothing of it is lost.
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

/// A row as a line of JSON, with the values of added columns written as JSON already.
pub(super) fn json_line<'a>(
    row: &'a Row,
    came_as: Format,
    names: &[String],
    added: &[(&str, String)],
) -> Result<Cow<'a, str>> {
    match (came_as, row.fault(), &row.raw) {
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
    format!("such a row cannot become {format}; let validate set it aside")
}
