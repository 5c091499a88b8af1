//! Golden messages, scored by a fresh process before a promotion.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::compare::golden::{GoldenMiss, GoldenResult};
use crate::io::diagnostics::{Diagnostics, inert, shown};
use crate::io::stream::Place;
use crate::rows::{ReadOptions, Row, Rows};

/// Wrong messages that a report names.
const MOST_SHOWN: usize = 10;

/// No policy: what this process was told is passed on in words, and nothing else is to be read or written.
const NO_POLICY: &str = if cfg!(windows) { "NUL" } else { "/dev/null" };

/// Has the golden messages scored by `score` in a process of its own, and holds the verdicts against their labels.
pub fn check(model: &Place, golden: &Place, options: &ReadOptions, words: &[String]) -> Result<GoldenResult> {
    let file = model.path().filter(|_| model.is_regular_file());
    let file =
        file.with_context(|| format!("{model}: another process is to read it for --golden; name a file"))?;
    let kept = golden.kept().with_context(|| golden.to_string())?;
    let messages = kept.place.path().context("no file was kept")?;
    let scored = scored(file, messages, words).with_context(|| golden.to_string())?;
    let options = ReadOptions { notes: Diagnostics::default(), progress: None, ..options.clone() };
    let mut rows = Rows::from_bytes(Box::new(Cursor::new(scored)), golden, &options)?;
    let (mut row, mut found) = (Row::default(), GoldenResult::default());
    while rows.read(&mut row)? {
        let expected = rows.label(&row)?;
        let expected =
            expected.with_context(|| rows.error(&row, "a golden message needs the label it is to get"))?;
        let verdict = rows.label_in(&row, rows.column("verdict")?)?;
        found.rows += 1;
        if verdict == Some(expected) {
            continue;
        }
        found.wrong += 1;
        if found.shown.len() < MOST_SHOWN {
            found.shown.push(GoldenMiss {
                line: row.line(),
                expected: short(rows.label_cell(&row)),
                judged_as: short(row.get(rows.column("verdict")?)),
                spam_score: rows.number(&row, "spam_score")?,
            });
        }
    }
    ensure!(found.rows > 0, "{golden}: holds no golden messages");
    Ok(found)
}

/// A label as a report may hold it.
fn short(cell: &str) -> String {
    inert(&cell.chars().take(40).collect::<String>())
}

/// The messages as a fresh `score` writes them.
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
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().find(|line| !line.is_empty()).unwrap_or("it said nothing");
        bail!("the model could not be asked in a process of its own: {}", inert(last));
    }
    Ok(output.stdout)
}

/// The program that scores: the one beside this one, or this one where it is all of them.
fn score() -> Result<(PathBuf, Option<&'static str>)> {
    let own = std::env::current_exe().context("the program does not know where it is")?;
    let beside = |name: &str| own.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if own.file_stem().is_some_and(|name| name == "spamops") {
        return Ok((own, Some("score")));
    }
    let all = beside("spamops");
    for (program, first) in [(beside("score"), None), (beside("spamops-score"), None), (all, Some("score"))] {
        if program.is_file() {
            return Ok((program, first));
        }
    }
    let directory = own.parent().map(|parent| parent.display().to_string()).unwrap_or_default();
    bail!("{}: no program score beside {}; install it there", directory, shown(&own.display().to_string()))
}
