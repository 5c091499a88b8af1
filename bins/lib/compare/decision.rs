//! Is the challenger better than the champion? Paired tests on the same rows, the newest of them first, gates and slices.

use serde::{Deserialize, Serialize};

use crate::compare::gates::{Gate, GateResult};
use crate::compare::paired_result::{ALPHA, LEAST, PairedResult, Standing};
use crate::compare::recent::RecentRows;
use crate::compare::sequential::{ENOUGH, SequentialEvidence};
use crate::compare::slices::{MOST_LOST, Slice, Slices};
use crate::io::result_file::ResultHead;
use crate::model::estimate;
use crate::stats::metrics::{Confusion, Figures};
use crate::stats::paired::{PairedAuc, PairedConfusion};
use crate::stats::ranking::ScoredLabel;
use crate::verdict::{Reason, p_value};

/// Labelled rows that both models have judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairedRows {
    /// The champion's verdicts; all zero where there is no champion.
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

/// Messages that a challenger must get right, asked of it in a process of its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GoldenResult {
    /// How many there are.
    pub rows: u64,
    /// How many it got wrong.
    pub wrong: u64,
    /// The first of these.
    pub shown: Vec<GoldenMiss>,
}

/// A golden message that was judged wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GoldenMiss {
    /// Where it is in the file.
    pub line: u64,
    /// The label it has.
    pub expected: String,
    /// The verdict it got.
    pub verdict: String,
    /// Its score.
    pub spam_score: f64,
}

/// The rows as both models judged them.
#[derive(Clone, Debug)]
pub enum RowCounts {
    /// There is no champion yet.
    Alone(Confusion),
    /// There are both.
    Paired(PairedConfusion),
}

/// All that a decision is made of.
#[derive(Clone, Debug)]
pub struct CompareEvidence {
    /// The rows, counted.
    pub rows: RowCounts,
    /// The newest of them.
    pub recent: Option<RecentRows>,
    /// What the champion scored, row by row; empty where there are no scores.
    pub champion_scores: Vec<ScoredLabel>,
    /// What the challenger scored, in the same order.
    pub challenger_scores: Vec<ScoredLabel>,
    /// The rows by kind.
    pub slices: Slices,
    /// What the challenger's figures must be.
    pub gates: Vec<Gate>,
    /// What its model was asked for when it was fitted.
    pub required: Vec<estimate::RequiredGate>,
    /// The golden messages.
    pub golden: Option<GoldenResult>,
    /// The evidence of labels that arrive over time.
    pub sequential: Option<SequentialEvidence>,
}

impl CompareEvidence {
    /// Rows, and nothing else that is known.
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

/// What `compare` found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompareReport {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: ResultHead,
    /// Labelled rows compared.
    pub rows: u64,
    /// `better`, `worse` or `inconclusive`.
    pub verdict: String,
    /// Whether the challenger should be promoted.
    pub deploy_needed: bool,
    /// Tests and gates, whether they spoke for the challenger or not.
    pub reasons: Vec<Reason>,
    /// Where the rows do not tell: how many would, were the difference what it looks like.
    pub rows_needed: Option<u64>,
    /// The champion's F1, where there is a champion.
    pub champion_f1: Option<f64>,
    /// The challenger's F1.
    pub challenger_f1: f64,
    /// The counts behind it all.
    pub pairs: PairedRows,
    /// All rows: has it forgotten anything? None where there is no champion.
    pub whole: Option<PairedResult>,
    /// The newest rows: is it better where the world is now? None where the rows have no dates.
    pub recent: Option<RecentRows>,
    /// The areas under the ROC curve; none where there are no scores.
    pub areas: Option<PairedAuc>,
    /// Every figure of either model.
    pub figures: BothFigures,
    /// Kinds of rows by themselves.
    pub slices: Vec<Slice>,
    /// What the challenger's figures had to be.
    pub gates: Vec<GateResult>,
    /// What its model was asked for when it was fitted, out of fold.
    pub required: Vec<estimate::RequiredGate>,
    /// The messages that it had to get right.
    pub golden: Option<GoldenResult>,
    /// The evidence of labels that arrive over time.
    pub sequential: Option<SequentialEvidence>,
}

/// Figures of either model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BothFigures {
    /// The champion's.
    pub champion: Option<Figures>,
    /// The challenger's.
    pub challenger: Figures,
}

