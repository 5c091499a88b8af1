//! Publishes a move of the registry: git, GitHub, alerts.

#[cfg(feature = "net")]
pub mod http;
#[cfg(feature = "net")]
pub mod alerts;
pub mod git;
#[cfg(feature = "net")]
pub mod github;
pub mod record;
#[cfg(feature = "net")]
pub mod announce;
pub mod move_published;
