//! Writes JSON results with schema and tool, checks the schema when reading, and computes SHA-256 digests.

use std::io::{self, Read, Write};

use anyhow::{Context, Result, anyhow, bail, ensure};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::io::diagnostics::{inert, shown};
use crate::io::file_kind;
use crate::io::limits;
use crate::io::stream::{Output, Place};

/// The keys that every result starts with.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct ResultHead {
    /// The kind and version of the result: `spamops/KIND/1`.
    pub schema: String,
    /// The tool that wrote the result.
    pub tool: ToolVersion,
    /// Id of the `spamops run` that the result belongs to. Missing if the tool was called on its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
}

/// The name and version of the tool that wrote a result.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct ToolVersion {
    /// Name of the tool, such as `drift`.
    pub name: String,
    /// Version of the spamops package.
    pub version: String,
}

impl ResultHead {
    pub fn new(kind: &str, tool: &str) -> Self {
        let tool = ToolVersion { name: tool.into(), version: env!("CARGO_PKG_VERSION").into() };
        Self { schema: schema(kind), tool, run_id: None }
    }
}

/// Bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The SHA-256 of a text, in hexadecimal.
pub fn digest(text: &str) -> String {
    digest_of(text.as_bytes())
}

/// The SHA-256 of `bytes`, in hexadecimal.
pub fn digest_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The SHA-256 of a stream, in hexadecimal. The stream need not fit into memory.
pub fn digest_from(mut reader: impl Read) -> io::Result<String> {
    let (mut sum, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(hex(&sum.finalize())),
            count => sum.update(&buffer[..count]),
        }
    }
}

pub fn schema(kind: &str) -> String {
    format!("spamops/{kind}/1")
}

/// Reads a result of one kind. Fails if its schema names another kind or version.
pub fn read<T: DeserializeOwned>(place: &Place, kind: &str) -> Result<T> {
    parse(&read_text_within(place, kind, limits::RESULT_BYTES)?, kind).with_context(|| place.to_string())
}

/// Reads the text of a result of at most `most` bytes. The error for a directory or another file that is not text names the kind of result.
pub fn read_text_within(place: &Place, kind: &str, most: u64) -> Result<String> {
    let is_directory = place.path().is_some_and(std::path::Path::is_dir);
    ensure!(!is_directory, "{place}: is a directory; name a {kind} file");
    let text = String::from_utf8(place.read_bytes_within(most)?);
    text.map_err(|error| {
        let what = file_kind::binary(error.as_bytes()).unwrap_or("not UTF-8 text");
        anyhow!("{place}: is {what}; name a {kind} file")
    })
}

/// Like [`read`], from text.
pub fn parse<T: DeserializeOwned>(text: &str, kind: &str) -> Result<T> {
    let wanted = schema(kind);
    // Fast path: a result written by this version needs no separate schema check.
    if text.starts_with(&format!("{{\"schema\":\"{wanted}\",")) {
        return json(text);
    }
    let start = text.trim_start();
    if !start.is_empty() && !start.starts_with('{') {
        bail!("is {}, not JSON; name a {kind} file", file_kind::text(text));
    }
    match schema_of::<Option<String>>(text)? {
        None => bail!("has no key 'schema', expected {wanted}; name a {kind} file"),
        Some(found) if found != wanted => {
            let is_same_kind = found.starts_with(&format!("spamops/{kind}/"));
            let fix = if is_same_kind {
                "use a version of spamops that knows it".to_owned()
            } else {
                format!("name a {kind} file")
            };
            bail!("schema is {}, expected {wanted}; {fix}", shown(&found))
        }
        Some(_) => json(text),
    }
}

/// The key `schema` of a JSON text; other keys are ignored. `T` decides whether the key must exist and be a string.
pub fn schema_of<T: DeserializeOwned>(text: &str) -> Result<T> {
    #[derive(Deserialize)]
    struct SchemaKey<T> {
        schema: T,
    }
    json(text).map(|SchemaKey { schema }| schema)
}

/// Parses JSON of any kind. Errors name the line.
pub fn json<T: DeserializeOwned>(text: &str) -> Result<T> {
    ensure!(!text.trim_start().is_empty(), "is empty; name another file");
    serde_json::from_str(text).map_err(|error| located(&error))
}

fn located(error: &serde_json::Error) -> anyhow::Error {
    let text = error.to_string();
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    // A syntax error means that the file is not JSON. Other errors mean an incomplete file or wrong keys.
    let kind = if error.is_syntax() { "not JSON: " } else { "" };
    anyhow!("line {}: {kind}{}", error.line(), inert(message))
}

/// Writes a result as one JSON object and a newline.
pub fn write(place: &Place, result: &impl Serialize) -> Result<()> {
    write_to(place.writer()?, place, result)
}

/// Like [`write`], but to an open writer. An error of the writer stays an [`io::Error`], so that a closed pipe is found. Open the writer before a long computation, so that a file that cannot be
/// written fails early.
pub fn write_to(mut output: Output, place: &Place, result: &impl Serialize) -> Result<()> {
    serde_json::to_writer_pretty(&mut output, result)
        .map_err(io::Error::from)
        .with_context(|| place.to_string())?;
    output.write_all(b"\n").with_context(|| place.to_string())?;
    output.finish()
}

/// Writes a large result, such as a model, on one line.
pub fn write_compact(place: &Place, result: &impl Serialize) -> Result<()> {
    let mut output = place.writer()?;
    serde_json::to_writer(&mut output, result).map_err(io::Error::from).with_context(|| place.to_string())?;
    output.write_all(b"\n").with_context(|| place.to_string())?;
    output.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_stays_on_the_error_line() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct StrictSchema {
            #[expect(dead_code, reason = "only the unknown key matters")]
            schema: String,
        }
        let file = r#"{"schema":"spamops/model/1","a\nb at line 7 \u001b[31m":1}"#;
        let error = parse::<StrictSchema>(file, "model").unwrap_err().to_string();
        assert_eq!(error, r"line 1: unknown field `a b at line 7 \u{1b}[31m`, expected `schema`");
    }
}
