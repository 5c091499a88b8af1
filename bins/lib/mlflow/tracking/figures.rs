//! Converts names and numbers to what MLflow accepts as keys and metrics.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Characters of a key, at most.
const KEY: usize = 250;

/// The numbers of an object, and of those in it as deep as that.
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

/// A name as the server takes it: letters, digits, `_ - . : /` and spaces, not too long.
pub fn key(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "_-. :/".contains(c) { c } else { '_' };
    name.chars().take(KEY).map(plain).collect()
}

pub(super) fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
