//! Names the files of a run, and deletes the results of an earlier run.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::io::durable;
use crate::io::owned_file::{OwnedDirectory, create_directories, expect_no_link, remove};

/// A file that a run writes to its directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunFile {
    /// New rows that are valid.
    Clean,
    /// New rows that were rejected, each with a reason.
    Rejects,
    /// The result of `validate`.
    Validate,
    /// The champion at the time of the step `score`.
    Champion,
    /// New rows, scored by the champion.
    Scored,
    /// Metrics of the champion on new labelled rows.
    Metrics,
    /// The result of `drift`.
    Drift,
    /// Unlabelled rows of the state.
    Unlabelled,
    /// The same rows, scored by the champion.
    UnlabelledScored,
    /// Rows for a person to label.
    ToLabel,
    /// The training side of the split, including near-duplicates of the holdout.
    Pool,
    Train,
    Holdout,
    Challenger,
    /// The holdout, scored by the champion.
    ChampionScored,
    /// The holdout, scored by the challenger.
    ChallengerScored,
    /// The result of `compare`.
    Compare,
    /// Holdout rows with different verdicts of the two models.
    Flips,
    /// Labelled rows that arrived after the last move of the champion and were not picked.
    SinceMove,
    /// Those of them that are on the training side of the split.
    SinceMovePool,
    /// Those of them that are on the side of the holdout.
    SinceMoveHoldout,
    /// The version that the champion replaced.
    Former,
    /// The sequential test of the former version and the champion since the promotion.
    Watch,
    /// The comparison of the champion and the challenger since the rollback.
    ResumeCurrent,
    /// The comparison of the version that was rolled back and the challenger since the rollback.
    ResumeFormer,
    /// The result of `promote`.
    Promote,
    /// The decision of the run.
    Decision,
    /// The report as Markdown.
    ReportMarkdown,
    /// The report as HTML.
    ReportPage,
    /// Rows before `--since`.
    History,
    /// Valid rows before `--since`.
    HistoryClean,
    /// Rejected rows before `--since`.
    HistoryRejects,
}

/// The name of every file.
const FILES: [(RunFile, &str); 32] = [
    (RunFile::Clean, "clean.csv"),
    (RunFile::Rejects, "rejects.csv"),
    (RunFile::Validate, "validate.json"),
    (RunFile::Champion, "champion.json"),
    (RunFile::Scored, "scored.csv"),
    (RunFile::Metrics, "metrics.json"),
    (RunFile::Drift, "drift.json"),
    (RunFile::Unlabelled, "unlabelled.jsonl"),
    (RunFile::UnlabelledScored, "unlabelled-scored.jsonl"),
    (RunFile::ToLabel, "to-label.csv"),
    (RunFile::Pool, "pool.csv"),
    (RunFile::Train, "train.csv"),
    (RunFile::Holdout, "holdout.csv"),
    (RunFile::Challenger, "challenger.json"),
    (RunFile::ChampionScored, "champion-scored.csv"),
    (RunFile::ChallengerScored, "challenger-scored.csv"),
    (RunFile::Compare, "compare.json"),
    (RunFile::Flips, "flips.csv"),
    (RunFile::SinceMove, "since-move.jsonl"),
    (RunFile::SinceMovePool, "since-move-pool.jsonl"),
    (RunFile::SinceMoveHoldout, "since-move-holdout.jsonl"),
    (RunFile::Former, "former.json"),
    (RunFile::Watch, "watch.json"),
    (RunFile::ResumeCurrent, "resume-current.json"),
    (RunFile::ResumeFormer, "resume-former.json"),
    (RunFile::Promote, "promote.json"),
    (RunFile::Decision, "decision.json"),
    (RunFile::ReportMarkdown, "report.md"),
    (RunFile::ReportPage, "report.html"),
    (RunFile::History, "history.csv"),
    (RunFile::HistoryClean, "history-clean.csv"),
    (RunFile::HistoryRejects, "history-rejects.csv"),
];

