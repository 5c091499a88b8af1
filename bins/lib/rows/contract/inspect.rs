//! Checks rows against a contract one at a time, and counts the failed checks.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Result, bail};
use xxhash_rust::xxh3::xxh3_64;

use super::{CellProblem, Contract, Problem, RowProblem, Severity, TableProblem, ValidateVerdict};
use crate::io::dates::{DAY, Timestamp};
use crate::rows::label::Label;
use crate::rows::{Format, Row, Rows};

/// The check that rejects a row with an unknown label.
pub const UNKNOWN_LABEL: &str = "label.type";

/// Maximum number of examples for each failed check.
const EXAMPLES: usize = 3;

#[derive(Clone, Debug)]
pub struct CheckFailure {
    /// The name, such as `text.min_length`.
    pub name: String,
    pub severity: Severity,
    /// Number of rows that failed; 1 for a check of the table.
    pub count: u64,
    /// The first problems, as examples for the report.
    pub examples: Vec<Problem>,
}

#[derive(Clone, Debug)]
pub struct InspectionResult {
    pub verdict: ValidateVerdict,
    /// Number of rows read.
    pub rows: u64,
    /// Number of valid rows.
    pub clean: u64,
    /// Number of rejected rows, malformed rows included.
    pub rejected: u64,
    /// Every failed check, in the order of names.
    pub failed: Vec<CheckFailure>,
}

pub struct Inspection<'a> {
    contract: &'a Contract,
    now: Timestamp,
    failed: BTreeMap<String, CheckFailure>,
    rows: u64,
    rejected: u64,
    labels: [u64; 2],
    empty: Vec<u64>,
    latest: Option<Timestamp>,
    repeats: u64,
    /// The first line and the label of every distinct text, by its hash.
    texts: HashMap<u64, (u64, Option<Label>)>,
}

impl<'a> Inspection<'a> {
    /// Starts an inspection. Fails if a CSV file lacks a column that the contract requires.
    pub fn new(contract: &'a Contract, rows: &Rows, now: Timestamp) -> Result<Self> {
        for (name, _) in contract.column.iter().filter(|(_, column)| !column.optional) {
            // A later JSON row may add the column. Until then, its cells are empty.
            if rows.format() == Format::Csv && rows.header().find(name).is_none() {
                let remedy = "add it, or set optional = true in the contract";
                bail!("{}: line 1: no column '{name}', which the contract requires; {remedy}", rows.place());
            }
        }
        Ok(Self {
            contract,
            now,
            failed: BTreeMap::new(),
            rows: 0,
            rejected: 0,
            labels: [0; 2],
            empty: vec![0; contract.column.len()],
            latest: None,
            repeats: 0,
            texts: HashMap::new(),
        })
    }

    /// Checks a row. Returns the problem if the row is rejected.
    pub fn row(&mut self, rows: &Rows, row: &Row) -> Option<RowProblem> {
        self.rows += 1;
        let problem = self.problem(rows, row);
        self.rejected += u64::from(problem.is_some());
        problem
    }

    fn problem(&mut self, rows: &Rows, row: &Row) -> Option<RowProblem> {
        if let Some(fault) = row.fault() {
            let problem = RowProblem::Malformed(fault.clone());
            // Lost lines can be any number of rows, so their share of the rejected rows is not known.
            return if fault.lost_lines() > 0 {
                self.fail_row("row.quotes", Severity::Fail, row, problem)
            } else {
                self.fail_row("row", Severity::Reject, row, problem)
            };
        }
        for (place, (name, column)) in self.contract.column.iter().enumerate() {
            let index = rows.header().find(name);
            if column.optional && index.is_none() {
                continue;
            }
            let cell = index.map_or("", |index| row.get(index));
            if cell.trim().is_empty() {
                self.empty[place] += 1;
            }
            // The type of the label is checked below, for every row.
            let is_relevant = |problem: &CellProblem| {
                !matches!(problem, CellProblem::Type(..)) || index != rows.header().label()
            };
            let broken = CellProblem::find(cell, column, rows.spelling(), self.now).filter(is_relevant);
            if let Some(broken) = broken {
                let check = format!("{name}.{}", broken.rule());
                let problem =
                    self.fail_row(&check, column.severity, row, RowProblem::Cell(name.clone(), broken));
                if problem.is_some() {
                    return problem;
                }
            }
        }
        let label = match rows.spelling().read(rows.label_cell(row)) {
            Ok(label) => label,
            Err(error) => {
                let problem = RowProblem::Unreadable(error.to_string());
                return self.fail_row(UNKNOWN_LABEL, Severity::Reject, row, problem);
            }
        };
        let Some(text) = rows.header().text.map(|column| row.get(column)) else {
            let problem = RowProblem::Unreadable(rows.no_text_column());
            return self.fail_row("text", Severity::Reject, row, problem);
        };
        let problem = self.check_repeat(text, label, row);
        if problem.is_none() {
            self.latest = self.latest.max(rows.date(row));
            if let Some(label) = label {
                self.labels[usize::from(label == Label::Positive)] += 1;
            }
        }
        problem
    }

