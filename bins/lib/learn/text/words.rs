//! Words as scikit-learn finds them: `\b\w\w+\b`, with stop words, stems and n-grams.

use anyhow::{Result, bail};
use rust_stemmers::{Algorithm, Stemmer};
use serde::{Deserialize, Serialize};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::{Analyzer, Ngrams, Scratch, cased};

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

impl Language {
    pub(super) fn stemmer(self) -> Stemmer {
        Stemmer::create(LANGUAGES[self.0].1)
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

/// Puts the words of a text into the scratch.
pub(super) fn read(analyzer: &Analyzer, text: &str, scratch: &mut Scratch) {
    let source = cased(analyzer, text, scratch);
    scratch.words.clear();
    scratch.spans.clear();
    let stemmer = analyzer.stem.map(Language::stemmer);
    for word in source.split(|c| !is_word(c)) {
        // One character alone is no word; of one byte it can only be one character.
        if word.len() > 1 && word.chars().nth(1).is_some() && !analyzer.stop.has(word) {
            match &stemmer {
                Some(stemmer) => scratch.add(&stemmer.stem(word)),
                None => scratch.add(word),
            }
        }
    }
    scratch.text = source;
}

impl Scratch {
    /// Adds a word.
    pub(super) fn add(&mut self, word: &str) {
        if !self.words.is_empty() {
            self.words.push(' ');
        }
        let start = self.words.len();
        self.words.push_str(word);
        self.spans.push((start, self.words.len()));
    }
}

/// Calls `each` with every run of so many neighbouring words, a space between two.
pub(super) fn each_ngram(scratch: &Scratch, ngrams: Ngrams, each: &mut impl FnMut(&str)) {
    let Scratch { words, spans, .. } = scratch;
    for count in ngrams.fewest..=ngrams.most {
        for run in spans.windows(count) {
            // The words stand side by side in one string: a run of them is a part of it.
            each(&words[run[0].0..run[count - 1].1]);
        }
    }
}
