//! Turns a row into terms: the analyzer splits the text, and feature columns become values or bins.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::features::columns::FeatureColumns;
use crate::features::{Analyzer, AnalyzerBuffers, Term};

/// The settings that turn a row into terms. They are part of the model file.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureSpec {
    /// Whether the text is used. Defaults to true.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub text: bool,
    /// Settings for the text.
    pub analyzer: Analyzer,
    /// Settings for the feature columns.
    #[serde(default, skip_serializing_if = "FeatureColumns::is_empty")]
    pub columns: FeatureColumns,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_true(text: &bool) -> bool {
    *text
}

impl FeatureSpec {
    /// Calls `each` with every term of a row.
    #[inline]
    pub fn each(
        &self,
        text: &str,
        cells: &[String],
        scratch: &mut AnalyzerBuffers,
        each: &mut impl FnMut(Term),
    ) {
        if self.text {
            self.analyzer.each(text, scratch, each);
        }
        self.columns.each(cells, &mut |shape| each(Term::cell(shape)));
    }
}
