//! The reasons of a comparison, as numbers. `report::compare_sentences` turns them into sentences.

use crate::compare::gates::GateOutcome;
use crate::compare::golden::GoldenResult;
use crate::compare::paired_result::{MIN_F1_EFFECT, PairedResult, SIGNIFICANCE_LEVEL};
use crate::compare::sequential::{EVIDENCE_NEEDED, SequentialEvidence};
use crate::compare::slices::{MAX_SLICE_LOSS, Slice};
use crate::model::estimate::RequiredGate;

/// The rows that a test was made on.
#[derive(Clone, Debug, PartialEq)]
pub enum RowScope {
    /// All labelled rows.
    All,
    /// Those from this moment on.
    NewestSince(String),
}

/// One test or check, whether it spoke for the challenger or not.
#[derive(Clone, Debug, PartialEq)]
pub enum CompareReason {
    /// There are no labelled rows.
    NoRows,
    /// There is no champion yet.
    FirstModel,
    /// McNemar's exact test.
    PairedTest(RowScope, PairedResult),
    /// The difference of F1 and its interval.
    F1Difference(RowScope, PairedResult),
    /// Whether the interval of F1 excludes a loss that matters.
    NotWorse(RowScope, PairedResult),
    /// The evidence of a sequential test.
    Evidence(SequentialEvidence),
    /// The rows that there are, and those that would settle it.
    RowsNeeded {
        /// Rows at hand.
        rows: u64,
        /// Rows that would settle it.
        needed: u64,
    },
    /// A gate.
    Gate(GateOutcome),
    /// A requirement that the model was fitted with.
    Required(RequiredGate),
    /// A slice in which the challenger loses.
    SliceLoses(Slice),
    /// It loses in none of so many slices.
    NoSliceLoses {
        /// The slices.
        slices: usize,
    },
    /// The golden messages.
    Golden(GoldenResult),
}

/// The word for programs that stands for a kind of reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareReasonCode {
    /// There are no labelled rows.
    Rows,
    /// There is no champion.
    First,
    /// McNemar's exact test.
    PairedTest,
    /// The difference of F1.
    F1Difference,
    /// F1 is not lower.
    NotWorse,
    /// The sequential test.
    Evidence,
    /// Rows that would settle it.
    RowsNeeded,
    /// A gate.
    Gate,
    /// A requirement of the fit.
    Required,
    /// The slices.
    Slice,
    /// The golden messages.
    Golden,
}

impl CompareReasonCode {
    /// Every code.
    pub const ALL: [Self; 11] = [
        Self::Rows,
        Self::First,
        Self::PairedTest,
        Self::F1Difference,
        Self::NotWorse,
        Self::Evidence,
        Self::RowsNeeded,
        Self::Gate,
        Self::Required,
        Self::Slice,
        Self::Golden,
    ];

    /// The code as JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::First => "first",
            Self::PairedTest => "paired_test",
            Self::F1Difference => "f1_difference",
            Self::NotWorse => "not_worse",
            Self::Evidence => "evidence",
            Self::RowsNeeded => "rows_needed",
            Self::Gate => "gate",
            Self::Required => "required",
            Self::Slice => "slice",
            Self::Golden => "golden",
        }
    }

    /// The code of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == name)
    }
}

impl CompareReason {
    /// Its code.
    pub fn code(&self) -> CompareReasonCode {
        match self {
            Self::NoRows => CompareReasonCode::Rows,
            Self::FirstModel => CompareReasonCode::First,
            Self::PairedTest(..) => CompareReasonCode::PairedTest,
            Self::F1Difference(..) => CompareReasonCode::F1Difference,
            Self::NotWorse(..) => CompareReasonCode::NotWorse,
            Self::Evidence(_) => CompareReasonCode::Evidence,
            Self::RowsNeeded { .. } => CompareReasonCode::RowsNeeded,
            Self::Gate(_) => CompareReasonCode::Gate,
            Self::Required(_) => CompareReasonCode::Required,
            Self::SliceLoses(_) | Self::NoSliceLoses { .. } => CompareReasonCode::Slice,
            Self::Golden(_) => CompareReasonCode::Golden,
        }
    }

    /// Whether it speaks for the challenger.
    pub fn fired(&self) -> bool {
        match self {
            Self::NoRows | Self::RowsNeeded { .. } | Self::SliceLoses(_) => false,
            Self::FirstModel | Self::NoSliceLoses { .. } => true,
            Self::PairedTest(_, part) => part.mcnemar.is_better(),
            Self::F1Difference(_, part) => part.is_higher(),
            Self::NotWorse(_, part) => part.is_not_worse(),
            Self::Evidence(evidence) => evidence.most_for_challenger >= EVIDENCE_NEEDED,
            Self::Gate(gate) => gate.passed(),
            Self::Required(gate) => gate.passed,
            Self::Golden(golden) => golden.passed(),
        }
    }

    /// The number that was seen.
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::NoRows | Self::FirstModel | Self::NoSliceLoses { .. } => None,
            Self::PairedTest(_, part) => Some(part.mcnemar.exact),
            Self::F1Difference(_, part) => Some(part.f1.map_or(0.0, |f1| f1.value)),
            Self::NotWorse(_, part) => Some(part.f1_lower_bound()),
            Self::Evidence(evidence) => Some(evidence.most_for_challenger),
            Self::RowsNeeded { rows, .. } => Some(*rows as f64),
            Self::Gate(gate) => gate.challenger,
            Self::Required(gate) => gate.value,
            Self::SliceLoses(slice) => Some(slice.f1_loss()),
            Self::Golden(golden) => Some(golden.wrong as f64),
        }
    }

    /// The limit that the number was held against.
    pub fn limit(&self) -> Option<f64> {
        match self {
            Self::NoRows | Self::FirstModel | Self::NoSliceLoses { .. } => None,
            Self::PairedTest(..) => Some(SIGNIFICANCE_LEVEL),
            Self::F1Difference(..) => Some(MIN_F1_EFFECT),
            Self::NotWorse(..) => Some(-MIN_F1_EFFECT),
            Self::Evidence(_) => Some(EVIDENCE_NEEDED),
            Self::RowsNeeded { needed, .. } => Some(*needed as f64),
            Self::Gate(gate) => gate.gate.threshold,
            Self::Required(gate) => Some(gate.limit),
            Self::SliceLoses(_) => Some(MAX_SLICE_LOSS),
            Self::Golden(_) => Some(0.0),
        }
    }

    /// The p-value, if a test was made.
    pub fn p(&self) -> Option<f64> {
        match self {
            Self::PairedTest(_, part) => Some(part.mcnemar.exact),
            Self::SliceLoses(slice) => slice.p,
            _ => None,
        }
    }
}
