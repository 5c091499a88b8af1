//! Families of tests: each compares one kind of property, and ignores changes below its minimum effect.

use std::cmp::Ordering;

use crate::drift::messages::SizeScale;
use crate::stats::two_by_two::TwoByTwo;

/// The chance of a false alarm where nothing has changed, over all families of a run.
pub const ALPHA: f64 = 0.05;

/// A family of tests on one kind of property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Sizes of messages, and the share of new words.
    Sizes,
    /// Scores.
    Score,
    /// What is in messages, such as a link.
    Flags,
    /// The share of positive labels.
    Labels,
    /// The share of positive verdicts.
    Verdicts,
    /// Each frequent word.
    Words,
    /// A classifier that tells new messages from the reference.
    Classifier,
    /// The estimated F1.
    Expected,
}

impl Family {
    /// All families, in the order of a report.
    pub const ALL: [Self; 8] = [
        Self::Sizes,
        Self::Score,
        Self::Flags,
        Self::Labels,
        Self::Verdicts,
        Self::Words,
        Self::Classifier,
        Self::Expected,
    ];

    /// The family as results spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sizes => "sizes",
            Self::Score => "score",
            Self::Flags => "flags",
            Self::Labels => "labels",
            Self::Verdicts => "verdicts",
            Self::Words => "words",
            Self::Classifier => "classifier",
            Self::Expected => "expected",
        }
    }

    /// The name of the statistical test.
    pub fn test(self) -> &'static str {
        match self {
            Self::Sizes | Self::Score => "Kolmogorov-Smirnov",
            Self::Flags | Self::Words => "Fisher, exact",
            Self::Labels | Self::Verdicts => "chi-square of homogeneity",
            Self::Classifier => "Welch's t, cross-fitted",
            Self::Expected => "z",
        }
    }

    /// The unit of the effect.
    pub fn measure(self) -> &'static str {
        match self {
            Self::Sizes | Self::Score => "D",
            Self::Flags => "Cohen's h",
            Self::Labels | Self::Verdicts => "difference",
            Self::Words => "log-odds",
            Self::Classifier => "AUC",
            Self::Expected => "F1 lost",
        }
    }

    /// The minimum effect: a smaller change is ignored, however small its p-value.
    pub fn floor(self) -> f64 {
        match self {
            Self::Sizes | Self::Score | Self::Flags => 0.10,
            Self::Labels | Self::Verdicts => 0.03,
            Self::Words => 0.7,
            Self::Classifier => 0.55,
            Self::Expected => 0.02,
        }
    }

    /// Whether an effect is large enough to count.
    pub fn counts(self, effect: f64) -> bool {
        effect.abs() >= self.floor()
    }

    /// The result of the family: its most surprising test among those with a large enough effect. The p-value is corrected
    /// for all `made` tests (Bonferroni), whether or not they are listed.
    pub(super) fn strongest(self, tests: Vec<SingleTest>, made: usize) -> Option<FamilyTest> {
        let key = |one: &SingleTest| (!self.counts(one.effect), one.p, -one.effect.abs());
        let strongest = tests
            .into_iter()
            .min_by(|one, other| key(one).partial_cmp(&key(other)).unwrap_or(Ordering::Equal))?;
        let SingleTest { subject, p, effect, strength } = strongest;
        Some(FamilyTest {
            family: self,
            subject,
            p: (p * made as f64).min(1.0),
            effect,
            strength: strength.abs(),
        })
    }
}

/// What a test is about, with the numbers of its sentence.
#[derive(Clone, Debug, PartialEq)]
pub enum TestSubject {
    /// A size or the score.
    Scale {
        /// Which.
        scale: SizeScale,
        /// Whether new messages are lower on it, by their mean.
        is_lower: bool,
    },
    /// A share of the messages.
    Share {
        /// Which.
        of: ShareOf,
        /// New messages with it and without, then those of the reference.
        table: TwoByTwo,
    },
    /// No word: none has moved.
    NoWord,
    /// All words together.
    AllWords,
    /// The estimated F1.
    EstimatedF1 {
        /// Of the new messages.
        new: f64,
        /// Of the reference, at the class balance of the new messages.
        reference: f64,
    },
}

/// The messages that a share counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShareOf {
    /// Those with a flag, by its place in [`FLAGS`](crate::profile::descriptor::FLAGS).
    Flag(usize),
    /// Those with a positive label.
    LabelledPositive,
    /// Those with a positive verdict.
    TakenForPositive,
    /// Those with a word that new rows have.
    Word(String),
    /// Those with a word that no new row has, by its hash.
    UnnamedWord(u16),
}

/// One test of a family.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SingleTest {
    pub(super) subject: TestSubject,
    pub(super) p: f64,
    pub(super) effect: f64,
    pub(super) strength: f64,
}

impl SingleTest {
    /// A test whose effect is its strength.
    pub(super) fn new(subject: TestSubject, p: f64, effect: f64) -> Self {
        Self { subject, p, effect, strength: effect }
    }
}

/// The result of a family of tests.
#[derive(Clone, Debug, PartialEq)]
pub struct FamilyTest {
    /// The family.
    pub family: Family,
    /// What moved most.
    pub subject: TestSubject,
    /// The p-value, corrected for all tests of the family (Bonferroni).
    pub p: f64,
    /// The size of the change, in [`Family::measure`].
    pub effect: f64,
    /// The size of the change as it is compared with earlier windows: the effect, or for a word the difference of its shares.
    pub strength: f64,
}
