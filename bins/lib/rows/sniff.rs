//! Detects format, delimiter and byte-order mark from the first bytes of a file.

use std::io::Read;

use anyhow::{Result, bail};

use super::row::{Format, ReadOptions};
use crate::io::file_kind;
use crate::io::limits::HEADER_BYTES;
use crate::io::stream::Place;

/// The start of a file, and the format detected from it.
pub(super) struct FileStart {
    /// The bytes read so far that belong to the rows.
    pub(super) head: Vec<u8>,
    pub(super) format: Format,
    pub(super) delimiter: u8,
    /// Number of lines removed from the start, such as Excel's `sep=;`.
    pub(super) lines_before: u64,
}

/// The byte-order mark that Windows writes before UTF-8.
const BOM: &[u8] = "\u{feff}".as_bytes();

pub(super) fn start(bytes: &mut dyn Read, place: &Place, options: &ReadOptions) -> Result<FileStart> {
    let mut head = first_line(bytes)?;
    let line = line_of(&head);
    if matches!(*line, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) && file_kind::binary(&head).is_none() {
        bail!("line 1: is UTF-16; set --encoding utf-16, or save the file as UTF-8");
    }
    if let Some(kind) = file_kind::binary(&head) {
        bail!("is {kind}, not rows; {}", fix(kind));
    }
    match memchr::memchr_iter(0, line).count() {
        0 => {}
        1 if line.len() == 1 => bail!("is a NUL byte, not rows; export the rows as CSV or JSON Lines"),
        1 => bail!("line 1: contains a NUL byte; remove it"),
        nuls if 2 * nuls >= line.len() - 1 => {
            let order = if line[0] == 0 { "be" } else { "le" };
            bail!("line 1: looks like UTF-16; set --encoding utf-16{order}, or save the file as UTF-8")
        }
        nuls => bail!(
            "line 1: contains {nuls} NUL bytes, so the file is not text; export the rows as CSV or JSON Lines"
        ),
    }
    if head.starts_with(BOM) {
        head.drain(..BOM.len());
    }
    // Use only the first line, so that a slow pipe gives the same result as a file.
    let line = line_of(&head);
    let first = line.first().copied();
    let format = options.format.or_else(|| Format::of_extension(place)).unwrap_or(match first {
        Some(b'{') => Format::JsonLines,
        _ => Format::Csv,
    });
    match (format, first) {
        (Format::Csv, None) if head.len() < HEADER_BYTES => bail!("is empty; start a CSV file with a header"),
        (_, Some(b'[')) if matches!(line[1..].trim_ascii_start().first(), None | Some(b'{' | b']')) => {
            bail!("line 1: is a JSON array, not JSON Lines; convert it with jq -c '.[]'")
        }
        (_, Some(b'{')) if let Some(kind) = spamops_file(&head) => {
            bail!("is {kind}, not rows; name a CSV or JSON Lines file")
        }
        (Format::JsonLines, Some(b'{')) if is_open_brace(&head) => {
            bail!("line 1: the JSON object spans several lines; convert it with jq -c .")
        }
        (_, Some(b'<')) => bail!("line 1: is HTML or XML; export the rows as CSV or JSON Lines"),
        _ => {}
    }
    let mut lines_before = 0;
    let mut hinted = None;
    if format == Format::Csv
        && let Some((delimiter, length)) = excel_hint(&head)
    {
        head.drain(..length);
        lines_before = 1;
        hinted = Some(delimiter);
        if head.is_empty() {
            head = first_line(bytes)?;
        }
    }
    let by_extension = (place.extension().as_deref() == Some("tsv")).then_some(b'\t');
    let delimiter =
        options.delimiter.or(hinted).or(by_extension).unwrap_or_else(|| most_frequent_delimiter(&head));
    Ok(FileStart { head, format, delimiter, lines_before })
}

/// What a result of spamops is, such as `a model of spamops`; `None` for another file.
fn spamops_file(head: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(head);
    file_kind::result_kind(&text).map(|_| file_kind::text(&text))
}

/// What to do with a file that is not text.
fn fix(kind: &str) -> &'static str {
    if kind.ends_with("data") {
        "decompress it first, or use gzip or zstd"
    } else {
        "export the rows as CSV or JSON Lines"
    }
}

/// The first line that is not blank.
fn line_of(head: &[u8]) -> &[u8] {
    head.trim_ascii_start().split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default()
}

/// Whether the first line is only an opening brace. A carriage return is white space in JSON and does not end a line.
fn is_open_brace(head: &[u8]) -> bool {
    let head = head.trim_ascii_start();
    let end = head.iter().position(|byte| *byte == b'\n').unwrap_or(head.len());
    head[..end].strip_prefix(b"{").is_some_and(|rest| rest.trim_ascii().is_empty())
}

/// Reads up to the end of the first line that is not blank, and no further, because a pipe may be slow. A line break in
/// quotes does not end a line.
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
        if count == 0 || ended || head.len() >= HEADER_BYTES {
            return Ok(head);
        }
    }
}

/// Whether a reader detects CSV with this delimiter from a header that is about to be written.
pub(super) fn is_detectable(header: &[u8], delimiter: u8, place: &Place, options: &ReadOptions) -> bool {
    start(&mut &*header, place, options).is_ok_and(|found| {
        let is_unchanged = found.lines_before == 0 && header.starts_with(&found.head);
        is_unchanged && found.format == Format::Csv && found.delimiter == delimiter
    })
}

/// The delimiter in Excel's first line `sep=;`, and the length of this line.
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
    // If two delimiters are equally frequent, the earlier one in the list wins. Without any delimiter, the comma wins.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| *delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carriage_return_inside_an_object_does_not_end_the_line() {
        assert!(is_open_brace(b"{\n\"text\": 1}") && is_open_brace(b"\n {\r\n") && is_open_brace(b"{"));
        assert!(!is_open_brace(b"{\r\"text\": 1}\n") && !is_open_brace(b"{\"text\": 1}"));
    }
}
