//! The sentences of `compare`: turns the reasons of a comparison into `compare.json`.

use crate::compare::decision::CompareDecision;
use crate::compare::gates::{Gate, GateLimit, GateOutcome, GateResult};
use crate::compare::golden::GoldenResult;
use crate::compare::paired_result::{MIN_F1_EFFECT, PairedResult};
use crate::compare::reasons::{CompareReason, CompareReasonCode, RowScope};
use crate::compare::report::CompareReport;
use crate::compare::sequential::SequentialEvidence;
use crate::compare::slices::{MAX_SLICE_LOSS, Slice};
use crate::io::result_file::ResultHead;
use crate::reason::{Reason, p_value};

/// The decision as the tool of that name writes it.
pub fn report(decision: CompareDecision, tool: &str) -> CompareReport {
    CompareReport {
        head: ResultHead::new("compare", tool),
        rows: decision.pairs.challenger.total(),
        verdict: decision.verdict,
        deploy_needed: decision.deploy_block.is_none(),
        reasons: decision.reasons.iter().map(reason).collect(),
        rows_needed: decision.rows_needed,
        champion_f1: decision.whole.map(|whole| whole.champion_f1),
        challenger_f1: decision.pairs.challenger.f1(),
        pairs: decision.pairs,
        whole: decision.whole,
        recent: decision.recent,
        areas: decision.areas,
        figures: decision.figures,
        slices: decision.slices,
        gates: decision.gates.iter().map(gate_result).collect(),
        required: decision.required,
        golden: decision.golden,
        sequential: decision.sequential,
    }
}

/// What a reason is called in a table.
pub(super) fn title(code: CompareReasonCode) -> &'static str {
    match code {
        CompareReasonCode::Rows => "Labelled rows",
        CompareReasonCode::First => "The first model",
        CompareReasonCode::PairedTest => "Paired test",
        CompareReasonCode::F1Difference => "F1 against the champion's",
        CompareReasonCode::NotWorse => "All rows",
        CompareReasonCode::Evidence => "Evidence so far",
        CompareReasonCode::RowsNeeded => "Rows still needed",
        CompareReasonCode::Gate => "A gate",
        CompareReasonCode::Required => "Required of the model",
        CompareReasonCode::Slice => "Slices",
        CompareReasonCode::Golden => "Golden messages",
    }
}

fn reason(reason: &CompareReason) -> Reason {
    Reason {
        code: reason.code().name().into(),
        fired: reason.fired(),
        says: sentence(reason),
        value: reason.value(),
        limit: reason.limit(),
        p: reason.p(),
    }
}

fn sentence(reason: &CompareReason) -> String {
    match reason {
        CompareReason::NoRows => "no labelled rows to compare on".into(),
        CompareReason::FirstModel => "there is no champion to be better than".into(),
        CompareReason::PairedTest(scope, part) => of(scope, part.rows) + &paired_test(part),
        CompareReason::F1Difference(scope, part) => of(scope, part.rows) + &f1_difference(part),
        CompareReason::NotWorse(scope, part) => of(scope, part.rows) + &not_worse(part),
        CompareReason::Evidence(found) => evidence(found),
        CompareReason::RowsNeeded { needed, .. } => {
            format!("some {needed} such rows would tell, were the difference what it looks like")
        }
        CompareReason::Gate(outcome) => gate(outcome),
        CompareReason::Required(gate) => format!("out of fold {gate}"),
        CompareReason::SliceLoses(slice) => slice_loses(slice),
        CompareReason::NoSliceLoses { slices } => {
            format!("none of {slices} slices surely loses more than {MAX_SLICE_LOSS} of F1")
        }
        CompareReason::Golden(result) => golden(result),
    }
}

/// The rows that a sentence is about, and a colon.
fn of(scope: &RowScope, rows: u64) -> String {
    match scope {
        RowScope::All => format!("of all {rows} rows: "),
        RowScope::NewestSince(moment) => {
            let day = moment.split('T').next().unwrap_or_default();
            format!("of the newest {rows} rows, since {day}: ")
        }
    }
}

fn paired_test(part: &PairedResult) -> String {
    let mcnemar = &part.mcnemar;
    let (ours, theirs) = (mcnemar.only_challenger_right, mcnemar.only_champion_right);
    let p = p_value(mcnemar.exact);
    format!("{ours} only the challenger got right, {theirs} only the champion (exact McNemar p {p})")
}

