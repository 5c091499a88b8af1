//! The look of a message: words and punctuation of the normalised text, and tokens for its shape and its disguises.
//!
//! Tokens that are no words begin with a space, which no word does: a message cannot write them itself.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use super::analyzer::{Analyzer, AnalyzerBuffers};
use super::chars;
use super::key;
use super::look_alikes::{is_cyrillic_or_greek, latin, undone};
use super::term::Term;

/// Ways a text hides what it says.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "a text may have any of them at once")]
struct Disguises {
    invisible: bool,
    accents: bool,
    wide: bool,
    mixed: bool,
    spaced: bool,
    digits: bool,
}

/// What a byte is, as bits: those of a chunk together say what there is to look for in it.
mod class {
    pub(super) const SPACE: u8 = 1;
    pub(super) const LOWER: u8 = 2;
    pub(super) const UPPER: u8 = 4;
    pub(super) const DIGIT: u8 = 8;
    /// Any part of a character that is not ASCII: of a letter, as far as words go.
    pub(super) const OTHER: u8 = 16;
    /// Signs that stand for letters.
    pub(super) const LETTER_LIKE: u8 = 32;
    /// Signs of links and addresses.
    pub(super) const LINK: u8 = 64;
    /// Any other sign.
    pub(super) const SIGN: u8 = 128;
    pub(super) const WORD: u8 = LOWER | UPPER | DIGIT | OTHER;

    pub(super) const OF: [u8; 256] = {
        let mut of = [OTHER; 256];
        let mut byte = 0;
        while byte < 128 {
            #[expect(clippy::cast_possible_truncation, reason = "it is under 128")]
            let one = byte as u8;
            of[byte] = match one {
                b'a'..=b'z' | b'_' => LOWER,
                b'A'..=b'Z' => UPPER,
                b'0'..=b'9' => DIGIT,
                b'@' => LETTER_LIKE | LINK | SIGN,
                b'$' | b'!' | b'|' => LETTER_LIKE | SIGN,
                b'.' | b'/' => LINK | SIGN,
                _ if one.is_ascii_whitespace() => SPACE,
                _ => SIGN,
            };
            byte += 1;
        }
        of
    };
}

/// Puts words and punctuation into the scratch; the other tokens go to `each` at once.
pub(super) fn read(
    analyzer: &Analyzer,
    text: &str,
    scratch: &mut AnalyzerBuffers,
    each: &mut impl FnMut(Term),
) {
    let mut disguises = Disguises::default();
    let mut plain = std::mem::take(&mut scratch.text);
    let mut token = std::mem::take(&mut scratch.token);
    let mut letters = std::mem::take(&mut scratch.letters);
    plain.clear();
    if text.is_ascii() {
        plain.push_str(text);
    } else {
        unmask(text, &mut plain, &mut disguises);
    }
    scratch.clear_words();
    whole(&plain, &mut token, each);
    let bytes = plain.as_bytes();
    let (mut at, mut end) = (0, 0);
    while at < bytes.len() {
        let (start, mut has) = (at, 0);
        let classes = bytes[start..].iter().map(|byte| class::OF[usize::from(*byte)]);
        at += classes.take_while(|class| *class != class::SPACE).inspect(|class| has |= class).count();
        let chunk = &plain[start..at];
        at += 1;
        // Letters with a space after each are one word: f r e e.
        if chunk.is_empty() {
            continue;
        }
        let gap = start - std::mem::replace(&mut end, start + chunk.len());
        if is_letter(chunk, has) {
            // A wider gap is the one between two words.
            if gap > 1 && !letters.is_empty() {
                disguises.spaced |= join(&mut letters, 2, scratch, each);
            }
            letters.push_str(chunk);
            continue;
        }
        if !letters.is_empty() {
            disguises.spaced |= join(&mut letters, if gap > 1 { 2 } else { 3 }, scratch, each);
        }
        if has != class::LOWER {
            look(&plain, start, chunk, has, &mut token, each);
            if has & (class::DIGIT | class::LETTER_LIKE) != 0 {
                disguises.digits |= undo(chunk, &mut token, each);
            }
        }
        pieces(chunk, has, analyzer, &mut token, scratch, each);
        if let Some(ngrams) = analyzer.chars {
            let lower =
                if has & class::OTHER == 0 { chunk.to_ascii_lowercase() } else { chunk.to_lowercase() };
            chars::each_within(&lower, ngrams, &mut token, &mut scratch.starts, each);
        }
    }
    disguises.spaced |= join(&mut letters, 3, scratch, each);
    scratch.text = plain;
    scratch.token = token;
    scratch.letters = letters;
    let Disguises { invisible, accents, wide, mixed, spaced, digits } = disguises;
    let named = [
        (invisible, "invisible"),
        (accents, "accents"),
        (wide, "wide"),
        (mixed, "mixed"),
        (spaced, "spaced"),
        (digits, "digits-for-letters"),
    ];
    named.into_iter().filter(|(there, _)| *there).for_each(|(_, name)| say(name, each));
}

