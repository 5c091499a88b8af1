//! A profile: what many messages look like, in constant memory, and without their texts.
//!
//! It is a sample of the distinct messages by their hashes (a bottom-k sketch: Cohen & Kaplan 2007), each with one small
//! record. Every message has the same chance to be in it, however often it is repeated; and the profile of two files is
//! the merger of their profiles, byte for byte, in whatever order and parts.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::io::result_file::{self, ResultHead, ToolVersion};
use crate::io::stream::Place;
use crate::profile::descriptor::{Descriptor, SIZES, WORDS};
use crate::rows::fingerprint::{Fingerprint, mix};
use crate::rows::label::Label;

/// More rows than any file has: sums of so many do not overflow.
pub const MOST_ROWS: u64 = 1 << 48;

/// Distinct messages that are remembered.
pub const KEPT: usize = 8192;

/// One of the distinct messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRecord {
    /// A hash of the very text: of copies that differ in digits or links the least one stands for all.
    text: u32,
    /// What is known of it, where one copy is labelled.
    label: Option<bool>,
    /// Its score in parts of [`u16::MAX`].
    score: u16,
    /// What it looks like.
    pub look: Descriptor,
    /// How often it came.
    pub copies: u32,
}

impl MessageRecord {
    /// A message that came so often.
    pub fn new(text: u32, look: Descriptor, score: f64, label: Option<Label>, copies: u32) -> Self {
        let label = label.map(|label| label == Label::Positive);
        let mut record = Self { text, label, score: 0, look, copies };
        record.set_score(score);
        record
    }

    /// Its score, from 0 to 1.
    pub fn score(&self) -> f64 {
        f64::from(self.score) / f64::from(u16::MAX)
    }

    /// Gives it a score, from 0 to 1.
    pub fn set_score(&mut self, score: f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "scores are from 0 to 1")]
        let score = (score.clamp(0.0, 1.0) * f64::from(u16::MAX)).round() as u16;
        self.score = score;
    }

    /// Its label, where it has one.
    pub fn label(&self) -> Option<Label> {
        self.label.map(|positive| if positive { Label::Positive } else { Label::Negative })
    }

    /// Joins what is known of one message.
    fn join(&mut self, other: Self) {
        let copies = self.copies.saturating_add(other.copies);
        let label = either(self.label, other.label);
        if (other.text, other.score, &other.look) < (self.text, self.score, &self.look) {
            *self = other;
        }
        (self.copies, self.label) = (copies, label);
    }
}

/// Of two labels of one message the one there is; the negative one, where they contradict each other.
fn either(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    one.into_iter().chain(other).min()
}

/// What many messages look like.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// All rows, copies too.
    pub rows: u64,
    /// Rows without a text.
    pub empty: u64,
    /// Negative rows, then positive ones.
    pub labels: [u64; 2],
    /// Whether they were scored.
    pub scored: bool,
    /// The distinct messages with the least hashes.
    records: BTreeMap<u64, MessageRecord>,
}

impl Profile {
    /// A profile of no rows yet, that will be scored or not.
    pub fn new(scored: bool) -> Self {
        Self { scored, ..Self::default() }
    }

    /// Counts a row, but not its message.
    pub fn tell(&mut self, is_empty: bool, label: Option<Label>) {
        self.rows += 1;
        self.empty += u64::from(is_empty);
        if let Some(label) = label {
            self.labels[usize::from(label == Label::Positive)] += 1;
        }
    }

    /// Counts a row. Gives the hash of its message where it is still to be looked at: then [`Profile::remember`] it.
    pub fn count(
        &mut self,
        content: Fingerprint,
        text: u32,
        is_empty: bool,
        label: Option<Label>,
    ) -> Option<u64> {
        self.tell(is_empty, label);
        let hash = place(content.0);
        // Most messages of a long file stop here.
        if !self.has_room(hash) {
            return None;
        }
        match self.records.get_mut(&hash) {
            Some(known) if known.text <= text => {
                known.copies = known.copies.saturating_add(1);
                known.label = either(known.label, label.map(|label| label == Label::Positive));
                None
            }
            _ => Some(hash),
        }
    }

