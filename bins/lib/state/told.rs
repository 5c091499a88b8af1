//! Records what each channel was told, so that the same condition is told once, and no message is lost.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A line of `told.jsonl`: a message that a channel got, or that still waits for it.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct NotificationEntry {
    /// Time in seconds since 1970.
    pub time: i64,
    /// Name of the channel.
    pub channel: String,
    /// Model and event, such as `spam feed_broken`.
    pub subject: String,
    /// The condition at that time. Another condition is told again. Empty in lines of an earlier spamops.
    #[serde(default)]
    pub state: String,
    /// Whether the message says that the condition is over.
    #[serde(default)]
    pub over: bool,
    /// Id of the message. A message that waited has two lines.
    #[serde(default)]
    pub id: String,
    /// The message, if the channel did not get it. The next run sends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Value>,
}

/// What one channel was told, and what it must still be told.
#[derive(Clone, Debug, Default)]
pub struct ToldChannel<'a> {
    /// Messages in the order in which they became due, each once.
    due: Vec<&'a NotificationEntry>,
    /// Messages that the channel did not get, the oldest first.
    pub waiting: Vec<&'a NotificationEntry>,
}

impl<'a> ToldChannel<'a> {
    /// The messages of one channel.
    pub fn of(entries: &'a [NotificationEntry], channel: &str) -> Self {
        let mut told = Self::default();
        for entry in entries.iter().filter(|entry| entry.channel == channel) {
            let is_repeated = told.due.iter().any(|due| !entry.id.is_empty() && due.id == entry.id);
            if !is_repeated {
                told.due.push(entry);
            }
            told.waiting.retain(|waiting| waiting.id != entry.id);
            if entry.waiting.is_some() {
                told.waiting.push(entry);
            }
        }
        told
    }

    /// The time of the last message to this channel about the same condition; none if the message is new. The end of a
    /// condition is not new if the channel was never told that it began.
    pub fn known_since(&self, subject: &str, state: &str, over: bool) -> Option<i64> {
        match self.due.iter().rev().find(|due| due.subject == subject) {
            Some(last) if last.over == over && (over || last.state == state) => Some(last.time),
            None if over => Some(0),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(time: i64, state: &str, over: bool) -> NotificationEntry {
        let (channel, subject, id) = ("slack".into(), "spam feed_broken".into(), time.to_string());
        NotificationEntry { time, channel, subject, state: state.into(), over, id, waiting: None }
    }

    #[test]
    fn a_condition_is_new_until_it_is_told_and_again_when_it_changes_or_returns() {
        let is_new = |entries: &[NotificationEntry], state: &str, over: bool| {
            ToldChannel::of(entries, "slack").known_since("spam feed_broken", state, over).is_none()
        };
        assert!(is_new(&[], "rejects", false) && !is_new(&[], "", true));
        let broken = [entry(1, "rejects", false)];
        assert!(!is_new(&broken, "rejects", false) && is_new(&broken, "balance", false));
        assert!(is_new(&broken, "", true));
        let repaired = [entry(1, "rejects", false), entry(2, "", true)];
        assert!(is_new(&repaired, "rejects", false) && !is_new(&repaired, "", true));
        assert!(
            ToldChannel::of(&broken, "pagerduty").known_since("spam feed_broken", "rejects", false).is_none()
        );
    }

    #[test]
    fn a_message_waits_until_a_line_says_that_it_was_sent() {
        let waiting = |entry: NotificationEntry| NotificationEntry { waiting: Some(Value::Null), ..entry };
        let mut entries = vec![waiting(entry(1, "rejects", false)), waiting(entry(2, "", true))];
        assert_eq!(ToldChannel::of(&entries, "slack").waiting.len(), 2);
        entries.push(NotificationEntry { time: 3, ..entry(1, "rejects", false) });
        entries[2].id = "1".into();
        let told = ToldChannel::of(&entries, "slack");
        assert_eq!(told.waiting.iter().map(|entry| entry.time).collect::<Vec<_>>(), [2]);
        // The late delivery of the beginning does not begin the condition again.
        assert!(told.known_since("spam feed_broken", "", true).is_some());
    }
}
