//! Terms by number, found by the keys that the analyzer makes of them.

use crate::learn::table::Table;
use crate::learn::text::Term;

/// Terms, numbered as they came in.
#[derive(Clone, Debug, Default)]
pub struct Dictionary {
    numbers: Table<u32>,
    /// All terms, one after the other.
    spelled: String,
    ends: Vec<usize>,
    keys: Vec<u64>,
}

impl Dictionary {
    /// An empty dictionary with room for so many terms.
    pub fn with_room(terms: usize) -> Self {
        Self { numbers: Table::with_room(terms), ..Self::default() }
    }

    /// The number of a term, which it gets now if it is new.
    #[inline]
    pub fn number(&mut self, term: Term) -> u32 {
        let (number, new) = self.numbers.entry(term.key);
        if new {
            *number = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
            self.spelled.push_str(term.mark);
            self.spelled.push_str(term.text);
            self.ends.push(self.spelled.len());
            self.keys.push(term.key);
        }
        *number
    }

    /// The number of the term with this key.
    #[inline]
    pub fn find(&self, key: u64) -> Option<u32> {
        self.numbers.get(key)
    }

    /// A term.
    pub fn term(&self, number: u32) -> &str {
        let number = number as usize;
        &self.spelled[number.checked_sub(1).map_or(0, |before| self.ends[before])..self.ends[number]]
    }

    /// How many terms there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All terms with their keys, in the order of their numbers.
    pub fn terms(&self) -> impl Iterator<Item = Term<'_>> {
        let spans = [0].into_iter().chain(self.ends.iter().copied()).zip(&self.ends);
        spans.zip(&self.keys).map(|((start, end), key)| Term {
            key: *key,
            mark: "",
            text: &self.spelled[start..*end],
        })
    }
}
