//! Seals a JSON object on one line: its last key is the SHA-256 of the text before that key.

use crate::io::result_file;

/// The text before the digest at the end of the line.
const SEAL: &str = ",\"sha256\":\"";

/// The digest that belongs at the end of a text: the SHA-256 of the text up to its seal.
pub fn seal(text: &str) -> String {
    let body = text.rsplit_once(SEAL).map_or(text, |(body, _)| body);
    result_file::digest(body)
}

/// The text of a JSON object, without the newline, with the correct digest at its end.
pub fn sealed(text: &str) -> String {
    let unsealed = text.trim_end();
    let unsealed = unsealed.strip_suffix('}').unwrap_or(unsealed);
    let body = text.rsplit_once(SEAL).map_or(unsealed, |(body, _)| body);
    format!("{body}{SEAL}{}\"}}", seal(body))
}
