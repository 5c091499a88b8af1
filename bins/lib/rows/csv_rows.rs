//! Reads rows from CSV, with any delimiter.

use std::io::{BufRead, BufReader, Read};

use anyhow::{Context, Result, bail};
use csv_core::{ReadRecordResult, Reader};

use super::decode::{self, Decoded};
use super::row::{MOST_BYTES, Row, RowFault};

pub(super) struct CsvRows {
    input: BufReader<Box<dyn Read>>,
    parser: Reader,
    watch: QuoteWatch,
    bytes_read: u64,
    /// The record just read: as it came, its cells one after the other, and where each ends.
    raw: Vec<u8>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl CsvRows {
    /// Opens rows below `lines_before` other lines; the header, and the line it stands on, come back with them.
    pub(super) fn open(
        bytes: Box<dyn Read>,
        delimiter: u8,
        lines_before: u64,
    ) -> Result<(Self, Row, Decoded)> {
        let mut rows = Self {
            input: BufReader::with_capacity(1 << 16, bytes),
            parser: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            watch: QuoteWatch { line: lines_before + 1, ..QuoteWatch::new(delimiter) },
            bytes_read: 0,
            raw: Vec::new(),
            bytes: vec![0; 1 << 12],
            ends: vec![0; 1 << 5],
        };
        let mut header = Row::default();
        let decoded = rows.read(&mut header, None)?.unwrap_or_default();
        if let Some(fault) = &header.fault {
            bail!("line {}: {fault}", header.line);
        }
        Ok((rows, header, decoded))
    }

    pub(super) fn delimiter(&self) -> u8 {
        self.watch.delimiter
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Reads the next row, of this many columns where that is known; none at the end.
    pub(super) fn read(&mut self, row: &mut Row, columns: Option<usize>) -> Result<Option<Decoded>> {
        self.skip_line_ends()?;
        row.line = self.watch.line;
        let Some(fields) = self.record(row.line)? else { return Ok(None) };
        let decoded = decode::record(&self.bytes, &self.ends[..fields], &mut row.cells);
        row.fault = self.fault(row, columns).map(RowFault);
        row.raw = row.fault.is_some().then(|| decode::field_text(trim_line_end(&self.raw)));
        Ok(Some(decoded))
    }

    fn fault(&self, row: &Row, columns: Option<usize>) -> Option<String> {
        let fields = row.cells.len();
        let last = self.watch.line - u64::from(self.raw.ends_with(b"\n") || self.raw.ends_with(b"\r"));
        let lines = last + 1 - row.line;
        let over = if lines > 1 { format!(" over {lines} lines") } else { String::new() };
        if self.watch.quoted {
            return Some(format!("a quote is opened and never closed{over}"));
        }
        if self.watch.runs_on {
            return Some("a quoted cell goes on after its closing quote".into());
        }
        let columns = columns.filter(|&columns| columns != fields)?;
        Some(format!("{}{over} where the header has {columns}", counted(fields, "field")))
    }

    /// Passes over blank lines, and over what a CR has left of a CR LF, so that a row starts where its line is counted.
    fn skip_line_ends(&mut self) -> Result<()> {
        loop {
            let input = self.input.fill_buf().with_context(|| self.watch.place())?;
            if !matches!(input.first(), Some(b'\r' | b'\n')) {
                return Ok(());
            }
            let count = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            self.watch.search(&input[..count]);
            self.bytes_read += count as u64;
            self.input.consume(count);
        }
    }

    /// Reads a record, and gives the number of its fields.
    fn record(&mut self, line: u64) -> Result<Option<usize>> {
        let (mut filled, mut fields) = (0, 0);
        self.raw.clear();
        self.watch.runs_on = false;
        loop {
            let input = self.input.fill_buf().with_context(|| self.watch.place())?;
            let (result, read, written, ended) =
                self.parser.read_record(input, &mut self.bytes[filled..], &mut self.ends[fields..]);
            // Of a record without quotes nothing is dropped but what ends its cells.
            let plain = result == ReadRecordResult::Record && filled == 0 && read == written + ended;
            self.watch.see(&input[..read], plain);
            self.raw.extend_from_slice(&input[..read]);
            self.bytes_read += read as u64;
            self.input.consume(read);
            filled += written;
            fields += ended;
            if self.raw.len() as u64 > MOST_BYTES {
                bail!(
                    "line {line}: the row has no end within {} MB; is a quote left open?",
                    MOST_BYTES >> 20
                );
            }
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.bytes.resize(self.bytes.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => return Ok(Some(fields)),
                ReadRecordResult::End => return Ok(None),
            }
        }
    }
}

/// What the parser does not tell of the bytes it has read: the line, and whether the quotes are in order.
struct QuoteWatch {
    delimiter: u8,
    line: u64,
    last: u8,
    /// Inside quotes.
    quoted: bool,
    /// The last byte is a quote that closes, or the first of two that stand for one.
    closed: bool,
    /// A quote has closed a cell, and then the cell went on.
    runs_on: bool,
}

impl QuoteWatch {
    fn new(delimiter: u8) -> Self {
        Self { delimiter, line: 1, last: b'\n', quoted: false, closed: false, runs_on: false }
    }

    fn place(&self) -> String {
        format!("line {}", self.line)
    }

    /// Counts the line of a record without quotes, which can only end at its last byte; most records are such.
    fn is_one_line(&mut self, bytes: &[u8]) -> bool {
        let Some((&last, before)) = bytes.split_last() else { return true };
        if last == b'\n' && before.last() != Some(&b'\r') && self.last != b'\r' {
            self.line += 1;
            self.last = last;
            return true;
        }
        false
    }

    fn ends_a_cell(&self, byte: u8) -> bool {
        byte == self.delimiter || matches!(byte, b'\r' | b'\n')
    }

    /// Takes note of bytes of one record; `plain` are those without quotes around cells.
    fn see(&mut self, bytes: &[u8], plain: bool) {
        if !plain || self.quoted || self.closed || !self.is_one_line(bytes) {
            self.search(bytes);
        }
    }

    fn search(&mut self, bytes: &[u8]) {
        self.runs_on |=
            self.closed && bytes.first().is_some_and(|&byte| byte != b'"' && !self.ends_a_cell(byte));
        let mut after = 0;
        for place in memchr::memchr3_iter(b'"', b'\r', b'\n', bytes) {
            let last = place.checked_sub(1).map_or(self.last, |before| bytes[before]);
            let closed = self.closed && place == after;
            self.closed = false;
            match bytes[place] {
                b'\r' => self.line += 1,
                b'\n' => self.line += u64::from(last != b'\r'),
                _ if self.quoted => {
                    (self.quoted, self.closed) = (false, true);
                    let next = bytes.get(place + 1);
                    self.runs_on |= next.is_some_and(|&byte| byte != b'"' && !self.ends_a_cell(byte));
                }
                _ => self.quoted = closed || self.ends_a_cell(last),
            }
            after = place + 1;
        }
        self.closed &= after == bytes.len();
        self.last = bytes.last().copied().unwrap_or(self.last);
    }
}

fn trim_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
