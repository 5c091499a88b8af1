//! The cycle: its steps, the files that each step reads and writes, and the record of a run.

pub mod command_line;
pub mod files;
pub mod step;
pub mod demo;
pub mod settings;
pub mod record;
pub mod run;
mod step_calls;
