//! Keeps the state that survives between runs.

pub mod told;
pub mod gathered;
pub mod marks;
pub mod watched_files;
