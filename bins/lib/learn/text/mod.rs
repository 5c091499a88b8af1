//! How a text becomes terms: words, characters, or the whole look of a message.

mod chars;
mod key;
mod look_alikes;
mod message;
mod spelled;
mod stop;
mod words;

use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail, ensure};
use serde::{Deserialize, Serialize};

pub(super) use message::count;
pub use stop::StopWords;
pub use words::Language;

/// What a term is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// scikit-learn's words: two or more letters, digits or underscores.
    Word,
    /// Characters.
    Char,
    /// Characters within words, the words padded with a space on both sides.
    CharWb,
    /// Words and punctuation of a normalised text, and tokens for its shape.
    #[default]
    Message,
}

impl Kind {
    /// Whether terms are made of words, which may be stemmed or left out.
    pub fn has_words(self) -> bool {
        matches!(self, Self::Word | Self::Message)
    }
}

impl FromStr for Kind {
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

/// How many words or characters make a term, from the fewest to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "[usize; 2]", into = "[usize; 2]")]
pub struct Ngrams {
    /// The fewest.
    pub fewest: usize,
    /// The most.
    pub most: usize,
}

impl TryFrom<[usize; 2]> for Ngrams {
    type Error = anyhow::Error;

    fn try_from([fewest, most]: [usize; 2]) -> Result<Self> {
        ensure!((1..=most).contains(&fewest) && most <= 12, "n-grams go from 1 to 12, the fewest first");
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
            _ => bail!("expected a number, or two such as 1-2"),
        }
    }
}

impl fmt::Display for Ngrams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.fewest, self.most)
    }
}

/// How a text becomes terms; part of the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Analyzer {
    /// What a term is made of.
    pub kind: Kind,
    /// How many of them.
    pub ngrams: Ngrams,
    /// How many characters of a message's words make a term, besides the words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chars: Option<Ngrams>,
    /// Whether upper case is folded.
    pub lowercase: bool,
    /// The language whose endings are cut off words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stem: Option<Language>,
    /// Words that are as if they were not there.
    #[serde(default, skip_serializing_if = "StopWords::is_empty")]
    pub stop: StopWords,
}

impl Default for Analyzer {
    /// Words and punctuation with their pairs, and the shape of the message.
    fn default() -> Self {
        let ngrams = Ngrams { fewest: 1, most: 2 };
        Self {
            kind: Kind::Message,
            ngrams,
            chars: None,
            lowercase: true,
            stem: None,
            stop: StopWords::default(),
        }
    }
}

/// A term as it is found in a text.
#[derive(Clone, Copy, Debug)]
pub struct Term<'a> {
    /// The number that stands for it.
    pub key: u64,
    /// What it is spelled with first: nothing, for a word.
    pub mark: &'static str,
    /// The rest of it.
    pub text: &'a str,
}

impl<'a> Term<'a> {
    /// A term that stands for the shape of a text.
    fn shape(text: &'a str) -> Self {
        Self { key: key::marked(key::SHAPE, text), mark: key::SHAPE, text }
    }

    /// A term that stands for the cell of a column.
    pub fn cell(text: &'a str) -> Self {
        Self { key: key::marked(key::CELL, text), mark: key::CELL, text }
    }
}

/// Memory that goes from text to text, for one analyzer.
#[derive(Default)]
pub struct Scratch {
    /// Whether nobody asks how terms are spelled: their keys are all there is then, as far as words go.
    pub(super) unspelled: bool,
    /// The text, lower case or normalised.
    text: String,
    /// The words, a space between two.
    words: String,
    /// Where each word of `words` begins and ends.
    spans: Vec<(usize, usize)>,
    /// The key of each word.
    keys: Vec<u64>,
    /// Where each character of a text begins, for n-grams of characters.
    starts: Vec<usize>,
    /// A token under construction.
    token: String,
    /// Letters that may be one word: f r e e.
    letters: String,
    /// What became of words seen before: their stems, or none of stop words.
    stems: words::Stems,
}

impl Analyzer {
    /// Calls `each` with every term of a text, as often as it occurs.
    #[inline]
    pub fn each(&self, text: &str, scratch: &mut Scratch, each: &mut impl FnMut(Term)) {
        match self.kind {
            Kind::Word => words::each(self, text, scratch, each),
            Kind::Char => chars::each(self, text, scratch, each),
            Kind::CharWb => chars::each_within_words(self, text, scratch, each),
            Kind::Message => {
                message::read(self, text, scratch, each);
                words::each_ngram(scratch, self.ngrams, each);
            }
        }
    }

    /// All terms of a text.
    pub fn terms(&self, text: &str) -> Vec<String> {
        let mut terms = Vec::new();
        self.each(text, &mut Scratch::default(), &mut |Term { mark, text, .. }| {
            terms.push(format!("{mark}{text}"));
        });
        terms
    }

    /// The key of a term as it is written in a model.
    pub fn key(&self, term: &str) -> u64 {
        key::of(self.kind, term)
    }

    /// A term of a model as a person may read it, on one line and harmless in any cell: `free`, `call now`, `'!'`,
    /// `(length 7)`, `(chars ␣fre)`, `[channel = sms]`.
    pub fn spelled(&self, term: &str) -> String {
        spelled::of(self.kind, term)
    }
}

/// The text, in lower case where the analyzer folds it, in the scratch's memory: whoever takes it gives it back.
fn cased(analyzer: &Analyzer, text: &str, scratch: &mut Scratch) -> String {
    let mut out = std::mem::take(&mut scratch.text);
    out.clear();
    if analyzer.lowercase && !text.is_ascii() {
        out.push_str(&text.to_lowercase());
        return out;
    }
    out.push_str(text);
    if analyzer.lowercase {
        out.make_ascii_lowercase();
    }
    out
}
