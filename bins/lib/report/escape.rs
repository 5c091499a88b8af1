//! Escapes untrusted text for Markdown, HTML and workflow commands. `io/escape.rs` covers terminals and spreadsheets.

use crate::io::diagnostics::inert;

/// The first characters of a text, followed by … if there are more.
pub(crate) fn cut(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Escapes everything that Markdown, HTML or GitHub would interpret.
pub(crate) fn markdown(text: &str) -> String {
    // GitHub looks for @name and www. after it removes backslashes, so only a word joiner prevents a link.
    const JOINER: &str = "&#8288;";
    let mut out = String::with_capacity(text.len());
    for c in inert(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '/' if out.ends_with(':') => out.extend([JOINER, "/"]),
            '.' if out
                .get(out.len().saturating_sub(3)..)
                .is_some_and(|end| end.eq_ignore_ascii_case("www")) =>
            {
                out.extend([JOINER, "."]);
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '@' | '$' => {
                out.push('\\');
                out.push(c);
                if c == '@' {
                    out.push_str(JOINER);
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// Escapes text between tags or in a quoted attribute.
pub(super) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in inert(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Escapes the message of a workflow command.
pub(super) fn message(text: &str) -> String {
    inert(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a workflow command, such as its title.
pub(super) fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

/// Keeps the characters of a code: ASCII letters, digits, `_` and `-`, at most 40.
pub(super) fn code(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_markdown_is_plain_text() {
        let escaped = markdown("<script>|`x`[a](b) @me www.a.b http://c $1$ \u{202e}\u{1b}[31m##[error]");
        for wanted in
            ["&lt;script&gt;\\|\\`x\\`\\[a\\](b)", "\\@&#8288;me", "www&#8288;.a", "http:&#8288;//c"]
        {
            assert!(escaped.contains(wanted), "{escaped}");
        }
        assert!(!escaped.contains(['<', '\u{202e}', '\u{1b}']) && !escaped.contains("##["), "{escaped}");
    }

    #[test]
    fn escaped_html_is_plain_text() {
        assert_eq!(html("<a href='x'>&\"\n"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot; ");
        assert_eq!(html("\u{202e}x\u{1b}"), "\\u{202e}x\\u{1b}");
    }

    #[test]
    fn a_workflow_command_keeps_one_line_and_one_property() {
        assert_eq!(property("a,b: 5%\n::x"), "a%2Cb%3A 5%25 %3A%3Ax");
        assert_eq!(message("5%, ##[debug]"), "5%25, ##\\u{5b}debug]");
        assert_eq!(code("no_champion\n::x=y"), "no_championxy");
    }

    #[test]
    fn cuts_a_long_word_between_characters() {
        assert_eq!(cut(&"é".repeat(10_000), 3), "ééé…");
        assert_eq!(cut("abc", 3), "abc");
    }
}
