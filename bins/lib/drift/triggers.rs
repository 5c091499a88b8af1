//! The triggers of a retrain: each with its value and its limit, whether it fired or not.

use serde::{Deserialize, Serialize};

use crate::drift::assessment::Assessment;
use crate::drift::estimated_f1::EstimatedF1;
use crate::drift::labelled_f1::{LabelledF1, labelled_f1};
use crate::drift::observation::{DriftEvidence, Observation};
use crate::drift::policy::{DriftPolicy, Persistence, RetrainOn};
use crate::drift::verdict::DriftVerdict;
use crate::io::dates::Timestamp;

/// The name of a trigger in results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerCode {
    /// The policy asks for a retrain whatever else is found.
    Forced,
    /// There is no champion yet.
    NoChampion,
    /// F1 on labelled rows.
    Performance,
    /// The estimated F1.
    ExpectedPerformance,
    /// Drift.
    Drift,
    /// The age of the champion.
    Age,
    /// The number of new rows.
    NewRows,
    /// Changes to a watched file.
    Changes,
    /// The time since the last retrain, which holds back.
    Cooldown,
    /// The number of new labels, which holds back.
    LabelsNeeded,
    /// A history that could not be read, which asks for nothing.
    HistoryUnreadable,
}

impl TriggerCode {
    /// All codes.
    pub const ALL: [Self; 11] = [
        Self::Forced,
        Self::NoChampion,
        Self::Performance,
        Self::ExpectedPerformance,
        Self::Drift,
        Self::Age,
        Self::NewRows,
        Self::Changes,
        Self::Cooldown,
        Self::LabelsNeeded,
        Self::HistoryUnreadable,
    ];

    /// The code as results spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forced => "forced",
            Self::NoChampion => "no_champion",
            Self::Performance => "performance",
            Self::ExpectedPerformance => "expected_performance",
            Self::Drift => "drift",
            Self::Age => "age",
            Self::NewRows => "new_rows",
            Self::Changes => "changes",
            Self::Cooldown => "cooldown",
            Self::LabelsNeeded => "labels_needed",
            Self::HistoryUnreadable => "history_unreadable",
        }
    }

    /// The code with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == name)
    }
}

/// Whether there is a champion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChampionPresence {
    /// There is one.
    Present,
    /// There is none, and the new rows are compared with a reference.
    NotAsked,
    /// There is neither a champion nor a reference.
    Missing,
}

/// Drift, beside what the policy asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriftPersistence {
    /// The verdict on this window.
    pub verdict: DriftVerdict,
    /// Whether this window has drifted more than is normal.
    pub is_news: bool,
    /// How many of the last windows have, including this one.
    pub drifted: usize,
    /// How many of them must have.
    pub persistence: Persistence,
    /// What asks for a retrain.
    pub retrain_on: RetrainOn,
}

impl DriftPersistence {
    /// Whether it asks for a retrain.
    pub fn fired(self) -> bool {
        match self.retrain_on {
            RetrainOn::Performance => false,
            RetrainOn::AnyDrift => self.is_news,
            RetrainOn::PersistentDrift => self.drifted >= self.persistence.windows && self.is_news,
        }
    }

    /// The number of windows with drift that asks for a retrain.
    pub fn limit(self) -> usize {
        match self.retrain_on {
            RetrainOn::AnyDrift => 1,
            RetrainOn::Performance | RetrainOn::PersistentDrift => self.persistence.windows,
        }
    }
}

/// What a trigger looked at, with the numbers of its sentence.
#[derive(Clone, Debug, PartialEq)]
pub enum TriggerCause {
    /// Whether the policy forces a retrain.
    Forced(bool),
    /// Whether there is a champion.
    Champion(ChampionPresence),
    /// F1 on labelled rows.
    Performance(LabelledF1),
    /// The estimated F1, and the loss that is accepted.
    Estimated(Option<EstimatedF1>, f64),
    /// Drift.
    Drift(DriftPersistence),
    /// The age of the champion in days, if known, and its limit.
    Age(Option<f64>, f64),
    /// New rows since the champion, and their limit.
    NewRows(u64, u64),
    /// Changed lines of a watched file since the champion.
    Changes {
        /// The file.
        file: String,
        /// Changed lines.
        lines: u64,
        /// Their limit.
        limit: u64,
    },
    /// The time since the last retrain.
    Cooldown {
        /// Hours since then.
        hours: f64,
        /// Hours in which no other retrain is requested.
        limit: f64,
        /// Whether the cooldown lasts, whether or not there is something to hold back.
        holds: bool,
    },
    /// New labels since the champion, and how many a retrain needs.
    Labels(u64, u64),
    /// Why the history could not be read.
    HistoryUnreadable(String),
}

/// A trigger that was looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// Whether it asks for a retrain, or holds one back.
    pub fired: bool,
    /// What it looked at.
    pub cause: TriggerCause,
}

impl Trigger {
    /// Its code.
    pub fn code(&self) -> TriggerCode {
        match self.cause {
            TriggerCause::Forced(_) => TriggerCode::Forced,
            TriggerCause::Champion(_) => TriggerCode::NoChampion,
            TriggerCause::Performance(_) => TriggerCode::Performance,
            TriggerCause::Estimated(..) => TriggerCode::ExpectedPerformance,
            TriggerCause::Drift(_) => TriggerCode::Drift,
            TriggerCause::Age(..) => TriggerCode::Age,
            TriggerCause::NewRows(..) => TriggerCode::NewRows,
            TriggerCause::Changes { .. } => TriggerCode::Changes,
            TriggerCause::Cooldown { .. } => TriggerCode::Cooldown,
            TriggerCause::Labels(..) => TriggerCode::LabelsNeeded,
            TriggerCause::HistoryUnreadable(_) => TriggerCode::HistoryUnreadable,
        }
    }

