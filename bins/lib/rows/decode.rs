//! Decodes text that is not UTF-8: as Latin-1 if it looks like it, else with a mark for each broken byte.

use super::cells::Cells;

/// What had to be decoded in one row.
#[derive(Clone, Copy, Default)]
pub(super) struct Decoded {
    pub(super) fields: u64,
    /// The first column that had to be decoded: of CSV the cell, of JSON the byte.
    pub(super) first_column: usize,
}

/// Fills cells from bytes that are cut at these places.
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

/// One field as text. A field with whole UTF-8 sequences in it is broken UTF-8; one with none is Latin-1, in the
/// superset that Windows and the web mean by it.
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
    fn latin_1_and_broken_utf_8_are_told_apart() {
        assert_eq!(field_text(b"K\xf6ln \x80 5"), "Köln € 5");
        assert_eq!(field_text(b"caf\xc3\xa9 \xf0\x9f\x98"), "café \u{fffd}");
    }
}
