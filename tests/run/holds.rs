//! Tests rollbacks and holds in the cycle, on messages whose spam changes.

use std::fmt::Write;

use spamops::stats::random::RandomStream;

use super::*;

/// Words of ham, and of three kinds of spam.
const HAM: [&str; 6] = ["meeting", "lunch", "report", "garden", "train", "family"];
pub(super) const KINDS: [[&str; 4]; 3] = [
    ["prize", "lottery", "winner", "claim"],
    ["pills", "pharmacy", "dose", "cure"],
    ["token", "airdrop", "wallet", "mint"],
];

/// A model that misses the second kind of spam, because its labels were wrong.
const WRONG_LABELS: bool = true;

/// Rows without near-duplicates: each has six words of its own, and three words that show its class.
pub(super) fn rows(count: u64, seed: u64, kinds: usize, picked_for: &str, wrong_labels: bool) -> String {
    let mut numbers = RandomStream::new(seed);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a small number")]
    let mut draw = |choices: usize| (numbers.uniform() * choices as f64) as usize;
    let mut text = String::from("id,label,text,picked_for\n");
    for id in 0..count {
        let is_spam = id % 3 == 0;
        let kind = draw(kinds);
        let words: &[&str] = if is_spam { &KINDS[kind] } else { &HAM };
        let shown = [(); 3].map(|()| words[draw(words.len())]).join(" ");
        let own = [(); 6].map(|()| letters(draw(100_000))).join(" ");
        let label = if is_spam && !(wrong_labels && kind == 1) { "spam" } else { "ham" };
        writeln!(text, "{seed}-{id},{label},{shown} {own},{picked_for}").unwrap();
    }
    text
}

/// A word for a number. Digits would not tell texts apart.
fn letters(number: usize) -> String {
    (0..5).map(|place| char::from(b"abcdefghij"[number / 10usize.pow(place) % 10])).collect()
}

/// A directory with a registry in which a bad model has replaced a good one.
fn with_bad_champion(name: &str) -> PathBuf {
    let directory = fresh(name);
    for (model, wrong_labels) in [("good", !WRONG_LABELS), ("bad", WRONG_LABELS)] {
        fs::write(directory.join("history.csv"), rows(600, 1, 2, "", wrong_labels)).unwrap();
        let model = format!("{model}.json");
        run_ok(&directory, &["fit", "history.csv", "--now", "2026-09-01", "-o", &model]);
        run_ok(
            &directory,
            &["promote", &model, "--registry", "reg", "--reason", &model, "--now", "2026-09-02"],
        );
    }
    directory
}

/// Runs the cycle on one day with new rows, and returns the decision.
fn day(directory: &Path, now: &str, rows: &str) -> Value {
    fs::write(directory.join("new.csv"), rows).unwrap();
    let words = ["run", "--data", "new.csv", "--registry", "reg", "--state", "state", "--force", "true"];
    run_ok(directory, &[&words[..], &["--now", now]].concat());
    json(&directory.join("out/decision.json"))
}

fn champion(directory: &Path) -> u64 {
    json(&directory.join("reg/spam/champion.json"))["version"].as_u64().unwrap()
}

