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
    pub decoded_as: DecodedAs,
}

/// How fields that are not UTF-8 were decoded.
#[derive(Debug)]
pub enum DecodedAs {
    /// Each field as Windows-1252 or as broken UTF-8. Counts the fields that are Windows-1252.
    Guessed { windows_1252: Cell<u64> },
    /// The encoding of `--encoding`, in which these bytes are not valid.
    Named(&'static str),
}

impl fmt::Display for DecodedFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { input, unit, count, first_line, decoded_as } = self;
        let all = count.get();
        let (one, is_one) = (if all == 1 { "" } else { "s" }, all == 1);
        let (are, were) = if is_one { ("is", "was") } else { ("are", "were") };
        write!(f, "{input}: {all} {unit}{one} {are} not ")?;
        match decoded_as {
            DecodedAs::Named(name) => write!(f, "valid {name} and {were} replaced with U+FFFD")?,
            DecodedAs::Guessed { windows_1252 } => match windows_1252.get() {
                0 => write!(f, "UTF-8 and {were} read with U+FFFD for the broken bytes")?,
                found if found == all => write!(f, "UTF-8 and {were} read as Windows-1252")?,
                found => write!(
                    f,
                    "UTF-8: {found} {were} read as Windows-1252, the others with U+FFFD for the broken bytes",
                    were = if found == 1 { "was" } else { "were" },
                )?,
            },
        }
        if is_one {
            write!(f, " (line {first_line})")?;
        } else {
            write!(f, " (first at line {first_line})")?;
        }
        f.write_str(match decoded_as {
            DecodedAs::Named(_) => "; check --encoding",
            DecodedAs::Guessed { .. } => "; set --encoding, or save the file as UTF-8",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_decoded_fields_until_the_warnings_are_taken() {
        let (notes, other) = (Diagnostics::default(), Diagnostics::default());
        let fields = |notes: &Diagnostics, input: &str| {
            let fields = Rc::new(DecodedFields {
                input: input.into(),
                unit: "field",
                count: Cell::new(1),
                first_line: 3,
                decoded_as: DecodedAs::Guessed { windows_1252: Cell::new(1) },
            });
            notes.add_decoded(&fields);
            fields
        };
        let (first, second) = (fields(&notes, "a.csv"), fields(&notes, "b.csv"));
        notes.clone().add("added later");
        fields(&other, "c.csv");
        first.count.set(40);
        notes.move_last(&second);
        let warnings = [
            "a.csv: 40 fields are not UTF-8: 1 was read as Windows-1252, the others with U+FFFD for the broken bytes \
             (first at line 3); set --encoding, or save the file as UTF-8",
            "added later",
            "b.csv: 1 field is not UTF-8 and was read as Windows-1252 (line 3); set --encoding, or save the file as UTF-8",
        ];
        assert_eq!(notes.take(), warnings);
        assert!(notes.take().is_empty());
    }
}
