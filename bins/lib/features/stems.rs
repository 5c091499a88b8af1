//! Stems words with the Snowball algorithm of a language.

use anyhow::{Result, bail};
use rust_stemmers::{Algorithm, Stemmer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::hash_table::HashTable;
use super::key;
use super::stop::StopWords;

/// A language with a Snowball algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(usize);

const LANGUAGES: [(&str, Algorithm); 18] = [
    ("arabic", Algorithm::Arabic),
    ("danish", Algorithm::Danish),
    ("dutch", Algorithm::Dutch),
    ("english", Algorithm::English),
    ("finnish", Algorithm::Finnish),
    ("french", Algorithm::French),
    ("german", Algorithm::German),
    ("greek", Algorithm::Greek),
    ("hungarian", Algorithm::Hungarian),
    ("italian", Algorithm::Italian),
    ("norwegian", Algorithm::Norwegian),
    ("portuguese", Algorithm::Portuguese),
    ("romanian", Algorithm::Romanian),
    ("russian", Algorithm::Russian),
    ("spanish", Algorithm::Spanish),
    ("swedish", Algorithm::Swedish),
    ("tamil", Algorithm::Tamil),
    ("turkish", Algorithm::Turkish),
];

impl std::str::FromStr for Language {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        match LANGUAGES.iter().position(|(known, _)| *known == name) {
            Some(index) => Ok(Self(index)),
            None => bail!("expected one of {}", LANGUAGES.map(|(name, _)| name).join(", ")),
        }
    }
}

impl TryFrom<String> for Language {
    type Error = anyhow::Error;

    fn try_from(name: String) -> Result<Self> {
        name.parse()
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        LANGUAGES[language.0].0.to_owned()
    }
}

/// The stems of known words, so that each word is stemmed once.
#[derive(Default)]
pub(super) struct Stems {
    /// Maps the key of a word to 0 for a stop word, otherwise to the index of its stem plus one.
    known: HashTable<u32>,
    stems: Vec<(Box<str>, u64)>,
}

/// Maximum number of remembered words, so that messages with many new words cannot fill the memory.
const REMEMBERED: usize = 1 << 18;

impl Stems {
    pub(super) fn find(
        &mut self,
        language: Option<Language>,
        stop: &StopWords,
        word: &str,
        key: u64,
    ) -> Option<&(Box<str>, u64)> {
        if let Some(place) = self.known.get(key) {
            return self.stems.get((place as usize).wrapping_sub(1));
        }
        let stop = stop.has(word);
        if self.known.len() >= REMEMBERED {
            *self = Self::default();
        }
        let mut place = 0;
        if !stop {
            let stem: Box<str> = match language {
                Some(language) => Stemmer::create(LANGUAGES[language.0].1).stem(word).into(),
                None => word.into(),
            };
            // Some signs have an empty stem. Two terms must not have the same spelling, so keep the sign.
            let stem = if stem.is_empty() { word.into() } else { stem };
            let key = key::word(&stem);
            self.stems.push((stem, key));
            place = u32::try_from(self.stems.len()).unwrap_or(u32::MAX);
        }
        *self.known.entry(key).0 = place;
        self.stems.get((place as usize).wrapping_sub(1))
    }
}
