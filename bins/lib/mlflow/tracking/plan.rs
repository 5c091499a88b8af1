//! The plan of what to track. The files identify themselves: a model, a promotion, a report, another document.

use super::figures::{cut, flatten, key};
use super::learned::ModelFacts;
use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::io::diagnostics::shown;
use crate::io::result_file::{self, ResultHead, hex};
use crate::model::model_file::Model;
use crate::registry;
use crate::registry::moves::Promotion;

/// The alias of a model that has just been fitted.
pub const CHALLENGER: &str = "challenger";

/// Bytes by their SHA-256.
pub type Contents = BTreeMap<String, Vec<u8>>;

/// Characters of the digest of a dataset, at most.
const DATASET_DIGEST: usize = 36;

/// Characters of the value of a tag, at most.
const TAG: usize = 5000;

/// All that one call tracks; the contents of files stand apart, by their digests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackingPlan {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: ResultHead,
    /// When it was made, in milliseconds since 1970.
    pub moment: i64,
    /// The address of the server, without credentials.
    pub uri: String,
    /// The name of the experiment.
    pub experiment: String,
    /// A run that is there and is to be added to.
    pub run_id: Option<String>,
    /// What a new run is called.
    pub run_name: Option<String>,
    /// The name of the registered model.
    pub name: String,
    /// The SHA-256 of the model's file: what its run and its version are found by.
    pub digest: String,
    /// What is known of the model, where its file was given.
    pub learned: Option<ModelFacts>,
    /// The digest of the program `score` that goes into the logged model.
    pub program: Option<String>,
    /// The aliases that are to point to the version.
    pub aliases: Vec<String>,
    /// The move in the registry that this follows.
    pub promotion: Option<Promotion>,
    /// What else the run says.
    pub tags: BTreeMap<String, String>,
    /// Numbers of the reports.
    pub figures: BTreeMap<String, f64>,
    /// Rows that went in.
    pub inputs: Vec<RunInput>,
    /// Files of the run.
    pub documents: Vec<RunDocument>,
}

/// Rows that went into a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunInput {
    /// What they were for: training, evaluation.
    pub context: String,
    /// The name of the file.
    pub name: String,
    /// A digest of 36 characters.
    pub digest: String,
    /// How many there are, where that is known.
    pub rows: Option<u64>,
}

/// A file of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunDocument {
    /// Its name.
    pub name: String,
    /// Its SHA-256.
    pub digest: String,
}

/// Where a plan is to be carried out.
#[derive(Clone, Debug, Default)]
pub struct TrackingTarget {
    /// The address of the server, without credentials.
    pub uri: String,
    /// The name of the experiment; that of the registered model where none is given.
    pub experiment: Option<String>,
    /// A run that is there and is to be added to.
    pub run_id: Option<String>,
    /// What a new run is called.
    pub run_name: Option<String>,
    /// The name of the registered model; the promotion's where none is given.
    pub name: Option<String>,
    /// An alias for the version; challenger, or that of the promotion, where none is given.
    pub alias: Option<String>,
}

/// A file that was given: its name and what it holds.
pub struct TrackedFile {
    /// The name, without directories.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

impl TrackingPlan {
    /// What is to be tracked of some files; their contents go into `contents`.
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
            // They go into filters and addresses.
            registry::name(&promotion.name)
                .and(registry::alias(&promotion.alias))
                .context("the promotion")?;
            let is_digest = promotion.digest.len() == 64
                && promotion.digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            ensure!(is_digest, "the promotion: {} is no digest", shown(&promotion.digest));
        }
        if plan.digest.is_empty() {
            plan.digest = of_promotion.context("no model and no promotion among the files; name one")?;
        } else if let Some(promoted) = of_promotion {
            let is_its = promoted == plan.digest;
            ensure!(is_its, "the promotion is of another model than the one given: of {}", shown(&promoted));
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
            *value = cut(value, TAG);
        }
        Ok(plan)
    }

    /// Takes what a file says; its digest.
    fn add(&mut self, name: &str, bytes: &[u8]) -> Result<String> {
        let digest = hex(&Sha256::digest(bytes));
        let text = str::from_utf8(bytes).unwrap_or_default();
        match kind(text)?.as_deref() {
            Some("model") => {
                ensure!(self.learned.is_none(), "is the second model; a run is of one");
                let model = Model::parse(text)?;
                self.learned = Some(ModelFacts::of(&model)?);
                let provenance = &model.provenance;
                self.inputs.push(RunInput {
                    context: "training".into(),
                    name: "training rows".into(),
                    digest: cut(&provenance.digest, DATASET_DIGEST),
                    rows: Some(provenance.rows),
                });
                let commit = provenance.commit.clone();
                self.tags.extend(commit.map(|commit| ("mlflow.source.git.commit".into(), commit)));
                self.digest.clone_from(&digest);
                return Ok(digest);
            }
            Some("promote") => {
                ensure!(self.promotion.is_none(), "is the second promotion; one at a time");
                let promotion: Promotion = result_file::parse(text, "promote")?;
                ensure!(!promotion.dry_run, "is of a dry run; nothing has moved");
                self.promotion = Some(promotion);
            }
            Some(_) => self.report(name, &result_file::json(text)?),
            None => {}
        }
        let is_there = self.documents.iter().any(|document| document.name == name);
        ensure!(!is_there, "is the second file of that name; rename one");
        self.documents.push(RunDocument { name: name.to_owned(), digest: digest.clone() });
        Ok(digest)
    }

    /// Takes the numbers of a report, and its verdict.
    fn report(&mut self, name: &str, report: &Map<String, Value>) {
        let stem = key(name.split('.').next().unwrap_or(name));
        flatten(&format!("{stem}/"), report, 2, &mut self.figures);
        for (name, value) in report {
            let said = match value {
                Value::Bool(said) => said.to_string(),
                Value::String(said) if name == "verdict" => said.clone(),
                _ => continue,
            };
            self.tags.insert(key(&format!("spamops.{stem}.{name}")), said);
        }
    }

    /// The rows of a file, for the record that they went in.
    pub fn add_input(&mut self, context: &str, name: &str, digest: &str) {
        // The file says more than the model does.
        self.inputs.retain(|input| input.context != context || input.rows.is_none());
        let (context, name) = (context.to_owned(), name.to_owned());
        self.inputs.push(RunInput { context, name, digest: cut(digest, DATASET_DIGEST), rows: None });
    }

    /// Every digest that the plan speaks of.
    pub fn digests(&self) -> impl Iterator<Item = &String> {
        let model = self.learned.as_ref().map(|_| &self.digest);
        model.into_iter().chain(&self.program).chain(self.documents.iter().map(|document| &document.digest))
    }
}

