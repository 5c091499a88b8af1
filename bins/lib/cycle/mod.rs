//! Runs the steps of the cycle, and records each run.

pub mod command_line;
pub mod files;
pub mod step;
pub mod demo;
pub mod settings;
pub mod record;
pub mod run;
mod since_move;
mod step_calls;
