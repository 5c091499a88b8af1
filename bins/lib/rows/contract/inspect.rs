//! Holds rows against a contract, one after the other.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::{ColumnRule, ColumnType, Contract, Severity};
use crate::io::dates::{self, DAY, Timestamp};
use crate::io::diagnostics::shown;
use crate::io::result_file::ResultHead;
use crate::rows::label::{Label, LabelSpelling};
use crate::rows::mask;
use crate::rows::{Format, Row, Rows};

/// Examples kept of each failed check.
const EXAMPLES: usize = 3;

/// What `validate` found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValidateReport {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: ResultHead,
    /// `valid`, `invalid`, or `empty` where no rows came in.
    pub verdict: String,
    /// Rows in.
    pub rows: u64,
    /// Rows that passed.
    pub clean: u64,
    /// Rows set aside.
    pub rejected: u64,
    /// Every check that a row or the table failed.
    pub failed: Vec<FailedCheck>,
    /// The sentences behind the verdict.
    pub reasons: Vec<String>,
}

/// One check that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailedCheck {
    /// Such as `text.min_length`.
    pub name: String,
    /// How bad that is.
    pub severity: Severity,
    /// How many rows failed it; 1 for a check on the table.
    pub count: u64,
    /// What is wrong, as one of the rows has it, personal data masked.
    pub examples: Vec<String>,
}

/// An inspection under way.
pub struct Inspection<'a> {
    contract: &'a Contract,
    now: Timestamp,
    failed: BTreeMap<String, FailedCheck>,
    rows: u64,
    rejected: u64,
    labels: [u64; 2],
    empty: Vec<u64>,
    latest: Option<Timestamp>,
    repeats: u64,
    /// The first line and label of every distinct text.
    texts: HashMap<u64, (u64, Option<Label>)>,
}

