//! Defines a run as observed, and its line in the history.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::drift::labelled_verdicts::LabelledVerdicts;
use crate::drift::verdict::DriftVerdict;
use crate::io::result_file::{digest, parse, schema};
use crate::profile::summary::{MOST_ROWS, MessageRecord, Profile, StoredProfile};
use crate::stats::confusion::Confusion;

/// Schema name of a line of the history.
const KIND: &str = "block";

/// A run before it is assessed.
#[derive(Clone, Debug)]
pub struct ObservedRun<'a> {
    /// Seconds since 1970-01-01 UTC.
    pub time: i64,
    /// Digest of the reference; empty without a reference.
    pub reference: &'a str,
    /// Digest of the profile. A repeated run has the same id.
    pub id: String,
    pub messages: &'a Profile,
    /// The messages in the form that the history keeps.
    pub stored: StoredProfile,
    pub verdicts: LabelledVerdicts,
}

impl<'a> ObservedRun<'a> {
    /// A run with these new messages.
    pub fn of(
        messages: &'a Profile,
        reference: &'a str,
        time: i64,
        verdicts: LabelledVerdicts,
    ) -> Result<Self> {
        let stored = StoredProfile::of(messages);
        let id = digest(&serde_json::to_string(&stored)?);
        Ok(Self { time, reference, id, messages, stored, verdicts })
    }

    pub fn rows(&self) -> u64 {
        self.messages.rows
    }

    pub fn labelled(&self) -> u64 {
        self.messages.labels.iter().sum()
    }
}

/// The part of an assessment that the history keeps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunFindings {
    pub verdict: DriftVerdict,
    /// Number of runs in the window of the verdict, including this run.
    pub runs: usize,
    /// Numbers of rows and of labelled rows since the reference, including this run.
    pub since: (u64, u64),
    /// Whether the strengths were compared with earlier windows.
    pub calibrated: bool,
    /// Whether the run has unusual drift: a larger change than 95% of the earlier windows.
    pub news: bool,
    /// Strength of the change in each family, and the estimated loss of F1 as `estimated_loss`.
    pub strengths: BTreeMap<String, f64>,
    /// Whether a retrain is due for this drift: it is unusual, and nothing explains or answers it.
    pub unanswered: bool,
    /// Strength of the drift that a retrain has answered, by family.
    pub answered: BTreeMap<String, f64>,
    /// Number of windows in a row without an alarm, including this one.
    pub quiet: u64,
    pub f1: Option<f64>,
}

/// A line of the history.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRecord {
    /// Schema of the line.
    schema: String,
    /// Time of the run, in seconds since 1970-01-01 UTC.
    pub time: i64,
    /// Digest of the reference; empty without a reference.
    pub reference: String,
    /// Digest of the profile. A repeated run has the same id.
    pub id: String,
    /// Number of rows.
    pub rows: u64,
    /// Number of distinct messages.
    pub distinct: u64,
    /// Number of labelled rows.
    pub labelled: u64,
    /// Verdicts of the champion on labelled rows; copies of a message count once.
    pub confusion: Confusion,
    /// Number of labelled rows that are copies of a counted message. Absent if there are none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub copies: u64,
    /// Verdict on the window.
    pub verdict: DriftVerdict,
    /// Number of runs in the window of the verdict, including this run.
    pub runs: usize,
    /// Numbers of rows and of labelled rows since the reference, including this run.
    pub since: (u64, u64),
    /// Whether the strengths were compared with earlier windows.
    pub calibrated: bool,
    /// Whether the run has unusual drift: a larger change than 95% of the earlier windows.
    pub news: bool,
    /// Strength of the change in each family of tests, and the estimated loss of F1 as `estimated_loss`.
    pub strengths: BTreeMap<String, f64>,
    /// Whether the run requested a retrain.
    #[serde(default, skip_serializing_if = "is_false")]
    pub retrain: bool,
    /// Whether a retrain is due for this drift: it is unusual, and nothing explains or answers it. Absent if this equals
    /// `news`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<bool>,
    /// Strength of the drift that a retrain has answered, by family. Absent if there is none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answered: BTreeMap<String, f64>,
    /// Number of windows in a row without an alarm, including this one. Absent if this window has one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub quiet: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    /// Estimated F1, 0 to 1; absent if it cannot be estimated.
    pub f1: Option<f64>,
    /// Profile of the new messages; absent once later runs cannot be pooled with it.
    #[serde(default, skip_serializing_if = "StoredProfile::is_empty")]
    pub profile: StoredProfile,
}

