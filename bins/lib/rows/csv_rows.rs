//! Reads rows from CSV, with any delimiter.

use std::io::{BufRead, BufReader, Read};

use anyhow::{Context, Result, bail, ensure};
use csv_core::{ReadRecordResult, Reader};

use super::decode::{self, Decoded};
use super::row::{Row, RowFault, counted};
use crate::io::limits;

pub(super) struct CsvRows {
    input: BufReader<Box<dyn Read>>,
    parser: Reader,
    watch: QuoteWatch,
    bytes_read: u64,
    /// Whether the lines of the file end with a carriage return alone, as the header does.
    ends_with_cr: bool,
    /// The current record: its raw bytes, its unquoted cells in sequence, and the end of each cell.
    raw: Vec<u8>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl CsvRows {
    /// Opens rows that follow `lines_before` other lines. Also returns the header row.
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
            ends_with_cr: true,
            raw: Vec::new(),
            bytes: vec![0; 1 << 12],
            ends: vec![0; 1 << 5],
        };
        let mut header = Row::default();
        let decoded = rows.read(&mut header, None)?.unwrap_or_default();
        rows.ends_with_cr = rows.ends_at_lone_cr()?;
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

    /// Reads the next row. Returns `None` at the end. If `columns` is given, a row with another number of fields is
    /// malformed. Without `columns`, the row is a header.
    pub(super) fn read(&mut self, row: &mut Row, columns: Option<usize>) -> Result<Option<Decoded>> {
        self.skip_line_ends()?;
        row.line = self.watch.line;
        let Some((fields, dropped)) = self.record(row.line)? else { return Ok(None) };
        let decoded = decode::record(&self.bytes, &self.ends[..fields], &mut row.cells);
        row.fault = self.fault(row.line, fields + dropped, columns);
        if !self.ends_with_cr && self.ends_at_lone_cr()? {
            self.join_to_line_end(row.line)?;
            row.fault = Some(RowFault::new("the row contains a carriage return without a line feed"));
        }
        row.raw = row.fault.is_some().then(|| decode::field_text(trim_line_end(&self.raw)).0.into_owned());
        Ok(Some(decoded))
    }

    /// Whether the current record ends with carriage returns, and something follows that is not a line feed.
    fn ends_at_lone_cr(&mut self) -> Result<bool> {
        if !self.raw.ends_with(b"\r") {
            return Ok(false);
        }
        loop {
            match self.input.fill_buf().with_context(|| self.watch.place())?.first() {
                None | Some(b'\n') => return Ok(false),
                Some(b'\r') => {
                    self.watch.track_quotes(b"\r");
                    self.raw.push(b'\r');
                    self.bytes_read += 1;
                    self.input.consume(1);
                }
                Some(_) => return Ok(true),
            }
        }
    }

    /// Adds the rest of the line to the raw bytes of a record that a carriage return ended, so that the malformed row
    /// stays in one piece.
    fn join_to_line_end(&mut self, line: u64) -> Result<()> {
        let mut raw = Vec::new();
        loop {
            raw.append(&mut self.raw);
            expect_short(raw.len(), line)?;
            let more = self.record(line)?.is_some() && self.ends_at_lone_cr()?;
            if !more {
                raw.append(&mut self.raw);
                self.raw = raw;
                return Ok(());
            }
        }
    }

    fn fault(&self, line: u64, fields: usize, columns: Option<usize>) -> Option<RowFault> {
        let last = self.watch.line - u64::from(self.raw.ends_with(b"\n") || self.raw.ends_with(b"\r"));
        let lines = last + 1 - line;
        let span = if lines > 1 { format!(" (the row spans {lines} lines)") } else { String::new() };
        if self.watch.quoted {
            let says = format!("a quote is opened but never closed{span}");
            return Some(RowFault { says, lost_lines: lines.saturating_sub(1) });
        }
        if self.watch.text_after_quote {
            return Some(RowFault::new("a quoted cell has text after its closing quote"));
        }
        if columns.is_none() && fields > limits::COLUMNS {
            let most = limits::COLUMNS;
            return Some(RowFault::new(format!(
                "the header has {fields} columns (limit {most}); remove columns, or set --delimiter"
            )));
        }
        let columns = columns.filter(|&columns| columns != fields)?;
        let fields = counted(fields as u64, "field");
        Some(RowFault::new(format!("{fields}, but the header has {columns}{span}")))
    }

