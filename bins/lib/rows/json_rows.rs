//! Reads rows from JSON Lines: one object on each line.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::value::RawValue;

use super::decode::{self, Decoded, FieldDecoding};
use super::header::ColumnNames;
use super::header::Header;
use super::json_text::{JsonEntries, JsonText, not_json};
use super::row::{Row, RowFault};
use crate::io::diagnostics::shown;
use crate::io::limits;

pub(super) struct JsonRows {
    reader: BufReader<Box<dyn Read>>,
    line: u64,
    bytes_read: u64,
    /// The first row, read in advance because its keys are the first columns.
    pending: Option<Vec<u8>>,
    buffer: Vec<u8>,
    /// Maximum number of columns. After the first valid row, only a few more may come.
    most_columns: usize,
}

impl JsonRows {
    pub(super) fn open(bytes: Box<dyn Read>) -> Result<(Self, Vec<String>)> {
        let mut rows = Self {
            reader: BufReader::with_capacity(1 << 16, bytes),
            line: 0,
            bytes_read: 0,
            pending: None,
            buffer: Vec::new(),
            most_columns: limits::COLUMNS,
        };
        let mut names = Vec::new();
        if rows.next_line()? {
            let line = std::mem::take(&mut rows.buffer);
            if let Ok(entries) = serde_json::from_slice::<JsonEntries>(&line) {
                names = entries.0.into_iter().map(|(name, _)| name.into_owned()).collect();
            }
            rows.pending = Some(line);
        }
        Ok((rows, names))
    }

    /// Allows the same number of columns as a complete reading of the same rows.
    pub(super) fn take_limit_of(&mut self, complete: &Self) {
        self.most_columns = complete.most_columns;
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Reads the next line that is not blank into the buffer. Returns false at the end.
    fn next_line(&mut self) -> Result<bool> {
        loop {
            self.buffer.clear();
            self.line += 1;
            let count = self
                .reader
                .by_ref()
                .take(limits::ROW_BYTES)
                .read_until(b'\n', &mut self.buffer)
                .with_context(|| format!("line {}", self.line))?;
            self.bytes_read += count as u64;
            if count == 0 {
                return Ok(false);
            }
            if count as u64 == limits::ROW_BYTES && !self.buffer.ends_with(b"\n") {
                return Err(anyhow!(
                    "line {}: row is longer than {} MB; shorten or remove the row",
                    self.line,
                    limits::ROW_BYTES >> 20
                ));
            }
            let kept = self.buffer.trim_ascii_end().len();
            self.buffer.truncate(kept);
            if kept > 0 {
                return Ok(true);
            }
        }
    }

    /// Reads the next row. Returns `None` at the end. New keys extend the header.
    pub(super) fn read(
        &mut self,
        row: &mut Row,
        header: &mut Header,
        named: &ColumnNames,
    ) -> Result<Option<Decoded>> {
        if let Some(line) = self.pending.take() {
            self.buffer = line;
        } else if !self.next_line()? {
            return Ok(None);
        }
        row.line = self.line;
        let (text, decoding) = decode::field_text(&self.buffer);
        let decoded = match decoding {
            FieldDecoding::Utf8 => Decoded::default(),
            other => Decoded {
                fields: 1,
                windows_1252: u64::from(other == FieldDecoding::Windows1252),
                first_column: std::str::from_utf8(&self.buffer)
                    .map_or_else(|error| error.valid_up_to(), |_| 0),
            },
        };
        let before = header.len();
        row.fault = match fill(row, &text, header, named, self.most_columns) {
            Ok(()) => {
                self.most_columns = self.most_columns.min(header.len() + limits::ADDED_COLUMNS);
                None
            }
            Err(error) => {
                header.truncate(before);
                Some(RowFault::new(format!("{error:#}")))
            }
        };
        row.raw = Some(text.into_owned());
        Ok(Some(decoded))
    }
}

/// Fills the cells of a row. New keys extend the header, up to `most` columns.
fn fill(row: &mut Row, line: &str, header: &mut Header, named: &ColumnNames, most: usize) -> Result<()> {
    row.cells.clear();
    let JsonEntries(entries) = serde_json::from_str(line).map_err(|error| not_json(&error, 0))?;
    let mut cells: Vec<Option<Cow<str>>> = vec![None; header.len()];
    for (place, (key, value)) in entries.iter().enumerate() {
        // Rows of a file nearly always have the same keys in the same order, so try the same position first.
        let column = if header.is_exactly(place, key) {
            place
        } else if let Some(column) = header.find(key) {
            column
        } else {
            ensure!(
                header.len() < most,
                "key {} would be column {} (limit {most}); remove it, or add it to the first row",
                shown(key),
                header.len() + 1
            );
            cells.push(None);
            header.add(key, named)?
        };
        if cells[column].replace(cell(value, line)?).is_some() {
            bail!("key {} occurs twice", shown(key));
        }
    }
    for cell in &cells {
        row.cells.push(cell.as_deref().unwrap_or_default());
    }
    Ok(())
}

/// Converts a JSON value to a cell: a string loses its quotes, null becomes empty, and any other value stays as
/// written.
fn cell<'a>(value: &'a RawValue, line: &str) -> Result<Cow<'a, str>> {
    match value.get() {
        "null" => Ok(Cow::Borrowed("")),
        text if text.starts_with('"') => {
            let before = text.as_ptr() as usize - line.as_ptr() as usize;
            serde_json::from_str::<JsonText>(text)
                .map(|text| text.0)
                .map_err(|error| not_json(&error, before))
        }
        other => Ok(Cow::Borrowed(other)),
    }
}
