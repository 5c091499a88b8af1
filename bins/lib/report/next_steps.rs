//! Lists the next steps after a run, as short instructions.

use crate::compare::paired_result::CompareVerdict;
use crate::compare::report::CompareReport;
use crate::drift::triggers::TriggerCode;
use crate::drift::verdict::DriftVerdict;
use crate::registry::MODEL;
use crate::registry::journal::JournalAction;
use crate::report::RunResults;
use crate::report::compare_sentences::unit;
use crate::report::headline::RunOutcome;
use crate::report::numbers::counted;
use crate::rows::contract::ValidateVerdict;

/// An instruction, with its command line if it has one.
pub(super) struct NextStep {
    pub(super) text: String,
    pub(super) command: Option<String>,
}

impl NextStep {
    fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), command: None }
    }
}

/// Returns at least one instruction, the most important first.
pub(super) fn next_steps(run: &RunResults) -> Vec<NextStep> {
    let mut steps = match RunOutcome::of(run) {
        RunOutcome::Promoted(promote) => {
            let mut steps = Vec::new();
            if promote.action == JournalAction::RolledBack {
                steps.push(NextStep::text("The champion is held. Find out why the rollback was needed, then end the hold with promote --resume."));
            } else if promote.previous_version.is_some() {
                steps.extend(flips(run));
                steps.push(NextStep {
                    text: format!("If version {} causes problems, roll back:", promote.version),
                    command: Some(rollback(run, &promote.name)),
                });
            }
            steps
        }
        RunOutcome::Better(_) => {
            vec![NextStep { text: "Promote the challenger:".into(), command: Some(promote(run, "")) }]
        }
        RunOutcome::Held(..) => vec![NextStep {
            text: "Remove the cause of the hold. Then end the hold and promote the challenger:".into(),
            command: Some(promote(run, " --resume")),
        }],
        RunOutcome::Stays(compare) => stays(run, compare),
        RunOutcome::Retrain(drift) if drift.reason == Some(TriggerCode::NoChampion) => {
            vec![NextStep::text("Fit a first model and promote it; spamops run does both.")]
        }
        RunOutcome::Retrain(_) => {
            vec![NextStep::text("Fit a challenger and compare it with the champion; spamops run does both.")]
        }
        RunOutcome::NeedsLabels(_) => {
            let rows =
                if run.files.contains(&"to-label.csv") { "the rows in to-label.csv" } else { "more rows" };
            vec![NextStep::text(format!("Label {rows}, add them to the data, and run again."))]
        }
        RunOutcome::Waits(_) => {
            vec![NextStep::text(
                "Nothing. The first run after the cooldown retrains, if a retrain is still needed.",
            )]
        }
        RunOutcome::Quiet(drift) => vec![NextStep::text(match drift.verdict {
            DriftVerdict::Steady => "Nothing.",
            DriftVerdict::InsufficientData => "Nothing. A verdict needs more messages.",
            DriftVerdict::Drifted => {
                "Read the list of changes below. You can force a retrain with spamops run --force."
            }
        })],
        RunOutcome::Valid(_) => vec![NextStep::text("Score the rows and check them for drift.")],
        RunOutcome::Invalid(_) => {
            let rows =
                if run.files.contains(&"rejects.csv") { "rejected rows in rejects.csv" } else { "rows" };
            vec![NextStep::text(format!("Fix the {rows} or the contract, and run again."))]
        }
        RunOutcome::Measured(_) => {
            vec![NextStep::text("Run drift: it decides whether this F1 needs a retrain.")]
        }
        RunOutcome::NoRows | RunOutcome::NoResults => {
            vec![NextStep::text("Nothing. Run again when there are new rows.")]
        }
    };
    let rejected = run.validate.as_ref().filter(|validate| validate.verdict == ValidateVerdict::Valid);
    if let Some(validate) = rejected.filter(|validate| validate.rejected > 0) {
        let rows = counted(validate.rejected, "rejected row");
        if run.files.contains(&"rejects.csv") {
            steps.push(NextStep::text(format!("Check the {rows} in rejects.csv.")));
        }
    }
    if steps.is_empty() {
        steps.push(NextStep::text("Nothing."));
    }
    steps
}

/// Points to the messages on which champion and challenger disagree, if there are any.
fn flips(run: &RunResults) -> Option<NextStep> {
    let is_listed = run.files.contains(&"flips.csv");
    is_listed.then(|| NextStep::text("Review the messages whose verdict changed, in flips.csv."))
}

/// The command that makes the challenger the champion, unless someone else promotes first.
fn promote(run: &RunResults, resume: &str) -> String {
    let directory = shell(&run.directory, "DIR");
    let condition = match (run.model.champion_version, &run.model.registry) {
        (Some(version), _) => format!(" --expect {version}"),
        (None, Some(_)) => " --expect none".into(),
        (None, None) => String::new(),
    };
    format!(
        "spamops promote {directory}/challenger.json{}{}{resume}{condition} --reason \"...\"",
        registry(run),
        run.model.name.as_deref().map(named).unwrap_or_default()
    )
}

fn stays(run: &RunResults, compare: &CompareReport) -> Vec<NextStep> {
    let first = match compare.verdict {
        CompareVerdict::Inconclusive if compare.rows == 0 => {
            Some("Label rows, add them to the data, and run again.".into())
        }
        CompareVerdict::Inconclusive if compare.open_suspicion().is_some() => Some(
            "Check the labels of the suspect rows. Correct wrong labels in the data; the next retrain learns them. If \
            the labels are correct, run compare with --accept-suspect, then promote the challenger."
                .into(),
        ),
        CompareVerdict::Inconclusive => compare.rows_needed.map(|needed| {
            let rows = unit(compare).labelled(needed);
            format!("Label rows until there are {rows} to compare the models on.")
        }),
        CompareVerdict::Better => Some("Fix the cause of the failed check below, and run again.".into()),
        CompareVerdict::Worse => Some("You need not undo anything: the champion did not change.".into()),
    };
    first.map(NextStep::text).into_iter().chain(flips(run)).collect()
}

pub(super) fn rollback(run: &RunResults, name: &str) -> String {
    let name = named(name);
    format!("spamops promote --rollback{}{name} --reason \"...\"", registry(run))
}

/// The option that names a model, unless it has the usual name.
fn named(name: &str) -> String {
    if name == MODEL { String::new() } else { format!(" --name {}", shell(name, "NAME")) }
}

fn registry(run: &RunResults) -> String {
    let registry = run.model.registry.as_deref().unwrap_or("REGISTRY");
    format!(" --registry {}", shell(registry, "REGISTRY"))
}

/// `word` if a shell needs no quotes for it, else `placeholder`.
pub(super) fn shell<'a>(word: &'a str, placeholder: &'a str) -> &'a str {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '_' | '-');
    let is_safe =
        !word.is_empty() && word.len() <= 120 && !word.starts_with('-') && word.chars().all(is_plain);
    if is_safe { word } else { placeholder }
}
