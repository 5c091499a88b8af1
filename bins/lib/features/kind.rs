//! Defines the kinds of terms (word, char, char_wb, message) and the range of n-gram lengths.

use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kind of terms that an analyzer makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TermKind {
    /// scikit-learn's words: two or more letters, digits or underscores.
    Word,
    /// Character n-grams.
    Char,
    /// Character n-grams within words. Each word is padded with a space on both sides.
    CharWb,
    /// Words and punctuation of the normalised text, and tokens for its shape.
    #[default]
    Message,
}

impl TermKind {
    /// Whether terms consist of words, which can be stemmed or left out.
    pub fn has_words(self) -> bool {
        matches!(self, Self::Word | Self::Message)
    }
}

impl FromStr for TermKind {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        Ok(match name {
            "word" => Self::Word,
            "char" => Self::Char,
            "char_wb" => Self::CharWb,
            "message" => Self::Message,
            _ => bail!("expected word, char, char_wb or message"),
        })
    }
}

/// A range of the number of words or characters in a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(try_from = "[usize; 2]", into = "[usize; 2]")]
pub struct Ngrams {
    pub fewest: usize,
    pub most: usize,
}

impl TryFrom<[usize; 2]> for Ngrams {
    type Error = anyhow::Error;

    fn try_from([fewest, most]: [usize; 2]) -> Result<Self> {
        ensure!(
            (1..=most).contains(&fewest) && most <= 12,
            "n-gram range {fewest}-{most} is invalid; use ascending numbers from 1 to 12, such as 1-2"
        );
        Ok(Self { fewest, most })
    }
}

impl From<Ngrams> for [usize; 2] {
    fn from(ngrams: Ngrams) -> Self {
        [ngrams.fewest, ngrams.most]
    }
}

impl FromStr for Ngrams {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (fewest, most) = text.split_once('-').unwrap_or((text, text));
        match (fewest.parse(), most.parse()) {
            (Ok(fewest), Ok(most)) => Self::try_from([fewest, most]),
            _ => bail!("expected a number or a range such as 1-2"),
        }
    }
}

impl fmt::Display for Ngrams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.fewest, self.most)
    }
}
