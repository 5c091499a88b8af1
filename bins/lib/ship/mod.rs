//! From a verdict to the world.

pub mod registry;
pub mod rehearsal;
pub mod git;
pub mod tags;
pub mod push;
#[cfg(feature = "net")]
pub mod github;
