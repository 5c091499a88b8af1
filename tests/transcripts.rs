//! Runs the transcripts: all `console` blocks of `tests/cases/*.md`, the guide and the READMEs.
//!
//! Each file is a test: `cargo test --test transcripts drift` runs the files whose name contains `drift`. Bash runs each
//! line `$ COMMAND`, together with the lines `> …` below it. The block shows the exact output, stdout and stderr together,
//! then `? STATUS` if the status is not 0. `BLESS=1 cargo test --test transcripts` rewrites the files; read the diff. Each
//! file runs in a fresh directory with the repository's `data`, `models`, `bins`, `tests` and `Cargo.toml`. The commands in
//! `tests/cases/bin`, such as `rounded` and `figures`, shorten output.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// 2026-10-01T00:00:00Z, right after the last row of the demo corpus.
const NOW: &str = "1790812800";

fn main() -> ExitCode {
    let tests =
        transcripts().into_iter().map(|path| Trial::test(name(&path), move || check(&path))).collect();
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

/// All files with transcripts. The READMEs take longest, so they start first.
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

/// The name of a file's test: its path without `tests/` or `bins/` and the extension.
fn name(path: &Path) -> String {
    let inside = path.strip_prefix(ROOT).unwrap().with_extension("");
    let short = ["tests", "bins"].iter().find_map(|folder| inside.strip_prefix(folder).ok());
    short.unwrap_or(&inside).to_string_lossy().into_owned()
}

/// Runs one file. Fails at the first different line, or rewrites the file if `BLESS` is set.
fn check(path: &Path) -> Result<(), Failed> {
    let text = fs::read_to_string(path).unwrap();
    let rerun = replay(&text, &stage(path));
    if rerun == text {
        return Ok(());
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, &rerun).unwrap();
        return Ok(());
    }
    let number = text.lines().zip(rerun.lines()).take_while(|(one, other)| one == other).count();
    let line = |text: &str| text.lines().nth(number).unwrap_or("(end of file)").to_owned();
    let place = format!("{}:{}", path.display(), number + 1);
    let advice = "run again with BLESS=1 to rewrite the file, then read the diff";
    Err(format!("{place}:\n  expected: {}\n  found:    {}\n{advice}", line(&text), line(&rerun)).into())
}

/// Creates a directory with the parts of the repository that transcripts use.
fn stage(path: &Path) -> PathBuf {
    let directory =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("transcripts").join(name(path).replace('/', "-"));
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    for part in ["data", "bins", "tests", "Cargo.toml"] {
        std::os::unix::fs::symlink(Path::new(ROOT).join(part), directory.join(part)).unwrap();
    }
    // Copy the registry, because transcripts may write to it.
    let copied = Command::new("cp").arg("-R").arg(Path::new(ROOT).join("models")).arg(&directory).status();
    assert!(copied.unwrap().success());
    directory
}

/// The text with the current output of its commands.
fn replay(text: &str, directory: &Path) -> String {
    let mut result = String::new();
    let mut lines = text.lines().peekable();
    let mut inside = false;
    while let Some(line) = lines.next() {
        writeln!(result, "{line}").unwrap();
        if line.starts_with("```") {
            inside = line == "```console";
        }
        let Some(command) = line.strip_prefix("$ ").filter(|_| inside) else { continue };
        let mut command = command.to_owned();
        while let Some(more) = lines.next_if(|line| *line == ">" || line.starts_with("> ")) {
            writeln!(result, "{more}").unwrap();
            command.push('\n');
            command.push_str(more.strip_prefix("> ").unwrap_or_default());
        }
        // Skip the old output.
        while lines.next_if(|line| !line.starts_with("$ ") && !line.starts_with("```")).is_some() {}
        result.push_str(&run(&command, directory));
    }
    result
}

/// Output of a command, and its status if that is not 0.
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
    let mut printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if !printed.is_empty() && !printed.ends_with('\n') {
        printed.push_str("(no newline)\n");
    }
    match output.status.code() {
        Some(0) => {}
        Some(code) => writeln!(printed, "? {code}").unwrap(),
        None => printed.push_str("? signal\n"),
    }
    printed
}
