//! Turns a text into terms of the analyzer's kind.

use super::analyzer::{Analyzer, AnalyzerBuffers};
use super::kind::TermKind;
use super::term::Term;
use super::{chars, key, message, spelled, words};

impl Analyzer {
    /// Calls `each` with every term of a text, once for each occurrence.
    #[inline]
    pub fn each(&self, text: &str, scratch: &mut AnalyzerBuffers, each: &mut impl FnMut(Term)) {
        match self.kind {
            TermKind::Word => words::each(self, text, scratch, each),
            TermKind::Char => chars::each(self, text, scratch, each),
            TermKind::CharWb => chars::each_within_words(self, text, scratch, each),
            TermKind::Message => {
                message::read(self, text, scratch, each);
                words::each_ngram(scratch, self.ngrams, each);
            }
        }
    }

    /// All terms of a text, with repetitions.
    pub fn terms(&self, text: &str) -> Vec<String> {
        let mut terms = Vec::new();
        self.each(text, &mut AnalyzerBuffers::default(), &mut |Term { mark, text, .. }| {
            terms.push(format!("{mark}{text}"));
        });
        terms
    }

    /// The key of a term in a model file.
    pub fn key(&self, term: &str) -> u64 {
        key::of(self.kind, term)
    }

    /// Spells a term for display, on one line and safe in any spreadsheet cell: `free`, `call now`, `'!'`, `(length
    /// 7)`, `(chars ␣fre)`, `[channel = sms]`.
    pub fn spelled(&self, term: &str) -> String {
        spelled::of(self.kind, term)
    }
}
