//! Defines the analyzer, the settings that turn a text into terms, and its reusable buffers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::kind::{Ngrams, TermKind};
use super::stems::{Language, Stems};
use super::stop::StopWords;

/// The settings that turn a text into terms. They are part of the model file.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Analyzer {
    /// The kind of terms.
    pub kind: TermKind,
    /// Range of the number of words or characters in a term.
    pub ngrams: Ngrams,
    /// Range of the length of extra character n-grams within words, for the kind `message`. If missing, there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chars: Option<Ngrams>,
    /// Whether texts are converted to lower case. If false, `WIN` and `win` are different terms.
    pub lowercase: bool,
    /// Language for stemming. If missing, words are not stemmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stem: Option<Language>,
    /// Words that are left out.
    #[serde(default, skip_serializing_if = "StopWords::is_empty")]
    pub stop: StopWords,
}

impl Default for Analyzer {
    /// The default finds words and punctuation, their pairs, and the shape of the message.
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

/// Reusable buffers for one analyzer.
#[derive(Default)]
pub struct AnalyzerBuffers {
    /// Whether only keys are needed. If so, words get no spelling.
    pub(crate) unspelled: bool,
    /// The text in lower case or normalised.
    pub(super) text: String,
    /// The words, separated by spaces.
    pub(super) words: String,
    /// The start and end of each word in `words`.
    pub(super) spans: Vec<(usize, usize)>,
    /// The key of each word.
    pub(super) keys: Vec<u64>,
    /// The start of each character of a text, for character n-grams.
    pub(super) starts: Vec<usize>,
    /// An unfinished token.
    pub(super) token: String,
    /// Letters that may form one word, such as f r e e.
    pub(super) letters: String,
    /// The stems of known words. Stop words have no stem.
    pub(super) stems: Stems,
}

/// Returns the text, in lower case if the analyzer requires it. The text uses the memory of the buffer. The caller must
/// return the text to the buffer.
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
