//! Defines contracts, infers them, and checks rows against them.

mod rules;
mod problem;
mod report;
mod infer;
mod inspect;

pub use infer::ContractDraft;
pub use inspect::{CheckFailure, Inspection, InspectionResult, UNKNOWN_LABEL};
pub use problem::{CellProblem, Problem, RowProblem, TableProblem};
pub use report::{FailedCheck, ValidateReport, ValidateVerdict};
pub use rules::{
    BalanceRule, ColumnRule, ColumnType, Contract, FractionRule, FreshnessRule, PlainRule, RowCountRule,
    Severity,
};
