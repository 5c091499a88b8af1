//! Puts a symbolic link at every path that spamops owns, and checks that no tool follows it.
//!
//! The paths come from `OWNED_DIRECTORIES`, so a new file is tested once it is listed there. A file that a tool writes and
//! nobody lists fails the test, too.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]
#![expect(clippy::panic, reason = "a missing command fails the test")]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::SystemTime;

use spamops::cli::owned_directories::OWNED_DIRECTORIES;
use spamops::io::owned_file::OwnedDirectory;

use directory::fresh;

#[path = "library/directory.rs"]
mod directory;

/// Name of the directory that the links point to.
const CANARY: &str = "canary";

fn spamops(directory: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spamops"));
    command.args(words).current_dir(directory).env_clear().env("PATH", std::env::var("PATH").unwrap());
    command.env("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0").output().unwrap()
}

fn succeeds(directory: &Path, words: &[&str]) {
    let output = spamops(directory, words);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The directory of one kind in a workspace.
fn root(kind: &str) -> &'static str {
    match kind {
        "run" => "out",
        "state" => "out/state",
        "registry" => "out/models/spam",
        "spool" => "spool",
        other => panic!("add the directory and the commands of {other}"),
    }
}

/// Commands that write to the files of a directory.
fn writers(kind: &str) -> Vec<Vec<&'static str>> {
    match kind {
        "run" => vec![vec!["run", "--demo"], vec!["run", "sample"], vec!["run", "--demo", "--restart"]],
        "state" => vec![
            vec!["state", "gather", "rows.csv", "--state", "out/state"],
            vec!["state", "gather", "rows.csv", "--refused", "--state", "out/state"],
            vec!["drift", "rows.csv", "--model", "two.json", "--state", "out/state", "-o", "drift.json"],
            vec!["report", "out", "--state", "out/state"],
            vec!["run", "--demo", "--restart"],
        ],
        "registry" => vec![
            vec!["promote", "two.json", "--registry", "out/models"],
            vec!["promote", "--rollback", "--registry", "out/models"],
            vec!["promote", "two.json", "--dry-run", "--registry", "out/models"],
            vec!["registry", "gc", "--keep", "1", "--registry", "out/models"],
        ],
        "spool" => vec![
            vec!["track", "two.json", "--spool", "spool", "--uri", "http://127.0.0.1:9"],
            vec!["track", "--flush", "--spool", "spool"],
        ],
        other => panic!("add the directory and the commands of {other}"),
    }
}

/// A workspace in which every kind of directory is filled.
fn filled() -> &'static Path {
    static FILLED: OnceLock<PathBuf> = OnceLock::new();
    FILLED.get_or_init(|| {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("owned-files");
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).unwrap();
        succeeds(&directory, &["run", "--demo"]);
        let row = |n: u32| {
            let (label, word) = if n.is_multiple_of(3) { ("spam", n % 7) } else { ("ham", n % 11 + 20) };
            format!("{label},word{word} word{}\n", n % 5 + 40)
        };
        let rows = "label,text\n".to_owned() + &(0..60).map(row).collect::<String>();
        fs::write(directory.join("rows.csv"), rows).unwrap();
        succeeds(&directory, &["fit", "--preset", "classic", "rows.csv", "-o", "two.json"]);
        let model = ["track", "two.json", "--spool", "spool", "--uri", "http://127.0.0.1:9"];
        succeeds(&directory, &model);
        directory
    })
}

/// A fresh copy of the filled workspace.
fn workspace(name: &str) -> PathBuf {
    let directory = fresh(name);
    let status = Command::new("cp").arg("-R").arg(filled().join(".")).arg(&directory).status();
    assert!(status.unwrap().success());
    directory
}

/// Every listed path below a directory, with each `*` replaced by the parts of the names that exist, or by 7.
fn paths(owned: &OwnedDirectory, root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for pattern in (owned.paths)() {
        if !pattern.contains('*') {
            found.push(PathBuf::from(pattern.trim_end_matches('/')));
            continue;
        }
        let (folder, name) = pattern.rsplit_once('/').unwrap_or(("", &pattern));
        let entries = fs::read_dir(root.join(folder)).unwrap().map(Result::unwrap);
        let names = entries.filter(|entry| entry.file_type().unwrap().is_file());
        let names = names.map(|entry| entry.file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|own| matches(name, own)).collect();
        if names.is_empty() {
            names.push(name.replace('*', "7"));
        }
        found.extend(names.into_iter().map(|name| Path::new(folder).join(name)));
    }
    found.sort();
    found.dedup();
    found
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => {
            name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        }
        None => pattern == name,
    }
}

/// Moves the file or directory at a path to the canary directory and leaves a link to it. So a tool that follows the
/// link finds what it needs.
fn plant(directory: &Path, path: &Path) {
    let canary = directory.join(CANARY);
    fs::create_dir_all(&canary).unwrap();
    let target = canary.join(path.file_name().unwrap());
    if path.exists() {
        fs::rename(path, &target).unwrap();
    } else {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&target, "canary\n").unwrap();
    }
    if target.is_file() {
        fs::set_permissions(&target, fs::Permissions::from_mode(0o755)).unwrap();
    }
    symlink(&target, path).unwrap();
}

/// Path, mode, time of change and content of every file below a directory.
fn snapshot(directory: &Path) -> Vec<(PathBuf, u32, SystemTime, Vec<u8>)> {
    let (mut found, mut left) = (Vec::new(), vec![directory.to_path_buf()]);
    while let Some(path) = left.pop() {
        let about = fs::symlink_metadata(&path).unwrap();
        let bytes = if about.is_dir() { Vec::new() } else { fs::read(&path).unwrap() };
        if about.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        found.push((path, about.mode(), about.modified().unwrap(), bytes));
    }
    found.sort();
    found
}

