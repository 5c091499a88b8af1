//! Rows between delimiters.

use std::io::Read;

use anyhow::Result;
use csv::{ByteRecord, ReaderBuilder};

use super::bounded::{Bounded, Gauge};
use super::decode::{self, Decoded};
use super::{Fault, MOST_BYTES, Row};

pub(super) struct CsvRows {
    reader: csv::Reader<Bounded<Box<dyn Read>>>,
    gauge: Gauge,
    delimiter: u8,
    lines_before: u64,
    /// The record that is filled next: its memory goes round between here and the rows.
    spare: Option<ByteRecord>,
}

impl CsvRows {
    pub(super) fn open(
        bytes: Box<dyn Read>,
        delimiter: u8,
        lines_before: u64,
    ) -> Result<(Self, Vec<String>)> {
        let gauge = Gauge::default();
        gauge.allow(MOST_BYTES);
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(1 << 16)
            .from_reader(Bounded { bytes, gauge: gauge.clone() });
        let mut rows = Self { reader, gauge, delimiter, lines_before, spare: None };
        let mut header = ByteRecord::new();
        rows.reader.read_byte_record(&mut header).map_err(|error| rows.error(error))?;
        let names = header.iter().map(decode::field_name).collect();
        Ok((rows, names))
    }

    pub(super) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.reader.position().byte()
    }

    /// Reads the next row; none at the end.
    pub(super) fn read(&mut self, row: &mut Row, columns: usize) -> Result<Option<Decoded>> {
        self.gauge.allow(self.reader.position().byte() + MOST_BYTES);
        let mut bytes = self.spare.take().unwrap_or_default();
        if !self.reader.read_byte_record(&mut bytes).map_err(|error| self.error(error))? {
            return Ok(None);
        }
        row.line = self.lines_before + bytes.position().map_or(0, csv::Position::line);
        let (cells, decoded) = decode::record(bytes);
        self.spare = Some(std::mem::replace(&mut row.cells, cells).into_byte_record());
        let fields = row.cells.len();
        if fields != columns {
            row.fault = Some(Fault(format!("{} where the header has {columns}", counted(fields, "field"))));
        } else if self.gauge.ended_in_quotes() && row.get(fields - 1).contains('\n') {
            row.fault = Some(Fault("a quote is opened and never closed".into()));
        }
        Ok(Some(decoded))
    }

    fn error(&self, error: csv::Error) -> anyhow::Error {
        let line = self.lines_before + self.reader.position().line();
        match error.into_kind() {
            csv::ErrorKind::Io(error) => anyhow::Error::new(error).context(format!("line {line}")),
            other => anyhow::anyhow!("line {line}: {other:?}"),
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
