//! Cells that a spreadsheet takes for formulas, made harmless.

use std::borrow::Cow;

/// The cell, behind an apostrophe where it begins like a formula (OWASP, CSV injection); a plain number stays one.
pub fn neutral(cell: &str) -> Cow<'_, str> {
    let dangerous = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if dangerous && cell.parse::<f64>().is_err() {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::neutral;

    #[test]
    fn formulas_are_quoted_and_numbers_are_not() {
        for cell in ["=1+1", "+SUM(A1)", "-cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "＝1+1"] {
            assert_eq!(neutral(cell), format!("'{cell}"));
        }
        for cell in ["", "-5", "+0.5", "-1e3", "a=b", "5-3"] {
            assert_eq!(neutral(cell), cell);
        }
    }
}
