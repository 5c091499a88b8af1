//! Turns the reasons of a comparison into the sentences of `compare.json`.

use crate::compare::decision::CompareDecision;
use crate::compare::gates::{Gate, GateLimit, GateOutcome, GateResult};
use crate::compare::golden::{GoldenMiss, GoldenResult};
use crate::compare::paired_result::{MIN_F1_EFFECT, PairedResult};
use crate::compare::reasons::{CompareReason, CompareReasonCode, RowScope};
use crate::compare::report::CompareReport;
use crate::compare::sequential::{EVIDENCE_NEEDED, SequentialEvidence};
use crate::compare::slices::{MAX_SLICE_LOSS, Slice};
use crate::compare::suspicion::{JudgedGroup, SuspectStatus, UNSEARCHED};
use crate::io::result_file::ResultHead;
use crate::model::label_evidence::{FEEDBACK_LEVEL, LabelEvidence};
use crate::reason::{Reason, p_value};
use crate::report::numbers::{CountUnit, count, counted};
use crate::report::suspect_fact::suspect_fact;

/// Builds `compare.json`; `tool` is the name of the program that writes it.
pub fn report(decision: CompareDecision, tool: &str) -> CompareReport {
    let messages = decision.pairs.challenger.total();
    let rows = decision.traffic.map_or(messages, |traffic| traffic.pairs.challenger.total());
    let messages = decision.traffic.map(|_| messages);
    let unit = CountUnit::of(messages, rows);
    CompareReport {
        head: ResultHead::new("compare", tool),
        champion_digest: None,
        challenger_digest: None,
        rows,
        messages,
        traffic: decision.traffic,
        learned: None,
        verdict: decision.verdict,
        deploy_needed: decision.deploy_block.is_none(),
        reasons: decision.reasons.iter().map(|found| reason(found, unit)).collect(),
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

/// The name of a reason in a table.
pub(super) fn title(code: CompareReasonCode) -> &'static str {
    match code {
        CompareReasonCode::Rows => "Labelled rows",
        CompareReasonCode::First => "First model",
        CompareReasonCode::FeedbackLoop => "Independent labels",
        CompareReasonCode::PairedTest => "Paired test",
        CompareReasonCode::F1Difference => "Change of F1",
        CompareReasonCode::NotWorse => "No loss of F1",
        CompareReasonCode::Evidence => "Evidence",
        CompareReasonCode::SuspectRows => "Suspect rows",
        CompareReasonCode::RowsNeeded => "Rows needed",
        CompareReasonCode::Gate => "Gate",
        CompareReasonCode::Required => "Gate of the fit",
        CompareReasonCode::Slice => "Slices",
        CompareReasonCode::Golden => "Golden messages",
    }
}

/// What the report counts.
pub(super) fn unit(compare: &CompareReport) -> CountUnit {
    CountUnit::of(compare.messages, compare.rows)
}

fn reason(reason: &CompareReason, unit: CountUnit) -> Reason {
    Reason {
        code: reason.code().name().into(),
        fired: reason.fired(),
        says: sentence(reason, unit),
        value: reason.value(),
        limit: reason.limit(),
        p: reason.p(),
    }
}

/// The fact and its limit come before the first semicolon, because `Reason::fact` cuts at that semicolon.
fn sentence(reason: &CompareReason, unit: CountUnit) -> String {
    match reason {
        CompareReason::NoRows => "there are no labelled rows to compare the models on".into(),
        CompareReason::FirstModel => "there is no champion to compare with".into(),
        CompareReason::Feedback(labels) => feedback(labels),
        CompareReason::PairedTest(scope, part) => in_scope(scope, part.rows, unit) + &paired_test(part, unit),
        CompareReason::F1Difference(scope, part) => in_scope(scope, part.rows, unit) + &f1_difference(part),
        CompareReason::NotWorse(scope, part) => in_scope(scope, part.rows, unit) + &not_worse(part),
        CompareReason::Evidence(evidence) => evidence_sentence(evidence),
        CompareReason::SuspectRows(judged) => suspect_rows(judged),
        CompareReason::Unsearched => format!(
            "the training rows were not searched for backdoors, because the model has no cross-validation; fit it with \
            --folds 5, or run compare with --accept-suspect {UNSEARCHED}"
        ),
        CompareReason::RowsNeeded { rows, needed } => {
            let verb = if *needed == 1 { "is" } else { "are" };
            let needed = unit.counted(*needed);
            format!("{needed} {verb} needed to detect this difference; there are {}", count(*rows))
        }
        CompareReason::Gate(outcome) => gate(outcome),
        CompareReason::Required(gate) => format!("cross-validated {gate}"),
        CompareReason::SliceLoses(slice) => slice_loses(slice, unit),
        CompareReason::NoSliceLoses { slices } => {
            format!(
                "no slice has a significant loss of more than {MAX_SLICE_LOSS} F1 ({})",
                counted(*slices as u64, "slice")
            )
        }
        CompareReason::Golden(result) => golden(result),
    }
}

/// The fact that labels repeat the champion's verdicts. The fact and its limit come before the first semicolon.
pub(super) fn feedback(labels: &LabelEvidence) -> String {
    let LabelEvidence { labelled, errors, predicted, p } = *labels;
    format!(
        "{} of {} {} from the champion's verdicts, but its scores predict {predicted:.1} (p {}, limit {FEEDBACK_LEVEL}); \
        copies of verdicts are no evidence, so label a random sample without showing the verdicts",
        count(errors),
        counted(labelled, "label"),
        if errors == 1 { "differs" } else { "differ" },
        p_value(p)
    )
}

/// The start of a sentence: the rows, and a colon.
fn in_scope(scope: &RowScope, rows: u64, unit: CountUnit) -> String {
    let rows = unit.counted(rows);
    match scope {
        RowScope::All => format!("all {rows}{}: ", unit.of_rows()),
        RowScope::NewestSince(time) => {
            let day = time.split('T').next().unwrap_or_default();
            format!("newest {rows} (since {day}): ")
        }
    }
}

fn paired_test(part: &PairedResult, unit: CountUnit) -> String {
    let p = p_value(part.mcnemar.exact);
    format!("{} (exact McNemar p {p})", only_right(part, unit))
}

/// Counts the rows that exactly one model got right.
pub(super) fn only_right(part: &PairedResult, unit: CountUnit) -> String {
    let right = count(part.mcnemar.only_challenger_right);
    let rows = counted(part.mcnemar.discordant_rows(), unit.noun());
    format!("the challenger is right on {right} of {rows} with different verdicts")
}

fn f1_difference(part: &PairedResult) -> String {
    let Some(f1) = part.f1 else { return "no labelled rows".into() };
    let (low, high) = (f1.interval.0, f1.interval.1);
    let change = f1_change(part.champion_f1, part.challenger_f1);
    format!("F1 {change} ({:+.3}, 95% interval {low:+.3} to {high:+.3})", f1.value)
}

/// The direction and both values: "rose from 0.920 to 0.984".
pub(super) fn f1_change(champion: f64, challenger: f64) -> String {
    let [before, after] = [champion, challenger].map(|f1| format!("{f1:.3}"));
    match () {
        () if before == after => format!("is unchanged at {after}"),
        () if challenger > champion => format!("rose from {before} to {after}"),
        () => format!("fell from {before} to {after}"),
    }
}

fn not_worse(part: &PairedResult) -> String {
    let low = part.f1_lower_bound();
    format!("the lower bound of the F1 change is {low:+.3} (limit -{MIN_F1_EFFECT})")
}

fn evidence_sentence(evidence: &SequentialEvidence) -> String {
    let SequentialEvidence { most_for_challenger, most_for_champion, rows, looks, copies, .. } = evidence;
    let (rows, looks) = (counted(*rows, "row"), counted(*looks, "look"));
    let copies = match copies {
        0 => String::new(),
        1 => "; 1 copy left out".into(),
        _ => format!("; {} copies left out", count(*copies)),
    };
    format!(
        "the evidence is {most_for_challenger:.1} for the challenger and {most_for_champion:.1} for the champion \
        (limit {EVIDENCE_NEEDED}); {rows} counted in {looks}{copies}"
    )
}

/// What suspect rows share, and how to accept them.
fn suspect_rows(judged: &JudgedGroup) -> String {
    let JudgedGroup { group, status, names } = judged;
    let (fact, id) = (suspect_fact(group, names), &group.id);
    match status {
        SuspectStatus::Open => {
            format!("{fact}; check their labels; if they are correct, run compare with --accept-suspect {id}")
        }
        SuspectStatus::Accepted => format!("{fact}; accepted with --accept-suspect {id}"),
        SuspectStatus::KnownToChampion => format!("{fact}; the champion learned from the same group"),
    }
}

fn slice_loses(slice: &Slice, unit: CountUnit) -> String {
    let p = p_value(slice.p.unwrap_or(1.0));
    format!("{}; corrected p {p}", slice_change(slice, unit))
}

/// The change of F1 in a slice, with its limit.
pub(super) fn slice_change(slice: &Slice, unit: CountUnit) -> String {
    let Slice { by, value, rows, champion_f1, challenger_f1, .. } = slice;
    let (change, rows) = (f1_change(*champion_f1, *challenger_f1), unit.counted(*rows));
    format!("F1 on {by}={value} {change} on {rows} (maximum loss {MAX_SLICE_LOSS})")
}

fn golden(golden: &GoldenResult) -> String {
    let messages = counted(golden.rows, "golden message");
    match golden.shown.first() {
        Some(GoldenMiss { line, expected, judged_as, .. }) => format!(
            "{} of {messages} got the wrong verdict (limit 0); the first is line {line}: {judged_as} instead of {expected}",
            count(golden.wrong)
        ),
        None => format!("{messages} got the right verdict in a new process"),
    }
}

fn gate_result(outcome: &GateOutcome) -> GateResult {
    let Gate { figure, threshold, min_absolute_change, min_relative_change, greater_is_better, .. } =
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

/// Names every limit if the gate passed, else only the missed limits.
fn gate(outcome: &GateOutcome) -> String {
    let (before, after) = (measured(outcome.champion), measured(outcome.challenger));
    let better = if outcome.gate.greater_is_better { "above" } else { "below" };
    let limit = |limit: &GateLimit| match limit {
        GateLimit::Threshold(threshold) if Some(*threshold) == outcome.champion => {
            format!("{before}, the champion's")
        }
        GateLimit::Threshold(threshold) => threshold.to_string(),
        GateLimit::AbsoluteChange(change) => format!("{change} {better} the champion's {before}"),
        GateLimit::RelativeChange(share) => format!("{}% {better} the champion's {before}", share * 100.0),
    };
    let passed = outcome.passed();
    let named = outcome.limits.iter().filter(|(_, reached)| passed || !reached);
    let limits: Vec<String> = named.map(|(named, _)| limit(named)).collect();
    let limits = if limits.is_empty() {
        "no limit without a champion".into()
    } else {
        format!("limit {}", limits.join(" and "))
    };
    format!("the challenger's {} is {after} ({limits})", outcome.gate.figure)
}

fn measured(figure: Option<f64>) -> String {
    figure.map_or("unknown".into(), |value| format!("{value:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::decision;
    use crate::compare::evidence::{CompareEvidence, JudgedRows, RowCounts};
    use crate::compare::slices::Slices;
    use crate::rows::label::Label::{Negative, Positive};
    use crate::stats::paired::PairedConfusion;

    #[test]
    fn names_a_slice_that_loses_f1() {
        let (mut slices, mut all) = (Slices::default(), PairedConfusion::default());
        for (rows, champion, challenger) in [(12, Positive, Negative), (20, Positive, Positive)] {
            (0..rows).for_each(|_| slices.add("lang", "de", Positive, champion, challenger));
        }
        (0..60).for_each(|_| all.add(Positive, Negative, Positive));
        let evidence = CompareEvidence { slices, ..CompareEvidence::of(RowCounts::Paired(all)) };
        let report = report(decision::decide(evidence), "compare");
        let wanted = "F1 on lang=de fell from 1.000 to 0.769 on 32 rows (maximum loss 0.03); corrected p ";
        assert!(report.reasons.iter().any(|reason| reason.says.starts_with(wanted)), "{:?}", report.reasons);
    }

    #[test]
    fn names_rows_and_distinct_messages_if_there_are_copies() {
        let counts = |rows: u64| {
            let mut all = PairedConfusion::default();
            (0..rows).for_each(|_| all.add(Positive, Negative, Positive));
            RowCounts::Paired(all)
        };
        let says = |traffic: Option<u64>| {
            let traffic = traffic.map(|rows| JudgedRows::of(counts(rows)));
            let evidence = CompareEvidence { traffic, ..CompareEvidence::of(counts(60)) };
            let report = report(decision::decide(evidence), "compare");
            (report.rows, report.messages, report.reasons[0].says.clone())
        };
        let distinct = "all 60 rows: the challenger is right on 60 of 60 rows with different verdicts";
        let copies = "all 60 distinct messages (711 rows): the challenger is right on 60 of 60 messages with different verdicts";
        let (rows, messages, sentence) = says(None);
        assert!((rows, messages) == (60, None) && sentence.starts_with(distinct), "{sentence}");
        let (rows, messages, sentence) = says(Some(711));
        assert!((rows, messages) == (711, Some(60)) && sentence.starts_with(copies), "{sentence}");
    }

    #[test]
    fn finds_every_code_by_its_name() {
        for code in CompareReasonCode::ALL {
            assert_eq!(CompareReasonCode::named(code.name()), Some(code));
        }
        assert_eq!(CompareReasonCode::named("cooldown"), None);
    }
}
