//! The look of a message: words and punctuation of the normalised text, and tokens for its shape and its disguises.
//!
//! Tokens that are no words begin with a space, which no word does: a message cannot write them itself.

use std::fmt::Write;

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use super::look_alikes::{is_cyrillic_or_greek, latin, undone};
use super::{Analyzer, Scratch};

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

/// Puts words and punctuation into the scratch; the other tokens go to `each` at once.
pub(super) fn read(analyzer: &Analyzer, text: &str, scratch: &mut Scratch, each: &mut impl FnMut(&str)) {
    let mut disguises = Disguises::default();
    let mut plain = std::mem::take(&mut scratch.text);
    plain.clear();
    if text.is_ascii() {
        plain.push_str(text);
    } else {
        unmask(text, &mut plain, &mut disguises);
    }
    let mut token = std::mem::take(&mut scratch.token);
    shape(&plain, &mut token, each);
    scratch.words.clear();
    scratch.spans.clear();
    let stemmer = analyzer.stem.map(super::words::Language::stemmer);
    let mut letters = String::new();
    for chunk in plain.split_whitespace() {
        // Letters with a space after each are one word: f r e e.
        let mut chars = chunk.chars();
        if let (Some(c), None) = (chars.next(), chars.next())
            && c.is_alphabetic()
        {
            letters.extend(c.to_lowercase());
            continue;
        }
        disguises.spaced |= join(&mut letters, scratch);
        disguises.digits |= undo(chunk, &mut token, each);
        pieces(chunk, analyzer, stemmer.as_ref(), &mut token, scratch, each);
    }
    disguises.spaced |= join(&mut letters, scratch);
    scratch.text = plain;
    scratch.token = token;
    let Disguises { invisible, accents, wide, mixed, spaced, digits } = disguises;
    let named = [
        (invisible, " invisible"),
        (accents, " accents"),
        (wide, " wide"),
        (mixed, " mixed"),
        (spaced, " spaced"),
        (digits, " digits-for-letters"),
    ];
    named.into_iter().filter(|(there, _)| *there).for_each(|(_, name)| each(name));
}

/// The text as it is read: compatible characters as one, nothing invisible, no accents on top of each other, Latin letters
/// where others only look it.
fn unmask(text: &str, plain: &mut String, disguises: &mut Disguises) {
    let (mut has_latin, mut has_other) = (false, false);
    for c in text.nfkc() {
        if c.is_ascii() {
            has_latin |= c.is_ascii_alphabetic();
            if c.is_ascii_whitespace() {
                disguises.mixed |= has_latin && has_other;
                (has_latin, has_other) = (false, false);
            }
            plain.push(c);
            continue;
        }
        match c {
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
            _ => {}
        }
        has_other |= is_cyrillic_or_greek(c);
        plain.push(latin(c).unwrap_or(c));
    }
    disguises.mixed |= has_latin && has_other;
    disguises.wide = text.chars().any(|c| ('\u{ff01}'..='\u{ff5e}').contains(&c));
}

/// The letters gathered so far as a word, where there are three of them or more; whether they were.
fn join(letters: &mut String, scratch: &mut Scratch) -> bool {
    let joined = letters.chars().nth(2).is_some();
    if joined {
        scratch.add(letters);
    } else {
        let mut one = [0; 4];
        letters.chars().for_each(|c| scratch.add(c.encode_utf8(&mut one)));
    }
    letters.clear();
    joined
}

/// Gives the word behind digits and signs that stand for letters, in a chunk that has letters, too; whether there was one.
fn undo(chunk: &str, token: &mut String, each: &mut impl FnMut(&str)) -> bool {
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
        each(token);
    }
    undone
}

