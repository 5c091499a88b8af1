//! Numbers terms in order of arrival, and finds the number of a term by its key.

use crate::features::Term;
use crate::features::hash_table::KeyNumbers;

/// Terms numbered in order of arrival.
#[derive(Clone, Debug, Default)]
pub struct Dictionary {
    numbers: KeyNumbers,
    spelled: SpelledTerms,
}

impl Dictionary {
    /// The number of a term; a new term gets the next number.
    #[inline]
    pub fn number(&mut self, term: Term) -> u32 {
        self.numbers.find(term.key).unwrap_or_else(|| self.add(term))
    }

    /// Adds a new term, and returns its number.
    #[cold]
    fn add(&mut self, term: Term) -> u32 {
        self.spelled.push(term.mark, term.text);
        self.numbers.number(term.key).0
    }

    pub fn len(&self) -> usize {
        self.spelled.len()
    }

    pub fn is_empty(&self) -> bool {
        self.spelled.is_empty()
    }

    pub fn into_parts(self) -> (KeyNumbers, SpelledTerms) {
        (self.numbers, self.spelled)
    }
}

/// The spellings of terms, by number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpelledTerms {
    /// All terms in one string.
    text: String,
    ends: Vec<usize>,
}

impl SpelledTerms {
    /// Adds a term. The mark comes first.
    #[inline]
    pub fn push(&mut self, mark: &str, text: &str) {
        self.text.push_str(mark);
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    #[inline]
    pub fn term(&self, number: usize) -> &str {
        &self.text[number.checked_sub(1).map_or(0, |before| self.ends[before])..self.ends[number]]
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All terms by number.
    pub fn terms(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|number| self.term(number))
    }
}
