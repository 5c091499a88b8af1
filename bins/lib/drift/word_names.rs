//! Keeps the spelling of words for a report, because a profile has only their hashes.

use crate::drift::messages::HASHES;
use crate::io::diagnostics::inert;

/// Maximum length of a word in a report, in characters.
const MAX_CHARACTERS: usize = 40;

/// One word for each hash, with its votes. If several words share a hash, a frequent word wins.
#[derive(Clone, Debug, Default)]
pub struct WordNames(Vec<(Box<str>, u32)>);

impl WordNames {
    /// Counts one occurrence of a word (majority vote, Boyer & Moore 1991).
    pub fn note(&mut self, word: u16, text: &str) {
        self.0.resize(HASHES, Default::default());
        let (known, votes) = &mut self.0[usize::from(word)];
        if !known.is_empty() && text.starts_with(&**known) {
            *votes = votes.saturating_add(1);
        } else if *votes == 0 {
            (*known, *votes) = (cut(text), 1);
        } else {
            *votes -= 1;
        }
    }

    /// Spelling of a word; none if no new row has it.
    pub fn get(&self, word: u16) -> Option<String> {
        let (name, _) = self.0.get(usize::from(word))?;
        (!name.is_empty()).then(|| inert(name))
    }
}

fn cut(text: &str) -> Box<str> {
    text.chars().take(MAX_CHARACTERS).collect()
}
