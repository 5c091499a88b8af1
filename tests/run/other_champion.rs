//! Tests a model of another system as champion: it scores the rows itself, until a model from `fit` replaces it.

use super::holds::{KINDS, rows};
use super::*;

/// The model of another system: it knows the words of the first two kinds of spam.
fn score(text: &str) -> f64 {
    let known: Vec<&str> = KINDS[..2].concat();
    let found = text.split(' ').filter(|word| known.contains(word)).count();
    [0.1, 0.7, 0.9][found.min(2)]
}

/// A directory with a policy that names the columns of the other system.
fn directory(name: &str) -> PathBuf {
    let directory = fresh(name);
    fs::write(directory.join("spamops.toml"), "[score]\nscore-column = \"probability\"\n").unwrap();
    directory
}

/// Writes the rows of one day, and the scores of the other system for all rows except those that `is_missing` names.
fn write_day(directory: &Path, rows: &str, is_missing: impl Fn(usize) -> bool) {
    fs::write(directory.join("new.csv"), rows).unwrap();
    let lines = rows.lines().skip(1).enumerate().filter(|(line, _)| !is_missing(*line));
    let scored = lines.map(|(_, line)| {
        let text = line.split(',').nth(2).unwrap();
        format!("{text},{}\n", score(text))
    });
    fs::write(directory.join("scored.csv"), format!("text,probability\n{}", scored.collect::<String>()))
        .unwrap();
}

const WORDS: [&str; 9] =
    ["run", "--data", "new.csv", "--champion-scored", "scored.csv", "--registry", "reg", "--state", "state"];

/// Runs the cycle on one day, and returns its decision and its messages.
fn day(directory: &Path, now: &str) -> (Value, String) {
    let output = run_ok(directory, &[&WORDS[..], &["--now", now]].concat());
    (json(&directory.join("out/decision.json")), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn another_system_is_champion_for_ten_runs_and_is_replaced_after_drift() {
    let directory = directory("other-champion");
    for run in 1..=10 {
        write_day(&directory, &rows(if run == 1 { 600 } else { 240 }, run, 2, "", false), |_| false);
        let (decision, _) = day(&directory, &format!("2026-10-{run:02}"));
        assert_eq!(decision["retrain_needed"], false, "run {run}: {decision}");
        assert_eq!(json(&directory.join("out/drift.json"))["verdict"], "insufficient_data", "run {run}");
        assert_eq!(json(&directory.join("out/metrics.json"))["f1"], 1.0, "run {run}");
    }
    assert!(!directory.join("reg/spam/champion.json").exists());

    // A third kind of spam, which the other system does not know.
    let mut last = Value::Null;
    for run in 11..=14 {
        write_day(&directory, &rows(240, run, 3, "", false), |_| false);
        let (decision, _) = day(&directory, &format!("2026-10-{run:02}"));
        last = decision;
        if last["deploy_needed"] == true {
            break;
        }
    }
    assert_eq!(last["deploy_needed"], true, "{last}");
    assert_eq!(json(&directory.join("reg/spam/champion.json"))["version"], 1);
    let compare = json(&directory.join("out/compare.json"));
    assert_eq!(compare["verdict"], "better");
    assert_eq!(json(&directory.join("out/drift.json"))["verdict"], "drifted");

    // From now on, the model of the registry scores the rows, and the old option only gives a note.
    write_day(&directory, &rows(240, 20, 3, "", false), |_| false);
    let (_, messages) = day(&directory, "2026-10-20");
    assert!(directory.join("out/champion.json").exists());
    assert!(messages.contains("--champion-scored no longer counts"), "{messages}");
}

#[test]
fn rows_without_a_score_are_drawn_again() {
    let directory = directory("other-champion-missing");
    let text = rows(300, 1, 2, "", false);
    write_day(&directory, &text, |line| line % 10 == 0);
    let (_, messages) = day(&directory, "2026-10-01");
    let expected = "30 of 300 rows left out: scored.csv has no score for their text";
    assert!(messages.contains(expected), "{messages}");
    let gathered = || fs::read_to_string(directory.join("state/rows.jsonl")).unwrap().lines().count();
    assert_eq!(gathered(), 270);
    write_day(&directory, &text, |_| false);
    day(&directory, "2026-10-02");
    assert_eq!(gathered(), 300);

    // The scoring step did not run: the file has no score of today.
    fs::write(directory.join("new.csv"), rows(50, 2, 2, "", false)).unwrap();
    let error = run_fails(&directory, &[&WORDS[..], &["--now", "2026-10-03"]].concat());
    assert!(error.contains("scored.csv: has the text of none of the 50 rows of out/clean.csv"), "{error}");
    assert_eq!(gathered(), 300);
}
