//! Warnings of a successful run: collected while it runs, printed once at the end.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

pub use super::escape::{inert, shown};

/// A shared list of remarks; a clone adds to the same list.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics(Rc<RefCell<Vec<Remark>>>);

#[derive(Debug)]
enum Remark {
    Said(String),
    Decoded(Rc<DecodedFields>),
}

impl Diagnostics {
    /// Adds a remark, in the form of an error line: place, line, what.
    pub fn add(&self, remark: impl Into<String>) {
        self.0.borrow_mut().push(Remark::Said(remark.into()));
    }

    /// Adds a remark about decoded fields. Their number may grow until the remarks are taken.
    pub fn add_decoded(&self, fields: &Rc<DecodedFields>) {
        self.0.borrow_mut().push(Remark::Decoded(fields.clone()));
    }

    /// Moves the remark about these fields behind all others.
    pub fn move_last(&self, fields: &Rc<DecodedFields>) {
        let mut remarks = self.0.borrow_mut();
        remarks.retain(|remark| !matches!(remark, Remark::Decoded(other) if Rc::ptr_eq(other, fields)));
        remarks.push(Remark::Decoded(fields.clone()));
    }

    /// Takes all remarks out.
    pub fn take(&self) -> Vec<String> {
        let remarks = std::mem::take(&mut *self.0.borrow_mut());
        let text = |remark| match remark {
            Remark::Said(text) => text,
            Remark::Decoded(fields) => fields.to_string(),
        };
        remarks.into_iter().map(text).collect()
    }
}

/// Fields of one input that were not UTF-8, counted while it is read.
#[derive(Debug)]
pub struct DecodedFields {
    /// The name of the input.
    pub input: String,
    /// What is counted: fields of CSV, lines of JSON.
    pub unit: &'static str,
    /// How many were decoded so far.
    pub count: Cell<u64>,
    /// The line of the first one.
    pub first_line: u64,
}

impl fmt::Display for DecodedFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { input, unit, count, first_line } = self;
        match count.get() {
            1 => write!(f, "{input}: 1 {unit} was")?,
            count => write!(f, "{input}: {count} {unit}s were")?,
        }
        write!(f, " not UTF-8 and decoded (the first at line {first_line})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_decoded_fields_grows_until_it_is_said() {
        let (notes, other) = (Diagnostics::default(), Diagnostics::default());
        let fields = |notes: &Diagnostics, input: &str| {
            let fields =
                DecodedFields { input: input.into(), unit: "field", count: Cell::new(1), first_line: 3 };
            let fields = Rc::new(fields);
            notes.add_decoded(&fields);
            fields
        };
        let (first, second) = (fields(&notes, "a.csv"), fields(&notes, "b.csv"));
        notes.clone().add("said later");
        fields(&other, "c.csv");
        first.count.set(40);
        notes.move_last(&second);
        let decoded = "not UTF-8 and decoded (the first at line 3)";
        let wanted = [
            format!("a.csv: 40 fields were {decoded}"),
            "said later".to_owned(),
            format!("b.csv: 1 field was {decoded}"),
        ];
        assert_eq!(notes.take(), wanted);
        assert!(notes.take().is_empty());
    }
}
