//! A run, a logged model and a registered version in an MLflow 3 server.

pub mod access;
pub mod package;
pub mod server;
pub mod sequence;
