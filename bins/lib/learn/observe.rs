//! Rows into a profile: each is counted, and its message looked at and scored where it is one to remember.

use anyhow::Result;

use crate::data::fingerprint::{Fingerprint, mix};
use crate::data::label::Label;
use crate::data::rows::{Row, Rows};
use crate::learn::look::Looker;
use crate::learn::model::{Desk, Model};
use crate::learn::profile::{self, Profile, Record};

/// What makes a profile of messages, one after the other.
pub struct Observer<'a> {
    model: Option<&'a Model>,
    profile: Profile,
    looker: Looker,
    desk: Desk,
}

impl<'a> Observer<'a> {
    /// No messages yet; they will be scored by the model, where there is one.
    pub fn new(model: Option<&'a Model>) -> Self {
        let (looker, desk) = (Looker::default(), Desk::default());
        Self { model, profile: Profile::new(model.is_some()), looker, desk }
    }

    /// Counts a message, with the cells that are on the desk; calls `each` with the hashes and spellings of its words.
    pub fn message(&mut self, text: &str, label: Option<Label>, each: &mut impl FnMut(u16, &str)) {
        let Self { model, profile, looker, desk } = self;
        let text = model.map_or(text.into(), |model| model.read_as(text));
        let columns = model.map(|model| &model.features.columns);
        let is_empty = text.is_empty() && desk.cells.is_empty();
        let very = profile::text(&text, &desk.cells);
        // Equal cells of two customers are no copies.
        let content = match model {
            Some(model) if !model.features.text => Fingerprint(mix(profile.rows ^ u64::from(very) << 32)),
            _ => Fingerprint::of(&text),
        };
        if let Some(hash) = profile.count(content, very, is_empty, label) {
            let look = looker.look(&text, &desk.cells, columns, each);
            let score = model.map_or(0.0, |model| model.score_cells(&text, desk));
            profile.remember(hash, Record::new(very, look, score, label, 1));
        }
    }

    /// The profile of all messages so far.
    pub fn done(self) -> Profile {
        self.profile
    }
}

/// Makes the profile of all rows.
pub fn profile(rows: &mut Rows, model: Option<&Model>, each: &mut impl FnMut(u16, &str)) -> Result<Profile> {
    let columns = model.map(|model| model.columns(rows)).transpose()?;
    if columns.is_none() {
        rows.expect_text()?;
    }
    let mut observer = Observer::new(model);
    let mut row = Row::default();
    while rows.read(&mut row)? {
        let text = match &columns {
            Some(columns) => columns.lay_out(&row, &mut observer.desk),
            None => rows.text(&row)?,
        };
        observer.message(text, rows.label(&row)?, each);
    }
    Ok(observer.done())
}
