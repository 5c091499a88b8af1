//! The sentences of `validate`: turns the problems of an inspection into `validate.json`, personal data masked.

use crate::io::result_file::ResultHead;
use crate::rows::contract::{
    CellProblem, CheckFailure, FailedCheck, InspectionResult, Problem, RowProblem, Severity, TableProblem,
    ValidateReport, ValidateVerdict,
};
use crate::rows::mask;

/// What was found, as the tool of that name writes it.
pub fn report(found: &InspectionResult, tool: &str) -> ValidateReport {
    let failed: Vec<FailedCheck> = found.failed.iter().map(failed_check).collect();
    let reasons = match found.verdict {
        ValidateVerdict::Empty => vec!["no rows came in".to_owned()],
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

/// Why a row is rejected. Nothing is masked.
pub fn row_problem(problem: &RowProblem) -> String {
    match problem {
        RowProblem::Malformed(fault) => fault.to_string(),
        RowProblem::Cell(column, problem) => format!("{column} {}", cell_problem(problem)),
        RowProblem::Unreadable(why) => why.clone(),
        RowProblem::Conflict(line) => format!("the same text has the other label at line {line}"),
        RowProblem::Duplicate(line) => format!("the same text as line {line}"),
    }
}

fn reason(check: &FailedCheck) -> String {
    let example = check.examples.first().map_or("", String::as_str);
    if check.count > 1 {
        format!("{}: {} rows, the first at {example}", check.name, check.count)
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
        CellProblem::Type(value, kind) => format!("{value} is no {}", format!("{kind:?}").to_lowercase()),
        CellProblem::Allowed(value, allowed) => format!("{value} is none of {}", allowed.join(", ")),
        CellProblem::MinLength(length, min) => format!("has {length} characters, under {min}"),
        CellProblem::MaxLength(length, max) => format!("has {length} characters, over {max}"),
        CellProblem::Min(value, min) => format!("{value} is under {min}"),
        CellProblem::Max(value, max) => format!("{value} is over {max}"),
        CellProblem::Earliest(date, earliest) => format!("{date} is before {earliest}"),
        CellProblem::Latest(date, latest) => format!("{date} is after {latest}"),
    }
}

fn table_problem(problem: &TableProblem) -> String {
    match problem {
        TableProblem::EmptyCells(column, share, max) => {
            format!("{column}: {share:.4} of the cells are empty, over {max}")
        }
        TableProblem::FewRows(clean, min) => format!("{clean} clean rows, under {min}"),
        TableProblem::ManyRows(clean, max) => format!("{clean} clean rows, over {max}"),
        TableProblem::Rejects(share, max) => format!("{share:.4} of the rows are refused, over {max}"),
        TableProblem::Duplicates(share, max) => format!("{share:.4} of the rows repeat a text, over {max}"),
        TableProblem::Balance(share, [min, max]) => {
            format!("{share:.4} of the labelled rows are positive, outside {min} to {max}")
        }
        TableProblem::NoDate => "no row has a date".into(),
        TableProblem::Stale(days, max) => format!("the latest row is {days:.1} days old, over {max}"),
    }
}
