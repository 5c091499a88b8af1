//! Decides whether to retrain: observes the run, assesses its messages, and checks every trigger.

use anyhow::Result;

use crate::drift::assessment::{Assessment, assess};
use crate::drift::drift_news::StandingDrift;
use crate::drift::labelled_verdicts::LabelledCopies;
use crate::drift::observation::{DriftEvidence, Observation, observe};
use crate::drift::policy::{DriftPolicy, Schedule};
use crate::drift::repeats::{Repeats, repeats};
use crate::drift::run_record::{RunRecord, RunSummary};
use crate::drift::triggers::{self, Trigger, TriggerCause, TriggerCode};
use crate::io::dates::Timestamp;

/// The decision about the champion, and the evidence behind it.
#[derive(Clone, Debug)]
pub struct DriftDecision {
    pub time: Timestamp,
    pub retrain_needed: bool,
    /// Whether labels are requested: a retrain needs more new labels, or the labels repeat the champion's verdicts.
    pub labels_needed: bool,
    /// The first trigger that fired, even if the cooldown or missing labels block the retrain.
    pub asked: Option<TriggerCode>,
    /// Every trigger, fired or not.
    pub triggers: Vec<Trigger>,
    pub assessment: Assessment,
    /// Copies among the labelled rows of this run; none if no row is a copy.
    pub labelled: Option<LabelledCopies>,
    /// Messages that arrived more than once.
    pub repeats: Repeats,
    /// Earlier runs and this run, the oldest first.
    pub strip: Vec<RunSummary>,
    /// Expected number of false retrains.
    pub schedule: Schedule,
}

/// Decides whether to retrain. Also returns the record for the history.
pub fn decide(
    evidence: &DriftEvidence,
    policy: &DriftPolicy,
    now: Timestamp,
) -> Result<(DriftDecision, RunRecord)> {
    let observation = observe(evidence, now)?;
    let assessment = assess(evidence, &observation, policy.persistence.of - 1);
    let drift = StandingDrift::of(evidence, &observation, &assessment, policy.persistence.of - 1);
    let assessment = Assessment { verdict: drift.verdict(assessment.verdict), ..assessment };
    let findings = drift.findings(&assessment, observation.since);
    let outcome = TriggerOutcome::of(evidence, &observation, &assessment, drift, policy)?;
    let labelled = LabelledCopies::of(evidence.metrics);
    let mut record = RunRecord::new(observation.run, findings);
    record.retrain = outcome.retrain_needed;
    let earlier = evidence.history.runs().iter();
    let earlier = earlier.filter(|known| known.id != record.id && known.time <= record.time);
    let decision = DriftDecision {
        time: now,
        retrain_needed: outcome.retrain_needed,
        labels_needed: outcome.labels_needed,
        asked: outcome.asked,
        triggers: outcome.triggers,
        assessment,
        labelled,
        repeats: repeats(&evidence.new, evidence.reference.map(|(profile, _)| profile), &evidence.names),
        strip: earlier.chain([&record]).map(RunSummary::from).collect(),
        schedule: Schedule::of(policy, evidence.history.interval(now.0)),
    };
    Ok((decision, record))
}

/// The triggers, and the requests that follow from them.
struct TriggerOutcome {
    triggers: Vec<Trigger>,
    asked: Option<TriggerCode>,
    retrain_needed: bool,
    labels_needed: bool,
}

impl TriggerOutcome {
    fn of(
        evidence: &DriftEvidence,
        observation: &Observation,
        assessment: &Assessment,
        drift: StandingDrift,
        policy: &DriftPolicy,
    ) -> Result<Self> {
        let mut triggers = triggers::retrain_triggers(evidence, observation, assessment, drift, policy)?;
        let fired: Vec<TriggerCode> =
            triggers.iter().filter(|trigger| trigger.fired).map(Trigger::code).collect();
        let asked = fired.first().copied();
        let is_forced =
            fired.iter().any(|code| matches!(code, TriggerCode::Forced | TriggerCode::NoChampion));
        // A retrain on a changed word list needs no new labels. A retrain on drift or a loss of F1 needs new labels.
        let needs_no_labels = is_forced || fired.contains(&TriggerCode::Changes);
        let now = Timestamp(observation.run.time);
        let cooldown = triggers::cooldown(evidence.last_retrain, policy.cooldown_hours, now, asked.is_some())
            .filter(|_| !is_forced);
        let is_cooling_down = cooldown.as_ref().is_some_and(|cooldown| cooldown.fired);
        let wanted = asked.is_some() && !is_cooling_down;
        // A guess of F1 does not request a retrain on its own.
        let is_guess = assessment.expected.is_ok_and(|estimated| estimated.is_guess())
            && fired == [TriggerCode::ExpectedPerformance];
        let labels = triggers::labels(observation, policy, wanted && !needs_no_labels, is_guess);
        // A retrain on labels that repeat the champion's verdicts would only confirm the champion.
        let feedback = assessment.feedback();
        let is_blocked = labels.fired || feedback.is_some() && !needs_no_labels;
        let retrain_needed = wanted && !is_blocked;
        let labels_needed = (labels.fired || feedback.is_some()) && !retrain_needed;
        triggers.extend(cooldown);
        triggers.push(labels);
        triggers
            .extend(feedback.map(|labels| Trigger { fired: true, cause: TriggerCause::Feedback(labels) }));
        triggers.extend(evidence.history.unreadable.as_ref().map(|why| {
            let cause = TriggerCause::HistoryUnreadable(why.clone());
            Trigger { fired: false, cause }
        }));
        let asked = asked.or(feedback.map(|_| TriggerCode::FeedbackLoop));
        Ok(Self { triggers, asked, retrain_needed, labels_needed })
    }
}
