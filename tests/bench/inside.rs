//! Times `fit` and `score` inside the process, on texts in memory, in the same way as scikit-learn.
//!
//! `inside PRESET THREADS FILE` prints the seconds of both as JSON. Like scikit-learn, it runs no cross-validation.

use std::error::Error;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use spamops::io::stream::Place;
use spamops::model::fit::{FitProvenance, fit};
use spamops::model::recipe::{Preset, Recipe};
use spamops::model::row_score::ScoringBuffers;
use spamops::model::threads;
use spamops::model::training_rows::{ResourceLimits, TrainingRow};
use spamops::rows::{ReadOptions, Row, Rows};

fn main() -> Result<(), Box<dyn Error>> {
    let [preset, threads, file] = &std::env::args().skip(1).collect::<Vec<_>>()[..] else {
        return Err("inside PRESET THREADS FILE".into());
    };
    let threads: usize = threads.parse()?;
    let mut rows = Rows::open(&Place::File(file.into()), &ReadOptions::default())?;
    let (mut row, mut training_rows) = (Row::default(), Vec::new());
    while rows.read(&mut row)? {
        training_rows.extend(
            rows.label(&row)?.map(|label| TrainingRow::new(row.get(rows.text_column().unwrap_or(0)), label)),
        );
    }
    let preset: Preset = preset.parse()?;
    let recipe = Recipe { folds: 0, ..preset.recipe() };
    let start = Instant::now();
    let model = fit(
        &training_rows,
        &recipe,
        FitProvenance::default(),
        ResourceLimits { threads, memory: usize::MAX },
    )?;
    let fitted = start.elapsed().as_secs_f64();
    let mut scores = vec![0.0; training_rows.len()];
    let free_buffers = Mutex::new(Vec::<ScoringBuffers>::new());
    let start = Instant::now();
    let mut work: Vec<_> = training_rows.chunks(64).zip(scores.chunks_mut(64)).collect();
    threads::each(&mut work, threads, |(training_rows, scores)| {
        let mut buffers =
            free_buffers.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        for (row, score) in training_rows.iter().zip(scores.iter_mut()) {
            *score = model.score(&row.text, &mut buffers);
        }
        free_buffers.lock().unwrap_or_else(PoisonError::into_inner).push(buffers);
    });
    let score = start.elapsed().as_secs_f64();
    writeln!(
        std::io::stdout(),
        "{{\"rows\": {}, \"fit\": {fitted}, \"score\": {score}}}",
        training_rows.len()
    )?;
    Ok(())
}
