//! Builds a profile from rows: counts every row, and describes and scores a sample of the distinct messages.

use anyhow::Result;

use crate::model::model_file::Model;
use crate::model::row_score::ScoringBuffers;
use crate::profile::descriptor::{Describer, Descriptor};
use crate::profile::summary::{self, MessageRecord, Profile};
use crate::rows::fingerprint::{Fingerprint, mix};
use crate::rows::label::Label;
use crate::rows::{Row, Rows};

/// Builds a profile from messages, one after the other.
///
/// Most messages that are remembered for a while make room for others later. So messages are described and scored late: when
/// the waiting ones take much memory, and at the end.
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
    very: u32,
    text: Box<str>,
    cells: Vec<String>,
}

impl PendingMessage {
    fn bytes(&self) -> usize {
        let cells = self.cells.iter().map(|cell| size_of::<String>() + cell.len());
        size_of::<Self>() + self.text.len() + cells.sum::<usize>()
    }
}

/// Bytes that waiting messages may take.
const ROOM: usize = 7 << 19;

impl<'a, Each: FnMut(u16, &str)> ProfileBuilder<'a, Each> {
    /// A builder without messages. The model, if there is one, scores them. `each` is called with the hashes and spellings of
    /// the words of described messages.
    pub fn new(model: Option<&'a Model>, each: Each) -> Self {
        let (describer, buffers) = (Describer::default(), ScoringBuffers::default());
        let profile = Profile::new(model.is_some());
        Self { model, profile, describer, buffers, waiting: Vec::new(), bytes: 0, each }
    }

    /// Counts a message, with the cells in the buffers.
    pub fn message(&mut self, text: &str, label: Option<Label>) {
        let Self { model, profile, buffers, .. } = self;
        let text = model.map_or(text.into(), |model| model.read_as(text));
        let is_empty = text.is_empty() && buffers.cells.is_empty();
        let very = summary::text(&text, &buffers.cells);
        // Two customers with equal cells are not copies.
        let content = match model {
            Some(model) if !model.features.text => Fingerprint(mix(profile.rows ^ u64::from(very) << 32)),
            _ => Fingerprint::of(&text),
        };
        if let Some(hash) = profile.count(content, very, is_empty, label) {
            profile.remember(hash, MessageRecord::new(very, Descriptor::default(), 0.0, label, 1));
            let message = PendingMessage { hash, very, text: (*text).into(), cells: buffers.cells.clone() };
            self.bytes += message.bytes();
            self.waiting.push(message);
            if self.bytes > ROOM {
                self.make_room();
            }
        }
    }

    /// Drops messages that have been replaced, and describes the others if that did not free enough memory.
    fn make_room(&mut self) {
        let Self { profile, waiting, .. } = self;
        waiting.retain(|message| profile.record_mut(message.hash, message.very).is_some());
        self.bytes = waiting.iter().map(PendingMessage::bytes).sum();
        if self.bytes > ROOM / 4 * 3 {
            self.look();
        }
    }

    fn look(&mut self) {
        let Self { model, profile, describer, buffers, waiting, each, .. } = self;
        let columns = model.map(|model| &model.features.columns);
        for PendingMessage { hash, very, text, cells } in waiting.drain(..) {
            if let Some(record) = profile.record_mut(hash, very) {
                record.look = describer.look(&text, &cells, columns, each);
                if let Some(model) = model {
                    buffers.cells = cells;
                    record.set_score(model.score_cells(&text, buffers));
                }
            }
        }
        self.bytes = 0;
    }

    /// The profile of all messages.
    pub fn done(mut self) -> Profile {
        self.look();
        self.profile
    }
}

/// Builds the profile of all rows. `each` is called with the hashes and spellings of the words of described messages.
pub fn profile(rows: &mut Rows, model: Option<&Model>, each: &mut impl FnMut(u16, &str)) -> Result<Profile> {
    let columns = model.map(|model| model.columns(rows)).transpose()?;
    if columns.is_none() {
        rows.expect_text()?;
    }
    let mut observer = ProfileBuilder::new(model, each);
    let mut row = Row::default();
    while rows.read(&mut row)? {
        let text = match &columns {
            Some(columns) => columns.lay_out(&row, &mut observer.buffers),
            None => rows.text(&row)?,
        };
        observer.message(text, rows.label(&row)?);
    }
    Ok(observer.done())
}
