//! Finds the terms of kind `message`: words and punctuation of the normalised text, and tokens for shape and disguises.
//!
//! Tokens other than words start with a space. Words contain no space, so a message cannot imitate these tokens.

use super::analyzer::{Analyzer, AnalyzerBuffers};
use super::chars;
use super::disguises::{Disguises, join, reveal, unmask};
use super::key;
use super::shapes::{chunk_shapes, class, emit, text_shapes};
use super::term::Term;

/// Collects words and punctuation in the buffers. Calls `each` with the other tokens.
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
    text_shapes(&plain, &mut token, each);
    let bytes = plain.as_bytes();
    let (mut at, mut end) = (0, 0);
    while at < bytes.len() {
        let (start, mut has) = (at, 0);
        let classes = bytes[start..].iter().map(|byte| class::OF[usize::from(*byte)]);
        at += classes.take_while(|class| *class != class::SPACE).inspect(|class| has |= class).count();
        let chunk = &plain[start..at];
        at += 1;
        // Single letters with spaces between them are one word: f r e e.
        if chunk.is_empty() {
            continue;
        }
        let gap = start - std::mem::replace(&mut end, start + chunk.len());
        if is_letter(chunk, has) {
            // A wider gap separates two words.
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
            chunk_shapes(&plain, start, chunk, has, &mut token, each);
            if has & (class::DIGIT | class::LETTER_LIKE) != 0 {
                disguises.digits |= reveal(chunk, &mut token, each);
            }
        }
        add_pieces(chunk, has, analyzer, &mut token, scratch, each);
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
    named.into_iter().filter(|(there, _)| *there).for_each(|(_, name)| emit(name, each));
}

/// Whether a chunk is a single letter.
fn is_letter(chunk: &str, has: u8) -> bool {
    if chunk.len() == 1 {
        has & (class::LOWER | class::UPPER) != 0 && chunk != "_"
    } else {
        let mut chars = chunk.chars();
        has == class::OTHER && chars.next().is_some_and(char::is_alphabetic) && chars.next().is_none()
    }
}

/// Adds the words and signs of a chunk without white space.
fn add_pieces(
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
            scratch.add_stem(analyzer, word);
        } else if has & class::UPPER != 0 && analyzer.lowercase {
            token.clear();
            token.push_str(piece);
            token.make_ascii_lowercase();
            scratch.add_stem(analyzer, token);
        } else {
            scratch.add_stem(analyzer, piece);
        }
    }
}

/// Whether a character belongs to a script without spaces between words: Thai, Lao, Burmese, Khmer, kana or Han.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3134f}')
}

/// Calls `each` with pairs of neighbouring characters. The pairs are for scripts without spaces between words, and for
/// Hangul, whose words have endings.
fn pairs(word: &str, each: &mut impl FnMut(Term)) {
    let mut previous: Option<usize> = None;
    for (start, c) in word.char_indices() {
        let dense = is_unspaced(c) || matches!(c, '\u{ac00}'..='\u{d7a3}');
        if let (true, Some(before)) = (dense, previous) {
            let text = &word[before..start + c.len_utf8()];
            each(Term { key: key::word(text), mark: "", text });
        }
        previous = dense.then_some(start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(text: &str, term: &str) -> bool {
        Analyzer::default().terms(text).iter().any(|found| found == term)
    }

    #[test]
    fn finds_disguised_words() {
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
    fn finds_shapes() {
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
    fn splits_scripts_without_spaces_into_pairs() {
        assert!(has("免费赢大奖", "费赢") && has("무료쿠폰", "료쿠") && has("ฟรีรางวัล", "รี"));
    }
}
