//! Descriptors of messages, and the mergeable profile built from them.

pub mod descriptor;
pub mod summary;
