//! Parses labels in every accepted spelling.

use anyhow::{Result, bail, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::io::diagnostics::shown;

/// The class of a row. Positive is the class that the model looks for: spam, churned, urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    Positive,
    Negative,
}

// pandas writes 1 and 0 as 1.0 and 0.0 if a column has empty cells.
const POSITIVE: [&str; 4] = ["spam", "1", "true", "1.0"];
const NEGATIVE: [&str; 4] = ["ham", "0", "false", "0.0"];

/// How labels are written in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSpelling {
    /// The value of the positive class; every other value is negative. If not set, the usual pairs apply.
    pub positive: Option<String>,
}

impl LabelSpelling {
    /// Parses a label. An empty cell is an unlabelled row.
    pub fn read(&self, cell: &str) -> Result<Option<Label>> {
        let value = cell.trim();
        if value.is_empty() {
            return Ok(None);
        }
        if let Some(positive) = &self.positive {
            return Ok(Some(if value == positive { Label::Positive } else { Label::Negative }));
        }
        let is_one_of = |names: &[&str]| names.iter().any(|name| value.eq_ignore_ascii_case(name));
        if is_one_of(&POSITIVE) {
            Ok(Some(Label::Positive))
        } else if is_one_of(&NEGATIVE) {
            Ok(Some(Label::Negative))
        } else {
            bail!("label {} is not 'spam' or 'ham'; set --positive or fix the row", shown(value))
        }
    }
}

/// The two values that `score` writes into the column `verdict`.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelNames {
    /// Value of a positive row.
    pub positive: String,
    /// Value of a negative row.
    pub negative: String,
}

impl Default for LabelNames {
    fn default() -> Self {
        Self { positive: "spam".into(), negative: "ham".into() }
    }
}

impl LabelNames {
    /// Fails if a name is empty, or if both names are the same: the verdicts would then say nothing.
    pub fn check(&self) -> Result<()> {
        let Self { positive, negative } = self;
        ensure!(!positive.is_empty() && !negative.is_empty(), "a class has an empty name");
        let has_controls = positive.chars().chain(negative.chars()).any(char::is_control);
        ensure!(!has_controls, "the name of a class has a control character");
        ensure!(positive != negative, "both classes have the name {}", shown(positive));
        Ok(())
    }

    /// The names if only the positive label is known.
    pub fn with_positive(positive: String) -> Self {
        Self { negative: format!("not {positive}"), positive }
    }

    pub fn of(&self, label: Label) -> &str {
        match label {
            Label::Positive => &self.positive,
            Label::Negative => &self.negative,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_the_usual_pairs_and_nothing_else() {
        let usual = LabelSpelling::default();
        for cell in ["spam", " Spam ", "1", "TRUE", "1.0"] {
            assert_eq!(usual.read(cell).unwrap(), Some(Label::Positive), "{cell}");
        }
        for cell in ["ham", "0", "false", "0.0"] {
            assert_eq!(usual.read(cell).unwrap(), Some(Label::Negative), "{cell}");
        }
        assert_eq!(usual.read("  ").unwrap(), None);
        assert!(usual.read("junk").unwrap_err().to_string().contains("'junk'"));
    }

    #[test]
    fn accepts_any_pair_with_a_positive_value() {
        let churn = LabelSpelling { positive: Some("churned".into()) };
        assert_eq!(churn.read("churned").unwrap(), Some(Label::Positive));
        assert_eq!(churn.read("stayed").unwrap(), Some(Label::Negative));
        assert_eq!(churn.read("").unwrap(), None);
    }
}
