//! Holds the distinct messages of one side of a comparison, and counts their properties.

use std::collections::HashSet;

use crate::io::fraction::Fraction;
use crate::profile::descriptor::{FLAGS, SIZES};
use crate::profile::summary::{MessageRecord, Profile};
use crate::rows::label::Label;
use crate::stats::kolmogorov;

/// Number of possible word hashes.
pub const HASHES: usize = 1 << 16;

/// Number of steps on the scale of a score, and of the share of unknown words.
pub const STEPS: usize = 256;

/// The distinct messages of a profile.
pub struct Messages<'a> {
    pub records: Vec<&'a MessageRecord>,
    /// The half that each message belongs to: the parity of its hash. So the halves do not depend on the meaning of messages.
    pub halves: Vec<bool>,
    /// Whether each message is also in the reference.
    own: Vec<bool>,
    /// Whether the label of each message can still come.
    pub awaiting: Vec<bool>,
    /// Number of messages with each word, by word hash.
    pub words: Vec<u32>,
    /// Whether the messages have scores.
    pub scored: bool,
}

impl<'a> Messages<'a> {
    pub fn of_reference(profile: &'a Profile) -> Self {
        Self::of(profile, vec![true; profile.len()])
    }

    /// New messages, which can also occur in the reference.
    pub fn of_new(profile: &'a Profile, reference: &Profile) -> Self {
        Self::of(profile, profile.hashes().map(|hash| reference.has(hash)).collect())
    }

    /// New messages of several runs. `awaiting` has the hashes of the messages whose labels can still come.
    pub fn of_runs(profile: &'a Profile, reference: &Profile, awaiting: &HashSet<u64>) -> Self {
        let awaiting = profile.hashes().map(|hash| awaiting.contains(&hash)).collect();
        Self { awaiting, ..Self::of_new(profile, reference) }
    }

    fn of(profile: &'a Profile, own: Vec<bool>) -> Self {
        let records: Vec<&MessageRecord> = profile.records().collect();
        let halves = profile.hashes().map(|hash| hash.count_ones() % 2 == 0).collect();
        let awaiting = vec![false; records.len()];
        Self { words: word_counts(&records), records, halves, own, awaiting, scored: profile.scored }
    }

    /// The labelled messages, thinned to a class balance: some messages of one class are left out. Messages are in the
    /// order of their hashes, so the others are a random sample of their class.
    #[must_use]
    pub fn at_balance(&self, share: f64) -> Self {
        let [negative, positive] = self.labels().map(|count| count as f64);
        let all = (positive / share).min(negative / (1.0 - share));
        let mut left = [all * (1.0 - share), all * share];
        self.only(|record| {
            let Some(label) = record.label() else { return false };
            let left = &mut left[usize::from(label == Label::Positive)];
            let is_kept = *left >= 0.5;
            *left -= f64::from(is_kept);
            is_kept
        })
    }

    /// The labelled messages.
    #[must_use]
    pub fn labelled(&self) -> Self {
        self.only(|record| record.label().is_some())
    }

    /// The messages that fulfil a condition.
    fn only(&self, mut condition: impl FnMut(&MessageRecord) -> bool) -> Self {
        let places: Vec<usize> =
            (0..self.records.len()).filter(|place| condition(self.records[*place])).collect();
        let flags = |all: &[bool]| places.iter().map(|place| all[*place]).collect();
        let records: Vec<&MessageRecord> = places.iter().map(|place| self.records[*place]).collect();
        Self {
            words: word_counts(&records),
            records,
            halves: flags(&self.halves),
            own: flags(&self.own),
            awaiting: flags(&self.awaiting),
            scored: self.scored,
        }
    }

