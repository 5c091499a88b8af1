//! Writes the messages of `spamops notify`: for each event, what happened, the numbers behind it, and what to do.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::compare::report::CompareReport;
use crate::compare::suspicion::UNSEARCHED;
use crate::drift::drift_report::DriftReport;
use crate::drift::triggers::TriggerCode;
use crate::io::dates::{self, DAY, Timestamp};
use crate::reason::Reason;
use crate::registry::CHAMPION;
use crate::registry::journal::JournalAction;
use crate::registry::moves::Promotion;
use crate::report::RunResults;
use crate::report::compare_facts::stays_fact;
use crate::report::compare_sentences::unit;
use crate::report::headline::{RunOutcome, find, retrain_fact};
use crate::report::next_steps::{self, NextStep};
use crate::report::numbers::{amount, count, counted, day, figure, number};
use crate::report::prose::{capital, sentence, stop, word};
use crate::rows::contract::{Severity, UNKNOWN_LABEL, ValidateReport, ValidateVerdict};
use crate::state::gathered::DecisionEntry;
use crate::stats::confusion::Confusion;

/// An event that people are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// A retrain is needed, and no challenger was compared.
    Retrain,
    /// A retrain needs more labels.
    LabelsNeeded,
    /// The new rows break the contract.
    FeedBroken,
    /// Rows are rejected because of their labels.
    UnknownLabels,
    /// No rows have arrived for some days.
    NoRows,
    /// A person must look at training rows that look like an attack.
    Suspects,
    /// Several challengers in a row were not promoted.
    Refused,
    /// The champion is held for some days.
    Held,
    /// A step of the run failed, or the run did not start.
    RunFailed,
    /// A challenger became the champion.
    Promoted,
    /// A previous champion was restored.
    RolledBack,
}

impl AlertKind {
    pub const ALL: [Self; 11] = [
        Self::Retrain,
        Self::LabelsNeeded,
        Self::FeedBroken,
        Self::UnknownLabels,
        Self::NoRows,
        Self::Suspects,
        Self::Refused,
        Self::Held,
        Self::RunFailed,
        Self::Promoted,
        Self::RolledBack,
    ];

    /// The name in JSON, in the state and in `--notify-on`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Retrain => "retrain",
            Self::LabelsNeeded => "labels_needed",
            Self::FeedBroken => "feed_broken",
            Self::UnknownLabels => "unknown_labels",
            Self::NoRows => "no_rows",
            Self::Suspects => "suspects",
            Self::Refused => "refused",
            Self::Held => "held",
            Self::RunFailed => "run_failed",
            Self::Promoted => "promoted",
            Self::RolledBack => "rolled_back",
        }
    }

    /// The severity in the words of PagerDuty.
    pub fn severity(self) -> &'static str {
        match self {
            Self::Promoted => "info",
            Self::Retrain | Self::LabelsNeeded | Self::UnknownLabels | Self::Refused | Self::Held => {
                "warning"
            }
            Self::FeedBroken | Self::NoRows | Self::Suspects | Self::RunFailed => "error",
            Self::RolledBack => "critical",
        }
    }

    /// Whether the event lasts until it is over. A promotion and a rollback happen once.
    pub fn lasts(self) -> bool {
        !matches!(self, Self::Promoted | Self::RolledBack)
    }

    /// Whether people want to read that the condition is over. Otherwise only programs are told.
    pub fn ends_aloud(self) -> bool {
        matches!(self, Self::FeedBroken | Self::NoRows | Self::RunFailed)
    }
}

impl FromStr for AlertKind {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|kind| kind.name() == text);
        known.with_context(|| format!("expected {}", Self::ALL.map(Self::name).join(", ")))
    }
}

impl fmt::Display for AlertKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// News about one event, in three lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub kind: AlertKind,
    /// The condition behind the event. A changed condition is told again.
    pub state: String,
    /// Whether the condition is over.
    pub is_over: bool,
    /// What happened.
    pub says: String,
    /// The numbers behind it; can be empty.
    pub because: String,
    /// What to do.
    pub advice: String,
}

