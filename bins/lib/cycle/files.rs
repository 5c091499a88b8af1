//! The names of the results of a run, and their deletion before the next run.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::io::durable;

/// A file that a run leaves in its directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunFile {
    /// Valid new rows.
    Clean,
    /// Rejected new rows, each with a reason.
    Rejects,
    /// What `validate` found.
    Validate,
    /// The champion of the registry when the run began.
    Champion,
    /// New rows, scored by the champion.
    Scored,
    /// How the champion did on new rows with labels.
    Metrics,
    /// What `drift` decided.
    Drift,
    /// Rows that a person should label.
    ToLabel,
    /// The training side of the split, near-duplicates of the holdout included.
    Pool,
    /// Training rows.
    Train,
    /// The holdout.
    Holdout,
    /// The challenger.
    Challenger,
    /// The holdout, scored by the champion.
    ChampionScored,
    /// The holdout, scored by the challenger.
    ChallengerScored,
    /// What `compare` decided.
    Compare,
    /// Rows of the holdout on which the verdicts differ.
    Flips,
    /// What `promote` did.
    Promote,
    /// The decision of the run.
    Decision,
    /// The report as Markdown.
    ReportMarkdown,
    /// The report as a page.
    ReportPage,
    /// Rows before `--since`.
    History,
    /// The valid ones of them.
    HistoryClean,
    /// The rejected ones of them.
    HistoryRejects,
}

/// Every file with its name.
const FILES: [(RunFile, &str); 23] = [
    (RunFile::Clean, "clean.csv"),
    (RunFile::Rejects, "rejects.csv"),
    (RunFile::Validate, "validate.json"),
    (RunFile::Champion, "champion.json"),
    (RunFile::Scored, "scored.csv"),
    (RunFile::Metrics, "metrics.json"),
    (RunFile::Drift, "drift.json"),
    (RunFile::ToLabel, "to-label.csv"),
    (RunFile::Pool, "pool.csv"),
    (RunFile::Train, "train.csv"),
    (RunFile::Holdout, "holdout.csv"),
    (RunFile::Challenger, "challenger.json"),
    (RunFile::ChampionScored, "champion-scored.csv"),
    (RunFile::ChallengerScored, "challenger-scored.csv"),
    (RunFile::Compare, "compare.json"),
    (RunFile::Flips, "flips.csv"),
    (RunFile::Promote, "promote.json"),
    (RunFile::Decision, "decision.json"),
    (RunFile::ReportMarkdown, "report.md"),
    (RunFile::ReportPage, "report.html"),
    (RunFile::History, "history.csv"),
    (RunFile::HistoryClean, "history-clean.csv"),
    (RunFile::HistoryRejects, "history-rejects.csv"),
];

/// The new rows, in the format they came in.
const NEW_ROWS: [&str; 4] = ["new.csv", "new.tsv", "new.jsonl", "new.ndjson"];

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
    pub fn name(&self, file: RunFile) -> String {
        self.path(file).display().to_string()
    }

    /// The path of a file of the run.
    pub fn path(&self, file: RunFile) -> PathBuf {
        let name = FILES.iter().find(|(known, _)| *known == file).map_or("", |(_, name)| name);
        self.directory.join(name)
    }

    /// The new rows of the run, if they come in this format.
    pub fn new_rows(&self, extension: Option<&str>) -> PathBuf {
        let name =
            NEW_ROWS.iter().find(|name| extension.is_some_and(|own| name.ends_with(&format!(".{own}"))));
        self.directory.join(name.unwrap_or(&NEW_ROWS[0]))
    }

    /// The record of the run.
    pub fn record(&self) -> PathBuf {
        self.directory.join(RECORD)
    }

    /// Deletes what a killed tool had not yet given its name, in the directories that only this run writes to.
    pub fn sweep(&self) -> Result<()> {
        for directory in ["", "demo", "state"].map(|name| self.directory.join(name)) {
            for path in durable::leftovers(&directory)? {
                fs::remove_file(&path).with_context(|| path.display().to_string())?;
            }
        }
        Ok(())
    }

    fn results(&self) -> impl Iterator<Item = PathBuf> {
        let names = FILES.iter().map(|(_, name)| *name).chain(NEW_ROWS);
        names.map(|name| self.directory.join(name))
    }

    /// Fails if one of these inputs is a result, which the run would delete.
    pub fn expect_apart<'a>(&self, inputs: impl IntoIterator<Item = &'a str>) -> Result<()> {
        let real = |path: &Path| path.canonicalize().ok();
        for input in inputs {
            let own = real(Path::new(input));
            let lost = own.is_some() && self.results().any(|result| real(&result) == own);
            ensure!(!lost, "{input}: would be overwritten; choose another --out-dir");
        }
        Ok(())
    }

    /// Deletes the results of an earlier run, so that none of them is taken for a result of this one.
    pub fn clear(&self) -> Result<()> {
        fs::create_dir_all(&self.directory).with_context(|| self.directory.display().to_string())?;
        // The record first: without it no result is taken for one of a run.
        for path in [self.record()].into_iter().chain(self.results()).filter(|path| path.is_file()) {
            fs::remove_file(&path).with_context(|| path.display().to_string())?;
        }
        self.sweep()
    }
}
