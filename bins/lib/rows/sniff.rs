//! Detects format, delimiter and byte-order mark from the first bytes of a file.

use std::io::Read;

use anyhow::{Result, bail};

use super::row::{Format, ReadOptions};
use crate::io::stream::Place;

/// The beginning of a file, read and understood.
pub(super) struct FileStart {
    /// The bytes read so far that belong to the rows.
    pub(super) head: Vec<u8>,
    pub(super) format: Format,
    pub(super) delimiter: u8,
    /// Lines taken off the front, such as Excel's `sep=;`.
    pub(super) lines_before: u64,
}

/// The mark that Windows begins UTF-8 with.
const BOM: &[u8] = "\u{feff}".as_bytes();

/// The most bytes looked at; a header is shorter.
const HEAD: usize = 64 << 10;

pub(super) fn start(bytes: &mut dyn Read, place: &Place, options: &ReadOptions) -> Result<FileStart> {
    let mut head = first_line(bytes)?;
    let line = line_of(&head);
    match *line {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            bail!("line 1: is UTF-16; convert it with iconv -f UTF-16 -t UTF-8")
        }
        [b'P', b'K', 3, 4, ..] | [b'P', b'A', b'R', b'1', ..] => {
            bail!("line 1: is an archive, a spreadsheet or Parquet; export it as CSV")
        }
        [b'B', b'Z', b'h', b'1'..=b'9', ..] | [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
            bail!("line 1: is bzip2 or xz data; decompress it first, or use gzip or zstd")
        }
        _ if line.contains(&0) => bail!("line 1: has a NUL byte: is UTF-16 or no text; export it as UTF-8"),
        _ => {}
    }
    if head.starts_with(BOM) {
        head.drain(..BOM.len());
    }
    // Only the first line counts, so that a slow pipe and a file are read alike.
    let line = line_of(&head);
    let first = line.first().copied();
    let format = options.format.or_else(|| Format::of_extension(place)).unwrap_or(match first {
        Some(b'{') => Format::JsonLines,
        _ => Format::Csv,
    });
    match (format, first) {
        (Format::Csv, None) if head.len() < HEAD => bail!("is empty; a CSV file begins with a header"),
        (_, Some(b'[')) if matches!(line[1..].trim_ascii_start().first(), None | Some(b'{' | b']')) => {
            bail!("line 1: is a JSON array, not JSON Lines; convert it with jq -c '.[]'")
        }
        (Format::JsonLines, Some(b'{')) if opens_alone(&head) => {
            bail!("line 1: the object goes on in the next line; convert it with jq -c .")
        }
        (_, Some(b'<')) => bail!("line 1: is HTML or XML, not rows"),
        _ => {}
    }
    let mut lines_before = 0;
    let mut said = None;
    if format == Format::Csv
        && let Some((delimiter, length)) = excel_hint(&head)
    {
        head.drain(..length);
        lines_before = 1;
        said = Some(delimiter);
        if head.is_empty() {
            head = first_line(bytes)?;
        }
    }
    let by_extension = (place.extension().as_deref() == Some("tsv")).then_some(b'\t');
    let delimiter =
        options.delimiter.or(said).or(by_extension).unwrap_or_else(|| most_frequent_delimiter(&head));
    Ok(FileStart { head, format, delimiter, lines_before })
}

/// The first line that is not blank.
fn line_of(head: &[u8]) -> &[u8] {
    head.trim_ascii_start().split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default()
}

/// Whether an opening brace is all of the first line. A carriage return is white space in JSON and ends no line.
fn opens_alone(head: &[u8]) -> bool {
    let head = head.trim_ascii_start();
    let end = head.iter().position(|byte| *byte == b'\n').unwrap_or(head.len());
    head[..end].strip_prefix(b"{").is_some_and(|rest| rest.trim_ascii().is_empty())
}

/// Reads until a line has ended that is not blank, outside quotes, so that a slow pipe is not waited for longer than that.
fn first_line(bytes: &mut dyn Read) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = bytes.read(&mut buffer)?;
        head.extend_from_slice(&buffer[..count]);
        let (mut quoted, mut begun) = (false, false);
        let ended = head.strip_prefix(BOM).unwrap_or(&head).iter().any(|&byte| {
            quoted ^= byte == b'"';
            begun |= !byte.is_ascii_whitespace();
            byte == b'\n' && begun && !quoted
        });
        if count == 0 || ended || head.len() >= HEAD {
            return Ok(head);
        }
    }
}

/// Whether a header, as it is going to be written, will be read as what it is: CSV with this delimiter.
pub(super) fn tells(header: &[u8], delimiter: u8, place: &Place, options: &ReadOptions) -> bool {
    start(&mut &*header, place, options).is_ok_and(|found| {
        let whole = found.lines_before == 0 && header.starts_with(&found.head);
        whole && found.format == Format::Csv && found.delimiter == delimiter
    })
}

/// Excel's first line `sep=;`: the delimiter and the length of the line.
fn excel_hint(head: &[u8]) -> Option<(u8, usize)> {
    match head {
        [b's', b'e', b'p', b'=', b'"' | b'\r' | b'\n' | 0x80.., ..] => None,
        [b's', b'e', b'p', b'=', delimiter, b'\n', ..] => Some((*delimiter, 6)),
        [b's', b'e', b'p', b'=', delimiter, b'\r', b'\n', ..] => Some((*delimiter, 7)),
        _ => None,
    }
}

fn most_frequent_delimiter(head: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    for &byte in head.iter().skip_while(|byte| matches!(byte, b'\r' | b'\n')) {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted => break,
            _ if !quoted => {
                for (delimiter, count) in &mut counts {
                    *count += usize::from(byte == *delimiter);
                }
            }
            _ => {}
        }
    }
    // The first of the most frequent: a comma where there is no delimiter at all.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| *delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carriage_return_within_an_object_ends_no_line() {
        assert!(opens_alone(b"{\n\"text\": 1}") && opens_alone(b"\n {\r\n") && opens_alone(b"{"));
        assert!(!opens_alone(b"{\r\"text\": 1}\n") && !opens_alone(b"{\"text\": 1}"));
    }
}
