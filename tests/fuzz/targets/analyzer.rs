//! Fuzzes the analyzers: a text gives the same terms each time, each with the key of its spelling, and a model can be fitted.
//!
//! The first four bytes of an input select the analyzer. The rest is the text.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::{Corpus, fuzz_target};
use spamops::features::{Analyzer, AnalyzerBuffers, Language, Ngrams, StopWords, Term, TermKind};
use spamops::model::fit::{FitProvenance, fit};
use spamops::model::recipe::{Learner, Preset, Recipe};
use spamops::model::row_score::ScoringBuffers;
use spamops::model::training_rows::{ResourceLimits, TrainingRow};
use spamops::rows::label::Label;

const LANGUAGES: [&str; 18] = [
    "arabic",
    "danish",
    "dutch",
    "english",
    "finnish",
    "french",
    "german",
    "greek",
    "hungarian",
    "italian",
    "norwegian",
    "portuguese",
    "romanian",
    "russian",
    "spanish",
    "swedish",
    "tamil",
    "turkish",
];

static ENGLISH: LazyLock<StopWords> = LazyLock::new(StopWords::english);

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some((&[switches, sizes, chars, stem], text)) = input.split_first_chunk() else {
        return Corpus::Reject;
    };
    let text = String::from_utf8_lossy(text);
    let kinds = [TermKind::Message, TermKind::Word, TermKind::Char, TermKind::CharWb];
    let analyzer = Analyzer {
        kind: kinds[usize::from(switches & 3)],
        ngrams: ngrams(sizes).unwrap_or(Ngrams { fewest: 1, most: 1 }),
        chars: ngrams(chars),
        lowercase: switches & 4 == 0,
        stem: LANGUAGES.get(usize::from(stem & 31)).map(language),
        stop: if switches & 8 == 0 { StopWords::default() } else { ENGLISH.clone() },
    };
    let terms = analyzer.terms(&text);
    assert_terms(&analyzer, &text, &terms);
    let learners = [Learner::Multinomial, Learner::Complement, Learner::Logistic, Learner::NbLogistic];
    let recipe = Recipe {
        analyzer,
        learner: learners[usize::from(switches >> 4 & 3)],
        folds: if switches & 128 == 0 { 0 } else { 2 },
        windows: (sizes & 128 != 0).then_some(2),
        ..Preset::Message.recipe()
    };
    fit_and_score(&recipe, &text);
    Corpus::Keep
});

/// A range of n-gram sizes. `@` gives `None`.
fn ngrams(byte: u8) -> Option<Ngrams> {
    let fewest = usize::from(byte & 15);
    let most = fewest + usize::from(byte >> 4 & 3);
    Ngrams::try_from([fewest, most.min(12)]).ok()
}

fn language(name: &&str) -> Language {
    name.parse().unwrap()
}

/// Analyzes other texts, then this text twice. Asserts its terms each time, and that every term has the key of its spelling.
fn assert_terms(analyzer: &Analyzer, text: &str, expected: &[String]) {
    let mut buffers = AnalyzerBuffers::default();
    for other in ["", "f r e e W1N £5 \u{fc}ber\u{200b}", text, text] {
        let mut terms = Vec::new();
        analyzer.each(other, &mut buffers, &mut |Term { key, mark, text }| {
            let term = format!("{mark}{text}");
            assert_eq!(analyzer.key(&term), key, "{term:?}");
            terms.push(term);
        });
        if other == text {
            assert_eq!(terms, expected);
        }
    }
}

/// Fits a model on the two halves of a text and scores the text.
fn fit_and_score(recipe: &Recipe, text: &str) {
    let half = (text.len() / 2..).find(|at| text.is_char_boundary(*at)).unwrap();
    let (one, other) = text.split_at(half);
    let rows = vec![TrainingRow::new(one, Label::Positive), TrainingRow::new(other, Label::Negative)];
    match fit(&rows, recipe, FitProvenance::default(), ResourceLimits { threads: 1, memory: usize::MAX }) {
        Ok(model) => {
            for text in [text, one, other, ""] {
                let score = model.score(text, &mut ScoringBuffers::default());
                assert!((0.0..=1.0).contains(&score), "a score of {score}");
            }
        }
        Err(error) => {
            let empty = |text: &str| recipe.analyzer.terms(text).is_empty();
            assert!(empty(one) && empty(other), "{error:#}");
        }
    }
}