fn history(directory: &Path) -> Vec<String> {
    let output = run_ok(directory, &["registry", "history", "--registry", "reg", "--alias", "champion"]);
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| line.split('\t').skip(3).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn a_bad_promotion_is_rolled_back_once_and_replaced_only_on_later_labels() {
    let directory = with_bad_champion("bad-promotion");
    let first = day(&directory, "2026-10-01", &rows(300, 2, 2, "", !WRONG_LABELS));
    assert_eq!((&first["reason_code"], &first["retrain_needed"]), (&"rolled_back".into(), &false.into()));
    assert_eq!(first["deploy_needed"], true, "the old champion must be deployed again");
    assert!(
        first["reason"].as_str().unwrap().starts_with("Version 1 is the champion again: version 2 is worse")
    );
    assert_eq!(champion(&directory), 1);
    assert!(!directory.join("out/challenger.json").exists(), "a rollback ends the run");
    let rolled_back = history(&directory);
    assert!(
        rolled_back[2].starts_with("champion rolled_back 2 1 version 2 is worse than version 1: evidence ")
    );
    // Repeating the run changes nothing.
    run_ok(&directory, &["run", "--out-dir", "out", "watch", "report"]);
    assert_eq!(history(&directory), rolled_back);

    // Ten more runs, with the clock back and forward between them: the same model does not come back.
    for (place, month) in ["2026-10", "2026-09", "2027-10", "2026-10"].iter().cycle().take(10).enumerate() {
        let decision =
            day(&directory, &format!("{month}-{:02}", place + 2), &rows(20, 3 + place as u64, 2, "", false));
        assert_eq!(decision["deploy_needed"], false, "run {place}");
        assert_eq!(decision["hold"]["rolled_back"], 2, "run {place}");
    }
    assert_eq!((champion(&directory), history(&directory)), (1, rolled_back));

    // New spam: the challenger is better, but too few labels have arrived since the rollback.
    let held = day(&directory, "2026-10-20", &rows(240, 20, 3, "", false));
    assert_eq!((&held["reason_code"], &held["deploy_needed"]), (&"held".into(), &false.into()));
    let reason = held["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("The challenger is better, but the champion is held since 2026-10-01"),
        "{reason}"
    );
    assert_eq!(json(&directory.join("out/compare.json"))["verdict"], "better");
    // Labels of picked rows do not count.
    let picked = day(&directory, "2026-10-21", &rows(600, 21, 3, "uncertain", false));
    assert_eq!((&picked["reason_code"], champion(&directory)), (&"held".into(), 1));
    assert_eq!(json(&directory.join("out/run.json"))["hold"]["rolled_back"], 2);

    // Without the model that was rolled back, the hold stays.
    let copied = fresh("bad-promotion-removed");
    assert!(
        Command::new("cp").args(["-R", "."]).arg(&copied).current_dir(&directory).status().unwrap().success()
    );
    run_ok(&copied, &["registry", "gc", "--keep", "0", "--registry", "reg"]);
    let enough = rows(500, 22, 3, "", false);
    assert_eq!(day(&copied, "2026-10-22", &enough)["reason_code"], "held");

    let promoted = day(&directory, "2026-10-22", &enough);
    assert_eq!((&promoted["deploy_needed"], champion(&directory)), (&true.into(), 3));
    let lines = history(&directory);
    let why = "better than version 1 and version 2 on ";
    assert!(lines[3].starts_with(&format!("champion resumed - 1 {why}")), "{lines:?}");
    assert!(lines[4].starts_with(&format!("champion assigned 1 3 {why}")), "{lines:?}");
    // The new champion is watched in turn, and stays.
    let watched = day(&directory, "2026-10-23", &rows(100, 23, 3, "", false));
    assert_eq!((champion(&directory), watched.get("hold")), (3, None));
    assert_eq!(json(&directory.join("out/watch.json"))["sequential"]["looks"], 1);
}

#[test]
fn a_champion_that_a_person_holds_is_not_rolled_back() {
    let directory = with_bad_champion("person");
    let hold =
        ["promote", "--hold", "--hold-until", "2026-10-02", "--reason", "an audit", "--registry", "reg"];
    run_ok(&directory, &[&hold[..], &["--now", "2026-09-30"]].concat());
    day(&directory, "2026-10-01", &rows(300, 2, 2, "", !WRONG_LABELS));
    assert_eq!(
        (champion(&directory), &json(&directory.join("out/watch.json"))["verdict"]),
        (2, &"worse".into())
    );
    // The evidence is kept, so one more label is enough after the hold.
    day(&directory, "2026-10-02", &rows(1, 3, 2, "", !WRONG_LABELS));
    assert_eq!(champion(&directory), 1);
}

#[test]
fn complaints_alone_prefer_no_model() {
    let directory = with_bad_champion("complaints");
    for (place, now) in ["2026-10-01", "2026-10-02"].into_iter().enumerate() {
        day(&directory, now, &rows(300, 2 + place as u64, 2, "complaint", !WRONG_LABELS));
        assert_eq!(fs::metadata(directory.join("out/since-move.jsonl")).unwrap().len(), 0);
        assert!(!directory.join("out/watch.json").exists());
    }
    assert!(!history(&directory).iter().any(|line| line.contains("rolled_back")));
}

#[test]
fn a_read_only_registry_stops_the_promotion_and_the_run_resumes() {
    let directory = with_bad_champion("read-only");
    let has_setpriv =
        Command::new("setpriv").arg("--version").output().is_ok_and(|output| output.status.success());
    if !has_setpriv {
        println!("skipped: setpriv is missing");
        return;
    }
    fs::write(directory.join("new.csv"), rows(300, 2, 2, "", !WRONG_LABELS)).unwrap();
    for name in ["out", "state"] {
        fs::create_dir(directory.join(name)).unwrap();
        assert!(Command::new("chmod").arg("777").arg(directory.join(name)).status().unwrap().success());
    }
    let words = ["run", "--data", "new.csv", "--registry", "reg", "--state", "state", "--now", "2026-10-01"];
    let mut as_nobody = Command::new("setpriv");
    as_nobody.args(["--reuid=65534", "--regid=65534", "--clear-groups", env!("CARGO_BIN_EXE_spamops")]);
    let output = as_nobody.args(words).current_dir(&directory).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    if message.contains("setpriv:") {
        println!("skipped: {message}");
        return;
    }
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains("the step watch failed") && message.contains("Permission denied"), "{message}");
    assert_eq!((champion(&directory), history(&directory).len()), (2, 2));
    run_ok(&directory, &words);
    assert_eq!((champion(&directory), history(&directory).len()), (1, 3));
}
