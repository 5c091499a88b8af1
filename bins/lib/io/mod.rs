//! Streams, atomic files, result files, diagnostics, dates.

pub mod dates;
pub mod diagnostics;
pub mod durable;
pub mod fraction;
pub mod stream;
pub mod result_file;
pub mod settings;
