//! Carries out a plan on a server, step by step.
//!
//! Each step first checks by the model's digest whether the step is already done. An interrupted run resumes where it
//! stopped, and a repeated run changes nothing.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::io::diagnostics::shown;
use crate::mlflow::package::{self, MODEL, PROGRAM};
use crate::mlflow::server::{TrackingServer, batches, code};
use crate::mlflow::tracking::{DIGEST, ModelFacts, RunInput, TrackReport, TrackingPlan};
use crate::publish::http::Idempotence;

/// Returns the content with a digest.
pub type PlanContents<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>>;

/// Carries out a plan, and reports what was tracked.
pub fn send(
    plan: &TrackingPlan,
    source: PlanContents,
    server: &TrackingServer,
    tool: &str,
) -> Result<TrackReport> {
    let mut tracked = TrackReport::empty(plan, tool);
    let steps = TrackingSteps { plan, source, server };
    steps.all(&mut tracked)?;
    Ok(TrackReport { uri: server.uri().to_owned(), ..tracked })
}

struct TrackingSteps<'a> {
    plan: &'a TrackingPlan,
    source: PlanContents<'a>,
    server: &'a TrackingServer,
}

/// The facts about a run that the steps need.
struct TrackingRun {
    id: String,
    artifacts: String,
    started: i64,
    is_finished: bool,
    /// Ids of the logged models that are outputs of the run.
    outputs: Vec<String>,
    /// The last value of each metric.
    metrics: BTreeMap<String, f64>,
}

