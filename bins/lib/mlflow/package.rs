//! Builds the directory of a logged model: the model file, a Python loader, and the `MLmodel` description.

use std::fmt::Write;

use anyhow::Result;
use serde_json::{Value, json};

use crate::io::dates::Timestamp;
use crate::mlflow::tracking::{ModelFacts, TrackingPlan};

/// The Python loader, which runs the program `score`.
const LOADER: &str = include_str!("loader.py");

/// Path of the model file in the directory.
pub const MODEL: &str = "data/model.json";

/// Path of the program `score` in the directory, if it is included.
pub const PROGRAM: &str = "data/score";

/// The small files of the directory by path. `MLmodel` comes last, so a directory that has it is complete.
pub fn files(
    plan: &TrackingPlan,
    learned: &ModelFacts,
    server: &str,
    run: &str,
    model: &str,
) -> Result<[(&'static str, String); 3]> {
    let columns: Vec<&String> = learned.columns.iter().map(|(name, _)| name).collect();
    Ok([
        ("code/spamops_loader.py", LOADER.to_owned()),
        ("data/columns.json", serde_json::to_string(&columns)? + "\n"),
        ("MLmodel", describe(plan, learned, server, run, model)),
    ])
}

/// The text of `MLmodel`: YAML with JSON values, which are valid YAML.
fn describe(plan: &TrackingPlan, learned: &ModelFacts, server: &str, run: &str, model: &str) -> String {
    let inputs: Vec<Value> = learned.columns.iter().map(input).collect();
    let outputs = json!([{ "type": "double", "name": "spam_score", "required": true },
        { "type": "string", "name": "verdict", "required": true }]);
    let created = Timestamp(plan.moment / 1000).to_string();
    let mut text = String::new();
    for (indent, name, value) in [
        (0, "artifact_path", Some(json!(format!("models:/{model}")))),
        (0, "flavors", None),
        (1, "python_function", None),
        (2, "code", Some(json!("code"))),
        (2, "data", Some(json!("data"))),
        (2, "env", Some(json!({}))),
        (2, "loader_module", Some(json!("spamops_loader"))),
        (1, "spamops", None),
        (2, "data", Some(json!(MODEL))),
        (2, "model_digest", Some(json!(plan.digest))),
        (2, "version", Some(json!(env!("CARGO_PKG_VERSION")))),
        (0, "mlflow_version", Some(json!(server))),
        (0, "model_id", Some(json!(model))),
        (0, "model_uuid", Some(json!(model))),
        (0, "run_id", Some(json!(run))),
        (0, "signature", None),
        (1, "inputs", Some(json!(Value::from(inputs).to_string()))),
        (1, "outputs", Some(json!(outputs.to_string()))),
        (1, "params", Some(Value::Null)),
        (0, "utc_time_created", Some(json!(created))),
    ] {
        let value = value.map(|value| format!(" {value}")).unwrap_or_default();
        // Writing into a string does not fail.
        let _ = writeln!(text, "{:width$}{name}:{value}", "", width = 2 * indent);
    }
    text
}

fn input((name, is_number): &(String, bool)) -> Value {
    json!({ "type": if *is_number { "double" } else { "string" }, "name": name, "required": true })
}
