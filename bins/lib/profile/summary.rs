//! Builds a profile: a summary of many messages in constant memory, without their texts.
//!
//! A profile is a sample of the distinct messages, chosen by their hashes (a bottom-k sketch: Cohen & Kaplan 2007).
//! Each message has one small record. All distinct messages are equally likely to be in the sample, however often they
//! occur. Merging profiles in any order gives the profile of all their rows, byte for byte.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::io::result_file::{self, ResultHead, ToolVersion};
use crate::io::stream::Place;
use crate::profile::descriptor::{Descriptor, SIZES, WORDS};
use crate::rows::fingerprint::{Fingerprint, mix};
use crate::rows::label::Label;

/// Limit on the number of rows, so that sums do not overflow.
pub const MOST_ROWS: u64 = 1 << 48;

/// Maximum number of distinct messages in a profile.
pub const KEPT: usize = 8192;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRecord {
    /// A hash of the exact text. If copies differ in digits or links, the copy with the lowest hash represents all
    /// copies.
    text: u32,
    /// Whether the message is positive; `None` if no copy is labelled.
    label: Option<bool>,
    /// The score times [`u16::MAX`].
    score: u16,
    pub look: Descriptor,
    /// Number of rows with the message.
    pub copies: u32,
}

impl MessageRecord {
    pub fn new(text: u32, look: Descriptor, score: f64, label: Option<Label>, copies: u32) -> Self {
        let label = label.map(|label| label == Label::Positive);
        let mut record = Self { text, label, score: 0, look, copies };
        record.set_score(score);
        record
    }

    /// The score of the message, from 0 to 1.
    pub fn score(&self) -> f64 {
        f64::from(self.score) / f64::from(u16::MAX)
    }

    /// Sets the score, from 0 to 1.
    pub fn set_score(&mut self, score: f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "scores are from 0 to 1")]
        let score = (score.clamp(0.0, 1.0) * f64::from(u16::MAX)).round() as u16;
        self.score = score;
    }

    pub fn label(&self) -> Option<Label> {
        self.label.map(|positive| if positive { Label::Positive } else { Label::Negative })
    }

    /// Merges two records of one message.
    fn join(&mut self, other: Self) {
        let copies = self.copies.saturating_add(other.copies);
        let label = merge_labels(self.label, other.label);
        if (other.text, other.score, &other.look) < (self.text, self.score, &self.look) {
            *self = other;
        }
        (self.copies, self.label) = (copies, label);
    }
}

/// The label of a message from two copies; negative if the copies contradict each other.
fn merge_labels(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    one.into_iter().chain(other).min()
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// Number of rows, including copies.
    pub rows: u64,
    /// Number of rows with an empty text.
    pub empty: u64,
    /// Numbers of negative and positive rows.
    pub labels: [u64; 2],
    /// Whether the messages have scores.
    pub scored: bool,
    /// The distinct messages with the lowest hashes.
    records: BTreeMap<u64, MessageRecord>,
}

impl Profile {
    /// An empty profile, for messages with scores or without.
    pub fn new(scored: bool) -> Self {
        Self { scored, ..Self::default() }
    }

    /// Counts a row, but does not remember its message.
    pub fn count_only(&mut self, is_empty: bool, label: Option<Label>) {
        self.rows += 1;
        self.empty += u64::from(is_empty);
        if let Some(label) = label {
            self.labels[usize::from(label == Label::Positive)] += 1;
        }
    }

    /// Counts a row. Returns the hash of its message if the caller must describe it and call [`Profile::remember`].
    pub fn count(
        &mut self,
        content: Fingerprint,
        text: u32,
        is_empty: bool,
        label: Option<Label>,
    ) -> Option<u64> {
        self.count_only(is_empty, label);
        let hash = message_hash(content.0);
        // Most messages of a long file are not remembered.
        if !self.has_room(hash) {
            return None;
        }
        match self.records.get_mut(&hash) {
            Some(known) if known.text <= text => {
                known.copies = known.copies.saturating_add(1);
                known.label = merge_labels(known.label, label.map(|label| label == Label::Positive));
                None
            }
            _ => Some(hash),
        }
    }

    fn has_room(&self, hash: u64) -> bool {
        self.records.len() < KEPT || self.records.last_key_value().is_some_and(|(last, _)| hash <= *last)
    }

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