impl TrackingSteps<'_> {
    fn all(&self, tracked: &mut TrackReport) -> Result<()> {
        let Some(learned) = &self.plan.learned else { return self.promotion_only(tracked) };
        // Check the version first, because an old server would accept some steps and reject the others.
        let release = self.server.version()?;
        let is_new = release.split('.').next().and_then(|major| major.parse().ok()) >= Some(3_u32);
        ensure!(is_new, "the server runs MLflow {}; upgrade it to version 3 or later", shown(&release));
        let experiment = self.experiment(tracked)?;
        let run = self.run(&experiment, tracked)?;
        (tracked.experiment_id, tracked.run_id) = (Some(experiment.clone()), Some(run.id.clone()));
        self.log(&run, Some(learned))?;
        let model = self.logged_model(learned, &experiment, &run, &release, tracked)?;
        tracked.model_id = Some(model.clone());
        let version = self.version(&model, &run, tracked)?;
        self.point(version, tracked)?;
        self.finish(&run)
    }

    /// Records a promotion of a model that is already tracked.
    fn promotion_only(&self, tracked: &mut TrackReport) -> Result<()> {
        let TrackingPlan { name, digest, .. } = self.plan;
        let known = self.known_version()?.with_context(|| {
            format!("no version of {} has the digest {digest}; add the model file", shown(name))
        })?;
        tracked.note("version", false);
        tracked.model_id = source_of(&known);
        let run = known["run_id"].as_str().unwrap_or_default();
        if run.is_empty() {
            tracked.left.push("the run: the version names no run".into());
        } else {
            let answer = self.server.get("runs/get", &[("run_id", run)])?;
            let run = TrackingRun::of(&answer["run"])?;
            tracked.note("run", false);
            tracked.run_id = Some(run.id.clone());
            tracked.experiment_id = answer["run"]["info"]["experiment_id"].as_str().map(str::to_owned);
            self.log(&run, None)?;
        }
        self.point(number_of(&known)?, tracked)
    }

    fn experiment(&self, tracked: &mut TrackReport) -> Result<String> {
        let name = self.plan.experiment.as_str();
        let find = || self.server.get("experiments/get-by-name", &[("experiment_name", name)]);
        let (answer, made) = match find() {
            Err(error) if code(&error).as_deref() == Some(MISSING) => {
                let body = json!({ "name": name });
                match self.server.post("experiments/create", &body, Idempotence::Idempotent) {
                    // Another process created the experiment first, or the first attempt succeeded but its answer was
                    // lost.
                    Err(error) if code(&error).as_deref() == Some(EXISTS) => (find()?, false),
                    made => (json!({ "experiment": made? }), true),
                }
            }
            found => (found?, false),
        };
        let is_deleted = answer["experiment"]["lifecycle_stage"] == "deleted";
        ensure!(!is_deleted, "the experiment {} was deleted; restore it or use another one", shown(name));
        tracked.note("experiment", made);
        string(&answer, "/experiment/experiment_id")
    }

    /// The run that the plan names, or the model's run in the experiment, or a new run.
    fn run(&self, experiment: &str, tracked: &mut TrackReport) -> Result<TrackingRun> {
        if let Some(run) = &self.plan.run_id {
            tracked.note("run", false);
            return TrackingRun::of(&self.server.get("runs/get", &[("run_id", run)])?["run"]);
        }
        let body = json!({ "experiment_ids": [experiment], "filter": self.by_digest(), "max_results": 1,
            "order_by": ["attributes.start_time ASC"] });
        let answer = self.server.search("runs/search", &body)?;
        if let Some(run) = answer.pointer("/runs/0") {
            tracked.note("run", false);
            return TrackingRun::of(run);
        }
        let mut body = json!({ "experiment_id": experiment, "start_time": self.plan.moment,
            "tags": [{ "key": DIGEST, "value": self.plan.digest }] });
        if let Some(name) = &self.plan.run_name {
            body["run_name"] = json!(name);
        }
        let answer = self.server.post("runs/create", &body, Idempotence::NotIdempotent)?;
        tracked.note("run", true);
        TrackingRun::of(&answer["run"])
    }

    /// Logs tags, params, metrics, inputs and files of the run.
    fn log(&self, run: &TrackingRun, learned: Option<&ModelFacts>) -> Result<()> {
        let pairs = |pairs: &BTreeMap<String, String>| -> Vec<Value> {
            pairs.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
        };
        let metric = |key: &str, value: f64, timestamp: i64, step: usize| {
            // JSON has no numbers for infinity and NaN.
            let value = if value.is_finite() { json!(value) } else { json!(value.to_string()) };
            json!({ "key": key, "value": value, "timestamp": timestamp, "step": step })
        };
        let (mut metrics, mut params) = (Vec::new(), Vec::new());
        if let Some(learned) = learned {
            params = pairs(&learned.params);
            // These metrics use the start time of the run, so the server recognises repeated values.
            metrics.extend(learned.figures.iter().map(|(key, value)| metric(key, *value, run.started, 0)));
            for (key, values) in &learned.folds {
                let each = (1..).zip(values);
                metrics.extend(each.map(|(fold, value)| metric(key, *value, run.started, fold)));
            }
        }
        // Do not log a metric again with a later time if its value is unchanged.
        let figures = self.plan.figures.iter().filter(|(key, value)| run.metrics.get(*key) != Some(value));
        metrics.extend(figures.map(|(key, value)| metric(key, *value, self.plan.moment, 0)));
        for batch in batches(&run.id, &metrics, &params, &pairs(&self.plan.tags)) {
            self.server.post("runs/log-batch", &batch, Idempotence::Idempotent)?;
        }
        if !self.plan.inputs.is_empty() {
            let datasets: Vec<Value> = self.plan.inputs.iter().map(dataset).collect();
            let body = json!({ "run_id": run.id, "datasets": datasets });
            self.server.post("runs/log-inputs", &body, Idempotence::Idempotent)?;
        }
        for document in &self.plan.documents {
            self.server.put(&run.artifacts, &document.name, &(self.source)(&document.digest)?)?;
        }
        Ok(())
    }

    /// Finds or creates the logged model with this digest in the experiment. Uploads the files, and makes the model an
    /// output of the run.
    fn logged_model(
        &self,
        learned: &ModelFacts,
        experiment: &str,
        run: &TrackingRun,
        release: &str,
        tracked: &mut TrackReport,
    ) -> Result<String> {
        let body = json!({ "experiment_ids": [experiment], "filter": self.by_digest() });
        let answer = self.server.search("logged-models/search", &body)?;
        let found = answer["models"].as_array().into_iter().flatten();
        let created = |model: &&Value| {
            let info = &model["info"];
            (info["creation_timestamp_ms"].as_i64(), info["model_id"].as_str().map(str::to_owned))
        };
        let found = found.min_by_key(created);
        tracked.note("model", found.is_none());
        let model = match found {
            Some(model) => model["info"].clone(),
            None => self.new_model(learned, experiment, run)?,
        };
        let id = string(&model, "/model_id")?;
        if model["status"] != READY {
            let artifacts = string(&model, "/artifact_uri")?;
            self.server.put(&artifacts, MODEL, &(self.source)(&self.plan.digest)?)?;
            if let Some(program) = &self.plan.program {
                self.server.put(&artifacts, PROGRAM, &(self.source)(program)?)?;
            }
            for (path, text) in package::files(self.plan, learned, release, &run.id, &id)? {
                self.server.put(&artifacts, path, text.as_bytes())?;
            }
            let body = json!({ "model_id": id, "status": READY });
            self.server.patch(&format!("logged-models/{id}"), &body)?;
        }
        if !run.outputs.contains(&id) {
            let body = json!({ "run_id": run.id, "models": [{ "model_id": id, "step": 0 }] });
            self.server.post("runs/outputs", &body, Idempotence::NotIdempotent)?;
        }
        Ok(id)
    }

    /// Creates a logged model without files.
    fn new_model(&self, learned: &ModelFacts, experiment: &str, run: &TrackingRun) -> Result<Value> {
        let params = learned.params.iter().take(100);
        let params: Vec<Value> = params.map(|(key, value)| json!({ "key": key, "value": value })).collect();
        let body = json!({ "experiment_id": experiment, "name": self.plan.name, "source_run_id": run.id,
            "model_type": "classifier", "params": params,
            "tags": [{ "key": DIGEST, "value": self.plan.digest }] });
        Ok(self.server.post("logged-models", &body, Idempotence::NotIdempotent)?["model"]["info"].clone())
    }

    /// Finds or creates the version with this digest.
    fn version(&self, model: &str, run: &TrackingRun, tracked: &mut TrackReport) -> Result<u64> {
        let TrackingPlan { name, digest, .. } = self.plan;
        if let Some(known) = self.known_version()? {
            tracked.note("version", false);
            return number_of(&known);
        }
        let body = json!({ "name": name });
        match self.server.post("registered-models/create", &body, Idempotence::Idempotent) {
            Err(error) if code(&error).as_deref() == Some(EXISTS) => {}
            outcome => drop(outcome?),
        }
        let body = json!({ "name": name, "source": format!("models:/{model}"), "run_id": run.id, "model_id": model,
            "tags": [{ "key": DIGEST, "value": digest }] });
        let answer = self.server.post("model-versions/create", &body, Idempotence::NotIdempotent)?;
        tracked.note("version", true);
        number_of(&answer["model_version"])
    }

    /// The oldest version with this digest, if there is one.
    fn known_version(&self) -> Result<Option<Value>> {
        let filter = format!("name = '{}' and {}", self.plan.name, self.by_digest());
        let answer = self.server.get("model-versions/search", &[("filter", &filter)])?;
        let versions = answer["model_versions"].as_array().into_iter().flatten();
        Ok(versions.min_by_key(|version| number_of(version).unwrap_or(u64::MAX)).cloned())
    }

    /// Points the aliases at the version. An alias stays unchanged if the server already has a later move.
    fn point(&self, version: u64, tracked: &mut TrackReport) -> Result<()> {
        let TrackingPlan { name, promotion, .. } = self.plan;
        tracked.version = Some(version);
        let set_tag = |key: &str, value: String| {
            let body = json!({ "name": name, "version": version.to_string(), "key": key, "value": value });
            self.server.post("model-versions/set-tag", &body, Idempotence::Idempotent)
        };
        if let Some(promotion) = promotion {
            set_tag("spamops.version", promotion.version.to_string())?;
            if let Some(head) = &promotion.journal_head {
                set_tag("spamops.journal_head", head.to_string())?;
            }
        }
        let answer = self.server.get("registered-models/get", &[("name", name)])?;
        let model = &answer["registered_model"];
        let listed = |list: &str, key: &str, wanted: &str, value: &str| -> Option<u64> {
            let mut all = model[list].as_array()?.iter();
            all.find(|one| one[key] == wanted)?[value].as_str()?.parse().ok()
        };
        for alias in &self.plan.aliases {
            let moved = promotion.as_ref().filter(|promotion| promotion.alias == *alias);
            let tag = format!("spamops.{alias}.sequence");
            if let Some(promotion) = moved {
                let last = listed("tags", "key", &tag, "value").unwrap_or_default();
                if last > promotion.sequence {
                    tracked.left.push(format!(
                        "the alias {alias}: the server already has the later move {last}; this is move {}",
                        promotion.sequence
                    ));
                    continue;
                }
                if last < promotion.sequence {
                    let body = json!({ "name": name, "key": tag, "value": promotion.sequence.to_string() });
                    self.server.post("registered-models/set-tag", &body, Idempotence::Idempotent)?;
                }
            }
            let is_there = listed("aliases", "alias", alias, "version") == Some(version);
            if !is_there {
                let body = json!({ "name": name, "alias": alias, "version": version.to_string() });
                self.server.post("registered-models/alias", &body, Idempotence::Idempotent)?;
            }
            tracked.note(format!("alias {alias}"), !is_there);
            tracked.aliases.push(alias.clone());
        }
        Ok(())
    }

    /// Ends the run, unless the plan names a run that someone else started.
    fn finish(&self, run: &TrackingRun) -> Result<()> {
        if run.is_finished || self.plan.run_id.is_some() {
            return Ok(());
        }
        let body = json!({ "run_id": run.id, "status": "FINISHED", "end_time": self.plan.moment });
        self.server.post("runs/update", &body, Idempotence::Idempotent).map(drop)
    }

    fn by_digest(&self) -> String {
        format!("tags.`{DIGEST}` = '{}'", self.plan.digest)
    }
}

