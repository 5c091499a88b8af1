//! Edits a JSON object as text, so that values stay as they were written.

use std::borrow::Cow;
use std::fmt;

use anyhow::{Result, anyhow};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::io::limits;

/// The start of the message about a row with too many keys.
const TOO_MANY: &str = "the row has more than ";

/// Describes why a line is not a JSON object. `before` is the number of bytes before the part that was parsed.
pub(super) fn not_json(error: &serde_json::Error, before: usize) -> anyhow::Error {
    let column = before + error.column();
    let text = error.to_string();
    let message = match (error.classify(), text.split(" at line ").next().unwrap_or_default()) {
        (Category::Data, message) if message.starts_with(TOO_MANY) => return anyhow!("{message}"),
        (Category::Data, _) => return anyhow!("the row is a JSON value, but not an object"),
        (Category::Eof, _) => "the line ends too early",
        (_, "expected value" | "expected ident") => "expected a value",
        (_, "recursion limit exceeded") => "values are nested too deeply",
        (_, "lone leading surrogate in hex escape" | "unexpected end of hex escape") => {
            "an incomplete surrogate pair"
        }
        (_, message) if message.starts_with("control character") => "a control character in a string",
        (_, message) => message,
    };
    anyhow!("invalid JSON at column {column}: {message}")
}

/// Applies `change` to every value. Keys stay unchanged.
pub(super) fn rewritten(line: &str, change: impl Fn(&str) -> String) -> String {
    let Ok(JsonEntries(entries)) = serde_json::from_str(line) else { return change(line) };
    object(entries.into_iter().map(|(key, value)| {
        let value = match serde_json::from_str::<JsonText>(value.get()) {
            Ok(text) => quoted(&change(&text.0)),
            Err(_) => rewritten_value(value.get(), &change),
        };
        (key, value)
    }))
}

/// Applies `change` to a number or a nested value as written. Quotes the result if it is no longer JSON.
fn rewritten_value(value: &str, change: impl Fn(&str) -> String) -> String {
    let changed = change(value);
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&changed).is_ok();
    if is_json { changed } else { quoted(&changed) }
}

/// Sets values, which must be JSON: each replaces the value of its key or goes to the end.
pub(super) fn with_values(line: &str, added: &[(&str, String)]) -> Result<String> {
    let JsonEntries(entries) = serde_json::from_str(line).map_err(|error| not_json(&error, 0))?;
    let value_of = |key: &str| added.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone());
    let new = added.iter().filter(|(name, _)| !entries.iter().any(|(key, _)| key == name));
    let new = new.map(|(name, value)| (Cow::Borrowed(*name), value.clone())).collect::<Vec<_>>();
    let kept = entries.into_iter().map(|(key, value)| {
        let value = value_of(&key).unwrap_or_else(|| value.get().to_owned());
        (key, value)
    });
    Ok(object(kept.chain(new)))
}

/// Writes an object. The values must be JSON.
pub(super) fn object<'a>(entries: impl Iterator<Item = (Cow<'a, str>, String)>) -> String {
    let entries: Vec<String> = entries.map(|(key, value)| format!("{}:{value}", quoted(&key))).collect();
    format!("{{{}}}", entries.join(","))
}

/// A text as a JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The keys of the object on a line, in order; empty if the line is not an object.
pub(super) fn keys(line: &str) -> Vec<String> {
    serde_json::from_str::<JsonEntries>(line)
        .map(|JsonEntries(entries)| entries.into_iter().map(|(key, _)| key.into_owned()).collect())
        .unwrap_or_default()
}

/// A JSON string, borrowed from the line unless it has escapes.
#[derive(serde::Deserialize)]
pub(super) struct JsonText<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// The entries of a JSON object, in order and with duplicate keys.
pub(super) struct JsonEntries<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for JsonEntries<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct EntryVisitor;
        impl<'de> Visitor<'de> for EntryVisitor {
            type Value = JsonEntries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut entries = Vec::new();
                while let Some((key, value)) = map.next_entry::<JsonText<'de>, &'de RawValue>()? {
                    if entries.len() == limits::COLUMNS {
                        let most = limits::COLUMNS;
                        return Err(M::Error::custom(format!("{TOO_MANY}{most} keys; split the row")));
                    }
                    entries.push((key.0, value));
                }
                Ok(JsonEntries(entries))
            }
        }
        from.deserialize_map(EntryVisitor)
    }
}
