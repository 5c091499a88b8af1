//! Prepares the correction for a different class balance: collects facts about the model, and scores of new rows.

use std::collections::HashSet;

use anyhow::Result;

use crate::model::calibrate::Calibration;
use crate::model::model_file::Model;
use crate::model::scoring::Scorer;
use crate::rows::Rows;
use crate::rows::fingerprint::Fingerprint;
use crate::stats::metrics::Figures;
use crate::stats::prior_shift::{PriorBasis, TrainingBalance};

/// The class balance that a model was trained on, and how well its scores separate the classes.
pub fn prior_basis(model: &Model) -> PriorBasis {
    let positive = model.provenance.positive;
    let negative = model.provenance.rows.saturating_sub(positive);
    let Figures { recall, confusion, .. } = model.estimate.pooled;
    let negatives = confusion.false_positive + confusion.true_negative;
    PriorBasis {
        trained: TrainingBalance { positive, negative },
        calibrated: model.calibration != Calibration::None,
        separation: recall - confusion.false_positive as f64 / negatives.max(1) as f64,
    }
}

/// The scores of the distinct texts, or of all rows if the model reads no text.
pub fn distinct_scores(scorer: &Scorer, rows: &mut Rows) -> Result<Vec<f64>> {
    let columns = scorer.columns();
    let (mut distinct, mut seen) = (Vec::new(), HashSet::new());
    scorer.score_each(rows, |_, row, scored| {
        if columns.text(row).is_none_or(|text| seen.insert(Fingerprint::of(text))) {
            distinct.push(scored.spam_score);
        }
        Ok(())
    })?;
    Ok(distinct)
}
