//! Finds the columns of texts, labels and dates by their names.

use std::collections::HashMap;

use anyhow::{Result, bail, ensure};

use crate::io::diagnostics::shown;
use crate::io::fraction::Fraction;

/// Column with the reason why a row was picked for labelling.
pub(super) const PICKED_FOR: &str = "picked_for";
/// Column with the probability with which a random row was picked.
pub(super) const PICKED_PROBABILITY: &str = "picked_probability";

const TEXT: [&str; 6] = ["text", "message", "body", "email", "content", "v2"];
const LABEL: [&str; 5] = ["label", "category", "class", "target", "v1"];
const PICKED: [&str; 1] = [PICKED_FOR];
const DATE: [&str; 4] = ["date", "time", "timestamp", "created_at"];

/// Column names set by the user instead of the usual ones.
#[derive(Clone, Debug, Default)]
pub struct ColumnNames {
    pub text: Option<String>,
    pub label: Option<String>,
    pub date: Option<String>,
}

/// The columns with the scores and verdicts of another system.
#[derive(Clone, Debug, Default)]
pub struct ScoredColumns {
    pub score: Option<String>,
    pub verdict: Option<String>,
    /// Minimum score of a positive verdict, if no column has the verdict.
    pub threshold: Option<Fraction>,
    /// Whether a file with the column `spam_score` is the output of `score`, and the other columns do not count.
    pub own_first: bool,
}

impl ScoredColumns {
    /// Whether a column of another system is named.
    pub fn are_named(&self) -> bool {
        self.score.is_some() || self.verdict.is_some()
    }

    /// The threshold of scores without a verdict.
    pub fn threshold(&self) -> Fraction {
        self.threshold.unwrap_or(Fraction::HALF)
    }
}

#[derive(Clone, Debug, Default)]
pub struct Header {
    names: Vec<String>,
    /// The first column of each name.
    columns: HashMap<String, usize>,
    pub(super) text: Option<usize>,
    pub(super) label: Option<usize>,
    pub(super) date: Option<usize>,
    /// The reason why a row was picked for labelling.
    pub(super) picked: Option<usize>,
}

impl Header {
    /// The header of a file whose columns are all known, so a column that the user named must exist.
    pub(super) fn complete(names: Vec<String>, own: &ColumnNames) -> Result<Self> {
        let mut header = Self { names, ..Self::default() };
        for (column, name) in header.names.iter().enumerate() {
            header.columns.entry(name.clone()).or_insert(column);
        }
        header.resolve(own)?;
        for (name, found) in [(&own.text, header.text), (&own.label, header.label), (&own.date, header.date)]
        {
            if let (Some(name), None) = (name, found) {
                bail!(header.no_column(name));
            }
        }
        Ok(header)
    }

    fn resolve(&mut self, own: &ColumnNames) -> Result<()> {
        self.names.iter().try_for_each(|name| expect_no_nul(name))?;
        self.text = self.pick(self.text, own.text.as_deref(), &TEXT)?;
        self.label = self.pick(self.label, own.label.as_deref(), &LABEL)?;
        self.date = self.pick(self.date, own.date.as_deref(), &DATE)?;
        self.picked = self.pick(self.picked, None, &PICKED)?;
        Ok(())
    }

    /// Adds a column from a JSON row, and returns its index. The cost does not depend on the number of columns.
    pub(super) fn add(&mut self, name: &str, own: &ColumnNames) -> Result<usize> {
        expect_no_nul(name)?;
        let [text, label, date, picked] = [
            self.pick_added(name, self.text, own.text.as_deref(), &TEXT)?,
            self.pick_added(name, self.label, own.label.as_deref(), &LABEL)?,
            self.pick_added(name, self.date, own.date.as_deref(), &DATE)?,
            self.pick_added(name, self.picked, None, &PICKED)?,
        ];
        (self.text, self.label, self.date, self.picked) = (text, label, date, picked);
        self.columns.entry(name.to_owned()).or_insert(self.names.len());
        self.names.push(name.to_owned());
        Ok(self.names.len() - 1)
    }

    /// The column of one kind after a column with this name was added. No earlier column fits if none was found.
    fn pick_added(
        &self,
        name: &str,
        found: Option<usize>,
        own: Option<&str>,
        usual: &[&str],
    ) -> Result<Option<usize>> {
        let fits = |candidate: &str| name.trim().eq_ignore_ascii_case(candidate);
        match (found, own) {
            (Some(column), _) if fits(self.names[column].trim()) => {
                bail!("two columns are named {}; rename one", shown(self.names[column].trim()))
            }
            (Some(column), _) => Ok(Some(column)),
            (None, Some(own)) => Ok(fits(own).then_some(self.len())),
            (None, None) => Ok(usual.iter().any(|candidate| fits(candidate)).then_some(self.len())),
        }
    }

