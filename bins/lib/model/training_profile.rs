//! Builds the profile of the training rows with their out-of-fold scores. `drift` compares new rows with it.

use std::collections::HashMap;

use anyhow::Result;

use crate::features::row::FeatureSpec;
use crate::model::estimate::OutOfFoldRow;
use crate::model::folds::FoldPrint;
use crate::model::threads;
use crate::model::training_rows::{TrainingRow, TrainingRows};
use crate::profile::descriptor::Describer;
use crate::profile::summary::{self, MessageRecord, Profile};

/// The profile of all rows; without messages if no row was scored.
pub(super) fn profile(
    training: &dyn TrainingRows,
    features: &FeatureSpec,
    prints: &[FoldPrint],
    scored: &[OutOfFoldRow],
    threads: usize,
) -> Result<Profile> {
    let mut profile = Profile::new(!scored.is_empty());
    let scored: HashMap<usize, &OutOfFoldRow> = scored.iter().map(|scored| (scored.row, scored)).collect();
    let remembered = summary::remembered(prints.iter().map(FoldPrint::content));
    let mut done = 0;
    training.read(&mut |rows| {
        for TrainingRow { text, label, .. } in rows {
            profile.count_only(features.text && text.is_empty(), Some(*label));
        }
        let wanted = remembered.range(done..done + rows.len());
        let mut wanted: Vec<_> =
            wanted.filter_map(|(row, message)| Some((scored.get(row)?, message, None))).collect();
        let size = wanted.len().div_ceil(threads.max(1) * 4).max(1);
        let mut parts: Vec<_> = wanted.chunks_mut(size).collect();
        threads::each(&mut parts, threads, |messages| {
            let mut describer = Describer::default();
            for (scored, (_, copies), record) in messages.iter_mut() {
                let TrainingRow { text, cells, .. } = &rows[scored.row - done];
                let look = describer.look(text, cells, Some(&features.columns), &mut |_, _| ());
                let text = summary::text(text, cells);
                *record = Some(MessageRecord::new(text, look, scored.score, Some(scored.label), *copies));
            }
        });
        for (_, (hash, _), record) in wanted {
            if let Some(record) = record {
                profile.remember(*hash, record);
            }
        }
        done += rows.len();
        Ok(())
    })?;
    Ok(profile)
}
