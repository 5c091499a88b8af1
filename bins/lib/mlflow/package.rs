//! Builds the directory of a logged model: the model file, a Python loader, the packages that it needs, and the `MLmodel`
//! description.

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

/// The packages for pip. MLflow looks for exactly this name.
const REQUIREMENTS: &str = "requirements.txt";

/// The environment for MLflow's managers `virtualenv` and `uv`.
const PYTHON_ENVIRONMENT: &str = "python_env.yaml";

/// The environment for MLflow's manager `conda`.
const CONDA_ENVIRONMENT: &str = "conda.yaml";

/// The small files of the directory by path. `MLmodel` comes last, so a directory that has it is complete.
pub fn files(
    plan: &TrackingPlan,
    learned: &ModelFacts,
    server: &str,
    run: &str,
    model: &str,
) -> Result<[(&'static str, String); 6]> {
    let columns: Vec<&String> = learned.columns.iter().map(|(name, _)| name).collect();
    Ok([
        ("code/spamops_loader.py", LOADER.to_owned()),
        ("data/columns.json", serde_json::to_string(&columns)? + "\n"),
        (REQUIREMENTS, packages(server).map(|package| package + "\n").concat()),
        (PYTHON_ENVIRONMENT, python_environment()),
        (CONDA_ENVIRONMENT, conda_environment(server)),
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
        // The loader reads this default, and `model_config` of MLflow's functions replaces it.
        (2, "config", Some(json!({ "output": "frame" }))),
        (2, "data", Some(json!("data"))),
        (2, "env", Some(json!({ "conda": CONDA_ENVIRONMENT, "virtualenv": PYTHON_ENVIRONMENT }))),
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

/// The packages that the loader needs: MLflow as on the server, and pandas.
fn packages(server: &str) -> [String; 2] {
    let mut parts = server.split('.');
    let is_release = server.split('.').count() == 3
        && parts.all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    // A server that runs a development version names no release that pip can install.
    let mlflow = if is_release { format!("mlflow=={server}") } else { "mlflow>=3,<4".to_owned() };
    [mlflow, "pandas".to_owned()]
}

/// Names no version of Python, so MLflow uses the version that it runs with.
fn python_environment() -> String {
    format!("build_dependencies:\n- pip\ndependencies:\n- -r {REQUIREMENTS}\n")
}

fn conda_environment(server: &str) -> String {
    let packages = packages(server).map(|package| format!("  - {package}\n")).concat();
    format!(
        "name: mlflow-env\nchannels:\n- conda-forge\ndependencies:\n- python>=3.10\n- pip\n- pip:\n{packages}"
    )
}

fn input((name, is_number): &(String, bool)) -> Value {
    json!({ "type": if *is_number { "double" } else { "string" }, "name": name, "required": true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_the_release_of_the_server() {
        assert_eq!(packages("3.17.2"), ["mlflow==3.17.2", "pandas"]);
        let wanted = "name: mlflow-env\nchannels:\n- conda-forge\ndependencies:\n- python>=3.10\n- pip\n- pip:\n  - mlflow==3.17.2\n  - pandas\n";
        assert_eq!(conda_environment("3.17.2"), wanted);
    }

    #[test]
    fn a_version_from_the_server_cannot_add_lines_to_the_requirements() {
        for server in ["3.18.1.dev0", "3", "3..1", "3.1.2\n--index-url http://evil", "3.1.2 "] {
            assert_eq!(packages(server), ["mlflow>=3,<4", "pandas"], "{server}");
        }
    }
}
