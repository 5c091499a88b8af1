//! From a verdict to the world.

pub mod registry;
pub mod rehearsal;
pub mod git;
pub mod published;
pub mod tracking;
#[cfg(feature = "net")]
pub mod http;
#[cfg(feature = "net")]
pub mod alerts;
#[cfg(feature = "net")]
pub mod github;
#[cfg(feature = "net")]
pub mod announce;
pub mod publish;
#[cfg(feature = "net")]
pub mod mlflow;
#[cfg(feature = "net")]
pub mod spool;
