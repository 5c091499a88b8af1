//! Names what a file is from its first bytes, for the error when another kind of file is wanted.

/// First bytes of files that are not text, and what such a file is.
const SIGNATURES: [(&[u8], &str); 21] = [
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF-", "a PDF document"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"ORC", "an ORC file"),
    (b"Obj\x01", "an Avro file"),
    (b"ARROW1", "an Arrow file"),
    (b"\xff\xff\xff\xff", "an Arrow stream"),
    (b"PK\x03\x04", "a ZIP archive or a spreadsheet"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\xfd7zXZ\0", "xz data"),
    (b"\x04\x22\x4d\x18", "lz4 data"),
    (b"\xff\x06\0\0sNaPpY", "snappy data"),
    (b"\x1f\x8b", "gzip data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
];

/// What a file that is not text is, such as `a PNG image`; `None` if its first bytes tell nothing.
pub fn binary(head: &[u8]) -> Option<&'static str> {
    if let Some((signature, kind)) = SIGNATURES.iter().find(|(signature, _)| head.starts_with(signature)) {
        // Text can start with a signature of letters and digits.
        let is_certain = !signature.iter().all(u8::is_ascii_alphanumeric);
        return (is_certain || !is_text(head)).then_some(kind);
    }
    match *head {
        // RFC 1950: deflate with a window of 32 kB; the two bytes are a multiple of 31.
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] if !is_text(head) => Some("zlib data"),
        [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', ..] => Some("bzip2 data"),
        // A Python pickle of protocol 2 to 5.
        [0x80, 2..=5, ..] => Some("a Python pickle"),
        _ => None,
    }
}

/// What a text file is, such as `a model of spamops`, `CSV` or `HTML or XML`.
pub fn text(text: &str) -> String {
    let start = text.trim_start();
    if let Some(kind) = result_kind(start) {
        return match kind.as_str() {
            "model" => "a model of spamops".to_owned(),
            kind => format!("a {kind} result of spamops"),
        };
    }
    let mut lines = start.lines();
    let first = lines.next().unwrap_or_default();
    let is_json = |line: &str| serde_json::from_str::<serde::de::IgnoredAny>(line).is_ok();
    match start.chars().next() {
        None => "empty",
        Some('<') => "HTML or XML",
        Some('{') if is_json(first) && lines.next().is_some() => "JSON Lines",
        Some('{' | '[') => "other JSON",
        _ if first.contains([',', ';', '\t']) => "CSV",
        _ => "text of another kind",
    }
    .to_owned()
}

/// The kind in the schema of a result of spamops: `drift` for `spamops/drift/1`.
pub fn result_kind(text: &str) -> Option<String> {
    // A result starts with its schema. The rest may be large.
    let head: String = text.trim_start().chars().take(200).filter(|c| !c.is_whitespace()).collect();
    let (kind, version) = head.strip_prefix("{\"schema\":\"spamops/")?.split_once('/')?;
    let is_kind = kind.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    (is_kind && version.starts_with(|c: char| c.is_ascii_digit())).then(|| kind.to_owned())
}

/// Whether bytes are UTF-8 without control characters, perhaps cut in the middle of a character.
fn is_text(head: &[u8]) -> bool {
    let is_utf8 = std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true);
    is_utf8 && !head.iter().any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_binary_files_and_no_text() {
        for (head, kind) in [
            (&b"\x89PNG\r\n\x1a\n"[..], "a PNG image"),
            (b"\x78\x9c\x4b\x4c\x02\x00", "zlib data"),
            (b"\xff\x06\0\0sNaPpY", "snappy data"),
            (b"\x80\x04\x95", "a Python pickle"),
            (b"ORC\x08\x03", "an ORC file"),
        ] {
            assert_eq!(binary(head), Some(kind));
        }
        for head in [
            &b"text\nhi\n"[..],
            b"x^2,y\n1,2\n",
            b"ORC,text\n",
            b"BZh,text\n",
            b"GIF89 or PNG,text\n",
            b"\xe9t\xe9\n",
            b"",
        ] {
            assert_eq!(binary(head), None, "{}", String::from_utf8_lossy(head));
        }
    }

    #[test]
    fn names_text_files() {
        for (file, kind) in [
            ("{\"schema\":\"spamops/model/1\",\"tool\"", "a model of spamops"),
            ("{\n  \"schema\": \"spamops/drift/1\",\n", "a drift result of spamops"),
            ("label,text\nham,hi\n", "CSV"),
            ("{\"text\":\"hi\"}\n{\"text\":\"ho\"}\n", "JSON Lines"),
            ("{\"a\":1}", "other JSON"),
            ("<html>", "HTML or XML"),
            ("hello\n", "text of another kind"),
        ] {
            assert_eq!(text(file), kind);
        }
    }
}
