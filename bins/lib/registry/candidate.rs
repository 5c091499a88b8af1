//! Reads and checks a model file before it is registered.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::Value;

use super::TrainingData;
use crate::io::result_file;
use crate::model::model_file::Model;
use crate::stats::metrics::Figures;

/// A model file that was checked, and the figures for its manifest.
#[derive(Clone, Debug)]
pub struct CandidateModel {
    pub(super) text: String,
    pub(super) digest: String,
    pub(super) fitted: String,
    pub(super) commit: Option<String>,
    pub(super) data: TrainingData,
    pub(super) metrics: BTreeMap<String, f64>,
}

impl CandidateModel {
    /// Parses a model file. Fails if the text is not a valid model.
    pub fn parse(text: String) -> Result<Self> {
        let Model { provenance, estimate, .. } = Model::parse(&text)?;
        Ok(Self {
            digest: result_file::digest(&text),
            text,
            fitted: provenance.fitted,
            commit: provenance.commit,
            data: TrainingData {
                digest: provenance.digest,
                rows: provenance.rows,
                positive: provenance.positive,
            },
            metrics: if estimate.folds > 0 { numbers(&estimate.pooled)? } else { BTreeMap::new() },
        })
    }
}

/// The figures that are plain numbers, by name.
fn numbers(figures: &Figures) -> Result<BTreeMap<String, f64>> {
    let Value::Object(all) = serde_json::to_value(figures)? else { return Ok(BTreeMap::new()) };
    Ok(all.into_iter().filter_map(|(name, value)| Some((name, value.as_f64()?))).collect())
}
