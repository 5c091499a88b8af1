//! Plans what to track. The content of each file shows its kind: a model, a promotion, a report, or another document.

use super::figures::{cut, flatten, key};
use super::learned::ModelFacts;
use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::io::diagnostics::shown;
use crate::io::result_file::{self, ResultHead, hex};
use crate::model::model_file::Model;
use crate::registry;
use crate::registry::moves::Promotion;

/// The alias of a newly fitted model.
pub const CHALLENGER: &str = "challenger";

/// File contents by SHA-256.
pub type Contents = BTreeMap<String, Vec<u8>>;

/// Maximum number of characters in the digest of a dataset.
const MAX_DATASET_DIGEST: usize = 36;

/// Maximum number of characters in the value of a tag.
const MAX_TAG: usize = 5000;

/// Everything that one call tracks. The contents of files are stored separately, by digest.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct TrackingPlan {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: ResultHead,
    /// Time of the plan, in milliseconds since 1970.
    pub moment: i64,
    /// Address of the server, without credentials.
    pub uri: String,
    /// Name of the experiment.
    pub experiment: String,
    /// Id of an existing run to add to; null for a new run.
    pub run_id: Option<String>,
    /// Name of a new run; null if the server chooses it.
    pub run_name: Option<String>,
    /// Name of the registered model.
    pub name: String,
    /// SHA-256 of the model file. It identifies the run and the version.
    pub digest: String,
    /// Facts about the model; null if no model file was given.
    pub learned: Option<ModelFacts>,
    /// SHA-256 of the program `score` to add to the logged model; null to leave it out.
    pub program: Option<String>,
    /// Aliases to point at the version.
    pub aliases: Vec<String>,
    /// The registry move to record; null if no promotion was given.
    pub promotion: Option<Promotion>,
    /// Tags of the run.
    pub tags: BTreeMap<String, String>,
    /// Numbers from reports, by metric name.
    pub figures: BTreeMap<String, f64>,
    /// Datasets of the run.
    pub inputs: Vec<RunInput>,
    /// Files of the run.
    pub documents: Vec<RunDocument>,
}

/// A dataset of a run.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct RunInput {
    /// Purpose of the rows: `training` or `evaluation`.
    pub context: String,
    /// Name of the file.
    pub name: String,
    /// Digest of the rows, cut to 36 characters.
    pub digest: String,
    /// Number of rows; null if unknown.
    pub rows: Option<u64>,
}

/// A file of a run.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct RunDocument {
    /// Name of the file.
    pub name: String,
    /// SHA-256 of the file.
    pub digest: String,
}

/// The destination of a plan.
#[derive(Clone, Debug, Default)]
pub struct TrackingTarget {
    /// Address of the server, without credentials.
    pub uri: String,
    /// Name of the experiment. Defaults to the name of the registered model.
    pub experiment: Option<String>,
    /// Id of an existing run to add to.
    pub run_id: Option<String>,
    /// Name of a new run.
    pub run_name: Option<String>,
    /// Name of the registered model. Defaults to the name in the promotion.
    pub name: Option<String>,
    /// Alias for the version. Defaults to the alias in the promotion, otherwise to `challenger`.
    pub alias: Option<String>,
}

pub struct TrackedFile {
    /// File name without directories.
    pub name: String,
    pub bytes: Vec<u8>,
}

