//! The decision of `drift`: observe the run, assess its messages, check every trigger.

use anyhow::Result;

use crate::drift::assessment::{Assessment, assess};
use crate::drift::observation::{DriftEvidence, Observation, observe};
use crate::drift::policy::{DriftPolicy, Schedule};
use crate::drift::repeats::{Repeats, repeats};
use crate::drift::run_record::{RunRecord, RunSummary};
use crate::drift::triggers::{self, Trigger, TriggerCause, TriggerCode};
use crate::io::dates::Timestamp;

/// What was decided about the champion.
#[derive(Clone, Debug)]
pub struct DriftDecision {
    /// When.
    pub time: Timestamp,
    /// Whether a retrain is requested.
    pub retrain_needed: bool,
    /// Whether labels are requested, without which a retrain would have nothing to learn from.
    pub labels_needed: bool,
    /// The first trigger that fired, even if the retrain is held back.
    pub asked: Option<TriggerCode>,
    /// Every trigger, whether it fired or not.
    pub triggers: Vec<Trigger>,
    /// What the messages show.
    pub assessment: Assessment,
    /// Messages that came more than once.
    pub repeats: Repeats,
    /// The runs before this one, and this one.
    pub strip: Vec<RunSummary>,
    /// The cost of this schedule where nothing ever changes.
    pub schedule: Schedule,
}

/// Decides; returns the record for the history, too.
pub fn decide(
    evidence: &DriftEvidence,
    policy: &DriftPolicy,
    now: Timestamp,
) -> Result<(DriftDecision, RunRecord)> {
    let observation = observe(evidence, now)?;
    let assessment = assess(evidence, &observation, policy.persistence.of - 1);
    let answer = Answer::of(evidence, &observation, &assessment, policy);
    let record = RunRecord::new(observation.run, assessment.findings(observation.since));
    let earlier = evidence.history.blocks().iter();
    let earlier = earlier.filter(|known| known.id != record.id && known.time <= record.time);
    let decision = DriftDecision {
        time: now,
        retrain_needed: answer.retrain_needed,
        labels_needed: answer.labels_needed,
        asked: answer.asked,
        triggers: answer.triggers,
        assessment,
        repeats: repeats(&evidence.new, evidence.reference.map(|(profile, _)| profile), &evidence.names),
        strip: earlier.chain([&record]).map(RunSummary::from).collect(),
        schedule: Schedule::of(policy, evidence.history.interval(now.0)),
    };
    Ok((decision, record))
}

/// The triggers, and what they come to.
struct Answer {
    triggers: Vec<Trigger>,
    asked: Option<TriggerCode>,
    retrain_needed: bool,
    labels_needed: bool,
}

impl Answer {
    fn of(
        evidence: &DriftEvidence,
        observation: &Observation,
        assessment: &Assessment,
        policy: &DriftPolicy,
    ) -> Self {
        let mut triggers = triggers::asking(evidence, observation, assessment, policy);
        let fired: Vec<TriggerCode> =
            triggers.iter().filter(|trigger| trigger.fired).map(Trigger::code).collect();
        let asked = fired.first().copied();
        let compelled =
            fired.iter().any(|code| matches!(code, TriggerCode::Forced | TriggerCode::NoChampion));
        // A changed word list is something to learn from; what the rows say needs labels.
        let learns = compelled || fired.contains(&TriggerCode::Changes);
        let now = Timestamp(observation.run.time);
        let cooldown = triggers::cooldown(evidence.last_retrain, policy.cooldown_hours, now, asked.is_some())
            .filter(|_| !compelled);
        let held = cooldown.as_ref().is_some_and(|cooldown| cooldown.fired);
        let wanted = asked.is_some() && !held;
        let labels = triggers::labels(observation, policy, wanted && !learns);
        let labels_needed = labels.fired;
        triggers.extend(cooldown);
        triggers.push(labels);
        triggers.extend(evidence.history.unreadable.as_ref().map(|why| {
            let cause = TriggerCause::HistoryUnreadable(why.clone());
            Trigger { fired: false, cause }
        }));
        Self { triggers, asked, retrain_needed: wanted && !labels_needed, labels_needed }
    }
}