    /// The value and the limit that it was compared with, if there was something to compare.
    pub fn measured(&self) -> Option<(f64, f64)> {
        match &self.cause {
            TriggerCause::Performance(LabelledF1::Minimum { found, minimum, .. }) => {
                Some((found.value, *minimum))
            }
            TriggerCause::Performance(LabelledF1::Loss { least_loss, margin, .. }) => {
                Some((*least_loss, *margin))
            }
            TriggerCause::Estimated(estimated, margin) => Some((estimated.as_ref()?.least_loss(), *margin)),
            TriggerCause::Drift(drift) => Some((drift.drifted as f64, drift.limit() as f64)),
            TriggerCause::Age(days, limit) => Some(((*days)?, *limit)),
            TriggerCause::NewRows(value, limit)
            | TriggerCause::Changes { lines: value, limit, .. }
            | TriggerCause::Labels(value, limit) => Some((*value as f64, *limit as f64)),
            TriggerCause::Cooldown { hours, limit, .. } => Some((*hours, *limit)),
            TriggerCause::Forced(_)
            | TriggerCause::Champion(_)
            | TriggerCause::Performance(_)
            | TriggerCause::HistoryUnreadable(_) => None,
        }
    }
}

/// The triggers that may ask for a retrain, the most urgent first.
pub(super) fn asking(
    evidence: &DriftEvidence,
    observation: &Observation,
    assessment: &Assessment,
    policy: &DriftPolicy,
) -> Vec<Trigger> {
    let performance = labelled_f1(evidence, observation, assessment, policy);
    let mut triggers = vec![
        Trigger { fired: policy.forced, cause: TriggerCause::Forced(policy.forced) },
        champion(evidence),
        Trigger { fired: performance.fired(), cause: TriggerCause::Performance(performance) },
        estimated(assessment.expected, policy.margin),
        drift(observation, assessment, policy),
    ];
    triggers.extend(age(evidence, policy, observation.run.time));
    triggers.extend(policy.max_new_rows.map(|limit| {
        let (rows, _) = observation.since;
        Trigger { fired: rows > limit, cause: TriggerCause::NewRows(rows, limit) }
    }));
    triggers.extend(evidence.changes.iter().map(|(file, lines)| {
        let (file, lines, limit) = (file.clone(), *lines, policy.max_changes);
        Trigger { fired: lines > limit, cause: TriggerCause::Changes { file, lines, limit } }
    }));
    triggers
}

fn champion(evidence: &DriftEvidence) -> Trigger {
    let presence = match (evidence.champion, evidence.reference) {
        (Some(_), _) => ChampionPresence::Present,
        (None, Some(_)) => ChampionPresence::NotAsked,
        (None, None) => ChampionPresence::Missing,
    };
    Trigger { fired: presence == ChampionPresence::Missing, cause: TriggerCause::Champion(presence) }
}

fn estimated(estimated: Option<EstimatedF1>, margin: f64) -> Trigger {
    let fired = estimated.is_some_and(|estimated| estimated.least_loss() > margin);
    Trigger { fired, cause: TriggerCause::Estimated(estimated, margin) }
}

fn drift(observation: &Observation, assessment: &Assessment, policy: &DriftPolicy) -> Trigger {
    let is_news = assessment.is_news();
    let earlier = observation.past.drifted(assessment.window.runs, policy.persistence.of - 1);
    let drift = DriftPersistence {
        verdict: assessment.verdict,
        is_news,
        drifted: usize::from(is_news) + earlier,
        persistence: policy.persistence,
        retrain_on: policy.retrain_on,
    };
    Trigger { fired: drift.fired(), cause: TriggerCause::Drift(drift) }
}

fn age(evidence: &DriftEvidence, policy: &DriftPolicy, now: i64) -> Option<Trigger> {
    let (limit, fitted) = (policy.max_age_days?, evidence.champion?.fitted);
    let days = fitted.map(|fitted| (now - fitted.0) as f64 / 86_400.0);
    Some(Trigger { fired: days.is_some_and(|days| days > limit), cause: TriggerCause::Age(days, limit) })
}

/// The cooldown after the last retrain, if there was one; it fires only if there is a retrain to hold back.
pub(super) fn cooldown(
    last: Option<Timestamp>,
    hours: f64,
    now: Timestamp,
    is_asked: bool,
) -> Option<Trigger> {
    let since = (now.0 - last?.0) as f64 / 3600.0;
    // A retrain slightly ahead of now means that the clock was put back: it is safe to take it as just done. One that is
    // ahead by more than the cooldown cannot be right.
    let holds = -hours <= since && since < hours;
    let cause = TriggerCause::Cooldown { hours: since, limit: hours, holds };
    Some(Trigger { fired: holds && is_asked, cause })
}

/// The new labels; fires only if a retrain needs more of them.
pub(super) fn labels(observation: &Observation, policy: &DriftPolicy, is_needed: bool) -> Trigger {
    let ((_, labels), limit) = (observation.since, policy.min_new_labels);
    Trigger { fired: is_needed && labels < limit, cause: TriggerCause::Labels(labels, limit) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_one_spelling() {
        for code in TriggerCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
            assert_eq!(TriggerCode::named(code.name()), Some(code));
        }
        assert_eq!(TriggerCode::named("none"), None);
    }
}
