//! The column names, and which columns hold texts, labels and dates.

use anyhow::{Result, bail};

use crate::io::diagnostics::shown;

const TEXT: [&str; 6] = ["text", "message", "body", "email", "content", "v2"];
const LABEL: [&str; 5] = ["label", "category", "class", "target", "v1"];
const DATE: [&str; 4] = ["date", "time", "timestamp", "created_at"];

/// Columns that go by names of their own.
#[derive(Clone, Debug, Default)]
pub struct ColumnNames {
    /// The column of the texts.
    pub text: Option<String>,
    /// The column of the labels.
    pub label: Option<String>,
    /// The column of the dates.
    pub date: Option<String>,
}

/// The columns of some rows.
#[derive(Clone, Debug, Default)]
pub struct Header {
    names: Vec<String>,
    pub(super) text: Option<usize>,
    pub(super) label: Option<usize>,
    pub(super) date: Option<usize>,
}

impl Header {
    /// The header of a file of which no more names will follow, so that a column asked for must be there.
    pub(super) fn whole(names: Vec<String>, own: &ColumnNames) -> Result<Self> {
        let mut header = Self { names, ..Self::default() };
        header.resolve(own)?;
        for (asked, found) in [(&own.text, header.text), (&own.label, header.label), (&own.date, header.date)]
        {
            if let (Some(name), None) = (asked, found) {
                bail!(header.lacks(name));
            }
        }
        Ok(header)
    }

    fn resolve(&mut self, own: &ColumnNames) -> Result<()> {
        if let Some(name) = self.names.iter().find(|name| name.contains('\0')) {
            bail!("the name {} of a column is not text", shown(name));
        }
        self.text = self.pick(self.text, own.text.as_deref(), &TEXT)?;
        self.label = self.pick(self.label, own.label.as_deref(), &LABEL)?;
        self.date = self.pick(self.date, own.date.as_deref(), &DATE)?;
        Ok(())
    }

    /// Adds a column that a later row of JSON brought, and gives its index.
    pub(super) fn add(&mut self, name: &str, own: &ColumnNames) -> Result<usize> {
        self.names.push(name.to_owned());
        self.resolve(own).inspect_err(|_| drop(self.names.pop()))?;
        Ok(self.names.len() - 1)
    }

    /// The column of a kind: the one found before (rows of one file are read alike), else the one asked for, else the
    /// first of the usual names.
    fn pick(&self, found: Option<usize>, asked: Option<&str>, usual: &[&str]) -> Result<Option<usize>> {
        let found = found.and_then(|column| self.names.get(column)).map(|name| name.trim());
        let candidates = match found.or(asked) {
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

    /// The number of columns.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are no columns at all.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The name of a column, or its number from 1 where it has none.
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

    /// The index of the column of labels.
    pub fn label(&self) -> Option<usize> {
        self.label
    }

    /// The index of the column of dates.
    pub fn date(&self) -> Option<usize> {
        self.date
    }

    /// A name that two columns share, which JSON cannot say.
    pub(super) fn twice(&self) -> Option<&str> {
        let mut names: Vec<&str> = self.names().collect();
        names.sort_unstable();
        names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
    }

    /// The names for the error line that misses one.
    fn among(&self) -> String {
        const MOST: usize = 8;
        let mut names: Vec<String> = self.names().take(MOST).map(shown).collect();
        if self.len() > MOST {
            names.push("…".into());
        }
        if names.is_empty() { String::new() } else { format!(" among {}", names.join(", ")) }
    }

    /// That there is no such column.
    pub(super) fn lacks(&self, name: &str) -> String {
        format!("no column {}{}", shown(name), self.among())
    }

    /// That there is no column of a kind: not the one asked for, or none of the usual ones.
    pub(super) fn lacks_kind(&self, kind: &str, asked: Option<&String>) -> String {
        match asked {
            Some(name) => self.lacks(name),
            None => format!("no {kind} column{}; name it with --{kind}-column", self.among()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_refused_once_is_refused_again() {
        let own = ColumnNames::default();
        let mut header = Header::default();
        assert_eq!(header.add("text", &own).unwrap(), 0);
        for name in ["Text", "Text", "a\0b"] {
            assert!(header.add(name, &own).is_err());
        }
        assert_eq!(header.add("label", &own).unwrap(), 1);
    }
}
