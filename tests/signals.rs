//! Ends tools by a signal in the middle of their work, and checks that no temporary file with messages is left.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::fs;
use std::io::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use directory::fresh;

#[path = "library/directory.rs"]
mod directory;

const SIGHUP: i32 = 1;
const SIGINT: i32 = 2;
const SIGQUIT: i32 = 3;
const SIGUSR1: i32 = 10;
const SIGTERM: i32 = 15;

/// The command `spamops WORDS` in a directory. Its temporary directory is `tmp`.
fn spamops(directory: &Path, words: &[&str]) -> Command {
    fs::create_dir_all(directory.join("tmp")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_spamops"));
    command.args(words).current_dir(directory).env("TMPDIR", directory.join("tmp"));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Hidden files and temporary copies of standard input, in a directory and its sub-directories.
fn temporary_files(directory: &Path) -> Vec<PathBuf> {
    let (mut found, mut left) = (Vec::new(), vec![directory.to_path_buf()]);
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|extension| extension == "tmp" || extension == "kept") {
                found.push(path);
            }
        }
    }
    found
}

/// Waits until the tool has a temporary file.
fn wait_for_temporary_file(directory: &Path, child: &mut Child) {
    let start = Instant::now();
    while temporary_files(directory).is_empty() {
        assert!(start.elapsed() < Duration::from_mins(2), "no temporary file appeared");
        assert_eq!(child.try_wait().unwrap(), None, "the tool ended early");
        thread::yield_now();
    }
}

fn send(signal: i32, process: &str) {
    let status = Command::new("kill").args([&format!("-{signal}"), "--", process]).status().unwrap();
    assert!(status.success());
}

/// Lines of rows; enough to fill every buffer.
fn rows() -> String {
    let row = |n: u32| {
        format!("{},word{} word{} {n}\n", if n.is_multiple_of(3) { "spam" } else { "ham" }, n % 7, n % 5)
    };
    "label,text\n".to_owned() + &(0..5_000).map(row).collect::<String>()
}

/// Sends a signal to a tool while it reads standard input.
fn interrupt(name: &str, signal: i32, words: &[&str]) {
    let directory = fresh(name);
    fs::write(directory.join("rows.csv"), rows()).unwrap();
    let fit = ["fit", "--preset", "classic", "rows.csv", "-o", "model.json"];
    assert!(spamops(&directory, &fit).status().unwrap().success());
    let mut child = spamops(&directory, words).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(rows().as_bytes()).unwrap();
    wait_for_temporary_file(&directory, &mut child);
    send(signal, &child.id().to_string());
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(signal), "{words:?}: {status}");
    assert_eq!(temporary_files(&directory), Vec::<PathBuf>::new(), "{words:?}");
    assert!(!directory.join("out.csv").exists());
    drop(input);
}

#[test]
fn score_leaves_no_temporary_file() {
    for (name, signal) in
        [("hup", SIGHUP), ("int", SIGINT), ("quit", SIGQUIT), ("usr1", SIGUSR1), ("term", SIGTERM)]
    {
        interrupt(name, signal, &["score", "--model", "model.json", "-o", "out.csv", "-"]);
    }
}

#[test]
fn validate_leaves_no_temporary_file() {
    interrupt("term", SIGTERM, &["validate", "-", "-o", "out.csv", "--rejects", "rejects.csv"]);
}

#[test]
fn sample_leaves_no_copy_of_standard_input() {
    for (name, signal) in [("int", SIGINT), ("term", SIGTERM)] {
        interrupt(name, signal, &["sample", "--split", "0.5", "--rest", "rest.csv", "-", "-o", "out.csv"]);
        interrupt(name, signal, &["sample", "--for-labels", "9", "-", "-o", "out.csv"]);
    }
}

/// Starts `spamops run` on a named pipe. Its step `sample` waits for more rows.
fn run_in_the_middle(name: &str) -> (PathBuf, Child, fs::File) {
    let directory = fresh(name);
    let pipe = directory.join("rows.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut run = spamops(&directory, &["run", "--data", "rows.csv"]).process_group(0).spawn().unwrap();
    // The run reads the rows once for their digest. The step then opens the pipe again.
    fs::OpenOptions::new().write(true).open(&pipe).unwrap().write_all(rows().as_bytes()).unwrap();
    let mut printed = String::new();
    let mut errors = std::io::BufReader::new(run.stderr.take().unwrap());
    while !printed.contains(" sample ") {
        assert!(std::io::BufRead::read_line(&mut errors, &mut printed).unwrap() > 0, "{printed}");
    }
    thread::spawn(move || std::io::copy(&mut errors, &mut std::io::sink()));
    let mut input = fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    input.write_all(rows().as_bytes()).unwrap();
    (directory, run, input)
}

/// Expects that the run and its tool ended by the signal.
fn expect_ended(directory: &Path, mut run: Child, mut input: fs::File, signal: i32) {
    let status = run.wait().unwrap();
    assert_eq!(status.signal(), Some(signal), "{status}");
    assert_eq!(temporary_files(directory), Vec::<PathBuf>::new());
    // The pipe has no reader, because the tool has ended.
    assert!(input.write_all(rows().as_bytes()).is_err());
}

#[test]
fn a_run_ends_with_the_tool_that_it_started() {
    let (directory, run, input) = run_in_the_middle("run");
    send(SIGTERM, &run.id().to_string());
    expect_ended(&directory, run, input, SIGTERM);
}

#[test]
fn a_run_ends_by_a_signal_to_its_group() {
    let (directory, run, input) = run_in_the_middle("group");
    send(SIGINT, &format!("-{}", run.id()));
    expect_ended(&directory, run, input, SIGINT);
}

#[test]
#[cfg(target_os = "linux")]
fn an_ignored_signal_stays_ignored() {
    let directory = fresh("ignored");
    fs::create_dir_all(directory.join("tmp")).unwrap();
    let script = "trap '' HUP INT; exec \"$0\" validate - -o out.csv";
    let mut child = Command::new("sh");
    child.args(["-c", script, env!("CARGO_BIN_EXE_spamops")]).current_dir(&directory);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(rows().as_bytes()).unwrap();
    wait_for_temporary_file(&directory, &mut child);
    send(SIGHUP, &child.id().to_string());
    send(SIGINT, &child.id().to_string());
    drop(input);
    assert!(child.wait().unwrap().success());
    assert!(directory.join("out.csv").exists());
}
