//! For people and for the runner: the frame of the tools, policy, progress, reports.

pub mod config;
pub mod progress;
pub mod histogram;
pub mod tool;
pub mod options;
pub mod recipe;
pub mod report;
pub mod aligned;
pub mod card;
pub mod verify;
pub mod publishing;
