//! Counts changed lines in watched files, such as a word list, since a revision or since the champion was first seen.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::io::diagnostics::inert;
use crate::io::result_file::{self, ResultHead};
use crate::io::stream::Place;
use crate::io::{environment, limits, program};

/// Hashes of the lines of watched files, from the time when each champion was first seen.
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchedFiles {
    schema: String,
    /// Tool that wrote the file.
    tool: result_file::ToolVersion,
    /// Champions, in the order in which they were last seen.
    champions: Vec<ChampionFiles>,
}

/// The watched files at the time when a champion was first seen.
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChampionFiles {
    /// SHA-256 of the model.
    champion: String,
    /// Hashes of the lines, by file name.
    files: BTreeMap<String, Vec<u64>>,
}

/// The name of the file in the state directory.
pub const WATCHED: &str = "watched.json";

/// Maximum number of remembered champions.
const CHAMPIONS: usize = 8;

impl WatchedFiles {
    /// Reads the file, and moves this champion to the end of the list.
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

    pub fn write(&self, path: &Path) -> Result<()> {
        result_file::write_compact(&Place::File(path.to_path_buf()), self)
    }

    /// Number of lines that have changed since the file was first seen; 0 if the file is new.
    pub fn changes(&mut self, file: &Path) -> Result<u64> {
        let now = lines(&text(file)?);
        // ./words.txt and words.txt are the same file.
        let name = file.components().collect::<PathBuf>().display().to_string();
        let last = self.champions.last_mut();
        Ok(last.map_or(0, |seen| changed(seen.files.entry(name).or_insert_with(|| now.clone()), &now)))
    }
}

/// The start of the period in which changes are counted.
#[derive(Clone, Debug)]
pub enum ChangesSince {
    /// A git revision.
    Revision(String),
    /// The time when the champion was first seen.
    Champion(WatchedFiles),
}

impl ChangesSince {
    /// Number of changed lines in each file. A file that is new for the champion is remembered in its current form.
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

    /// The watched files to store for the next run.
    pub fn watched(&self) -> Option<&WatchedFiles> {
        match self {
            Self::Revision(_) => None,
            Self::Champion(watched) => Some(watched),
        }
    }
}

/// Number of lines of a file that have changed since a git revision, such as a tag.
fn changes_since(file: &Path, revision: &str) -> Result<u64> {
    let now = lines(&text(file)?);
    ensure!(
        !revision.starts_with('-'),
        "--watch-since {revision}: is not a git revision; set a tag, branch or commit"
    );
    let name = file.file_name().with_context(|| format!("{}: is not a file; name a file", file.display()))?;
    let directory =
        file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let at = format!("{revision}:./{}", name.to_string_lossy());
    let time = environment::seconds(&environment::variable, "SPAMOPS_GIT_TIMEOUT", limits::GIT_TIME)?;
    let output = program::output(Command::new("git").arg("-C").arg(directory).args(["show", &at]), time);
    let output =
        output.map_err(|error| anyhow!("cannot run git for --watch-since ({error}); install git"))?;
    let message = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{}: is not in revision {revision} ({}); set another --watch-since",
        file.display(),
        inert(message.trim())
    );
    Ok(changed(&lines(&String::from_utf8_lossy(&output.stdout)), &now))
}

fn text(file: &Path) -> Result<String> {
    Place::File(file.to_path_buf()).read_text()
}

fn lines(text: &str) -> Vec<u64> {
    text.lines().map(|line| xxh3_64(line.trim_end().as_bytes())).collect()
}

/// Number of removed or added lines, wherever they are. A removed line and an added line count as one changed line.
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
    fn counts_changed_lines_in_any_order() {
        let count = |before: &str, now: &str| changed(&lines(before), &lines(now));
        assert_eq!(count("a\nb\nc", "c\na\nb\n"), 0);
        assert_eq!(count("a\nb\nc", "a\nB\nc"), 1);
        assert_eq!(count("a\nb", "a\nb\nc\nd"), 2);
        assert_eq!(count("a\na\na", "a"), 2);
        assert_eq!(count("", "a"), 1);
    }
}