    /// The record of a message, if this exact text still represents the message.
    pub fn record_mut(&mut self, hash: u64, text: u32) -> Option<&mut MessageRecord> {
        self.records.get_mut(&hash).filter(|record| record.text == text)
    }

    /// Adds the rows of another profile.
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

    /// The remembered messages, in the order of their hashes.
    pub fn records(&self) -> impl ExactSizeIterator<Item = &MessageRecord> {
        self.records.values()
    }

    /// The hashes of the remembered messages, ascending.
    pub fn hashes(&self) -> impl ExactSizeIterator<Item = u64> {
        self.records.keys().copied()
    }

    /// The record of a message.
    pub fn record(&self, hash: u64) -> Option<&MessageRecord> {
        self.records.get(&hash)
    }

    /// Whether a message with this content is remembered.
    pub fn has_message(&self, content: Fingerprint) -> bool {
        self.has(message_hash(content.0))
    }

    pub fn has(&self, hash: u64) -> bool {
        self.records.contains_key(&hash)
    }

    /// Number of remembered messages.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Number of distinct messages. The number is exact until the profile is full. After that, it is estimated from
    /// the density of the hashes (Bar-Yossef et al. 2002).
    pub fn distinct(&self) -> f64 {
        match self.records.last_key_value() {
            Some((last, _)) if self.records.len() == KEPT => {
                (KEPT - 1) as f64 / (*last as f64 / u64::MAX as f64)
            }
            _ => self.records.len() as f64,
        }
    }
}

/// The hash that decides which messages are remembered. The hash is independent of holdout and folds.
fn message_hash(content: u64) -> u64 {
    mix(content ^ 0x5052_4f46_494c_4501)
}

/// A hash of the exact text and the feature cells, which distinguishes copies of a message.
pub fn text(text: &str, cells: &[String]) -> u32 {
    let cells = cells.iter().fold(0, |hash, cell| mix(hash ^ xxh3_64(cell.as_bytes())));
    #[expect(clippy::cast_possible_truncation, reason = "only the low half is used")]
    let hash = xxh3_64_with_seed(text.as_bytes(), cells) as u32;
    hash
}

/// The messages that a profile of all rows would remember. Maps the index of the first row of each message to its hash
/// and its number of rows.
pub fn remembered(contents: impl Iterator<Item = u64>) -> BTreeMap<usize, (u64, u32)> {
    let mut places: Vec<(u64, usize)> =
        contents.enumerate().map(|(row, content)| (message_hash(content), row)).collect();
    places.sort_unstable();
    let messages = places.chunk_by(|one, next| one.0 == next.0).take(KEPT);
    messages.map(|rows| (rows[0].1, (rows[0].0, u32::try_from(rows.len()).unwrap_or(u32::MAX)))).collect()
}

/// A profile in the form that files store.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredProfile {
    /// Number of rows, including copies.
    rows: u64,
    /// Number of rows with an empty text.
    empty: u64,
    /// Numbers of negative and positive rows.
    labels: [u64; 2],
    /// Whether the messages have scores.
    scored: bool,
    /// The records in the order of their hashes, in base 64. A record is hash (8 bytes), hash of the exact text (4),
    /// copies (4), score (2), label (0 none, 1 negative, 2 positive), flags, sizes, number of words, and words (2
    /// each). Numbers are little-endian.
    records: String,
}

impl StoredProfile {
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

    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Whether the messages have scores.
    pub fn is_scored(&self) -> bool {
        self.scored
    }

