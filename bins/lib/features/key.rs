//! The number that stands for a term: a hash of 64 bits, made while the text is read.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::kind::TermKind;

/// What a term that is a shape begins with; a word has no space, so no message can write one.
pub(super) const SHAPE: &str = " ";

/// What a run of characters begins with where there are words, too.
pub(super) const CHARS: &str = "\t";

/// What a term that stands for a cell of another column begins with: no run of characters has two spaces either.
pub(super) const CELL: &str = "  ";

/// The key of a word, or of a run of characters.
#[inline]
pub(super) fn word(word: &str) -> u64 {
    xxh3_64(word.as_bytes())
}

/// The key of a term with a mark before it.
#[inline]
pub(super) fn marked(mark: &str, text: &str) -> u64 {
    xxh3_64_with_seed(text.as_bytes(), mark.bytes().fold(0, |seed, byte| seed << 8 | u64::from(byte)))
}

/// The key of some words and one more: the halves of a product of 128 bits, folded.
#[inline]
pub(super) fn join(words: u64, word: u64) -> u64 {
    let product = u128::from(words ^ 0x243f_6a88_85a3_08d3) * u128::from(word ^ 0x1319_8a2e_0370_7344);
    #[expect(clippy::cast_possible_truncation, reason = "these are the low half and the high half")]
    let folded = product as u64 ^ (product >> 64) as u64;
    folded
}

/// The mark of a term as it is written in a model, and the rest of it. A model has hundreds of thousands: it is told by their
/// bytes.
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

/// The key of a term as it is written in a model.
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
