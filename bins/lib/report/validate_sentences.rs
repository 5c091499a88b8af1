//! Turns the problems that `validate` found into the sentences of `validate.json`, and masks personal data.

use crate::io::result_file::ResultHead;
use crate::report::numbers::{counted, number};
use crate::rows::contract::{
    CellProblem, CheckFailure, ColumnType, FailedCheck, InspectionResult, Problem, RowProblem, Severity,
    TableProblem, ValidateReport, ValidateVerdict,
};
use crate::rows::mask;

/// Builds `validate.json`; `tool` is the name of the program that writes it.
pub fn report(found: &InspectionResult, tool: &str) -> ValidateReport {
    let failed: Vec<FailedCheck> = found.failed.iter().map(failed_check).collect();
    let reasons = match found.verdict {
        ValidateVerdict::Empty => vec!["there are no rows".to_owned()],
        ValidateVerdict::Valid | ValidateVerdict::Invalid => {
            failed.iter().filter(|check| check.severity == Severity::Fail).map(reason).collect()
        }
    };
    ValidateReport {
        head: ResultHead::new("validate", tool),
        verdict: found.verdict,
        rows: found.rows,
        clean: found.clean,
        rejected: found.rejected,
        failed,
        reasons,
    }
}

/// The reason why a row is rejected. The reason can contain personal data.
pub fn row_problem(problem: &RowProblem) -> String {
    match problem {
        RowProblem::Malformed(fault) if fault.lost_lines() > 0 => {
            format!(
                "{fault}, so {} cannot be read; close the quote",
                counted(fault.lost_lines(), "further line")
            )
        }
        RowProblem::Malformed(fault) => fault.to_string(),
        RowProblem::Cell(column, problem) => format!("{column} {}", cell_problem(problem)),
        RowProblem::Unreadable(why) => why.clone(),
        RowProblem::Conflict(line) => format!("line {line} has the same text with the other label"),
        RowProblem::Duplicate(line) => format!("line {line} has the same text"),
    }
}

fn reason(check: &FailedCheck) -> String {
    let example = check.examples.first().map_or("", String::as_str);
    if check.count > 1 {
        format!("{}: {} rows; the first is {example}", check.name, check.count)
    } else {
        format!("{}: {example}", check.name)
    }
}

fn failed_check(check: &CheckFailure) -> FailedCheck {
    let example = |problem: &Problem| {
        let says = match problem {
            Problem::Row(line, problem) => format!("line {line}: {}", row_problem(problem)),
            Problem::Table(problem) => table_problem(problem),
        };
        mask::masked(&says, &mask::ALL)
    };
    FailedCheck {
        name: check.name.clone(),
        severity: check.severity,
        count: check.count,
        examples: check.examples.iter().map(example).collect(),
    }
}

fn cell_problem(problem: &CellProblem) -> String {
    match problem {
        CellProblem::Empty => "is empty".into(),
        CellProblem::Type(value, kind) => format!("{value} is not {}", type_name(*kind)),
        CellProblem::Allowed(value, allowed) => format!("{value} is not one of {}", allowed.join(", ")),
        CellProblem::MinLength(length, min) => format!("has {length} characters (minimum {min})"),
        CellProblem::MaxLength(length, max) => format!("has {length} characters (maximum {max})"),
        CellProblem::Min(value, min) => format!("{value} is below the minimum {min}"),
        CellProblem::Max(value, max) => format!("{value} is above the maximum {max}"),
        CellProblem::Earliest(date, earliest) => format!("{date} is before {earliest}"),
        CellProblem::Latest(date, latest) => format!("{date} is after {latest}"),
    }
}

/// A share with three significant digits, as small limits need them.
fn percent(share: f64) -> String {
    format!("{}%", number(100.0 * share))
}

fn type_name(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Text => "text",
        ColumnType::Label => "a label",
        ColumnType::Date => "a date",
        ColumnType::Number => "a number",
        ColumnType::Integer => "an integer",
    }
}

fn table_problem(problem: &TableProblem) -> String {
    match problem {
        TableProblem::EmptyCells(column, share, max) => {
            format!("{column}: {} of the cells are empty (limit {})", percent(*share), percent(max.value()))
        }
        TableProblem::FewRows(clean, min) => format!("{} (minimum {min})", counted(*clean, "valid row")),
        TableProblem::ManyRows(clean, max) => format!("{} (maximum {max})", counted(*clean, "valid row")),
        TableProblem::Rejects(share, max) => {
            format!("{} of the rows are rejected (limit {})", percent(*share), percent(max.value()))
        }
        TableProblem::Duplicates(share, max) => {
            format!("{} of the rows repeat a text (limit {})", percent(*share), percent(max.value()))
        }
        TableProblem::Balance(share, [min, max]) => {
            format!(
                "{} of the labelled rows are positive (limits {} to {})",
                percent(*share),
                percent(min.value()),
                percent(max.value())
            )
        }
        TableProblem::NoDate => "no row has a date".into(),
        TableProblem::Stale(days, max) => format!("the latest row is {days:.1} days old (limit {max})"),
    }
}
