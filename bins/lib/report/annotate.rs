//! The annotations of a run, as workflow commands that a GitHub runner shows beside the steps.

use crate::drift::triggers::TriggerCode;
use crate::report::escape::{cut, message, property};
use crate::report::{Decision, RunResults, prose};
use crate::rows::contract::ValidateVerdict;

/// Annotations of one step that GitHub shows.
const MOST: usize = 10;

/// Characters of one.
const LONG: usize = 500;

/// One command a line: what was decided first, then what spoke for it.
pub(super) fn commands(run: &RunResults, decision: &Decision) -> String {
    let mut list: Vec<(&str, String, String)> = Vec::new();
    let calls = decision.retrain_needed || decision.labels_needed || decision.deploy_needed;
    let unusable = run.validate.as_ref().is_some_and(|validate| validate.verdict == ValidateVerdict::Invalid);
    let level = |warns| if warns { "warning" } else { "notice" };
    let why = if decision.reasons.is_empty() { decision.says.clone() } else { decision.reasons.join("; ") };
    list.push((level(calls && decision.promoted_version.is_none() || unusable), decision.says.clone(), why));
    if let Some(drift) = &run.drift {
        list.push(("notice", "spamops drift".into(), prose::found(drift)));
        let unread = drift.reasons.iter();
        let unread = unread.filter(|reason| reason.code == TriggerCode::HistoryUnreadable.name());
        list.extend(unread.map(|reason| ("warning", prose::trigger(reason), reason.says.clone())));
        let alarms = drift.signals.iter().filter(|signal| signal.fired);
        list.extend(alarms.map(|alarm| ("notice", prose::family(&alarm.family), alarm.says.clone())));
    }
    let lines = list.iter().take(MOST).map(|(level, title, text)| {
        format!("::{level} title={}::{}\n", property(&cut(title, LONG)), message(&cut(text, LONG)))
    });
    lines.collect()
}
