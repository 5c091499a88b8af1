//! JSON results: written with schema and tool, and the schema is checked when they are read. Also SHA-256 digests.

use std::io::{self, Read, Write};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::io::diagnostics::{inert, shown};
use crate::io::stream::{Output, Place};

/// What every result begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultHead {
    /// `spamops/WHAT/1`
    pub schema: String,
    /// Who wrote it.
    pub tool: ToolVersion,
    /// The run of the cycle that it belongs to; none for a tool that was called on its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
}

/// The name and version of the tool that wrote a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolVersion {
    /// The name of the tool.
    pub name: String,
    /// The version of the package.
    pub version: String,
}

impl ResultHead {
    /// The head of a result of this kind, written by the tool of that name.
    pub fn new(kind: &str, tool: &str) -> Self {
        let tool = ToolVersion { name: tool.into(), version: env!("CARGO_PKG_VERSION").into() };
        Self { schema: schema(kind), tool, run_id: None }
    }
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The SHA-256 of a text, as hexadecimal digits.
pub fn digest(text: &str) -> String {
    digest_of(text.as_bytes())
}

/// The SHA-256 of bytes, as hexadecimal digits.
pub fn digest_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The SHA-256 of all that a reader gives, which need not fit into memory, as hexadecimal digits.
pub fn digest_from(mut reader: impl Read) -> io::Result<String> {
    let (mut sum, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(hex(&sum.finalize())),
            count => sum.update(&buffer[..count]),
        }
    }
}

/// The schema of results of a kind.
pub fn schema(kind: &str) -> String {
    format!("spamops/{kind}/1")
}

/// Reads a result of a kind; another kind, or a later schema, is an error that says so.
pub fn read<T: DeserializeOwned>(place: &Place, kind: &str) -> Result<T> {
    parse(&place.read_text()?, kind).with_context(|| place.to_string())
}

/// As [`read`], from text.
pub fn parse<T: DeserializeOwned>(text: &str, kind: &str) -> Result<T> {
    let wanted = schema(kind);
    // What begins as we write it needs no look at the schema first.
    if text.starts_with(&format!("{{\"schema\":\"{wanted}\",")) {
        return json(text);
    }
    match schema_of::<Option<String>>(text)? {
        None => bail!("no key 'schema'; expected {wanted}"),
        Some(found) if found != wanted => bail!("schema {} where {wanted} is expected", shown(&found)),
        Some(_) => json(text),
    }
}

/// The key `schema` of a JSON text, whatever else it holds; `T` says whether it may be missing, or no string.
pub fn schema_of<T: DeserializeOwned>(text: &str) -> Result<T> {
    #[derive(Deserialize)]
    struct SchemaKey<T> {
        schema: T,
    }
    json(text).map(|SchemaKey { schema }| schema)
}

/// Reads JSON of any kind; an error says on which line.
pub fn json<T: DeserializeOwned>(text: &str) -> Result<T> {
    ensure!(!text.trim_start().is_empty(), "is empty");
    serde_json::from_str(text).map_err(|error| located(&error))
}

fn located(error: &serde_json::Error) -> anyhow::Error {
    let text = error.to_string();
    let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    // A file of another kind is told from one that was cut short.
    let kind = if error.is_syntax() { "is no JSON: " } else { "" };
    anyhow!("line {}: {kind}{}", error.line(), inert(what))
}

/// Writes a result as one JSON object and a newline.
pub fn write(place: &Place, result: &impl Serialize) -> Result<()> {
    write_to(place.writer()?, place, result)
}

/// As [`write`], to a writer of the place that was opened before: what cannot be told of is then not done.
pub fn write_to(mut output: Output, place: &Place, result: &impl Serialize) -> Result<()> {
    serde_json::to_writer_pretty(&mut output, result).with_context(|| place.to_string())?;
    output.write_all(b"\n").with_context(|| place.to_string())?;
    output.finish()
}

/// Writes a large result, such as a model, on one line.
pub fn write_compact(place: &Place, result: &impl Serialize) -> Result<()> {
    let mut output = place.writer()?;
    serde_json::to_writer(&mut output, result).with_context(|| place.to_string())?;
    output.write_all(b"\n").with_context(|| place.to_string())?;
    output.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_a_file_stays_on_the_error_line() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct StrictSchema {
            #[expect(dead_code, reason = "only the other key is looked at")]
            schema: String,
        }
        let file = r#"{"schema":"spamops/model/1","a\nb at line 7 \u001b[31m":1}"#;
        let said = parse::<StrictSchema>(file, "model").unwrap_err().to_string();
        assert_eq!(said, r"line 1: unknown field `a b at line 7 \u{1b}[31m`, expected `schema`");
    }
}