fn f1_difference(part: &PairedResult) -> String {
    let Some(f1) = part.f1 else { return "no labelled rows".into() };
    let (before, after) = (part.champion_f1, part.challenger_f1);
    let (low, high) = (f1.interval.0, f1.interval.1);
    format!("F1 {before:.3} -> {after:.3}: {:+.3} ({low:+.3} to {high:+.3})", f1.value)
}

fn not_worse(part: &PairedResult) -> String {
    let kept = if part.is_not_worse() { "is surely not" } else { "may be" };
    let low = part.f1_lower_bound();
    format!("F1 {kept} lower by {MIN_F1_EFFECT}: its lower bound is {low:+.3}")
}

fn evidence(evidence: &SequentialEvidence) -> String {
    let SequentialEvidence { most_for_challenger: ours, most_for_champion: theirs, rows, looks, .. } =
        evidence;
    let looks = if *looks == 1 { "1 look".into() } else { format!("{looks} looks") };
    format!(
        "evidence of up to {ours:.1} for the challenger, {theirs:.1} for the champion, after {rows} rows in {looks}"
    )
}

fn slice_loses(slice: &Slice) -> String {
    let Slice { by, value, rows, champion_f1, challenger_f1, p, .. } = slice;
    let p = p_value(p.unwrap_or(1.0));
    format!("{by} {value}: F1 {champion_f1:.3} -> {challenger_f1:.3} on {rows} rows (p {p} over all slices)")
}

fn golden(golden: &GoldenResult) -> String {
    let GoldenResult { rows, wrong, shown } = golden;
    match shown.first() {
        Some(first) => format!(
            "{wrong} of {rows} golden messages are judged wrong, the first at line {}: {} for {}",
            first.line, first.judged_as, first.expected
        ),
        None => format!("all {rows} golden messages are judged right by the model as it loads afresh"),
    }
}

fn gate_result(outcome: &GateOutcome) -> GateResult {
    let Gate { figure, threshold, min_absolute_change, min_relative_change, greater_is_better } =
        outcome.gate;
    GateResult {
        figure: figure.to_string(),
        threshold,
        min_absolute_change,
        min_relative_change,
        greater_is_better,
        champion: outcome.champion,
        challenger: outcome.challenger,
        passed: outcome.passed(),
        says: gate(outcome),
    }
}

fn gate(outcome: &GateOutcome) -> String {
    let (before, after) = (measured(outcome.champion), measured(outcome.challenger));
    let limit = |(limit, reached): &(GateLimit, bool)| {
        let is = if *reached { "is" } else { "is not" };
        match limit {
            GateLimit::Threshold(threshold) if *reached => format!("reaches {threshold}"),
            GateLimit::Threshold(threshold) => format!("misses {threshold}"),
            GateLimit::AbsoluteChange(change) => {
                format!("{is} better by {change} than the champion's {before}")
            }
            GateLimit::RelativeChange(share) => {
                format!("{is} better by {}% than the champion's {before}", share * 100.0)
            }
        }
    };
    let limits: Vec<String> = outcome.limits.iter().map(limit).collect();
    let limits =
        if limits.is_empty() { "has no champion to be better than".into() } else { limits.join(" and ") };
    format!("the challenger's {} {after} {limits}", outcome.gate.figure)
}

fn measured(figure: Option<f64>) -> String {
    figure.map_or("which could not be measured".into(), |value| format!("{value:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::decision;
    use crate::compare::evidence::{CompareEvidence, RowCounts};
    use crate::compare::slices::Slices;
    use crate::rows::label::Label::{Negative, Positive};
    use crate::stats::paired::PairedConfusion;

    #[test]
    fn a_slice_that_loses_is_named() {
        let (mut slices, mut all) = (Slices::default(), PairedConfusion::default());
        for (rows, champion, challenger) in [(12, Positive, Negative), (20, Positive, Positive)] {
            (0..rows).for_each(|_| slices.add("lang", "de", Positive, champion, challenger));
        }
        (0..60).for_each(|_| all.add(Positive, Negative, Positive));
        let evidence = CompareEvidence { slices, ..CompareEvidence::of(RowCounts::Paired(all)) };
        let report = report(decision::decide(evidence), "compare");
        let said = |reason: &Reason| reason.says.starts_with("lang de: F1 1.000 -> 0.769 on 32 rows");
        assert!(report.reasons.iter().any(said), "{:?}", report.reasons);
    }

    #[test]
    fn every_code_has_a_name_that_leads_back_to_it() {
        for code in CompareReasonCode::ALL {
            assert_eq!(CompareReasonCode::named(code.name()), Some(code));
        }
        assert_eq!(CompareReasonCode::named("cooldown"), None);
    }
}
