//! The command line of every tool: options, policy file, progress and exit status.

pub mod tool_list;
pub mod policy_keys;
pub mod config;
pub mod histogram;
pub mod progress;
pub mod help;
pub mod tool;
pub mod options;
pub mod drift_policy_args;
pub mod publish_args;
pub mod recipe_args;
mod own_counts;
pub mod owned_directories;
pub mod result_kinds;
pub mod verify;
