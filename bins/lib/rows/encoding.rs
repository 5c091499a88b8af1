//! Decodes a stream from the encoding that the user names to UTF-8.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};
use std::ops::Range;
use std::rc::Rc;
use std::str::FromStr;

use anyhow::{Context, Result};
use encoding_rs::{Decoder, DecoderResult, Encoding};

use crate::io::diagnostics::{DecodedAs, DecodedFields, Diagnostics};

/// A character encoding of the WHATWG standard. A byte-order mark in the file overrides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextEncoding(&'static Encoding);

impl FromStr for TextEncoding {
    type Err = anyhow::Error;

    fn from_str(label: &str) -> Result<Self> {
        let known = Encoding::for_label_no_replacement(label.as_bytes());
        known.map(Self).context(
            "expected an encoding such as shift_jis, euc-kr, gb18030, big5, windows-1251, iso-8859-2 or utf-16le",
        )
    }
}

impl fmt::Display for TextEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

/// Number of bytes decoded at a time.
const BLOCK: usize = 1 << 16;

/// U+FFFD, which stands for bytes that are not valid in the encoding.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// Reads text in another encoding as UTF-8.
pub(super) struct DecodingReader {
    input: Box<dyn Read>,
    decoder: Decoder,
    raw: Vec<u8>,
    /// The bytes in `raw` that are not decoded yet.
    waiting: Range<usize>,
    text: Vec<u8>,
    /// The bytes in `text` that are not read yet.
    ready: Range<usize>,
    has_ended: bool,
    is_finished: bool,
    faults: DecodingFaults,
}

/// What to do with bytes that are not valid in the encoding.
pub(super) struct DecodingFaults {
    /// Name of the input, for the warning.
    pub(super) input: String,
    /// Whether such bytes are an error.
    pub(super) strict: bool,
    pub(super) notes: Diagnostics,
    /// The warning, once such bytes were found.
    pub(super) found: Option<Rc<DecodedFields>>,
    /// The current line.
    pub(super) line: u64,
}

impl DecodingReader {
    pub(super) fn new(
        input: Box<dyn Read>,
        TextEncoding(encoding): TextEncoding,
        faults: DecodingFaults,
    ) -> Self {
        Self {
            input,
            decoder: encoding.new_decoder(),
            raw: vec![0; BLOCK],
            waiting: 0..0,
            // UTF-8 needs at most three bytes for each byte, and some more for the state of the decoder.
            text: vec![0; 3 * BLOCK + 64],
            ready: 0..0,
            has_ended: false,
            is_finished: false,
            faults,
        }
    }

    /// Decodes the next block into `text`, or a part of it that ends at bytes that are not valid.
    fn refill(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() && !self.has_ended {
            let count = self.input.read(&mut self.raw)?;
            self.waiting = 0..count;
            self.has_ended = count == 0;
        }
        let room = self.text.len() - REPLACEMENT.len();
        let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
            &self.raw[self.waiting.clone()],
            &mut self.text[..room],
            self.has_ended,
        );
        self.waiting.start += read;
        self.ready = 0..written;
        self.faults.line += memchr::memchr_iter(b'\n', &self.text[..written]).count() as u64;
        match result {
            DecoderResult::Malformed(..) => {
                self.faults.note(self.decoder.encoding())?;
                self.ready.end += REPLACEMENT.len();
                self.text[written..self.ready.end].copy_from_slice(REPLACEMENT);
            }
            DecoderResult::InputEmpty => self.is_finished = self.has_ended,
            DecoderResult::OutputFull => {}
        }
        Ok(())
    }
}

impl Read for DecodingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.ready.is_empty() {
            if self.is_finished {
                return Ok(0);
            }
            self.refill()?;
        }
        let rest = &self.text[self.ready.clone()];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.ready.start += count;
        Ok(count)
    }
}

impl DecodingFaults {
    /// Counts bytes that are not valid in the encoding, or fails if the options are strict.
    fn note(&mut self, encoding: &'static Encoding) -> io::Result<()> {
        let Self { input, strict, notes, found, line } = self;
        if *strict {
            let name = encoding.name();
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("line {line}: is not valid {name}; check --encoding, or drop --strict"),
            ));
        }
        let fields = found.get_or_insert_with(|| {
            let fields = Rc::new(DecodedFields {
                input: input.clone(),
                unit: "byte sequence",
                count: Cell::new(0),
                first_line: *line,
                decoded_as: DecodedAs::Named(encoding.name()),
            });
            notes.add_decoded(&fields);
            fields
        });
        fields.count.set(fields.count.get() + 1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(label: &str, bytes: &'static [u8], strict: bool) -> (io::Result<String>, Vec<String>) {
        let notes = Diagnostics::default();
        let faults =
            DecodingFaults { input: "a.csv".into(), strict, notes: notes.clone(), found: None, line: 1 };
        let mut text = String::new();
        let mut reader = DecodingReader::new(Box::new(bytes), label.parse().unwrap(), faults);
        let read = reader.read_to_string(&mut text);
        (read.map(|_| text), notes.take())
    }

    #[test]
    fn decodes_the_encodings_of_several_languages() {
        for (label, bytes, text) in [
            ("shift_jis", &b"\x93\xfa\x96{"[..], "日本"),
            ("euc-kr", b"\xc7\xd1\xb1\xb9", "한국"),
            ("gb18030", b"\xd6\xd0\xb9\xfa", "中国"),
            ("windows-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"),
            ("utf-16le", b"h\0i\0\n\0", "hi\n"),
            ("utf-16", b"\xfe\xff\0h\0i", "hi"),
            ("utf-8", b"\xef\xbb\xbfhi", "hi"),
        ] {
            let (found, warnings) = decoded(label, bytes, true);
            assert_eq!((found.unwrap().as_str(), warnings.len()), (text, 0), "{label}");
        }
    }

    #[test]
    fn counts_or_rejects_bytes_that_are_not_valid() {
        let bytes = b"a\nb\xff\x93\nc\x81";
        let (found, warnings) = decoded("shift_jis", bytes, false);
        assert_eq!(found.unwrap(), "a\nb\u{fffd}\u{fffd}\nc\u{fffd}");
        let warning = "a.csv: 3 byte sequences are not valid Shift_JIS and were replaced with U+FFFD (first at line 2); check --encoding";
        assert_eq!(warnings, [warning]);
        let (found, _) = decoded("shift_jis", bytes, true);
        assert_eq!(
            found.unwrap_err().to_string(),
            "line 2: is not valid Shift_JIS; check --encoding, or drop --strict"
        );
    }

    #[test]
    fn rejects_an_unknown_encoding() {
        assert!("latin".parse::<TextEncoding>().is_err() && "iso-2022-kr".parse::<TextEncoding>().is_err());
    }
}
