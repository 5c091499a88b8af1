//! Finds words as scikit-learn does (`\b\w\w+\b`), with stop words, stems and n-grams.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::analyzer::{Analyzer, AnalyzerBuffers, cased};
use super::key;
use super::kind::Ngrams;
use super::term::Term;

/// Whether Python's `\w` matches a character: letters, numbers and the underscore, but no marks.
pub(super) fn is_word(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || c == '_'
    } else {
        // Unicode's alphanumeric includes some marks and circled letters, so check the category, too.
        c.is_alphanumeric()
            && matches!(
                c.general_category_group(),
                GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number
            )
    }
}

/// The class of a byte, for finding words.
const BYTES: [ByteClass; 256] = {
    let mut bytes = [ByteClass::Other; 256];
    let mut byte = 0;
    while byte < 128 {
        #[expect(clippy::cast_possible_truncation, reason = "it is under 128")]
        let one = byte as u8;
        bytes[byte] =
            if one.is_ascii_alphanumeric() || one == b'_' { ByteClass::Word } else { ByteClass::Gap };
        byte += 1;
    }
    bytes
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum ByteClass {
    /// Part of a word.
    Word,
    /// Between words.
    Gap,
    /// The first byte of a character that is not ASCII: the character must be examined.
    Other,
}

/// Calls `each` with every word of an ASCII text that has two characters or more.
#[inline]
fn each_ascii_word(text: &str, mut each: impl FnMut(&str)) {
    let (mut start, mut inside, mut before) = (0, false, 0);
    for (block, bytes) in text.as_bytes().chunks(64).enumerate() {
        // Process 64 bytes at once without unpredictable branches. Set a bit for each byte that is part of a word.
        let (mut flags, mut words) = ([0; 64], 0u64);
        for (flag, byte) in flags.iter_mut().zip(bytes) {
            *flag = u8::from(byte.is_ascii_alphanumeric() || *byte == b'_');
        }
        for (flags, place) in flags.as_chunks().0.iter().zip((0..).step_by(8)) {
            // Move the lowest bit of each byte into the highest byte.
            words |= (u64::from_le_bytes(*flags).wrapping_mul(0x0102_0408_1020_4080) >> 56) << place;
        }
        // A single character is not a word. Keep the last character: only the next block shows whether the character
        // is single.
        words &= words << 1 | before | words >> 1 | 1 << 63;
        // Set a bit at every start and end of a word.
        let mut edges = words ^ (words << 1 | before);
        before = words >> 63;
        while edges != 0 {
            let at = block * 64 + edges.trailing_zeros() as usize;
            edges &= edges - 1;
            if inside && at - start > 1 {
                each(&text[start..at]);
            }
            (start, inside) = (at, !inside);
        }
    }
    if inside && text.len() - start > 1 {
        each(&text[start..]);
    }
}

/// Calls `each` with every word of a text that has two characters or more.
#[inline]
fn each_word(text: &str, mut each: impl FnMut(&str)) {
    if text.is_ascii() {
        return each_ascii_word(text, each);
    }
    let bytes = text.as_bytes();
    // A word of one byte has one character. In longer words, the numbers of bytes and characters are equal only in
    // ASCII.
    let mut emit = |word: &str, ascii: bool| {
        if word.len() > 1 && (ascii || word.chars().nth(1).is_some()) {
            each(word);
        }
    };
    let (mut start, mut at, mut ascii) = (0, 0, true);
    while at < bytes.len() {
        let mut next = at + 1;
        let is_word = match BYTES[usize::from(bytes[at])] {
            ByteClass::Word => true,
            ByteClass::Gap => false,
            ByteClass::Other => {
                let c = text[at..].chars().next().unwrap_or(' ');
                next = at + c.len_utf8();
                ascii = false;
                is_word(c)
            }
        };
        if !is_word {
            emit(&text[start..at], ascii);
            (start, ascii) = (next, true);
        }
        at = next;
    }
    emit(&text[start..], ascii);
}

/// Calls `each` with every term of a text.
#[inline]
pub(super) fn each(
    analyzer: &Analyzer,
    text: &str,
    scratch: &mut AnalyzerBuffers,
    each: &mut impl FnMut(Term),
) {
    let source = cased(analyzer, text, scratch);
    if analyzer.ngrams.most == 1 && analyzer.stem.is_none() && analyzer.stop.is_empty() {
        each_word(&source, |text| each(Term { key: key::word(text), mark: "", text }));
    } else {
        scratch.clear_words();
        each_word(&source, |word| scratch.add_stem(analyzer, word));
        each_ngram(scratch, analyzer.ngrams, each);
    }
    scratch.text = source;
}

impl AnalyzerBuffers {
    /// Removes the words of the previous text.
    pub(super) fn clear_words(&mut self) {
        self.words.clear();
        self.spans.clear();
        self.keys.clear();
    }

    /// Adds the stem of a word, or nothing for a stop word.
    #[inline]
    pub(super) fn add_stem(&mut self, analyzer: &Analyzer, word: &str) {
        let key = key::word(word);
        if analyzer.stem.is_none() && analyzer.stop.is_empty() {
            return self.add(word, key);
        }
        let Self { unspelled, words, spans, keys, stems, .. } = self;
        if let Some((stem, key)) = stems.find(analyzer.stem, &analyzer.stop, word, key) {
            keys.push(*key);
            if !*unspelled {
                spell(words, spans, stem);
            }
        }
    }

    #[inline]
    pub(super) fn add(&mut self, word: &str, key: u64) {
        self.keys.push(key);
        if !self.unspelled {
            spell(&mut self.words, &mut self.spans, word);
        }
    }
}

#[inline]
fn spell(words: &mut String, spans: &mut Vec<(usize, usize)>, word: &str) {
    if !words.is_empty() {
        words.push(' ');
    }
    let start = words.len();
    words.push_str(word);
    spans.push((start, words.len()));
}

/// Calls `each` with every n-gram of words, joined by spaces.
#[inline]
pub(super) fn each_ngram(scratch: &AnalyzerBuffers, ngrams: Ngrams, each: &mut impl FnMut(Term)) {
    let AnalyzerBuffers { unspelled, words, spans, keys, .. } = scratch;
    let key_of = |keys: &[u64]| keys[1..].iter().fold(keys[0], |words, word| key::join(words, *word));
    for count in ngrams.fewest..=ngrams.most {
        if *unspelled {
            keys.windows(count).for_each(|keys| each(Term { key: key_of(keys), mark: "", text: "" }));
            continue;
        }
        for (run, keys) in spans.windows(count).zip(keys.windows(count)) {
            // The words are adjacent in one string, so an n-gram is a slice of it.
            let text = &words[run[0].0..run[count - 1].1];
            each(Term { key: key_of(keys), mark: "", text });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_words_at_every_position() {
        for (gap, length) in (0..140).flat_map(|gap| [1, 2, 63, 64, 65, 128].map(|length| (gap, length))) {
            let text = format!("{}{} b C_1", " ".repeat(gap), "a".repeat(length));
            let mut found = Vec::new();
            each_ascii_word(&text, |word| found.push(word.to_owned()));
            assert_eq!(found, text.split(' ').filter(|word| word.len() > 1).collect::<Vec<_>>());
        }
    }
}
