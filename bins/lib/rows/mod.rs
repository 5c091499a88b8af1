//! Reads, checks, masks, samples and writes rows of CSV and JSON Lines.

mod cells;
pub mod label;
pub mod mask;
mod header;
mod json_text;
mod encoding;
mod row;
mod decode;
mod csv_rows;
mod json_rows;
mod sniff;
mod reader;
mod write;
pub mod scored;
pub mod contract;
pub mod fingerprint;
mod seen_text;
mod same_words;
mod feature_lists;
pub mod near_duplicates;
pub mod message_groups;
pub mod sampling;

pub use encoding::TextEncoding;
pub use header::{ColumnNames, Header, ScoredColumns};
pub use reader::Rows;
pub use row::{Format, MalformedRows, ReadOptions, ReadProgress, Row, RowFault};
pub use write::{CellValue, Writer, csv};
