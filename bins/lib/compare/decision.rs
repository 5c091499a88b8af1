//! The decision of `compare`: the verdict of the paired tests, then every check that can block a deployment.

use serde::{Deserialize, Serialize};

use crate::compare::deployment::{DeployBlock, deploy_block};
use crate::compare::evidence::{CompareEvidence, PairedRows, RowCounts};
use crate::compare::gates::GateOutcome;
use crate::compare::golden::GoldenResult;
use crate::compare::paired_result::{CompareVerdict, PairedResult};
use crate::compare::reasons::CompareReason;
use crate::compare::recent::RecentRows;
use crate::compare::sequential::SequentialEvidence;
use crate::compare::slices::Slice;
use crate::compare::verdict_basis::VerdictBasis;
use crate::model::estimate::RequiredGate;
use crate::stats::metrics::Figures;
use crate::stats::paired::PairedAuc;

/// Figures of either model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BothFigures {
    /// The champion's.
    pub champion: Option<Figures>,
    /// The challenger's.
    pub challenger: Figures,
}

/// What was decided, and the numbers behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct CompareDecision {
    /// Whether the challenger is better.
    pub verdict: CompareVerdict,
    /// What keeps it from being deployed, if anything.
    pub deploy_block: Option<DeployBlock>,
    /// Tests and checks, whether they spoke for the challenger or not.
    pub reasons: Vec<CompareReason>,
    /// How many rows would settle an open verdict, if the difference is what it looks like.
    pub rows_needed: Option<u64>,
    /// All labelled rows.
    pub pairs: PairedRows,
    /// The paired tests on all rows; none without a champion.
    pub whole: Option<PairedResult>,
    /// The paired tests on the newest rows.
    pub recent: Option<RecentRows>,
    /// The areas under the ROC curve; none if there are no scores.
    pub areas: Option<PairedAuc>,
    /// Every figure of either model.
    pub figures: BothFigures,
    /// The rows by slice.
    pub slices: Vec<Slice>,
    /// The gates.
    pub gates: Vec<GateOutcome>,
    /// The requirements that its model was fitted with.
    pub required: Vec<RequiredGate>,
    /// The golden messages.
    pub golden: Option<GoldenResult>,
    /// The evidence of a sequential test.
    pub sequential: Option<SequentialEvidence>,
}

/// Decides. Without a champion the checks alone do.
pub fn decide(evidence: CompareEvidence) -> CompareDecision {
    let CompareEvidence { rows, recent, mut champion_scores, mut challenger_scores, .. } = evidence;
    let CompareEvidence { required, golden, sequential, .. } = evidence;
    let pairs = PairedRows::from(&rows);
    let whole = match rows {
        RowCounts::Paired(counters) => Some(PairedResult::of(counters)),
        RowCounts::Alone(_) => None,
    };
    let areas = PairedAuc::compare(&champion_scores, &challenger_scores).filter(|_| whole.is_some());
    let figures = BothFigures {
        champion: whole.map(|_| Figures::of(&mut champion_scores, pairs.champion)),
        challenger: Figures::of(&mut challenger_scores, pairs.challenger),
    };
    let before = figures.champion.as_ref();
    let gates: Vec<GateOutcome> =
        evidence.gates.iter().map(|gate| gate.outcome(before, &figures.challenger)).collect();
    let slices = evidence.slices.judged();
    let basis = VerdictBasis::of(pairs.challenger.total(), whole.as_ref(), recent.as_ref(), sequential);
    let (verdict, rows_needed) = (basis.verdict(), basis.rows_needed());
    let passed = gates.iter().map(GateOutcome::passed);
    let deploy_block = deploy_block(verdict, passed, &required, &slices, golden.as_ref());
    let mut reasons = basis.reasons();
    reasons.extend(rows_needed.map(|(rows, needed)| CompareReason::RowsNeeded { rows, needed }));
    reasons.extend(gates.iter().cloned().map(CompareReason::Gate));
    reasons.extend(required.iter().cloned().map(CompareReason::Required));
    reasons.extend(slice_reasons(&slices));
    reasons.extend(golden.clone().map(CompareReason::Golden));
    CompareDecision {
        verdict,
        deploy_block,
        reasons,
        rows_needed: rows_needed.map(|(_, needed)| needed),
        pairs,
        whole,
        recent,
        areas,
        figures,
        slices,
        gates,
        required,
        golden,
        sequential,
    }
}

