//! From a verdict to the world.

pub mod registry;
pub mod rehearsal;
