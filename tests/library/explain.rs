//! Tests that the parts of an explanation add up to the score, for every kind of model.

use std::io::Cursor;
use std::sync::LazyLock;

use proptest::prelude::*;

use spamops::features::{Ngrams, TermKind};
use spamops::io::stream::Place;
use spamops::model::calibrate::{Calibration, CalibrationMethod};
use spamops::model::fit::{FitProvenance, fit};
use spamops::model::model_file::Model;
use spamops::model::recipe::{Learner, Preset, Recipe};
use spamops::model::row_score::ScoringBuffers;
use spamops::model::tfidf::Norm;
use spamops::model::training_rows::{ResourceLimits, TrainingRow};
use spamops::rows::label::Label;
use spamops::rows::mask::ALL;
use spamops::rows::{Row, Rows};

use crate::rows::options;

/// Words for the texts. All but the last are in the training rows.
const WORDS: [&str; 12] =
    ["win", "a", "PRIZE", "now!", "see", "you", "at", "noon", "call", "07700900123", "me@x.test", "unknown"];

/// One model for each way to compute a score from terms.
static MODELS: LazyLock<Vec<Model>> = LazyLock::new(|| {
    let rows: Vec<TrainingRow> = (0..60usize)
        .map(|number| {
            let words = (0..12).map(|place| WORDS[(number * (place + 3) + place * place) % 11]);
            let positive = number % 3 == 0;
            let text = words.chain(positive.then_some("win prize")).collect::<Vec<_>>().join(" ");
            let label = if positive { Label::Positive } else { Label::Negative };
            TrainingRow {
                cells: vec![["sms", "mail"][number % 2].to_owned()],
                ..TrainingRow::new(&text, label)
            }
        })
        .collect();
    let (classic, message, strong) =
        (Preset::Classic.recipe(), Preset::Message.recipe(), Preset::Strong.recipe());
    let mut chars =
        Recipe { learner: Learner::Complement, calibration: CalibrationMethod::Isotonic, ..classic.clone() };
    (chars.analyzer.kind, chars.analyzer.ngrams) = (TermKind::CharWb, Ngrams { fewest: 2, most: 3 });
    (chars.weighting.norm, chars.weighting.idf) = (Norm::L1, false);
    let mut plain = Recipe { learner: Learner::Logistic, windows: Some(4), ..message.clone() };
    plain.weighting.norm = Norm::None;
    let provenance = || FitProvenance {
        columns: vec!["channel".into()],
        masked: ALL.to_vec(),
        ..FitProvenance::default()
    };
    let limits = ResourceLimits { threads: 1, memory: usize::MAX };
    let recipes = [classic, message, strong, chars, plain];
    let mut models: Vec<Model> =
        recipes.iter().map(|recipe| fit(&rows, recipe, provenance(), limits).unwrap()).collect();
    // The model is fitted on too few rows to choose a margin.
    models.iter_mut().filter_map(|model| model.windows.as_mut()).for_each(|windows| windows.margin = 0.25);
    models
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_parts_of_an_explanation_add_up_to_the_score(words in prop::collection::vec(0..WORDS.len(), 0..60), channel in "sms|mail|fax") {
        let text = words.iter().map(|word| WORDS[*word]).collect::<Vec<_>>().join(" ");
        let line = format!("{{\"text\":\"{text}\",\"channel\":\"{channel}\"}}\n");
        let mut rows = Rows::from_bytes(Box::new(Cursor::new(line)), &Place::Standard, &options()).unwrap();
        let (mut row, mut buffers) = (Row::default(), ScoringBuffers::default());
        prop_assert!(rows.read(&mut row).unwrap());
        for model in MODELS.iter() {
            let columns = model.columns(&rows).unwrap();
            let score = model.score_row(&row, &columns, &mut buffers);
            let explained = model.explain_row(&row, &columns, &mut buffers);
            let sum = explained.sum();
            if let Calibration::Isotonic(_) = model.calibration {
                prop_assert!((model.calibration.probability(sum) - score).abs() < 1e-9);
            } else {
                prop_assert!((1.0 / (1.0 + (-sum).exp()) - score).abs() < 1e-12);
                // Beyond 15 the score has too few digits left to compute its log-odds.
                prop_assert!(sum.abs() > 15.0 || ((score / (1.0 - score)).ln() - sum).abs() < 1e-6);
            }
            prop_assert!(explained.terms.is_sorted_by(|one, next| one.1.abs() >= next.1.abs()));
            let cells = explained.terms.iter().filter(|(term, _)| term.starts_with("  ")).count();
            prop_assert_eq!(cells, usize::from(["sms", "mail"].contains(&channel.as_str())));
            let without = model.explain(&text, &mut buffers);
            prop_assert!(without.terms.iter().all(|(term, _)| !term.starts_with("  ")));
        }
    }
}