/// The slices in which the challenger loses, or that it loses in none of them.
fn slice_reasons(slices: &[Slice]) -> Vec<CompareReason> {
    let lost: Vec<CompareReason> =
        slices.iter().filter(|slice| slice.loses).cloned().map(CompareReason::SliceLoses).collect();
    if !lost.is_empty() || slices.is_empty() {
        return lost;
    }
    vec![CompareReason::NoSliceLoses { slices: slices.len() }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::gates::Gate;
    use crate::compare::slices::Slices;
    use crate::rows::label::Label::{Negative, Positive};
    use crate::stats::metrics::{Confusion, FigureName};
    use crate::stats::paired::{PairedConfusion, PairedCounts};
    use crate::stats::ranking::ScoredLabel;

    fn counters(ours: u64, theirs: u64) -> PairedConfusion {
        PairedConfusion {
            positive: PairedCounts { both: 100, only_one: theirs, only_other: ours, neither: 0 },
            negative: PairedCounts { neither: 100, ..PairedCounts::default() },
        }
    }

    fn found(ours: u64, theirs: u64) -> CompareEvidence {
        CompareEvidence::of(RowCounts::Paired(counters(ours, theirs)))
    }

    fn deploys(found: CompareEvidence) -> bool {
        decide(found).deploy_block.is_none()
    }

    #[test]
    fn better_takes_more_than_a_few_rows() {
        let verdict = |ours, theirs| decide(found(ours, theirs)).verdict;
        assert_eq!(verdict(20, 4), CompareVerdict::Better);
        assert_eq!(verdict(4, 20), CompareVerdict::Worse);
        assert_eq!(verdict(5, 3), CompareVerdict::Inconclusive);
        assert_eq!(verdict(0, 0), CompareVerdict::Inconclusive);
        let none = decide(CompareEvidence::of(RowCounts::Paired(PairedConfusion::default())));
        assert_eq!(
            (none.verdict, none.deploy_block),
            (CompareVerdict::Inconclusive, Some(DeployBlock::Verdict(CompareVerdict::Inconclusive)))
        );
    }

    #[test]
    fn the_gates_hold_for_the_first_model_too() {
        let gate = Gate::least(FigureName::F1, 0.8);
        let missed = Confusion { false_negative: 5, true_positive: 1, ..Confusion::default() };
        let right = Confusion { true_positive: 9, ..Confusion::default() };
        let alone = |verdicts| CompareEvidence {
            gates: vec![gate],
            ..CompareEvidence::of(RowCounts::Alone(verdicts))
        };
        assert!(!deploys(alone(missed)) && deploys(alone(right)));
        assert!(!deploys(alone(Confusion::default())));
    }

    #[test]
    fn whatever_was_missed_holds_the_better_model_back() {
        let required = |passed| {
            let gate = RequiredGate { figure: "f1".into(), limit: 0.9, value: Some(0.8), passed };
            deploys(CompareEvidence { required: vec![gate], ..found(20, 4) })
        };
        assert!(required(true) && !required(false));
        let gated = |least| {
            deploys(CompareEvidence { gates: vec![Gate::least(FigureName::Recall, least)], ..found(20, 4) })
        };
        assert!(gated(0.9) && !gated(0.99));
        let golden = |wrong| {
            deploys(CompareEvidence {
                golden: Some(GoldenResult { rows: 3, wrong, shown: vec![] }),
                ..found(20, 4)
            })
        };
        assert!(golden(0) && !golden(1));
    }

    #[test]
    fn a_slice_that_loses_holds_the_better_model_back() {
        let sliced = |lost| {
            let mut slices = Slices::default();
            (0..lost).for_each(|_| slices.add("lang", "de", Positive, Positive, Negative));
            (0..20).for_each(|_| slices.add("lang", "de", Positive, Positive, Positive));
            decide(CompareEvidence { slices, ..found(60, 20) })
        };
        assert_eq!(sliced(2).deploy_block, None);
        let held = sliced(12);
        assert_eq!((held.verdict, held.deploy_block), (CompareVerdict::Better, Some(DeployBlock::Check)));
        let says_so = |reason: &CompareReason| matches!(reason, CompareReason::SliceLoses(slice) if slice.value == "de");
        assert!(held.reasons.iter().any(says_so));
    }

    #[test]
    fn scores_are_compared_where_there_are_any() {
        let scores = |shift: f64| {
            let row = |row: usize| {
                ScoredLabel::new(
                    (row as f64 / 40.0 + shift * f64::from(u8::from(row.is_multiple_of(3)))).min(1.0),
                    if row > 12 { Positive } else { Negative },
                )
            };
            (0..30).map(row).collect::<Vec<_>>()
        };
        let with =
            CompareEvidence { champion_scores: scores(0.3), challenger_scores: scores(0.0), ..found(20, 4) };
        let report = decide(with);
        assert!(report.areas.is_some_and(|areas| areas.difference > 0.0 && areas.challenger > 1.0 - 1e-12));
        assert!(
            report.figures.challenger.brier.is_some()
                && report.figures.champion.is_some_and(|figures| figures.ece.is_some())
        );
        assert_eq!(decide(found(20, 4)).areas, None);
    }
}
