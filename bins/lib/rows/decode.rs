//! Decodes text that is not UTF-8: as Latin-1 if it contains no UTF-8 sequence, otherwise with U+FFFD for broken bytes.

use super::cells::Cells;

/// The fields of one row that are not UTF-8.
#[derive(Clone, Copy, Default)]
pub(super) struct Decoded {
    pub(super) fields: u64,
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
                if std::str::from_utf8(field).is_err() {
                    if decoded.fields == 0 {
                        decoded.first_column = column;
                    }
                    decoded.fields += 1;
                }
                cells.push(&field_text(field));
                start = end;
            }
        }
    }
    decoded
}

/// Decodes one field. A field with some valid UTF-8 sequences is decoded as broken UTF-8. Any other field is decoded as
/// Windows-1252, the superset of Latin-1 that the web uses.
pub(super) fn field_text(bytes: &[u8]) -> String {
    let has_utf8 = bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii());
    if has_utf8 {
        String::from_utf8_lossy(bytes).into_owned()
    } else {
        encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::field_text;

    #[test]
    fn distinguishes_latin_1_from_broken_utf_8() {
        assert_eq!(field_text(b"K\xf6ln \x80 5"), "Köln € 5");
        assert_eq!(field_text(b"caf\xc3\xa9 \xf0\x9f\x98"), "café \u{fffd}");
    }
}
