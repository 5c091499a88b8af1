//! Reads and checks a model file before it is registered.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};
use serde_json::Value;

use super::{TrainingData, Version};
use crate::io::diagnostics::shown;
use crate::io::result_file;
use crate::model::model_file::Model;
use crate::stats::metrics::Figures;

const RESTORE: &str = "restore it from git";
const DIFFERS: &str = "differs from its model; restore it from git";

/// A model file that was checked, and the facts for its manifest.
#[derive(Clone, Debug)]
pub struct CandidateModel {
    pub(super) text: String,
    pub(super) digest: String,
    pub(super) facts: ManifestFacts,
}

/// The part of a manifest that the model file determines.
#[derive(Clone, Debug)]
pub(super) struct ManifestFacts {
    pub(super) fitted: String,
    pub(super) commit: Option<String>,
    pub(super) data: TrainingData,
    pub(super) metrics: BTreeMap<String, f64>,
}

impl CandidateModel {
    /// Parses a model file. Fails if the text is not a valid model.
    pub fn parse(text: String) -> Result<Self> {
        let facts = ManifestFacts::of(Model::parse(&text)?)?;
        Ok(Self { digest: result_file::digest(&text), text, facts })
    }
}

impl ManifestFacts {
    pub(super) fn of(model: Model) -> Result<Self> {
        let Model { provenance, estimate, .. } = model;
        Ok(Self {
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

    /// Fails if a manifest differs from its model file. An earlier spamops may have recorded fewer figures, but always F1.
    pub(super) fn expect_agreement(&self, manifest: &Version) -> Result<()> {
        let Self { fitted, commit, data, metrics } = self;
        let TrainingData { digest, rows, positive } = &manifest.data;
        ensure!(manifest.fitted == *fitted, "fitted {DIFFERS}");
        ensure!(manifest.commit == *commit, "commit {DIFFERS}");
        ensure!(*rows == data.rows, "data.rows is {rows}, but its model has {} rows; {RESTORE}", data.rows);
        ensure!(*positive == data.positive, "data.positive {DIFFERS}");
        ensure!(*digest == data.digest, "data.digest {DIFFERS}");
        for (name, stated) in &manifest.metrics {
            let Some(value) = metrics.get(name) else { bail!("{} {DIFFERS}", shown(name)) };
            let is_same = (stated - value).abs() < 1e-9;
            ensure!(is_same, "{name} is {stated}, but its model has {value}; {RESTORE}");
        }
        let has_f1 = metrics.is_empty() || manifest.metrics.contains_key("f1");
        ensure!(has_f1, "has no f1, but its model has one; {RESTORE}");
        Ok(())
    }
}

/// The figures that are plain numbers, by name.
fn numbers(figures: &Figures) -> Result<BTreeMap<String, f64>> {
    let Value::Object(all) = serde_json::to_value(figures)? else { return Ok(BTreeMap::new()) };
    Ok(all.into_iter().filter_map(|(name, value)| Some((name, value.as_f64()?))).collect())
}