    /// Skips blank lines and the LF of a CR LF, so that the line number of the next row is right.
    fn skip_line_ends(&mut self) -> Result<()> {
        loop {
            let input = self.input.fill_buf().with_context(|| self.watch.place())?;
            if !matches!(input.first(), Some(b'\r' | b'\n')) {
                return Ok(());
            }
            let count = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            self.watch.track_quotes(&input[..count]);
            self.bytes_read += count as u64;
            self.input.consume(count);
        }
    }

    /// Reads a record. Returns the number of fields whose ends are kept, and the number of further fields, which are
    /// joined to the field after the last possible column. Such a record is malformed, or is a header with too many
    /// columns.
    fn record(&mut self, line: u64) -> Result<Option<(usize, usize)>> {
        let (mut filled, mut fields, mut dropped) = (0, 0, 0);
        self.raw.clear();
        self.watch.text_after_quote = false;
        loop {
            let input = self.input.fill_buf().with_context(|| self.watch.place())?;
            let (result, read, written, ended) =
                self.parser.read_record(input, &mut self.bytes[filled..], &mut self.ends[fields..]);
            // The parser removes only delimiters and line ends from a record without quotes.
            let plain = result == ReadRecordResult::Record && filled == 0 && read == written + ended;
            self.watch.track(&input[..read], plain);
            self.raw.extend_from_slice(&input[..read]);
            self.bytes_read += read as u64;
            self.input.consume(read);
            filled += written;
            fields += ended;
            expect_short(self.raw.len(), line)?;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.bytes.resize(self.bytes.len() * 2, 0),
                ReadRecordResult::OutputEndsFull if fields > limits::COLUMNS => {
                    dropped += fields - limits::COLUMNS;
                    fields = limits::COLUMNS;
                }
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => return Ok(Some((fields, dropped))),
                ReadRecordResult::End => return Ok(None),
            }
        }
    }
}

/// Tracks what the parser does not report: the line number, and whether quotes are balanced.
struct QuoteWatch {
    delimiter: u8,
    line: u64,
    last: u8,
    /// Whether the last byte is inside quotes.
    quoted: bool,
    /// Whether the last byte is a closing quote, or the first of two quotes that stand for one.
    closed: bool,
    /// Whether a cell has text after its closing quote.
    text_after_quote: bool,
}

impl QuoteWatch {
    fn new(delimiter: u8) -> Self {
        Self { delimiter, line: 1, last: b'\n', quoted: false, closed: false, text_after_quote: false }
    }

    fn place(&self) -> String {
        format!("line {}", self.line)
    }

    /// Fast path: counts the line if its only line end is the last byte. `bytes` must have no quotes.
    fn count_single_line(&mut self, bytes: &[u8]) -> bool {
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

    /// Reads bytes of one record. `plain` means that no cell is quoted.
    fn track(&mut self, bytes: &[u8], plain: bool) {
        if !plain || self.quoted || self.closed || !self.count_single_line(bytes) {
            self.track_quotes(bytes);
        }
    }

    fn track_quotes(&mut self, bytes: &[u8]) {
        self.text_after_quote |=
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
                    self.text_after_quote |=
                        next.is_some_and(|&byte| byte != b'"' && !self.ends_a_cell(byte));
                }
                _ => self.quoted = closed || self.ends_a_cell(last),
            }
            after = place + 1;
        }
        self.closed &= after == bytes.len();
        self.last = bytes.last().copied().unwrap_or(self.last);
    }
}

fn expect_short(bytes: usize, line: u64) -> Result<()> {
    ensure!(
        bytes as u64 <= limits::ROW_BYTES,
        "line {line}: row is longer than {} MB; close an open quote, or shorten the row",
        limits::ROW_BYTES >> 20
    );
    Ok(())
}

fn trim_line_end(line: &[u8]) -> &[u8] {
    let mut line = line.strip_suffix(b"\n").unwrap_or(line);
    while let Some(rest) = line.strip_suffix(b"\r") {
        line = rest;
    }
    line
}
