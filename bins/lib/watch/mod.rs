//! From counts to verdicts: pure.

pub mod reason;
pub mod side;
pub mod performance;
pub mod signals;
pub mod moved;
pub mod shift;
pub mod history;
pub mod policy;
pub mod pictures;
pub mod repeats;
pub mod seen;
pub mod triggers;
pub mod drift;
pub mod gates;
pub mod part;
pub mod recent;
pub mod slices;
pub mod arriving;
pub mod compare;
