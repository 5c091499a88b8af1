//! Contains the library of the tools, with one folder per concept. A folder uses only folders that are listed above it.

pub mod io;
pub mod features;
pub mod rows;
pub mod state;
pub mod stats;
pub mod profile;
pub mod reason;
pub mod model;
pub mod compare;
pub mod drift;
pub mod registry;
pub mod cycle;
pub mod report;
pub mod publish;
pub mod mlflow;
pub mod cli;