/// The tag by which a run, a logged model and a version are found again.
pub const DIGEST: &str = "spamops.model_digest";

/// What a run says of its promotion.
fn tags_of(promotion: &Promotion) -> Vec<(String, String)> {
    let Promotion { action, version, sequence, moved, reason, actor, .. } = promotion;
    let tags = [
        ("action", action.name().to_owned()),
        ("version", version.to_string()),
        ("sequence", sequence.to_string()),
        ("moved", moved.clone()),
        ("reason", reason.clone()),
        ("actor", actor.clone().unwrap_or_default()),
    ];
    tags.map(|(name, value)| (format!("spamops.promotion.{name}"), value)).into()
}

/// What kind of result a text is, where a tool of this package wrote it.
fn kind(text: &str) -> Result<Option<String>> {
    if !text.trim_start().starts_with('{') {
        return Ok(None);
    }
    let Ok(Some(Value::String(schema))) = result_file::schema_of(text) else { return Ok(None) };
    let Some(kind) = schema.strip_prefix("spamops/") else { return Ok(None) };
    match kind.strip_suffix("/1") {
        Some(kind) => Ok(Some(kind.to_owned())),
        None => bail!("schema {} is none that this version knows", shown(&schema)),
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
    fn a_promotion_says_whose_alias_moves() {
        let plan = plan(vec![given("promote.json", PROMOTE)], TrackingTarget::default()).unwrap();
        assert_eq!((plan.name.as_str(), plan.experiment.as_str()), ("mail", "mail"));
        assert!(plan.digest.starts_with("93f64caf"));
        assert_eq!(plan.aliases, ["live"]);
        assert_eq!(plan.tags["spamops.promotion.reason"], "because");
        assert_eq!(plan.documents.len(), 1);
    }

    #[test]
    fn a_report_gives_its_numbers_and_its_verdict_and_no_more() {
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
    fn files_that_do_not_go_together_are_refused() {
        let twice = || given("promote.json", PROMOTE);
        for (files, wanted) in [
            (vec![given("a.json", "{}")], "no model and no promotion among the files; name one"),
            (
                vec![given("promote.json", &PROMOTE.replace("\"writes\"", "\"dry_run\": true, \"writes\""))],
                "promote.json: is of a dry run; nothing has moved",
            ),
            (
                vec![given("promote.json", &PROMOTE.replace("\"mail\"", "\"mail' or 'a' = 'a\""))],
                "the promotion: expected letters, digits, - and _",
            ),
            (
                vec![given("promote.json", &PROMOTE.replace("93f6", "93F6"))],
                "the promotion: '93F64caf354f8c51372d24c1fa53fdd8c54a24b1…' is no digest",
            ),
            (vec![twice(), twice()], "promote.json: is the second promotion; one at a time"),
            (
                vec![twice(), given("a", "1"), given("a", "2")],
                "a: is the second file of that name; rename one",
            ),
            (
                vec![given("a.json", r#"{"schema": "spamops/drift/2"}"#)],
                "a.json: schema 'spamops/drift/2' is none that this version knows",
            ),
        ] {
            assert_eq!(format!("{:#}", plan(files, TrackingTarget::default()).unwrap_err()), wanted);
        }
    }
}