/// MLflow's error codes, and the status of a logged model with all its files.
const MISSING: &str = "RESOURCE_DOES_NOT_EXIST";
const EXISTS: &str = "RESOURCE_ALREADY_EXISTS";
const READY: &str = "LOGGED_MODEL_READY";

impl TrackingRun {
    fn of(run: &Value) -> Result<Self> {
        let info = &run["info"];
        let outputs = run["outputs"]["model_outputs"].as_array().into_iter().flatten();
        let metrics = run["data"]["metrics"].as_array().into_iter().flatten();
        Ok(Self {
            id: string(info, "/run_id")?,
            artifacts: string(info, "/artifact_uri")?,
            started: info["start_time"].as_i64().unwrap_or_default(),
            is_finished: info["status"] == "FINISHED",
            outputs: outputs.filter_map(|output| output["model_id"].as_str().map(str::to_owned)).collect(),
            metrics: metrics
                .filter_map(|metric| Some((metric["key"].as_str()?.to_owned(), metric["value"].as_f64()?)))
                .collect(),
        })
    }
}

fn dataset(input: &RunInput) -> Value {
    let profile = input.rows.map(|rows| json!({ "num_rows": rows }).to_string());
    json!({
        "tags": [{ "key": "mlflow.data.context", "value": input.context }],
        "dataset": { "name": input.name, "digest": input.digest, "source_type": "local",
            "source": json!({ "uri": input.name }).to_string(), "profile": profile },
    })
}

/// The version number in an answer of the server.
fn number_of(version: &Value) -> Result<u64> {
    let number = version["version"].as_str().and_then(|number| number.parse().ok());
    number.context("the answer of the server has no version number; check that the server runs MLflow 3")
}

/// The id of the logged model that a version was created from.
fn source_of(version: &Value) -> Option<String> {
    version["source"].as_str()?.strip_prefix("models:/").map(str::to_owned)
}

fn string(answer: &Value, pointer: &str) -> Result<String> {
    let found = answer.pointer(pointer).and_then(Value::as_str);
    found.map(str::to_owned).with_context(|| {
        format!("the answer of the server has no {}; check that the server runs MLflow 3", &pointer[1..])
    })
}
