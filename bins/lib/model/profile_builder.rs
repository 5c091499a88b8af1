//! Builds a profile from rows: counts every row, and describes and scores a sample of the distinct messages.

use anyhow::Result;

use crate::model::model_file::Model;
use crate::model::row_score::{ColumnPlaces, ScoringBuffers};
use crate::profile::descriptor::{Describer, Descriptor};
use crate::profile::summary::{self, MessageRecord, Profile};
use crate::rows::fingerprint::{Fingerprint, mix};
use crate::rows::label::Label;
use crate::rows::{Row, Rows};

/// Builds a profile, one message at a time.
///
/// Messages are described and scored only when the waiting messages take too much memory, and at the end. Later
/// messages replace most remembered messages, so work on replaced messages is avoided.
pub struct ProfileBuilder<'a, Each> {
    model: Option<&'a Model>,
    profile: Profile,
    describer: Describer,
    buffers: ScoringBuffers,
    waiting: Vec<PendingMessage>,
    /// Approximate bytes of the waiting messages.
    bytes: usize,
    each: Each,
}

/// A message that is not described yet.
struct PendingMessage {
    hash: u64,
    text_hash: u32,
    text: Box<str>,
    cells: Vec<String>,
}

impl PendingMessage {
    fn bytes(&self) -> usize {
        let cells = self.cells.iter().map(|cell| size_of::<String>() + cell.len());
        size_of::<Self>() + self.text.len() + cells.sum::<usize>()
    }
}

/// Maximum size of the waiting messages, in bytes.
const MAX_BYTES: usize = 7 << 19;

impl<'a, Each: FnMut(u16, &str)> ProfileBuilder<'a, Each> {
    /// Creates a builder. The model, if there is one, scores the messages. `each` is called with the hash and the
    /// spelling of each word in described messages.
    pub fn new(model: Option<&'a Model>, each: Each) -> Self {
        let (describer, buffers) = (Describer::default(), ScoringBuffers::default());
        let profile = Profile::new(model.is_some());
        Self { model, profile, describer, buffers, waiting: Vec::new(), bytes: 0, each }
    }

    /// Counts a message, with the cells in the buffers.
    pub fn message(&mut self, text: &str, label: Option<Label>) {
        self.scored_message(text, label, 0.0);
    }

    /// Counts a message whose score is known. A model, if there is one, replaces the score.
    fn scored_message(&mut self, text: &str, label: Option<Label>, score: f64) {
        let Self { model, profile, buffers, .. } = self;
        let text = model.map_or(text.into(), |model| model.read_as(text));
        let is_empty = text.is_empty() && buffers.cells.is_empty();
        let text_hash = summary::text(&text, &buffers.cells);
        // Rows without a text are not copies, even if their cells are equal.
        let content = match model {
            Some(model) if !model.features.text => {
                Fingerprint(mix(profile.rows ^ u64::from(text_hash) << 32))
            }
            _ => Fingerprint::of(&text),
        };
        if let Some(hash) = profile.count(content, text_hash, is_empty, label) {
            profile.remember(hash, MessageRecord::new(text_hash, Descriptor::default(), score, label, 1));
            let message =
                PendingMessage { hash, text_hash, text: (*text).into(), cells: buffers.cells.clone() };
            self.bytes += message.bytes();
            self.waiting.push(message);
            if self.bytes > MAX_BYTES {
                self.free_memory();
            }
        }
    }

    /// Counts a row of a file. `columns` has the places of the model's columns. A picked row counts with its label, but
    /// its message is left out, because a picked message is not typical of the messages that arrive.
    pub fn row(&mut self, rows: &Rows, row: &Row, columns: Option<&ColumnPlaces>) -> Result<()> {
        let text = match columns {
            Some(columns) => columns.load_row(row, &mut self.buffers),
            None => rows.text(row)?,
        };
        if rows.is_picked(row) {
            self.profile.count_only(text.is_empty(), rows.label(row)?);
            return Ok(());
        }
        let score = if self.reads_scores() { rows.score(row)? } else { 0.0 };
        self.scored_message(text, rows.label(row)?, score);
        Ok(())
    }

    /// Whether the rows have the scores of another system.
    fn reads_scores(&self) -> bool {
        self.profile.scored && self.model.is_none()
    }

    /// Drops messages that were replaced. Describes the others if this does not free enough memory.
    fn free_memory(&mut self) {
        let Self { profile, waiting, .. } = self;
        waiting.retain(|message| profile.record_mut(message.hash, message.text_hash).is_some());
        self.bytes = waiting.iter().map(PendingMessage::bytes).sum();
        if self.bytes > MAX_BYTES / 4 * 3 {
            self.describe();
        }
    }

    fn describe(&mut self) {
        let Self { model, profile, describer, buffers, waiting, each, .. } = self;
        let columns = model.map(|model| &model.features.columns);
        for PendingMessage { hash, text_hash, text, cells } in waiting.drain(..) {
            if let Some(record) = profile.record_mut(hash, text_hash) {
                record.look = describer.look(&text, &cells, columns, each);
                if let Some(model) = model {
                    buffers.cells = cells;
                    record.set_score(model.score_cells(&text, buffers));
                }
            }
        }
        self.bytes = 0;
    }

    pub fn done(mut self) -> Profile {
        self.describe();
        self.profile
    }
}

/// Builds the profile of all rows, with the scores of the model, or of another system if its columns are named. `each` is
/// called with the hash and the spelling of each word in described messages.
pub fn profile(rows: &mut Rows, model: Option<&Model>, each: &mut impl FnMut(u16, &str)) -> Result<Profile> {
    let columns = model.map(|model| model.columns(rows)).transpose()?;
    if columns.is_none() {
        rows.expect_text()?;
    }
    let mut builder = ProfileBuilder::new(model, each);
    builder.profile.scored |= rows.has_named_scores();
    let mut row = Row::default();
    while rows.read(&mut row)? {
        builder.row(rows, &row, columns.as_ref())?;
    }
    Ok(builder.done())
}
