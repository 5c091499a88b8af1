//! The analyzer: the settings for turning a text into terms, and reusable buffers.

use serde::{Deserialize, Serialize};

use super::kind::{Ngrams, TermKind};
use super::stems::{Language, Stems};
use super::stop::StopWords;

/// How a text becomes terms; part of the model file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Analyzer {
    /// What a term is made of.
    pub kind: TermKind,
    /// How many words or characters make a term.
    pub ngrams: Ngrams,
    /// For messages: how many characters within words make an additional term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chars: Option<Ngrams>,
    /// Whether text is lowercased.
    pub lowercase: bool,
    /// The language for stemming.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stem: Option<Language>,
    /// Words to leave out.
    #[serde(default, skip_serializing_if = "StopWords::is_empty")]
    pub stop: StopWords,
}

impl Default for Analyzer {
    /// Words and punctuation, pairs of them, and the shape of the message.
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

/// Buffers reused from text to text, for one analyzer.
#[derive(Default)]
pub struct AnalyzerBuffers {
    /// Whether only keys are needed: then words get no spelling.
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
    /// The stems of known words; none for stop words.
    pub(super) stems: Stems,
}

/// The text, lowercased if the analyzer says so. It uses the buffer's memory; the caller must give it back.
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