impl Notice {
    fn of(kind: AlertKind, state: impl Into<String>, says: impl AsRef<str>) -> Self {
        let (because, advice) = (String::new(), String::new());
        Self { kind, state: state.into(), is_over: false, says: sentence(says.as_ref()), because, advice }
    }

    fn over(kind: AlertKind, says: impl AsRef<str>) -> Self {
        Self { is_over: true, advice: "Nothing to do.".into(), ..Self::of(kind, "", says) }
    }

    fn because(self, because: &str) -> Self {
        let because = capital(&sentence(because));
        Self { because: if because.is_empty() { because } else { stop(&because) }, ..self }
    }

    fn advice(self, advice: impl Into<String>) -> Self {
        Self { advice: advice.into(), ..self }
    }

    /// The news of a move of the champion; none if the champion did not change.
    pub fn of_move(promotion: &Promotion, run: &RunResults) -> Option<Self> {
        let Promotion { alias, version, digest, sequence, reason, actor, .. } = promotion;
        if !promotion.changed || promotion.dry_run || alias != CHAMPION {
            return None;
        }
        let state = format!("{alias} {sequence} {digest}");
        let by = actor.as_ref().map(|actor| format!(" (by {})", word(actor))).unwrap_or_default();
        if promotion.action == JournalAction::RolledBack {
            let says = format!("Version {version} is the {alias} again");
            let why = if reason.is_empty() { "no reason was given" } else { reason };
            let notice = Self::of(AlertKind::RolledBack, state, says).because(&format!("{why}{by}"));
            return Some(notice.advice("Find out why the rollback was needed before you promote again."));
        }
        let outcome = RunOutcome::Promoted(promotion);
        let headline = outcome.headline();
        let compare = run.compare.as_ref().filter(|compare| compare.deploy_needed);
        let says = if compare.is_some() { outcome.sentence(run) } else { headline };
        let because = compare.map_or_else(|| format!("{reason}{by}"), before_and_after);
        let notice = Self::of(AlertKind::Promoted, state, says).because(&because);
        let advice = match promotion.previous_version {
            Some(_) => {
                let rollback = next_steps::rollback(run, &promotion.name);
                format!("If version {version} causes problems, roll back: {rollback}")
            }
            None => "Nothing to do.".into(),
        };
        Some(notice.advice(advice))
    }

    /// The news that a run failed, for example because it did not start.
    pub fn of_failure(what: &str, run: &RunResults) -> Self {
        let notice = Self::of(AlertKind::RunFailed, word(what), format!("The run failed: {what}"));
        let because = format!("the results so far are in {}; the next run tries again", shown_directory(run));
        notice.because(&because).advice("Read the log of the run and fix the cause.")
    }
}

/// When people are told.
#[derive(Clone, Copy, Debug)]
pub struct NoticeLimits {
    /// Days without new rows.
    pub days_without_rows: f64,
    /// Number of challengers in a row that were not promoted.
    pub refused: u64,
    /// Days of a hold.
    pub days_held: f64,
}

/// The news of a run. `decisions` has the earlier runs and this run; it is empty without a state. Events about which the
/// run says nothing are left out.
pub fn notices(
    run: &RunResults,
    decisions: &[DecisionEntry],
    limits: NoticeLimits,
    now: Timestamp,
) -> Vec<Notice> {
    let moved = run.promote.as_ref().and_then(|promotion| Notice::of_move(promotion, run));
    let failed = match run.failed {
        Some(step) => Some(Notice::of_failure(&format!("the step {step} failed"), run)),
        None if run.run_id.is_some() && run.validate.is_some() => {
            Some(Notice::over(AlertKind::RunFailed, "The run works again"))
        }
        None => None,
    };
    let news = [
        failed,
        moved,
        run.validate.as_ref().and_then(|validate| feed(run, validate)),
        run.validate.as_ref().and_then(|validate| unknown_labels(run, validate)),
        run.validate.as_ref().and_then(|validate| rows(validate, decisions, limits, now)),
        labels(run),
        suspects(run),
        refused(run, decisions, limits),
        held(run, limits, now),
        retrain(run),
    ];
    news.into_iter().flatten().collect()
}