    /// Decodes and checks the profile.
    pub fn profile(&self) -> Result<Profile> {
        let Self { rows, empty, labels, scored, records } = self;
        // Do not decode more bytes than a full profile has.
        ensure!(
            records.len() <= 4 * KEPT * LONGEST / 3 + 4,
            "the profile has more than {KEPT} records; create the file again"
        );
        let bytes = BASE64_STANDARD
            .decode(records)
            .ok()
            .context("the records of the profile are not base 64; create the file again")?;
        let mut bytes = &bytes[..];
        let mut records = BTreeMap::new();
        let (mut last, mut copies, mut labelled) = (None, 0u64, [0u64; 2]);
        while !bytes.is_empty() {
            let (hash, record) = record(&mut bytes)
                .context("the last record of the profile is incomplete; create the file again")?;
            ensure!(last < Some(hash), "the records of the profile are not in order; create the file again");
            ensure!(record.copies > 0, "a record of the profile has 0 copies; create the file again");
            ensure!(
                record.look.words.is_sorted_by(|one, next| one < next),
                "the words of a profile record are not in order; create the file again"
            );
            last = Some(hash);
            copies += u64::from(record.copies);
            record.label.into_iter().for_each(|positive| labelled[usize::from(positive)] += 1);
            records.insert(hash, record);
        }
        ensure!(records.len() <= KEPT, "the profile has more than {KEPT} records; create the file again");
        let fits = *rows < MOST_ROWS
            && copies <= *rows
            && empty <= rows
            && labelled[0] <= labels[0]
            && labelled[1] <= labels[1];
        let labels_fit = labels[0].checked_add(labels[1]).is_some_and(|labels| labels <= *rows);
        ensure!(
            fits && labels_fit,
            "the counts of the profile do not match its records; create the file again"
        );
        Ok(Profile { rows: *rows, empty: *empty, labels: *labels, scored: *scored, records })
    }
}

/// A file that contains only a profile.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileFile {
    schema: String,
    /// Tool that wrote the file.
    tool: ToolVersion,
    /// SHA-256 of the model that scored the messages; null if there is none.
    pub model: Option<String>,
    /// Counts and records of the messages.
    pub profile: StoredProfile,
}

impl ProfileFile {
    /// `model` is the SHA-256 of the model that scored the messages.
    pub fn new(profile: &Profile, model: Option<&str>, tool: &str) -> Self {
        let ResultHead { schema, tool, .. } = ResultHead::new("profile", tool);
        Self { schema, tool, model: model.map(str::to_owned), profile: StoredProfile::of(profile) }
    }

    /// Reads a profile file and checks its profile.
    pub fn read(place: &Place) -> Result<Self> {
        let file: Self = result_file::read(place, "profile")?;
        file.profile.profile().with_context(|| place.to_string())?;
        Ok(file)
    }
}

/// Size of a record without its words, in bytes.
const HEAD: usize = 8 + 4 + 4 + 2 + 1 + 1 + SIZES.len() + 1;

/// Maximum size of a record, in bytes.
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
        let (mut profile, mut describer) = (Profile::new(true), Describer::default());
        for n in texts {
            // Use letters, because messages that differ only in digits are copies.
            let text: String =
                (n / 2).to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect();
            let label = [None, Some(Label::Positive), Some(Label::Negative)][(n % 3) as usize];
            // The copy with the lowest number represents all copies of a message.
            let (copy, score) = (u32::try_from(mix(n) >> 32).unwrap(), (n % 100) as f64 / 100.0);
            if let Some(hash) = profile.count(Fingerprint::of(&text), copy, false, label) {
                let look = describer.look(&text, &[], None, &mut |_, _| ());
                profile.remember(hash, MessageRecord::new(copy, look, score, label, 1));
            }
        }
        profile
    }

    #[test]
    fn merges_parts_to_the_same_profile_in_any_order() {
        let text = |n: u64| mix(n) % 30_000;
        let complete = StoredProfile::of(&profile((0..40_000).map(text)));
        let parts = || (0..4).map(|part| profile((0..40_000).filter(|n| n % 4 == part).map(text)));
        let mut forward = Profile::default();
        parts().for_each(|part| forward.merge(part));
        let mut backward = Profile::default();
        parts().rev().for_each(|part| backward.merge(part));
        let pair = |one: usize, other: usize| {
            let all: Vec<Profile> = parts().collect();
            let mut pair = all[one].clone();
            pair.merge(all[other].clone());
            pair
        };
        let mut tree = pair(2, 0);
        tree.merge(pair(3, 1));
        assert!([forward, backward, tree].iter().all(|merged| StoredProfile::of(merged) == complete));
        assert_eq!(complete.profile().unwrap().len(), KEPT);
    }

    #[test]
    fn reads_back_what_it_writes_and_rejects_damaged_records() {
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
    fn estimates_the_number_of_distinct_messages() {
        assert!((profile((0..1000).chain(0..1000)).distinct() - 500.0).abs() < 0.1);
        let many = profile(0..100_000).distinct();
        assert!((many / 50_000.0 - 1.0).abs() < 0.05, "{many}");
    }

    #[test]
    fn remembered_rows_match_the_profile() {
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