    fn has_room(&self, hash: u64) -> bool {
        self.records.len() < KEPT || self.records.last_key_value().is_some_and(|(last, _)| hash <= *last)
    }

    /// Remembers a message.
    pub fn remember(&mut self, hash: u64, record: MessageRecord) {
        match self.records.entry(hash) {
            Entry::Occupied(mut known) => known.get_mut().join(record),
            Entry::Vacant(place) => {
                place.insert(record);
            }
        }
        if self.records.len() > KEPT {
            self.records.pop_last();
        }
    }

    /// The record of a message that was remembered with this very text, where no other has taken its place.
    pub fn record_mut(&mut self, hash: u64, text: u32) -> Option<&mut MessageRecord> {
        self.records.get_mut(&hash).filter(|record| record.text == text)
    }

    /// Takes the rows of another profile in.
    pub fn merge(&mut self, other: Self) {
        self.scored =
            if self.rows == 0 { other.scored } else { self.scored && (other.scored || other.rows == 0) };
        self.rows += other.rows;
        self.empty += other.empty;
        self.labels = [self.labels[0] + other.labels[0], self.labels[1] + other.labels[1]];
        for (hash, record) in other.records {
            if self.has_room(hash) {
                self.remember(hash, record);
            }
        }
    }

    /// The distinct messages that are remembered, in the order of their hashes.
    pub fn records(&self) -> impl ExactSizeIterator<Item = &MessageRecord> {
        self.records.values()
    }

    /// The hashes of the messages that are remembered, ascending.
    pub fn hashes(&self) -> impl ExactSizeIterator<Item = u64> {
        self.records.keys().copied()
    }

    /// Whether a message of this hash is remembered.
    pub fn has(&self, hash: u64) -> bool {
        self.records.contains_key(&hash)
    }

    /// How many are remembered.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// How many distinct messages there are: exact while all are remembered, then by how close the hashes lie (Bar-Yossef
    /// et al. 2002).
    pub fn distinct(&self) -> f64 {
        match self.records.last_key_value() {
            Some((last, _)) if self.records.len() == KEPT => {
                (KEPT - 1) as f64 / (*last as f64 / u64::MAX as f64)
            }
            _ => self.records.len() as f64,
        }
    }
}

/// The hash that decides which messages are remembered; it tells nothing about sides and folds.
fn place(content: u64) -> u64 {
    mix(content ^ 0x5052_4f46_494c_4501)
}

/// What tells copies of a message apart: a hash of the very text, and of the cells that are learned from.
pub fn text(text: &str, cells: &[String]) -> u32 {
    let cells = cells.iter().fold(0, |hash, cell| mix(hash ^ xxh3_64(cell.as_bytes())));
    #[expect(clippy::cast_possible_truncation, reason = "the low half is meant")]
    let hash = xxh3_64_with_seed(text.as_bytes(), cells) as u32;
    hash
}

/// The distinct messages that a profile of all rows would remember: the number of the first row of each, its hash, and
/// how many rows it has.
pub fn remembered(contents: impl Iterator<Item = u64>) -> BTreeMap<usize, (u64, u32)> {
    let mut places: Vec<(u64, usize)> =
        contents.enumerate().map(|(row, content)| (place(content), row)).collect();
    places.sort_unstable();
    let messages = places.chunk_by(|one, next| one.0 == next.0).take(KEPT);
    messages.map(|rows| (rows[0].1, (rows[0].0, u32::try_from(rows.len()).unwrap_or(u32::MAX)))).collect()
}

/// A profile as it is written down.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredProfile {
    rows: u64,
    empty: u64,
    labels: [u64; 2],
    scored: bool,
    /// The records, in the order of their hashes, as bytes in base 64: see [`StoredProfile::of`].
    records: String,
}

