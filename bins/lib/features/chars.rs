//! Finds character n-grams, the same as scikit-learn's analyzers `char` and `char_wb`.

use super::analyzer::{Analyzer, AnalyzerBuffers, cased};
use super::key::{self, CHARS};
use super::kind::Ngrams;
use super::term::Term;

/// Whether Python counts a character as white space.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// Calls `each` with every n-gram of the text; a run of white space counts as one space.
pub(super) fn each(
    analyzer: &Analyzer,
    text: &str,
    scratch: &mut AnalyzerBuffers,
    each: &mut impl FnMut(Term),
) {
    let source = cased(analyzer, text, scratch);
    scratch.token.clear();
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        if is_space(c) && chars.next_if(|next| is_space(*next)).is_some() {
            while chars.next_if(|next| is_space(*next)).is_some() {}
            scratch.token.push(' ');
        } else {
            scratch.token.push(c);
        }
    }
    scratch.text = source;
    let AnalyzerBuffers { token, starts, .. } = scratch;
    find_starts(token, starts);
    for count in analyzer.ngrams.fewest..=analyzer.ngrams.most {
        for run in starts.windows(count + 1) {
            each(plain(&token[run[0]..run[count]]));
        }
    }
}

fn plain(text: &str) -> Term<'_> {
    Term { key: key::word(text), mark: "", text }
}

/// Calls `each` with every n-gram of each word, padded with a space on both sides. A word shorter than the n-gram
/// counts once.
pub(super) fn each_within_words(
    analyzer: &Analyzer,
    text: &str,
    scratch: &mut AnalyzerBuffers,
    each: &mut impl FnMut(Term),
) {
    let source = cased(analyzer, text, scratch);
    for word in source.split(is_space).filter(|word| !word.is_empty()) {
        let AnalyzerBuffers { token, starts, .. } = scratch;
        token.clear();
        token.extend([" ", word, " "]);
        find_starts(token, starts);
        for count in analyzer.ngrams.fewest..=analyzer.ngrams.most {
            if count + 1 >= starts.len() {
                each(plain(token));
                break;
            }
            for run in starts.windows(count + 1) {
                each(plain(&token[run[0]..run[count]]));
            }
        }
    }
    scratch.text = source;
}

/// Calls `each` with the character n-grams within one word of a message, padded on both sides.
pub(super) fn each_within(
    word: &str,
    ngrams: Ngrams,
    token: &mut String,
    starts: &mut Vec<usize>,
    each: &mut impl FnMut(Term),
) {
    token.clear();
    token.extend([" ", word, " "]);
    find_starts(token, starts);
    for count in ngrams.fewest..=ngrams.most.min(starts.len() - 1) {
        for run in starts.windows(count + 1) {
            let text = &token[run[0]..run[count]];
            each(Term { key: key::marked(CHARS, text), mark: CHARS, text });
        }
    }
}

/// Finds the start of each character, and the end of the text.
fn find_starts(text: &str, starts: &mut Vec<usize>) {
    starts.clear();
    starts.extend(text.char_indices().map(|(start, _)| start));
    starts.push(text.len());
}
