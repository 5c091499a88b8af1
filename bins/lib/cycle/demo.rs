//! The demo data: a synthetic corpus that drifts in its last quarter, embedded in the program.

use std::path::Path;

use anyhow::Result;

use crate::io::durable;

/// `data/messages.csv`, compressed when the program is built.
const MESSAGES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/messages.csv.gz"));

/// Its contract.
const CONTRACT: &str = include_str!("../../../data/contract.toml");

/// The day from which its rows are new. The rows before it are history, and the first champion learns from them.
pub const SINCE: &str = "2026-07-01";

/// The moment of a run: the morning after its last row.
pub const NOW: &str = "2026-10-01";

/// Why the first champion is registered.
pub const REASON: &str = "the rows before 2026-07";

/// Writes the corpus and its contract into a directory.
pub fn write(directory: &Path) -> Result<()> {
    durable::write(&directory.join("messages.csv.gz"), MESSAGES)?;
    durable::write(&directory.join("contract.toml"), CONTRACT.as_bytes())
}
