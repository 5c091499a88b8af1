//! What a person should hear about a run that went well: gathered where it is noticed, said once at the end.

use std::cell::RefCell;
use std::rc::Rc;

/// A shared list of remarks; a clone adds to the same list.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics(Rc<RefCell<Vec<String>>>);

impl Diagnostics {
    /// Adds a remark, in the form of an error line: place, line, what.
    pub fn add(&self, remark: impl Into<String>) {
        self.0.borrow_mut().push(remark.into());
    }

    /// Takes all remarks out.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.borrow_mut())
    }
}

/// A value from a file as an error line may show it: cut short, on one line, and unable to move the cursor.
pub fn shown(value: &str) -> String {
    const MOST: usize = 40;
    let cut: String = value.chars().take(MOST).flat_map(char::escape_debug).collect();
    if value.chars().nth(MOST).is_some() { format!("'{cut}…'") } else { format!("'{cut}'") }
}

/// A sentence from elsewhere, which may quote a file, as an error line may hold it: on one line, and without control
/// characters, marks that turn the direction of writing, or `##[`, which a runner takes for a command wherever it stands.
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

#[cfg(test)]
mod tests {
    use super::{inert, shown};

    #[test]
    fn a_sentence_stays_on_its_line() {
        assert_eq!(inert("unknown `a\nb\u{1b}[31m\u{202e}é`"), r"unknown `a b\u{1b}[31m\u{202e}é`");
        assert_eq!(inert("##[error]\u{2028}\u{200f}[##"), r"##\u{5b}error]\u{2028}\u{200f}[##");
    }

    #[test]
    fn a_value_stays_on_its_line() {
        assert_eq!(shown("a\nb\u{1b}[31m"), r"'a\nb\u{1b}[31m'");
        assert_eq!(shown(&"x".repeat(50)), format!("'{}…'", "x".repeat(40)));
    }
}
