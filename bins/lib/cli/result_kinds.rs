//! Lists every kind of JSON file that spamops writes, with its check and its JSON schema.

use anyhow::{Result, anyhow, ensure};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::cli::own_counts;
use crate::compare::paired_result::CompareVerdict;
use crate::compare::report::CompareReport;
use crate::compare::sequential::SequentialTest;
use crate::cycle::record::CycleRecord;
use crate::drift::drift_report::DriftReport;
use crate::io::diagnostics::shown;
use crate::io::result_file;
use crate::mlflow::tracking::{FlushReport, TrackReport, TrackingPlan};
use crate::model::model_file::Model;
use crate::profile::summary::ProfileFile;
use crate::publish::record::PromoteRecord;
use crate::registry::{Alias, Version};
use crate::report::Decision;
use crate::report::model_card::ModelCard;
use crate::rows::contract::{ValidateReport, ValidateVerdict};
use crate::state::watched_files::WatchedFiles;
use crate::stats::metrics::Metrics;

/// One kind of JSON file.
pub struct ResultKind {
    /// The word in `"schema": "spamops/NAME/1"`.
    pub name: &'static str,
    /// The tool that writes the file, and the content of the file.
    pub about: &'static str,
    check: fn(&str, &str) -> Result<()>,
    schema: fn() -> Schema,
}

/// Every kind, in the order of the cycle.
pub static RESULT_KINDS: [ResultKind; 17] = [
    kind::<ValidateReport>("validate", "validate: whether the rows satisfy the contract", |text, kind| {
        expect_known_verdict(text, kind, &ValidateVerdict::ALL.map(ValidateVerdict::name))?;
        consistent(own_counts::validate(&parsed(text, kind)?))
    }),
    kind::<Model>("model", "fit: a model", |text, _| Model::parse(text).map(drop)),
    kind::<Metrics>("metrics", "score: figures on labelled rows", |text, kind| {
        consistent(own_counts::metrics(&parsed(text, kind)?))
    }),
    kind::<ProfileFile>("profile", "spamops profile: a summary of rows without their text", |text, kind| {
        parsed::<ProfileFile>(text, kind)?.profile.profile().map(drop)
    }),
    kind::<DriftReport>("drift", "drift: whether a retrain is needed, and why", parses::<DriftReport>),
    kind::<WatchedFiles>("watched", "drift: the watched files, in the state", parses::<WatchedFiles>),
    kind::<CompareReport>("compare", "compare: whether the challenger is better, and why", |text, kind| {
        expect_known_verdict(text, kind, &CompareVerdict::ALL.map(CompareVerdict::name))?;
        consistent(own_counts::compare(&parsed(text, kind)?))
    }),
    kind::<SequentialTest>("sequential", "compare: the state of the sequential test", |text, kind| {
        parsed::<SequentialTest>(text, kind)?.check()
    }),
    kind::<PromoteRecord>(
        "promote",
        "promote: the move of an alias, and the published parts",
        parses::<PromoteRecord>,
    ),
    kind::<Version>("version", "promote: a version in the registry", parses::<Version>),
    kind::<Alias>("alias", "promote: an alias in the registry", parses::<Alias>),
    kind::<TrackReport>("track", "track: the run in MLflow", parses::<TrackReport>),
    kind::<TrackingPlan>("plan", "track: a plan that waits in a spool", parses::<TrackingPlan>),
    kind::<FlushReport>("flush", "track --flush: the plans that were sent", parses::<FlushReport>),
    kind::<CycleRecord>("run", "spamops run: the settings, inputs and steps of a run", |text, kind| {
        parsed::<CycleRecord>(text, kind)?.check()
    }),
    kind::<Decision>("decision", "spamops report: the decision of a run", parses::<Decision>),
    kind::<ModelCard>("card", "spamops model show --json: a summary of a model", parses::<ModelCard>),
];

const fn kind<T: JsonSchema>(
    name: &'static str,
    about: &'static str,
    check: fn(&str, &str) -> Result<()>,
) -> ResultKind {
    ResultKind { name, about, check, schema: schema_of::<T> }
}

impl ResultKind {
    pub fn named(name: &str) -> Option<&'static Self> {
        RESULT_KINDS.iter().find(|kind| kind.name == name)
    }

    /// Checks the keys of a text of this kind, and whether its figures agree with its counts.
    pub fn check(&self, text: &str) -> Result<()> {
        (self.check)(text, self.name)
    }

    /// The JSON schema (draft 2020-12) of this kind.
    pub fn schema(&self) -> Schema {
        let mut schema = (self.schema)();
        let id = result_file::schema(self.name);
        schema.insert("title".into(), json!(id));
        schema.insert("description".into(), json!(format!("Written by {}", self.about)));
        if let Some(key) = schema.pointer_mut("/properties/schema") {
            *key = json!({ "const": id });
        }
        schema
    }
}

fn schema_of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}

/// The check of a kind whose figures cannot disagree: the text has all its keys.
fn parses<T: DeserializeOwned>(text: &str, kind: &str) -> Result<()> {
    parsed::<T>(text, kind).map(drop)
}

fn parsed<T: DeserializeOwned>(text: &str, kind: &str) -> Result<T> {
    result_file::parse(text, kind)
}

/// Adds the fix to the error of a result whose figures and counts disagree.
fn consistent(check: Result<()>) -> Result<()> {
    check.map_err(|error| anyhow!("{error:#}; run the tool again"))
}

/// Reads the verdict first, so that the error about an unknown verdict lists the known verdicts.
fn expect_known_verdict(text: &str, kind: &str, known: &[&str]) -> Result<()> {
    #[derive(Deserialize)]
    struct VerdictOnly {
        #[serde(rename = "verdict")]
        word: String,
    }
    let VerdictOnly { word } = parsed(text, kind)?;
    ensure!(
        known.contains(&word.as_str()),
        "verdict {} is not one of {}; run the tool again",
        shown(&word),
        known.join(", ")
    );
    Ok(())
}