/// Decides. Without a champion the gates alone do.
pub fn decide(found: CompareEvidence, tool: &str) -> CompareReport {
    let CompareEvidence { rows, recent, mut champion_scores, mut challenger_scores, .. } = found;
    let whole = match &rows {
        RowCounts::Paired(counters) => Some(PairedResult::of(*counters)),
        RowCounts::Alone(_) => None,
    };
    let pairs = match &rows {
        RowCounts::Paired(counters) => PairedRows::from(counters),
        RowCounts::Alone(challenger) => PairedRows { challenger: *challenger, ..PairedRows::default() },
    };
    let areas = PairedAuc::compare(&champion_scores, &challenger_scores).filter(|_| whole.is_some());
    let figures = BothFigures {
        champion: whole.map(|_| Figures::of(&mut champion_scores, pairs.champion)),
        challenger: Figures::of(&mut challenger_scores, pairs.challenger),
    };
    let gates: Vec<GateResult> =
        found.gates.iter().map(|gate| gate.outcome(figures.champion.as_ref(), &figures.challenger)).collect();
    let slices = found.slices.judged();
    let seen = Support {
        whole,
        recent: recent.as_ref(),
        sequential: found.sequential,
        rows: pairs.challenger.total(),
    };
    let (verdict, mut reasons) = seen.verdict();
    let rows_needed = seen.rows_needed(verdict);
    if let Some(needed) = rows_needed {
        let says = format!("some {needed} such rows would tell, were the difference what it looks like");
        let rows = seen.deciding().map_or(0, |part| part.rows) as f64;
        reasons.push(Reason::against("rows_needed", false, says, rows, needed as f64));
    }
    reasons.extend(gates.iter().map(passage));
    reasons.extend(found.required.iter().map(requirement));
    reasons.extend(spared(&slices));
    reasons.extend(found.golden.as_ref().map(rehearsed));
    let holds = gates.iter().all(|gate| gate.passed)
        && found.required.iter().all(|gate| gate.passed)
        && !slices.iter().any(|slice| slice.loses)
        && found.golden.as_ref().is_none_or(|golden| golden.wrong == 0);
    CompareReport {
        head: ResultHead::new("compare", tool),
        rows: pairs.challenger.total(),
        verdict: verdict.name().into(),
        deploy_needed: verdict == Standing::Better && holds,
        reasons,
        rows_needed,
        champion_f1: whole.map(|part| part.champion_f1),
        challenger_f1: pairs.challenger.f1(),
        pairs,
        whole,
        recent,
        areas,
        figures,
        slices,
        gates,
        required: found.required,
        golden: found.golden,
        sequential: found.sequential,
    }
}

/// What decides who is better.
struct Support<'a> {
    whole: Option<PairedResult>,
    recent: Option<&'a RecentRows>,
    sequential: Option<SequentialEvidence>,
    rows: u64,
}

impl Support<'_> {
    fn verdict(&self) -> (Standing, Vec<Reason>) {
        let plain = |standing, reason| (standing, vec![reason]);
        let Some(whole) = self.whole.filter(|_| self.rows > 0) else {
            return if self.rows == 0 {
                plain(Standing::Inconclusive, Reason::plain("rows", false, "no labelled rows to compare on"))
            } else {
                plain(
                    Standing::Better,
                    Reason::plain("first", true, "there is no champion to be better than"),
                )
            };
        };
        if let Some(evidence) = self.sequential {
            return over_time(evidence, &whole);
        }
        let words = format!("of all {} rows: ", whole.rows);
        let Some(RecentRows { part, since, .. }) = self.recent else {
            let mut reasons = tests(&whole, &words);
            reasons.push(not_worse(&whole, &words));
            return (whole.verdict, reasons);
        };
        // It must be better where the world is now, and must not have forgotten what was before.
        let standing = match part.verdict {
            Standing::Better if whole.is_not_worse() => Standing::Better,
            Standing::Worse => Standing::Worse,
            _ if whole.verdict == Standing::Worse => Standing::Worse,
            _ => Standing::Inconclusive,
        };
        let day = since.split('T').next().unwrap_or_default();
        let newest = format!("of the newest {} rows, since {day}: ", part.rows);
        let mut reasons = tests(part, &newest);
        if !part.is_not_worse() {
            reasons.push(not_worse(part, &newest));
        }
        reasons.push(not_worse(&whole, &words));
        (standing, reasons)
    }

    /// The rows that the verdict is about first.
    fn deciding(&self) -> Option<PairedResult> {
        self.recent.map(|recent| recent.part).or(self.whole)
    }

    fn rows_needed(&self, verdict: Standing) -> Option<u64> {
        let undecided = verdict == Standing::Inconclusive && self.sequential.is_none();
        self.deciding().filter(|_| undecided)?.rows_needed
    }
}

