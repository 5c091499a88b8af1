//! Tests that `promote`, `score` and `spamops verify` reject the same models and reports.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use spamops::io::seal::sealed;

use super::{measured_models, promote};
use crate::directory::fresh;

/// A key of a model or report, the value to set, and the reason that every tool must give.
type Break = (&'static str, Value, &'static str);

fn broken_models() -> Vec<Break> {
    let figure = "f1 is 2, which is not from 0 to 1; fit the model again";
    let spread = json!({ "mean": 0.5, "sd": -1.0, "interval": [0.1, 0.9] });
    let gate = json!([{ "figure": "recall", "limit": 0.0, "value": 0.25, "passed": true }]);
    vec![
        ("/estimate/pooled/f1", json!(2.0), figure),
        ("/estimate/pooled/f1", json!(0.123), "f1 is 0.123, but its counts give"),
        ("/estimate/pooled/roc_auc", json!(-0.5), "roc_auc is -0.5, which is not from 0 to 1"),
        ("/estimate/pooled/intervals/f1", json!([0.9, 0.1]), "the interval of f1 is 0.9 to 0.1"),
        ("/estimate/by_fold/f1", spread, "the spread of f1 between folds is impossible"),
        ("/estimate/by_fold/f1/mean", json!(1.5), "f1 of a fold is 1.5, which is not from 0 to 1"),
        ("/estimate/gates", gate, "a gate says that recall 0.2500 reaches the limit 0, but recall"),
        ("/names/negative", json!("spam"), "both classes have the name 'spam'; fit the model again"),
        ("/names/positive", json!(""), "a class has an empty name; fit the model again"),
        ("/provenance/positive", json!(1000), "1000 of 295 training rows are positive"),
        ("/profile/records", json!("no"), "the records of the profile are not base 64"),
        ("/profile/rows", json!(1), "the counts of the profile do not match its records"),
    ]
}

/// A file with another value for a key.
fn broken(text: &str, key: &str, value: &Value) -> Value {
    let mut file: Value = serde_json::from_str(text).unwrap();
    let (parent, name) = key.rsplit_once('/').unwrap();
    let parent = file.pointer_mut(parent).expect(key);
    parent[name] = value.clone();
    file
}

fn message(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// Runs a tool of spamops on a file.
fn run(words: &[&str], file: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spamops")).args(words).arg(file).output().unwrap()
}

#[test]
fn promote_and_score_reject_every_model_that_verify_calls_wrong() {
    let directory = fresh("models");
    let model = measured_models(&directory, 1).remove(0);
    let text = fs::read_to_string(&model).unwrap();
    let (root, rows, path) =
        (directory.join("models"), directory.join("rows.csv"), directory.join("broken.json"));
    let mut accepted = Vec::new();
    for (key, value, reason) in broken_models() {
        let mut file = broken(&text, key, &value);
        file.as_object_mut().unwrap().remove("sha256");
        fs::write(&path, sealed(&file.to_string()) + "\n").unwrap();
        let verified = run(&["verify", "--exit-code"], &path);
        let promoted = promote(&root, &[path.to_str().unwrap()]).output().unwrap();
        let score = ["score", "--quiet", "--model", path.to_str().unwrap(), "-o", "/dev/null"];
        let scored = run(&score, &rows);
        for (tool, output, status) in
            [("verify", verified, 1), ("promote", promoted, 2), ("score", scored, 2)]
        {
            if output.status.code() != Some(status) || !message(&output).contains(reason) {
                accepted
                    .push(format!("{tool} {key} {value}: {}", message(&output).lines().next().unwrap_or("")));
            }
        }
    }
    assert!(accepted.is_empty(), "{} were accepted:\n{}", accepted.len(), accepted.join("\n"));
    assert!(!root.join("spam").exists(), "a rejected model left a registry");
}

#[test]
fn promote_rejects_every_report_that_verify_calls_wrong() {
    let directory = fresh("reports");
    let model = measured_models(&directory, 1).remove(0);
    let (root, rows) = (directory.join("models"), directory.join("rows.csv"));
    let (metrics, path) = (directory.join("metrics.json"), directory.join("broken.json"));
    let (model, metrics) = (model.to_str().unwrap(), metrics.to_str().unwrap());
    let scored = run(&["score", "--model", model, "--metrics", metrics, "-o", "/dev/null"], &rows);
    assert!(scored.status.success(), "{}", message(&scored));
    let text = fs::read_to_string(metrics).unwrap();
    let mut accepted = Vec::new();
    for (key, value, reason) in [
        ("/f1", json!(2.0), "f1 is 2, which is not from 0 to 1"),
        ("/roc_auc", json!(7.0), "roc_auc is 7, which is not from 0 to 1"),
        ("/labelled", json!(3), "the counts add up to 295 rows, but 3 of 300 rows are labelled"),
        ("/schema", json!("spamops/wish/1"), "schema 'spamops/wish/1' is not supported"),
    ] {
        fs::write(&path, broken(&text, key, &value).to_string()).unwrap();
        let verified = run(&["verify", "--exit-code"], &path);
        let promoted = promote(&root, &[model, "--report", path.to_str().unwrap()]).output().unwrap();
        for (tool, output, status) in [("verify", verified, 1), ("promote", promoted, 2)] {
            if output.status.code() != Some(status) || !message(&output).contains(reason) {
                accepted
                    .push(format!("{tool} {key} {value}: {}", message(&output).lines().next().unwrap_or("")));
            }
        }
    }
    assert!(accepted.is_empty(), "{} were accepted:\n{}", accepted.len(), accepted.join("\n"));
    assert!(!root.join("spam").exists(), "a rejected report left a registry");
}