impl<'a> Inspection<'a> {
    /// Begins: finds the columns of the contract among those of the rows.
    pub fn new(contract: &'a Contract, rows: &Rows, now: Timestamp) -> Result<Self> {
        for (name, _) in contract.column.iter().filter(|(_, column)| !column.optional) {
            // Of JSON rows a later one may bring the column; until then its cells are empty.
            if rows.format() == Format::Csv && rows.header().find(name).is_none() {
                bail!("{}: line 1: no column '{name}', which the contract asks for", rows.place());
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

    /// Looks at a row; the reason where it is to be set aside.
    pub fn row(&mut self, rows: &Rows, row: &Row) -> Option<String> {
        self.rows += 1;
        let reason = self.reason(rows, row);
        self.rejected += u64::from(reason.is_some());
        reason
    }

    fn reason(&mut self, rows: &Rows, row: &Row) -> Option<String> {
        if let Some(fault) = row.fault() {
            return self.hit("row", Severity::Reject, row, fault.to_string());
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
            // Whether the label can be read is asked of every row below.
            let told = |(check, _): &(&str, String)| *check != "type" || index != rows.header().label();
            if let Some((check, what)) = problem(cell, column, rows.spelling(), self.now).filter(told) {
                let reason =
                    self.hit(&format!("{name}.{check}"), column.severity, row, format!("{name} {what}"));
                if reason.is_some() {
                    return reason;
                }
            }
        }
        let label = match rows.spelling().read(rows.label_cell(row)) {
            Ok(label) => label,
            Err(error) => return self.hit("label.type", Severity::Reject, row, error.to_string()),
        };
        let text = match rows.text_column() {
            Ok(column) => row.get(column),
            Err(error) => return self.hit("text", Severity::Reject, row, error.to_string()),
        };
        let reason = self.copy(text, label, row);
        if reason.is_none() {
            self.latest = self.latest.max(rows.date(row));
            if let Some(label) = label {
                self.labels[usize::from(label == Label::Positive)] += 1;
            }
        }
        reason
    }

    /// Holds a text against the same text in an earlier row.
    fn copy(&mut self, text: &str, label: Option<Label>, row: &Row) -> Option<String> {
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
                let what = format!("the same text has the other label at line {line}");
                return self.hit("conflicts", conflicts.severity, row, what);
            }
            _ => {}
        }
        match &self.contract.duplicates {
            Some(duplicates) if duplicates.severity == Severity::Reject => {
                self.hit("duplicates", Severity::Reject, row, format!("the same text as line {line}"))
            }
            _ => None,
        }
    }

    /// Counts a failed check; the reason again where it refuses the row.
    fn hit(&mut self, check: &str, severity: Severity, row: &Row, what: String) -> Option<String> {
        self.count(check, severity, &format!("line {}: {what}", row.line()));
        (severity >= Severity::Reject).then_some(what)
    }

    fn count(&mut self, check: &str, severity: Severity, example: &str) {
        let found = self.failed.entry(check.to_owned()).or_insert_with(|| FailedCheck {
            name: check.to_owned(),
            severity,
            count: 0,
            examples: Vec::new(),
        });
        found.count += 1;
        if found.examples.len() < EXAMPLES {
            found.examples.push(mask::masked(example, &mask::ALL));
        }
    }

    /// Ends: the checks on the table as a whole.
    pub fn finish(mut self, tool: &str) -> ValidateReport {
        let contract = self.contract;
        let clean = self.rows - self.rejected;
        let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        for (place, (name, column)) in contract.column.iter().enumerate() {
            let nulls = share(self.empty[place], self.rows);
            if let Some(most) = column.max_null_share.filter(|most| nulls > most.value()) {
                let severity =
                    if column.severity == Severity::Warn { Severity::Warn } else { Severity::Fail };
                let what = format!("{name}: {nulls:.4} of the cells are empty, over {most}");
                self.count(&format!("{name}.max_null_share"), severity, &what);
            }
        }
        if let Some(rows) = &contract.rows {
            if clean < rows.min {
                self.count("rows.min", rows.severity, &format!("{clean} clean rows, under {}", rows.min));
            }
            if let Some(max) = rows.max.filter(|&max| clean > max) {
                self.count("rows.max", rows.severity, &format!("{clean} clean rows, over {max}"));
            }
        }
        let rejects = share(self.rejected, self.rows);
        if let Some(most) = contract.rejects.as_ref().filter(|most| rejects > most.max_share.value()) {
            let what = format!("{rejects:.4} of the rows are refused, over {}", most.max_share);
            self.count("rejects", most.severity, &what);
        }
        let repeats = share(self.repeats, self.rows);
        if let Some(most) = contract.duplicates.as_ref().filter(|most| repeats > most.max_share.value()) {
            let what = format!("{repeats:.4} of the rows repeat a text, over {}", most.max_share);
            self.count("duplicates.max_share", most.severity.max(Severity::Warn), &what);
        }
        let [negative, positive] = self.labels;
        if let Some(balance) = contract.balance.as_ref().filter(|_| negative + positive > 0) {
            let found = share(positive, negative + positive);
            if found < balance.min.value() || found > balance.max.value() {
                let bounds = format!("{} to {}", balance.min, balance.max);
                let what = format!("{found:.4} of the labelled rows are positive, outside {bounds}");
                self.count("balance", balance.severity, &what);
            }
        }
        if let Some(freshness) = &contract.freshness {
            let age = self.latest.map(|latest| (self.now.0 - latest.0) as f64 / DAY as f64);
            let limit = freshness.max_age_days;
            match age {
                None => self.count("freshness", freshness.severity, "no row has a date"),
                Some(age) if age > limit => {
                    let what = format!("the latest row is {age:.1} days old, over {limit}");
                    self.count("freshness", freshness.severity, &what);
                }
                Some(_) => {}
            }
        }
        self.report(tool, clean)
    }

    fn report(self, tool: &str, clean: u64) -> ValidateReport {
        let Self { rows, rejected, failed, .. } = self;
        let failed: Vec<FailedCheck> = failed.into_values().collect();
        let is_bad = |check: &&FailedCheck| check.severity == Severity::Fail;
        let reasons: Vec<String> = failed.iter().filter(is_bad).map(FailedCheck::sentence).collect();
        let (verdict, reasons) = match (rows, reasons.is_empty()) {
            (0, _) => ("empty", vec!["no rows came in".to_owned()]),
            (_, true) => ("valid", reasons),
            (_, false) => ("invalid", reasons),
        };
        let verdict = verdict.to_owned();
        ValidateReport {
            head: ResultHead::new("validate", tool),
            verdict,
            rows,
            clean,
            rejected,
            failed,
            reasons,
        }
    }
}

impl FailedCheck {
    fn sentence(&self) -> String {
        let example = self.examples.first().map_or("", String::as_str);
        if self.count > 1 {
            format!("{}: {} rows, the first at {example}", self.name, self.count)
        } else {
            format!("{}: {example}", self.name)
        }
    }
}

/// What is wrong with a cell, if anything: the name of the check and the sentence.
fn problem(
    cell: &str,
    column: &ColumnRule,
    spelling: &LabelSpelling,
    now: Timestamp,
) -> Option<(&'static str, String)> {
    let value = cell.trim();
    if value.is_empty() {
        return (column.filled || column.min_length.is_some_and(|least| least > 0))
            .then(|| ("filled", "is empty".to_owned()));
    }
    let of_type = match column.kind {
        ColumnType::Text => true,
        ColumnType::Label => spelling.read(value).is_ok(),
        ColumnType::Date => dates::read(value).is_some(),
        ColumnType::Number => value.parse::<f64>().is_ok_and(f64::is_finite),
        ColumnType::Integer => value.parse::<i64>().is_ok(),
    };
    if !of_type {
        let kind = format!("{:?}", column.kind).to_lowercase();
        return Some(("type", format!("{} is no {kind}", shown(value))));
    }
    if let Some(allowed) = column.allowed.as_ref().filter(|allowed| !allowed.iter().any(|one| one == value)) {
        return Some(("allowed", format!("{} is none of {}", shown(value), allowed.join(", "))));
    }
    if column.min_length.is_some() || column.max_length.is_some() {
        let length = cell.chars().count() as u64;
        if let Some(least) = column.min_length.filter(|&least| length < least) {
            return Some(("min_length", format!("has {length} characters, under {least}")));
        }
        if let Some(most) = column.max_length.filter(|&most| length > most) {
            return Some(("max_length", format!("has {length} characters, over {most}")));
        }
    }
    if let Ok(number) = value.parse::<f64>() {
        if let Some(least) = column.min.filter(|&least| number < least) {
            return Some(("min", format!("{value} is under {least}")));
        }
        if let Some(most) = column.max.filter(|&most| number > most) {
            return Some(("max", format!("{value} is over {most}")));
        }
    }
    let date = dates::read(value).filter(|_| column.kind == ColumnType::Date)?;
    let moment = |bound: &Option<String>| match bound.as_deref() {
        Some("now") => Some(now),
        Some(bound) => dates::read(bound),
        None => None,
    };
    if let Some(earliest) = moment(&column.earliest).filter(|&earliest| date < earliest) {
        return Some(("earliest", format!("{date} is before {earliest}")));
    }
    let latest = moment(&column.latest).filter(|&latest| date > latest)?;
    Some(("latest", format!("{date} is after {latest}")))
}
