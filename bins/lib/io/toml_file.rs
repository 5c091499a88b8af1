//! Parses TOML; errors are one line and name the line number.

use anyhow::{Result, anyhow};
use serde::de::DeserializeOwned;

use crate::io::diagnostics::inert;

pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        anyhow!("line {line}: {}", inert(error.message()))
    })
}
