//! Counts changed lines in watched files, such as a word list, since the champion was first seen or a revision.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::io::diagnostics::inert;
use crate::io::result_file::{self, ResultHead};
use crate::io::stream::Place;

/// The lines of watched files when a champion was first seen, as hashes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchedFiles {
    schema: String,
    tool: result_file::ToolVersion,
    /// Champions by their digests, the last one seen last.
    champions: Vec<ChampionFiles>,
}

/// What watched files were when a champion was first seen.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChampionFiles {
    champion: String,
    /// Hashes of lines, by the name of the file.
    files: BTreeMap<String, Vec<u64>>,
}

/// The file of the state that keeps the lines of watched files.
pub const WATCHED: &str = "watched.json";

/// Champions that are remembered.
const CHAMPIONS: usize = 8;

impl WatchedFiles {
    /// What is known, this champion being the last one seen.
    pub fn read(path: &Path, champion: &str, tool: &str) -> Result<Self> {
        let mut watched = if path.exists() {
            result_file::read(&Place::File(path.to_path_buf()), "watched")?
        } else {
            let ResultHead { schema, tool, .. } = ResultHead::new("watched", tool);
            Self { schema, tool, champions: Vec::new() }
        };
        let champions = &mut watched.champions;
        let known =
            champions.iter().position(|seen| seen.champion == champion).map(|place| champions.remove(place));
        champions.push(
            known.unwrap_or_else(|| ChampionFiles { champion: champion.into(), files: BTreeMap::new() }),
        );
        champions.drain(..champions.len().saturating_sub(CHAMPIONS));
        Ok(watched)
    }

    /// Writes it down.
    pub fn write(&self, path: &Path) -> Result<()> {
        result_file::write_compact(&Place::File(path.to_path_buf()), self)
    }

    /// How many lines of a file have changed since it was first seen; none have where this is the first time.
    pub fn changes(&mut self, file: &Path) -> Result<u64> {
        let now = lines(&text(file)?);
        // However it is named: ./words.txt is words.txt.
        let name = file.components().collect::<PathBuf>().display().to_string();
        let last = self.champions.last_mut();
        Ok(last.map_or(0, |seen| changed(seen.files.entry(name).or_insert_with(|| now.clone()), &now)))
    }
}

/// From when on the changes of watched files count.
#[derive(Clone, Debug)]
pub enum ChangesSince {
    /// A revision of git.
    Revision(String),
    /// The moment when the champion was first seen.
    Champion(WatchedFiles),
}

impl ChangesSince {
    /// The changed lines of each file. A file that is new to the champion is remembered as it is now.
    pub fn count(&mut self, files: &[PathBuf]) -> Result<Vec<(String, u64)>> {
        let count = |file: &PathBuf| {
            let lines = match self {
                Self::Revision(revision) => changes_since(file, revision)?,
                Self::Champion(watched) => watched.changes(file)?,
            };
            Ok((file.display().to_string(), lines))
        };
        files.iter().map(count).collect()
    }

    /// The files to remember until the next run.
    pub fn watched(&self) -> Option<&WatchedFiles> {
        match self {
            Self::Revision(_) => None,
            Self::Champion(watched) => Some(watched),
        }
    }
}

/// How many lines of a file have changed since a revision of git, such as a tag.
fn changes_since(file: &Path, revision: &str) -> Result<u64> {
    let now = lines(&text(file)?);
    ensure!(!revision.starts_with('-'), "--watch-since {revision}: that is no revision");
    let name = file.file_name().with_context(|| format!("{}: that is no file", file.display()))?;
    let directory =
        file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let at = format!("{revision}:./{}", name.to_string_lossy());
    let shown = Command::new("git").arg("-C").arg(directory).args(["show", &at]).output();
    let shown = shown.context("git: cannot be run; it is asked for the file as it was")?;
    let said = String::from_utf8_lossy(&shown.stderr);
    ensure!(shown.status.success(), "{}: not in {revision}: {}", file.display(), inert(said.trim()));
    Ok(changed(&lines(&String::from_utf8_lossy(&shown.stdout)), &now))
}

fn text(file: &Path) -> Result<String> {
    Place::File(file.to_path_buf()).read_text()
}

fn lines(text: &str) -> Vec<u64> {
    text.lines().map(|line| xxh3_64(line.trim_end().as_bytes())).collect()
}

/// Lines that are gone and lines that are new, wherever they stand; a line that was changed counts once.
fn changed(before: &[u64], now: &[u64]) -> u64 {
    let mut counts: HashMap<u64, i64> = HashMap::new();
    for (lines, sign) in [(before, -1), (now, 1)] {
        for line in lines {
            *counts.entry(*line).or_default() += sign;
        }
    }
    let sum = |sign: i64| counts.values().map(|count| (sign * count).max(0).unsigned_abs()).sum::<u64>();
    sum(1).max(sum(-1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_lines_are_counted_wherever_they_stand() {
        let count = |before: &str, now: &str| changed(&lines(before), &lines(now));
        assert_eq!(count("a\nb\nc", "c\na\nb\n"), 0);
        assert_eq!(count("a\nb\nc", "a\nB\nc"), 1);
        assert_eq!(count("a\nb", "a\nb\nc\nd"), 2);
        assert_eq!(count("a\na\na", "a"), 2);
        assert_eq!(count("", "a"), 1);
    }
}
