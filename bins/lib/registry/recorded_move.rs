//! Checks a record of a move against the journal, so that nobody announces a move that never happened.

use anyhow::{Result, bail};

use super::Registry;
use super::journal::JournalEntry;
use super::moves::Promotion;
use crate::io::diagnostics::shown;

/// How a recorded move relates to the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveStanding {
    /// The last move of its alias.
    Current,
    /// The alias has moved again since.
    Superseded,
}

impl Registry {
    /// Whether a recorded move is the last move of its alias. Fails if the journal does not have the move.
    pub fn standing(&self, promotion: &Promotion) -> Result<MoveStanding> {
        let journal = self.journal()?;
        let mut later = journal.moves(&promotion.alias).rev();
        match later.position(|entry| is_of(entry, promotion)) {
            Some(0) => Ok(MoveStanding::Current),
            Some(_) => Ok(MoveStanding::Superseded),
            None => bail!(
                "{}: has no move {} of {} to version {} as in promote.json; set --registry to the registry that promote wrote",
                self.directory().display(),
                promotion.sequence,
                shown(&promotion.alias),
                promotion.version
            ),
        }
    }
}

/// Whether an entry of the journal records exactly this move.
fn is_of(entry: &JournalEntry, promotion: &Promotion) -> bool {
    entry.sequence == Some(promotion.sequence)
        && entry.action == promotion.action
        && entry.version == promotion.version
        && entry.digest == promotion.digest
        && entry.from == promotion.previous_version
        && entry.at == promotion.moved
        && entry.reason == promotion.reason
        && entry.actor == promotion.actor
}
