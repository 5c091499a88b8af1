//! The JSON of `compare`: the definition of `compare.json`.

use serde::{Deserialize, Serialize};

use crate::compare::decision::BothFigures;
use crate::compare::evidence::PairedRows;
use crate::compare::gates::GateResult;
use crate::compare::golden::GoldenResult;
use crate::compare::paired_result::{CompareVerdict, PairedResult};
use crate::compare::recent::RecentRows;
use crate::compare::sequential::SequentialEvidence;
use crate::compare::slices::Slice;
use crate::io::result_file::ResultHead;
use crate::model::estimate::RequiredGate;
use crate::reason::Reason;
use crate::stats::paired::PairedAuc;

/// The JSON that `compare` writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompareReport {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: ResultHead,
    /// Labelled rows compared.
    pub rows: u64,
    /// Whether the challenger is better.
    pub verdict: CompareVerdict,
    /// Whether the challenger should be promoted.
    pub deploy_needed: bool,
    /// Tests and gates, whether they spoke for the challenger or not.
    pub reasons: Vec<Reason>,
    /// How many rows would settle an open verdict, if the difference is what it looks like.
    pub rows_needed: Option<u64>,
    /// The champion's F1; none without a champion.
    pub champion_f1: Option<f64>,
    /// The challenger's F1.
    pub challenger_f1: f64,
    /// The counts behind all figures.
    pub pairs: PairedRows,
    /// All rows: has it forgotten anything? None without a champion.
    pub whole: Option<PairedResult>,
    /// The newest rows: is it better today? None if the rows have no dates.
    pub recent: Option<RecentRows>,
    /// The areas under the ROC curve; none if there are no scores.
    pub areas: Option<PairedAuc>,
    /// Every figure of either model.
    pub figures: BothFigures,
    /// The rows by slice.
    pub slices: Vec<Slice>,
    /// The gates for the challenger's figures.
    pub gates: Vec<GateResult>,
    /// The requirements that its model was fitted with, out of fold.
    pub required: Vec<RequiredGate>,
    /// The golden messages.
    pub golden: Option<GoldenResult>,
    /// The evidence of a sequential test.
    pub sequential: Option<SequentialEvidence>,
}
