//! Stores the terms of a model: spelling, number of texts, weight.

use std::borrow::Cow;
use std::fmt;

use anyhow::{Result, bail, ensure};
use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::dictionary::SpelledTerms;

/// Every weight is below this limit. The limit is far above any real weight, and low enough that no score overflows.
pub const MAX_WEIGHT: f64 = 1e100;

/// Terms in the order of their bytes. In JSON, each term is a list of spelling, number of texts and log-odds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelTerms {
    spelled: SpelledTerms,
    /// The number of texts with each term.
    pub frequency: Vec<u32>,
    /// The log-odds of each term.
    pub weights: Vec<f64>,
}

impl ModelTerms {
    pub fn push(&mut self, term: &str, frequency: u32, weight: f64) {
        self.spelled.push("", term);
        self.frequency.push(frequency);
        self.weights.push(weight);
    }

    pub fn len(&self) -> usize {
        self.spelled.len()
    }

    pub fn is_empty(&self) -> bool {
        self.spelled.is_empty()
    }

    pub fn term(&self, number: usize) -> &str {
        self.spelled.term(number)
    }

    /// Each term with its number of texts and its log-odds.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u32, f64)> {
        (0..self.len()).map(|number| (self.term(number), self.frequency[number], self.weights[number]))
    }

    /// Fails if the terms cannot be used for scoring.
    pub fn check(&self, texts: u64) -> Result<()> {
        ensure!(u32::try_from(self.len()).is_ok(), "too many terms");
        // Compares byte by byte, because neighbours share only a few bytes and a call to memcmp would cost more.
        let before = |number| self.term(number - 1).bytes().lt(self.term(number).bytes());
        let ordered = (1..self.len()).all(before);
        ensure!(ordered, "the terms are not sorted");
        if let Some((term, ..)) = self.iter().find(|(_, found, _)| u64::from(*found) > texts) {
            bail!("term {} has more texts than the model", crate::io::diagnostics::shown(term));
        }
        ensure!(self.frequency.iter().all(|found| *found > 0), "a term has no texts");
        ensure!(
            self.weights.iter().all(|x| x.abs() < MAX_WEIGHT),
            "a weight is not finite or not below {MAX_WEIGHT:e}"
        );
        Ok(())
    }
}

impl Serialize for ModelTerms {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.len()))?;
        self.iter().try_for_each(|term| list.serialize_element(&term))?;
        list.end()
    }
}

impl<'de> Deserialize<'de> for ModelTerms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TermVisitor;
        impl<'de> Visitor<'de> for TermVisitor {
            type Value = ModelTerms;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a list of terms")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ModelTerms, A::Error> {
                #[derive(Deserialize)]
                struct TermEntry<'a>(#[serde(borrow)] Cow<'a, str>, u32, f64);
                let mut terms = ModelTerms::default();
                while let Some(TermEntry(term, frequency, weight)) = list.next_element()? {
                    terms.push(&term, frequency, weight);
                }
                Ok(terms)
            }
        }
        deserializer.deserialize_seq(TermVisitor)
    }
}
