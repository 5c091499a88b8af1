//! The names of the results of a run, and their deletion before the next run.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// Everything that a run leaves in its directory, but for its record and the registry and state that may be there too.
const RESULTS: [&str; 27] = [
    "new.csv",
    "new.tsv",
    "new.jsonl",
    "new.ndjson",
    "clean.csv",
    "rejects.csv",
    "validate.json",
    "champion.json",
    "scored.csv",
    "metrics.json",
    "drift.json",
    "to-label.csv",
    "pool.csv",
    "train.csv",
    "holdout.csv",
    "challenger.json",
    "champion-scored.csv",
    "challenger-scored.csv",
    "compare.json",
    "flips.csv",
    "promote.json",
    "decision.json",
    "report.md",
    "report.html",
    "history.csv",
    "history-clean.csv",
    "history-rejects.csv",
];

/// The record of a run.
pub const RECORD: &str = "run.json";

/// The directory of a run.
#[derive(Clone, Debug)]
pub struct RunFiles {
    directory: PathBuf,
}

impl RunFiles {
    /// The files of a run in this directory, which need not exist.
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_path_buf() }
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// A file of the run, as a word of a command line.
    pub fn name(&self, file: &str) -> String {
        self.path(file).display().to_string()
    }

    /// The path of a file of the run.
    pub fn path(&self, file: &str) -> PathBuf {
        self.directory.join(file)
    }

    /// Whether a file of the run exists.
    pub fn has(&self, file: &str) -> bool {
        self.path(file).exists()
    }

    /// Fails if one of these inputs is a result, which the run would delete.
    pub fn expect_apart<'a>(&self, inputs: impl IntoIterator<Item = &'a str>) -> Result<()> {
        let real = |path: &Path| path.canonicalize().ok();
        for input in inputs {
            let own = real(Path::new(input));
            let lost = RESULTS.iter().any(|name| own.is_some() && real(&self.path(name)) == own);
            ensure!(!lost, "{input}: would be overwritten; choose another --out-dir");
        }
        Ok(())
    }

    /// Deletes the results of an earlier run, so that none of them is taken for a result of this one.
    pub fn clear(&self) -> Result<()> {
        fs::create_dir_all(&self.directory).with_context(|| self.directory.display().to_string())?;
        for path in RESULTS.iter().chain([&RECORD]).map(|name| self.path(name)).filter(|path| path.is_file())
        {
            fs::remove_file(&path).with_context(|| path.display().to_string())?;
        }
        Ok(())
    }
}
