//! Defines the families of tests. Each compares one kind of property and ignores changes below its minimum effect.

use std::cmp::Ordering;

use crate::drift::messages::SizeScale;
use crate::stats::two_by_two::TwoByTwo;

/// Probability of a false alarm in a run if nothing has changed, over all families.
pub const ALPHA: f64 = 0.05;

/// A family of tests on one kind of property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Sizes of messages, and the share of new words.
    Sizes,
    Score,
    /// Properties that a message has or lacks, such as a link.
    Flags,
    /// Class balance of the labels.
    Labels,
    /// Share of positive verdicts.
    Verdicts,
    /// Each frequent word.
    Words,
    /// A classifier that separates new messages from the reference.
    Classifier,
    Expected,
}

impl Family {
    /// All families, in report order.
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

    /// The name in JSON.
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

    /// The minimum effect, in the unit of [`Family::measure`]. A smaller change is ignored, even if its p-value is small.
    pub fn minimum_effect(self) -> f64 {
        match self {
            Self::Sizes | Self::Score | Self::Flags => 0.10,
            Self::Labels | Self::Verdicts => 0.03,
            Self::Words => 0.7,
            Self::Classifier => 0.55,
            Self::Expected => 0.02,
        }
    }

    /// Whether an effect reaches the minimum effect.
    pub fn counts(self, effect: f64) -> bool {
        effect.abs() >= self.minimum_effect()
    }

    /// Distance of a strength from no change.
    pub(super) fn distance(self, strength: f64) -> f64 {
        // An AUC of 0.5 means no difference.
        if self == Self::Classifier { strength - 0.5 } else { strength }
    }

    /// The test with the smallest p-value, among the tests that reach the minimum effect. The p-value is corrected for all `made`
    /// tests (Bonferroni), including tests that are not listed.
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

/// The subject of a test, with the numbers for its sentence.
#[derive(Clone, Debug, PartialEq)]
pub enum TestSubject {
    /// A size or the score.
    Scale {
        scale: SizeScale,
        /// Whether the mean of new messages is lower.
        is_lower: bool,
    },
    /// A share of the messages.
    Share {
        of: ShareOf,
        /// New messages with and without the property, then the same for the reference.
        table: TwoByTwo,
    },
    /// The subject if no word changed.
    NoWord,
    /// The subject of the classifier: all words together.
    AllWords,
    EstimatedF1 {
        new: f64,
        /// Estimated F1 on the reference, adjusted to the class balance of the new messages.
        reference: f64,
    },
}

/// The property whose share is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShareOf {
    /// A flag, by its index in [`FLAGS`](crate::profile::descriptor::FLAGS).
    Flag(usize),
    LabelledPositive,
    PositiveVerdict,
    /// A word that new rows have.
    Word(String),
    /// The hash of a word that no new row has.
    UnnamedWord(u16),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct SingleTest {
    pub(super) subject: TestSubject,
    pub(super) p: f64,
    pub(super) effect: f64,
    pub(super) strength: f64,
}

impl SingleTest {
    /// A test whose strength equals its effect.
    pub(super) fn new(subject: TestSubject, p: f64, effect: f64) -> Self {
        Self { subject, p, effect, strength: effect }
    }
}

/// The result of a family of tests.
#[derive(Clone, Debug, PartialEq)]
pub struct FamilyTest {
    pub family: Family,
    /// The property that changed most.
    pub subject: TestSubject,
    /// P-value, corrected for all tests of the family (Bonferroni).
    pub p: f64,
    /// Size of the change, in [`Family::measure`].
    pub effect: f64,
    /// Size of the change that is compared with earlier windows: the effect or, for a word, the difference of its shares.
    pub strength: f64,
}
