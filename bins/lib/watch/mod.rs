//! From counts to verdicts: pure.

pub mod reason;
pub mod drift;
pub mod compare;
