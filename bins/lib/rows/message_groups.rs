//! Groups labelled rows into distinct messages while they are read: copies and near-duplicates are one message.

use std::collections::HashMap;

use crate::io::stream::Place;
use crate::rows::fingerprint::Fingerprint;
use crate::rows::label::Label;
use crate::rows::near_duplicates::NearDuplicates;

/// Similarity of near-duplicates; the default of `sample --near`.
const SIMILARITY: f64 = 0.8;

/// Maximum number of messages in the near-duplicate search. A later message is still compared with these messages, and
/// its exact copies are found.
pub const SEARCHED: usize = 1 << 16;

/// Distinct messages among labelled rows. The first row of a message starts a group; its copies and near-duplicates
/// with the same label join the group. A copy with another label is a separate message, because one of the labels may
/// be wrong.
///
/// Memory: an index of near-duplicates for up to [`SEARCHED`] messages, and 40 bytes for each different fingerprint.
pub struct MessageGroups {
    by_label: [LabelGroups; 2],
    rows: u64,
    messages: u32,
    /// Number of rows without a text column.
    without_text: u64,
    /// Maximum number of messages in the near-duplicate search.
    searched: usize,
}

/// The groups of rows with one label.
struct LabelGroups {
    /// The group of each fingerprint.
    known: HashMap<Fingerprint, u32>,
    near: NearDuplicates,
    /// The group of each text in `near`.
    groups: Vec<u32>,
}

/// The place of a row among the distinct messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupedRow {
    /// Number of the message, from 0, in order of first rows.
    pub message: u32,
    /// Whether the row is the first of its message.
    pub is_first: bool,
}

impl Default for MessageGroups {
    fn default() -> Self {
        let empty = || LabelGroups {
            known: HashMap::new(),
            near: NearDuplicates::new(SIMILARITY),
            groups: Vec::new(),
        };
        Self { by_label: [empty(), empty()], rows: 0, messages: 0, without_text: 0, searched: SEARCHED }
    }
}

impl MessageGroups {
    /// Finds the group of a row, or starts one. A row without a text column is always a separate message.
    pub fn add(&mut self, text: Option<&str>, label: Label) -> GroupedRow {
        self.rows += 1;
        self.without_text += u64::from(text.is_none());
        let next = self.messages;
        let is_search_full = self.is_search_full();
        let message = text.map_or(next, |text| {
            self.by_label[usize::from(label == Label::Positive)].add(text, next, is_search_full)
        });
        self.messages = self.messages.max(message.saturating_add(1));
        GroupedRow { message, is_first: message == next }
    }

    /// Number of rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Number of distinct messages.
    pub fn messages(&self) -> u64 {
        u64::from(self.messages)
    }

    /// Number of rows that are copies of an earlier row.
    pub fn copies(&self) -> u64 {
        self.rows - self.messages()
    }

    /// The warning that copies in a file may be missed; none if all are found.
    pub fn warning(&self, place: &Place) -> Option<String> {
        if self.without_text > 0 {
            return Some(format!(
                "{place}: copies cannot be found without a text, so every labelled row counts; add the text column, or \
                 set --text-column"
            ));
        }
        self.is_search_full().then(|| {
            format!(
                "{place}: more than {SEARCHED} distinct messages; near-duplicates of later messages may count more \
                 than once; use a sample"
            )
        })
    }

    fn is_search_full(&self) -> bool {
        self.by_label.iter().map(|groups| groups.groups.len()).sum::<usize>() >= self.searched
    }
}

impl LabelGroups {
    /// The group of a text; `next` if it starts a group.
    fn add(&mut self, text: &str, next: u32, is_search_full: bool) -> u32 {
        let fingerprint = Fingerprint::of(text);
        if let Some(known) = self.known.get(&fingerprint) {
            return *known;
        }
        let near = self.near.first_near(text).and_then(|number| self.groups.get(number).copied());
        let group = near.unwrap_or(next);
        if near.is_none() && !is_search_full {
            self.near.add(text);
            self.groups.push(group);
        }
        self.known.insert(fingerprint, group);
        group
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Label::{Negative, Positive};

    fn messages(rows: &[(&str, Label)]) -> Vec<u32> {
        let mut groups = MessageGroups::default();
        rows.iter().map(|(text, label)| groups.add(Some(text), *label).message).collect()
    }

    const PRIZE: &str =
        "you have won a prize of 500 pounds call now to claim it before it is too late for you my friend";

    #[test]
    fn copies_and_near_duplicates_are_one_message() {
        let near = PRIZE.replace("friend", "dear");
        let other = "see you at lunch";
        let shouted = PRIZE.to_uppercase().replace("500", "9,000");
        let rows = [PRIZE, other, &near, PRIZE, other, &shouted, &near].map(|text| (text, Positive));
        assert_eq!(messages(&rows), [0, 1, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn a_copy_with_another_label_is_a_separate_message() {
        let rows = [(PRIZE, Positive), (PRIZE, Negative), (PRIZE, Positive), (PRIZE, Negative)];
        assert_eq!(messages(&rows), [0, 1, 0, 1]);
    }

    #[test]
    fn rows_without_a_text_are_not_copies() {
        let mut groups = MessageGroups::default();
        let found: Vec<GroupedRow> = (0..3).map(|_| groups.add(None, Positive)).collect();
        assert!(found.iter().all(|row| row.is_first));
        assert_eq!((groups.rows(), groups.messages(), groups.copies()), (3, 3, 0));
        let warning = groups.warning(&Place::File("a.jsonl".into()));
        assert_eq!(
            warning.as_deref(),
            Some(
                "a.jsonl: copies cannot be found without a text, so every labelled row counts; add the text column, \
                 or set --text-column"
            )
        );
    }

    #[test]
    fn a_full_search_still_finds_copies_and_earlier_messages() {
        let mut groups = MessageGroups { searched: 1, ..MessageGroups::default() };
        let [first, second] =
            [PRIZE, "the minutes of the meeting on monday are attached to this mail as agreed"];
        let near_second = second.replace("monday", "tuesday");
        let rows = [first, second, second, &near_second, &PRIZE.replace("friend", "dear")];
        let found = rows.map(|text| groups.add(Some(text), Negative).message);
        assert_eq!(found, [0, 1, 1, 2, 0]);
        assert!(
            groups.warning(&Place::File("a.csv".into())).is_some_and(|says| says.contains("more than 65536"))
        );
    }
}
