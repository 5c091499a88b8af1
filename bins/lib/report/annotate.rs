//! Writes the annotations of a run: workflow commands that GitHub shows next to the steps.

use crate::drift::triggers::TriggerCode;
use crate::report::escape::{cut, message, property};
use crate::report::{Decision, RunResults, prose};
use crate::rows::contract::ValidateVerdict;

/// GitHub shows at most 10 annotations of a step.
const MAX_ANNOTATIONS: usize = 10;

/// Maximum number of characters in a title or a message.
const MAX_CHARACTERS: usize = 500;

/// One command per line: the decision first, then its evidence.
pub(super) fn commands(run: &RunResults, decision: &Decision) -> String {
    let mut list: Vec<(&str, String, String)> = Vec::new();
    let is_action_needed = decision.retrain_needed || decision.labels_needed || decision.deploy_needed;
    let is_invalid =
        run.validate.as_ref().is_some_and(|validate| validate.verdict == ValidateVerdict::Invalid);
    let is_warning = is_action_needed && decision.promoted_version.is_none() || is_invalid;
    let level = if is_warning { "warning" } else { "notice" };
    list.push((level, decision.says.clone(), decision.reason.clone()));
    if let Some(drift) = &run.drift {
        list.push(("notice", "spamops drift".into(), prose::drift_verdict(drift)));
        let warned = [TriggerCode::HistoryUnreadable, TriggerCode::FeedbackLoop].map(TriggerCode::name);
        let warnings = drift.reasons.iter().filter(|reason| warned.contains(&reason.code.as_str()));
        list.extend(warnings.map(|reason| ("warning", prose::trigger(reason), reason.says.clone())));
        let alarms = drift.signals.iter().filter(|signal| signal.fired);
        list.extend(alarms.map(|alarm| ("notice", prose::family(&alarm.family), alarm.says.clone())));
    }
    let lines = list.iter().take(MAX_ANNOTATIONS).map(|(level, title, text)| {
        format!(
            "::{level} title={}::{}\n",
            property(&cut(title, MAX_CHARACTERS)),
            message(&prose::capital(&cut(text, MAX_CHARACTERS)))
        )
    });
    lines.collect()
}
