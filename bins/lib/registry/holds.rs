//! Says which aliases are held: while a hold lasts, no promotion moves the alias.
//!
//! The order of the journal's lines decides, never their times. Only the end of a dated hold is compared with a clock.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::journal::{Journal, JournalAction, JournalEntry};
use crate::io::dates::Timestamp;
use crate::io::diagnostics::inert;

/// A hold of an alias.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AliasHold {
    /// Origin of the hold: `held` for a hold by a person, `rolled_back` for the hold that follows a rollback.
    pub action: JournalAction,
    /// Time at which the hold began, in UTC (RFC 3339).
    pub since: String,
    /// Time at which the hold ends on its own; absent if it lasts until it is resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Reason for the hold.
    pub reason: String,
    /// Person or account behind the hold; absent if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Version that the alias points to.
    pub version: u64,
    /// Version that was rolled back; absent for a hold by a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back: Option<u64>,
}

impl AliasHold {
    fn of(entry: &JournalEntry) -> Self {
        Self {
            action: entry.action,
            since: entry.at.clone(),
            until: entry.until.clone(),
            reason: entry.reason.clone(),
            actor: entry.actor.clone(),
            version: entry.version,
            rolled_back: entry.from,
        }
    }

    /// Whether the hold lasts at this time. An unreadable end does not end it.
    fn lasts(&self, now: Timestamp) -> bool {
        let end = self.until.as_ref().and_then(|until| until.parse::<Timestamp>().ok());
        end.is_none_or(|end| now < end)
    }
}

impl fmt::Display for AliasHold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "held at version {} since {}", self.version, inert(&self.since))?;
        if let Some(version) = self.rolled_back {
            write!(f, ", after the rollback of version {version}")?;
        }
        if let Some(until) = &self.until {
            write!(f, ", until {}", inert(until))?;
        }
        if let Some(actor) = &self.actor {
            write!(f, ", by {}", inert(actor))?;
        }
        // A person may give a long reason.
        let reason: String = self.reason.chars().take(200).collect();
        if reason.is_empty() { Ok(()) } else { write!(f, " ({})", inert(&reason)) }
    }
}

/// The holds of one alias according to the journal. A person and a rollback hold it independently of each other.
#[derive(Clone, Debug, Default)]
pub struct AliasHolds {
    by_person: Option<AliasHold>,
    after_rollback: Option<AliasHold>,
}

impl AliasHolds {
    /// Follows a line of the journal about this alias.
    pub(super) fn follow(&mut self, entry: &JournalEntry) {
        match entry.action {
            JournalAction::Held => self.by_person = Some(AliasHold::of(entry)),
            JournalAction::RolledBack => self.after_rollback = Some(AliasHold::of(entry)),
            // An earlier spamops promoted after a rollback, so a promotion ends the hold, too.
            JournalAction::Resumed | JournalAction::Assigned => *self = Self::default(),
            JournalAction::Registered | JournalAction::Removed => {}
        }
    }

    /// The hold by a person, if it lasts; else the hold that follows a rollback.
    pub fn at(self, now: Timestamp) -> Option<AliasHold> {
        self.by_person.filter(|hold| hold.lasts(now)).or(self.after_rollback)
    }

    /// The hold by a person, even if its end has passed; else the hold that follows a rollback.
    pub(super) fn last(self) -> Option<AliasHold> {
        self.by_person.or(self.after_rollback)
    }

    /// Whether a person holds the alias at the time of a line of the journal.
    pub(super) fn is_held_by_person(&self, at: &str) -> bool {
        let now = at.parse().unwrap_or(Timestamp(i64::MIN));
        self.by_person.as_ref().is_some_and(|hold| hold.lasts(now))
    }

    /// The hold by a person, whether or not it has ended.
    pub(super) fn by_person(&self) -> Option<&AliasHold> {
        self.by_person.as_ref()
    }
}

impl Journal {
    /// The holds of an alias after the last line.
    pub fn holds(&self, alias: &str) -> AliasHolds {
        let mut holds = AliasHolds::default();
        for entry in self.entries.iter().filter(|entry| entry.alias.as_deref() == Some(alias)) {
            holds.follow(entry);
        }
        holds
    }
}
