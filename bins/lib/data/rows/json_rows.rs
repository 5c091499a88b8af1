//! Rows as JSON objects, one a line.

use std::borrow::Cow;
use std::fmt;
use std::io::{BufRead, BufReader, Read};

use anyhow::{Context, Result, anyhow, bail};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::decode::{self, Decoded};
use super::header::Named;
use super::{Fault, Header, MOST_BYTES, Row};
use crate::data::notes::shown;

pub(super) struct JsonRows {
    reader: BufReader<Box<dyn Read>>,
    line: u64,
    bytes_read: u64,
    /// The first row: read already, since its keys are the first columns.
    pending: Option<Vec<u8>>,
    buffer: Vec<u8>,
}

impl JsonRows {
    pub(super) fn open(bytes: Box<dyn Read>) -> Result<(Self, Vec<String>)> {
        let mut rows = Self {
            reader: BufReader::with_capacity(1 << 16, bytes),
            line: 0,
            bytes_read: 0,
            pending: None,
            buffer: Vec::new(),
        };
        let mut names = Vec::new();
        if rows.next_line()? {
            let line = std::mem::take(&mut rows.buffer);
            if let Ok(entries) = serde_json::from_slice::<Entries>(&line) {
                names = entries.0.into_iter().map(|(name, _)| name.into_owned()).collect();
            }
            rows.pending = Some(line);
        }
        Ok((rows, names))
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Reads a line that is not blank into the buffer; false at the end.
    fn next_line(&mut self) -> Result<bool> {
        loop {
            self.buffer.clear();
            self.line += 1;
            let count = self
                .reader
                .by_ref()
                .take(MOST_BYTES)
                .read_until(b'\n', &mut self.buffer)
                .with_context(|| format!("line {}", self.line))?;
            self.bytes_read += count as u64;
            if count == 0 {
                return Ok(false);
            }
            if count as u64 == MOST_BYTES && !self.buffer.ends_with(b"\n") {
                return Err(anyhow!("line {}: the line is over {} MB", self.line, MOST_BYTES >> 20));
            }
            let kept = self.buffer.trim_ascii_end().len();
            self.buffer.truncate(kept);
            if kept > 0 {
                return Ok(true);
            }
        }
    }

    /// Reads the next row, growing the header by keys not seen before; none at the end.
    pub(super) fn read(
        &mut self,
        row: &mut Row,
        header: &mut Header,
        named: &Named,
    ) -> Result<Option<Decoded>> {
        if let Some(line) = self.pending.take() {
            self.buffer = line;
        } else if !self.next_line()? {
            return Ok(None);
        }
        row.line = self.line;
        let mut decoded = Decoded::default();
        let text = match std::str::from_utf8(&self.buffer) {
            Ok(text) => Cow::Borrowed(text),
            Err(error) => {
                decoded = Decoded { fields: 1, first_column: error.valid_up_to() };
                Cow::Owned(decode::field_text(&self.buffer))
            }
        };
        row.fault = fill(row, &text, header, named).err().map(|error| Fault(format!("{error:#}")));
        row.raw = Some(text.into_owned());
        Ok(Some(decoded))
    }
}

fn fill(row: &mut Row, line: &str, header: &mut Header, named: &Named) -> Result<()> {
    row.cells.clear();
    let Entries(entries) = serde_json::from_str(line).map_err(|error| not_json(&error, 0))?;
    let mut cells: Vec<Option<Cow<str>>> = vec![None; header.len()];
    for (place, (key, value)) in entries.iter().enumerate() {
        // Rows of one file have the same keys in the same order nearly always: look there first.
        let column = if header.names().nth(place) == Some(key) {
            place
        } else if let Some(column) = header.find(key) {
            column
        } else {
            cells.push(None);
            header.add(key, named)?
        };
        if cells[column].replace(cell(value, line)?).is_some() {
            bail!("key {} occurs twice", shown(key));
        }
    }
    for cell in &cells {
        row.cells.push(cell.as_deref().unwrap_or_default());
    }
    Ok(())
}

/// What a value on a line is as the cell of a table: a text without its quotes, nothing for null, else as written.
fn cell<'a>(value: &'a RawValue, line: &str) -> Result<Cow<'a, str>> {
    match value.get() {
        "null" => Ok(Cow::Borrowed("")),
        text if text.starts_with('"') => {
            let before = text.as_ptr() as usize - line.as_ptr() as usize;
            serde_json::from_str::<Text>(text).map(|text| text.0).map_err(|error| not_json(&error, before))
        }
        other => Ok(Cow::Borrowed(other)),
    }
}

