//! Defines pure statistical functions. Each formula names its source.

pub mod intervals;
pub mod confusion;
pub mod ranking;
pub mod special;
pub mod paired;
pub mod random;
pub mod beta_calibration;
pub mod bootstrap;
pub mod calibration;
pub mod conformal;
pub mod corrections;
pub mod divergence;
pub mod exact_sum;
pub mod estimated_performance;
pub mod kolmogorov;
pub mod prior_shift;
pub mod label_shift;
pub mod mann_whitney;
pub mod metrics;
pub mod figure_checks;
pub mod welch;
pub mod power;
pub mod poisson_binomial;
pub mod sequential;
pub mod significance;
pub mod two_by_two;
