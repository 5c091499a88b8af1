//! Rows of CSV and JSON Lines, with labels, fingerprints and near-duplicates.

mod cells;
pub mod label;
pub mod mask;
mod header;
mod json_text;
mod row;
mod decode;
mod csv_rows;
mod json_rows;
mod sniff;
mod reader;
pub mod contract;
pub mod fingerprint;
pub mod near_duplicates;
pub mod safe_cell;
pub mod sampling;
mod write;

pub use header::{Header, Named};
pub use reader::Rows;
pub use row::{Fault, Faults, Format, MOST_BYTES, Options, Progress, Row};
pub use write::{Value, Writer, csv};
