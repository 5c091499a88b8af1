//! The terms of a model: how each is spelled, how many texts have it, what it weighs.

use std::borrow::Cow;
use std::fmt;

use anyhow::{Result, bail, ensure};
use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::dictionary::SpelledTerms;

/// What a weight is under: far over any there is, and so far under the greatest number that no score overflows.
pub const MOST: f64 = 1e100;

/// Terms in the order of their bytes; in JSON a list of term, texts, log-odds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelTerms {
    spelled: SpelledTerms,
    /// How many texts have each.
    pub frequency: Vec<u32>,
    /// The log-odds of each.
    pub weights: Vec<f64>,
}

impl ModelTerms {
    /// Adds a term.
    pub fn push(&mut self, term: &str, frequency: u32, weight: f64) {
        self.spelled.push("", term);
        self.frequency.push(frequency);
        self.weights.push(weight);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.spelled.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.spelled.is_empty()
    }

    /// A term.
    pub fn term(&self, number: usize) -> &str {
        self.spelled.term(number)
    }

    /// Term, texts that have it, log-odds.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u32, f64)> {
        (0..self.len()).map(|number| (self.term(number), self.frequency[number], self.weights[number]))
    }

    /// Refuses terms that no score can be made of.
    pub fn check(&self, texts: u64) -> Result<()> {
        ensure!(u32::try_from(self.len()).is_ok(), "too many terms");
        // Byte by byte: neighbours share a few bytes at most, and a call to memcmp costs more than these.
        let before = |number| self.term(number - 1).bytes().lt(self.term(number).bytes());
        let ordered = (1..self.len()).all(before);
        ensure!(ordered, "the terms are not in order");
        if let Some((term, ..)) = self.iter().find(|(_, found, _)| u64::from(*found) > texts) {
            bail!("more texts have {} than there are", crate::io::diagnostics::shown(term));
        }
        ensure!(self.frequency.iter().all(|found| *found > 0), "a term has no text");
        ensure!(self.weights.iter().all(|x| x.abs() < MOST), "a weight is not finite, or not under {MOST:e}");
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
