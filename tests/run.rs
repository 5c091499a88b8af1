//! Tests `spamops run`: the complete cycle, single steps, killed and resumed runs, and results of another run.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

#[path = "run/holds.rs"]
mod holds;
#[path = "run/other_champion.rs"]
mod other_champion;

/// All steps of the demo, which ends with a promotion.
const STEPS: [&str; 12] = [
    "sample", "validate", "score", "drift", "watch", "split", "fit", "judge", "compare", "resume", "promote",
    "report",
];

/// The command `spamops WORDS` in a directory, without the caller's environment.
fn spamops(directory: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spamops"));
    command.args(words).current_dir(directory).env_clear().env("PATH", std::env::var("PATH").unwrap());
    command
}

fn run_ok(directory: &Path, words: &[&str]) -> Output {
    let output = spamops(directory, words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn run_fails(directory: &Path, words: &[&str]) -> String {
    let output = spamops(directory, words).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{words:?}: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

fn fresh(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("run").join(name);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    directory
}

/// All files under a directory, by path.
fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut left = vec![directory.to_path_buf()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                found.insert(path.strip_prefix(directory).unwrap().to_path_buf(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn assert_same(one: &Path, other: &Path, when: &str) {
    let (one, other) = (files(&one.join("out")), files(&other.join("out")));
    let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&one), names(&other), "{when}");
    let differ: Vec<_> =
        one.iter().filter(|(name, bytes)| other[*name] != **bytes).map(|(name, _)| name).collect();
    assert!(differ.is_empty(), "{when}: {differ:?}");
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn every_result_carries_the_id_of_the_run() {
    let directory = fresh("id");
    run_ok(&directory, &["run", "--demo"]);
    let out = directory.join("out");
    let id = json(&out.join("run.json"))["id"].clone();
    assert_eq!(id.as_str().unwrap().len(), 64);
    for name in ["validate", "metrics", "drift", "compare", "promote", "decision"] {
        assert_eq!(json(&out.join(format!("{name}.json")))["run_id"], id, "{name}");
    }
    assert_eq!(json(&out.join("decision.json"))["promoted_version"], 2);
    // The first champion is the same as in the repository's registry.
    let known = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/spam");
    let names = |at: &Path| {
        fs::read_dir(at.join("models")).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    };
    let (known, own): (Vec<_>, Vec<_>) = (names(&known), names(&out.join("models/spam")));
    assert!(known.iter().all(|name| own.contains(name)), "{known:?} {own:?}");
}

#[test]
fn a_run_that_stopped_after_any_step_resumes() {
    let complete = fresh("complete");
    run_ok(&complete, &["run", "--demo"]);
    let stopped = fresh("stopped");
    run_ok(&stopped, &["run", "--demo", "sample"]);
    for (place, step) in STEPS.iter().enumerate().take(STEPS.len() - 1) {
        if place > 0 {
            run_ok(&stopped, &["run", step]);
        }
        let resumed = fresh(&format!("stopped-after-{step}"));
        let copied = Command::new("cp").arg("-R").arg(stopped.join("out")).arg(&resumed).status();
        assert!(copied.unwrap().success());
        let printed = String::from_utf8(run_ok(&resumed, &["run", "--demo"]).stderr).unwrap();
        assert!(printed.contains(&format!("after the step {step}\n")), "{printed}");
        assert_same(&complete, &resumed, step);
    }
}

#[test]
fn a_run_that_was_killed_in_any_step_resumes() {
    let complete = fresh("unkilled");
    run_ok(&complete, &["run", "--demo"]);
    let lines =
        String::from_utf8(run_ok(&complete, &["run", "--demo", "--restart", "--dry-run"]).stderr).unwrap();
    assert!(lines.contains(" fit "), "{lines}");
    for wanted in [
        " sample --size",
        " validate --contract",
        " drift ",
        " state gather out/clean",
        " fit out/",
        " compare ",
        " report ",
    ] {
        let directory = fresh(&format!("killed-{}", wanted.trim().replace([' ', '/'], "-")));
        let mut run = spamops(&directory, &["run", "--demo"]);
        let mut child = run.stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0).spawn().unwrap();
        let mut printed = BufReader::new(child.stderr.take().unwrap()).lines();
        let is_wanted = |line: &String| line.starts_with("$ ") && format!("{line} ").contains(wanted);
        assert!(printed.any(|line| is_wanted(&line.unwrap())), "{wanted}");
        // Kills the run together with the tool that it called.
        let group = format!("-{}", child.id());
        assert!(Command::new("kill").args(["-KILL", "--", &group]).status().unwrap().success());
        child.wait().unwrap();
        run_ok(&directory, &["run", "--demo"]);
        assert_same(&complete, &directory, wanted);
    }
}

#[test]
fn temporary_files_of_a_killed_tool_are_removed() {
    let directory = fresh("removed");
    run_ok(&directory, &["run", "--demo", "sample"]);
    for name in ["out/.clean.csv.1.tmp", "out/state/.history.jsonl.1.tmp", "out/demo/.x.1.tmp"] {
        fs::write(directory.join(name), "half").unwrap();
    }
    run_ok(&directory, &["run", "--demo"]);
    let left = files(&directory).into_keys().filter(|name| name.to_string_lossy().ends_with(".tmp"));
    assert_eq!(left.collect::<Vec<_>>(), Vec::<PathBuf>::new());
}

#[test]
fn a_second_run_finds_no_new_rows() {
    let directory = fresh("second");
    run_ok(&directory, &["run", "--demo"]);
    let first = json(&directory.join("out/run.json"))["id"].clone();
    let printed = String::from_utf8(run_ok(&directory, &["run", "--demo"]).stdout).unwrap();
    assert!(printed.contains("retrain_needed=false\n"), "{printed}");
    assert_ne!(json(&directory.join("out/run.json"))["id"], first, "the state is an input of the run");
}

#[test]
fn the_next_run_handles_a_pending_retrain_request() {
    let directory = fresh("pending");
    for step in ["sample", "validate", "score", "drift"] {
        run_ok(&directory, &["run", "--demo", step]);
    }
    // Delete the results, but keep the state.
    for entry in fs::read_dir(directory.join("out")).unwrap().map(Result::unwrap) {
        if entry.path().is_file() {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    let printed = String::from_utf8(run_ok(&directory, &["run", "--demo"]).stdout).unwrap();
    assert!(
        printed.contains("retrain_needed=true\n") && printed.contains("reason_code=forced\n"),
        "{printed}"
    );
    assert!(!directory.join("out/state/retrain-pending").exists());
}

#[test]
fn a_quarter_without_drift_requests_no_retrain() {
    let directory = fresh("quiet");
    let quiet = ["run", "--demo", "--since", "2026-04-01", "--until", "2026-07-01", "--now", "2026-07-01"];
    let printed = String::from_utf8(run_ok(&directory, &quiet).stdout).unwrap();
    assert!(printed.contains("retrain_needed=false\n"), "{printed}");
    assert!(!directory.join("out/challenger.json").exists());
}

#[test]
fn results_of_another_run_are_rejected() {
    let directory = fresh("other");
    run_ok(&directory, &["run", "--demo"]);
    // The same step with another time belongs to another run.
    run_ok(&directory, &["run", "--now", "2026-10-01T12:00:00Z", "drift"]);
    for tool in ["report out", "notify out --to slack --dry-run", "run report"] {
        let printed = run_fails(&directory, &tool.split(' ').collect::<Vec<_>>());
        assert!(
            printed.contains("validate.json belongs to run") && printed.contains("start over"),
            "{tool}: {printed}"
        );
    }
    // A result that a tool wrote outside the run is rejected too.
    run_ok(&directory, &["run", "--demo", "--restart"]);
    run_ok(&directory, &["drift", "out/clean.csv", "-o", "out/drift.json"]);
    let printed = run_fails(&directory, &["report", "out"]);
    assert!(printed.contains("drift.json belongs to no run"), "{printed}");
}

#[test]
fn old_results_are_gone_when_a_new_run_fails() {
    let complete = fresh("old");
    run_ok(&complete, &["run", "--demo"]);
    let state_file = "out/state/rows.jsonl";
    for (name, words) in [
        ("no-rows", &["--data", "none.csv"][..]),
        ("no-rows-step", &["--data", "none.csv", "sample"]),
        ("no-contract", &["--data", "out/demo/messages.csv.gz", "--contract", "none.toml"]),
        ("no-golden", &["--demo", "--golden", "none.csv"]),
        ("result-as-rows", &["--data", "out/clean.csv"]),
        ("rows-as-word", &["--data", "out/demo", "sample"]),
        ("size-as-word", &["--demo", "--size", "2k"]),
        ("unknown-option", &["--demo", "--sise", "2"]),
        ("unknown-policy", &["--demo", "--config", "none.toml"]),
    ] {
        let directory = fresh(&format!("old-{name}"));
        let copied = Command::new("cp").arg("-R").arg(complete.join("out")).arg(&directory).status();
        assert!(copied.unwrap().success());
        run_fails(&directory, &[&["run"], words].concat());
        for file in ["run", "validate", "drift", "compare", "promote", "decision"] {
            assert!(!directory.join(format!("out/{file}.json")).exists(), "{name}: {file}.json");
        }
        assert!(directory.join(state_file).exists(), "{name}");
        let printed = String::from_utf8(run_ok(&directory, &["report", "out"]).stdout).unwrap();
        assert!(printed.contains("deploy_needed=false\nreason_code=none\n"), "{name}: {printed}");
        let printed = run_ok(&directory, &["notify", "out", "--to", "slack", "--dry-run"]);
        assert_eq!(
            String::from_utf8(printed.stderr).unwrap(),
            "spamops notify: no alert to send\n",
            "{name}"
        );
    }
}

#[test]
fn a_wrong_call_of_a_step_keeps_the_results() {
    let directory = fresh("kept-step");
    run_ok(&directory, &["run", "--demo", "sample", "validate"]);
    let before = files(&directory);
    for words in [
        &["run", "report", "--size", "2k"][..],
        &["run", "--dry-run", "--size", "2k"],
        &["run", "--demo", "--size", "2k", "--out-dir", "other"],
    ] {
        run_fails(&directory, words);
        assert_eq!(files(&directory), before, "{words:?}");
    }
}

#[test]
fn a_call_without_rows_keeps_the_results() {
    let directory = fresh("kept");
    run_ok(&directory, &["run", "--demo", "sample", "validate"]);
    let before = files(&directory);
    for words in [&["run"][..], &["run", "sample"], &["run", "--restart"]] {
        assert!(run_fails(&directory, words).contains("no rows; set --data FILE, or try --demo"));
        assert_eq!(files(&directory), before);
    }
}

#[test]
fn planted_results_are_rejected() {
    let directory = fresh("planted");
    run_ok(&directory, &["run", "--demo"]);
    let kinds = ["validate", "metrics", "drift", "compare", "promote"];
    let reject = |wanted: &str| {
        for words in [&["report", "out"][..], &["notify", "out", "--to", "slack", "--dry-run"]] {
            let printed = run_fails(&directory, words);
            assert!(printed.contains(wanted), "{wanted}: {printed}");
        }
    };
    for kind in kinds {
        let path = directory.join(format!("out/{kind}.json"));
        let written = fs::read_to_string(&path).unwrap();
        let id = json(&path)["run_id"].as_str().unwrap().to_owned();
        // The result of another run, and a result of no run.
        fs::write(&path, written.replace(&id, &"0".repeat(64))).unwrap();
        reject(&format!("{kind}.json belongs to run 000000000000"));
        fs::write(&path, written.replace(&format!("\"run_id\": \"{id}\","), "")).unwrap();
        reject(&format!("{kind}.json belongs to no run"));
        fs::write(&path, written).unwrap();
    }
    // A record whose id does not match its settings and inputs.
    let record = fs::read_to_string(directory.join("out/run.json")).unwrap();
    fs::write(directory.join("out/run.json"), record.replace("\"size\": null", "\"size\": 2001")).unwrap();
    reject("the id does not match");
    // Results whose record is gone.
    fs::remove_file(directory.join("out/run.json")).unwrap();
    reject("out: there is no run.json, but validate.json belongs to run");
}

#[test]
fn a_run_of_another_commit_is_not_resumed() {
    let directory = fresh("commit");
    let words = ["run", "--demo", "--now", "2026-10-01"];
    let run = |commit: &str| {
        let output = spamops(&directory, &words).env("GITHUB_SHA", commit).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stderr).unwrap()
    };
    // A commit cannot contain its own hash, so a run that a commit contains is always a run of another commit.
    run("abc");
    let unfinish = || {
        let path = directory.join("out/run.json");
        let record = fs::read_to_string(&path).unwrap();
        fs::write(path, record.replace("\"finished\": true", "\"finished\": false")).unwrap();
    };
    unfinish();
    assert!(run("abc").contains("resuming run"));
    unfinish();
    assert!(!run("def").contains("resuming run"));
}

#[test]
fn printed_command_lines_can_be_pasted() {
    let directory = fresh("pasted a 'b");
    let lines = String::from_utf8(run_ok(&directory, &["run", "--demo"]).stderr).unwrap();
    let lines: Vec<&str> = lines.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
    assert!(lines.len() > 20, "{lines:?}");
    let compare = fs::read(directory.join("out/compare.json")).unwrap();
    fs::remove_file(directory.join("out/compare.json")).unwrap();
    let line = lines.iter().find(|line| line.contains(" compare ")).unwrap();
    let pasted = Command::new("sh").args(["-c", line]).current_dir(&directory).status().unwrap();
    assert!(pasted.success());
    assert_eq!(fs::read(directory.join("out/compare.json")).unwrap(), compare);
}

/// Runs the command that `report.md` recommends, as a reader would paste it.
fn run_recommended(directory: &Path) {
    let report = fs::read_to_string(directory.join("out/report.md")).unwrap();
    let command = report.split('`').find(|part| part.starts_with("spamops promote ")).unwrap();
    let tools = Path::new(env!("CARGO_BIN_EXE_spamops")).parent().unwrap();
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    let output =
        bash.args(["-c", command]).current_dir(directory).env_clear().env("PATH", path).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_commands_in_a_report_work() {
    let directory = fresh("recommended");
    let champion = || json(&directory.join("out/models/spam/champion.json"))["version"].clone();
    let steps =
        ["sample", "validate", "score", "drift", "split", "fit", "judge", "compare", "outputs", "report"];
    run_ok(&directory, &[&["run", "--demo"][..], &steps].concat());
    assert_eq!(champion(), 1);
    run_recommended(&directory);
    assert_eq!(champion(), 2);

    let directory = fresh("rolled-back");
    let champion = || json(&directory.join("out/models/spam/champion.json"))["version"].clone();
    run_ok(&directory, &["run", "--demo"]);
    assert_eq!(champion(), 2);
    run_recommended(&directory);
    assert_eq!(champion(), 1);
}

#[test]
fn a_dry_run_writes_nothing() {
    let directory = fresh("dry");
    let printed = String::from_utf8(run_ok(&directory, &["run", "--demo", "--dry-run"]).stderr).unwrap();
    assert!(printed.contains("# if drift requests a retrain:\n"), "{printed}");
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
}

#[test]
fn options_come_from_the_environment_and_the_command_line_wins() {
    let directory = fresh("environment");
    let run = |words: &[&str]| {
        let mut command = spamops(&directory, &[&["run", "--demo", "--dry-run"], words].concat());
        let environment =
            [("SPAMOPS_IN_SIZE", "12"), ("SPAMOPS_IN_OUT_DIR", "there"), ("SPAMOPS_IN_SINCE", "")];
        String::from_utf8(command.envs(environment).output().unwrap().stderr).unwrap()
    };
    let printed = run(&[]);
    assert!(printed.contains("--size 12 ") && printed.contains("-o there/new.csv"), "{printed}");
    let printed = run(&["--size=13"]);
    assert!(printed.contains("--size 13 "), "{printed}");
}

#[test]
fn usage_errors_say_how_to_fix_them() {
    let directory = fresh("mistakes");
    assert!(run_fails(&directory, &["run"]).contains("no rows; set --data FILE, or try --demo"));
    assert!(run_fails(&directory, &["run", "--data", "none.csv"]).contains("none.csv: no such file"));
    assert!(run_fails(&directory, &["run", "--demo", "tidy"]).contains("expected one of sample, validate"));
    assert!(run_fails(&directory, &["run", "--demo", "fit"]).contains("run the step split first"));
    assert!(
        run_fails(&directory, &["run", "--out-dir", "nowhere", "fit"])
            .contains("nowhere: no run.json; run the step sample first")
    );
    fs::create_dir_all(directory.join("out")).unwrap();
    fs::write(directory.join("out/new.csv"), "label,text\nham,a\n").unwrap();
    let printed = run_fails(&directory, &["run", "--data", "out/new.csv"]);
    assert!(printed.contains("out/new.csv: would be overwritten; choose another --out-dir"), "{printed}");
    assert!(directory.join("out/new.csv").exists());
}

#[test]
fn a_retrain_request_stays_pending_until_a_comparison() {
    let directory = fresh("unanswered");
    let marker = directory.join("out/state/retrain-pending");
    fs::create_dir_all(marker.parent().unwrap()).unwrap();
    fs::write(&marker, "an earlier run\n").unwrap();
    let quiet = ["run", "--demo", "--since", "2026-04-01", "--until", "2026-07-01", "--now", "2026-07-01"];
    run_ok(&directory, &[&quiet[..], &["sample", "validate", "score", "drift"]].concat());
    // The step drift runs again: the earlier request still counts.
    for _ in 0..2 {
        assert_eq!(json(&directory.join("out/drift.json"))["reason"], "forced");
        run_ok(&directory, &["run", "drift"]);
    }
    // A report without a comparison keeps the request. A report after a run that failed to start also keeps it.
    run_ok(&directory, &["run", "report"]);
    assert!(marker.exists());
    run_fails(&directory, &["run", "--data", "none.csv", "sample"]);
    run_ok(&directory, &["run", "report"]);
    assert!(marker.exists());
    assert_eq!(json(&directory.join("out/decision.json"))["retrain_needed"], false);
}

#[test]
fn a_step_without_its_result_runs_again() {
    let directory = fresh("missing");
    run_ok(&directory, &["run", "--demo", "sample", "validate", "score", "drift"]);
    fs::remove_file(directory.join("out/drift.json")).unwrap();
    let printed = String::from_utf8(run_ok(&directory, &["run", "--demo"]).stdout).unwrap();
    assert!(printed.contains("deploy_needed=true\n"), "{printed}");
    // The step `outputs` does not reopen a finished run.
    run_ok(&directory, &["run", "outputs"]);
    assert_eq!(json(&directory.join("out/run.json"))["finished"], true);
}

#[test]
fn another_program_with_the_name_of_a_tool_is_ignored() {
    let directory = fresh("shadowed");
    let bin = directory.join("bin");
    fs::create_dir_all(&bin).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_spamops"), bin.join("spamops")).unwrap();
    fs::write(bin.join("compare"), "#!/bin/sh\nexit 0\n").unwrap();
    assert!(Command::new("chmod").arg("+x").arg(bin.join("compare")).status().unwrap().success());
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut run = Command::new(bin.join("spamops"));
    let output =
        run.args(["run", "--demo"]).current_dir(&directory).env_clear().env("PATH", path).output().unwrap();
    let printed = String::from_utf8(output.stderr).unwrap();
    assert!(printed.contains("\n$ spamops compare "), "{printed}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("deploy_needed=true\n"));
}

#[test]
fn an_unreadable_run_json_is_an_error_and_an_empty_one_restarts_the_run() {
    let directory = fresh("unreadable");
    run_ok(&directory, &["run", "--demo", "sample"]);
    let record = directory.join("out/run.json");
    let edited = fs::read_to_string(&record).unwrap().replace("\"size\": null", "\"size\": 5");
    fs::write(&record, edited).unwrap();
    let printed = run_fails(&directory, &["run", "validate"]);
    assert!(printed.contains("the id does not match its settings and inputs"), "{printed}");
    assert!(printed.contains("start over with spamops run --restart"), "{printed}");
    fs::write(&record, "").unwrap();
    let printed = String::from_utf8(run_ok(&directory, &["run", "--demo", "sample"]).stderr).unwrap();
    assert!(printed.contains("is empty; the run starts over"), "{printed}");
}

#[test]
fn the_policy_changes_the_id_of_the_run() {
    let directory = fresh("policy");
    fs::write(directory.join("strict.toml"), "[compare.gate.f1]\nthreshold = 0.999\n").unwrap();
    run_ok(&directory, &["run", "--demo", "--config", "strict.toml"]);
    let strict = json(&directory.join("out/run.json"))["id"].clone();
    assert_eq!(json(&directory.join("out/decision.json"))["deploy_needed"], false);
    // A later step also uses the policy of the run.
    let printed = String::from_utf8(run_ok(&directory, &["run", "compare"]).stderr).unwrap();
    assert!(printed.contains("--config strict.toml"), "{printed}");
    run_ok(&directory, &["run", "--demo", "--out-dir=-other"]);
    assert_ne!(json(&directory.join("-other/run.json"))["id"], strict);
}

#[test]
fn a_run_does_not_override_a_promotion_by_a_person() {
    let directory = fresh("meanwhile");
    run_ok(&directory, &["run", "--demo", "sample", "validate", "score"]);
    fs::write(
        directory.join("rows.csv"),
        format!("label,text\n{}", "spam,win a prize now\nham,see you at noon\n".repeat(20)),
    )
    .unwrap();
    run_ok(&directory, &["fit", "rows.csv", "-o", "urgent.json"]);
    run_ok(
        &directory,
        &["promote", "urgent.json", "--registry", "out/models", "--reason", "urgent", "-o", "moved.json"],
    );
    let printed = run_fails(&directory, &["run", "--demo"]);
    assert!(printed.contains("the step promote failed"), "{printed}");
    assert_eq!(json(&directory.join("out/models/spam/champion.json"))["version"], 2);
}

#[test]
fn the_reason_is_one_short_sentence_in_every_transcript() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let texts: Vec<String> =
        files(&cases).into_values().filter_map(|bytes| String::from_utf8(bytes).ok()).collect();
    let reasons: Vec<&str> =
        texts.iter().flat_map(|text| text.lines()).filter_map(|line| line.strip_prefix("reason=")).collect();
    assert!(reasons.len() > 5, "{reasons:?}");
    for reason in reasons {
        assert!(reason.chars().count() <= 200, "{reason}");
        for word in [" p ", "McNemar", "Kolmogorov", "AUC"] {
            assert!(!reason.contains(word), "{word}: {reason}");
        }
    }
}
