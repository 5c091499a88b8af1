//! The rules of a contract: its TOML format, with columns, limits and severities.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::io::dates;
use crate::io::diagnostics::shown;
use crate::io::fraction::Fraction;
use crate::io::stream::Place;
use crate::io::toml_file;

/// How bad it is when a check fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Reported.
    Warn,
    /// The row is set aside.
    Reject,
    /// The row is set aside where it is one, and the verdict is no.
    Fail,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// Any text.
    Text,
    /// One of the two classes, in a spelling that all tools know.
    Label,
    /// A date in a spelling that all tools know.
    Date,
    /// A number.
    Number,
    /// A number without a fraction.
    Integer,
}

/// The whole contract.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// The columns, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub column: BTreeMap<String, ColumnRule>,
    /// How many rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowCountRule>,
    /// Rows refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejects: Option<FractionRule>,
    /// Rows with the text of an earlier one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicates: Option<FractionRule>,
    /// Rows that give an earlier text the other label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflicts: Option<PlainRule>,
    /// The share of positives among labelled rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<BalanceRule>,
    /// The age of the latest row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freshness: Option<FreshnessRule>,
}

/// What one column must be like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnRule {
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: ColumnType,
    /// Whether it may be missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// The most empty cells; without a limit any number may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_null_share: Option<Fraction>,
    /// Whether an empty cell refuses its row.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub filled: bool,
    /// The fewest characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u64>,
    /// The most characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u64>,
    /// The only values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<String>>,
    /// The least number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The greatest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// The earliest date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earliest: Option<String>,
    /// The latest date, or `now`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<String>,
    /// How bad a cell out of bounds is.
    #[serde(default = "reject", skip_serializing_if = "is_reject")]
    pub severity: Severity,
}

/// Bounds on a number of rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowCountRule {
    /// The fewest.
    #[serde(default)]
    pub min: u64,
    /// The most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u64>,
    /// How bad another number is.
    #[serde(default = "fail", skip_serializing_if = "is_fail")]
    pub severity: Severity,
}

/// A bound on a share of rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FractionRule {
    /// The greatest share.
    pub max_share: Fraction,
    /// How bad more is.
    #[serde(default = "fail", skip_serializing_if = "is_fail")]
    pub severity: Severity,
}

/// A check without a bound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlainRule {
    /// How bad a hit is.
    #[serde(default = "reject", skip_serializing_if = "is_reject")]
    pub severity: Severity,
}

/// Bounds on the share of positives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BalanceRule {
    /// The least share.
    pub min: Fraction,
    /// The greatest share.
    pub max: Fraction,
    /// How bad another share is.
    #[serde(default = "fail", skip_serializing_if = "is_fail")]
    pub severity: Severity,
}

/// A bound on the age of the latest row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreshnessRule {
    /// The greatest age.
    pub max_age_days: f64,
    /// How bad a greater one is.
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
    /// What holds where nobody wrote a contract, besides rows and labels that can be read: no text with both labels.
    pub fn basic() -> Self {
        Self { conflicts: Some(PlainRule { severity: Severity::Reject }), ..Self::default() }
    }

    /// Reads a contract.
    pub fn read(place: &Place) -> Result<Self> {
        Self::parse(&place.read_text()?).with_context(|| place.to_string())
    }

    /// Reads a contract from TOML; an unknown key is an error that names its line.
    pub fn parse(text: &str) -> Result<Self> {
        let contract: Self = toml_file::parse(text)?;
        for (name, column) in &contract.column {
            for bound in [&column.earliest, &column.latest].into_iter().flatten() {
                let known = bound == "now" || dates::read(bound).is_some();
                ensure!(known, "column '{name}': {} is neither a date nor now", shown(bound));
            }
            let lengths = (column.min_length.unwrap_or(0), column.max_length.unwrap_or(u64::MAX));
            ensure!(lengths.0 <= lengths.1, "column '{name}': min_length is over max_length");
            let (least, most) = (column.min.unwrap_or(f64::MIN), column.max.unwrap_or(f64::MAX));
            ensure!(least <= most, "column '{name}': min and max leave no number");
        }
        if let Some(rows) = &contract.rows {
            ensure!(rows.max.is_none_or(|max| rows.min <= max), "[rows]: min is over max");
        }
        if let Some(balance) = &contract.balance {
            ensure!(balance.min <= balance.max, "[balance]: min is over max");
        }
        if let Some(freshness) = &contract.freshness {
            let age = freshness.max_age_days;
            ensure!(age.is_finite() && age >= 0.0, "[freshness]: max_age_days is no number of days");
        }
        for (name, severity) in contract.of_the_table() {
            ensure!(
                severity != Severity::Reject,
                "[{name}]: severity is warn or fail: there is no row to reject"
            );
        }
        Ok(contract)
    }

    /// The checks on the table as a whole.
    fn of_the_table(&self) -> impl Iterator<Item = (&'static str, Severity)> {
        let all = [
            ("rows", self.rows.as_ref().map(|check| check.severity)),
            ("rejects", self.rejects.as_ref().map(|check| check.severity)),
            ("balance", self.balance.as_ref().map(|check| check.severity)),
            ("freshness", self.freshness.as_ref().map(|check| check.severity)),
        ];
        all.into_iter().filter_map(|(name, severity)| Some((name, severity?)))
    }
}
