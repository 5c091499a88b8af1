//! Tests statistics and learners against golden numbers from scipy, statsmodels, scikit-learn and others, to 1e-9.
//!
//! There is one module per concept. `tests/golden/make.py` writes the JSON files, which record the package versions.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod bootstrap;
mod calibration;
mod cases;
mod conformal;
mod confusion;
mod corrections;
mod divergence;
mod drawn;
mod estimated_performance;
mod kolmogorov;
mod label_shift;
mod learners;
mod mann_whitney;
mod metrics;
mod paired;
mod poisson_binomial;
mod power;
mod prior_shift;
mod ranking;
mod sequential;
mod significance;
mod thresholds;
mod two_by_two;
mod welch;
