//! Decides about a challenger: the verdict of the paired tests, then every check that can block a deployment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::compare::deployment::{DeployBlock, deploy_block};
use crate::compare::evidence::{CompareEvidence, JudgedRows, PairedRows, RowCounts};
use crate::compare::gates::GateOutcome;
use crate::compare::golden::GoldenResult;
use crate::compare::paired_result::{CompareVerdict, PairedResult};
use crate::compare::reasons::CompareReason;
use crate::compare::recent::RecentRows;
use crate::compare::sequential::SequentialEvidence;
use crate::compare::slices::Slice;
use crate::compare::suspicion::Suspicion;
use crate::compare::verdict_basis::VerdictBasis;
use crate::model::estimate::RequiredGate;
use crate::stats::metrics::Figures;
use crate::stats::paired::PairedAuc;

/// The figures of both models.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct BothFigures {
    /// Figures of the champion; null without a champion.
    pub champion: Option<Figures>,
    /// Figures of the challenger.
    pub challenger: Figures,
}

impl BothFigures {
    /// Computes the figures. Sorts the scores by descending score.
    fn of(rows: &mut JudgedRows) -> Self {
        let pairs = PairedRows::from(&rows.counts);
        let champion = match rows.counts {
            RowCounts::Paired(_) => Some(Figures::of(&mut rows.champion_scores, pairs.champion)),
            RowCounts::Alone(_) => None,
        };
        Self { champion, challenger: Figures::of(&mut rows.challenger_scores, pairs.challenger) }
    }
}

/// The figures with every copy of a message counted.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct TrafficFigures {
    /// Counts of rows behind these figures.
    pub pairs: PairedRows,
    /// Every figure of both models.
    pub figures: BothFigures,
}

/// The verdict, the deploy decision, and the numbers behind them.
#[derive(Clone, Debug, PartialEq)]
pub struct CompareDecision {
    pub verdict: CompareVerdict,
    /// Reason against a deployment; none if the challenger should be deployed.
    pub deploy_block: Option<DeployBlock>,
    /// Every test and check, passed or not.
    pub reasons: Vec<CompareReason>,
    /// Rows needed for a verdict if the true difference equals the measured difference.
    pub rows_needed: Option<u64>,
    /// Counts of distinct messages.
    pub pairs: PairedRows,
    /// The figures weighted by traffic; none if no row is a copy.
    pub traffic: Option<TrafficFigures>,
    /// The result on all messages; none without a champion.
    pub whole: Option<PairedResult>,
    pub recent: Option<RecentRows>,
    /// Areas under the ROC curve; none without scores.
    pub areas: Option<PairedAuc>,
    pub figures: BothFigures,
    pub slices: Vec<Slice>,
    pub gates: Vec<GateOutcome>,
    /// Gates that were set when the challenger was fitted.
    pub required: Vec<RequiredGate>,
    pub golden: Option<GoldenResult>,
    pub sequential: Option<SequentialEvidence>,
}

