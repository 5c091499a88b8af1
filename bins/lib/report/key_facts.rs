//! Lists the title and the key facts of a run, for the top of a report.

use crate::compare::paired_result::CompareVerdict;
use crate::compare::report::CompareReport;
use crate::compare::sequential::EVIDENCE_NEEDED;
use crate::drift::drift_report::DriftReport;
use crate::drift::verdict::DriftVerdict;
use crate::registry::holds::AliasHold;
use crate::report::compare_sentences::{f1_change, unit};
use crate::report::numbers::{count, counted, day, figure, number};
use crate::report::prose::word;
use crate::report::{Decision, RunResults};
use crate::rows::contract::{ValidateReport, ValidateVerdict};
use crate::stats::metrics::Metrics;

/// Digits of a SHA-256 that a report shows.
const DIGEST: usize = 12;

/// A name, a value, and a remark that may be empty.
pub(super) struct KeyFact {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) remark: String,
}

/// "spam: version 2 is now the champion".
pub(super) fn title(run: &RunResults, decision: &Decision) -> String {
    let Some(name) = &run.model.name else { return decision.says.clone() };
    let mut headline = decision.says.chars();
    let first = headline.next().map(|first| first.to_lowercase().to_string()).unwrap_or_default();
    format!("{}: {first}{}", word(name), headline.as_str())
}

/// "run 3f2a9c01b7de · 2026-10-01 · champion at the start: version 1 (71e7…)".
pub(super) fn subtitle(run: &RunResults, decision: &Decision) -> String {
    let id = run.run_id.as_ref().map(|id| format!("run {}", digest(id)));
    let champion = run.model.champion_version.map(|version| {
        let own = run.model.champion_digest.as_ref().map(|own| format!(" ({})", digest(own)));
        format!("champion at the start: version {version}{}", own.unwrap_or_default())
    });
    let parts = [id, Some(day(decision.time)), champion];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

pub(super) fn digest(digest: &str) -> String {
    word(&digest.chars().take(DIGEST).collect::<String>())
}

/// The facts of each tool that ran, in the order of the cycle.
pub(super) fn key_facts(run: &RunResults) -> Vec<KeyFact> {
    let mut facts = Vec::new();
    facts.extend(run.validate.as_ref().map(rows));
    if let Some(drift) = &run.drift {
        facts.push(messages(drift));
    }
    facts.extend(run.metrics.as_ref().filter(|metrics| metrics.labelled > 0).map(labelled));
    facts.extend(run.drift.as_ref().and_then(estimated));
    facts.extend(run.watch.as_ref().and_then(watched));
    if let Some(compare) = &run.compare {
        facts.push(challenger(compare));
    }
    facts.extend(run.hold.as_ref().filter(|_| run.promote.is_none()).map(hold));
    if let Some(promote) = &run.promote {
        let previous = promote.previous_version.map(|version| format!(", previous: version {version}"));
        facts.push(KeyFact {
            name: "Champion",
            value: format!("version {}", promote.version),
            remark: format!("SHA-256 {}{}", digest(&promote.digest), previous.unwrap_or_default()),
        });
    }
    facts
}

/// The champion and its predecessor since the promotion.
fn watched(watch: &CompareReport) -> Option<KeyFact> {
    let evidence = watch.sequential?;
    let value = match watch.verdict {
        CompareVerdict::Better => "better than its predecessor",
        CompareVerdict::Worse => "worse than its predecessor",
        CompareVerdict::Inconclusive => "no difference yet",
    };
    let [against, for_it] = [evidence.most_for_champion, evidence.most_for_challenger].map(number);
    let rows = counted(evidence.rows, "distinct labelled message");
    let remark =
        format!("evidence {against} against it, {for_it} for it (limit {EVIDENCE_NEEDED}) on {rows}");
    Some(KeyFact { name: "Since the promotion", value: value.into(), remark })
}

fn hold(hold: &AliasHold) -> KeyFact {
    KeyFact {
        name: "Champion",
        value: "held".into(),
        remark: hold.to_string().trim_start_matches("held ").to_owned(),
    }
}

fn rows(validate: &ValidateReport) -> KeyFact {
    let rejected = format!("{} rejected", count(validate.rejected));
    let remark = match validate.verdict {
        ValidateVerdict::Invalid => format!("{rejected}, the rows break the contract"),
        ValidateVerdict::Valid => rejected,
        ValidateVerdict::Empty => String::new(),
    };
    KeyFact { name: "New rows", value: count(validate.rows), remark }
}

fn messages(drift: &DriftReport) -> KeyFact {
    let alarms = drift.signals.iter().filter(|signal| signal.fired).count();
    let value = match drift.verdict {
        DriftVerdict::Drifted => "drifted",
        DriftVerdict::Steady => "steady",
        DriftVerdict::InsufficientData if drift.window.reference == 0 => "not compared",
        DriftVerdict::InsufficientData => "too few for a verdict",
    };
    let remark = match drift.signals.len() {
        0 if drift.window.reference == 0 => "there is no reference".into(),
        0 => String::new(),
        signals => format!("{alarms} of {} raised an alarm", counted(signals as u64, "signal")),
    };
    KeyFact { name: "Messages", value: value.into(), remark }
}

fn labelled(metrics: &Metrics) -> KeyFact {
    let rows = counted(metrics.labelled, "labelled row");
    let remark = match &metrics.distinct {
        Some(distinct) => {
            let messages = counted(distinct.messages, "distinct message");
            format!("on {messages} of this run ({rows}; {} with copies)", figure(metrics.figures.f1))
        }
        None => format!("on {rows} of this run"),
    };
    KeyFact { name: "F1 of the champion", value: figure(metrics.deciding_figures().f1), remark }
}

fn estimated(drift: &DriftReport) -> Option<KeyFact> {
    let estimated = drift.expected?;
    let messages = counted(estimated.messages, "message");
    let reference = figure(estimated.reference.value);
    let adjusted = if estimated.adjusted { " after adjusting for class balance" } else { "" };
    let doubt = if estimated.doubt.is_some() { "; do not trust this estimate" } else { "" };
    let remark = format!("on {messages}; the reference is {reference}{adjusted}{doubt}");
    Some(KeyFact { name: "Estimated F1", value: figure(estimated.expected.value), remark })
}

fn challenger(compare: &CompareReport) -> KeyFact {
    let remark = match (&compare.recent, &compare.whole) {
        (Some(recent), _) => {
            let change = f1_change(recent.part.champion_f1, recent.part.challenger_f1);
            format!("F1 {change} on the newest {}", unit(compare).counted(recent.part.rows))
        }
        (None, Some(whole)) => {
            let change = f1_change(whole.champion_f1, whole.challenger_f1);
            format!("F1 {change} on {}{}", unit(compare).counted(whole.rows), unit(compare).of_rows())
        }
        (None, None) => {
            let rows = unit(compare).labelled(compare.counted());
            format!("F1 is {} on {rows}{}", figure(compare.challenger_f1), unit(compare).of_rows())
        }
    };
    KeyFact { name: "Challenger", value: compare.verdict.name().into(), remark }
}
