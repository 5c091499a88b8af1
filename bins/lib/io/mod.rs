//! Reads and writes streams, atomic files, result files, warnings and dates.

pub mod limits;
pub mod address;
pub mod dates;
pub mod escape;
pub mod diagnostics;
pub mod environment;
pub mod program;
mod signals;
pub(crate) mod live_files;
pub mod owned_file;
mod staged_file;
pub mod append_log;
pub mod durable;
pub mod fraction;
pub mod stream;
pub mod file_kind;
pub mod result_file;
pub mod seal;
pub mod toml_file;