    /// Mean share of the words of new messages that the reference does not have, in excess of the same share of the
    /// reference itself. From 0 to 1.
    pub fn new_words(&self, reference: &Self) -> f64 {
        let mean = |side: &Self| {
            let shares = side.records.iter().zip(&side.own);
            let sum: f64 = shares.map(|(record, own)| reference.share_unknown(record, *own)).sum();
            sum / side.records.len().max(1) as f64
        };
        let (new, usual) = (mean(self), mean(reference));
        if usual < 1.0 { ((new - usual) / (1.0 - usual)).max(0.0) } else { 0.0 }
    }

    pub fn len(&self) -> u64 {
        self.records.len() as u64
    }

    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Number of messages that fulfil a condition.
    pub fn count(&self, condition: impl Fn(&MessageRecord) -> bool) -> u64 {
        self.records.iter().filter(|record| condition(record)).count() as u64
    }

    /// Number of messages on each step of a scale.
    pub fn histogram(&self, scale: SizeScale, reference: &Self) -> Vec<u64> {
        let mut bins = vec![0; STEPS];
        for (_, step) in self.steps(scale, reference) {
            bins[step] += 1;
        }
        bins
    }

    /// Every message, with its step on a scale.
    pub fn steps(
        &self,
        scale: SizeScale,
        reference: &Self,
    ) -> impl Iterator<Item = (&'a MessageRecord, usize)> {
        let records = self.records.iter().zip(&self.own);
        records
            .map(move |(record, own)| (*record, scale.step(record, || reference.share_unknown(record, *own))))
    }

    /// The share of a message's words that no other message of the reference has. With `own`, the message is in the
    /// reference, and does not count itself.
    fn share_unknown(&self, record: &MessageRecord, own: bool) -> f64 {
        let least = 1 + u32::from(own);
        let unknown = record.look.words.iter().filter(|word| self.words[usize::from(**word)] < least);
        unknown.count() as f64 / record.look.words.len().max(1) as f64
    }

    /// Number of messages with each label: negative, then positive.
    pub fn labels(&self) -> [u64; 2] {
        [Label::Negative, Label::Positive].map(|label| self.count(|record| record.label() == Some(label)))
    }

    /// Number of messages with a positive verdict.
    pub fn verdicts(&self, threshold: Fraction) -> u64 {
        self.count(|record| record.score() >= threshold.value())
    }
}

/// Number of messages with each word, by word hash.
fn word_counts(records: &[&MessageRecord]) -> Vec<u32> {
    let mut words = vec![0; HASHES];
    for record in records {
        record.look.words.iter().for_each(|word| words[usize::from(*word)] += 1);
    }
    words
}

/// A numeric property of a message, measured in steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeScale {
    /// A size, by its index in [`SIZES`].
    Size(usize),
    /// The share of a message's words that the reference does not have.
    Unknown,
    Score,
}

impl SizeScale {
    /// All scales that need no model.
    pub fn without_score() -> impl Iterator<Item = Self> {
        (0..SIZES.len()).map(Self::Size).chain([Self::Unknown])
    }

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Size(size) => SIZES[size],
            Self::Unknown => "share of new words",
            Self::Score => "score",
        }
    }

    fn step(self, record: &MessageRecord, unknown: impl FnOnce() -> f64) -> usize {
        let share = |share: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 1")]
            let step = (share * STEPS as f64) as usize;
            step.min(STEPS - 1)
        };
        match self {
            Self::Size(size) => usize::from(record.look.sizes[size]),
            Self::Unknown => share(unknown()),
            Self::Score => share(record.score()),
        }
    }
}

/// Whether a message has one of [`FLAGS`].
pub fn has_flag(record: &MessageRecord, flag: usize) -> bool {
    debug_assert!(flag < FLAGS.len());
    record.look.flags >> flag & 1 == 1
}

/// Kolmogorov-Smirnov distance between two histograms, with its p-value; none if a histogram is empty.
pub fn distance(one: &[u64], other: &[u64]) -> Option<(f64, f64)> {
    let distance = kolmogorov::distance(one, other)?;
    Some((distance, kolmogorov::p(distance, one.iter().sum(), other.iter().sum())))
}