/// Why a line is no object, and the column, where `before` bytes stand before what was read.
fn not_json(error: &serde_json::Error, before: usize) -> anyhow::Error {
    let column = before + error.column();
    let text = error.to_string();
    let what = match (error.classify(), text.split(" at line ").next().unwrap_or_default()) {
        (Category::Data, _) => return anyhow!("a JSON value, but no object"),
        (Category::Eof, _) => "the line ends too early",
        (_, "expected value" | "expected ident") => "expected a value",
        (_, "recursion limit exceeded") => "nested too deep",
        (_, "lone leading surrogate in hex escape" | "unexpected end of hex escape") => {
            "half a surrogate pair"
        }
        (_, what) if what.starts_with("control character") => "a control character in a text",
        (_, what) => what,
    };
    anyhow!("column {column}: not a JSON object: {what}")
}

/// The line with every value passed through `change`, keys as they are.
pub(super) fn rewritten(line: &str, change: impl Fn(&str) -> String) -> String {
    let Ok(Entries(entries)) = serde_json::from_str(line) else { return change(line) };
    object(entries.into_iter().map(|(key, value)| {
        let value = match serde_json::from_str::<Text>(value.get()) {
            Ok(text) => quoted(&change(&text.0)),
            Err(_) => rewritten_value(value.get(), &change),
        };
        (key, value)
    }))
}

/// A number, or a nested value, as it is written; a text in its place where the change leaves no JSON.
fn rewritten_value(value: &str, change: impl Fn(&str) -> String) -> String {
    let changed = change(value);
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&changed).is_ok();
    if is_json { changed } else { quoted(&changed) }
}

/// The line with these values (written as JSON), each in the place of its key, or else at the end.
pub(super) fn with_values(line: &str, added: &[(&str, String)]) -> Result<String> {
    let Entries(entries) = serde_json::from_str(line).map_err(|error| not_json(&error, 0))?;
    let value_of = |key: &str| added.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone());
    let new = added.iter().filter(|(name, _)| !entries.iter().any(|(key, _)| key == name));
    let new = new.map(|(name, value)| (Cow::Borrowed(*name), value.clone())).collect::<Vec<_>>();
    let kept = entries.into_iter().map(|(key, value)| {
        let value = value_of(&key).unwrap_or_else(|| value.get().to_owned());
        (key, value)
    });
    Ok(object(kept.chain(new)))
}

/// An object of keys and values that are JSON already.
pub(super) fn object<'a>(entries: impl Iterator<Item = (Cow<'a, str>, String)>) -> String {
    let entries: Vec<String> = entries.map(|(key, value)| format!("{}:{value}", quoted(&key))).collect();
    format!("{{{}}}", entries.join(","))
}

/// A text as JSON writes it.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The keys of the object on a line, in order.
pub(super) fn keys(line: &str) -> Vec<String> {
    serde_json::from_str::<Entries>(line)
        .map(|Entries(entries)| entries.into_iter().map(|(key, _)| key.into_owned()).collect())
        .unwrap_or_default()
}

/// A string borrowed from the line where it has no escapes.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// An object as the list it was written as.
struct Entries<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut entries = Vec::new();
                while let Some((key, value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    entries.push((key.0, value));
                }
                Ok(Entries(entries))
            }
        }
        from.deserialize_map(List)
    }
}
