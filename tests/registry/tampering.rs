//! Tests that `spamops registry verify` finds every file that was changed by hand, and with an expected head also a
//! registry whose files were all rewritten so that they agree.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use spamops::io::result_file;
use spamops::io::seal::sealed;

use super::{measured_models, promote};
use crate::directory::fresh;

/// A registry with every kind of line: two champions, a challenger, a rollback, the end of its hold and a removed model.
fn registry(directory: &Path) -> PathBuf {
    let models = measured_models(directory, 4);
    let names: Vec<&str> = models.iter().map(|path| path.to_str().unwrap()).collect();
    let root = directory.join("models");
    for words in [
        &[names[0], "--reason", "first", "--actor", "ann"][..],
        &[names[1], "--reason", "second", "--actor", "bob", "--run-url", "https://ci.example/7"],
        &[names[2], "--reason", "candidate", "--actor", "bob", "--alias", "challenger"],
        &["--rollback", "--reason", "ham in quarantine", "--actor", "ann"],
        &[names[3], "--reason", "candidate", "--actor", "bob", "--alias", "challenger"],
        &["--to", "2", "--resume", "--reason", "again", "--actor", "ann"],
    ] {
        assert!(promote(&root, words).status().unwrap().success(), "{words:?}");
    }
    root
}

fn copy(from: &Path, name: &str) -> PathBuf {
    let to = from.with_file_name(name.replace(' ', "-"));
    assert!(Command::new("cp").arg("-R").args([from, &to]).status().unwrap().success());
    to
}

/// The lines that are wrong, as file and reason, and whether the status says so.
fn wrong(root: &Path, words: &[&str]) -> Vec<String> {
    let mut verify = Command::new(env!("CARGO_BIN_EXE_spamops"));
    verify.args(["registry", "verify", "--exit-code", "--quiet", "--registry"]).arg(root).args(words);
    let output = verify.output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let wrong: Vec<String> = lines
        .lines()
        .filter_map(|line| line.strip_prefix("wrong\t"))
        .map(|line| line.replace(&format!("{}/spam/", root.display()), "").replace('\t', ": "))
        .collect();
    let status = output.status.code();
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(status, Some(i32::from(!wrong.is_empty())), "{message}");
    wrong
}

/// Sets a key of a JSON file, given as a JSON pointer.
fn set(path: &Path, key: &str, value: &Value) {
    let mut file: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let found = file.pointer_mut(key).expect(key);
    assert_ne!(found, value);
    *found = value.clone();
    fs::write(path, serde_json::to_string_pretty(&file).unwrap() + "\n").unwrap();
}

