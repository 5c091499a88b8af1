//! From a verdict to the world.

pub mod registry;
pub mod rehearsal;
#[cfg(feature = "net")]
pub mod http;
#[cfg(feature = "net")]
pub mod alerts;
