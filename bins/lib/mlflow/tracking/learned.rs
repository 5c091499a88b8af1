//! Collects the params, metrics and columns of a model that MLflow records.

use std::collections::BTreeMap;

use anyhow::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::figures::{cut, flatten, key};
use crate::model::model_file::Model;

/// Maximum number of characters in the value of a param.
const MAX_PARAM: usize = 6000;

/// The facts about a model that are recorded in MLflow.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct ModelFacts {
    /// Settings, threshold and training data of the model, by name.
    pub params: BTreeMap<String, String>,
    /// Cross-validated metrics, by name.
    pub figures: BTreeMap<String, f64>,
    /// Metrics of each fold, by name.
    pub folds: BTreeMap<String, Vec<f64>>,
    /// Columns that the model reads. Each entry is the name, and whether the column is numeric.
    pub columns: Vec<(String, bool)>,
}

impl ModelFacts {
    pub fn of(model: &Model) -> Result<Self> {
        let provenance = &model.provenance;
        let mut params: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in [
            ("threshold", model.threshold.value().to_string()),
            ("terms", model.terms.len().to_string()),
            ("training_rows", provenance.rows.to_string()),
            ("training_positive", provenance.positive.to_string()),
            ("training_digest", provenance.digest.clone()),
            ("fitted", provenance.fitted.clone()),
            ("fitted_by", format!("spamops {}", model.tool().version)),
            ("analyzer", serde_json::to_string(&model.features.analyzer)?),
            ("calibration", serde_json::to_string(&model.calibration)?),
        ] {
            params.insert(name.into(), value);
        }
        params.extend(provenance.options.iter().map(|(name, value)| (key(name), value.clone())));
        for value in params.values_mut() {
            *value = cut(value, MAX_PARAM);
        }
        let mut learned = Self { params, ..Self::default() };
        if let Value::Object(pooled) = serde_json::to_value(model.estimate.pooled)? {
            flatten("cv/", &pooled, 2, &mut learned.figures);
        }
        for (name, spread) in &model.estimate.by_fold {
            learned.figures.insert(key(&format!("cv/{name}_mean")), spread.mean);
            learned.figures.insert(key(&format!("cv/{name}_sd")), spread.sd);
            learned.folds.insert(key(&format!("folds/{name}")), spread.values.clone());
        }
        let text = model.features.text.then(|| ("text".to_owned(), false));
        let others = model.features.columns.0.iter();
        let others = others.map(|column| (column.name.clone(), !column.edges.is_empty()));
        learned.columns = text.into_iter().chain(others).collect();
        Ok(learned)
    }
}
