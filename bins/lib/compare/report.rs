//! Defines `compare.json`, the result of `compare`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::compare::decision::{BothFigures, TrafficFigures};
use crate::compare::evidence::PairedRows;
use crate::compare::gates::GateResult;
use crate::compare::golden::GoldenResult;
use crate::compare::paired_result::{CompareVerdict, PairedResult};
use crate::compare::reasons::CompareReasonCode;
use crate::compare::recent::RecentRows;
use crate::compare::sequential::SequentialEvidence;
use crate::compare::slices::Slice;
use crate::io::result_file::ResultHead;
use crate::model::estimate::RequiredGate;
use crate::reason::Reason;
use crate::stats::paired::PairedAuc;

/// The result of `compare`. All tests, figures, slices and gates count distinct messages: the first row of each group of
/// near-duplicates with the same label.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct CompareReport {
    /// Schema, tool and run.
    #[serde(flatten)]
    pub head: ResultHead,
    /// SHA-256 of the champion's model file; absent if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub champion_digest: Option<String>,
    /// SHA-256 of the challenger's model file; absent if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenger_digest: Option<String>,
    /// Number of labelled rows.
    pub rows: u64,
    /// Number of distinct messages among them, which decide. Absent if no row is a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<u64>,
    /// Figures weighted by traffic: every copy counts. Information only. Absent if no row is a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<TrafficFigures>,
    /// Number of labelled rows left out, because a model learned from them. Absent if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learned: Option<u64>,
    /// `better`, `worse` or `inconclusive`.
    pub verdict: CompareVerdict,
    /// Whether the challenger should be promoted.
    pub deploy_needed: bool,
    /// Every test and check, passed or not.
    pub reasons: Vec<Reason>,
    /// Distinct rows needed for a verdict, if the true difference equals the measured difference. Null if there is a
    /// verdict.
    pub rows_needed: Option<u64>,
    /// F1 of the champion; null without a champion.
    pub champion_f1: Option<f64>,
    /// F1 of the challenger.
    pub challenger_f1: f64,
    /// Counts of rows behind all figures; copies of a message count once.
    pub pairs: PairedRows,
    /// Result on all rows, copies counted once: does the challenger still classify old rows correctly? Null without a champion.
    pub whole: Option<PairedResult>,
    /// Result on the newest rows: is the challenger better now? Null if the rows have no dates or are few.
    pub recent: Option<RecentRows>,
    /// Areas under the ROC curve; null without scores.
    pub areas: Option<PairedAuc>,
    /// Every figure of both models.
    pub figures: BothFigures,
    /// Results by slice.
    pub slices: Vec<Slice>,
    /// Results of the gates.
    pub gates: Vec<GateResult>,
    /// Gates that were set when the challenger was fitted, checked on out-of-fold scores.
    pub required: Vec<RequiredGate>,
    /// Result of the golden messages; null if there are none.
    pub golden: Option<GoldenResult>,
    /// Evidence of the sequential test; null without --sequential.
    pub sequential: Option<SequentialEvidence>,
}

impl CompareReport {
    /// Number of distinct messages that decide; all rows if no row is a copy.
    pub fn counted(&self) -> u64 {
        self.messages.unwrap_or(self.rows)
    }

    /// The first reason that blocks the challenger because of its training rows: a group of suspect rows that is not
    /// accepted yet, or no search for them.
    pub fn open_suspicion(&self) -> Option<&Reason> {
        let code = CompareReasonCode::SuspectRows.name();
        self.reasons.iter().find(|reason| !reason.fired && reason.code == code)
    }
}