fn feed(run: &RunResults, validate: &ValidateReport) -> Option<Notice> {
    match validate.verdict {
        ValidateVerdict::Empty => None,
        ValidateVerdict::Valid => {
            let rows = counted(validate.rows, "row");
            let says =
                format!("The feed is repaired: the contract accepts {} of {rows}", count(validate.clean));
            Some(Notice::over(AlertKind::FeedBroken, says))
        }
        ValidateVerdict::Invalid => {
            let says = RunOutcome::Invalid(validate).sentence(run);
            let broken = validate.failed.iter().filter(|check| check.severity == Severity::Fail);
            let state: Vec<String> = broken.map(|check| word(&check.name)).collect();
            let rejected =
                format!("{} of {} rejected", count(validate.rejected), counted(validate.rows, "row"));
            let examples = validate.failed.iter().filter_map(|check| check.examples.first());
            let of_rows: Vec<&str> =
                examples.map(String::as_str).filter(|text| text.starts_with("line ")).take(3).collect();
            let because = match of_rows.join("; ") {
                none if none.is_empty() => rejected,
                some => format!("{rejected}, for example {some}"),
            };
            let notice = Notice::of(AlertKind::FeedBroken, state.join(" "), says).because(&because);
            let rejects = rejects_fact(run);
            Some(
                notice.advice(format!(
                    "Fix the feed or the contract.{rejects} Until then, no new rows are used."
                )),
            )
        }
    }
}

fn rejects_fact(run: &RunResults) -> String {
    let has_rejects = run.files.contains(&"rejects.csv");
    if has_rejects {
        format!(" The rejected rows are in {}/rejects.csv.", shown_directory(run))
    } else {
        String::new()
    }
}

/// Only a person can say what a new label means. The other rows are used.
fn unknown_labels(run: &RunResults, validate: &ValidateReport) -> Option<Notice> {
    if validate.verdict != ValidateVerdict::Valid {
        return None;
    }
    let Some(check) = validate.failed.iter().find(|check| check.name == UNKNOWN_LABEL) else {
        return Some(Notice::over(AlertKind::UnknownLabels, "All labels are known"));
    };
    let (rejected, rows) = (count(check.count), counted(validate.rows, "row"));
    let says = format!("{rejected} of {rows} rejected, because their labels are unknown");
    let notice = Notice::of(AlertKind::UnknownLabels, &check.name, says);
    let first = check.examples.first().map_or("", |first| first.split("; ").next().unwrap_or_default());
    let advice = format!("Change the labels in the data.{} The other rows are used.", rejects_fact(run));
    Some(notice.because(&format!("for example {first}")).advice(advice))
}

/// The open reason about a group of suspect rows, and the code of the group; none if the rows were only not searched.
fn open_group(compare: &CompareReport) -> Option<(&Reason, &str)> {
    let open = compare.open_suspicion()?;
    let group = open.says.rsplit(' ').next()?;
    (group != UNSEARCHED).then_some((open, group))
}

/// The loop continues with the old champion, but every later challenger learns from the same rows.
fn suspects(run: &RunResults) -> Option<Notice> {
    let compare = run.compare.as_ref()?;
    let Some(open) = compare.open_suspicion() else {
        return Some(Notice::over(AlertKind::Suspects, "No training rows are suspect"));
    };
    let notice = Notice::of(
        AlertKind::Suspects,
        open.fact(),
        "Training rows look like an attack: the challenger was not promoted",
    );
    Some(notice.because(open.fact()).advice(first_step(run)))
}