#[test]
fn no_writer_follows_a_link() {
    let mut tested = 0;
    let mut wrong = Vec::new();
    for owned in OWNED_DIRECTORIES {
        let root = root(owned.kind);
        for path in paths(owned, &filled().join(root)) {
            let directory = workspace("case");
            let path = Path::new(root).join(path);
            plant(&directory, &directory.join(&path));
            let before = snapshot(&directory.join(CANARY));
            for words in writers(owned.kind) {
                let output = spamops(&directory, &words);
                let message = String::from_utf8_lossy(&output.stderr);
                let place = path.display();
                if snapshot(&directory.join(CANARY)) != before {
                    wrong.push(format!("{place}: {words:?} changed the canary"));
                    break;
                }
                let is_refused = message.contains(&format!("{place}: is a symbolic link"));
                if output.status.code() != Some(2) || !is_refused {
                    wrong.push(format!("{place}: {words:?} did not refuse the link: {message}"));
                }
                tested += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{} of {tested}", wrong.join("\n"), wrong.len());
    assert!(tested > 200, "{tested}");
}

#[test]
fn every_written_file_is_listed() {
    let listed: Vec<(PathBuf, Vec<String>)> =
        OWNED_DIRECTORIES.iter().map(|owned| (filled().join(root(owned.kind)), (owned.paths)())).collect();
    let mut tested = 0;
    for (path, ..) in snapshot(filled()) {
        let inside = listed.iter().filter(|(root, _)| path.starts_with(root));
        let Some((root, patterns)) = inside.max_by_key(|(root, _)| root.as_os_str().len()) else { continue };
        if path.is_dir() {
            continue;
        }
        let inside = path.strip_prefix(root).unwrap().to_str().unwrap();
        assert!(patterns.iter().any(|pattern| matches(pattern, inside)), "{inside} is not listed");
        tested += 1;
    }
    assert!(tested > 40, "{tested}");
}

#[test]
fn a_registry_is_not_read_through_a_link() {
    for folder in ["", "versions", "models", "reports"] {
        let root = filled().join("out/models/spam").join(folder);
        let is_file = |path: &PathBuf| !folder.is_empty() || path.is_file();
        let mut paths: Vec<_> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.retain(is_file);
        for path in paths {
            let directory = workspace("case");
            let path = path.strip_prefix(filled()).unwrap();
            plant(&directory, &directory.join(path));
            let verified =
                spamops(&directory, &["registry", "verify", "--exit-code", "--registry", "out/models"]);
            let findings = String::from_utf8_lossy(&verified.stdout);
            let finding = format!("{}\tis a symbolic link", path.display());
            assert!(verified.status.code() != Some(0), "{findings}");
            assert!(findings.replace(": ", "\t").contains(&finding), "{finding}: {findings}");
        }
    }
    let read = |path: &str, words: &[&str]| {
        let directory = workspace("case");
        plant(&directory, &directory.join(path));
        let output = spamops(&directory, &[words, &["--registry", "out/models"]].concat());
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{path}: {message}");
        assert!(message.contains("is a symbolic link"), "{path}: {message}");
    };
    for path in ["out/models/spam/champion.json", "out/models/spam/models", "out/models/spam/versions"] {
        read(path, &["registry", "export", "-o", "copy.json"]);
    }
    read("out/models/spam", &["registry", "list"]);
    read("out/models/spam/journal.jsonl", &["registry", "history"]);
}

#[test]
fn a_link_at_a_default_path_is_not_followed() {
    for (link, words) in [
        ("out", &["run", "--data", "rows.csv"][..]),
        ("models", &["promote", "two.json"]),
        (".github", &["init"]),
    ] {
        let directory = workspace("case");
        fs::create_dir_all(directory.join(CANARY)).unwrap();
        symlink(CANARY, directory.join(link)).unwrap_or_else(|_| {
            fs::remove_dir_all(directory.join(link)).unwrap();
            symlink(CANARY, directory.join(link)).unwrap();
        });
        let before = snapshot(&directory.join(CANARY));
        let output = spamops(&directory, words);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{words:?}: {message}");
        assert!(message.contains("is a symbolic link"), "{words:?}: {message}");
        assert_eq!(snapshot(&directory.join(CANARY)), before, "{words:?}");
    }
}

#[test]
fn a_link_at_a_known_temporary_name_is_not_followed() {
    let directory = workspace("case");
    fs::create_dir_all(directory.join(CANARY)).unwrap();
    fs::write(directory.join("canary/v.sh"), "#!/bin/sh\n").unwrap();
    let before = snapshot(&directory.join(CANARY));
    // The process id is known: `exec` keeps the id of the shell.
    let script = "ln -s canary/v.sh .new.csv.$$.tmp; exec \"$0\" sample -n 5 rows.csv -o new.csv";
    let program = env!("CARGO_BIN_EXE_spamops");
    let output = Command::new("sh").args(["-c", script, program]).current_dir(&directory).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(snapshot(&directory.join(CANARY)), before);
    assert!(fs::symlink_metadata(directory.join("new.csv")).unwrap().is_file());
    // The same for a file of the registry.
    symlink("../../../canary/v.sh", directory.join("out/models/spam/.champion.json.tmp")).unwrap();
    succeeds(&directory, &["promote", "two.json", "--registry", "out/models"]);
    assert_eq!(snapshot(&directory.join(CANARY)), before);
}
