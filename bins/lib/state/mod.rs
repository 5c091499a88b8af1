//! The state: what survives between runs.

pub mod gathered;
pub mod watched_files;
