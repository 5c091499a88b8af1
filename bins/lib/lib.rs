//! What the tools are made of. Wings and modules are listed in order: each uses only what stands before it.

pub mod data;
pub mod judge;
pub mod learn;
pub mod watch;
pub mod ship;
pub mod show;