/// Gives a token for a shape.
fn say(shape: &str, each: &mut impl FnMut(Term)) {
    each(Term::shape(shape));
}

/// Gives a token for a shape that has a number.
fn say_number(shape: &str, number: usize, token: &mut String, each: &mut impl FnMut(Term)) {
    token.clear();
    token.push_str(shape);
    push_number(token, number);
    say(token, each);
}

fn push_number(token: &mut String, number: usize) {
    if number > 9 {
        push_number(token, number / 10);
    }
    #[expect(clippy::cast_possible_truncation, reason = "it is under 10")]
    token.push(char::from(b'0' + (number % 10) as u8));
}

/// Whether a chunk is a letter and nothing else.
fn is_letter(chunk: &str, has: u8) -> bool {
    if chunk.len() == 1 {
        has & (class::LOWER | class::UPPER) != 0 && chunk != "_"
    } else {
        let mut chars = chunk.chars();
        has == class::OTHER && chars.next().is_some_and(char::is_alphabetic) && chars.next().is_none()
    }
}

/// The text as it is read: compatible characters as one, nothing invisible, no accents on top of each other, Latin letters
/// where others only look it.
fn unmask(text: &str, plain: &mut String, disguises: &mut Disguises) {
    let mut word = WordLetters::default();
    let mut rest = text;
    while let Some(beyond) = rest.bytes().position(|byte| !byte.is_ascii()) {
        // An accent may go with the character before it, and no character of ASCII goes with what is before that.
        let (ascii, other) = rest.split_at(beyond.saturating_sub(1));
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

/// What letters a word has, as far as it is read.
#[derive(Default)]
struct WordLetters {
    has_latin: bool,
    has_other: bool,
}

impl WordLetters {
    /// Reads what is ASCII.
    fn read(&mut self, ascii: &str, plain: &mut String, disguises: &mut Disguises) {
        for byte in ascii.bytes() {
            self.see(byte, disguises);
        }
        plain.push_str(ascii);
    }

    fn see(&mut self, byte: u8, disguises: &mut Disguises) {
        self.has_latin |= byte.is_ascii_alphabetic();
        if byte.is_ascii_whitespace() {
            disguises.mixed |= self.has_latin && self.has_other;
            *self = Self::default();
        }
    }

    /// Reads what may be anything.
    fn unmask(&mut self, text: &str, plain: &mut String, disguises: &mut Disguises) {
        for c in text.nfkc() {
            match c {
                '\0'..='\u{7f}' => {
                    self.see(c as u8, disguises);
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
                // Emoji are joined and coloured by these: nothing is hidden there.
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

/// Letters of the longest word that is looked for in a run of letters.
const LONG: usize = 8;

/// The letters gathered so far as a word, where there are so many of them or more; whether they were. A long run may be
/// several words: every part of it that could be one is a term, too.
fn join(
    letters: &mut String,
    least: usize,
    scratch: &mut AnalyzerBuffers,
    each: &mut impl FnMut(Term),
) -> bool {
    if letters.is_empty() {
        return false;
    }
    let lower = letters.to_lowercase();
    letters.clear();
    let joined = lower.chars().nth(least - 1).is_some();
    if joined {
        scratch.add(&lower, key::word(&lower));
        if lower.is_ascii() && lower.len() > LONG {
            for start in 0..lower.len() - 2 {
                for end in start + 3..=lower.len().min(start + LONG) {
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

/// Gives the word behind digits and signs that stand for letters, in a chunk that has letters, too; whether there was one.
fn undo(chunk: &str, token: &mut String, each: &mut impl FnMut(Term)) -> bool {
    let suspicious = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'@' | b'$' | b'!' | b'|');
    let core = chunk.trim_matches(|c: char| c.is_ascii_punctuation() && c != '@' && c != '$');
    let mut bytes = core.bytes();
    if !bytes.any(suspicious) || !core.bytes().any(|byte| byte.is_ascii_alphabetic()) || core.len() > 40 {
        return false;
    }
    token.clear();
    for c in core.chars() {
        match undone(c) {
            Some(letter) => token.push(letter),
            None if c.is_alphabetic() => token.extend(c.to_lowercase()),
            None => return false,
        }
    }
    // Three letters at least: 4pm and 2nd are what they are.
    let undone = token.len() > 3;
    if undone {
        each(Term { key: key::word(token), mark: "", text: token });
    }
    undone
}

/// The words and signs of a chunk without white space.
fn pieces(
    chunk: &str,
    has: u8,
    analyzer: &Analyzer,
    token: &mut String,
    scratch: &mut AnalyzerBuffers,
    each: &mut impl FnMut(Term),
) {
    let bytes = chunk.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        at += 1;
        if has & !class::WORD == 0 {
            at = bytes.len();
        } else if class::OF[usize::from(bytes[start])] & class::WORD != 0 {
            while at < bytes.len() && class::OF[usize::from(bytes[at])] & class::WORD != 0 {
                at += 1;
            }
        } else if bytes[start].is_ascii_control() {
            continue;
        }
        let piece = &chunk[start..at];
        if has & class::OTHER != 0 && !piece.is_ascii() {
            let word = if analyzer.lowercase { &piece.to_lowercase() } else { piece };
            pairs(word, each);
            scratch.take(analyzer, word);
        } else if has & class::UPPER != 0 && analyzer.lowercase {
            token.clear();
            token.push_str(piece);
            token.make_ascii_lowercase();
            scratch.take(analyzer, token);
        } else {
            scratch.take(analyzer, piece);
        }
    }
}

/// Pairs of neighbouring characters of scripts that put no spaces between words, and of Hangul, whose words have endings.
fn pairs(word: &str, each: &mut impl FnMut(Term)) {
    let mut previous: Option<usize> = None;
    for (start, c) in word.char_indices() {
        let dense = matches!(c,
            '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
            | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3134f}');
        if let (true, Some(before)) = (dense, previous) {
            let text = &word[before..start + c.len_utf8()];
            each(Term { key: key::word(text), mark: "", text });
        }
        previous = dense.then_some(start);
    }
}

/// Tokens for a text as a whole: its length, capitals, digits, cries, and a number to call.
fn whole(text: &str, token: &mut String, each: &mut impl FnMut(Term)) {
    let bytes = text.as_bytes();
    let (digits, cries) = (count(bytes, |byte| byte.is_ascii_digit()), count(bytes, |byte| byte == b'!'));
    let (mut length, mut letters, mut capitals) = (
        bytes.len(),
        count(bytes, |byte| byte.is_ascii_alphabetic()),
        count(bytes, |byte| byte.is_ascii_uppercase()),
    );
    if !text.is_ascii() {
        length = 0;
        for c in text.chars() {
            length += 1;
            letters += usize::from(!c.is_ascii() && c.is_alphabetic());
            capitals += usize::from(!c.is_ascii() && c.is_uppercase());
        }
    }
    say_number("length ", length.checked_ilog2().map_or(0, |log| log as usize + 1), token, each);
    say_number("capitals ", 10 * capitals / letters.max(1), token, each);
    say_number("digits ", 20 * digits / length.max(1), token, each);
    if cries > 0 {
        say_number("! ", cries.min(4), token, each);
    }
    if digits >= CALL && has_number_to_call(bytes) {
        say("number to call", each);
    }
}

/// Counts bytes, in runs short enough for counters of one byte: many are counted at once then.
pub(crate) fn count(bytes: &[u8], is: impl Fn(u8) -> bool) -> usize {
    let run = |run: &[u8]| run.iter().map(|byte| u8::from(is(*byte))).sum::<u8>();
    bytes.chunks(255).map(|bytes| usize::from(run(bytes))).sum()
}

/// Digits of a number that can be called.
const CALL: usize = 8;

/// Tokens for the shape of a chunk: its digits, what looks like a link, an address, a shout.
fn look(text: &str, start: usize, chunk: &str, has: u8, token: &mut String, each: &mut impl FnMut(Term)) {
    if has & class::DIGIT != 0 {
        runs(text, start, chunk, token, each);
    }
    if has & class::LINK != 0 {
        let head = chunk.as_bytes();
        let www = head.len() > 4 && head[..4].eq_ignore_ascii_case(b"www.");
        if www || (head.len() > 4 && chunk.contains('/') && (chunk.contains("://") || is_host(chunk))) {
            say("link", each);
        }
        if chunk.find('@').is_some_and(|at| at > 0 && chunk[at..].contains('.')) {
            say("address", each);
        }
    }
    if has & (class::UPPER | class::OTHER) != 0 && has & class::LOWER == 0 {
        let word = chunk.trim_matches(|c: char| !c.is_alphabetic());
        if word.len() > 1 && word.chars().all(char::is_uppercase) {
            say("shout", each);
            say_number("shout ", word.chars().count().min(8), token, each);
        }
    }
}

/// Tokens for each run of digits: how long it is, after what, how it begins.
fn runs(text: &str, start: usize, chunk: &str, token: &mut String, each: &mut impl FnMut(Term)) {
    let bytes = chunk.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let run = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let before = text[..start + at].chars().next_back().unwrap_or('^');
        let before = if before.is_ascii_whitespace() { ' ' } else { before };
        say_number("run ", run, token, each);
        token.clear();
        token.push_str("run ");
        token.push(before);
        token.push(' ');
        push_number(token, run);
        say(token, each);
        if run >= 3 {
            token.clear();
            token.push_str("run ");
            token.push_str(&chunk[at..at + 3]);
            token.push_str(".. ");
            push_number(token, run);
            say(token, each);
        }
        if matches!(before, '£' | '$' | '€' | '₩' | '¥') {
            say("money", each);
        }
        at += run;
    }
}

/// Whether a chunk begins like `name.test/`: a host and a path.
fn is_host(chunk: &str) -> bool {
    chunk.split_once('/').is_some_and(|(host, _)| {
        host.split_once('.').is_some_and(|(name, rest)| !name.is_empty() && rest.len() > 1)
            && host.bytes().any(|byte| byte.is_ascii_alphabetic())
    })
}

/// Whether there is a number long enough, written with no more than a space, a dash or a bracket between two digits.
fn has_number_to_call(bytes: &[u8]) -> bool {
    let (mut digits, mut gap) = (0, 0);
    for byte in bytes {
        if byte.is_ascii_digit() {
            digits += 1;
            gap = 0;
            if digits >= CALL {
                return true;
            }
        } else if gap == 0 && matches!(byte, b' ' | b'-' | b'(' | b')') {
            gap = 1;
        } else {
            digits = 0;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(text: &str, term: &str) -> bool {
        Analyzer::default().terms(text).iter().any(|found| found == term)
    }

    #[test]
    fn disguised_words_are_found() {
        for text in
            ["free", "f r e e", "fr\u{200b}ee", "ｆｒｅｅ", "frеe", "fr33", "FREE", "f\u{336}r\u{336}ee"]
        {
            assert!(
                has(&format!("get it {text} now"), "free"),
                "{text}: {:?}",
                Analyzer::default().terms(text)
            );
        }
        assert!(has("fr\u{200b}ee", " invisible") && has("ｆｒｅｅ", " wide") && has("frеe", " mixed"));
        assert!(!has("a b or c", " spaced") && has("w i n", " spaced"));
        assert!(!has("Привет мир", " mixed") && !has("👨\u{200d}👩\u{200d}👧 ok", " invisible"));
    }

    #[test]
    fn shapes_are_told() {
        let text = "WIN £500! Call 0800 123 4567 or www.x.test/a";
        for term in [
            " ! 1",
            " run £ 3",
            " run 500.. 3",
            " money",
            " link",
            " shout 3",
            " number to call",
            " length 6",
        ] {
            assert!(has(text, term), "{term}: {:?}", Analyzer::default().terms(text));
        }
    }

    #[test]
    fn a_text_in_parts_is_unmasked_as_the_whole() {
        // Letters that go with what is before them or after them, or are gone.
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
        let whole = |text: &str, plain: &mut String, disguises: &mut Disguises| {
            let mut word = WordLetters::default();
            word.unmask(text, plain, disguises);
            disguises.mixed |= word.has_latin && word.has_other;
        };
        let pairs: Vec<String> =
            some.iter().flat_map(|one| some.map(|next| format!("{one}{next}"))).collect();
        for (one, next) in pairs.iter().flat_map(|one| pairs.iter().map(move |next| (one, next))) {
            let text = format!("{one}{next}");
            assert_eq!(read(&text, &unmask), read(&text, &whole), "{text:?}");
        }
    }

    #[test]
    fn scripts_without_spaces_come_in_pairs() {
        assert!(has("免费赢大奖", "费赢") && has("무료쿠폰", "료쿠") && has("ฟรีรางวัล", "รี"));
    }
}
