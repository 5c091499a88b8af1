//! Spells a term for display, safe on a terminal and in a spreadsheet.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::key::{CELL, CHARS, SHAPE, parts};
use super::kind::TermKind;

/// The character displayed instead of a space in a character n-gram.
const SPACE: char = '␣';

/// Maximum number of displayed characters.
const MOST: usize = 40;

/// Spells a term of a model for display. Tokens other than words are in brackets. Terms that start or end with a sign
/// are in quotes. The quotes show both ends, and a spreadsheet does not read the term as a formula.
pub(super) fn of(kind: TermKind, term: &str) -> String {
    let (mark, text) = parts(kind, term);
    match mark {
        CELL => format!("[{}]", harmless(text, false)),
        SHAPE => format!("({})", harmless(text, false)),
        CHARS => format!("(chars {})", harmless(text, true)),
        _ => {
            let plain = harmless(text, matches!(kind, TermKind::Char | TermKind::CharWb));
            let is_word = plain.starts_with(char::is_alphanumeric) && plain.ends_with(char::is_alphanumeric);
            if is_word { plain } else { format!("'{plain}'") }
        }
    }
}

/// A shortened text, without characters that move the cursor, hide text or change the writing direction.
fn harmless(text: &str, is_ngram: bool) -> String {
    let mut plain = String::new();
    for (place, c) in text.chars().enumerate() {
        match c {
            _ if place == MOST => {
                plain.push('…');
                break;
            }
            // The shape of a number after a space contains two spaces. Make the second space visible.
            ' ' if is_ngram || plain.ends_with(' ') => plain.push(SPACE),
            ' ' | '"' | '\'' => plain.push(c),
            SPACE => plain.extend(c.escape_unicode()),
            // A mark belongs to the preceding letter.
            _ if place > 0 && c.general_category_group() == GeneralCategoryGroup::Mark => plain.push(c),
            _ => plain.extend(c.escape_debug()),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::escape::neutral;

    #[test]
    fn spells_every_kind_of_term() {
        let message = [
            ("free", "free"),
            ("call now", "call now"),
            ("!", "'!'"),
            ("= 5", "'= 5'"),
            ("lunch ,", "'lunch ,'"),
            (" length 7", "(length 7)"),
            (" run   7", "(run ␣ 7)"),
            ("\t fre", "(chars ␣fre)"),
            ("  from = x.test", "[from = x.test]"),
            ("हिन्दी", "हिन्दी"),
        ];
        for (term, expected) in message {
            assert_eq!(of(TermKind::Message, term), expected);
        }
        assert_eq!(of(TermKind::CharWb, " fr"), "'␣fr'");
        assert_eq!(of(TermKind::Char, "a b"), "a␣b");
        assert_eq!(of(TermKind::Char, "␣"), r"'\u{2423}'");
        assert_eq!(of(TermKind::CharWb, "  from = x.test"), "[from = x.test]");
    }

    #[test]
    fn no_term_is_a_formula_or_moves_the_cursor() {
        let hostile =
            ["=1+1", "+A1", "-cmd", "@SUM(1)", "＝1", "\r\n", "\u{1b}[2J", "\u{202e}cod", "\u{301}", "\0"];
        for term in hostile {
            for kind in [TermKind::Word, TermKind::Char, TermKind::CharWb, TermKind::Message] {
                for mark in ["", SHAPE, CHARS, CELL] {
                    let spelled = of(kind, &format!("{mark}{term}"));
                    assert_eq!(neutral(&spelled), spelled);
                    assert!(!spelled.contains(|c: char| c.is_control() || c == '\u{202e}'), "{spelled}");
                }
            }
        }
        assert_eq!(of(TermKind::Word, &"x".repeat(50)), format!("'{}…'", "x".repeat(40)));
    }
}
