//! Runs the transcripts: every `console` block of `tests/cases/*.md`, of the guide and of the READMEs.
//!
//! Each file is a test: `cargo test --test transcripts drift` runs those whose name contains `drift`. Bash runs each line
//! `$ COMMAND` (with the lines `> …` below it). The transcript shows exactly what it prints, stdout and stderr together, and
//! then `? STATUS` unless the status is 0. `BLESS=1 cargo test --test transcripts` rewrites the files; read the diff. Each
//! file has a fresh directory in which `data`, `models` and `bins` are those of the repository. `tests/cases/bin` has
//! commands that print less: `rounded`, `figures`, `columns`.

#![expect(clippy::unwrap_used, reason = "in a test a failed unwrap is the report")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// 2026-10-01T00:00:00Z: the morning after the last row of the demo corpus.
const NOW: &str = "1790812800";

fn main() -> ExitCode {
    let tests =
        transcripts().into_iter().map(|path| Trial::test(name(&path), move || check(&path))).collect();
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

/// Every file with a transcript in it. The READMEs come first: what takes longest must not start last.
fn transcripts() -> Vec<PathBuf> {
    let folders = ["tests/cases", "bins/guide"].map(|name| Path::new(ROOT).join(name));
    let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    let files = entries.map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|own| own == "md")).collect();
    pages.sort();
    let readmes = ["README.md", "models/README.md", "data/README.md"].map(|name| Path::new(ROOT).join(name));
    readmes.into_iter().chain(pages).collect()
}

/// The name of a file's test: its path without what all of its kind share.
fn name(path: &Path) -> String {
    let inside = path.strip_prefix(ROOT).unwrap().with_extension("");
    let short = ["tests", "bins"].iter().find_map(|folder| inside.strip_prefix(folder).ok());
    short.unwrap_or(&inside).to_string_lossy().into_owned()
}

/// Runs one file. Fails at the first line that is different, or rewrites the file if `BLESS` is set.
fn check(path: &Path) -> Result<(), Failed> {
    let text = fs::read_to_string(path).unwrap();
    let told = replay(&text, &stage(path));
    if told == text {
        return Ok(());
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, &told).unwrap();
        return Ok(());
    }
    let number = text.lines().zip(told.lines()).take_while(|(one, other)| one == other).count();
    let line = |text: &str| text.lines().nth(number).unwrap_or("(the end)").to_owned();
    let place = format!("{}:{}", path.display(), number + 1);
    let advice = "BLESS=1 rewrites the file; read the diff";
    Err(format!("{place}:\n  expected: {}\n  found:    {}\n{advice}", line(&text), line(&told)).into())
}

/// A fresh directory with the parts of the repository that transcripts read.
fn stage(path: &Path) -> PathBuf {
    let directory =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("transcripts").join(name(path).replace('/', "-"));
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
    let path = format!("{}:{ROOT}/tests/cases/bin:{}", tools.display(), std::env::var("PATH").unwrap());
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