impl StoredProfile {
    /// Writes a profile down. A record is hash (8 bytes), hash of the very text (4), copies (4), score (2), label (0 none, 1
    /// no, 2 yes), flags, sizes, number of words, words (2 each); the low byte first.
    pub fn of(profile: &Profile) -> Self {
        let mut bytes = Vec::new();
        for (hash, MessageRecord { text, label, score, look: Descriptor { sizes, flags, words }, copies }) in
            &profile.records
        {
            bytes.extend(hash.to_le_bytes());
            bytes.extend(text.to_le_bytes());
            bytes.extend(copies.to_le_bytes());
            bytes.extend(score.to_le_bytes());
            bytes.push(label.map_or(0, |positive| 1 + u8::from(positive)));
            bytes.push(*flags);
            bytes.extend(sizes);
            bytes.push(u8::try_from(words.len()).unwrap_or(u8::MAX));
            bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        }
        let Profile { rows, empty, labels, scored, .. } = *profile;
        Self { rows, empty, labels, scored, records: BASE64_STANDARD.encode(bytes) }
    }

    /// Whether it is the profile of no rows.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Reads it back, and checks that it is one.
    pub fn profile(&self) -> Result<Profile> {
        let Self { rows, empty, labels, scored, records } = self;
        // No more is decoded than a profile can have.
        ensure!(
            records.len() <= 4 * KEPT * LONGEST / 3 + 4,
            "the profile has more records than a profile has"
        );
        let bytes =
            BASE64_STANDARD.decode(records).ok().context("the records of the profile are not in base 64")?;
        let mut bytes = &bytes[..];
        let mut records = BTreeMap::new();
        let (mut last, mut copies, mut labelled) = (None, 0u64, [0u64; 2]);
        while !bytes.is_empty() {
            let (hash, record) =
                record(&mut bytes).context("the records of the profile end in the middle of one")?;
            ensure!(last < Some(hash), "the records of the profile are not in order");
            ensure!(record.copies > 0, "a record of the profile is of no message");
            ensure!(
                record.look.words.is_sorted_by(|one, next| one < next),
                "the words of a record are not in order"
            );
            last = Some(hash);
            copies += u64::from(record.copies);
            record.label.into_iter().for_each(|positive| labelled[usize::from(positive)] += 1);
            records.insert(hash, record);
        }
        ensure!(records.len() <= KEPT, "the profile has more records than a profile has");
        let fits = *rows < MOST_ROWS
            && copies <= *rows
            && empty <= rows
            && labelled[0] <= labels[0]
            && labelled[1] <= labels[1];
        let labels_fit = labels[0].checked_add(labels[1]).is_some_and(|labels| labels <= *rows);
        ensure!(fits && labels_fit, "the counts of the profile do not fit its records");
        Ok(Profile { rows: *rows, empty: *empty, labels: *labels, scored: *scored, records })
    }
}

/// A profile in a file of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileFile {
    schema: String,
    tool: ToolVersion,
    /// The digest of the model that scored the messages.
    pub model: Option<String>,
    /// The profile.
    pub profile: StoredProfile,
}

impl ProfileFile {
    /// Of messages that this model scored, if one did.
    pub fn new(profile: &Profile, model: Option<&str>, tool: &str) -> Self {
        let ResultHead { schema, tool, .. } = ResultHead::new("profile", tool);
        Self { schema, tool, model: model.map(str::to_owned), profile: StoredProfile::of(profile) }
    }

    /// Reads it back, and checks that it is one.
    pub fn read(place: &Place) -> Result<Self> {
        let file: Self = result_file::read(place, "profile")?;
        file.profile.profile().with_context(|| place.to_string())?;
        Ok(file)
    }
}

/// Bytes of a record before its words.
const HEAD: usize = 8 + 4 + 4 + 2 + 1 + 1 + SIZES.len() + 1;

/// Bytes of the longest record.
const LONGEST: usize = HEAD + 2 * WORDS;

