//! Tests that `fit` is deterministic: the same rows and recipe give the same bytes.
//!
//! The result does not depend on the number of threads, the batch size, or whether the rows stay in memory.

use std::io::Write;
use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::Result;

use spamops::io::stream::Place;
use spamops::model::calibrate::CalibrationMethod;
use spamops::model::fit::{FitProvenance, fit};
use spamops::model::recipe::{Learner, Preset, Recipe};
use spamops::model::tfidf::{DocumentLimit, Norm};
use spamops::model::threshold::ThresholdGoal;
use spamops::model::training_files::TrainingFiles;
use spamops::model::training_rows::{ResourceLimits, TrainingRow, TrainingRows};
use spamops::rows::{ReadOptions, Row, Rows};

use crate::directory::fresh;

/// Training rows that are read in batches of `size` rows.
struct Batches {
    rows: Vec<TrainingRow>,
    size: usize,
    in_memory: bool,
}

impl TrainingRows for Batches {
    fn read(&self, each: &mut dyn FnMut(&[TrainingRow]) -> Result<()>) -> Result<()> {
        self.rows.chunks(self.size).try_for_each(each)
    }

    fn are_in_memory(&self) -> bool {
        self.in_memory
    }
}

/// Rows of the demo corpus with a text column, a number column and different weights.
fn training_rows(count: usize) -> Vec<TrainingRow> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/messages.csv");
    let mut corpus = Rows::open(&Place::File(path), &ReadOptions::default()).unwrap();
    let channel = corpus.column("channel").unwrap();
    let (mut row, mut rows) = (Row::default(), Vec::new());
    while rows.len() < count && corpus.read(&mut row).unwrap() {
        let Some(label) = corpus.label(&row).unwrap() else { continue };
        let number = rows.len();
        rows.push(TrainingRow {
            cells: vec![row.get(channel).to_owned(), (number * 7 % 24).to_string()],
            weight: if number % 5 == 0 { 1.3 } else { 1.0 },
            ..TrainingRow::new(corpus.text(&row).unwrap(), label)
        });
    }
    rows
}

/// The bytes of the fitted model.
fn bytes(rows: &dyn TrainingRows, recipe: &Recipe, limits: ResourceLimits) -> String {
    let provenance =
        FitProvenance { columns: vec!["channel".into(), "hour".into()], ..FitProvenance::default() };
    serde_json::to_string(&fit(rows, recipe, provenance, limits).unwrap()).unwrap()
}

/// The presets, and recipes that take other paths through the code.
fn recipes() -> Vec<Recipe> {
    let [message, strong, classic, seeds] =
        [Preset::Message, Preset::Strong, Preset::Classic, Preset::Seeds].map(Preset::recipe);
    let mut few = message.clone();
    // Many terms have the same frequency as the last kept term.
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
    let linear = Recipe { learner: Learner::Logistic, windows: Some(4), ..classic.clone() };
    vec![message, strong, classic, seeds, few, steps, without_folds, linear]
}

/// Asserts that a recipe gives the same model for all batches, threads and memory limits.
fn assert_same(rows: &Vec<TrainingRow>, recipe: &Recipe) {
    let unlimited = ResourceLimits { threads: 1, memory: usize::MAX };
    let expected = bytes(rows, recipe, unlimited);
    for threads in [2, 3] {
        let found = bytes(rows, recipe, ResourceLimits { threads, ..unlimited });
        assert!(found == expected, "{threads} threads: {recipe:?}");
    }
    for (size, in_memory, limits) in [
        (1, true, ResourceLimits { threads: 3, ..unlimited }),
        (150, true, ResourceLimits { threads: 2, ..unlimited }),
        (17, false, unlimited),
        (150, false, ResourceLimits { threads: 2, memory: 0 }),
        (1000, false, ResourceLimits { threads: 3, memory: 0 }),
    ] {
        if !in_memory && recipe.learner.is_linear() {
            continue;
        }
        let batches = Batches { rows: rows.clone(), size, in_memory };
        let found = bytes(&batches, recipe, limits);
        assert!(found == expected, "batches of {size}, in memory: {in_memory}, {limits:?}: {recipe:?}");
    }
}

#[test]
fn the_model_does_not_depend_on_threads_batches_or_memory() {
    let rows = training_rows(330);
    for recipe in recipes().iter().filter(|recipe| !recipe.learner.is_linear()) {
        assert_same(&rows, recipe);
    }
}

#[test]
fn a_linear_model_does_not_depend_on_threads_or_batches() {
    let rows = training_rows(200);
    for recipe in recipes().iter().filter(|recipe| recipe.learner.is_linear()) {
        assert_same(&rows, recipe);
    }
}

#[test]
fn different_rows_give_a_different_model() {
    let recipe = Preset::Classic.recipe();
    let limits = ResourceLimits { threads: 2, memory: usize::MAX };
    let rows = training_rows(40);
    let expected = bytes(&rows, &recipe, limits);
    let changed = |change: fn(&mut TrainingRow)| {
        let mut rows = rows.clone();
        change(&mut rows[7]);
        bytes(&rows, &recipe, limits)
    };
    assert_ne!(changed(|row| row.weight = 2.0), expected);
    assert_ne!(changed(|row| row.text.push('!')), expected);
    assert_ne!(changed(|row| row.cells[0].push('!')), expected);
    let mut swapped = rows.clone();
    swapped.swap(7, 8);
    assert_ne!(bytes(&swapped, &recipe, limits), expected);
}

#[test]
fn a_file_that_changes_between_two_passes_is_an_error() {
    let path = fresh("grown").join("rows.csv");
    std::fs::write(&path, "label,text\nham,see you\nspam,win now\n").unwrap();
    let inputs = [Place::File(path.clone())];
    let files = TrainingFiles {
        inputs: &inputs,
        features: &[],
        weight_column: None,
        source_column: None,
        masked: &[],
        options: &ReadOptions::default,
        stamps: OnceLock::new(),
    };
    assert_eq!(files.survey().unwrap().classes, [1, 1]);
    files.read(&mut |_| Ok(())).unwrap();
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"ham,one more\n").unwrap();
    let error = files.read(&mut |_| Ok(())).unwrap_err().to_string();
    assert!(
        error.ends_with(
            "rows.csv: changed while fit was reading it; wait until nothing writes to the file, and fit again"
        ),
        "{error}"
    );
}
