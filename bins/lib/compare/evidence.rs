//! Defines the evidence of a comparison: row counts, scores, newest rows, slices, gates and golden messages.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::compare::gates::Gate;
use crate::compare::golden::GoldenResult;
use crate::compare::recent::RecentRows;
use crate::compare::sequential::SequentialEvidence;
use crate::compare::slices::Slices;
use crate::compare::suspicion::Suspicion;
use crate::model::estimate::RequiredGate;
use crate::model::label_evidence::LabelEvidence;
use crate::stats::metrics::Confusion;
use crate::stats::paired::PairedConfusion;
use crate::stats::ranking::ScoredLabel;

/// Counts of labelled rows, by label and verdict.
#[derive(Clone, Copy, Debug)]
pub enum RowCounts {
    /// Verdicts of the challenger only: there is no champion yet.
    Alone(Confusion),
    /// Verdicts of both models.
    Paired(PairedConfusion),
}

/// Counts and scores of labelled rows.
#[derive(Clone, Debug)]
pub struct JudgedRows {
    pub counts: RowCounts,
    /// One score per row; empty if the rows have no scores.
    pub champion_scores: Vec<ScoredLabel>,
    /// Scores in the same order as the scores of the champion.
    pub challenger_scores: Vec<ScoredLabel>,
}

impl JudgedRows {
    /// Counts without scores.
    pub fn of(counts: RowCounts) -> Self {
        Self { counts, champion_scores: Vec::new(), challenger_scores: Vec::new() }
    }
}

/// Labelled rows, counted by the verdicts of both models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct PairedRows {
    /// Verdicts of the champion; all counts are 0 without a champion.
    pub champion: Confusion,
    /// Verdicts of the challenger.
    pub challenger: Confusion,
    /// Rows that only the champion classified correctly.
    pub only_champion_right: u64,
    /// Rows that only the challenger classified correctly.
    pub only_challenger_right: u64,
}

impl From<&PairedConfusion> for PairedRows {
    fn from(counts: &PairedConfusion) -> Self {
        let right = counts.right();
        Self {
            champion: counts.champion(),
            challenger: counts.challenger(),
            only_champion_right: right.only_one,
            only_challenger_right: right.only_other,
        }
    }
}

impl From<&RowCounts> for PairedRows {
    fn from(rows: &RowCounts) -> Self {
        match rows {
            RowCounts::Alone(challenger) => Self { challenger: *challenger, ..Self::default() },
            RowCounts::Paired(counts) => Self::from(counts),
        }
    }
}

/// Everything that `decide` needs to know about a challenger.
#[derive(Clone, Debug)]
pub struct CompareEvidence {
    /// Distinct messages: the first row of each group of near-duplicates. They decide.
    pub messages: JudgedRows,
    /// All rows, copies included; none if no row is a copy.
    pub traffic: Option<JudgedRows>,
    pub recent: Option<RecentRows>,
    pub slices: Slices,
    pub gates: Vec<Gate>,
    /// Gates that were set when the challenger was fitted.
    pub required: Vec<RequiredGate>,
    pub golden: Option<GoldenResult>,
    /// Groups of suspect rows of the challenger.
    pub suspects: Suspicion,
    pub sequential: Option<SequentialEvidence>,
    /// Labels compared with the champion's verdicts; none without the champion's model.
    pub labels: Option<LabelEvidence>,
}

impl CompareEvidence {
    /// Evidence from row counts only.
    pub fn of(rows: RowCounts) -> Self {
        Self {
            messages: JudgedRows::of(rows),
            traffic: None,
            recent: None,
            slices: Slices::default(),
            gates: Vec::new(),
            required: Vec::new(),
            golden: None,
            suspects: Suspicion::default(),
            sequential: None,
            labels: None,
        }
    }
}
