//! Golden numbers: the statistics and the learner say what scipy, statsmodels and scikit-learn say, to 1e-9.
//!
//! `tests/golden/make.py` makes the files and names the versions.

#![expect(clippy::unwrap_used, reason = "in a test a failed unwrap is the report")]

use serde::Deserialize;
use serde::de::DeserializeOwned;

use spamops::data::label::Label;
use spamops::judge::metrics::Confusion;
use spamops::judge::significance::{homogeneity, mcnemar_exact};
use spamops::learn::bayes;
use spamops::learn::tfidf::Vocabulary;

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

#[test]
fn naive_bayes_on_tfidf_is_that_of_scikit_learn() {
    #[derive(Deserialize)]
    struct Lesson {
        spam: bool,
        text: String,
    }
    #[derive(Deserialize)]
    struct Case {
        name: String,
        rows: Vec<Lesson>,
        words: Vec<String>,
        idf: Vec<f64>,
        asked: Vec<String>,
        probabilities: Vec<f64>,
    }
    let cases = cases::<Case>("bayes");
    assert!(cases.len() >= 5);
    for Case { name, rows, words, idf, asked, probabilities } in cases {
        let vocabulary = Vocabulary::of(rows.iter().map(|lesson| lesson.text.as_str()));
        assert_eq!(vocabulary.words(), words, "{name}");
        for (word, (found, expected)) in words.iter().zip(vocabulary.idf().iter().zip(idf)) {
            assert_agree(&name, &[(&format!("idf of {word}"), *found, expected)]);
        }
        let label = |spam| if spam { Label::Positive } else { Label::Negative };
        let lessons: Vec<_> =
            rows.iter().map(|lesson| (vocabulary.vector(&lesson.text), label(lesson.spam))).collect();
        let weights = bayes::fit(&lessons, vocabulary.len(), bayes::ALPHA);
        assert_eq!(asked.len(), probabilities.len());
        for (text, expected) in asked.iter().zip(probabilities) {
            let found = bayes::probability(&weights, &vocabulary.vector(text));
            assert_agree(&name, &[(&format!("probability of {text:?}"), found, expected)]);
        }
    }
}
