//! Numbers about numbers: pure statistics.

pub mod special;
pub mod fixed;
pub mod confusion;
pub mod intervals;
pub mod ranking;
pub mod calibration;
pub mod base_rate;
pub mod metrics;
pub mod significance;
pub mod kolmogorov;
pub mod two_by_two;
pub mod welch;
pub mod mann_whitney;
pub mod divergence;
pub mod corrections;
pub mod conformal;
pub mod expected;
pub mod black_box;
pub mod power;
pub mod paired;
pub mod random;
pub mod bootstrap;
pub mod sequential;
