//! Infers a contract from rows that are known to be valid.

use std::collections::{BTreeMap, BTreeSet};

use super::{BalanceRule, ColumnRule, ColumnType, Contract, FractionRule, PlainRule, RowCountRule, Severity};
use crate::io::dates;
use crate::io::fraction::Fraction;
use crate::rows::label::Label;
use crate::rows::{Row, Rows};

/// Maximum number of distinct values that become a list of allowed values.
const LISTED: usize = 12;

/// Statistics of valid rows, from which a contract is made.
#[derive(Default)]
pub struct ContractDraft {
    columns: Vec<ColumnValues>,
    rows: u64,
    positive: u64,
    labelled: u64,
}

#[derive(Default)]
struct ColumnValues {
    /// Number of cells that are not empty. A row that was read before the column appeared adds none.
    full: u64,
    longest: u64,
    values: BTreeSet<String>,
    /// Whether at least one value does not have this type.
    not_date: bool,
    not_number: bool,
    not_integer: bool,
}

impl ContractDraft {
    pub fn row(&mut self, rows: &Rows, row: &Row) {
        self.rows += 1;
        self.columns.resize_with(rows.header().len(), ColumnValues::default);
        for (seen, cell) in self.columns.iter_mut().zip(row.cells()) {
            seen.cell(cell);
        }
        if let Ok(Some(label)) = rows.label(row) {
            self.labelled += 1;
            self.positive += u64::from(label == Label::Positive);
        }
    }

    /// Returns a contract that these rows satisfy. Its limits have some tolerance.
    pub fn contract(&self, rows: &Rows) -> Contract {
        let header = rows.header();
        let mut column = BTreeMap::new();
        let mut names = BTreeSet::new();
        let repeated: BTreeSet<&str> = header.names().filter(|name| !names.insert(*name)).collect();
        for ((index, name), seen) in header.names().enumerate().zip(&self.columns) {
            // A contract cannot refer to a column with an empty or repeated name.
            if !name.is_empty() && !repeated.contains(name) {
                let is_text = rows.text_column().is_ok_and(|text| text == index);
                let is_label = header.label() == Some(index);
                column.insert(name.to_owned(), seen.column(is_text, is_label, self.rows));
            }
        }
        let spam = self.positive as f64 / self.labelled.max(1) as f64;
        Contract {
            column,
            rows: Some(RowCountRule { min: 1, max: None, severity: Severity::Fail }),
            rejects: Some(FractionRule { max_share: share(0.05), severity: Severity::Fail }),
            duplicates: Some(FractionRule { max_share: share(0.5), severity: Severity::Warn }),
            conflicts: Some(PlainRule { severity: Severity::Reject }),
            balance: (self.labelled > 0).then(|| BalanceRule {
                min: share(spam / 3.0),
                max: share(1.0 - (1.0 - spam) / 3.0),
                severity: Severity::Warn,
            }),
            freshness: None,
        }
    }
}

/// A share rounded to two digits.
fn share(value: f64) -> Fraction {
    Fraction::try_from((value.clamp(0.0, 1.0) * 100.0).round() / 100.0).unwrap_or_default()
}

impl ColumnValues {
    fn cell(&mut self, cell: &str) {
        let value = cell.trim();
        if value.is_empty() {
            return;
        }
        self.full += 1;
        self.longest = self.longest.max(cell.chars().count() as u64);
        if self.values.len() <= LISTED {
            self.values.insert(value.to_owned());
        }
        self.not_date |= dates::read(value).is_none() || value.parse::<i64>().is_ok();
        self.not_integer |= value.parse::<i64>().is_err();
        self.not_number |= !value.parse::<f64>().is_ok_and(f64::is_finite);
    }

    fn column(&self, is_text: bool, is_label: bool, rows: u64) -> ColumnRule {
        let kind = match self {
            _ if self.values.is_empty() || is_text => ColumnType::Text,
            _ if is_label => ColumnType::Label,
            Self { not_integer: false, .. } => ColumnType::Integer,
            Self { not_number: false, .. } => ColumnType::Number,
            Self { not_date: false, .. } => ColumnType::Date,
            _ => ColumnType::Text,
        };
        let few =
            kind == ColumnType::Text && !is_text && self.values.len() <= LISTED && rows >= 10 * LISTED as u64;
        let empty = rows - self.full;
        let nulls = empty as f64 / rows.max(1) as f64;
        ColumnRule {
            kind,
            optional: false,
            max_null_share: (empty > 0 && !is_label).then(|| share(nulls * 2.0 + 0.01)),
            filled: empty == 0 && !is_label,
            min_length: None,
            max_length: is_text.then(|| (self.longest * 2).max(10_000)),
            allowed: (few && !self.values.is_empty()).then(|| self.values.iter().cloned().collect()),
            min: None,
            max: None,
            earliest: None,
            latest: (kind == ColumnType::Date).then(|| "now".to_owned()),
            severity: Severity::Reject,
        }
    }
}
