//! Tests whether the words of new messages differ from the reference at the same class balance.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::drift::classifier::classifier;
use crate::drift::families::{ALPHA, Family};
use crate::drift::messages::Messages;
use crate::drift::word_names::WordNames;
use crate::drift::words::words;

/// Level of each of the two tests: the level of an alarm of `drift`, if every family of tests has a small p-value.
const LEVEL: f64 = ALPHA / Family::ALL.len() as f64;

/// AUC from which the reference says little about the new messages.
const OTHER_MESSAGES: f64 = 0.6;

/// Minimum number of messages on each side.
pub(super) const MIN_MESSAGES: u64 = 30;

/// How far the words of new messages differ from the reference. The labelled messages of the reference are first
/// thinned to the class balance of the new messages. So words that are only more frequent in spam do not count.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct TextChange {
    /// AUC of a classifier that separates new messages from the reference by their words; 0.5 if it cannot.
    pub auc: f64,
    /// P-value of the classifier.
    pub classifier_p: f64,
    /// P-value of the word that changed most, corrected for all words; 1 if no word changed enough.
    pub words_p: f64,
    /// Share of the words that are new, 0 to 1, in excess of the usual share.
    pub new_words: f64,
}

impl TextChange {
    /// Compares the words at this class balance of the new messages. None if a side has too few messages.
    pub fn of(reference: &Messages, new: &Messages, share: f64) -> Option<Self> {
        let matched = reference.at_balance(share);
        if matched.len() < MIN_MESSAGES || new.len() < MIN_MESSAGES {
            return None;
        }
        let by_classifier = classifier(&matched, new)?;
        let by_words = words(&matched, new, &WordNames::default());
        let words_p = by_words.filter(|test| Family::Words.counts(test.effect)).map_or(1.0, |test| test.p);
        Some(Self {
            auc: by_classifier.effect,
            classifier_p: by_classifier.p,
            words_p,
            new_words: new.new_words(reference),
        })
    }

    /// Whether the words differ more than by chance, and by more than the minimum effect of `drift`.
    pub fn is_change(&self) -> bool {
        self.words_p < LEVEL || self.classifier_p < LEVEL && Family::Classifier.counts(self.auc)
    }

    /// Whether the new messages are so different that the reference says little about them.
    pub fn is_other(&self) -> bool {
        self.classifier_p < LEVEL && self.auc >= OTHER_MESSAGES
    }
}
