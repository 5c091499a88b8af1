//! Finds the columns of texts, labels and dates by their names.

use anyhow::{Result, bail};

use crate::io::diagnostics::shown;

const TEXT: [&str; 6] = ["text", "message", "body", "email", "content", "v2"];
const LABEL: [&str; 5] = ["label", "category", "class", "target", "v1"];
const DATE: [&str; 4] = ["date", "time", "timestamp", "created_at"];

/// Column names set by the user instead of the usual ones.
#[derive(Clone, Debug, Default)]
pub struct ColumnNames {
    pub text: Option<String>,
    pub label: Option<String>,
    pub date: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Header {
    names: Vec<String>,
    pub(super) text: Option<usize>,
    pub(super) label: Option<usize>,
    pub(super) date: Option<usize>,
}

impl Header {
    /// The header of a file whose columns are all known, so a column that the user named must exist.
    pub(super) fn complete(names: Vec<String>, own: &ColumnNames) -> Result<Self> {
        let mut header = Self { names, ..Self::default() };
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
        if let Some(name) = self.names.iter().find(|name| name.contains('\0')) {
            bail!("column name {} contains a NUL byte; rename the column", shown(name));
        }
        self.text = self.pick(self.text, own.text.as_deref(), &TEXT)?;
        self.label = self.pick(self.label, own.label.as_deref(), &LABEL)?;
        self.date = self.pick(self.date, own.date.as_deref(), &DATE)?;
        Ok(())
    }

    /// Adds a column from a later JSON row, and returns its index.
    pub(super) fn add(&mut self, name: &str, own: &ColumnNames) -> Result<usize> {
        self.names.push(name.to_owned());
        self.resolve(own).inspect_err(|_| drop(self.names.pop()))?;
        Ok(self.names.len() - 1)
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
        self.names.iter().position(|found| found == name)
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
                format!("no column {} among {}; run score first", shown(name), self.listed())
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
