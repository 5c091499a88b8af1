//! Golden numbers: the statistics and the learner say what scipy, statsmodels and scikit-learn say, to 1e-9.
//!
//! `tests/golden/make.py` makes the files and names the versions.

#![expect(clippy::unwrap_used, reason = "in a test a failed unwrap is the report")]

use serde::Deserialize;
use serde::de::DeserializeOwned;

use spamops::data::label::{Label, Names};
use spamops::judge::metrics::Confusion;
use spamops::judge::significance::{homogeneity, mcnemar_exact};
use spamops::learn::bayes;
use spamops::learn::fit::{Lesson, fit};
use spamops::learn::model::Desk;
use spamops::learn::recipe::{Preset, Recipe};
use spamops::learn::text::StopWords;
use spamops::learn::tfidf::Norm;

/// One file of `tests/golden`.
#[derive(Deserialize)]
struct Golden<Case> {
    cases: Vec<Case>,
}

/// The cases of a file.
fn cases<Case: DeserializeOwned>(name: &str) -> Vec<Case> {
    let path = format!("{}/tests/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let golden: Golden<Case> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    golden.cases
}

/// Whether two numbers agree to nine digits, be they ever so small.
fn agree(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-9 * expected.abs() + f64::MIN_POSITIVE
}

/// Asserts that every number agrees, and names the first that does not.
fn assert_agree(case: &str, numbers: &[(&str, f64, f64)]) {
    for (name, found, expected) in numbers {
        assert!(agree(*found, *expected), "{case}: {name} is {found:e}, expected {expected:e}");
    }
}

#[test]
fn metrics_are_those_of_scikit_learn() {
    #[derive(Debug, Deserialize)]
    struct Case {
        #[serde(flatten)]
        confusion: Confusion,
        accuracy: f64,
        precision: f64,
        recall: f64,
        f1: f64,
    }
    let cases = cases::<Case>("confusion");
    assert!(cases.len() >= 20);
    for case in cases {
        let found = case.confusion;
        let numbers = [
            ("accuracy", found.accuracy(), case.accuracy),
            ("precision", found.precision(), case.precision),
            ("recall", found.recall(), case.recall),
            ("f1", found.f1(), case.f1),
        ];
        assert_agree(&format!("{found:?}"), &numbers);
    }
}

#[test]
fn homogeneity_is_that_of_scipy() {
    #[derive(Deserialize)]
    struct Case {
        one: Vec<u64>,
        other: Vec<u64>,
        statistic: f64,
        p: f64,
        freedom: u64,
        cramers_v: f64,
    }
    let cases = cases::<Case>("homogeneity");
    assert!(cases.len() >= 20);
    for Case { one, other, statistic, p, freedom, cramers_v } in cases {
        let case = format!("{one:?} against {other:?}");
        let found = homogeneity(&one, &other).unwrap();
        assert_eq!(found.freedom, freedom, "{case}");
        let numbers = [
            ("statistic", found.statistic, statistic),
            ("p", found.p, p),
            ("Cramér's V", found.cramers_v, cramers_v),
        ];
        assert_agree(&case, &numbers);
    }
}

#[test]
fn where_there_is_nothing_to_compare_there_is_no_test() {
    let nothing: [(&[u64], &[u64]); 5] =
        [(&[], &[]), (&[0, 0], &[0, 0]), (&[3, 0], &[5, 0]), (&[1, 2], &[0, 0]), (&[0, 0], &[1, 2])];
    for (one, other) in nothing {
        assert_eq!(homogeneity(one, other), None, "{one:?} against {other:?}");
    }
}

#[test]
fn mcnemar_is_that_of_statsmodels() {
    #[derive(Deserialize)]
    struct Case {
        only_one: u64,
        only_other: u64,
        p: f64,
    }
    let cases = cases::<Case>("mcnemar_exact");
    assert!(cases.len() >= 20);
    for Case { only_one, only_other, p } in cases {
        let found = mcnemar_exact(only_one, only_other);
        assert_agree(&format!("{only_one} against {only_other}"), &[("p", found, p)]);
    }
}

/// What differs from scikit-learn's defaults; `tests/golden/make.py` has the same names.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Way {
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
}

impl Way {
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
            recipe.bayes = bayes::Kind::Complement;
        }
        recipe
    }
}

#[test]
fn learners_are_those_of_scikit_learn() {
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
        way: Way,
        set: String,
        terms: usize,
        probabilities: Vec<f64>,
    }
    let texts = cases::<Texts>("texts");
    let cases = cases::<Case>("learners");
    assert!(texts.len() >= 5 && cases.len() >= 150, "{}", cases.len());
    for Case { way, set, terms, probabilities } in cases {
        let Texts { rows, asked, .. } = texts.iter().find(|texts| texts.name == set).unwrap();
        let label = |row: &Row| if row.spam { Label::Positive } else { Label::Negative };
        let lessons: Vec<Lesson> =
            rows.iter().map(|row| Lesson { text: row.text.clone(), label: label(row) }).collect();
        let model = fit(&lessons, &way.recipe(), Names::default(), Vec::new(), "now".into(), 2).unwrap();
        assert_eq!(model.terms().len(), terms, "{way:?} on {set}");
        let all = rows.iter().map(|row| &row.text).chain(asked);
        assert_eq!(rows.len() + asked.len(), probabilities.len());
        for (text, expected) in all.zip(probabilities) {
            let found = model.score(text, &mut Desk::default());
            assert!(
                (found - expected).abs() < 1e-9,
                "{way:?} on {set}: {text:?} is {found:e}, expected {expected:e}"
            );
        }
    }
}
