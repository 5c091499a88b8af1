//! Golden numbers: statistics and learners match scipy, statsmodels, scikit-learn and others, to 1e-9.
//!
//! One module for each concept, beside the files that `tests/golden/make.py` writes. Each file names the versions that
//! made it.

#![expect(clippy::unwrap_used, reason = "in a test a failed unwrap is the report")]

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
mod power;
mod prior_shift;
mod ranking;
mod sequential;
mod significance;
mod thresholds;
mod two_by_two;
mod welch;
