//! The model file: how a text becomes a score, the cross-validated figures, and the provenance.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::features::row::FeatureSpec;
use crate::io::fraction::Fraction;
use crate::io::result_file::{self, ResultHead, ToolVersion};
use crate::io::stream::Place;
use crate::model::calibrate::Calibration;
use crate::model::estimate::Estimate;
use crate::model::term_index::TermIndex;
use crate::model::terms::{MOST, ModelTerms};
use crate::model::tfidf::Weighting;
use crate::model::threads;
use crate::profile::summary::StoredProfile;
use crate::rows::label::{Label, LabelNames};
use crate::rows::mask::MaskKind;

/// A model as in its file, with the index that it scores by.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    schema: String,
    tool: ToolVersion,
    /// The values of the two verdicts.
    pub names: LabelNames,
    /// The lowest score of a positive verdict.
    pub threshold: Fraction,
    /// Personal data that was masked for training and is masked before scoring.
    pub masked: Vec<MaskKind>,
    /// Where the model came from.
    pub provenance: Provenance,
    /// The cross-validated figures.
    pub estimate: Estimate,
    /// The profile of the training rows, which `drift` compares new rows with.
    #[serde(default, skip_serializing_if = "StoredProfile::is_empty")]
    pub profile: StoredProfile,
    /// How a row becomes terms.
    pub features: FeatureSpec,
    /// How counts become weights.
    pub weighting: Weighting,
    /// How windows of long messages are scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<Windows>,
    /// Maps log-odds to a probability.
    pub calibration: Calibration,
    /// Number of texts behind the term frequencies.
    pub texts: u64,
    /// The log-odds of a text without known terms.
    pub bias: f64,
    /// The terms and what was learned about them.
    pub terms: ModelTerms,
    /// The digest of the file up to here.
    #[serde(default, skip_serializing)]
    sha256: String,
    /// The terms arranged for look-up, made at the first score.
    #[serde(skip)]
    index: OnceLock<TermIndex>,
}

/// Where a model came from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The time of fitting.
    pub fitted: String,
    /// The commit of the repository at fitting, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Number of training rows.
    pub rows: u64,
    /// Number of positive training rows.
    pub positive: u64,
    /// The digest of the training rows, in order.
    pub digest: String,
    /// The recipe, as options of `fit`.
    pub options: BTreeMap<String, String>,
}

/// Windows of a long message: each is scored on its own, and the surest one counts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Windows {
    /// Words of a window.
    pub words: usize,
    /// How much surer a window must be than a whole message, in log-odds.
    pub margin: f64,
}

impl Model {
    /// A model of this version without terms.
    pub fn empty(tool: &str, features: FeatureSpec) -> Self {
        let ResultHead { schema, tool, .. } = ResultHead::new("model", tool);
        Self {
            schema,
            tool,
            names: LabelNames::default(),
            threshold: Fraction::ZERO,
            masked: Vec::new(),
            provenance: Provenance::default(),
            estimate: Estimate::default(),
            profile: StoredProfile::default(),
            features,
            weighting: Weighting::default(),
            windows: None,
            calibration: Calibration::None,
            texts: 0,
            bias: 0.0,
            terms: ModelTerms::default(),
            sha256: String::new(),
            index: OnceLock::new(),
        }
    }

    /// Checks that the model can score.
    pub fn check(&self) -> Result<()> {
        self.terms.check(self.texts)?;
        ensure!(self.bias.abs() < MOST, "the bias is not finite, or not under {MOST:e}");
        ensure!(self.calibration.is_sound(), "the calibration is none");
        if let Some(Windows { words, margin }) = self.windows {
            ensure!((2..=10_000).contains(&words) && margin.abs() < MOST, "the windows are none");
        }
        Ok(())
    }

    /// The terms arranged for look-up.
    pub(super) fn index(&self) -> &TermIndex {
        let analyzer = &self.features.analyzer;
        self.index.get_or_init(|| TermIndex::of(&self.terms, analyzer, self.weighting, self.texts))
    }

    /// The digest of the model file; empty if the model was not read from a file.
    pub fn digest(&self) -> &str {
        &self.sha256
    }

    /// The tool that wrote the model.
    pub fn tool(&self) -> &ToolVersion {
        &self.tool
    }

    /// The verdict on a score.
    pub fn verdict(&self, score: f64) -> Label {
        if score >= self.threshold.value() { Label::Positive } else { Label::Negative }
    }

    /// Reads a model and checks that it can score.
    pub fn read(place: &Place) -> Result<Self> {
        Self::parse(&place.read_text()?).with_context(|| place.to_string())
    }

    /// Reads a model from the text of its file.
    pub fn parse(text: &str) -> Result<Self> {
        let (mut digest, mut checked) = ([String::new()], [Ok(())]);
        let seal = |digest: &mut String| *digest = seal(text);
        let model: Self = threads::beside(&mut digest, 2, seal, || result_file::parse(text, "model"))?;
        ensure!(
            !model.sha256.is_empty() && digest[0] == model.sha256,
            "the digest at its end is of another file; this one was cut short, or changed by hand"
        );
        let check = |checked: &mut Result<()>| *checked = model.check();
        let known = threads::beside(&mut checked, 2, check, || model.index().table.len());
        let [checked] = checked;
        checked?;
        ensure!(known == model.terms.len(), "two terms have one key");
        Ok(model)
    }

    /// Writes the model.
    pub fn write(&self, place: &Place) -> Result<()> {
        let text = sealed(&serde_json::to_string(self)?);
        let mut output = place.writer()?;
        writeln!(output, "{text}").with_context(|| place.to_string())?;
        output.finish()
    }
}

/// The key before the digest at the end of the file.
const SEAL: &str = ",\"sha256\":\"";

/// The digest of a model file's text up to the digest at its end.
fn seal(text: &str) -> String {
    let body = text.rsplit_once(SEAL).map_or(text, |(body, _)| body);
    result_file::digest(body)
}

/// The text of a model with the right digest at its end.
pub fn sealed(text: &str) -> String {
    let body = text.rsplit_once(SEAL).map_or_else(|| text.trim_end_matches(['}', '\n']), |(body, _)| body);
    format!("{body}{SEAL}{}\"}}", seal(body))
}
