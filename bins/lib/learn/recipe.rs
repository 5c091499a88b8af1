//! All that decides how a model is learned: text, terms, weights, learner.

use std::str::FromStr;

use anyhow::{Result, bail};

use crate::learn::bayes;
use crate::learn::text::{Analyzer, Kind, Ngrams, StopWords};
use crate::learn::tfidf::{Selection, Weighting};

/// How a model is learned.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// How a text becomes terms.
    pub analyzer: Analyzer,
    /// Which terms are kept.
    pub selection: Selection,
    /// How counts become weights.
    pub weighting: Weighting,
    /// Which counts speak for a class.
    pub bayes: bayes::Kind,
    /// What is added to every count, so that a term seen in one class only does not decide alone (Lidstone 1920).
    pub alpha: f64,
    /// Where the threshold lies.
    pub threshold: Threshold,
}

/// From which score on a row is positive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// This one.
    At(f64),
    /// The one with the best F1 on the out-of-fold scores.
    BestF1,
}

/// A recipe with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// scikit-learn's `TfidfVectorizer()` and `MultinomialNB()`, to the letter.
    Classic,
    /// The same on English stems without stop words, as the usual tutorials have it.
    Seeds,
    /// Words, punctuation, their pairs and the shape of the message, sublinear, alpha .1.
    Message,
}

impl FromStr for Preset {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        Ok(match name {
            "classic" => Self::Classic,
            "seeds" => Self::Seeds,
            "message" => Self::Message,
            _ => bail!("expected classic, seeds or message"),
        })
    }
}

impl Preset {
    /// What the name stands for.
    pub fn recipe(self) -> Recipe {
        let words = Analyzer {
            kind: Kind::Word,
            ngrams: Ngrams { fewest: 1, most: 1 },
            lowercase: true,
            stem: None,
            stop: StopWords::default(),
        };
        let classic = Recipe {
            analyzer: words.clone(),
            selection: Selection::default(),
            weighting: Weighting::default(),
            bayes: bayes::Kind::Multinomial,
            alpha: 1.0,
            threshold: Threshold::At(0.5),
        };
        match self {
            Self::Classic => classic,
            Self::Seeds => Recipe {
                analyzer: Analyzer { stem: "english".parse().ok(), stop: StopWords::english(), ..words },
                ..classic
            },
            Self::Message => Recipe {
                analyzer: Analyzer::default(),
                selection: Selection { max_features: Some(200_000), ..Selection::default() },
                weighting: Weighting { sublinear: true, ..Weighting::default() },
                alpha: 0.1,
                threshold: Threshold::BestF1,
                ..classic
            },
        }
    }
}
