//! Numbers about numbers: pure statistics.

pub mod metrics;
pub mod significance;
