//! Names the facts that decided a comparison, for one short sentence.

use crate::compare::paired_result::{CompareVerdict, MIN_F1_EFFECT, PairedResult};
use crate::compare::report::CompareReport;
use crate::compare::sequential::EVIDENCE_NEEDED;
use crate::compare::slices::Slice;
use crate::report::compare_sentences::{f1_change, only_right, slice_change, unit};
use crate::report::numbers::{CountUnit, count, counted, figure, number};
use crate::report::prose::word;

/// The result that decides first, and a phrase for its rows.
fn deciding(compare: &CompareReport) -> Option<(&PairedResult, String)> {
    match (&compare.recent, &compare.whole) {
        (Some(recent), _) => {
            Some((&recent.part, format!("the newest {}", unit(compare).counted(recent.part.rows))))
        }
        (None, Some(whole)) => Some((whole, unit(compare).counted(whole.rows))),
        (None, None) => None,
    }
}

/// Why the challenger is better.
pub(super) fn better_fact(compare: &CompareReport) -> String {
    let Some((part, rows)) = deciding(compare) else {
        let rows = unit(compare).labelled(compare.counted());
        return format!("its F1 is {} on {rows}", figure(compare.challenger_f1));
    };
    match compare.sequential {
        Some(evidence) => evidence_fact("the challenger", evidence.most_for_challenger, evidence.rows),
        None if part.is_higher() => {
            format!("F1 {} on {rows}", f1_change(part.champion_f1, part.challenger_f1))
        }
        None => only_right(part, unit(compare)),
    }
}

fn evidence_fact(model: &str, evidence: f64, rows: u64) -> String {
    format!(
        "the evidence for {model} is {} after {} (limit {EVIDENCE_NEEDED})",
        number(evidence),
        counted(rows, "row")
    )
}

/// Why the challenger is not promoted.
pub(super) fn stays_fact(compare: &CompareReport) -> String {
    match compare.verdict {
        CompareVerdict::Better => failed_check(compare),
        CompareVerdict::Worse => worse_fact(compare),
        CompareVerdict::Inconclusive => inconclusive_fact(compare),
    }
}

fn failed_check(compare: &CompareReport) -> String {
    if let Some(gate) = compare.gates.iter().find(|gate| !gate.passed) {
        return gate.says.clone();
    }
    if let Some(required) = compare.required.iter().find(|required| !required.passed) {
        return format!("cross-validated {required}");
    }
    if let Some(slice) = compare.slices.iter().find(|slice| slice.loses) {
        let slice = Slice { by: word(&slice.by), value: word(&slice.value), ..slice.clone() };
        return slice_change(&slice, unit(compare));
    }
    let golden = compare.golden.as_ref().map(|golden| (golden.wrong, golden.rows)).unwrap_or_default();
    format!("{} of {} got the wrong verdict (limit 0)", count(golden.0), counted(golden.1, "golden message"))
}

fn worse_fact(compare: &CompareReport) -> String {
    if let Some(evidence) = compare.sequential {
        return evidence_fact("the champion", evidence.most_for_champion, evidence.rows);
    }
    let recent = deciding(compare).filter(|(part, _)| part.verdict == CompareVerdict::Worse);
    let all = |whole: &PairedResult| format!("all {}", unit(compare).counted(whole.rows));
    let whole = || compare.whole.as_ref().map(|whole| (whole, all(whole)));
    let Some((part, rows)) = recent.or_else(whole) else { return String::new() };
    if part.challenger_f1 < part.champion_f1 {
        format!("{} on {rows}", both_f1(part))
    } else {
        only_right(part, unit(compare))
    }
}

fn both_f1(part: &PairedResult) -> String {
    let (challenger, champion) = (figure(part.challenger_f1), figure(part.champion_f1));
    if challenger == champion {
        return format!("F1 is {challenger} for both models");
    }
    format!("F1 is {challenger} for the challenger and {champion} for the champion")
}

fn inconclusive_fact(compare: &CompareReport) -> String {
    if compare.rows == 0 {
        return "there are no labelled rows to compare the models on".into();
    }
    if let Some(suspicion) = compare.open_suspicion() {
        return suspicion.fact().to_owned();
    }
    let has_evidence =
        compare.sequential.is_some_and(|evidence| evidence.most_for_challenger >= EVIDENCE_NEEDED);
    if let Some(evidence) = compare.sequential.filter(|_| !has_evidence) {
        return evidence_fact("the challenger", evidence.most_for_challenger, evidence.rows);
    }
    let Some((part, rows)) = deciding(compare) else { return String::new() };
    if let Some(whole) = compare.whole.as_ref().filter(|whole| !whole.is_not_worse())
        && (has_evidence || part.verdict == CompareVerdict::Better)
    {
        let rows = unit(compare).counted(whole.rows);
        return format!(
            "on all {rows}, F1 may be up to {:.3} lower (limit {MIN_F1_EFFECT})",
            -whole.f1_lower_bound()
        );
    }
    // If both figures are equal, the number of rows needed is huge and of no use.
    let is_equal = figure(part.challenger_f1) == figure(part.champion_f1);
    match compare.rows_needed.filter(|_| !is_equal).map(|needed| needed.saturating_sub(part.rows)) {
        Some(more) => {
            let verb = if more == 1 { "is" } else { "are" };
            let more = match unit(compare) {
                CountUnit::Rows => counted(more, "more labelled row"),
                CountUnit::Messages(_) => counted(more, "more distinct labelled message"),
            };
            format!("{}; {more} {verb} needed to detect this difference", both_f1(part))
        }
        None => format!("{} on {rows}; the difference can be chance", both_f1(part)),
    }
}
