//! Scores golden messages in a new process before a promotion.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::compare::golden::{GoldenMiss, GoldenResult};
use crate::io::diagnostics::{Diagnostics, inert, shown};
use crate::io::stream::Place;
use crate::rows::{ReadOptions, Row, Rows};

/// Maximum number of wrong messages in a report.
const MAX_SHOWN: usize = 10;

/// An empty policy. This process passes its options as arguments, so the new process must not read a policy again.
const NO_POLICY: &str = if cfg!(windows) { "NUL" } else { "/dev/null" };

/// Scores the golden messages with `score` in a new process, and compares the verdicts with the labels.
pub fn check(model: &Place, golden: &Place, options: &ReadOptions, words: &[String]) -> Result<GoldenResult> {
    let file = model.path().filter(|_| model.is_regular_file());
    let file =
        file.with_context(|| format!("{model}: --golden reads the model in a new process; name a file"))?;
    let kept = golden.kept().with_context(|| golden.to_string())?;
    let messages = kept.place.path().context("the golden messages are not in a file")?;
    let scored = scored(file, messages, words).with_context(|| golden.to_string())?;
    let options = ReadOptions {
        notes: Diagnostics::default(),
        progress: None,
        // score writes UTF-8.
        encoding: None,
        ..options.clone()
    };
    let mut rows = Rows::from_bytes(Box::new(Cursor::new(scored)), golden, &options)?;
    let (mut row, mut found) = (Row::default(), GoldenResult::default());
    while rows.read(&mut row)? {
        let label = rows.label(&row)?;
        let label =
            label.with_context(|| rows.error(&row, "golden message has no label; add the expected label"))?;
        let verdict = rows.verdict(&row)?;
        found.rows += 1;
        if verdict == label {
            continue;
        }
        found.wrong += 1;
        if found.shown.len() < MAX_SHOWN {
            found.shown.push(GoldenMiss {
                line: row.line(),
                expected: short(rows.label_cell(&row)),
                judged_as: short(row.get(rows.column("verdict")?)),
                spam_score: rows.score(&row)?,
            });
        }
    }
    ensure!(found.rows > 0, "{golden}: no golden messages; add labelled rows");
    Ok(found)
}

/// A label for a report: escaped, and cut to 40 characters.
fn short(cell: &str) -> String {
    inert(&cell.chars().take(40).collect::<String>())
}

/// The output of `score` for the golden messages.
fn scored(model: &Path, messages: &Path, words: &[String]) -> Result<Vec<u8>> {
    let (program, first) = score()?;
    let output = Command::new(&program)
        .args(first)
        .args(["--quiet", "--config", NO_POLICY])
        .args(words)
        .arg("--model")
        .args([model, Path::new("--"), messages])
        .stdin(Stdio::null())
        .output()
        .with_context(|| program.display().to_string())?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        let first_line = message.lines().find(|line| !line.is_empty()).unwrap_or("no error message");
        bail!("cannot score the golden messages in a new process: {}", inert(first_line));
    }
    Ok(output.stdout)
}

/// The program that scores, and its sub-command: this program if it is `spamops`, else a program in the same directory.
fn score() -> Result<(PathBuf, Option<&'static str>)> {
    let own = std::env::current_exe()
        .map_err(|error| anyhow!("cannot find this program ({error}); check that its file still exists"))?;
    let sibling = |name: &str| own.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if own.file_stem().is_some_and(|name| name == "spamops") {
        return Ok((own, Some("score")));
    }
    let spamops = sibling("spamops");
    for (program, first) in
        [(sibling("score"), None), (sibling("spamops-score"), None), (spamops, Some("score"))]
    {
        if program.is_file() {
            return Ok((program, first));
        }
    }
    let directory = own.parent().map(|parent| parent.display().to_string()).unwrap_or_default();
    bail!(
        "{}: program score not found next to {}; install it there",
        directory,
        shown(&own.display().to_string())
    )
}
