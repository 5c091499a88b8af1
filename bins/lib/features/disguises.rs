//! Detects and undoes disguises: invisible characters, accents, look-alikes, spaced letters, digits for letters.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use super::analyzer::AnalyzerBuffers;
use super::key;
use super::look_alikes::{is_cyrillic_or_greek, latin, letter_for};
use super::term::Term;

/// The ways in which a text hides its words.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "a text can have several disguises at once")]
pub(super) struct Disguises {
    pub(super) invisible: bool,
    pub(super) accents: bool,
    pub(super) wide: bool,
    pub(super) mixed: bool,
    pub(super) spaced: bool,
    pub(super) digits: bool,
}

/// Normalises a text: converts compatible characters (NFKC), removes invisible characters and stacked accents, and
/// replaces look-alikes with Latin letters.
pub(super) fn unmask(text: &str, plain: &mut String, disguises: &mut Disguises) {
    let mut word = WordLetters::default();
    let mut rest = text;
    while let Some(first) = rest.bytes().position(|byte| !byte.is_ascii()) {
        // An accent may combine with the preceding ASCII character. An ASCII character never combines with the
        // preceding character.
        let (ascii, other) = rest.split_at(first.saturating_sub(1));
        let next = other.bytes().skip(1).position(|byte| byte.is_ascii());
        let (other, after) = other.split_at(next.map_or(other.len(), |next| next + 1));
        word.read(ascii, plain, disguises);
        word.unmask(other, plain, disguises);
        rest = after;
    }
    word.read(rest, plain, disguises);
    disguises.mixed |= word.has_latin && word.has_other;
    disguises.wide = text.chars().any(|c| ('\u{ff01}'..='\u{ff5e}').contains(&c));
}

/// The kinds of letters in the word that is being read.
#[derive(Default)]
struct WordLetters {
    has_latin: bool,
    has_other: bool,
}

impl WordLetters {
    /// Reads ASCII text.
    fn read(&mut self, ascii: &str, plain: &mut String, disguises: &mut Disguises) {
        for byte in ascii.bytes() {
            self.track(byte, disguises);
        }
        plain.push_str(ascii);
    }

    fn track(&mut self, byte: u8, disguises: &mut Disguises) {
        self.has_latin |= byte.is_ascii_alphabetic();
        if byte.is_ascii_whitespace() {
            disguises.mixed |= self.has_latin && self.has_other;
            *self = Self::default();
        }
    }

    /// Reads text with any characters.
    fn unmask(&mut self, text: &str, plain: &mut String, disguises: &mut Disguises) {
        for c in text.nfkc() {
            match c {
                '\0'..='\u{7f}' => {
                    self.track(c as u8, disguises);
                    plain.push(c);
                    continue;
                }
                '\u{300}'..='\u{36f}'
                | '\u{1ab0}'..='\u{1aff}'
                | '\u{1dc0}'..='\u{1dff}'
                | '\u{20d0}'..='\u{20ff}' => {
                    disguises.accents = true;
                    continue;
                }
                // These characters combine or colour emoji, and hide nothing.
                '\u{fe00}'..='\u{fe0f}' | '\u{200d}' => continue,
                _ if c.general_category() == GeneralCategory::Format => {
                    disguises.invisible = true;
                    continue;
                }
                _ if c.is_whitespace() => {
                    plain.push(' ');
                    continue;
                }
                _ => {}
            }
            self.has_other |= is_cyrillic_or_greek(c);
            plain.push(latin(c).unwrap_or(c));
        }
    }
}

/// Maximum length of a word that is searched for in a run of letters.
const MOST_LETTERS: usize = 8;

/// Adds the collected letters: as one word if there are at least `min`, otherwise one by one. Returns whether a word
/// was added. A long run may be several words, so every part that could be a word also becomes a term.
#[inline]
pub(super) fn join(
    letters: &mut String,
    min: usize,
    scratch: &mut AnalyzerBuffers,
    each: &mut impl FnMut(Term),
) -> bool {
    if letters.is_empty() {
        return false;
    }
    let lower = letters.to_lowercase();
    letters.clear();
    let joined = lower.chars().nth(min - 1).is_some();
    if joined {
        scratch.add(&lower, key::word(&lower));
        if lower.is_ascii() && lower.len() > MOST_LETTERS {
            for start in 0..lower.len() - 2 {
                for end in start + 3..=lower.len().min(start + MOST_LETTERS) {
                    let text = &lower[start..end];
                    each(Term { key: key::word(text), mark: "", text });
                }
            }
        }
    } else {
        let mut one = [0; 4];
        for c in lower.chars() {
            let letter = c.encode_utf8(&mut one);
            scratch.add(letter, key::word(letter));
        }
    }
    joined
}

/// Calls `each` with the word that a chunk such as `fr33` or `c@sh` hides. Returns whether the chunk hides a word.
#[inline]
pub(super) fn reveal(chunk: &str, token: &mut String, each: &mut impl FnMut(Term)) -> bool {
    let suspicious = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'@' | b'$' | b'!' | b'|');
    let core = chunk.trim_matches(|c: char| c.is_ascii_punctuation() && c != '@' && c != '$');
    let mut bytes = core.bytes();
    if !bytes.any(suspicious) || !core.bytes().any(|byte| byte.is_ascii_alphabetic()) || core.len() > 40 {
        return false;
    }
    token.clear();
    for c in core.chars() {
        match letter_for(c) {
            Some(letter) => token.push(letter),
            None if c.is_alphabetic() => token.extend(c.to_lowercase()),
            None => return false,
        }
    }
    // Require more than three letters, because 4pm and 2nd are not disguised.
    let is_word = token.len() > 3;
    if is_word {
        each(Term { key: key::word(token), mark: "", text: token });
    }
    is_word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unmasks_a_text_in_parts_like_the_complete_text() {
        // Characters that combine with their neighbours or disappear.
        let some = [
            "a", "Z", " ", "\n", "7", "é", "e\u{301}", "\u{301}", "\u{323}", "\u{200b}", "\u{200d}",
            "\u{fe0f}", "£", "²", "ｗ", "\u{3000}", "\u{a0}", "\u{85}", "а", "ı", "ﬁ", "\u{1100}",
            "\u{1161}", "\u{11a8}", "か", "\u{3099}", "😀",
        ];
        let read = |text: &str, by: &dyn Fn(&str, &mut String, &mut Disguises)| {
            let (mut plain, mut disguises) = (String::new(), Disguises::default());
            by(text, &mut plain, &mut disguises);
            let Disguises { invisible, accents, mixed, .. } = disguises;
            (plain, [invisible, accents, mixed])
        };
        let complete = |text: &str, plain: &mut String, disguises: &mut Disguises| {
            let mut word = WordLetters::default();
            word.unmask(text, plain, disguises);
            disguises.mixed |= word.has_latin && word.has_other;
        };
        let pairs: Vec<String> =
            some.iter().flat_map(|one| some.map(|next| format!("{one}{next}"))).collect();
        for (one, next) in pairs.iter().flat_map(|one| pairs.iter().map(move |next| (one, next))) {
            let text = format!("{one}{next}");
            assert_eq!(read(&text, &unmask), read(&text, &complete), "{text:?}");
        }
    }
}
