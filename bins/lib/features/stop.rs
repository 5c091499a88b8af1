//! Stop words: words that the analyzer leaves out.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// A set of words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StopWords(BTreeSet<String>);

impl StopWords {
    /// The words of scikit-learn's list `english`: 318 of them, from the Glasgow information retrieval group.
    pub fn english() -> Self {
        Self::of(include_str!("english.txt"))
    }

    /// The words of a text, one or more a line.
    pub fn of(text: &str) -> Self {
        Self(text.split_whitespace().map(str::to_lowercase).collect())
    }

    /// Whether there are no words.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of words.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether a word is a stop word.
    pub fn has(&self, word: &str) -> bool {
        !self.0.is_empty() && self.0.contains(word)
    }
}
