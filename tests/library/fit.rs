//! `fit` is deterministic: the same rows and recipe give the same bytes.
//!
//! The result does not depend on the number of threads, the batch size, or whether rows are held in memory or read again.

use std::path::PathBuf;

use anyhow::Result;

use spamops::io::stream::Place;
use spamops::model::calibrate::CalibrationMethod;
use spamops::model::fit::{FitProvenance, fit};
use spamops::model::recipe::{Learner, Preset, Recipe};
use spamops::model::tfidf::{DocumentLimit, Norm};
use spamops::model::threshold::ThresholdGoal;
use spamops::model::training_rows::{ResourceLimits, TrainingRow, TrainingRows};
use spamops::rows::{ReadOptions, Row, Rows};

/// Lessons that come so many at a time.
struct Batches {
    lessons: Vec<TrainingRow>,
    size: usize,
    held: bool,
}

impl TrainingRows for Batches {
    fn read(&self, each: &mut dyn FnMut(&[TrainingRow]) -> Result<()>) -> Result<()> {
        self.lessons.chunks(self.size).try_for_each(each)
    }

    fn are_in_memory(&self) -> bool {
        self.held
    }
}

/// Rows of the demo corpus, with a column of values and one of numbers, some of more weight than others.
fn lessons(count: usize) -> Vec<TrainingRow> {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/messages.csv");
    let mut rows = Rows::open(&Place::File(corpus), &ReadOptions::default()).unwrap();
    let channel = rows.column("channel").unwrap();
    let (mut row, mut lessons) = (Row::default(), Vec::new());
    while lessons.len() < count && rows.read(&mut row).unwrap() {
        let Some(label) = rows.label(&row).unwrap() else { continue };
        let number = lessons.len();
        lessons.push(TrainingRow {
            cells: vec![row.get(channel).to_owned(), (number * 7 % 24).to_string()],
            weight: if number % 5 == 0 { 1.3 } else { 1.0 },
            ..TrainingRow::new(rows.text(&row).unwrap(), label)
        });
    }
    lessons
}

/// The model file.
fn bytes(lessons: &dyn TrainingRows, recipe: &Recipe, means: ResourceLimits) -> String {
    let about = FitProvenance { columns: vec!["channel".into(), "hour".into()], ..FitProvenance::default() };
    serde_json::to_string(&fit(lessons, recipe, about, means).unwrap()).unwrap()
}

/// The presets, and recipes that take other ways through the code.
fn recipes() -> Vec<Recipe> {
    let [message, strong, classic, seeds] =
        [Preset::Message, Preset::Strong, Preset::Classic, Preset::Seeds].map(Preset::recipe);
    let mut few = message.clone();
    // Many terms are as frequent as the last one that is kept.
    (few.selection.max_features, few.selection.min_df, few.windows) =
        (Some(70), DocumentLimit::Count(2), Some(5));
    let mut steps = Recipe {
        learner: Learner::Complement,
        calibration: CalibrationMethod::Isotonic,
        threshold: ThresholdGoal::MaxFpr(0.02),
        prior: Some(0.2),
        folds: 7,
        ..classic.clone()
    };
    (steps.selection.max_df, steps.weighting.norm) = (DocumentLimit::Fraction(0.3), Norm::L1);
    let without_folds = Recipe { folds: 0, ..seeds.clone() };
    let line = Recipe { learner: Learner::Logistic, windows: Some(4), ..classic.clone() };
    vec![message, strong, classic, seeds, few, steps, without_folds, line]
}

/// Asserts that a recipe has the same bytes whoever works on it.
fn assert_same(lessons: &Vec<TrainingRow>, recipe: &Recipe) {
    let plenty = ResourceLimits { threads: 1, memory: usize::MAX };
    let wanted = bytes(lessons, recipe, plenty);
    for threads in [2, 3] {
        let found = bytes(lessons, recipe, ResourceLimits { threads, ..plenty });
        assert!(found == wanted, "{threads} threads: {recipe:?}");
    }
    for (size, held, means) in [
        (1, true, ResourceLimits { threads: 3, ..plenty }),
        (150, true, ResourceLimits { threads: 2, ..plenty }),
        (17, false, plenty),
        (150, false, ResourceLimits { threads: 2, memory: 0 }),
        (1000, false, ResourceLimits { threads: 3, memory: 0 }),
    ] {
        if !held && recipe.learner.is_linear() {
            continue;
        }
        let batches = Batches { lessons: lessons.clone(), size, held };
        let found = bytes(&batches, recipe, means);
        assert!(found == wanted, "{size} at a time, held {held}, {means:?}: {recipe:?}");
    }
}

#[test]
fn the_model_does_not_depend_on_threads_batches_or_memory() {
    let lessons = lessons(330);
    for recipe in recipes().iter().filter(|recipe| !recipe.learner.is_linear()) {
        assert_same(&lessons, recipe);
    }
}

#[test]
fn a_linear_model_does_not_depend_on_threads_or_batches() {
    let lessons = lessons(200);
    for recipe in recipes().iter().filter(|recipe| recipe.learner.is_linear()) {
        assert_same(&lessons, recipe);
    }
}

#[test]
fn different_rows_give_a_different_model() {
    let recipe = Preset::Classic.recipe();
    let means = ResourceLimits { threads: 2, memory: usize::MAX };
    let lessons = lessons(40);
    let wanted = bytes(&lessons, &recipe, means);
    let changed = |change: fn(&mut TrainingRow)| {
        let mut lessons = lessons.clone();
        change(&mut lessons[7]);
        bytes(&lessons, &recipe, means)
    };
    assert_ne!(changed(|lesson| lesson.weight = 2.0), wanted);
    assert_ne!(changed(|lesson| lesson.text.push('!')), wanted);
    assert_ne!(changed(|lesson| lesson.cells[0].push('!')), wanted);
    let mut turned = lessons.clone();
    turned.swap(7, 8);
    assert_ne!(bytes(&turned, &recipe, means), wanted);
}
