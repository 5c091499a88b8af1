//! Finds problems of rows and tables as typed values; `report::validate_sentences` writes the sentences.

use super::{ColumnRule, ColumnType};
use crate::io::dates::{self, Timestamp};
use crate::io::diagnostics::shown;
use crate::io::fraction::Fraction;
use crate::rows::RowFault;
use crate::rows::label::LabelSpelling;

#[derive(Clone, Debug)]
pub enum Problem {
    /// The line of a row, and its problem.
    Row(u64, RowProblem),
    Table(TableProblem),
}

#[derive(Clone, Debug)]
pub enum RowProblem {
    Malformed(RowFault),
    /// The column whose cell breaks a rule, and the rule.
    Cell(String, CellProblem),
    /// The error from reading the label or the text.
    Unreadable(String),
    /// The line of the first row with the same text. An earlier row has the other label.
    Conflict(u64),
    /// The line of the first row with the same text.
    Duplicate(u64),
}

/// The rule that a cell breaks.
#[derive(Clone, Debug)]
pub enum CellProblem {
    Empty,
    /// The shortened value, and the expected type.
    Type(String, ColumnType),
    /// The shortened value, and the allowed values.
    Allowed(String, Vec<String>),
    /// Number of characters, and the minimum.
    MinLength(u64, u64),
    /// Number of characters, and the maximum.
    MaxLength(u64, u64),
    /// The number, and the minimum.
    Min(String, f64),
    /// The number, and the maximum.
    Max(String, f64),
    /// The date, and the earliest valid date.
    Earliest(Timestamp, Timestamp),
    /// The date, and the latest valid date.
    Latest(Timestamp, Timestamp),
}

/// A failed check of the table. Shares are from 0 to 1.
#[derive(Clone, Debug)]
pub enum TableProblem {
    /// The column, its share of empty cells, and the maximum.
    EmptyCells(String, f64, Fraction),
    /// Number of valid rows, and the minimum.
    FewRows(u64, u64),
    /// Number of valid rows, and the maximum.
    ManyRows(u64, u64),
    /// Share of rejected rows, and the maximum.
    Rejects(f64, Fraction),
    /// Share of rows that repeat a text, and the maximum.
    Duplicates(f64, Fraction),
    /// Class balance of the labelled rows, and its bounds.
    Balance(f64, [Fraction; 2]),
    NoDate,
    /// Age of the latest row in days, and the maximum.
    Stale(f64, f64),
}

impl CellProblem {
    /// The name of the rule in a contract.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Empty => "filled",
            Self::Type(..) => "type",
            Self::Allowed(..) => "allowed",
            Self::MinLength(..) => "min_length",
            Self::MaxLength(..) => "max_length",
            Self::Min(..) => "min",
            Self::Max(..) => "max",
            Self::Earliest(..) => "earliest",
            Self::Latest(..) => "latest",
        }
    }

    /// The first rule that a cell breaks.
    pub(super) fn find(
        cell: &str,
        column: &ColumnRule,
        spelling: &LabelSpelling,
        now: Timestamp,
    ) -> Option<Self> {
        let value = cell.trim();
        if value.is_empty() {
            let required = column.filled || column.min_length.is_some_and(|min| min > 0);
            return required.then_some(Self::Empty);
        }
        if !is_of_type(value, column.kind, spelling) {
            return Some(Self::Type(shown(value), column.kind));
        }
        if let Some(allowed) =
            column.allowed.as_ref().filter(|allowed| !allowed.iter().any(|one| one == value))
        {
            return Some(Self::Allowed(shown(value), allowed.clone()));
        }
        length(cell, column).or_else(|| number(value, column)).or_else(|| date(value, column, now))
    }
}

fn is_of_type(value: &str, kind: ColumnType, spelling: &LabelSpelling) -> bool {
    match kind {
        ColumnType::Text => true,
        ColumnType::Label => spelling.read(value).is_ok(),
        ColumnType::Date => dates::read(value).is_some(),
        ColumnType::Number => value.parse::<f64>().is_ok_and(f64::is_finite),
        ColumnType::Integer => value.parse::<i64>().is_ok(),
    }
}

fn length(cell: &str, column: &ColumnRule) -> Option<CellProblem> {
    if column.min_length.is_none() && column.max_length.is_none() {
        return None;
    }
    let length = cell.chars().count() as u64;
    if let Some(min) = column.min_length.filter(|&min| length < min) {
        return Some(CellProblem::MinLength(length, min));
    }
    let max = column.max_length.filter(|&max| length > max)?;
    Some(CellProblem::MaxLength(length, max))
}

fn number(value: &str, column: &ColumnRule) -> Option<CellProblem> {
    let number = value.parse::<f64>().ok()?;
    if let Some(min) = column.min.filter(|&min| number < min) {
        return Some(CellProblem::Min(value.to_owned(), min));
    }
    let max = column.max.filter(|&max| number > max)?;
    Some(CellProblem::Max(value.to_owned(), max))
}

fn date(value: &str, column: &ColumnRule, now: Timestamp) -> Option<CellProblem> {
    let date = dates::read(value).filter(|_| column.kind == ColumnType::Date)?;
    let limit = |bound: &Option<String>| match bound.as_deref() {
        Some("now") => Some(now),
        Some(bound) => dates::read(bound),
        None => None,
    };
    if let Some(earliest) = limit(&column.earliest).filter(|&earliest| date < earliest) {
        return Some(CellProblem::Earliest(date, earliest));
    }
    let latest = limit(&column.latest).filter(|&latest| date > latest)?;
    Some(CellProblem::Latest(date, latest))
}