fn record(bytes: &mut &[u8]) -> Option<(u64, MessageRecord)> {
    let head = take(bytes, HEAD)?;
    let hash = u64::from_le_bytes(head[..8].try_into().ok()?);
    let text = u32::from_le_bytes(head[8..12].try_into().ok()?);
    let copies = u32::from_le_bytes(head[12..16].try_into().ok()?);
    let score = u16::from_le_bytes(head[16..18].try_into().ok()?);
    let label = match head[18] {
        0 => None,
        1 => Some(false),
        2 => Some(true),
        _ => return None,
    };
    let sizes = head[20..HEAD - 1].try_into().ok()?;
    let words = usize::from(head[HEAD - 1]);
    let words = (words <= WORDS).then_some(words)?;
    let words = take(bytes, 2 * words)?.chunks_exact(2);
    let words = words.map(|word| u16::from_le_bytes([word[0], word[1]])).collect();
    Some((
        hash,
        MessageRecord { text, label, score, look: Descriptor { sizes, flags: head[19], words }, copies },
    ))
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::descriptor::Describer;

    fn profile(texts: impl Iterator<Item = u64>) -> Profile {
        let (mut profile, mut looker) = (Profile::new(true), Describer::default());
        for n in texts {
            // Letters, since digits do not tell messages apart.
            let text: String =
                (n / 2).to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect();
            let label = [None, Some(Label::Positive), Some(Label::Negative)][(n % 3) as usize];
            // Copies of one message, of which the least stands for all.
            let (copy, score) = (u32::try_from(mix(n) >> 32).unwrap(), (n % 100) as f64 / 100.0);
            if let Some(hash) = profile.count(Fingerprint::of(&text), copy, false, label) {
                let look = looker.look(&text, &[], None, &mut |_, _| ());
                profile.remember(hash, MessageRecord::new(copy, look, score, label, 1));
            }
        }
        profile
    }

    #[test]
    fn parts_merge_to_the_whole_in_any_order() {
        let text = |n: u64| mix(n) % 30_000;
        let whole = StoredProfile::of(&profile((0..40_000).map(text)));
        let parts = || (0..4).map(|part| profile((0..40_000).filter(|n| n % 4 == part).map(text)));
        let mut there = Profile::default();
        parts().for_each(|part| there.merge(part));
        let mut back = Profile::default();
        parts().rev().for_each(|part| back.merge(part));
        let pair = |one: usize, other: usize| {
            let all: Vec<Profile> = parts().collect();
            let mut pair = all[one].clone();
            pair.merge(all[other].clone());
            pair
        };
        let mut tree = pair(2, 0);
        tree.merge(pair(3, 1));
        assert!([there, back, tree].iter().all(|merged| StoredProfile::of(merged) == whole));
        assert_eq!(whole.profile().unwrap().len(), KEPT);
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let profile = profile(0..100);
        let sketch = StoredProfile::of(&profile);
        assert_eq!(sketch.profile().unwrap(), profile);
        let bytes = BASE64_STANDARD.decode(&sketch.records).unwrap();
        let broken =
            |bytes: &[u8]| StoredProfile { records: BASE64_STANDARD.encode(bytes), ..sketch.clone() };
        for cut in [1, 20, bytes.len() - 1] {
            assert!(broken(&bytes[..cut]).profile().is_err());
        }
        assert!(broken(&[&bytes[..], &bytes[..]].concat()).profile().is_err());
        assert!(StoredProfile { rows: 99, ..sketch.clone() }.profile().is_err());
        assert!(StoredProfile { records: "no".into(), ..sketch }.profile().is_err());
    }

    #[test]
    fn distinct_messages_are_counted_about() {
        assert!((profile((0..1000).chain(0..1000)).distinct() - 500.0).abs() < 0.1);
        let many = profile(0..100_000).distinct();
        assert!((many / 50_000.0 - 1.0).abs() < 0.05, "{many}");
    }

    #[test]
    fn the_rows_chosen_are_those_remembered() {
        let contents = |n: usize| mix(n as u64 % 10_000);
        let rows = remembered((0..20_000).map(contents));
        let mut profile = Profile::default();
        for n in 0..20_000 {
            if let Some(hash) = profile.count(Fingerprint(contents(n)), 0, false, None) {
                profile.remember(hash, MessageRecord::new(0, Descriptor::default(), 0.0, None, 1));
            }
        }
        let mut found: Vec<(u64, u32)> = rows.into_values().collect();
        found.sort_unstable();
        let copies = profile.records.iter().map(|(hash, record)| (*hash, record.copies));
        assert_eq!(found, copies.collect::<Vec<_>>());
    }
}
