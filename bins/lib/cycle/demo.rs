//! Writes the demo data: an embedded synthetic corpus that drifts in its last quarter.

use std::path::Path;

use anyhow::Result;

use crate::io::durable;

/// `data/messages.csv`, compressed by the build script.
const MESSAGES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/messages.csv.gz"));

/// Contract of the demo corpus.
const CONTRACT: &str = include_str!("../../../data/contract.toml");

/// First day of the new rows. The first champion is trained on the rows before it.
pub const SINCE: &str = "2026-07-01";

/// Time of a demo run: the day after the last row.
pub const NOW: &str = "2026-10-01";

/// Reason given when the first champion is registered.
pub const REASON: &str = "the rows before 2026-07";

/// Writes the corpus and its contract into a directory.
pub fn write(directory: &Path) -> Result<()> {
    durable::write(&directory.join("messages.csv.gz"), MESSAGES)?;
    durable::write(&directory.join("contract.toml"), CONTRACT.as_bytes())
}
