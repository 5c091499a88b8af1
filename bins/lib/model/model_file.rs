//! Defines the model file: how a text becomes a score, the cross-validated figures, and the provenance.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow, ensure};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::features::row::FeatureSpec;
use crate::io::dates;
use crate::io::fraction::Fraction;
use crate::io::limits;
use crate::io::result_file::{self, ResultHead, ToolVersion};
use crate::io::seal::seal;
use crate::io::stream::Place;
use crate::model::calibrate::Calibration;
use crate::model::estimate::Estimate;
use crate::model::suspect_group::SuspectGroup;
use crate::model::term_index::TermIndex;
use crate::model::terms::{MAX_WEIGHT, ModelTerms};
use crate::model::tfidf::Weighting;
use crate::model::threads;
use crate::profile::summary::StoredProfile;
use crate::rows::label::{Label, LabelNames};
use crate::rows::mask::MaskKind;

pub use crate::io::seal::sealed;

/// The model file, with the index for scoring.
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[schemars(transform = add_digest)]
pub struct Model {
    /// Schema of the file.
    schema: String,
    /// Tool that wrote the file.
    tool: ToolVersion,
    /// Values of the positive and the negative verdict.
    pub names: LabelNames,
    /// Lowest score with a positive verdict, from 0 to 1.
    pub threshold: Fraction,
    /// Kinds of personal data that are masked before training and before scoring.
    pub masked: Vec<MaskKind>,
    /// The origin of the model.
    pub provenance: Provenance,
    /// Cross-validated figures.
    pub estimate: Estimate,
    /// Training rows that may be a backdoor: labelled negative, with a common phrase, day or source, although the rest of
    /// their text is positive. `compare` promotes no such model until a person accepts the group. Absent if there are
    /// none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspects: Vec<SuspectGroup>,
    /// Profile of the training rows. `drift` compares new rows with it.
    #[serde(default, skip_serializing_if = "StoredProfile::is_empty")]
    pub profile: StoredProfile,
    /// How a row becomes terms.
    pub features: FeatureSpec,
    /// How counts become weights.
    pub weighting: Weighting,
    /// How windows of long messages are scored; absent if windows are not scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<Windows>,
    /// Maps log-odds to a probability.
    pub calibration: Calibration,
    /// Number of texts behind the term frequencies.
    pub texts: u64,
    /// Log-odds of a text without known terms.
    pub bias: f64,
    /// Terms with number of texts and log-odds.
    #[schemars(with = "Vec<(String, u32, f64)>")]
    pub terms: ModelTerms,
    /// SHA-256 of the file up to this key.
    #[serde(default, skip_serializing)]
    sha256: String,
    /// The terms arranged for lookup, built at the first score.
    #[serde(skip)]
    index: OnceLock<TermIndex>,
}

/// The origin of a model.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Time of the fit.
    pub fitted: String,
    /// Commit of the repository at the time of the fit; absent if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Number of training rows.
    pub rows: u64,
    /// Number of positive training rows.
    pub positive: u64,
    /// SHA-256 of the training rows, in order.
    pub digest: String,
    /// The recipe, as options of `fit`.
    pub options: BTreeMap<String, String>,
}

/// Windows of a long message: each one is scored separately, and the highest score counts.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Windows {
    /// Number of words in a window.
    pub words: usize,
    /// Log-odds subtracted from the score of a window. The result is compared with the score of the complete message.
    pub margin: f64,
}

/// Maximum number of training rows that a model can state.
const MAX_ROWS: u64 = 1 << 48;

impl Model {
    /// Creates a model of this version without terms.
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
            suspects: Vec::new(),
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

    /// Checks that the model can score, and that its names and figures are possible.
    pub fn check(&self) -> Result<()> {
        self.terms.check(self.texts)?;
        ensure!(self.bias.abs() < MAX_WEIGHT, "the bias is not finite or not below {MAX_WEIGHT:e}");
        ensure!(self.calibration.is_valid(), "invalid calibration");
        ensure!(self.suspects.iter().all(SuspectGroup::is_valid), "invalid suspects");
        if let Some(Windows { words, margin }) = self.windows {
            ensure!((2..=10_000).contains(&words) && margin.abs() < MAX_WEIGHT, "invalid windows");
        }
        self.names.check()?;
        let Provenance { rows, positive, ref fitted, ref digest, .. } = self.provenance;
        ensure!(positive <= rows, "{positive} of {rows} training rows are positive");
        ensure!(rows < MAX_ROWS, "it has {rows} training rows (limit {MAX_ROWS})");
        ensure!(fitted.is_empty() || dates::read(fitted).is_some(), "fitted is not a date");
        let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        ensure!(digest.is_empty() || is_digest, "the digest of the training rows is not a SHA-256");
        self.estimate.check()
    }

    /// Checks everything in the file. All tools make this check, so `promote` accepts only models that `verify` accepts.
    fn check_complete(&self) -> Result<()> {
        self.check().map_err(|error| anyhow!("{error:#}; fit the model again"))?;
        self.profile.profile().map(drop)
    }

    /// The terms arranged for lookup.
    pub(super) fn index(&self) -> &TermIndex {
        let analyzer = &self.features.analyzer;
        self.index.get_or_init(|| TermIndex::of(&self.terms, analyzer, self.weighting, self.texts))
    }

    /// SHA-256 of the model file; empty if the model was not read from a file.
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
        Self::read_with_digest(place).map(|(model, _)| model)
    }

    /// Reads a model, and the SHA-256 of its file. [`Model::digest`] covers only the part before its own key.
    pub fn read_with_digest(place: &Place) -> Result<(Self, String)> {
        let text = result_file::read_text_within(place, "model", limits::FILE_BYTES)?;
        Ok((Self::parse(&text).with_context(|| place.to_string())?, result_file::digest(&text)))
    }

    /// Reads a model from the text of its file.
    pub fn parse(text: &str) -> Result<Self> {
        let (mut digest, mut checked) = ([String::new()], [Ok(())]);
        let seal = |digest: &mut String| *digest = seal(text);
        let model: Self = threads::each_while(&mut digest, 2, seal, || result_file::parse(text, "model"))?;
        ensure!(
            !model.sha256.is_empty() && digest[0] == model.sha256,
            "the SHA-256 at the end does not match; the file was truncated or edited, so copy or fit it again"
        );
        let check = |checked: &mut Result<()>| *checked = model.check_complete();
        let known = threads::each_while(&mut checked, 2, check, || model.index().table.len());
        let [checked] = checked;
        checked?;
        ensure!(known == model.terms.len(), "two terms have the same key; fit the model again");
        Ok(model)
    }

    pub fn write(&self, place: &Place) -> Result<()> {
        let text = sealed(&serde_json::to_string(self)?);
        let mut output = place.writer()?;
        writeln!(output, "{text}").with_context(|| place.to_string())?;
        output.finish()
    }
}

/// Adds the key `sha256` to the schema. The file gets it after the model is serialised.
fn add_digest(schema: &mut Schema) {
    if let Some(properties) = schema.pointer_mut("/properties").and_then(Value::as_object_mut) {
        let about = "The SHA-256 of the file up to this key, in hexadecimal digits";
        properties.insert("sha256".into(), json!({ "type": "string", "description": about }));
    }
}
