//! Descriptors of messages, and the mergeable profile made of them.

pub mod descriptor;
pub mod summary;
