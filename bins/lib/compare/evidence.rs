//! The evidence of a comparison: row counts, scores, newest rows, slices, gates and golden messages.

use serde::{Deserialize, Serialize};

use crate::compare::gates::Gate;
use crate::compare::golden::GoldenResult;
use crate::compare::recent::RecentRows;
use crate::compare::sequential::SequentialEvidence;
use crate::compare::slices::Slices;
use crate::model::estimate::RequiredGate;
use crate::stats::metrics::Confusion;
use crate::stats::paired::PairedConfusion;
use crate::stats::ranking::ScoredLabel;

/// Labelled rows, counted by the verdicts on them.
#[derive(Clone, Debug)]
pub enum RowCounts {
    /// The challenger's verdicts: there is no champion yet.
    Alone(Confusion),
    /// The verdicts of both models.
    Paired(PairedConfusion),
}

/// Labelled rows that both models have judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairedRows {
    /// The champion's verdicts; all zero without a champion.
    pub champion: Confusion,
    /// The challenger's verdicts.
    pub challenger: Confusion,
    /// Rows that only the champion got right.
    pub only_champion_right: u64,
    /// Rows that only the challenger got right.
    pub only_challenger_right: u64,
}

impl From<&PairedConfusion> for PairedRows {
    fn from(counters: &PairedConfusion) -> Self {
        let right = counters.right();
        Self {
            champion: counters.champion(),
            challenger: counters.challenger(),
            only_champion_right: right.only_one,
            only_challenger_right: right.only_other,
        }
    }
}

impl From<&RowCounts> for PairedRows {
    fn from(rows: &RowCounts) -> Self {
        match rows {
            RowCounts::Alone(challenger) => Self { challenger: *challenger, ..Self::default() },
            RowCounts::Paired(counters) => Self::from(counters),
        }
    }
}

/// What was found about a challenger.
#[derive(Clone, Debug)]
pub struct CompareEvidence {
    /// All labelled rows.
    pub rows: RowCounts,
    /// The newest of them.
    pub recent: Option<RecentRows>,
    /// The champion's scores, row by row; empty where the rows have no scores.
    pub champion_scores: Vec<ScoredLabel>,
    /// The challenger's scores, in the same order.
    pub challenger_scores: Vec<ScoredLabel>,
    /// The rows by slice.
    pub slices: Slices,
    /// The gates for the challenger's figures.
    pub gates: Vec<Gate>,
    /// The requirements that its model was fitted with.
    pub required: Vec<RequiredGate>,
    /// The golden messages.
    pub golden: Option<GoldenResult>,
    /// The evidence of a sequential test.
    pub sequential: Option<SequentialEvidence>,
}

impl CompareEvidence {
    /// Rows, and nothing else.
    pub fn of(rows: RowCounts) -> Self {
        Self {
            rows,
            recent: None,
            champion_scores: Vec::new(),
            challenger_scores: Vec::new(),
            slices: Slices::default(),
            gates: Vec::new(),
            required: Vec::new(),
            golden: None,
            sequential: None,
        }
    }
}
