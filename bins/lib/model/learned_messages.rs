//! Knows which messages a model learned from, as far as its profile remembers them.

use anyhow::Result;

use crate::model::model_file::Model;
use crate::profile::summary::Profile;
use crate::rows::fingerprint::Fingerprint;
use crate::rows::{Row, Rows};

/// The messages that models learned from: all messages of a model with at most 8,192 distinct training rows, and a
/// sample of the messages of a larger model.
pub struct LearnedMessages(Vec<Profile>);

impl LearnedMessages {
    /// The messages of some models. Models without a text are left out, because their rows have no message.
    pub fn of<'a>(models: impl Iterator<Item = &'a Model>) -> Result<Self> {
        let with_text = models.filter(|model| model.features.text && !model.profile.is_empty());
        with_text.map(|model| model.profile.profile()).collect::<Result<_>>().map(Self)
    }

    /// Whether a model learned from a message with the same normalised text.
    pub fn has(&self, rows: &Rows, row: &Row) -> Result<bool> {
        if self.0.is_empty() {
            return Ok(false);
        }
        let message = Fingerprint::of(rows.text(row)?);
        Ok(self.0.iter().any(|profile| profile.has_message(message)))
    }
}