/// The two ways to be better.
fn tests(part: &PairedResult, of: &str) -> Vec<Reason> {
    let mcnemar = &part.mcnemar;
    let (ours, theirs, p) = (mcnemar.only_challenger_right, mcnemar.only_champion_right, mcnemar.exact);
    let says = format!(
        "{of}{ours} only the challenger got right, {theirs} only the champion (exact McNemar p {})",
        p_value(p)
    );
    let test = Reason { p: Some(p), ..Reason::against("paired_test", mcnemar.is_better(), says, p, ALPHA) };
    let says = format!("{of}{}", moved(part));
    let value = part.f1.map_or(0.0, |f1| f1.value);
    vec![test, Reason::against("f1_difference", part.is_higher(), says, value, LEAST)]
}

fn not_worse(part: &PairedResult, of: &str) -> Reason {
    let low = part.f1.map_or(-1.0, |f1| f1.interval.0);
    let kept = part.is_not_worse();
    let says = format!(
        "{of}F1 {} lower by {LEAST}: its lower bound is {low:+.3}",
        if kept { "is surely not" } else { "may be" }
    );
    Reason::against("not_worse", kept, says, low, -LEAST)
}

fn moved(part: &PairedResult) -> String {
    let Some(f1) = part.f1 else { return "no labelled rows".into() };
    let (before, after) = (part.champion_f1, part.challenger_f1);
    let bounds = f1.interval;
    format!("F1 {before:.3} -> {after:.3}: {:+.3} ({:+.3} to {:+.3})", f1.value, bounds.0, bounds.1)
}

/// Labels that arrive over time: what counts is the most evidence there has been.
fn over_time(evidence: SequentialEvidence, whole: &PairedResult) -> (Standing, Vec<Reason>) {
    let SequentialEvidence { most_for_challenger: ours, most_for_champion: theirs, rows, looks, .. } =
        evidence;
    let standing = match (ours >= ENOUGH, theirs >= ENOUGH) {
        (true, _) if whole.is_not_worse() => Standing::Better,
        (_, true) => Standing::Worse,
        _ => Standing::Inconclusive,
    };
    let looks = if looks == 1 { "1 look".into() } else { format!("{looks} looks") };
    let says = format!(
        "evidence of up to {ours:.1} for the challenger, {theirs:.1} for the champion, after {rows} rows in {looks}"
    );
    let reason = Reason::against("evidence", ours >= ENOUGH, says, ours, ENOUGH);
    (standing, vec![reason, not_worse(whole, &format!("of all {rows} rows: "))])
}

fn passage(gate: &GateResult) -> Reason {
    let reason = Reason::plain("gate", gate.passed, &gate.says);
    Reason { value: gate.challenger, limit: gate.threshold, ..reason }
}

fn requirement(gate: &estimate::RequiredGate) -> Reason {
    let says = format!("out of fold {gate}");
    let reason = Reason::plain("required", gate.passed, &says);
    Reason { value: gate.value, limit: Some(gate.limit), ..reason }
}

/// The slices that lose, or that none does.
fn spared(slices: &[Slice]) -> Vec<Reason> {
    let lost: Vec<Reason> = slices
        .iter()
        .filter(|slice| slice.loses)
        .map(|slice| {
            let Slice { by, value, rows, champion_f1, challenger_f1, p, .. } = slice;
            let p_said = p_value(p.unwrap_or(1.0));
            let says = format!("{by} {value}: F1 {champion_f1:.3} -> {challenger_f1:.3} on {rows} rows (p {p_said} over all slices)");
            let reason = Reason::against("slice", false, says, champion_f1 - challenger_f1, MOST_LOST);
            Reason { p: *p, ..reason }
        })
        .collect();
    if !lost.is_empty() || slices.is_empty() {
        return lost;
    }
    let says = format!("none of {} slices surely loses more than {MOST_LOST} of F1", slices.len());
    vec![Reason::plain("slice", true, says)]
}