    /// Removes the columns that a malformed row added.
    pub(super) fn truncate(&mut self, columns: usize) {
        for name in self.names.drain(columns.min(self.names.len())..) {
            self.columns.remove(&name);
        }
        for kind in [&mut self.text, &mut self.label, &mut self.date, &mut self.picked] {
            *kind = kind.filter(|column| *column < columns);
        }
    }

    /// The column of one kind. A column found earlier wins, so that all rows of a file use the same column. Next comes
    /// the name set by the user. If the user set no name, the first of the usual names wins.
    fn pick(&self, found: Option<usize>, own: Option<&str>, usual: &[&str]) -> Result<Option<usize>> {
        let found = found.and_then(|column| self.names.get(column)).map(|name| name.trim());
        let candidates = match found.or(own) {
            Some(name) => vec![name],
            None => usual.to_vec(),
        };
        for candidate in candidates {
            let mut named = (0..self.len()).filter(|&column| self.is_named(column, candidate));
            match (named.next(), named.next()) {
                (None, _) => {}
                (first, None) => return Ok(first),
                _ => bail!("two columns are named {}; rename one", shown(candidate)),
            }
        }
        Ok(None)
    }

    fn is_named(&self, column: usize, name: &str) -> bool {
        self.names[column].trim().eq_ignore_ascii_case(name)
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The name of a column; its number from 1 if the name is empty.
    pub fn name(&self, column: usize) -> String {
        match self.names.get(column) {
            Some(name) if !name.is_empty() => name.clone(),
            _ => (column + 1).to_string(),
        }
    }

    /// The index of a column by its exact name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.columns.get(name).copied()
    }

    /// Whether a column has exactly this name.
    pub(super) fn is_exactly(&self, column: usize, name: &str) -> bool {
        self.names.get(column).is_some_and(|found| found == name)
    }

    pub fn label(&self) -> Option<usize> {
        self.label
    }

    pub fn date(&self) -> Option<usize> {
        self.date
    }

    /// A name that two columns share, which JSON does not allow.
    pub(super) fn duplicate_name(&self) -> Option<&str> {
        let mut names: Vec<&str> = self.names().collect();
        names.sort_unstable();
        names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
    }

    /// Up to eight column names for an error message.
    fn listed(&self) -> String {
        const MOST: usize = 8;
        let mut names: Vec<String> = self.names().take(MOST).map(shown).collect();
        if self.len() > MOST {
            names.push("…".into());
        }
        names.join(", ")
    }

    /// The error message for a missing column.
    pub(super) fn no_column(&self, name: &str) -> String {
        match name {
            _ if self.is_empty() => {
                format!("no column {}: the file has no columns; check its path or add rows", shown(name))
            }
            "spam_score" | "verdict" => {
                format!(
                    "no column {} among {}; run score first (see --score-column of score for another system)",
                    shown(name),
                    self.listed()
                )
            }
            _ => format!("no column {}; choose one of {}", shown(name), self.listed()),
        }
    }

    /// The error message for a missing text column. The message names the column that the user set, or the usual
    /// names.
    pub(super) fn no_text_column(&self, own: Option<&str>) -> String {
        self.no_column_of_kind("text", own, &TEXT)
    }

    /// Like [`Header::no_text_column`], for dates.
    pub(super) fn no_date_column(&self, own: Option<&str>) -> String {
        self.no_column_of_kind("date", own, &DATE)
    }

    fn no_column_of_kind(&self, kind: &str, own: Option<&str>, usual: &[&str]) -> String {
        if let Some(name) = own {
            return self.no_column(name);
        }
        let among = if self.is_empty() { String::new() } else { format!(" among {}", self.listed()) };
        format!("no {kind} column{among}: expected {}; set --{kind}-column", usual.join(", "))
    }
}

fn expect_no_nul(name: &str) -> Result<()> {
    ensure!(!name.contains('\0'), "column name {} contains a NUL byte; rename the column", shown(name));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_a_bad_name_every_time() {
        let own = ColumnNames::default();
        let mut header = Header::default();
        assert_eq!(header.add("text", &own).unwrap(), 0);
        for name in ["Text", "Text", "a\0b"] {
            assert!(header.add(name, &own).is_err());
        }
        assert_eq!(header.add("label", &own).unwrap(), 1);
    }
}
