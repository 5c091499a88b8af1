//! Runs the transcripts: every `console` block of `tests/cases/*.md` and of the READMEs, pipes and all.
//!
//! A line `$ COMMAND` is run by bash (lines `> …` below it belong to it), what it prints must stand there exactly, stdout
//! and stderr together, and then `? STATUS` unless the status is 0. `BLESS=1 cargo test --test transcripts` rewrites the
//! files; read the diff. Each file has a fresh directory in which `data`, `models` and `bins` are those of the repository.

#![expect(clippy::unwrap_used, reason = "in a test a failed unwrap is the report")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// 2026-10-01T00:00:00Z: the morning after the last row of the demo corpus.
const NOW: &str = "1790812800";

#[test]
fn transcripts_say_what_the_tools_say() {
    let only = std::env::var("CASE").unwrap_or_default();
    let mut files: Vec<PathBuf> = fs::read_dir(format!("{ROOT}/tests/cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    files.extend(["README.md", "data/README.md", "models/README.md"].map(|name| Path::new(ROOT).join(name)));
    let wrong: Vec<String> = files
        .iter()
        .filter(|path| path.to_string_lossy().contains(&only))
        .filter_map(|path| check(path))
        .collect();
    assert!(wrong.is_empty(), "{}\nBLESS=1 rewrites the files; read the diff", wrong.join("\n"));
}

/// Runs one file; what is wrong with it, if anything.
fn check(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).unwrap();
    let told = replay(&text, &stage(path));
    if told == text {
        return None;
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, &told).unwrap();
        return None;
    }
    let number = text.lines().zip(told.lines()).take_while(|(one, other)| one == other).count();
    let line = |text: &str| text.lines().nth(number).unwrap_or("(the end)").to_owned();
    let place = format!("{}:{}", path.display(), number + 1);
    Some(format!("{place}:\n  expected: {}\n  found:    {}", line(&text), line(&told)))
}

/// A fresh directory with the parts of the repository that transcripts read.
fn stage(path: &Path) -> PathBuf {
    let name = path.strip_prefix(ROOT).unwrap().to_string_lossy().replace('/', "-");
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("transcripts").join(name);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    for part in ["data", "bins", "tests", "Cargo.toml"] {
        std::os::unix::fs::symlink(Path::new(ROOT).join(part), directory.join(part)).unwrap();
    }
    // A copy: the registry is what a transcript may write to.
    let copied = Command::new("cp").arg("-R").arg(Path::new(ROOT).join("models")).arg(&directory).status();
    assert!(copied.unwrap().success());
    directory
}

/// The text again, with what the commands print now.
fn replay(text: &str, directory: &Path) -> String {
    let mut told = String::new();
    let mut lines = text.lines().peekable();
    let mut inside = false;
    while let Some(line) = lines.next() {
        writeln!(told, "{line}").unwrap();
        if line.starts_with("```") {
            inside = line == "```console";
        }
        let Some(command) = line.strip_prefix("$ ").filter(|_| inside) else { continue };
        let mut command = command.to_owned();
        while let Some(more) = lines.next_if(|line| *line == ">" || line.starts_with("> ")) {
            writeln!(told, "{more}").unwrap();
            command.push('\n');
            command.push_str(more.strip_prefix("> ").unwrap_or_default());
        }
        // What stood here is replaced by what is said now.
        while lines.next_if(|line| !line.starts_with("$ ") && !line.starts_with("```")).is_some() {}
        told.push_str(&run(&command, directory));
    }
    told
}

/// What a command prints, and its status where that is not 0.
fn run(command: &str, directory: &Path) -> String {
    let tools = Path::new(env!("CARGO_BIN_EXE_spamops")).parent().unwrap();
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    let output = Command::new("bash")
        .args(["-c", &format!("exec 2>&1\nset -o pipefail\n{command}")])
        .current_dir(directory)
        .env_clear()
        .env("SPAMOPS_TOOLS", tools)
        .envs([
            ("PATH", path.as_str()),
            ("LC_ALL", "C.UTF-8"),
            ("SOURCE_DATE_EPOCH", NOW),
            ("HOME", "/nonexistent"),
        ])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !said.is_empty() && !said.ends_with('\n') {
        said.push_str("(no newline)\n");
    }
    match output.status.code() {
        Some(0) => {}
        Some(code) => writeln!(said, "? {code}").unwrap(),
        None => said.push_str("? signal\n"),
    }
    said
}