impl TrackingPlan {
    /// Plans what to track, and moves the contents of the files into `contents`.
    pub fn new(
        tool: &str,
        moment: i64,
        target: TrackingTarget,
        files: Vec<TrackedFile>,
        contents: &mut Contents,
    ) -> Result<Self> {
        let mut plan = Self {
            head: ResultHead::new("plan", tool),
            moment,
            uri: target.uri,
            experiment: String::new(),
            run_id: target.run_id,
            run_name: target.run_name,
            name: String::new(),
            digest: String::new(),
            learned: None,
            program: None,
            aliases: Vec::new(),
            promotion: None,
            tags: BTreeMap::new(),
            figures: BTreeMap::new(),
            inputs: Vec::new(),
            documents: Vec::new(),
        };
        for TrackedFile { name, bytes } in files {
            let digest = plan.add(&name, &bytes).with_context(|| name.clone())?;
            contents.insert(digest, bytes);
        }
        let promoted = plan.promotion.as_ref();
        let of_promotion = promoted.map(|promotion| promotion.digest.clone());
        if let Some(promotion) = promoted {
            // Name and alias become parts of filters and addresses.
            registry::name(&promotion.name)
                .and(registry::alias(&promotion.alias))
                .context("the promotion")?;
            let is_digest = promotion.digest.len() == 64
                && promotion.digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            ensure!(
                is_digest,
                "the promotion: {} is not a SHA-256; run promote again",
                shown(&promotion.digest)
            );
        }
        if plan.digest.is_empty() {
            plan.digest = of_promotion.context("no model or promotion among the files; add one")?;
        } else if let Some(promoted) = of_promotion {
            let is_same_model = promoted == plan.digest;
            ensure!(
                is_same_model,
                "promote.json is for another model, {}; pass the promote.json of the model that you track",
                shown(&promoted)
            );
        }
        plan.name = target.name.or_else(|| Some(promoted?.name.clone())).unwrap_or_else(|| "spam".into());
        plan.experiment = target.experiment.unwrap_or_else(|| plan.name.clone());
        let usual = match promoted {
            Some(promotion) => promotion.alias.clone(),
            None => CHALLENGER.into(),
        };
        plan.aliases.push(target.alias.unwrap_or(usual));
        let tags = promoted.map(tags_of).into_iter().flatten().collect::<Vec<_>>();
        plan.tags.extend(tags);
        plan.tags.insert(DIGEST.into(), plan.digest.clone());
        plan.tags.retain(|_, value| !value.is_empty());
        for value in plan.tags.values_mut() {
            *value = cut(value, MAX_TAG);
        }
        Ok(plan)
    }

    /// Adds a file to the plan, and returns its digest.
    fn add(&mut self, name: &str, bytes: &[u8]) -> Result<String> {
        let digest = hex(&Sha256::digest(bytes));
        let text = str::from_utf8(bytes).unwrap_or_default();
        match kind(text)?.as_deref() {
            Some("model") => {
                ensure!(self.learned.is_none(), "is a second model; pass only one");
                let model = Model::parse(text)?;
                self.learned = Some(ModelFacts::of(&model)?);
                let provenance = &model.provenance;
                self.inputs.push(RunInput {
                    context: "training".into(),
                    name: "training rows".into(),
                    digest: cut(&provenance.digest, MAX_DATASET_DIGEST),
                    rows: Some(provenance.rows),
                });
                let commit = provenance.commit.clone();
                self.tags.extend(commit.map(|commit| ("mlflow.source.git.commit".into(), commit)));
                self.digest.clone_from(&digest);
                return Ok(digest);
            }
            Some("promote") => {
                ensure!(self.promotion.is_none(), "is a second promotion; pass only one");
                let promotion: Promotion = result_file::parse(text, "promote")?;
                ensure!(!promotion.dry_run, "comes from a dry run; promote without --dry-run first");
                self.promotion = Some(promotion);
            }
            Some(_) => self.report(name, &result_file::json(text)?),
            None => {}
        }
        let is_there = self.documents.iter().any(|document| document.name == name);
        ensure!(!is_there, "is a second file with this name; rename one");
        self.documents.push(RunDocument { name: name.to_owned(), digest: digest.clone() });
        Ok(digest)
    }

    /// Adds the numbers and the verdict of a report.
    fn report(&mut self, name: &str, report: &Map<String, Value>) {
        let stem = key(name.split('.').next().unwrap_or(name));
        flatten(&format!("{stem}/"), report, 2, &mut self.figures);
        for (name, value) in report {
            let text = match value {
                Value::Bool(text) => text.to_string(),
                Value::String(text) if name == "verdict" => text.clone(),
                _ => continue,
            };
            self.tags.insert(key(&format!("spamops.{stem}.{name}")), text);
        }
    }

    /// Records the rows of a file as a dataset of the run.
    pub fn add_input(&mut self, context: &str, name: &str, digest: &str) {
        // A file replaces the training rows that the model reports.
        self.inputs.retain(|input| input.context != context || input.rows.is_none());
        let (context, name) = (context.to_owned(), name.to_owned());
        self.inputs.push(RunInput { context, name, digest: cut(digest, MAX_DATASET_DIGEST), rows: None });
    }

    /// The digest of every file that the plan needs.
    pub fn digests(&self) -> impl Iterator<Item = &String> {
        let model = self.learned.as_ref().map(|_| &self.digest);
        model.into_iter().chain(&self.program).chain(self.documents.iter().map(|document| &document.digest))
    }
}

/// The tag that identifies a run, a logged model and a version.
pub const DIGEST: &str = "spamops.model_digest";

