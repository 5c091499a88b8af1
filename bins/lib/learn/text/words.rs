//! Words as scikit-learn finds them: `\b\w\w+\b`, with stop words, stems and n-grams.

use anyhow::{Result, bail};
use rust_stemmers::{Algorithm, Stemmer};
use serde::{Deserialize, Serialize};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::{Analyzer, Ngrams, Scratch, Term, cased, key};
use crate::learn::table::Table;

/// A language that Snowball has an algorithm for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(usize);

/// The languages by name.
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

/// Whether Python's `\w` has a character: letters, numbers and the underscore, but no marks.
pub(super) fn is_word(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || c == '_'
    } else {
        // Alphanumeric in Unicode's sense takes some marks and circled letters in: these go by their category.
        c.is_alphanumeric()
            && matches!(
                c.general_category_group(),
                GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number
            )
    }
}

/// Bytes of words, of ASCII.
const WORD: [bool; 256] = {
    let mut word = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        #[expect(clippy::cast_possible_truncation, reason = "it is under 128")]
        let one = byte as u8;
        word[byte] = one.is_ascii_alphanumeric() || one == b'_';
        byte += 1;
    }
    word
};

/// Puts the words of a text into the scratch.
pub(super) fn read(analyzer: &Analyzer, text: &str, scratch: &mut Scratch) {
    let source = cased(analyzer, text, scratch);
    scratch.clear_words();
    if source.is_ascii() {
        let bytes = source.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let start = at;
            while at < bytes.len() && WORD[usize::from(bytes[at])] {
                at += 1;
            }
            // One character alone is no word.
            if at > start + 1 {
                scratch.take(analyzer, &source[start..at]);
            }
            at += 1;
        }
    } else {
        for word in source.split(|c| !is_word(c)) {
            if word.len() > 1 && word.chars().nth(1).is_some() {
                scratch.take(analyzer, word);
            }
        }
    }
    scratch.text = source;
}

/// What became of words seen before, so that each is stemmed once.
#[derive(Default)]
pub(super) struct Stems {
    /// By the key of a word: 0 for a stop word, else the place of its stem plus one.
    known: Table<u32>,
    stems: Vec<(Box<str>, u64)>,
}

/// Words that are remembered: whoever sends a new one in every message does not fill the memory.
const REMEMBERED: usize = 1 << 18;

impl Stems {
    fn find(&mut self, analyzer: &Analyzer, word: &str, key: u64) -> Option<&(Box<str>, u64)> {
        if let Some(place) = self.known.get(key) {
            return self.stems.get((place as usize).wrapping_sub(1));
        }
        let stop = analyzer.stop.has(word);
        if self.known.len() >= REMEMBERED {
            *self = Self::default();
        }
        let mut place = 0;
        if !stop {
            let stem: Box<str> = match analyzer.stem {
                Some(language) => Stemmer::create(LANGUAGES[language.0].1).stem(word).into(),
                None => word.into(),
            };
            // Of some signs nothing is left: a word is never empty, or two words would be spelled as one.
            let stem = if stem.is_empty() { word.into() } else { stem };
            let key = key::word(&stem);
            self.stems.push((stem, key));
            place = u32::try_from(self.stems.len()).unwrap_or(u32::MAX);
        }
        *self.known.entry(key).0 = place;
        self.stems.get((place as usize).wrapping_sub(1))
    }
}

impl Scratch {
    /// Forgets the words of the text before.
    pub(super) fn clear_words(&mut self) {
        self.words.clear();
        self.spans.clear();
        self.keys.clear();
    }

    /// Takes a word in as the analyzer wants it: not at all, or its stem.
    #[inline]
    pub(super) fn take(&mut self, analyzer: &Analyzer, word: &str) {
        let key = key::word(word);
        if analyzer.stem.is_none() && analyzer.stop.is_empty() {
            return self.add(word, key);
        }
        let Self { words, spans, keys, stems, .. } = self;
        if let Some((stem, key)) = stems.find(analyzer, word, key) {
            add(words, spans, keys, stem, *key);
        }
    }

    /// Adds a word.
    #[inline]
    pub(super) fn add(&mut self, word: &str, key: u64) {
        add(&mut self.words, &mut self.spans, &mut self.keys, word, key);
    }
}

#[inline]
fn add(words: &mut String, spans: &mut Vec<(usize, usize)>, keys: &mut Vec<u64>, word: &str, key: u64) {
    if !words.is_empty() {
        words.push(' ');
    }
    let start = words.len();
    words.push_str(word);
    spans.push((start, words.len()));
    keys.push(key);
}

/// Calls `each` with every run of so many neighbouring words, a space between two.
#[inline]
pub(super) fn each_ngram(scratch: &Scratch, ngrams: Ngrams, each: &mut impl FnMut(Term)) {
    let Scratch { words, spans, keys, .. } = scratch;
    for count in ngrams.fewest..=ngrams.most {
        for (run, keys) in spans.windows(count).zip(keys.windows(count)) {
            // The words stand side by side in one string: a run of them is a part of it.
            let text = &words[run[0].0..run[count - 1].1];
            let key = keys[1..].iter().fold(keys[0], |words, word| key::join(words, *word));
            each(Term { key, mark: "", text });
        }
    }
}
