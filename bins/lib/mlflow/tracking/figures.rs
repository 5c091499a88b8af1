//! Converts names and numbers to valid keys and metrics of MLflow.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Maximum number of characters in a key.
const MAX_KEY: usize = 250;

/// Collects the numbers of an object, and of its inner objects down to `depth` levels.
pub(super) fn flatten(
    before: &str,
    object: &Map<String, Value>,
    depth: u32,
    figures: &mut BTreeMap<String, f64>,
) {
    for (name, value) in object {
        match value {
            Value::Number(number) => {
                figures.extend(number.as_f64().map(|number| (key(&format!("{before}{name}")), number)));
            }
            Value::Object(inner) if depth > 1 => {
                flatten(&format!("{before}{name}_"), inner, depth - 1, figures);
            }
            _ => {}
        }
    }
}

/// Converts a name to a valid key: letters, digits, `_ - . : /` and spaces, limited in length.
pub fn key(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "_-. :/".contains(c) { c } else { '_' };
    name.chars().take(MAX_KEY).map(plain).collect()
}

pub(super) fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
