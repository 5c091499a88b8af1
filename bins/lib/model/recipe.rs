//! The recipe: every setting of a fit, for text, terms, weights and learner.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail};

use crate::features::{Analyzer, Ngrams, StopWords, TermKind};
use crate::model::calibrate::CalibrationMethod;
use crate::model::estimate::Requirement;
use crate::model::tfidf::{Selection, Weighting};
use crate::model::threshold::ThresholdGoal;

/// How a model is learned.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// How a text becomes terms.
    pub analyzer: Analyzer,
    /// Which terms are kept.
    pub selection: Selection,
    /// Whether weights are rounded to four decimals. Scores barely change, and the model is a third smaller.
    pub rounded: bool,
    /// How counts become weights.
    pub weighting: Weighting,
    /// The learning algorithm.
    pub learner: Learner,
    /// Added to every count, so that a term seen in one class only does not decide alone (Lidstone 1920).
    pub alpha: f64,
    /// The cost of an error in the linear learners, relative to the penalty on large weights.
    pub c: f64,
    /// The class balance that naive Bayes assumes, if it is not that of the training rows.
    pub prior: Option<f64>,
    /// Words in each window of a long message; none if windows are not scored.
    pub windows: Option<usize>,
    /// Number of folds; below two there are none.
    pub folds: usize,
    /// How scores become probabilities.
    pub calibration: CalibrationMethod,
    /// How the threshold is chosen.
    pub threshold: ThresholdGoal,
    /// The figures that the model must reach.
    pub required: Vec<Requirement>,
}

/// The learning algorithm.
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

    /// Whether it reads the rows many times rather than once.
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

/// A recipe with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Exactly scikit-learn's `TfidfVectorizer()` and `MultinomialNB()`.
    Classic,
    /// The same on English stems without stop words, as in common tutorials.
    Seeds,
    /// Words, punctuation, their pairs and the shape of the message, sublinear, alpha .05.
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
    /// The recipe as options of `fit`, without what the model file records elsewhere.
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
    /// The recipe of this name.
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
