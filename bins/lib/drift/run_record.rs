//! One run as it is observed, and the line of the history that it becomes.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::drift::verdict::DriftVerdict;
use crate::io::result_file::{digest, parse, schema};
use crate::profile::summary::{MOST_ROWS, Profile, StoredProfile};
use crate::stats::confusion::Confusion;

/// The schema of a line of the history.
const KIND: &str = "block";

/// A run before it is assessed.
#[derive(Clone, Debug)]
pub struct ObservedRun<'a> {
    /// Seconds since 1970.
    pub time: i64,
    /// The digest of the reference; empty if there is none.
    pub reference: &'a str,
    /// The digest of the profile: a run that is repeated has the same.
    pub id: String,
    /// The new messages.
    pub messages: &'a Profile,
    /// The same as the history keeps them.
    pub stored: StoredProfile,
    /// The champion's verdicts on labelled rows.
    pub confusion: Confusion,
}

impl<'a> ObservedRun<'a> {
    /// The run that brought these messages.
    pub fn of(messages: &'a Profile, reference: &'a str, time: i64, confusion: Confusion) -> Result<Self> {
        let stored = StoredProfile::of(messages);
        let id = digest(&serde_json::to_string(&stored)?);
        Ok(Self { time, reference, id, messages, stored, confusion })
    }

    /// Its rows.
    pub fn rows(&self) -> u64 {
        self.messages.rows
    }

    /// Its labelled rows.
    pub fn labelled(&self) -> u64 {
        self.messages.labels.iter().sum()
    }
}

/// What a run was found to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunFindings {
    /// The verdict.
    pub verdict: DriftVerdict,
    /// Runs in the window of the verdict: this one and those before it.
    pub runs: usize,
    /// Rows, and labelled rows, since the reference, including this run.
    pub since: (u64, u64),
    /// Whether alarms were compared with earlier windows.
    pub calibrated: bool,
    /// Whether it has drifted, and more than is normal.
    pub news: bool,
    /// How far each family has moved.
    pub strengths: BTreeMap<String, f64>,
    /// The estimated F1.
    pub f1: Option<f64>,
}

/// A line of the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRecord {
    /// What kind of line it is.
    schema: String,
    /// Seconds since 1970.
    pub time: i64,
    /// The digest of the reference; empty if there was none.
    pub reference: String,
    /// The digest of the profile: a run that is repeated has the same.
    pub id: String,
    /// Its rows.
    pub rows: u64,
    /// Its distinct messages.
    pub distinct: u64,
    /// Its labelled rows.
    pub labelled: u64,
    /// The champion's verdicts on them.
    pub confusion: Confusion,
    /// The verdict.
    pub verdict: DriftVerdict,
    /// Runs in the window of the verdict: this one and those before it.
    pub runs: usize,
    /// Rows, and labelled rows, since the reference, including this run.
    pub since: (u64, u64),
    /// Whether alarms were compared with earlier windows.
    pub calibrated: bool,
    /// Whether it had drifted, and more than is normal.
    pub news: bool,
    /// How far each family had moved.
    pub strengths: BTreeMap<String, f64>,
    /// The estimated F1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub f1: Option<f64>,
    /// Its profile, as long as later runs may be pooled with it.
    #[serde(default, skip_serializing_if = "StoredProfile::is_empty")]
    pub profile: StoredProfile,
}

impl RunRecord {
    /// The record of a run.
    pub fn new(run: ObservedRun, findings: RunFindings) -> Self {
        let (rows, distinct, labelled) = (run.rows(), run.messages.len() as u64, run.labelled());
        let RunFindings { verdict, runs, since, calibrated, news, strengths, f1 } = findings;
        Self {
            schema: schema(KIND),
            time: run.time,
            reference: run.reference.into(),
            id: run.id,
            rows,
            distinct,
            labelled,
            confusion: run.confusion,
            verdict,
            runs,
            since,
            calibrated,
            news,
            strengths,
            f1,
            profile: run.stored,
        }
    }

    /// Reads a line of a history.
    pub(super) fn read(line: &str) -> Result<Self> {
        let record: Self = parse(line, KIND)?;
        record.profile.profile().context("its profile")?;
        let Confusion { true_positive, false_positive, true_negative, false_negative } = record.confusion;
        let counts = [record.rows, record.distinct, record.labelled, record.since.0, record.since.1];
        let verdicts = [true_positive, false_positive, true_negative, false_negative];
        let can_be = counts.iter().chain(&verdicts).all(|count| *count < MOST_ROWS);
        ensure!(
            can_be && record.time.abs() < 1 << 48 && record.runs < 1 << 16,
            "counts more than there can be"
        );
        Ok(record)
    }

    /// Whether it is the run with this id, or has most of that run's messages.
    pub(super) fn is_repeated(&self, id: &str, messages: &Profile) -> Result<bool> {
        if self.id == id {
            return Ok(true);
        }
        let own = self.profile.profile()?;
        let shared = own.hashes().filter(|hash| messages.has(*hash)).count();
        Ok(shared > 0 && 2 * shared >= messages.len().min(own.len()))
    }
}

/// A run in a few words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// Seconds since 1970.
    pub time: i64,
    /// Its rows.
    pub rows: u64,
    /// Its verdict.
    pub verdict: DriftVerdict,
    /// The F1 that was estimated.
    pub f1: Option<f64>,
}

impl From<&RunRecord> for RunSummary {
    fn from(record: &RunRecord) -> Self {
        let RunRecord { time, rows, verdict, f1, .. } = *record;
        Self { time, rows, verdict, f1 }
    }
}
