//! Describes messages, and builds mergeable profiles from the descriptions.

pub mod descriptor;
pub mod summary;
