//! A contract defines which rows are valid.

mod rules;
mod infer;
mod inspect;

pub use infer::ContractDraft;
pub use inspect::{Inspection, ValidateReport};
pub use rules::{
    BalanceRule, ColumnRule, ColumnType, Contract, FractionRule, FreshnessRule, PlainRule, RowCountRule,
    Severity,
};