fn rows(
    validate: &ValidateReport,
    decisions: &[DecisionEntry],
    limits: NoticeLimits,
    now: Timestamp,
) -> Option<Notice> {
    if validate.verdict != ValidateVerdict::Empty {
        let says = format!("Rows arrive again: {}", counted(validate.rows, "new row"));
        return Some(Notice::over(AlertKind::NoRows, says));
    }
    // A run in the future had a wrong clock.
    let past = || decisions.iter().filter(|decision| decision.time <= now.0);
    let last = past().filter(|decision| decision.rows > 0).map(|decision| decision.time).max();
    let since = last.or_else(|| past().map(|decision| decision.time).min())?;
    let days = (now.0 - since) as f64 / DAY as f64;
    (days >= limits.days_without_rows).then(|| {
        let says = format!("No new rows for {}", amount(days.floor(), "day"));
        let last =
            last.map_or("no run has had rows".into(), |last| format!("the last rows came on {}", day(last)));
        let limit = number(limits.days_without_rows);
        let notice = Notice::of(AlertKind::NoRows, day(since), says);
        notice
            .because(&format!("{last} (limit {limit} days)"))
            .advice("Check that the feed still writes rows.")
    })
}

fn labels(run: &RunResults) -> Option<Notice> {
    let drift = run.drift.as_ref()?;
    let reason = find(drift, TriggerCode::LabelsNeeded);
    let (labels, limit) = reason.and_then(|reason| reason.value.zip(reason.limit)).unwrap_or_default();
    if !drift.labels_needed {
        // Without a trigger there is no request today, but the labels can still be missing.
        let is_over = drift.retrain_needed || labels >= limit;
        return is_over
            .then(|| Notice::over(AlertKind::LabelsNeeded, "There are enough labels for a retrain"));
    }
    let (state, says, because) = match find(drift, TriggerCode::FeedbackLoop) {
        Some(feedback) => {
            ("feedback_loop", "Independent labels are needed".to_owned(), feedback.fact().to_owned())
        }
        None => (
            "labels_needed",
            format!(
                "Labels are needed: a retrain needs {} new labels and has {}",
                number(limit),
                number(labels)
            ),
            format!("a retrain waits: {}", retrain_fact(drift)),
        ),
    };
    let advice = match run.to_label {
        Some(rows @ 1..) => format!(
            "Label the {} in {}/to-label.csv and add them to the data. The next run learns from them.",
            counted(rows, "row"),
            shown_directory(run)
        ),
        _ => "Label more rows and add them to the data. The next run learns from them.".into(),
    };
    Some(Notice::of(AlertKind::LabelsNeeded, state, says).because(&because).advice(advice))
}

fn refused(run: &RunResults, decisions: &[DecisionEntry], limits: NoticeLimits) -> Option<Notice> {
    let compare = run.compare.as_ref()?;
    if open_group(compare).is_some() {
        return None;
    }
    if compare.deploy_needed {
        return Some(Notice::over(AlertKind::Refused, "A challenger is better"));
    }
    let since = decisions.iter().rev().take_while(|decision| !decision.deploy_needed);
    let refused = since.filter(|decision| decision.is_refused()).count() as u64;
    // Without a state, nobody counts.
    if !decisions.is_empty() && refused < limits.refused {
        return None;
    }
    let says = match refused {
        0 | 1 => "A challenger was not promoted".to_owned(),
        many => format!("{} challengers in a row were not promoted", count(many)),
    };
    Some(Notice::of(AlertKind::Refused, "", says).because(&stays_fact(compare)).advice(first_step(run)))
}

fn held(run: &RunResults, limits: NoticeLimits, now: Timestamp) -> Option<Notice> {
    let Some(hold) = &run.hold else {
        // Only a run that has looked knows that there is no hold.
        return run.run_id.is_some().then(|| Notice::over(AlertKind::Held, "The champion is not held"));
    };
    let since = dates::read(&hold.since)?;
    let days = (now.0 - since.0) as f64 / DAY as f64;
    (days >= limits.days_held).then(|| {
        let says = format!("The champion is held for {}", amount(days.floor(), "day"));
        let limit = number(limits.days_held);
        let notice = Notice::of(AlertKind::Held, &hold.since, says);
        notice
            .because(&format!("it is {hold} (limit {limit} days)"))
            .advice("Until promote --resume ends the hold, no challenger is promoted.")
    })
}

