//! Tests that each result of the tools matches its JSON schema, and that the schema describes every key.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use boon::{Compiler, Schemas};
use serde_json::{Value, json};
use spamops::cli::result_kinds::{RESULT_KINDS, ResultKind};

/// `track` writes this kind only if a server answers.
const NEEDS_A_SERVER: &str = "track";

fn run(directory: &Path, script: &str) {
    let tools = Path::new(env!("CARGO_BIN_EXE_spamops")).parent().unwrap();
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    let words = ["-euc", script];
    let output = bash.args(words).current_dir(directory).env_clear().env("PATH", path).output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
}

/// All JSON files below a directory.
fn json_files(directory: &Path) -> Vec<PathBuf> {
    let (mut found, mut left) = (Vec::new(), vec![directory.to_path_buf()]);
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|own| own == "json") {
                found.push(path);
            }
        }
    }
    found
}

/// Makes unknown keys an error in every object of a schema.
fn forbid_other_keys(schema: &mut Value) {
    if let Some(object) = schema.as_object_mut() {
        object.values_mut().for_each(forbid_other_keys);
        if object.get("properties").is_some_and(Value::is_object) {
            object.entry("additionalProperties").or_insert(json!(false));
        }
    } else if let Some(list) = schema.as_array_mut() {
        list.iter_mut().for_each(forbid_other_keys);
    }
}

/// The first violation, if there is one.
fn violation(kind: &ResultKind, result: &Value) -> Option<String> {
    let mut schema = kind.schema().to_value();
    forbid_other_keys(&mut schema);
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("memory:///schema", schema).unwrap();
    let index = compiler.compile("memory:///schema", &mut schemas).unwrap();
    schemas.validate(result, index).err().map(|error| format!("{error:#}"))
}

#[test]
fn every_result_matches_its_schema() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schemas");
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    run(
        &directory,
        "spamops run --demo
        cd out
        echo word > words.txt
        spamops profile --model challenger.json clean.csv -o profile.json
        spamops model show --json challenger.json > card.json
        drift --model challenger.json --watch words.txt --state watching clean.csv -o watch-drift.json
        compare --champion champion.json --challenger challenger.json holdout.csv --sequential sequential.json -o looks.json
        export MLFLOW_HTTP_REQUEST_MAX_RETRIES=0
        track challenger.json --uri http://127.0.0.1:9 --spool spool -o track.json
        track --flush --spool spool --uri http://127.0.0.1:9 -o flush.json || [ $? = 2 ]",
    );
    let mut seen = BTreeSet::from([NEEDS_A_SERVER]);
    for path in json_files(&directory) {
        let result: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let Some(schema) = result["schema"].as_str() else { continue };
        let kind = schema.split('/').nth(1).and_then(ResultKind::named).unwrap();
        assert_eq!(violation(kind, &result), None, "{}", path.display());
        let mut other = result.clone();
        other["unknown"] = json!(1);
        assert!(violation(kind, &other).is_some(), "{} with another key", path.display());
        seen.insert(kind.name);
    }
    let all: BTreeSet<&str> = RESULT_KINDS.iter().map(|kind| kind.name).collect();
    assert_eq!(seen, all);
}

/// Fails for every key below a part of a schema that has no description.
fn expect_descriptions(kind: &str, part: &Value) {
    for part in part.as_array().into_iter().flatten() {
        expect_descriptions(kind, part);
    }
    for (word, part_of_it) in part.as_object().into_iter().flatten() {
        let keys = part_of_it.as_object().filter(|_| word == "properties");
        // A variant of an enum is an object with one key; its description is next to it.
        let is_variant = keys.is_some_and(|keys| keys.len() == 1) && part.get("description").is_some();
        for (key, about) in keys.into_iter().flatten().filter(|_| !is_variant) {
            let is_described = about.get("description").is_some() || about.get("const").is_some();
            assert!(is_described, "spamops schema {kind}: {key} has no description");
        }
        expect_descriptions(kind, part_of_it);
    }
}

#[test]
fn every_key_has_a_description() {
    for kind in &RESULT_KINDS {
        expect_descriptions(kind.name, &kind.schema().to_value());
    }
}