/// Whether a count is left out of the history.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

impl RunRecord {
    pub fn new(run: ObservedRun, findings: RunFindings) -> Self {
        let (rows, distinct, labelled) = (run.rows(), run.messages.len() as u64, run.labelled());
        let RunFindings {
            verdict,
            runs,
            since,
            calibrated,
            news,
            strengths,
            unanswered,
            answered,
            quiet,
            f1,
        } = findings;
        Self {
            schema: schema(KIND),
            time: run.time,
            reference: run.reference.into(),
            id: run.id,
            rows,
            distinct,
            labelled,
            confusion: run.verdicts.confusion,
            copies: run.verdicts.copies,
            verdict,
            runs,
            since,
            calibrated,
            news,
            strengths,
            retrain: false,
            unanswered: (unanswered != news).then_some(unanswered),
            answered,
            quiet,
            f1,
            profile: run.stored,
        }
    }

    /// Reads a line of a history.
    pub(super) fn read(line: &str) -> Result<Self> {
        let record: Self = parse(line, KIND)?;
        record.profile.profile().context("invalid profile")?;
        let Confusion { true_positive, false_positive, true_negative, false_negative } = record.confusion;
        let counts = [record.rows, record.distinct, record.labelled, record.since.0, record.since.1];
        let verdicts = [true_positive, false_positive, true_negative, false_negative, record.copies];
        let is_plausible = counts.iter().chain(&verdicts).all(|count| *count < MOST_ROWS);
        ensure!(
            is_plausible && record.time.abs() < 1 << 48 && record.runs < 1 << 16,
            "a count or the time is out of range"
        );
        Ok(record)
    }

    /// Whether a retrain was due for the drift of this run.
    pub(super) fn is_unanswered(&self) -> bool {
        self.unanswered.unwrap_or(self.news)
    }

    pub(super) fn verdicts(&self) -> LabelledVerdicts {
        LabelledVerdicts { confusion: self.confusion, copies: self.copies }
    }

    /// Whether the record has the id `id`, or most of the messages in `messages`. A message that has its label only in one
    /// of both runs is not repeated: its label came late.
    pub(super) fn is_repeated(&self, id: &str, messages: &Profile) -> Result<bool> {
        if self.id == id {
            return Ok(true);
        }
        let own = self.profile.profile()?;
        let is_shared = |hash: u64, record: &MessageRecord| {
            messages.record(hash).is_some_and(|known| known.label() == record.label())
        };
        let shared =
            own.hashes().zip(own.records()).filter(|(hash, record)| is_shared(*hash, record)).count();
        Ok(shared > 0 && 2 * shared >= messages.len().min(own.len()))
    }
}

/// One run of the history, as shown in a report.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct RunSummary {
    /// Seconds since 1970-01-01 UTC.
    pub time: i64,
    /// Number of rows.
    pub rows: u64,
    /// Verdict on the run.
    pub verdict: DriftVerdict,
    /// Estimated F1, 0 to 1; null if it cannot be estimated.
    pub f1: Option<f64>,
}

impl From<&RunRecord> for RunSummary {
    fn from(record: &RunRecord) -> Self {
        let RunRecord { time, rows, verdict, f1, .. } = *record;
        Self { time, rows, verdict, f1 }
    }
}
