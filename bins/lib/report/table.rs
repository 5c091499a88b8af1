//! Writes the HTML tables of the page.

use crate::report::escape::html;

/// Maximum number of rows in a table or list.
pub(super) const MAX_ROWS: usize = 40;

/// A table in a container that scrolls. With the class `folds`, a row takes several lines on a phone. The style of
/// that class removes the roles of the elements, so the roles are explicit.
pub(super) fn table(class: &str, name: &str, head: &[(&str, &str)], rows: &[String]) -> String {
    let cells: Vec<String> = head
        .iter()
        .map(|(class, text)| {
            format!("<th role=\"columnheader\" scope=\"col\"{}>{}</th>", kind(class), html(text))
        })
        .collect();
    let more = rows.len().saturating_sub(MAX_ROWS);
    let more = if more > 0 { format!("<p class=\"small\">and {more} more</p>\n") } else { String::new() };
    let rows: Vec<String> =
        rows.iter().take(MAX_ROWS).map(|row| format!("<tr role=\"row\">{row}</tr>\n")).collect();
    format!(
        "<div class=\"scroll\"><table role=\"table\" aria-label=\"{}\"{}>\n<thead role=\"rowgroup\"><tr role=\"row\">{}</tr></thead>\n\
        <tbody role=\"rowgroup\">\n{}</tbody></table></div>\n{more}",
        html(name),
        kind(class),
        cells.concat(),
        rows.concat()
    )
}

fn kind(class: &str) -> String {
    if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") }
}

/// The cell that names its row, with small text below it.
pub(super) fn name(text: &str, sub: &str) -> String {
    let sub =
        if sub.is_empty() { String::new() } else { format!("<span class=\"sub\">{}</span>", html(sub)) };
    format!("<th role=\"rowheader\" scope=\"row\"><bdi>{}</bdi>{sub}</th>", html(text))
}

pub(super) fn cell(class: &str, text: &str) -> String {
    format!("<td role=\"cell\"{}>{}</td>", kind(class), html(text))
}

/// A cell with a number, and a label for when the head is hidden.
pub(super) fn numeric(label: &str, text: &str) -> String {
    format!("<td role=\"cell\" class=\"num\" data-label=\"{}\">{}</td>", html(label), html(text))
}

/// A cell with a drawing that is already escaped.
pub(super) fn plot(svg: &str) -> String {
    format!("<td role=\"cell\" class=\"plot\">{svg}</td>")
}

/// A cell with a symbol and a word.
pub(super) fn mark(word: &str) -> String {
    let (class, sign) = match word {
        "no" => ("mark off", "○"),
        "blocks" => ("mark on", "◐"),
        _ => ("mark on", "●"),
    };
    format!(
        "<td role=\"cell\" class=\"{class}\"><span aria-hidden=\"true\">{sign}</span> {}</td>",
        html(word)
    )
}

/// A cell that shows whether a check passed.
pub(super) fn passed(is_passed: bool) -> String {
    let (class, sign, word) =
        if is_passed { ("mark passed", "✓", "yes") } else { ("mark off", "✗", "no") };
    format!("<td role=\"cell\" class=\"{class}\"><span aria-hidden=\"true\">{sign}</span> {word}</td>")
}
