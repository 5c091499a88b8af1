//! Numbers about numbers: pure statistics.

pub mod confusion;
pub mod intervals;
pub mod ranking;
pub mod calibration;
pub mod base_rate;
pub mod metrics;
pub mod significance;
