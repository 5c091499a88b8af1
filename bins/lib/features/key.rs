//! Computes the key of a term: a 64-bit hash, made while the text is read.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::kind::TermKind;

/// The mark of a shape token. Words contain no space, so a message cannot imitate the mark.
pub(super) const SHAPE: &str = " ";

/// The mark of a character n-gram, if there are also words.
pub(super) const CHARS: &str = "\t";

/// The mark of a cell of a feature column. No character n-gram contains two spaces.
pub(super) const CELL: &str = "  ";

/// The key of a word or a character n-gram.
#[inline]
pub(super) fn word(word: &str) -> u64 {
    xxh3_64(word.as_bytes())
}

/// The key of a term with a mark.
#[inline]
pub(super) fn marked(mark: &str, text: &str) -> u64 {
    xxh3_64_with_seed(text.as_bytes(), mark.bytes().fold(0, |seed, byte| seed << 8 | u64::from(byte)))
}

/// The key of an n-gram and one more word: the folded halves of a 128-bit product.
#[inline]
pub(super) fn join(words: u64, word: u64) -> u64 {
    let product = u128::from(words ^ 0x243f_6a88_85a3_08d3) * u128::from(word ^ 0x1319_8a2e_0370_7344);
    #[expect(clippy::cast_possible_truncation, reason = "the low half and the high half are combined")]
    let folded = product as u64 ^ (product >> 64) as u64;
    folded
}

/// Splits a term of a model file into mark and text. Compares bytes for speed, because a model has hundreds of
/// thousands of terms.
pub(super) fn parts(kind: TermKind, term: &str) -> (&'static str, &str) {
    let chars = matches!(kind, TermKind::Char | TermKind::CharWb);
    let mark = match term.as_bytes() {
        [b' ', b' ', ..] => CELL,
        [b' ', ..] if !chars => SHAPE,
        [b'\t', ..] if !chars => CHARS,
        _ => "",
    };
    (mark, &term[mark.len()..])
}

/// The key of a term in a model file.
pub(super) fn of(kind: TermKind, term: &str) -> u64 {
    let (mark, text) = parts(kind, term);
    if !mark.is_empty() {
        return marked(mark, text);
    }
    if matches!(kind, TermKind::Char | TermKind::CharWb) {
        return word(term);
    }
    let mut words = term.as_bytes().split(|byte| *byte == b' ').map(xxh3_64);
    let first = words.next().unwrap_or_default();
    words.fold(first, join)
}
