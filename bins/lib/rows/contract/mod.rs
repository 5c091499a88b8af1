//! A contract defines which rows are valid.

mod rules;
mod infer;
mod inspect;

pub use infer::Sketch;
pub use inspect::{Inspection, Report};
pub use rules::{Balance, Column, Contract, Count, Freshness, Most, Plain, Severity, Type};