/// Names of the file of new rows, by input format.
const NEW_ROWS: [&str; 4] = ["new.csv", "new.tsv", "new.jsonl", "new.ndjson"];

/// The default directory of a run.
pub const OUT: &str = "out";

/// Name of the record of a run.
pub const RECORD: &str = "run.json";

/// The files of the directory of a run. Its state and registry have their own lists.
pub const RUN_FILES: OwnedDirectory = OwnedDirectory {
    kind: "run",
    paths: || {
        let results = || FILES.iter().map(|(_, name)| *name);
        let own = ["demo/", "state/", "models/", RECORD].into_iter().chain(results()).chain(NEW_ROWS);
        let demo = ["messages.csv.gz", "contract.toml"].into_iter().chain(results());
        own.map(str::to_owned).chain(demo.map(|name| format!("demo/{name}"))).collect()
    },
};

/// The directory of a run.
#[derive(Clone, Debug)]
pub struct RunFiles {
    directory: PathBuf,
}

impl RunFiles {
    /// The files of a run in this directory. The directory can be missing.
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_path_buf() }
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The path of a file of the run, as a word of a command line.
    pub fn name(&self, file: RunFile) -> String {
        self.path(file).display().to_string()
    }

    pub fn path(&self, file: RunFile) -> PathBuf {
        let name = FILES.iter().find(|(known, _)| *known == file).map_or("", |(_, name)| name);
        self.directory.join(name)
    }

    /// The path of the new rows, by the file extension of the input. Defaults to CSV.
    pub fn new_rows(&self, extension: Option<&str>) -> PathBuf {
        let name =
            NEW_ROWS.iter().find(|name| extension.is_some_and(|own| name.ends_with(&format!(".{own}"))));
        self.directory.join(name.unwrap_or(&NEW_ROWS[0]))
    }

    pub fn record(&self) -> PathBuf {
        self.directory.join(RECORD)
    }

    /// Deletes temporary files of killed tools, in the directories that only this run writes to.
    pub fn sweep(&self) -> Result<()> {
        for directory in ["", "demo", "state"].map(|name| self.directory.join(name)) {
            for path in durable::leftovers(&directory)? {
                remove(&path)?;
            }
        }
        Ok(())
    }

    /// Fails if a file of the run is a symbolic link, or the default directory, which you did not name.
    pub fn expect_no_links(&self) -> Result<()> {
        if self.directory == Path::new(OUT) {
            expect_no_link(&self.directory)?;
        }
        RUN_FILES.expect_no_links(&self.directory)
    }

    fn results(&self) -> impl Iterator<Item = PathBuf> {
        let names = FILES.iter().map(|(_, name)| *name).chain(NEW_ROWS);
        names.map(|name| self.directory.join(name))
    }

    /// Deletes the results of an earlier run, so that they cannot be confused with the results of this run. Fails if an
    /// input is a result file, and keeps this file.
    pub fn clear<'a>(&self, inputs: impl IntoIterator<Item = &'a Path>) -> Result<()> {
        create_directories(&self.directory).with_context(|| self.directory.display().to_string())?;
        let real = |path: &Path| path.canonicalize().ok();
        let inputs: Vec<(&Path, PathBuf)> =
            inputs.into_iter().filter_map(|input| Some((input, real(input)?))).collect();
        let mut overwritten = None;
        // Delete the record first: without a record, no result counts as part of a run.
        for path in [self.record()].into_iter().chain(self.results()).filter(|path| path.is_file()) {
            let own = real(&path);
            match inputs.iter().find(|(_, input)| own.as_ref() == Some(input)) {
                Some((input, _)) => overwritten = Some(*input),
                None => remove(&path)?,
            }
        }
        self.sweep()?;
        if let Some(input) = overwritten {
            bail!("{}: would be overwritten; choose another --out-dir", input.display());
        }
        Ok(())
    }
}
