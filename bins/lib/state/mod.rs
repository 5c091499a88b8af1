//! Keeps the state that survives between runs.

pub mod told;
pub mod asked_entry;
pub mod gathered;
pub mod marks;
pub mod asked;
pub mod watched_files;
