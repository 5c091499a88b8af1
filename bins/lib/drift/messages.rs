//! The distinct messages of one side of a comparison, and counts and histograms of their properties.

use crate::io::fraction::Fraction;
use crate::profile::descriptor::{FLAGS, SIZES};
use crate::profile::summary::{MessageRecord, Profile};
use crate::rows::label::Label;
use crate::stats::kolmogorov;

/// Hashes that words may have.
pub const HASHES: usize = 1 << 16;

/// Steps of a score, and of the share of unknown words.
pub const STEPS: usize = 256;

/// The distinct messages of a profile.
pub struct Messages<'a> {
    /// One of each.
    pub records: Vec<&'a MessageRecord>,
    /// The parity of the hash of each: two halves that have nothing to do with what is in them.
    pub halves: Vec<bool>,
    /// Whether each is one of the reference's.
    own: Vec<bool>,
    /// How many have each word.
    pub words: Vec<u32>,
    /// Whether they have scores.
    pub scored: bool,
}

impl<'a> Messages<'a> {
    /// The messages of the reference.
    pub fn of_reference(profile: &'a Profile) -> Self {
        Self::of(profile, vec![true; profile.len()])
    }

    /// New messages, some of which may be the reference's, too.
    pub fn of_new(profile: &'a Profile, reference: &Profile) -> Self {
        Self::of(profile, profile.hashes().map(|hash| reference.has(hash)).collect())
    }

    fn of(profile: &'a Profile, own: Vec<bool>) -> Self {
        let records: Vec<&MessageRecord> = profile.records().collect();
        let mut words = vec![0; HASHES];
        for record in &records {
            record.look.words.iter().for_each(|word| words[usize::from(*word)] += 1);
        }
        let halves = profile.hashes().map(|hash| hash.count_ones() % 2 == 0).collect();
        Self { records, halves, own, words, scored: profile.scored }
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.records.len() as u64
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// How many are so.
    pub fn count(&self, is: impl Fn(&MessageRecord) -> bool) -> u64 {
        self.records.iter().filter(|record| is(record)).count() as u64
    }

    /// How many are on each step of a scale.
    pub fn histogram(&self, scale: SizeScale, reference: &Self) -> Vec<u64> {
        let mut bins = vec![0; STEPS];
        for (_, step) in self.steps(scale, reference) {
            bins[step] += 1;
        }
        bins
    }

    /// The messages, and the step that each is on.
    pub fn steps(
        &self,
        scale: SizeScale,
        reference: &Self,
    ) -> impl Iterator<Item = (&'a MessageRecord, usize)> {
        let records = self.records.iter().zip(&self.own);
        records
            .map(move |(record, own)| (*record, scale.step(record, || reference.share_unknown(record, *own))))
    }

    /// The share of a message's words that no other message here has: its own do not count, so that these messages are as
    /// new to each other as others are to them.
    fn share_unknown(&self, record: &MessageRecord, own: bool) -> f64 {
        let least = 1 + u32::from(own);
        let unknown = record.look.words.iter().filter(|word| self.words[usize::from(**word)] < least);
        unknown.count() as f64 / record.look.words.len().max(1) as f64
    }

    /// How many have each label, the negative ones first.
    pub fn labels(&self) -> [u64; 2] {
        [Label::Negative, Label::Positive].map(|label| self.count(|record| record.label() == Some(label)))
    }

    /// How many get the positive verdict.
    pub fn verdicts(&self, threshold: Fraction) -> u64 {
        self.count(|record| record.score() >= threshold.value())
    }
}

/// What is on a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeScale {
    /// One of the sizes of a message.
    Size(usize),
    /// How many of its words are new.
    Unknown,
    /// Its score.
    Score,
}

impl SizeScale {
    /// All of what is measured without a model.
    pub fn without_score() -> impl Iterator<Item = Self> {
        (0..SIZES.len()).map(Self::Size).chain([Self::Unknown])
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Size(size) => SIZES[size],
            Self::Unknown => "share of new words",
            Self::Score => "score",
        }
    }

    /// The step that a message is on.
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

/// Kolmogorov's distance between two histograms, and its p-value; none where one is empty.
pub fn distance(one: &[u64], other: &[u64]) -> Option<(f64, f64)> {
    let distance = kolmogorov::distance(one, other)?;
    Some((distance, kolmogorov::p(distance, one.iter().sum(), other.iter().sum())))
}
