//! Defines the reasons of a comparison, as numbers. `report::compare_sentences` turns them into sentences.

use crate::compare::gates::GateOutcome;
use crate::compare::golden::GoldenResult;
use crate::compare::paired_result::{MIN_F1_EFFECT, PairedResult, SIGNIFICANCE_LEVEL};
use crate::compare::sequential::{EVIDENCE_NEEDED, SequentialEvidence};
use crate::compare::slices::{MAX_SLICE_LOSS, Slice};
use crate::compare::suspicion::JudgedGroup;
use crate::model::estimate::RequiredGate;
use crate::model::label_evidence::{FEEDBACK_LEVEL, LabelEvidence};

/// The rows that a test uses.
#[derive(Clone, Debug, PartialEq)]
pub enum RowScope {
    All,
    /// Rows from this time on.
    NewestSince(String),
}

/// One test or check, passed or not.
#[derive(Clone, Debug, PartialEq)]
pub enum CompareReason {
    NoRows,
    FirstModel,
    /// The labels repeat the champion's verdicts, so they cannot show that the challenger is better.
    Feedback(LabelEvidence),
    PairedTest(RowScope, PairedResult),
    /// The difference in F1, with its interval.
    F1Difference(RowScope, PairedResult),
    /// Whether the interval of the F1 difference excludes a loss of the minimum effect.
    NotWorse(RowScope, PairedResult),
    Evidence(SequentialEvidence),
    /// Negative training rows that share something, although the rest of their text is positive.
    SuspectRows(JudgedGroup),
    /// The training rows were not searched for suspect rows.
    Unsearched,
    /// The current number of rows, and the number needed for a verdict.
    RowsNeeded {
        rows: u64,
        needed: u64,
    },
    Gate(GateOutcome),
    /// A gate that was set when the model was fitted.
    Required(RequiredGate),
    SliceLoses(Slice),
    /// The challenger loses in no slice.
    NoSliceLoses {
        slices: usize,
    },
    Golden(GoldenResult),
}

/// The code of a reason, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareReasonCode {
    Rows,
    First,
    FeedbackLoop,
    PairedTest,
    F1Difference,
    NotWorse,
    Evidence,
    SuspectRows,
    RowsNeeded,
    Gate,
    Required,
    Slice,
    Golden,
}

impl CompareReasonCode {
    pub const ALL: [Self; 13] = [
        Self::Rows,
        Self::First,
        Self::FeedbackLoop,
        Self::PairedTest,
        Self::F1Difference,
        Self::NotWorse,
        Self::Evidence,
        Self::SuspectRows,
        Self::RowsNeeded,
        Self::Gate,
        Self::Required,
        Self::Slice,
        Self::Golden,
    ];

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::First => "first",
            Self::FeedbackLoop => "feedback_loop",
            Self::PairedTest => "paired_test",
            Self::F1Difference => "f1_difference",
            Self::NotWorse => "not_worse",
            Self::Evidence => "evidence",
            Self::SuspectRows => "suspect_rows",
            Self::RowsNeeded => "rows_needed",
            Self::Gate => "gate",
            Self::Required => "required",
            Self::Slice => "slice",
            Self::Golden => "golden",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == name)
    }
}

impl CompareReason {
    pub fn code(&self) -> CompareReasonCode {
        match self {
            Self::NoRows => CompareReasonCode::Rows,
            Self::FirstModel => CompareReasonCode::First,
            Self::Feedback(_) => CompareReasonCode::FeedbackLoop,
            Self::PairedTest(..) => CompareReasonCode::PairedTest,
            Self::F1Difference(..) => CompareReasonCode::F1Difference,
            Self::NotWorse(..) => CompareReasonCode::NotWorse,
            Self::Evidence(_) => CompareReasonCode::Evidence,
            Self::SuspectRows(_) | Self::Unsearched => CompareReasonCode::SuspectRows,
            Self::RowsNeeded { .. } => CompareReasonCode::RowsNeeded,
            Self::Gate(_) => CompareReasonCode::Gate,
            Self::Required(_) => CompareReasonCode::Required,
            Self::SliceLoses(_) | Self::NoSliceLoses { .. } => CompareReasonCode::Slice,
            Self::Golden(_) => CompareReasonCode::Golden,
        }
    }

    /// Whether the reason favours the challenger.
    pub fn fired(&self) -> bool {
        match self {
            Self::NoRows
            | Self::Feedback(_)
            | Self::Unsearched
            | Self::RowsNeeded { .. }
            | Self::SliceLoses(_) => false,
            Self::FirstModel | Self::NoSliceLoses { .. } => true,
            Self::PairedTest(_, part) => part.mcnemar.is_better(),
            Self::F1Difference(_, part) => part.is_higher(),
            Self::NotWorse(_, part) => part.is_not_worse(),
            Self::Evidence(evidence) => evidence.most_for_challenger >= EVIDENCE_NEEDED,
            Self::SuspectRows(judged) => !judged.is_open(),
            Self::Gate(gate) => gate.passed(),
            Self::Required(gate) => gate.passed,
            Self::Golden(golden) => golden.passed(),
        }
    }

    /// The measured number; none if the reason has no number.
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::NoRows | Self::FirstModel | Self::Unsearched | Self::NoSliceLoses { .. } => None,
            Self::Feedback(labels) => Some(labels.p),
            Self::PairedTest(_, part) => Some(part.mcnemar.exact),
            Self::F1Difference(_, part) => Some(part.f1.map_or(0.0, |f1| f1.value)),
            Self::NotWorse(_, part) => Some(part.f1_lower_bound()),
            Self::Evidence(evidence) => Some(evidence.most_for_challenger),
            Self::SuspectRows(judged) => Some(judged.group.rows as f64),
            Self::RowsNeeded { rows, .. } => Some(*rows as f64),
            Self::Gate(gate) => gate.challenger,
            Self::Required(gate) => gate.value,
            Self::SliceLoses(slice) => Some(slice.f1_loss()),
            Self::Golden(golden) => Some(golden.wrong as f64),
        }
    }

    pub fn limit(&self) -> Option<f64> {
        match self {
            Self::NoRows | Self::FirstModel | Self::Unsearched | Self::NoSliceLoses { .. } => None,
            Self::Feedback(_) => Some(FEEDBACK_LEVEL),
            Self::PairedTest(..) => Some(SIGNIFICANCE_LEVEL),
            Self::F1Difference(..) => Some(MIN_F1_EFFECT),
            Self::NotWorse(..) => Some(-MIN_F1_EFFECT),
            Self::Evidence(_) => Some(EVIDENCE_NEEDED),
            Self::RowsNeeded { needed, .. } => Some(*needed as f64),
            Self::Gate(gate) => gate.gate.threshold,
            Self::Required(gate) => Some(gate.limit),
            Self::SliceLoses(_) => Some(MAX_SLICE_LOSS),
            Self::SuspectRows(_) | Self::Golden(_) => Some(0.0),
        }
    }

    /// The p-value; none if the reason is not a test.
    pub fn p(&self) -> Option<f64> {
        match self {
            Self::Feedback(labels) => Some(labels.p),
            Self::PairedTest(_, part) => Some(part.mcnemar.exact),
            Self::SliceLoses(slice) => slice.p,
            Self::SuspectRows(judged) => Some(judged.group.p),
            _ => None,
        }
    }
}