fn retrain(run: &RunResults) -> Option<Notice> {
    let drift: &DriftReport = run.drift.as_ref()?;
    if !drift.retrain_needed || run.compare.is_some() || run.promote.is_some() {
        return Some(Notice::over(AlertKind::Retrain, "No retrain is pending"));
    }
    // A failed step is news of its own.
    (run.failed.is_none()).then(|| {
        let outcome = RunOutcome::Retrain(drift);
        let code = drift.reason.map_or("none", TriggerCode::name);
        let notice = Notice::of(AlertKind::Retrain, code, outcome.headline()).because(&retrain_fact(drift));
        notice.advice(first_step(run))
    })
}

/// The figures of the champion and of its successor on the same rows.
fn before_and_after(compare: &CompareReport) -> String {
    let after = compare.figures.challenger;
    let rows = unit(compare).labelled(compare.counted());
    let per_thousand = |part: u64, rest: u64| {
        number((1000.0 * part as f64 / (part + rest).max(1) as f64 * 10.0).round() / 10.0)
    };
    let lost = |found: Confusion| per_thousand(found.false_positive, found.true_negative);
    let missed = |found: Confusion| per_thousand(found.false_negative, found.true_positive);
    match compare.figures.champion {
        Some(before) => format!(
            "on {rows}, ham lost per thousand: {} before, {} after; spam missed per thousand: {} before, {} after",
            lost(before.confusion),
            lost(after.confusion),
            missed(before.confusion),
            missed(after.confusion)
        ),
        None => format!(
            "on {rows}, F1 is {}; ham lost per thousand: {}; spam missed per thousand: {}",
            figure(after.f1),
            lost(after.confusion),
            missed(after.confusion)
        ),
    }
}

/// The most important next step, with its command.
fn first_step(run: &RunResults) -> String {
    let first = next_steps::next_steps(run).into_iter().next();
    let NextStep { text, command } = first.unwrap_or_else(|| NextStep { text: String::new(), command: None });
    command.map_or(text.clone(), |command| format!("{text} {command}"))
}

fn shown_directory(run: &RunResults) -> &str {
    next_steps::shell(&run.directory, "DIR")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_of_events_match_json() {
        for kind in AlertKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            assert_eq!(kind.name().parse::<AlertKind>().unwrap(), kind);
        }
        assert!("retrained".parse::<AlertKind>().is_err());
    }

    #[test]
    fn a_hold_is_told_after_some_days_and_when_it_is_over() {
        let hold = json!({
            "action": "held", "since": "2026-10-01T00:00:00Z", "reason": "incident 7", "actor": "ann", "version": 2
        });
        let run = RunResults {
            run_id: Some("a".into()),
            hold: Some(serde_json::from_value(hold).unwrap()),
            ..RunResults::default()
        };
        let limits = NoticeLimits { days_without_rows: 3.0, refused: 3, days_held: 7.0 };
        let told = |run: &RunResults, day: &str| {
            let notices = notices(run, &[], limits, day.parse().unwrap());
            notices.into_iter().find(|notice| notice.kind == AlertKind::Held)
        };
        assert_eq!(told(&run, "2026-10-07"), None);
        let notice = told(&run, "2026-10-08").unwrap();
        assert_eq!(notice.says, "The champion is held for 7 days");
        assert_eq!(
            notice.because,
            "It is held at version 2 since 2026-10-01T00:00:00Z, by ann (incident 7) (limit 7 days)."
        );
        let free = RunResults { hold: None, ..run };
        assert!(told(&free, "2026-10-08").unwrap().is_over);
    }
}
