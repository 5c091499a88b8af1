//! Defines `Term`, a term in a text with its key and its spelling.

use super::key;

#[derive(Clone, Copy, Debug)]
pub struct Term<'a> {
    /// The 64-bit hash that identifies the term.
    pub key: u64,
    /// The first part of the spelling; empty for a word.
    pub mark: &'static str,
    /// The rest of the spelling.
    pub text: &'a str,
}

impl<'a> Term<'a> {
    /// A term for the shape of a text.
    pub(super) fn shape(text: &'a str) -> Self {
        Self { key: key::marked(key::SHAPE, text), mark: key::SHAPE, text }
    }

    /// A term for the cell of a feature column.
    pub fn cell(text: &'a str) -> Self {
        Self { key: key::marked(key::CELL, text), mark: key::CELL, text }
    }
}
