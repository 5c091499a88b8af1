//! Records a run, a logged model and a registered version in an MLflow 3 server.

pub mod tracking;
pub mod owned_files;
#[cfg(feature = "net")]
pub mod access;
#[cfg(feature = "net")]
pub mod package;
#[cfg(feature = "net")]
pub mod server;
#[cfg(feature = "net")]
pub mod sequence;
#[cfg(feature = "net")]
pub mod spool;
