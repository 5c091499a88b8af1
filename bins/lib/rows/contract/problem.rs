//! Problems of a row or of the whole table, as numbers. `report::validate_sentences` turns them into sentences.

use super::{ColumnRule, ColumnType};
use crate::io::dates::{self, Timestamp};
use crate::io::diagnostics::shown;
use crate::io::fraction::Fraction;
use crate::rows::RowFault;
use crate::rows::label::LabelSpelling;

/// A problem of a row at a line, or of the table.
#[derive(Clone, Debug)]
pub enum Problem {
    /// Of the row at this line.
    Row(u64, RowProblem),
    /// Of the table.
    Table(TableProblem),
}

/// What is wrong with a row.
#[derive(Clone, Debug)]
pub enum RowProblem {
    /// It cannot be parsed.
    Malformed(RowFault),
    /// A cell of this column breaks a rule.
    Cell(String, CellProblem),
    /// Its label or text cannot be read, and why.
    Unreadable(String),
    /// The row at this line has the same text and the other label.
    Conflict(u64),
    /// The row at this line has the same text.
    Duplicate(u64),
}

/// What is wrong with a cell.
#[derive(Clone, Debug)]
pub enum CellProblem {
    /// It is empty.
    Empty,
    /// The value, cut short, is of another type.
    Type(String, ColumnType),
    /// The value, cut short, is none of these.
    Allowed(String, Vec<String>),
    /// It has fewer characters than the limit.
    MinLength(u64, u64),
    /// It has more characters than the limit.
    MaxLength(u64, u64),
    /// The number is under the limit.
    Min(String, f64),
    /// The number is over the limit.
    Max(String, f64),
    /// The date is before the limit.
    Earliest(Timestamp, Timestamp),
    /// The date is after the limit.
    Latest(Timestamp, Timestamp),
}

/// What is wrong with a table; shares are of all rows, or of the labelled ones.
#[derive(Clone, Debug)]
pub enum TableProblem {
    /// More cells of this column are empty than the limit.
    EmptyCells(String, f64, Fraction),
    /// Fewer clean rows than the limit.
    FewRows(u64, u64),
    /// More clean rows than the limit.
    ManyRows(u64, u64),
    /// More rejected rows than the limit.
    Rejects(f64, Fraction),
    /// More rows that repeat a text than the limit.
    Duplicates(f64, Fraction),
    /// The share of positive rows is out of these bounds.
    Balance(f64, [Fraction; 2]),
    /// No row has a date.
    NoDate,
    /// The latest row is older than so many days.
    Stale(f64, f64),
}

impl CellProblem {
    /// The rule that the cell breaks, as the contract names it.
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

    /// The first rule that a cell breaks, if any.
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
    let moment = |bound: &Option<String>| match bound.as_deref() {
        Some("now") => Some(now),
        Some(bound) => dates::read(bound),
        None => None,
    };
    if let Some(earliest) = moment(&column.earliest).filter(|&earliest| date < earliest) {
        return Some(CellProblem::Earliest(date, earliest));
    }
    let latest = moment(&column.latest).filter(|&latest| date > latest)?;
    Some(CellProblem::Latest(date, latest))
}
