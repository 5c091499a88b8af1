//! Text that is not UTF-8: Latin-1 where it looks so, else with a mark in place of each broken byte.

use csv::{ByteRecord, StringRecord};

/// What had to be decoded in one row.
#[derive(Clone, Copy, Default)]
pub(super) struct Decoded {
    pub(super) fields: u64,
    pub(super) first_column: Option<usize>,
}

/// A record of text; what is UTF-8 already is moved, not copied.
pub(super) fn record(bytes: ByteRecord) -> (StringRecord, Decoded) {
    match StringRecord::from_byte_record(bytes) {
        Ok(text) => (text, Decoded::default()),
        Err(error) => {
            let bytes = error.into_byte_record();
            let mut decoded = Decoded::default();
            let mut text = StringRecord::new();
            for (column, field) in bytes.iter().enumerate() {
                if let Ok(field) = std::str::from_utf8(field) {
                    text.push_field(field);
                } else {
                    decoded.fields += 1;
                    decoded.first_column.get_or_insert(column);
                    text.push_field(&field_text(field));
                }
            }
            text.set_position(bytes.position().cloned());
            (text, decoded)
        }
    }
}

/// The name of a column.
pub(super) fn field_name(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| field_text(bytes), str::to_owned)
}

/// One field as text. A field with whole UTF-8 sequences in it is broken UTF-8; one with none is Latin-1, in the
/// superset that Windows and the web mean by it.
pub(super) fn field_text(bytes: &[u8]) -> String {
    let broken_utf8 = bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii());
    if broken_utf8 {
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