fn journal(root: &Path) -> Vec<String> {
    let text = fs::read_to_string(root.join("spam/journal.jsonl")).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn write_journal(root: &Path, lines: &[String]) {
    fs::write(root.join("spam/journal.jsonl"), lines.join("\n") + "\n").unwrap();
}

/// Replaces a text in one line, and changes nothing else.
fn edit_line(root: &Path, line: usize, from: &str, to: &str) {
    let mut lines = journal(root);
    let line = &mut lines[line - 1];
    assert!(line.contains(from), "{line}");
    *line = line.replace(from, to);
    write_journal(root, &lines);
}

/// Edits the entries, and gives each line the digests that belong to it, as an attacker who knows the format.
fn rechain(root: &Path, edit: impl Fn(&mut Vec<Value>)) {
    let mut entries: Vec<Value> =
        journal(root).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    edit(&mut entries);
    let mut before = "0".repeat(64);
    let mut lines = Vec::new();
    for mut entry in entries {
        let was_sealed = entry.as_object_mut().unwrap().remove("sha256").is_some();
        entry["before"] = json!(before);
        let text = entry.to_string();
        let line = if was_sealed { sealed(&text) } else { text };
        before = result_file::digest(&line);
        lines.push(line);
    }
    write_journal(root, &lines);
}

/// Turns a registry into one that an earlier spamops wrote: without digests of lines and manifests.
fn make_old(root: &Path) {
    rechain(root, |entries| {
        for entry in entries {
            for key in ["sha256", "manifest"] {
                entry.as_object_mut().unwrap().remove(key);
            }
        }
    });
}

/// A change by hand, and the file and the reason that verify must name.
type Case = (&'static str, fn(&Path), &'static str);

fn manifest(root: &Path, number: u64) -> PathBuf {
    root.join(format!("spam/versions/{number}.json"))
}

/// The changes that the files of a registry show, also with a journal of an earlier version.
const SHOWN_IN_ANY_REGISTRY: [Case; 16] = [
    (
        "another F1",
        |root| set(&manifest(root, 1), "/metrics/f1", &json!(0.123)),
        "versions/1.json: f1 is 0.123, but its model has",
    ),
    (
        "an F1 less",
        |root| set(&manifest(root, 1), "/metrics", &json!({})),
        "versions/1.json: has no f1, but its model has one",
    ),
    (
        "other rows",
        |root| set(&manifest(root, 1), "/data/rows", &json!(59)),
        "versions/1.json: data.rows is 59, but its model has 295 rows",
    ),
    (
        "another time of the fit",
        |root| set(&manifest(root, 1), "/fitted", &json!("2020-01-01T00:00:00Z")),
        "versions/1.json: fitted differs from its model",
    ),
    (
        "another actor",
        |root| set(&manifest(root, 2), "/actor", &json!("eve")),
        "versions/2.json: actor differs from line 3 of the journal",
    ),
    (
        "another reason",
        |root| set(&manifest(root, 2), "/reason", &json!("reviewed")),
        "versions/2.json: reason differs from line 3 of the journal",
    ),
    (
        "another run",
        |root| set(&manifest(root, 2), "/run", &json!("https://evil.example/8")),
        "versions/2.json: run differs from line 3 of the journal",
    ),
    (
        "another parent",
        |root| set(&manifest(root, 2), "/parent", &json!(2)),
        "versions/2.json: parent differs from line 3 of the journal",
    ),
    (
        "an alias with another reason",
        |root| set(&root.join("spam/champion.json"), "/reason", &json!("reviewed")),
        "champion.json: reason differs from line 11 of the journal",
    ),
    (
        "an alias with another actor",
        |root| set(&root.join("spam/challenger.json"), "/actor", &json!("eve")),
        "challenger.json: actor differs from line 9 of the journal",
    ),
    ("the last line edited", |root| edit_line(root, 11, "\"again\"", "\"reviewed\""), ""),
    (
        "a line of a version rewritten, with all digests",
        |root| rechain(root, |entries| entries[2]["reason"] = json!("reviewed")),
        "versions/2.json: reason differs from line 3 of the journal",
    ),
    (
        "the last line of an alias rewritten, with all digests",
        |root| rechain(root, |entries| entries[10]["actor"] = json!("eve")),
        "champion.json: actor differs from line 11 of the journal",
    ),
    (
        "a hold in place of its end, with all digests",
        |root| rechain(root, |entries| entries[9]["action"] = json!("held")),
        "journal.jsonl: line 11: moves 'champion', which is held",
    ),
    (
        "an end of a hold with an end of its own, with all digests",
        |root| rechain(root, |entries| entries[9]["until"] = json!("2030-01-01T00:00:00Z")),
        "journal.jsonl: line 10: action resumed does not match its alias",
    ),
    (
        "an end of a hold that counts as a move, with all digests",
        |root| rechain(root, |entries| entries[9]["sequence"] = json!(4)),
        "journal.jsonl: line 10: does not match the last move of 'champion'",
    ),
];

/// The changes that only the digests of lines and manifests show.
const SHOWN_BY_DIGESTS: [Case; 5] = [
    (
        "a manifest of another tool",
        |root| set(&manifest(root, 1), "/tool/version", &json!("9.9.9")),
        "versions/1.json: does not match its SHA-256 in line 1 of the journal",
    ),
    (
        "the last line edited, and no alias has this key",
        |root| edit_line(root, 11, "\"from\":1", "\"from\":1,\"run\":\"https://evil.example/8\""),
        "journal.jsonl: line 11: does not match the SHA-256 at its end",
    ),
    (
        "the last line without its digest",
        |root| {
            let mut lines = journal(root);
            let end = lines[10].find(",\"sha256\"").unwrap_or(lines[10].len() - 1);
            lines[10].replace_range(end.., "}");
            write_journal(root, &lines);
        },
        "journal.jsonl: line 11: has no SHA-256 at its end",
    ),
    (
        "a manifest without its line, and a later one",
        |root| {
            let mut lines = journal(root);
            lines.truncate(4);
            write_journal(root, &lines);
            fs::remove_file(root.join("spam/challenger.json")).unwrap();
            set(&root.join("spam/champion.json"), "/sequence", &json!(2));
            set(&root.join("spam/champion.json"), "/reason", &json!("second"));
            set(&root.join("spam/champion.json"), "/actor", &json!("bob"));
        },
        "versions/4.json: is not in the journal",
    ),
    (
        "a report of another kind",
        |root| {
            let text = "{\"schema\": \"spamops/metrics/1\"}";
            let reports = root.join("spam/reports");
            fs::create_dir_all(&reports).unwrap();
            fs::write(reports.join(result_file::digest(text) + ".json"), text).unwrap();
        },
        "missing field",
    ),
];

fn expect_found(root: &Path, cases: &[Case]) -> Vec<String> {
    let mut missed = Vec::new();
    for (name, change, wanted) in cases {
        let copy = copy(root, &format!("{} with {name}", root.file_name().unwrap().display()));
        change(&copy);
        let found = wrong(&copy, &[]);
        if !found.iter().any(|line| line.contains(wanted)) {
            missed.push(format!("{name}: {found:?}"));
        }
    }
    missed
}

#[test]
fn verify_finds_every_file_that_was_changed_by_hand() {
    let root = registry(&fresh("changed"));
    assert_eq!(wrong(&root, &[]), [""; 0]);
    let mut missed = expect_found(&root, &SHOWN_IN_ANY_REGISTRY);
    missed.extend(expect_found(&root, &SHOWN_BY_DIGESTS));
    let old = copy(&root, "old");
    make_old(&old);
    assert_eq!(wrong(&old, &[]), [""; 0]);
    missed.extend(expect_found(&old, &SHOWN_IN_ANY_REGISTRY).iter().map(|case| format!("old: {case}")));
    assert!(missed.is_empty(), "verify missed {}:\n{}", missed.len(), missed.join("\n"));
}

#[test]
fn verify_finds_an_edited_last_line_about_a_removed_model() {
    let root = registry(&fresh("removed"));
    for version in ["1", "2"] {
        assert!(promote(&root, &["--to", version, "--alias", "challenger"]).status().unwrap().success());
    }
    let mut gc = Command::new(env!("CARGO_BIN_EXE_spamops"));
    gc.args(["registry", "gc", "--keep", "0", "--reason", "room", "--registry"]).arg(&root);
    assert!(gc.status().unwrap().success());
    assert_eq!(wrong(&root, &[]), [""; 0]);
    let last = journal(&root).len();
    edit_line(&root, last, "\"room\"", "\"policy\"");
    let found = wrong(&root, &[]);
    assert!(found.iter().any(|line| line.contains("does not match the SHA-256 at its end")), "{found:?}");
}

/// The head that verify prints in the fourth column of the journal.
#[test]
fn verify_finds_missing_files_that_only_the_journal_names() {
    let directory = fresh("missing");
    let root = registry(&directory);
    let missing = copy(&root, "alias");
    fs::remove_file(missing.join("spam/challenger.json")).unwrap();
    assert_eq!(
        wrong(&missing, &[]),
        ["challenger.json: is missing; restore it from git, or promote a model"]
    );

    // The journal, the alias and all versions but the first are gone.
    let missing = copy(&root, "journal");
    for file in ["journal.jsonl", "champion.json", "challenger.json"] {
        fs::remove_file(missing.join("spam").join(file)).unwrap();
    }
    (2..=4).for_each(|number| fs::remove_file(manifest(&missing, number)).unwrap());
    assert_eq!(wrong(&missing, &[]), ["journal.jsonl: is missing; restore it from git"]);
}

fn head(root: &Path) -> String {
    let mut verify = Command::new(env!("CARGO_BIN_EXE_spamops"));
    verify.args(["registry", "verify", "--registry"]).arg(root);
    let lines = String::from_utf8(verify.output().unwrap().stdout).unwrap();
    lines.lines().find_map(|line| line.split('\t').nth(3)).unwrap_or("no head").to_owned()
}

#[test]
fn an_expected_head_finds_a_journal_that_was_cut_or_rewritten_with_everything_that_depends_on_it() {
    let root = registry(&fresh("anchored"));
    let promoted = promote(&root, &["--to", "1", "--actor", "ann", "--reason", "for now"]).output().unwrap();
    let promoted: Value = serde_json::from_slice(&promoted.stdout).unwrap();
    let anchor = promoted["journal_head"].as_str().unwrap().to_owned();
    assert_eq!(anchor, head(&root));
    assert!(anchor.starts_with("12:"), "{anchor}");
    let digest = anchor.split(':').nth(1).unwrap();
    // The head stays in the journal while the journal grows.
    assert!(promote(&root, &["--to", "2", "--actor", "ann"]).status().unwrap().success());
    for head in [&anchor, digest, &head(&root)] {
        assert_eq!(wrong(&root, &["--expect-head", head]), [""; 0], "{head}");
    }
    let cut = copy(&root, "cut");
    let mut lines = journal(&cut);
    lines.truncate(2);
    write_journal(&cut, &lines);
    for file in ["challenger.json", "versions/2.json", "versions/3.json", "versions/4.json"] {
        fs::remove_file(cut.join("spam").join(file)).unwrap();
    }
    let alias = cut.join("spam/champion.json");
    let first: Value = serde_json::from_str(&lines[1]).unwrap();
    for (key, of_entry) in [
        ("sequence", "sequence"),
        ("version", "version"),
        ("digest", "digest"),
        ("reason", "reason"),
        ("moved", "at"),
    ] {
        let mut file: Value = serde_json::from_str(&fs::read_to_string(&alias).unwrap()).unwrap();
        file[key] = first[of_entry].clone();
        fs::write(&alias, file.to_string()).unwrap();
    }
    let emptied = copy(&root, "emptied");
    for file in ["journal.jsonl", "champion.json", "challenger.json", "versions"] {
        let path = emptied.join("spam").join(file);
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }
    let mut verify = Command::new(env!("CARGO_BIN_EXE_spamops"));
    verify.args(["registry", "verify", "--expect-head", &anchor, "--registry"]).arg(&emptied);
    assert_eq!(verify.output().unwrap().status.code(), Some(2));
    let rewritten = copy(&root, "rewritten");
    rechain(&rewritten, |entries| entries[6]["reason"] = json!("reviewed"));
    for (root, about) in [
        (&cut, "the newest lines were cut: the expected head is line 12, but the journal has 2 lines"),
        (&rewritten, "was rewritten: line 12 differs from the expected head"),
    ] {
        // The files agree with each other, so only the head shows the change.
        assert_eq!(wrong(root, &[]), [""; 0]);
        let found = wrong(root, &["--expect-head", &anchor]);
        assert!(found.len() == 1 && found[0].starts_with(&format!("journal.jsonl: {about}")), "{found:?}");
        let found = wrong(root, &["--expect-head", digest]);
        assert!(found.len() == 1 && found[0].contains("was cut or rewritten"), "{found:?}");
    }
}
