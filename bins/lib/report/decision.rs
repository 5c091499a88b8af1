//! Combines the results of a run into one decision, and formats the runner's outputs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::drift::triggers::TriggerCode;
use crate::io::dates::Timestamp;
use crate::io::diagnostics::inert;
use crate::io::result_file::ResultHead;
use crate::reason::Reason;
use crate::registry::holds::AliasHold;
use crate::registry::journal::JournalAction;
use crate::report::RunResults;
use crate::report::headline::RunOutcome;
use crate::report::{escape, prose};
use crate::rows::contract::ValidateVerdict;
use crate::state::gathered::DecisionEntry;

/// The decision of a run, as in `decision.json`.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "programs read each answer on its own")]
pub struct Decision {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: ResultHead,
    /// Time of the decision, in seconds since 1970.
    pub time: i64,
    /// Whether there are new rows and they meet the contract. If not, `reason_code` is `empty` or `invalid`.
    pub valid: bool,
    /// Whether a retrain is needed now. False after a rollback in this run: the next run retrains.
    pub retrain_needed: bool,
    /// Whether a retrain needs more labels first.
    #[serde(default)]
    pub labels_needed: bool,
    /// Whether a challenger was compared.
    #[serde(default)]
    pub compared: bool,
    /// Whether to deploy: the challenger should replace the champion, which is not held, or the champion was rolled back.
    pub deploy_needed: bool,
    /// Hold of the champion; absent if it is not held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<AliasHold>,
    /// The version that was promoted; null if none was.
    pub promoted_version: Option<u64>,
    /// A stable code for programs: the trigger of a retrain, or `labels_needed` or `cooldown` if the retrain waits.
    /// `held` if the challenger should replace the champion, but the champion is held; `rolled_back` if the champion was
    /// rolled back. Otherwise the verdict of `drift` or
    /// `validate`; `none` without a verdict.
    #[serde(default)]
    pub reason_code: String,
    /// The decision in a few words, without its reason.
    #[serde(default)]
    pub says: String,
    /// The decision and the facts behind it, as one sentence of at most 200 characters.
    #[serde(default)]
    pub reason: String,
    /// The sentences behind the decision, at most 20, with all details.
    pub reasons: Vec<String>,
}

/// Maximum number of reasons in a decision.
pub(super) const MAX_REASONS: usize = 20;

impl RunResults {
    /// Decides from the results. A tool that did not run counts as `false`.
    pub fn decision(&self, now: Timestamp, tool: &str) -> Decision {
        let outcome = RunOutcome::of(self);
        Decision {
            head: ResultHead { run_id: self.run_id.clone(), ..ResultHead::new("decision", tool) },
            time: self.drift.as_ref().map_or(now.0, |drift| drift.time),
            valid: self.validate.as_ref().is_some_and(|validate| validate.verdict == ValidateVerdict::Valid),
            // After a rollback, the next run retrains.
            retrain_needed: self.drift.as_ref().is_some_and(|drift| drift.retrain_needed)
                && !self.was_rolled_back(),
            labels_needed: self.drift.as_ref().is_some_and(|drift| drift.labels_needed),
            compared: self.compare.is_some(),
            deploy_needed: self.was_rolled_back()
                || self.compare.as_ref().is_some_and(|compare| compare.deploy_needed)
                    && !matches!(outcome, RunOutcome::Held(..)),
            hold: self.hold.clone(),
            promoted_version: self.promote.as_ref().map(|promote| promote.version),
            reason_code: escape::code(self.code()),
            says: outcome.headline(),
            reason: outcome.sentence(self),
            reasons: self.reasons(),
        }
    }

    fn reasons(&self) -> Vec<String> {
        let sentences = |reasons: &[Reason], needs_fired: bool| -> Vec<String> {
            let named = reasons.iter().filter(|reason| reason.fired || !needs_fired);
            named.map(|reason| reason.says.clone()).collect()
        };
        let mut reasons = self.validate.as_ref().map_or_else(Vec::new, |validate| validate.reasons.clone());
        if let Some(drift) = &self.drift {
            reasons.extend(sentences(&drift.reasons, true));
        }
        if let Some(compare) = &self.compare {
            // If the challenger is not better, the checks that did not fire are the reasons.
            reasons.extend(sentences(&compare.reasons, compare.deploy_needed));
        }
        if let RunOutcome::Held(_, hold) = RunOutcome::of(self) {
            reasons.insert(0, format!("the champion is {hold}; promote --resume ends the hold"));
        }
        let more = reasons.len().saturating_sub(MAX_REASONS);
        reasons.truncate(MAX_REASONS);
        let mut reasons: Vec<String> = reasons.iter().map(|reason| prose::sentence(reason)).collect();
        if more > 0 {
            reasons.push(format!("and {more} more"));
        }
        reasons
    }

    fn code(&self) -> &str {
        if matches!(RunOutcome::of(self), RunOutcome::Held(..)) {
            return JournalAction::Held.name();
        }
        if self.was_rolled_back() {
            return JournalAction::RolledBack.name();
        }
        match (&self.drift, &self.validate) {
            (Some(drift), _) if drift.retrain_needed => drift.reason.map_or("none", TriggerCode::name),
            (Some(drift), _) if drift.labels_needed => TriggerCode::LabelsNeeded.name(),
            (Some(drift), _) if self.waits() && drift.reason.is_some() => TriggerCode::Cooldown.name(),
            (Some(drift), _) => drift.verdict.name(),
            (None, Some(validate)) if validate.verdict != ValidateVerdict::Valid => validate.verdict.name(),
            _ => "none",
        }
    }

    /// Whether the champion was rolled back.
    fn was_rolled_back(&self) -> bool {
        self.promote.as_ref().is_some_and(|promote| promote.action == JournalAction::RolledBack)
    }

    /// Whether a retrain waits for the cooldown.
    fn waits(&self) -> bool {
        let holds = |reason: &Reason| reason.code == TriggerCode::Cooldown.name() && reason.fired;
        self.drift.as_ref().is_some_and(|drift| drift.reasons.iter().any(holds))
    }
}

impl Decision {
    /// One line NAME=VALUE for each output. No value contains a line break, so a message cannot add an output.
    pub fn outputs(&self) -> String {
        let Self { valid, retrain_needed, labels_needed, deploy_needed, .. } = self;
        let (code, reason) = (escape::code(&self.reason_code), inert(&self.reason));
        format!(
            "valid={valid}\nretrain_needed={retrain_needed}\nlabels_needed={labels_needed}\n\
            deploy_needed={deploy_needed}\nreason_code={code}\nreason={reason}\n"
        )
    }

    /// The entry in `decisions.jsonl` of the state.
    pub fn entry(&self, run: &RunResults) -> DecisionEntry {
        let Self { time, retrain_needed, compared, deploy_needed, .. } = *self;
        let rows = run.validate.as_ref().map_or(0, |validate| validate.rows);
        let held = matches!(RunOutcome::of(run), RunOutcome::Held(..));
        let reasons = self.reasons.clone();
        DecisionEntry { time, retrain_needed, compared, deploy_needed, held, rows, reasons }
    }
}
