//! Collects the warnings of a tool; `cli::tool` prints them once at the end.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

pub use super::escape::{inert, shown};

/// A shared list of warnings. Clones add to the same list.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics(Rc<RefCell<Vec<Warning>>>);

#[derive(Debug)]
enum Warning {
    Text(String),
    Decoded(Rc<DecodedFields>),
}

impl Diagnostics {
    /// Adds a warning in the form of an error line: `FILE: line N: what is wrong`.
    pub fn add(&self, warning: impl Into<String>) {
        self.0.borrow_mut().push(Warning::Text(warning.into()));
    }

    /// Adds a warning about decoded fields. The count of the fields may grow until [`Diagnostics::take`].
    pub fn add_decoded(&self, fields: &Rc<DecodedFields>) {
        self.0.borrow_mut().push(Warning::Decoded(fields.clone()));
    }

    /// Moves the warning about these fields to the end.
    pub fn move_last(&self, fields: &Rc<DecodedFields>) {
        let mut warnings = self.0.borrow_mut();
        warnings.retain(|warning| !matches!(warning, Warning::Decoded(other) if Rc::ptr_eq(other, fields)));
        warnings.push(Warning::Decoded(fields.clone()));
    }

    /// Removes and returns all warnings.
    pub fn take(&self) -> Vec<String> {
        let warnings = std::mem::take(&mut *self.0.borrow_mut());
        let text = |warning| match warning {
            Warning::Text(text) => text,
            Warning::Decoded(fields) => fields.to_string(),
        };
        warnings.into_iter().map(text).collect()
    }
}

/// Fields of one input that are not UTF-8, counted while the input is read.
#[derive(Debug)]
pub struct DecodedFields {
    pub input: String,
    /// `field` in CSV, `line` in JSON Lines.
    pub unit: &'static str,
    pub count: Cell<u64>,
    pub first_line: u64,
}

impl fmt::Display for DecodedFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { input, unit, count, first_line } = self;
        match count.get() {
            1 => write!(f, "{input}: 1 {unit} is not UTF-8 and was converted (line {first_line})")?,
            count => write!(
                f,
                "{input}: {count} {unit}s are not UTF-8 and were converted (first at line {first_line})"
            )?,
        }
        f.write_str("; save the file as UTF-8")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_decoded_fields_until_the_warnings_are_taken() {
        let (notes, other) = (Diagnostics::default(), Diagnostics::default());
        let fields = |notes: &Diagnostics, input: &str| {
            let fields =
                DecodedFields { input: input.into(), unit: "field", count: Cell::new(1), first_line: 3 };
            let fields = Rc::new(fields);
            notes.add_decoded(&fields);
            fields
        };
        let (first, second) = (fields(&notes, "a.csv"), fields(&notes, "b.csv"));
        notes.clone().add("added later");
        fields(&other, "c.csv");
        first.count.set(40);
        notes.move_last(&second);
        let warnings = [
            "a.csv: 40 fields are not UTF-8 and were converted (first at line 3); save the file as UTF-8",
            "added later",
            "b.csv: 1 field is not UTF-8 and was converted (line 3); save the file as UTF-8",
        ];
        assert_eq!(notes.take(), warnings);
        assert!(notes.take().is_empty());
    }
}
