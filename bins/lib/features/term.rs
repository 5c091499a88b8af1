//! A term as it is found in a text.

use super::key;

/// A term as it is found in a text.
#[derive(Clone, Copy, Debug)]
pub struct Term<'a> {
    /// The number that stands for it.
    pub key: u64,
    /// What it is spelled with first: nothing, for a word.
    pub mark: &'static str,
    /// The rest of it.
    pub text: &'a str,
}

impl<'a> Term<'a> {
    /// A term that stands for the shape of a text.
    pub(super) fn shape(text: &'a str) -> Self {
        Self { key: key::marked(key::SHAPE, text), mark: key::SHAPE, text }
    }

    /// A term that stands for the cell of a column.
    pub fn cell(text: &'a str) -> Self {
        Self { key: key::marked(key::CELL, text), mark: key::CELL, text }
    }
}
