//! Decodes text that is not UTF-8: as Latin-1 if it contains no UTF-8 sequence, otherwise with U+FFFD for broken bytes.

use std::borrow::Cow;

use super::cells::Cells;

/// The fields of one row that are not UTF-8.
#[derive(Clone, Copy, Default)]
pub(super) struct Decoded {
    pub(super) fields: u64,
    /// The number of these fields that were decoded as Windows-1252.
    pub(super) windows_1252: u64,
    /// The first such field: the index of a cell in CSV, the offset of a byte in JSON.
    pub(super) first_column: usize,
}

/// Fills cells from bytes. `ends` has the end of each cell.
pub(super) fn record(bytes: &[u8], ends: &[usize], cells: &mut Cells) -> Decoded {
    let mut decoded = Decoded::default();
    let bytes = &bytes[..ends.last().copied().unwrap_or(0)];
    match std::str::from_utf8(bytes) {
        Ok(text) if ends.iter().all(|&end| text.is_char_boundary(end)) => cells.fill(text, ends),
        _ => {
            cells.clear();
            let mut start = 0;
            for (column, &end) in ends.iter().enumerate() {
                let field = &bytes[start..end];
                let (text, decoding) = field_text(field);
                if decoding != FieldDecoding::Utf8 {
                    if decoded.fields == 0 {
                        decoded.first_column = column;
                    }
                    decoded.fields += 1;
                    decoded.windows_1252 += u64::from(decoding == FieldDecoding::Windows1252);
                }
                cells.push(&text);
                start = end;
            }
        }
    }
    decoded
}

/// How a field was decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldDecoding {
    Utf8,
    /// As UTF-8, with U+FFFD for broken bytes.
    BrokenUtf8,
    /// As Windows-1252, the superset of Latin-1 that the web uses.
    Windows1252,
}

/// Decodes one field. A field that is not UTF-8 but contains some UTF-8 sequences is decoded as broken UTF-8. Any other
/// field is decoded as Windows-1252.
pub(super) fn field_text(bytes: &[u8]) -> (Cow<'_, str>, FieldDecoding) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (Cow::Borrowed(text), FieldDecoding::Utf8);
    }
    if bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii()) {
        (String::from_utf8_lossy(bytes), FieldDecoding::BrokenUtf8)
    } else {
        let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes);
        (text, FieldDecoding::Windows1252)
    }
}

#[cfg(test)]
mod tests {
    use super::{FieldDecoding, field_text};

    #[test]
    fn distinguishes_latin_1_from_broken_utf_8() {
        assert_eq!(field_text(b"K\xf6ln \x80 5"), ("Köln € 5".into(), FieldDecoding::Windows1252));
        let (text, decoding) = field_text(b"caf\xc3\xa9 \xf0\x9f\x98");
        assert_eq!((&*text, decoding), ("café \u{fffd}", FieldDecoding::BrokenUtf8));
    }
}