    /// Compares a row with the first row that has the same text.
    fn check_repeat(&mut self, text: &str, label: Option<Label>, row: &Row) -> Option<RowProblem> {
        if self.contract.duplicates.is_none() && self.contract.conflicts.is_none() {
            return None;
        }
        let key = xxh3_64(text.trim().as_bytes());
        let Some((line, before)) = self.texts.get_mut(&key) else {
            self.texts.insert(key, (row.line(), label));
            return None;
        };
        let line = *line;
        self.repeats += 1;
        let conflict = before.zip(label).is_some_and(|(one, other)| one != other);
        *before = before.or(label);
        match &self.contract.conflicts {
            Some(conflicts) if conflict => {
                return self.fail_row("conflicts", conflicts.severity, row, RowProblem::Conflict(line));
            }
            _ => {}
        }
        match &self.contract.duplicates {
            Some(duplicates) if duplicates.severity == Severity::Reject => {
                self.fail_row("duplicates", Severity::Reject, row, RowProblem::Duplicate(line))
            }
            _ => None,
        }
    }

    /// Counts a failed check of a row. Returns the problem if the check rejects the row.
    fn fail_row(
        &mut self,
        check: &str,
        severity: Severity,
        row: &Row,
        problem: RowProblem,
    ) -> Option<RowProblem> {
        self.count(check, severity, || Problem::Row(row.line(), problem.clone()));
        (severity >= Severity::Reject).then_some(problem)
    }

    /// Counts a failed check of the table.
    fn fail_table(&mut self, check: &str, severity: Severity, problem: TableProblem) {
        self.count(check, severity, || Problem::Table(problem));
    }

    fn count(&mut self, check: &str, severity: Severity, example: impl FnOnce() -> Problem) {
        let found = self.failed.entry(check.to_owned()).or_insert_with(|| CheckFailure {
            name: check.to_owned(),
            severity,
            count: 0,
            examples: Vec::new(),
        });
        found.count += 1;
        if found.examples.len() < EXAMPLES {
            found.examples.push(example());
        }
    }

    /// Checks the table, and returns the verdict and all failed checks. A table without rows breaks no check.
    pub fn finish(mut self) -> InspectionResult {
        let clean = self.rows - self.rejected;
        if self.rows > 0 {
            self.check_cells();
            self.check_rows(clean);
            self.check_labels();
            self.check_dates();
        }
        let Self { rows, rejected, failed, .. } = self;
        let failed: Vec<CheckFailure> = failed.into_values().collect();
        let verdict = match failed.iter().any(|check| check.severity == Severity::Fail) {
            _ if rows == 0 => ValidateVerdict::Empty,
            true => ValidateVerdict::Invalid,
            false => ValidateVerdict::Valid,
        };
        InspectionResult { verdict, rows, clean, rejected, failed }
    }

    fn check_cells(&mut self) {
        for (place, (name, column)) in self.contract.column.iter().enumerate() {
            let empty = share(self.empty[place], self.rows);
            if let Some(max) = column.max_null_share.filter(|max| empty > max.value()) {
                let severity =
                    if column.severity == Severity::Warn { Severity::Warn } else { Severity::Fail };
                let check = format!("{name}.max_null_share");
                self.fail_table(&check, severity, TableProblem::EmptyCells(name.clone(), empty, max));
            }
        }
    }

    fn check_rows(&mut self, clean: u64) {
        let contract = self.contract;
        if clean == 0 && self.rows > 0 {
            self.fail_table("rows.valid", Severity::Fail, TableProblem::FewRows(0, 1));
        }
        if let Some(rows) = &contract.rows {
            if clean < rows.min {
                self.fail_table("rows.min", rows.severity, TableProblem::FewRows(clean, rows.min));
            }
            if let Some(max) = rows.max.filter(|&max| clean > max) {
                self.fail_table("rows.max", rows.severity, TableProblem::ManyRows(clean, max));
            }
        }
        let rejects = share(self.rejected, self.rows);
        if let Some(rule) = contract.rejects.as_ref().filter(|rule| rejects > rule.max_share.value()) {
            self.fail_table("rejects", rule.severity, TableProblem::Rejects(rejects, rule.max_share));
        }
        let repeats = share(self.repeats, self.rows);
        if let Some(rule) = contract.duplicates.as_ref().filter(|rule| repeats > rule.max_share.value()) {
            let severity = rule.severity.max(Severity::Warn);
            self.fail_table(
                "duplicates.max_share",
                severity,
                TableProblem::Duplicates(repeats, rule.max_share),
            );
        }
    }

    fn check_labels(&mut self) {
        let [negative, positive] = self.labels;
        let Some(balance) = self.contract.balance.as_ref().filter(|_| negative + positive > 0) else {
            return;
        };
        let found = share(positive, negative + positive);
        if found < balance.min.value() || found > balance.max.value() {
            let problem = TableProblem::Balance(found, [balance.min, balance.max]);
            self.fail_table("balance", balance.severity, problem);
        }
    }

    fn check_dates(&mut self) {
        let Some(freshness) = &self.contract.freshness else { return };
        let limit = freshness.max_age_days;
        let days = self.latest.map(|latest| (self.now.0 - latest.0) as f64 / DAY as f64);
        match days {
            None => self.fail_table("freshness", freshness.severity, TableProblem::NoDate),
            Some(days) if days > limit => {
                self.fail_table("freshness", freshness.severity, TableProblem::Stale(days, limit));
            }
            Some(_) => {}
        }
    }
}

fn share(part: u64, total: u64) -> f64 {
    if total == 0 { 0.0 } else { part as f64 / total as f64 }
}
