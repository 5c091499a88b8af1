//! Tests that fitted models match scikit-learn's on the same texts, for every option.

use serde::Deserialize;

use spamops::features::StopWords;
use spamops::model::fit::{FitProvenance, fit};
use spamops::model::recipe::{Learner, Preset, Recipe};
use spamops::model::row_score::ScoringBuffers;
use spamops::model::tfidf::Norm;
use spamops::model::training_rows::{ResourceLimits, TrainingRow};
use spamops::rows::label::Label;

use crate::cases::cases;

/// Options that differ from scikit-learn's defaults, with the names of `tests/golden/make.py`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FitOptions {
    analyzer: Option<String>,
    ngrams: Option<[usize; 2]>,
    lowercase: Option<bool>,
    stop: Option<String>,
    min_df: Option<serde_json::Number>,
    max_df: Option<serde_json::Number>,
    max_features: Option<usize>,
    sublinear: bool,
    idf: Option<bool>,
    smooth: Option<bool>,
    norm: Option<String>,
    alpha: Option<f64>,
    bayes: Option<String>,
    prior: Option<f64>,
    c: Option<f64>,
    weighted: bool,
}

impl FitOptions {
    fn recipe(&self) -> Recipe {
        let mut recipe = Preset::Classic.recipe();
        let kind = self.analyzer.as_deref().map(|name| name.parse().unwrap());
        recipe.analyzer.kind = kind.unwrap_or(recipe.analyzer.kind);
        if let Some(ngrams) = self.ngrams {
            recipe.analyzer.ngrams = ngrams.try_into().unwrap();
        }
        recipe.analyzer.lowercase = self.lowercase.unwrap_or(true);
        if self.stop.is_some() {
            recipe.analyzer.stop = StopWords::english();
        }
        let limit = |number: &serde_json::Number| number.to_string().parse().unwrap();
        recipe.selection.min_df = self.min_df.as_ref().map_or(recipe.selection.min_df, limit);
        recipe.selection.max_df = self.max_df.as_ref().map_or(recipe.selection.max_df, limit);
        recipe.selection.max_features = self.max_features;
        recipe.weighting.sublinear = self.sublinear;
        recipe.weighting.idf = self.idf.unwrap_or(true);
        recipe.weighting.smooth = self.smooth.unwrap_or(true);
        recipe.weighting.norm = match self.norm.as_deref() {
            Some("l1") => Norm::L1,
            Some("none") => Norm::None,
            _ => Norm::L2,
        };
        recipe.alpha = self.alpha.unwrap_or(1.0);
        if self.bayes.is_some() {
            recipe.learner = Learner::Complement;
        }
        recipe.prior = self.prior;
        if let Some(c) = self.c {
            (recipe.learner, recipe.c) = (Learner::Logistic, c);
        }
        recipe
    }

    fn weight(&self, row: usize) -> f64 {
        if self.weighted { (7 * row % 5 + 1) as f64 / 2.0 } else { 1.0 }
    }
}

/// Asserts that the models of a file's cases match the models of scikit-learn.
fn assert_models_match(file: &str, min_cases: usize, tolerance: f64) {
    #[derive(Deserialize)]
    struct Row {
        spam: bool,
        text: String,
    }
    #[derive(Deserialize)]
    struct Texts {
        name: String,
        rows: Vec<Row>,
        asked: Vec<String>,
    }
    #[derive(Deserialize)]
    struct Case {
        way: FitOptions,
        set: String,
        terms: usize,
        probabilities: Vec<f64>,
    }
    let texts = cases::<Texts>("texts");
    let cases = cases::<Case>(file);
    assert!(texts.len() >= 5 && cases.len() >= min_cases, "{}", cases.len());
    for Case { way, set, terms, probabilities } in cases {
        let Texts { rows, asked, .. } = texts.iter().find(|texts| texts.name == set).unwrap();
        let label = |row: &Row| if row.spam { Label::Positive } else { Label::Negative };
        let training_row = |(number, row): (usize, &Row)| TrainingRow {
            weight: way.weight(number),
            ..TrainingRow::new(&row.text, label(row))
        };
        let training_rows: Vec<TrainingRow> = rows.iter().enumerate().map(training_row).collect();
        let limits = ResourceLimits { threads: 2, memory: usize::MAX };
        let model = fit(&training_rows, &way.recipe(), FitProvenance::default(), limits).unwrap();
        assert_eq!(model.terms.len(), terms, "{way:?} on {set}");
        let all = rows.iter().map(|row| &row.text).chain(asked);
        assert_eq!(rows.len() + asked.len(), probabilities.len());
        for (text, expected) in all.zip(probabilities) {
            let found = model.score(text, &mut ScoringBuffers::default());
            assert!(
                (found - expected).abs() < tolerance,
                "{way:?} on {set}: {text:?} is {found:e}, expected {expected:e}"
            );
        }
    }
}

#[test]
fn naive_bayes_matches_scikit_learn() {
    assert_models_match("learners", 200, 1e-9);
}

#[test]
fn logistic_regression_matches_scikit_learn() {
    assert_models_match("logistic", 60, 1e-4);
}
