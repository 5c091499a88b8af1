//! Makes untrusted text safe for an error line, a terminal, a runner's log and a spreadsheet.
//!
//! `report/escape.rs` adds the escapes that only reports need: Markdown, HTML and workflow commands.

use std::borrow::Cow;

/// Quotes a value for an error line: at most 40 characters, with control characters escaped.
pub fn shown(value: &str) -> String {
    const MOST: usize = 40;
    let cut: String = value.chars().take(MOST).flat_map(char::escape_debug).collect();
    if value.chars().nth(MOST).is_some() { format!("'{cut}…'") } else { format!("'{cut}'") }
}

/// Makes a sentence from another source safe for an error line. Replaces line breaks. Escapes control characters,
/// marks that change the writing direction, and `##[`. A GitHub runner reads `##[` as a command.
pub fn inert(sentence: &str) -> String {
    let mut line = String::with_capacity(sentence.len());
    for c in sentence.chars() {
        match c {
            '\n' => line.push(' '),
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                line.extend(c.escape_unicode());
            }
            '[' if line.ends_with("##") => line.extend(c.escape_unicode()),
            _ if c.is_control() => line.extend(c.escape_debug()),
            _ => line.push(c),
        }
    }
    line
}

/// Escapes control characters and marks that change the writing direction, except tabs and line breaks, so that a
/// person can print a file of messages on a terminal.
pub fn without_controls(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' | '\n' => line.push(c),
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                line.extend(c.escape_unicode());
            }
            _ if c.is_control() => line.extend(c.escape_debug()),
            _ => line.push(c),
        }
    }
    line
}

/// Puts an apostrophe before a cell that starts like a formula (OWASP, CSV injection), but not before a plain number.
/// Spaces and invisible characters before the formula do not count, because a spreadsheet may drop them.
pub fn neutral(cell: &str) -> Cow<'_, str> {
    let is_invisible = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    };
    let start = cell.trim_start_matches(is_invisible);
    let dangerous = start.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || cell.starts_with(['\t', '\r', '\n']);
    if dangerous && cell.parse::<f64>().is_err() {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::{inert, neutral, shown, without_controls};

    #[test]
    fn a_sentence_stays_on_one_line() {
        assert_eq!(inert("unknown `a\nb\u{1b}[31m\u{202e}é`"), r"unknown `a b\u{1b}[31m\u{202e}é`");
        assert_eq!(inert("##[error]\u{2028}\u{200f}[##"), r"##\u{5b}error]\u{2028}\u{200f}[##");
    }

    #[test]
    fn a_value_stays_on_one_line() {
        assert_eq!(shown("a\nb\u{1b}[31m"), r"'a\nb\u{1b}[31m'");
        assert_eq!(shown(&"x".repeat(50)), format!("'{}…'", "x".repeat(40)));
    }

    #[test]
    fn escapes_control_characters_but_not_line_breaks() {
        assert_eq!(
            without_controls("a\tb\nc\r\u{1b}[31m\u{9b}\u{202e}é"),
            "a\tb\nc\\r\\u{1b}[31m\\u{9b}\\u{202e}é"
        );
    }

    #[test]
    fn escapes_formulas_but_not_numbers() {
        for cell in [
            "=1+1",
            "+SUM(A1)",
            "-cmd|' /C calc'!A0",
            "@SUM(1)",
            "\t=1",
            "＝1+1",
            " =1",
            "\u{feff}=1",
            "\0@a",
        ] {
            assert_eq!(neutral(cell), format!("'{cell}"));
        }
        for cell in ["", "-5", "+0.5", "-1e3", "a=b", "5-3"] {
            assert_eq!(neutral(cell), cell);
        }
    }
}
