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
    /// Whether there are new rows and they meet the contract. If not, and if no retrain is forced, `reason_code` is `empty`
    /// or `invalid`.
    pub valid: bool,
    /// Whether a retrain is needed now. False after a rollback in this run: the next run retrains.
    pub retrain_needed: bool,
    /// Whether a retrain needs more labels first.
    #[serde(default)]
    pub labels_needed: bool,
    /// Whether a challenger was compared.
    #[serde(default)]
    pub compared: bool,
    /// Whether to deploy: the challenger should replace the champion, which is not held, or the champion has changed.
    pub deploy_needed: bool,
    /// Hold of the champion; absent if it is not held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<AliasHold>,
    /// The version that was promoted; null if none was.
    pub promoted_version: Option<u64>,
    /// A stable code for programs. `held` if the challenger should replace the champion, but the champion is held;
    /// `rolled_back` if the champion was rolled back; the trigger of a retrain. Without a retrain, `promoted`, `better` or
    /// `stays` after a move or a comparison, and `labels_needed` or `cooldown` if the retrain waits. Otherwise the verdict
    /// of `drift` or `validate`; `none` without a verdict.
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
            deploy_needed: self.deploy_needed(&outcome),
            hold: self.hold.clone(),
            promoted_version: self.promote.as_ref().map(|promote| promote.version),
            reason_code: escape::code(self.code(&outcome)),
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

    /// The code of the outcome. A retrain that was requested counts before the comparison that followed from it.
    fn code(&self, outcome: &RunOutcome) -> &str {
        let retrain = self.drift.as_ref().filter(|drift| drift.retrain_needed);
        match outcome {
            RunOutcome::Held(..) => JournalAction::Held.name(),
            RunOutcome::Promoted(promote) if promote.action == JournalAction::RolledBack => {
                JournalAction::RolledBack.name()
            }
            RunOutcome::Promoted(_)
            | RunOutcome::Better(_)
            | RunOutcome::Stays(_)
            | RunOutcome::Retrain(_)
                if let Some(drift) = retrain =>
            {
                drift.reason.map_or("none", TriggerCode::name)
            }
            RunOutcome::Promoted(_) => "promoted",
            RunOutcome::Better(_) => "better",
            RunOutcome::Stays(_) => "stays",
            RunOutcome::NeedsLabels(_) => TriggerCode::LabelsNeeded.name(),
            RunOutcome::Waits(_) => TriggerCode::Cooldown.name(),
            RunOutcome::Retrain(drift) | RunOutcome::Quiet(drift) => drift.verdict.name(),
            RunOutcome::Invalid(validate) => validate.verdict.name(),
            RunOutcome::NoRows => ValidateVerdict::Empty.name(),
            RunOutcome::Valid(_) | RunOutcome::Measured(_) | RunOutcome::NoResults => "none",
        }
    }

    /// Whether to deploy: the challenger should replace the champion, or a move has changed the champion.
    fn deploy_needed(&self, outcome: &RunOutcome) -> bool {
        let is_better = self.compare.as_ref().is_some_and(|compare| compare.deploy_needed);
        match outcome {
            RunOutcome::Better(_) => true,
            RunOutcome::Promoted(promote) => promote.changed || is_better || self.was_rolled_back(),
            _ => false,
        }
    }

    /// Whether the champion was rolled back.
    fn was_rolled_back(&self) -> bool {
        self.promote.as_ref().is_some_and(|promote| promote.action == JournalAction::RolledBack)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::decision as comparison;
    use crate::compare::evidence::{CompareEvidence, RowCounts};
    use crate::compare::report::CompareReport;
    use crate::drift::decision::decide;
    use crate::drift::drift_report::DriftReport;
    use crate::drift::observation::DriftEvidence;
    use crate::drift::policy::DriftPolicy;
    use crate::registry::moves::Promotion;
    use crate::report::compare_sentences::report;
    use crate::report::drift_sentences::drift_report;
    use crate::rows::contract::ValidateReport;
    use crate::stats::paired::PairedConfusion;

    /// Drift with each trigger: requested, blocked by the cooldown or by missing labels, and not fired.
    fn drifts() -> Vec<DriftReport> {
        let (decision, _) = decide(&DriftEvidence::default(), &DriftPolicy::default(), Timestamp(0)).unwrap();
        let base = DriftReport { retrain_needed: false, reason: None, ..drift_report(decision, "drift") };
        let quiet = DriftReport { reasons: Vec::new(), ..base };
        let feedback = DriftReport {
            labels_needed: true,
            reason: Some(TriggerCode::FeedbackLoop),
            reasons: vec![Reason::plain(TriggerCode::FeedbackLoop.name(), true, "labels repeat verdicts")],
            ..quiet.clone()
        };
        let mut drifts = vec![quiet.clone(), feedback];
        let requests = |code: &TriggerCode| {
            !matches!(
                code,
                TriggerCode::Cooldown
                    | TriggerCode::LabelsNeeded
                    | TriggerCode::FeedbackLoop
                    | TriggerCode::HistoryUnreadable
            )
        };
        for code in TriggerCode::ALL.into_iter().filter(requests) {
            let fired = DriftReport {
                reason: Some(code),
                reasons: vec![Reason::plain(code.name(), true, "fired")],
                ..quiet.clone()
            };
            let blocked = |by: TriggerCode| {
                let mut drift = fired.clone();
                drift.reasons.push(Reason::plain(by.name(), true, "blocks"));
                drift
            };
            drifts.push(DriftReport { labels_needed: true, ..blocked(TriggerCode::LabelsNeeded) });
            drifts.push(blocked(TriggerCode::Cooldown));
            drifts.push(DriftReport { retrain_needed: true, ..fired });
        }
        drifts
    }

    fn comparisons() -> Vec<CompareReport> {
        let counts = RowCounts::Paired(PairedConfusion::default());
        let worse = report(comparison::decide(CompareEvidence::of(counts)), "compare");
        vec![CompareReport { deploy_needed: true, ..worse.clone() }, worse]
    }

    fn promotions() -> Vec<Promotion> {
        let of = |(action, changed)| Promotion {
            head: ResultHead::new("promote", "promote"),
            name: "spam".into(),
            alias: "champion".into(),
            action,
            changed,
            dry_run: false,
            version: 2,
            previous_version: Some(1),
            digest: "71e7".into(),
            sequence: 2,
            journal_head: None,
            hold: None,
            moved: "2026-10-01".into(),
            reason: String::new(),
            actor: None,
            writes: Vec::new(),
        };
        let moves = [(JournalAction::Assigned, true), (JournalAction::Assigned, false)];
        moves.into_iter().chain([(JournalAction::RolledBack, true)]).map(of).collect()
    }

    fn validations() -> Vec<ValidateReport> {
        let of = |verdict| ValidateReport {
            head: ResultHead::new("validate", "validate"),
            verdict,
            rows: 5,
            clean: 5,
            rejected: 0,
            failed: Vec::new(),
            reasons: Vec::new(),
        };
        [ValidateVerdict::Valid, ValidateVerdict::Invalid, ValidateVerdict::Empty].map(of).into()
    }

    fn hold() -> AliasHold {
        AliasHold {
            action: JournalAction::Held,
            since: "2026-10-01".into(),
            until: None,
            reason: String::new(),
            actor: None,
            version: 1,
            rolled_back: None,
        }
    }

    fn or_none<T: Clone>(list: Vec<T>) -> Vec<Option<T>> {
        list.into_iter().map(Some).chain([None]).collect()
    }

    /// Reads the outputs as a workflow does, and checks what the code says about each of them.
    fn expect_agreement(run: &RunResults) {
        let decision = run.decision(Timestamp(0), "report");
        let outputs = decision.outputs();
        let output = |name: &str| {
            let value = |line: &str| line.strip_prefix(name)?.strip_prefix('=').map(str::to_owned);
            outputs.lines().find_map(value).unwrap()
        };
        let [valid, retrain, labels, deploy] =
            ["valid", "retrain_needed", "labels_needed", "deploy_needed"].map(|name| output(name) == "true");
        let code = output("reason_code");
        let asked = run.drift.as_ref().and_then(|drift| drift.reason).map(TriggerCode::name);
        let is_move = matches!(&*code, "promoted" | "better" | "rolled_back");
        let can = match &*code {
            "held" => !deploy && decision.hold.is_some(),
            "promoted" => !retrain && decision.promoted_version.is_some(),
            "better" | "rolled_back" => deploy && !retrain,
            "stays" => !deploy && !retrain && decision.compared,
            "labels_needed" => labels && !retrain && !deploy,
            "cooldown" => asked.is_some() && !retrain && !deploy && !labels,
            "drifted" | "steady" | "insufficient_data" | "none" => !retrain && !deploy && !labels,
            "invalid" | "empty" => !valid && !retrain && !deploy && !labels,
            trigger => retrain && asked == Some(trigger),
        };
        assert!(can, "{outputs}");
        assert!(!retrain || asked == Some(&*code) || code == "held", "{outputs}");
        assert!(!deploy || retrain || is_move, "{outputs}");
    }

    #[test]
    fn the_reason_code_never_disagrees_with_the_outputs() {
        for validate in or_none(validations()) {
            for drift in or_none(drifts()) {
                for compare in or_none(comparisons()) {
                    for promote in or_none(promotions()) {
                        for hold in [None, Some(hold())] {
                            let run = RunResults {
                                validate: validate.clone(),
                                drift: drift.clone(),
                                compare: compare.clone(),
                                promote: promote.clone(),
                                hold,
                                ..RunResults::default()
                            };
                            expect_agreement(&run);
                        }
                    }
                }
            }
        }
    }
}
