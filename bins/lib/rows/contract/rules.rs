//! Parses a contract: its TOML format, with columns, limits and severities.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::io::dates;
use crate::io::diagnostics::shown;
use crate::io::fraction::Fraction;
use crate::io::limits;
use crate::io::stream::Place;
use crate::io::toml_file;

/// The consequence of a failed check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The failed check is only reported.
    Warn,
    /// The row that fails the check is rejected.
    Reject,
    /// The verdict is `invalid`, and a row that fails the check is rejected.
    Fail,
}

/// The type of the cells of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// Any text.
    Text,
    /// One of the two classes, in any accepted spelling.
    Label,
    /// A date, in any accepted spelling.
    Date,
    /// A number.
    Number,
    /// A whole number.
    Integer,
}

/// The rules that rows and tables must satisfy.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Rules for each column, by its name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub column: BTreeMap<String, ColumnRule>,
    /// Limits on the number of valid rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowCountRule>,
    /// Limit on the share of rejected rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejects: Option<FractionRule>,
    /// Limit on the share of rows that repeat the text of an earlier row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicates: Option<FractionRule>,
    /// Check for rows that have the text of an earlier row, but the other label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflicts: Option<PlainRule>,
    /// Limits on the class balance: the share of spam among labelled rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<BalanceRule>,
    /// Limit on the age of the latest row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freshness: Option<FreshnessRule>,
}

/// Rules for one column.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnRule {
    /// Type of the cells.
    #[serde(rename = "type")]
    pub kind: ColumnType,
    /// Whether the column may be missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Maximum share of empty cells, from 0 to 1. No limit if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_null_share: Option<Fraction>,
    /// Whether an empty cell breaks the rule.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub filled: bool,
    /// Minimum number of characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u64>,
    /// Maximum number of characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u64>,
    /// Allowed values. Any value if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<String>>,
    /// Minimum value of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Maximum value of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Earliest date, or `now`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earliest: Option<String>,
    /// Latest date, or `now`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<String>,
    /// Consequence of a cell that breaks a rule. Defaults to `reject`.
    #[serde(default = "reject", skip_serializing_if = "is_reject")]
    pub severity: Severity,
}

/// Limits on a number of rows.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowCountRule {
    /// Minimum number of rows.
    #[serde(default)]
    pub min: u64,
    /// Maximum number of rows. No limit if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u64>,
    /// Consequence of any other number. Defaults to `fail`.
    #[serde(default = "fail", skip_serializing_if = "is_fail")]
    pub severity: Severity,
}

/// Limit on a share of rows.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FractionRule {
    /// Maximum share, from 0 to 1.
    pub max_share: Fraction,
    /// Consequence of a larger share. Defaults to `fail`.
    #[serde(default = "fail", skip_serializing_if = "is_fail")]
    pub severity: Severity,
}

/// Check without a limit.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlainRule {
    /// Consequence of a failed check. Defaults to `reject`.
    #[serde(default = "reject", skip_serializing_if = "is_reject")]
    pub severity: Severity,
}

/// Limits on the class balance.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BalanceRule {
    /// Minimum share of spam, from 0 to 1.
    pub min: Fraction,
    /// Maximum share of spam, from 0 to 1.
    pub max: Fraction,
    /// Consequence of any other share. Defaults to `fail`.
    #[serde(default = "fail", skip_serializing_if = "is_fail")]
    pub severity: Severity,
}

/// Limit on the age of the latest row.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreshnessRule {
    /// Maximum age in days.
    pub max_age_days: f64,
    /// Consequence of a greater age. Defaults to `fail`.
    #[serde(default = "fail", skip_serializing_if = "is_fail")]
    pub severity: Severity,
}

fn reject() -> Severity {
    Severity::Reject
}

fn fail() -> Severity {
    Severity::Fail
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_reject(severity: &Severity) -> bool {
    *severity == Severity::Reject
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_fail(severity: &Severity) -> bool {
    *severity == Severity::Fail
}

impl Contract {
    /// The default contract: no text may have both labels. Malformed rows and unreadable labels are always rejected.
    pub fn basic() -> Self {
        Self { conflicts: Some(PlainRule { severity: Severity::Reject }), ..Self::default() }
    }

    pub fn read(place: &Place) -> Result<Self> {
        Self::parse(&place.read_text_within(limits::SETTINGS_BYTES)?).with_context(|| place.to_string())
    }

    /// Parses a contract. An unknown key is an error that names its line.
    pub fn parse(text: &str) -> Result<Self> {
        let contract: Self = toml_file::parse(text)?;
        for (name, column) in &contract.column {
            for bound in [&column.earliest, &column.latest].into_iter().flatten() {
                let known = bound == "now" || dates::read(bound).is_some();
                ensure!(known, "column '{name}': {} is not a date; use a date or now", shown(bound));
            }
            let (min, max) = (column.min_length.unwrap_or(0), column.max_length.unwrap_or(u64::MAX));
            ensure!(min <= max, "column '{name}': min_length {min} is over max_length {max}; change one");
            let (min, max) = (column.min.unwrap_or(f64::MIN), column.max.unwrap_or(f64::MAX));
            ensure!(min <= max, "column '{name}': min {min} to max {max} is not a range; change one");
        }
        if let Some(RowCountRule { min, max: Some(max), .. }) = &contract.rows {
            ensure!(min <= max, "[rows]: min {min} is over max {max}; change one");
        }
        if let Some(BalanceRule { min, max, .. }) = &contract.balance {
            ensure!(min <= max, "[balance]: min {min} is over max {max}; change one");
        }
        if let Some(freshness) = &contract.freshness {
            let age = freshness.max_age_days;
            ensure!(age.is_finite() && age >= 0.0, "[freshness]: max_age_days is {age}; use 0 or more");
        }
        for (name, severity) in contract.table_severities() {
            ensure!(
                severity != Severity::Reject,
                "[{name}]: severity reject applies only to rows; use warn or fail"
            );
        }
        Ok(contract)
    }

    /// The severities of the checks that apply to the table.
    fn table_severities(&self) -> impl Iterator<Item = (&'static str, Severity)> {
        let severities = [
            ("rows", self.rows.as_ref().map(|check| check.severity)),
            ("rejects", self.rejects.as_ref().map(|check| check.severity)),
            ("balance", self.balance.as_ref().map(|check| check.severity)),
            ("freshness", self.freshness.as_ref().map(|check| check.severity)),
        ];
        severities.into_iter().filter_map(|(name, severity)| Some((name, severity?)))
    }
}
