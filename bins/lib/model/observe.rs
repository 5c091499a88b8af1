//! Rows into a profile: each is counted, and its message looked at and scored where it is one to remember.

use anyhow::Result;

use crate::model::model_file::Model;
use crate::model::row_score::ScoringBuffers;
use crate::profile::descriptor::{Describer, Descriptor};
use crate::profile::summary::{self, MessageRecord, Profile};
use crate::rows::fingerprint::{Fingerprint, mix};
use crate::rows::label::Label;
use crate::rows::{Row, Rows};

/// What makes a profile of messages, one after the other.
///
/// Of the messages that are remembered on the way most make room for others, so that they are looked at and scored late:
/// when those that wait take much memory, and at the end.
pub struct ProfileBuilder<'a, Each> {
    model: Option<&'a Model>,
    profile: Profile,
    looker: Describer,
    desk: ScoringBuffers,
    waiting: Vec<PendingMessage>,
    /// Bytes of those that wait, about.
    bytes: usize,
    each: Each,
}

/// A message that is not yet looked at.
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

/// Bytes that messages may take while they wait.
const ROOM: usize = 7 << 19;

impl<'a, Each: FnMut(u16, &str)> ProfileBuilder<'a, Each> {
    /// No messages yet; they will be scored by the model, where there is one. Calls `each` with the hashes and spellings of
    /// the words of those that are looked at.
    pub fn new(model: Option<&'a Model>, each: Each) -> Self {
        let (looker, desk) = (Describer::default(), ScoringBuffers::default());
        let profile = Profile::new(model.is_some());
        Self { model, profile, looker, desk, waiting: Vec::new(), bytes: 0, each }
    }

    /// Counts a message, with the cells that are on the desk.
    pub fn message(&mut self, text: &str, label: Option<Label>) {
        let Self { model, profile, desk, .. } = self;
        let text = model.map_or(text.into(), |model| model.read_as(text));
        let is_empty = text.is_empty() && desk.cells.is_empty();
        let very = summary::text(&text, &desk.cells);
        // Equal cells of two customers are no copies.
        let content = match model {
            Some(model) if !model.features.text => Fingerprint(mix(profile.rows ^ u64::from(very) << 32)),
            _ => Fingerprint::of(&text),
        };
        if let Some(hash) = profile.count(content, very, is_empty, label) {
            profile.remember(hash, MessageRecord::new(very, Descriptor::default(), 0.0, label, 1));
            let message = PendingMessage { hash, very, text: (*text).into(), cells: desk.cells.clone() };
            self.bytes += message.bytes();
            self.waiting.push(message);
            if self.bytes > ROOM {
                self.make_room();
            }
        }
    }

    /// Forgets messages that are to be remembered no more, and looks at the others where that has not helped much.
    fn make_room(&mut self) {
        let Self { profile, waiting, .. } = self;
        waiting.retain(|message| profile.record_mut(message.hash, message.very).is_some());
        self.bytes = waiting.iter().map(PendingMessage::bytes).sum();
        if self.bytes > ROOM / 4 * 3 {
            self.look();
        }
    }

    fn look(&mut self) {
        let Self { model, profile, looker, desk, waiting, each, .. } = self;
        let columns = model.map(|model| &model.features.columns);
        for PendingMessage { hash, very, text, cells } in waiting.drain(..) {
            if let Some(record) = profile.record_mut(hash, very) {
                record.look = looker.look(&text, &cells, columns, each);
                if let Some(model) = model {
                    desk.cells = cells;
                    record.set_score(model.score_cells(&text, desk));
                }
            }
        }
        self.bytes = 0;
    }

    /// The profile of all messages so far.
    pub fn done(mut self) -> Profile {
        self.look();
        self.profile
    }
}

/// Makes the profile of all rows; calls `each` with the hashes and spellings of the words of messages that are looked at.
pub fn profile(rows: &mut Rows, model: Option<&Model>, each: &mut impl FnMut(u16, &str)) -> Result<Profile> {
    let columns = model.map(|model| model.columns(rows)).transpose()?;
    if columns.is_none() {
        rows.expect_text()?;
    }
    let mut observer = ProfileBuilder::new(model, each);
    let mut row = Row::default();
    while rows.read(&mut row)? {
        let text = match &columns {
            Some(columns) => columns.lay_out(&row, &mut observer.desk),
            None => rows.text(&row)?,
        };
        observer.message(text, rows.label(&row)?);
    }
    Ok(observer.done())
}
