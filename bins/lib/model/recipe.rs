//! Defines the recipe: every setting of a fit, for text, terms, weights and learner.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail};

use crate::features::{Analyzer, Ngrams, StopWords, TermKind};
use crate::model::calibrate::CalibrationMethod;
use crate::model::estimate::Requirement;
use crate::model::tfidf::{Selection, Weighting};
use crate::model::threshold::ThresholdGoal;

#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// How a text becomes terms.
    pub analyzer: Analyzer,
    /// The terms to keep.
    pub selection: Selection,
    /// Whether to round weights to four decimals. Scores barely change, and the model is a third smaller.
    pub rounded: bool,
    /// How counts become weights.
    pub weighting: Weighting,
    pub learner: Learner,
    /// Number added to every count, so that a term of only one class does not decide alone (Lidstone 1920).
    pub alpha: f64,
    /// Cost of an error in linear learners, relative to the penalty on large weights.
    pub c: f64,
    /// The class balance that naive Bayes assumes; `None` for the class balance of the training rows.
    pub prior: Option<f64>,
    /// Number of words in a window of a long message; `None` if windows are not scored.
    pub windows: Option<usize>,
    /// Number of folds; below 2 there is no cross-validation.
    pub folds: usize,
    /// How scores become probabilities.
    pub calibration: CalibrationMethod,
    /// How the threshold is chosen.
    pub threshold: ThresholdGoal,
    /// Figures that the model must reach.
    pub required: Vec<Requirement>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learner {
    /// Multinomial naive Bayes.
    Multinomial,
    /// Complement naive Bayes.
    Complement,
    /// Logistic regression.
    Logistic,
    /// Logistic regression on terms scaled by their naive Bayes weights (NB-SVM, Wang & Manning 2012).
    NbLogistic,
}

impl Learner {
    const NAMES: [(&'static str, Self); 4] = [
        ("multinomial", Self::Multinomial),
        ("complement", Self::Complement),
        ("logistic", Self::Logistic),
        ("nb-logistic", Self::NbLogistic),
    ];

    /// Whether the learner is a logistic regression, which reads the rows many times.
    pub fn is_linear(self) -> bool {
        matches!(self, Self::Logistic | Self::NbLogistic)
    }
}

impl fmt::Display for Learner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, learner)| learner == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

impl FromStr for Learner {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        match Self::NAMES.iter().find(|(known, _)| *known == name) {
            Some((_, learner)) => Ok(*learner),
            None => bail!("expected multinomial, complement, logistic or nb-logistic"),
        }
    }
}

/// A named recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Exactly scikit-learn's `TfidfVectorizer()` and `MultinomialNB()`.
    Classic,
    /// The same as classic, on English stems and without stop words, as in common tutorials.
    Seeds,
    /// Words, punctuation, their pairs and the shape of the message, with sublinear counts and alpha 0.05.
    Message,
    /// The same terms plus characters within words, a linear learner, and windows.
    Strong,
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Classic => "classic",
            Self::Seeds => "seeds",
            Self::Message => "message",
            Self::Strong => "strong",
        })
    }
}

impl FromStr for Preset {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        Ok(match name {
            "classic" => Self::Classic,
            "seeds" => Self::Seeds,
            "message" => Self::Message,
            "strong" => Self::Strong,
            _ => bail!("expected message, strong, classic or seeds"),
        })
    }
}

impl Recipe {
    /// The recipe as options of `fit`, without the settings that the model file records elsewhere.
    pub fn options(&self) -> BTreeMap<String, String> {
        let Selection { min_df, max_df, max_features } = &self.selection;
        let mut options = vec![
            ("learner", self.learner.to_string()),
            ("alpha", self.alpha.to_string()),
            ("min-df", min_df.to_string()),
            ("max-df", max_df.to_string()),
            ("folds", self.folds.to_string()),
        ];
        options.extend(max_features.map(|most| ("max-features", most.to_string())));
        options.extend(self.prior.map(|prior| ("prior", prior.to_string())));
        if self.learner.is_linear() {
            options.push(("C", self.c.to_string()));
        }
        options.extend(self.threshold.options());
        options.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

impl Preset {
    pub fn recipe(self) -> Recipe {
        let words = Analyzer {
            kind: TermKind::Word,
            ngrams: Ngrams { fewest: 1, most: 1 },
            chars: None,
            lowercase: true,
            stem: None,
            stop: StopWords::default(),
        };
        let classic = Recipe {
            analyzer: words.clone(),
            selection: Selection::default(),
            weighting: Weighting::default(),
            rounded: false,
            learner: Learner::Multinomial,
            alpha: 1.0,
            c: 1.0,
            prior: None,
            windows: None,
            folds: 5,
            calibration: CalibrationMethod::None,
            threshold: ThresholdGoal::At(0.5),
            required: Vec::new(),
        };
        let message = Recipe {
            analyzer: Analyzer::default(),
            selection: Selection { max_features: Some(400_000), ..Selection::default() },
            rounded: true,
            weighting: Weighting { sublinear: true, ..Weighting::default() },
            alpha: 0.05,
            calibration: CalibrationMethod::Sigmoid,
            threshold: ThresholdGoal::BestF1,
            ..classic.clone()
        };
        match self {
            Self::Classic => classic,
            Self::Seeds => Recipe {
                analyzer: Analyzer { stem: "english".parse().ok(), stop: StopWords::english(), ..words },
                ..classic
            },
            Self::Message => message,
            Self::Strong => Recipe {
                analyzer: Analyzer { chars: Some(Ngrams { fewest: 3, most: 5 }), ..Analyzer::default() },
                learner: Learner::NbLogistic,
                c: 10.0,
                windows: Some(20),
                ..message
            },
        }
    }
}