/// Decides whether the challenger is better and can be deployed. Without a champion, only the checks decide.
pub fn decide(evidence: CompareEvidence) -> CompareDecision {
    let CompareEvidence { mut messages, traffic, recent, required, golden, .. } = evidence;
    let CompareEvidence { suspects, sequential, labels, .. } = evidence;
    let pairs = PairedRows::from(&messages.counts);
    let whole = match messages.counts {
        RowCounts::Paired(counts) => Some(PairedResult::of(counts)),
        RowCounts::Alone(_) => None,
    };
    let areas = PairedAuc::compare(&messages.champion_scores, &messages.challenger_scores)
        .filter(|_| whole.is_some());
    let figures = BothFigures::of(&mut messages);
    let traffic = traffic.map(|mut rows| TrafficFigures {
        pairs: PairedRows::from(&rows.counts),
        figures: BothFigures::of(&mut rows),
    });
    let before = figures.champion.as_ref();
    let gates: Vec<GateOutcome> =
        evidence.gates.iter().map(|gate| gate.outcome(before, &figures.challenger)).collect();
    let slices = evidence.slices.results();
    let basis = VerdictBasis::of(pairs.challenger.total(), whole.as_ref(), recent.as_ref(), sequential);
    // Labels that repeat the champion's verdicts make every other model look worse.
    let feedback = labels.filter(|labels| whole.is_some() && labels.is_feedback());
    let (verdict, rows_needed) = match feedback {
        Some(_) => (CompareVerdict::Inconclusive, None),
        None => (after_suspicion(basis.verdict(), &suspects), basis.rows_needed()),
    };
    let passed = gates.iter().map(GateOutcome::passed);
    let deploy_block = deploy_block(verdict, passed, &required, &slices, golden.as_ref());
    let mut reasons: Vec<CompareReason> = feedback.into_iter().map(CompareReason::Feedback).collect();
    reasons.extend(basis.reasons());
    reasons.extend(suspects.is_unsearched.then_some(CompareReason::Unsearched));
    reasons.extend(suspects.groups.into_iter().map(CompareReason::SuspectRows));
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
        traffic,
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

/// The verdict of the tests, unless they may have counted the rows of a backdoor in favour of the challenger.
fn after_suspicion(verdict: CompareVerdict, suspects: &Suspicion) -> CompareVerdict {
    match verdict {
        CompareVerdict::Better if suspects.is_open() => CompareVerdict::Inconclusive,
        _ => verdict,
    }
}

/// One reason for each slice that the challenger loses, or one reason if the challenger loses no slice.
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
    use crate::model::label_evidence::LabelEvidence;
    use crate::rows::label::Label::{Negative, Positive};
    use crate::stats::metrics::{Confusion, FigureName};
    use crate::stats::paired::{PairedConfusion, PairedCounts};
    use crate::stats::ranking::ScoredLabel;

    fn counts(only_challenger: u64, only_champion: u64) -> PairedConfusion {
        PairedConfusion {
            positive: PairedCounts {
                both: 100,
                only_one: only_champion,
                only_other: only_challenger,
                neither: 0,
            },
            negative: PairedCounts { neither: 100, ..PairedCounts::default() },
        }
    }

    fn evidence(only_challenger: u64, only_champion: u64) -> CompareEvidence {
        CompareEvidence::of(RowCounts::Paired(counts(only_challenger, only_champion)))
    }

    fn deploys(evidence: CompareEvidence) -> bool {
        decide(evidence).deploy_block.is_none()
    }

    #[test]
    fn three_verdicts_depend_on_the_discordant_rows() {
        let verdict =
            |only_challenger, only_champion| decide(evidence(only_challenger, only_champion)).verdict;
        assert_eq!(verdict(20, 4), CompareVerdict::Better);
        assert_eq!(verdict(4, 20), CompareVerdict::Worse);
        assert_eq!(verdict(5, 3), CompareVerdict::Inconclusive);
        assert_eq!(verdict(0, 0), CompareVerdict::Inconclusive);
        let empty = decide(CompareEvidence::of(RowCounts::Paired(PairedConfusion::default())));
        assert_eq!(
            (empty.verdict, empty.deploy_block),
            (CompareVerdict::Inconclusive, Some(DeployBlock::Verdict(CompareVerdict::Inconclusive)))
        );
    }

    #[test]
    fn labels_that_repeat_the_verdicts_decide_nothing() {
        let labels = |p| Some(LabelEvidence { labelled: 900, errors: 0, predicted: 30.0, p });
        let with = |p, only_challenger, only_champion| {
            decide(CompareEvidence { labels: labels(p), ..evidence(only_challenger, only_champion) })
        };
        // The champion has no errors, so every challenger looks worse.
        let copied = with(1e-6, 0, 20);
        assert_eq!(copied.verdict, CompareVerdict::Inconclusive);
        assert!(matches!(copied.reasons[0], CompareReason::Feedback(_)) && copied.rows_needed.is_none());
        assert_eq!(with(1e-6, 20, 4).verdict, CompareVerdict::Inconclusive);
        assert_eq!(with(0.4, 20, 4).verdict, CompareVerdict::Better);
        assert_eq!(with(0.4, 20, 4).reasons, decide(evidence(20, 4)).reasons);
    }

    #[test]
    fn gates_apply_to_the_first_model() {
        let gate = Gate::at_threshold(FigureName::F1, 0.8);
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
    fn a_failed_check_blocks_a_better_model() {
        let required = |passed| {
            let gate = RequiredGate { figure: "f1".into(), limit: 0.9, value: Some(0.8), passed };
            deploys(CompareEvidence { required: vec![gate], ..evidence(20, 4) })
        };
        assert!(required(true) && !required(false));
        let gated = |least| {
            deploys(CompareEvidence {
                gates: vec![Gate::at_threshold(FigureName::Recall, least)],
                ..evidence(20, 4)
            })
        };
        assert!(gated(0.9) && !gated(0.99));
        let golden = |wrong| {
            deploys(CompareEvidence {
                golden: Some(GoldenResult { rows: 3, wrong, shown: vec![] }),
                ..evidence(20, 4)
            })
        };
        assert!(golden(0) && !golden(1));
    }

    #[test]
    fn a_losing_slice_blocks_a_better_model() {
        let sliced = |lost| {
            let mut slices = Slices::default();
            (0..lost).for_each(|_| slices.add("lang", "de", Positive, Positive, Negative));
            (0..20).for_each(|_| slices.add("lang", "de", Positive, Positive, Positive));
            decide(CompareEvidence { slices, ..evidence(60, 20) })
        };
        assert_eq!(sliced(2).deploy_block, None);
        let blocked = sliced(12);
        assert_eq!(
            (blocked.verdict, blocked.deploy_block),
            (CompareVerdict::Better, Some(DeployBlock::Check))
        );
        let names_the_slice = |reason: &CompareReason| matches!(reason, CompareReason::SliceLoses(slice) if slice.value == "de");
        assert!(blocked.reasons.iter().any(names_the_slice));
    }

    #[test]
    fn compares_scores_if_rows_have_them() {
        let scores = |shift: f64| {
            let row = |row: usize| {
                ScoredLabel::new(
                    (row as f64 / 40.0 + shift * f64::from(u8::from(row.is_multiple_of(3)))).min(1.0),
                    if row > 12 { Positive } else { Negative },
                )
            };
            (0..30).map(row).collect::<Vec<_>>()
        };
        let mut with = evidence(20, 4);
        (with.messages.champion_scores, with.messages.challenger_scores) = (scores(0.3), scores(0.0));
        let report = decide(with);
        assert!(report.areas.is_some_and(|areas| areas.difference > 0.0 && areas.challenger > 1.0 - 1e-12));
        assert!(
            report.figures.challenger.brier.is_some()
                && report.figures.champion.is_some_and(|figures| figures.ece.is_some())
        );
        assert_eq!(decide(evidence(20, 4)).areas, None);
    }
}