fn tags_of(promotion: &Promotion) -> Vec<(String, String)> {
    let Promotion { action, version, sequence, moved, reason, actor, journal_head, .. } = promotion;
    let tags = [
        ("action", action.name().to_owned()),
        ("version", version.to_string()),
        ("sequence", sequence.to_string()),
        ("moved", moved.clone()),
        ("reason", reason.clone()),
        ("actor", actor.clone().unwrap_or_default()),
        ("journal_head", journal_head.as_ref().map(ToString::to_string).unwrap_or_default()),
    ];
    tags.map(|(name, value)| (format!("spamops.promotion.{name}"), value)).into()
}

/// The kind of result, if a spamops tool wrote the text.
fn kind(text: &str) -> Result<Option<String>> {
    if !text.trim_start().starts_with('{') {
        return Ok(None);
    }
    let Ok(Some(Value::String(schema))) = result_file::schema_of(text) else { return Ok(None) };
    let Some(kind) = schema.strip_prefix("spamops/") else { return Ok(None) };
    match kind.strip_suffix("/1") {
        Some(kind) => Ok(Some(kind.to_owned())),
        None => bail!("schema {} is not supported; use a version of spamops that knows it", shown(&schema)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(name: &str, text: &str) -> TrackedFile {
        TrackedFile { name: name.into(), bytes: text.into() }
    }

    fn plan(files: Vec<TrackedFile>, target: TrackingTarget) -> Result<TrackingPlan> {
        TrackingPlan::new("track", 7, target, files, &mut Contents::new())
    }

    const PROMOTE: &str = r#"{"schema": "spamops/promote/1", "tool": {"name": "promote", "version": "1"}, "name": "mail",
        "alias": "live", "action": "assigned", "changed": true, "version": 3, "previous_version": 2, "digest": "93f64caf354f8c51372d24c1fa53fdd8c54a24b11605cbaff49cdb5ad6a587ea",
        "sequence": 9, "moved": "2026-10-01T00:00:00Z", "reason": "because", "actor": null, "writes": []}"#;

    #[test]
    fn takes_name_and_alias_from_a_promotion() {
        let plan = plan(vec![given("promote.json", PROMOTE)], TrackingTarget::default()).unwrap();
        assert_eq!((plan.name.as_str(), plan.experiment.as_str()), ("mail", "mail"));
        assert!(plan.digest.starts_with("93f64caf"));
        assert_eq!(plan.aliases, ["live"]);
        assert_eq!(plan.tags["spamops.promotion.reason"], "because");
        assert_eq!(plan.documents.len(), 1);
    }

    #[test]
    fn takes_numbers_and_verdict_from_a_report() {
        let report = r#"{"schema": "spamops/compare/1", "verdict": "better", "deploy_needed": true, "f1 (new)": 0.5,
            "pairs": {"both": 3, "deep": {"x": 1}}, "none": null, "reasons": [1], "champion": "text"}"#;
        let files =
            vec![given("promote.json", PROMOTE), given("compare.json", report), given("a.txt", "{no")];
        let plan = plan(files, TrackingTarget::default()).unwrap();
        let figures: Vec<_> = plan.figures.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        assert_eq!(figures, [("compare/f1 _new_", 0.5), ("compare/pairs_both", 3.0)]);
        assert_eq!(plan.tags["spamops.compare.verdict"], "better");
        assert_eq!(plan.tags["spamops.compare.deploy_needed"], "true");
        assert_eq!(plan.documents.len(), 3);
    }

    #[test]
    fn rejects_files_that_do_not_belong_together() {
        let twice = || given("promote.json", PROMOTE);
        for (files, expected) in [
            (vec![given("a.json", "{}")], "no model or promotion among the files; add one"),
            (
                vec![given("promote.json", &PROMOTE.replace("\"writes\"", "\"dry_run\": true, \"writes\""))],
                "promote.json: comes from a dry run; promote without --dry-run first",
            ),
            (
                vec![given("promote.json", &PROMOTE.replace("\"mail\"", "\"mail' or 'a' = 'a\""))],
                "the promotion: expected letters, digits, - and _",
            ),
            (
                vec![given("promote.json", &PROMOTE.replace("93f6", "93F6"))],
                "the promotion: '93F64caf354f8c51372d24c1fa53fdd8c54a24b1…' is not a SHA-256; run promote again",
            ),
            (vec![twice(), twice()], "promote.json: is a second promotion; pass only one"),
            (
                vec![twice(), given("a", "1"), given("a", "2")],
                "a: is a second file with this name; rename one",
            ),
            (
                vec![given("a.json", r#"{"schema": "spamops/drift/2"}"#)],
                "a.json: schema 'spamops/drift/2' is not supported; use a version of spamops that knows it",
            ),
        ] {
            assert_eq!(format!("{:#}", plan(files, TrackingTarget::default()).unwrap_err()), expected);
        }
    }
}
