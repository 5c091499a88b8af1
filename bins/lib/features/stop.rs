//! Parses stop words, which the analyzer leaves out.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StopWords(BTreeSet<String>);

impl StopWords {
    /// The 318 words of scikit-learn's list `english`, from the Glasgow information retrieval group.
    pub fn english() -> Self {
        Self::of(include_str!("english.txt"))
    }

    /// The words of a text, separated by white space.
    pub fn of(text: &str) -> Self {
        Self(text.split_whitespace().map(str::to_lowercase).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn has(&self, word: &str) -> bool {
        !self.0.is_empty() && self.0.contains(word)
    }
}