/// The words and signs of a chunk without white space.
fn pieces(
    chunk: &str,
    analyzer: &Analyzer,
    stemmer: Option<&rust_stemmers::Stemmer>,
    token: &mut String,
    scratch: &mut Scratch,
    each: &mut impl FnMut(&str),
) {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii();
    let mut rest = chunk;
    while let Some(first) = rest.chars().next() {
        let end =
            if is_word(first) { rest.find(|c| !is_word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (piece, after) = rest.split_at(end);
        rest = after;
        if first.is_ascii_control() {
            continue;
        }
        token.clear();
        if piece.is_ascii() {
            token.push_str(piece);
            if analyzer.lowercase {
                token.make_ascii_lowercase();
            }
        } else {
            token.push_str(&if analyzer.lowercase { piece.to_lowercase() } else { piece.to_owned() });
            pairs(token, each);
        }
        if !analyzer.stop.has(token) {
            match stemmer {
                Some(stemmer) => scratch.add(&stemmer.stem(token)),
                None => scratch.add(token),
            }
        }
    }
}

/// Pairs of neighbouring characters of scripts that put no spaces between words, and of Hangul, whose words have endings.
fn pairs(word: &str, each: &mut impl FnMut(&str)) {
    let mut previous: Option<usize> = None;
    for (start, c) in word.char_indices() {
        let dense = matches!(c,
            '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
            | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3134f}');
        if let (true, Some(before)) = (dense, previous) {
            each(&word[before..start + c.len_utf8()]);
        }
        previous = dense.then_some(start);
    }
}

/// Tokens for the shape of a text: its length, capitals, digits, what looks like a link, money, a number to call.
fn shape(text: &str, token: &mut String, each: &mut impl FnMut(&str)) {
    let mut say = |arguments: std::fmt::Arguments| {
        token.clear();
        // Writing into a string does not fail.
        let _ = token.write_fmt(arguments);
        each(token);
    };
    let (mut length, mut letters, mut capitals, mut digits, mut marks) =
        (0usize, 0usize, 0usize, 0usize, 0usize);
    for c in text.chars() {
        length += 1;
        if c.is_ascii_digit() {
            digits += 1;
        } else if c.is_alphabetic() {
            letters += 1;
            capitals += usize::from(c.is_uppercase());
        } else if c == '!' {
            marks += 1;
        }
    }
    say(format_args!(" length {}", length.checked_ilog2().map_or(0, |log| log + 1)));
    say(format_args!(" capitals {}", 10 * capitals / letters.max(1)));
    say(format_args!(" digits {}", 20 * digits / length.max(1)));
    if marks > 0 {
        say(format_args!(" ! {}", marks.min(4)));
    }
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let run = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let before = text[..at].chars().next_back().unwrap_or('^');
        say(format_args!(" run {run}"));
        say(format_args!(" run {before} {run}"));
        if run >= 3 {
            say(format_args!(" run {}.. {run}", &text[at..at + 3]));
        }
        if matches!(before, '£' | '$' | '€' | '₩' | '¥') {
            say(format_args!(" money"));
        }
        at += run;
    }
    for chunk in text.split_whitespace() {
        let head = chunk.as_bytes();
        if head.len() > 4
            && (chunk.contains("://") || head[..4].eq_ignore_ascii_case(b"www.") || is_host(chunk))
        {
            say(format_args!(" link"));
        }
        if chunk.find('@').is_some_and(|at| at > 0 && chunk[at..].contains('.')) {
            say(format_args!(" address"));
        }
        let word = chunk.trim_matches(|c: char| !c.is_alphabetic());
        if word.len() > 1 && word.chars().all(char::is_uppercase) {
            say(format_args!(" shout"));
            say(format_args!(" shout {}", word.chars().count().min(8)));
        }
    }
    if longest_number(bytes) >= 8 {
        say(format_args!(" number to call"));
    }
}

/// Whether a chunk begins like `name.test/`: a host and a path.
fn is_host(chunk: &str) -> bool {
    chunk.split_once('/').is_some_and(|(host, _)| {
        host.split_once('.').is_some_and(|(name, rest)| !name.is_empty() && rest.len() > 1)
            && host.bytes().any(|byte| byte.is_ascii_alphabetic())
    })
}

/// The digits of the longest number that is written with no more than a space, a dash or a bracket between two of them.
fn longest_number(bytes: &[u8]) -> usize {
    let (mut longest, mut digits, mut gap) = (0, 0, 0);
    for byte in bytes {
        if byte.is_ascii_digit() {
            digits += 1;
            gap = 0;
            longest = longest.max(digits);
        } else if matches!(byte, b' ' | b'-' | b'(' | b')') && gap == 0 {
            gap += 1;
        } else {
            digits = 0;
        }
    }
    longest
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
    fn scripts_without_spaces_come_in_pairs() {
        assert!(has("免费赢大奖", "费赢") && has("무료쿠폰", "료쿠") && has("ฟรีรางวัล", "รี"));
    }
}