fn rehearsed(golden: &GoldenResult) -> Reason {
    let GoldenResult { rows, wrong, shown } = golden;
    let says = match shown.first() {
        Some(first) => format!(
            "{wrong} of {rows} golden messages are judged wrong, the first at line {}: {} for {}",
            first.line, first.verdict, first.expected
        ),
        None => format!("all {rows} golden messages are judged right by the model as it loads afresh"),
    };
    Reason::against("golden", *wrong == 0, says, *wrong as f64, 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::recent::{DatedRows, NewestRows};
    use crate::io::dates::Timestamp;
    use crate::io::fraction::Fraction;
    use crate::rows::label::Label::{self, Negative, Positive};
    use crate::stats::metrics::FigureName;
    use crate::stats::paired::PairedCounts;

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
        decide(found, "compare").deploy_needed
    }

    #[test]
    fn better_takes_more_than_a_few_rows() {
        let verdict = |ours, theirs| decide(found(ours, theirs), "compare").verdict;
        assert_eq!(verdict(20, 4), "better");
        assert_eq!(verdict(4, 20), "worse");
        assert_eq!(verdict(5, 3), "inconclusive");
        assert_eq!(verdict(0, 0), "inconclusive");
        let none = decide(CompareEvidence::of(RowCounts::Paired(PairedConfusion::default())), "compare");
        assert_eq!((none.verdict.as_str(), none.deploy_needed), ("inconclusive", false));
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
            let gate = estimate::RequiredGate { figure: "f1".into(), limit: 0.9, value: Some(0.8), passed };
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
            decide(CompareEvidence { slices, ..found(60, 20) }, "compare")
        };
        assert!(sliced(2).deploy_needed);
        let held = sliced(12);
        assert_eq!((held.verdict.as_str(), held.deploy_needed), ("better", false));
        assert!(
            held.reasons
                .iter()
                .any(|reason| reason.says.starts_with("lang de: F1 1.000 -> 0.769 on 32 rows"))
        );
    }

    /// So many rows at each of two moments that only one of the models finds.
    fn by_time(old: (u64, u64), new: (u64, u64)) -> CompareReport {
        let (mut dated, mut all) = (DatedRows::default(), PairedConfusion::default());
        let mut add = |time, count, champion: Label, challenger: Label| {
            for _ in 0..count {
                dated.add(Some(Timestamp(time)), Positive, champion, challenger);
                all.add(Positive, champion, challenger);
            }
        };
        for (time, (ours, theirs)) in [(1, old), (2, new)] {
            add(time, 200, Positive, Positive);
            add(time, ours, Negative, Positive);
            add(time, theirs, Positive, Negative);
        }
        let recent = dated.newest(Some(NewestRows::Fraction(Fraction::try_from(0.4).unwrap())));
        decide(CompareEvidence { recent, ..CompareEvidence::of(RowCounts::Paired(all)) }, "compare")
    }

    #[test]
    fn better_now_and_nothing_forgotten() {
        let verdict = |old, new| by_time(old, new).verdict;
        assert_eq!(verdict((3, 3), (20, 4)), "better");
        assert_eq!(verdict((3, 30), (20, 4)), "inconclusive");
        assert_eq!(verdict((3, 60), (20, 4)), "worse");
        // Better all in all, and not known to be so where it counts.
        assert_eq!(verdict((40, 4), (5, 3)), "inconclusive");
        assert_eq!(verdict((40, 4), (3, 20)), "worse");
        let report = by_time((40, 4), (8, 3));
        assert!(
            report.rows_needed > Some(211) && report.recent.is_some_and(|recent| recent.part.rows == 211)
        );
    }

    #[test]
    fn over_time_evidence_decides_and_not_the_test_at_hand() {
        let evidence = SequentialEvidence {
            looks: 3,
            rows: 224,
            new: 9,
            for_challenger: 15.0,
            for_champion: 0.1,
            most_for_challenger: 15.0,
            most_for_champion: 1.0,
        };
        let verdict = |evidence| {
            decide(CompareEvidence { sequential: Some(evidence), ..found(20, 4) }, "compare").verdict
        };
        assert_eq!(verdict(evidence), "inconclusive");
        assert_eq!(verdict(SequentialEvidence { most_for_challenger: 20.0, ..evidence }), "better");
        assert_eq!(verdict(SequentialEvidence { most_for_champion: 20.0, ..evidence }), "worse");
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
        let report = decide(with, "compare");
        assert!(report.areas.is_some_and(|areas| areas.difference > 0.0 && areas.challenger > 1.0 - 1e-12));
        assert!(
            report.figures.challenger.brier.is_some()
                && report.figures.champion.is_some_and(|figures| figures.ece.is_some())
        );
        assert_eq!(decide(found(20, 4), "compare").areas, None);
    }
}
