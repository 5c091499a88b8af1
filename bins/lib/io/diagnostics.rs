//! What a person should hear about a run that went well: gathered where it is noticed, said once at the end.

use std::cell::RefCell;
use std::rc::Rc;

pub use super::escape::{inert, shown};

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
