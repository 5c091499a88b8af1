//! What a person should hear about a run that went well: gathered where it is noticed, said once at the end.

use std::cell::RefCell;
use std::rc::Rc;

/// A shared list of remarks; a clone adds to the same list.
#[derive(Clone, Debug, Default)]
pub struct Notes(Rc<RefCell<Vec<String>>>);

impl Notes {
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

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_value_stays_on_its_line() {
        assert_eq!(shown("a\nb\u{1b}[31m"), r"'a\nb\u{1b}[31m'");
        assert_eq!(shown(&"x".repeat(50)), format!("'{}…'", "x".repeat(40)));
    }
}
