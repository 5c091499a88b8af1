//! The analyzer: how a text becomes terms, and the memory that this takes.

use serde::{Deserialize, Serialize};

use super::kind::{Ngrams, TermKind};
use super::stems::{Language, Stems};
use super::stop::StopWords;

/// How a text becomes terms; part of the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Analyzer {
    /// What a term is made of.
    pub kind: TermKind,
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
            kind: TermKind::Message,
            ngrams,
            chars: None,
            lowercase: true,
            stem: None,
            stop: StopWords::default(),
        }
    }
}

/// Memory that goes from text to text, for one analyzer.
#[derive(Default)]
pub struct AnalyzerBuffers {
    /// Whether nobody asks how terms are spelled: their keys are all there is then, as far as words go.
    pub(crate) unspelled: bool,
    /// The text, lower case or normalised.
    pub(super) text: String,
    /// The words, a space between two.
    pub(super) words: String,
    /// Where each word of `words` begins and ends.
    pub(super) spans: Vec<(usize, usize)>,
    /// The key of each word.
    pub(super) keys: Vec<u64>,
    /// Where each character of a text begins, for n-grams of characters.
    pub(super) starts: Vec<usize>,
    /// A token under construction.
    pub(super) token: String,
    /// Letters that may be one word: f r e e.
    pub(super) letters: String,
    /// What became of words seen before: their stems, or none of stop words.
    pub(super) stems: Stems,
}

/// The text, in lower case where the analyzer folds it, in the scratch's memory: whoever takes it gives it back.
pub(super) fn cased(analyzer: &Analyzer, text: &str, scratch: &mut AnalyzerBuffers) -> String {
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
