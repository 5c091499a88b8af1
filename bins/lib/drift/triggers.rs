//! Checks the triggers of a retrain. A trigger keeps its value and its limit even if it does not fire.

use anyhow::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::drift::assessment::Assessment;
use crate::drift::contradicted_estimate::ContradictedEstimate;
use crate::drift::drift_news::{AnsweredLoss, DriftNews, StandingDrift, grown};
use crate::drift::estimated_f1::{EstimatedF1, NotEstimated};
use crate::drift::labelled_f1::{LabelledF1, MIN_LABELLED, MeasuredFpr, labelled_f1, labelled_fpr};
use crate::drift::observation::{DriftEvidence, Observation};
use crate::drift::policy::{DriftPolicy, Persistence, RetrainOn};
use crate::drift::verdict::DriftVerdict;
use crate::io::dates::Timestamp;
use crate::io::fraction::Fraction;
use crate::model::label_evidence::{FEEDBACK_LEVEL, LabelEvidence};

/// The code of a trigger, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerCode {
    /// A retrain is forced with --force.
    Forced,
    NoChampion,
    /// F1 on labelled rows fell.
    Performance,
    /// The false positive rate on labelled rows is above its limit.
    Fpr,
    /// Estimated F1 fell.
    ExpectedPerformance,
    Drift,
    /// The champion is too old.
    Age,
    /// Too many rows have arrived since the champion was fitted.
    NewRows,
    /// The labelled rows since the fit are many, compared with the rows that the champion learned from.
    MoreLabels,
    /// A watched file has changed.
    Changes,
    /// The last retrain is more recent than the cooldown. Blocks a retrain.
    Cooldown,
    /// There are too few new labels. Blocks a retrain.
    LabelsNeeded,
    /// The labels repeat the champion's verdicts. Blocks a retrain, and requests labels.
    FeedbackLoop,
    /// A part of the history cannot be read. Information only.
    HistoryUnreadable,
}

impl TriggerCode {
    pub const ALL: [Self; 14] = [
        Self::Forced,
        Self::NoChampion,
        Self::Performance,
        Self::Fpr,
        Self::ExpectedPerformance,
        Self::Drift,
        Self::Age,
        Self::NewRows,
        Self::MoreLabels,
        Self::Changes,
        Self::Cooldown,
        Self::LabelsNeeded,
        Self::FeedbackLoop,
        Self::HistoryUnreadable,
    ];

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forced => "forced",
            Self::NoChampion => "no_champion",
            Self::Performance => "performance",
            Self::Fpr => "fpr",
            Self::ExpectedPerformance => "expected_performance",
            Self::Drift => "drift",
            Self::Age => "age",
            Self::NewRows => "new_rows",
            Self::MoreLabels => "more_labels",
            Self::Changes => "changes",
            Self::Cooldown => "cooldown",
            Self::LabelsNeeded => "labels_needed",
            Self::FeedbackLoop => "feedback_loop",
            Self::HistoryUnreadable => "history_unreadable",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == name)
    }
}

/// Whether there is a champion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChampionPresence {
    Present,
    /// There is no champion, but there is a reference to compare new rows with.
    ReferenceOnly,
    /// There is neither a champion nor a reference.
    Missing,
}

/// Drift in the last windows, with the limits of the policy.
#[derive(Clone, Debug, PartialEq)]
pub struct DriftPersistence {
    /// Verdict on the current window.
    pub verdict: DriftVerdict,
    /// Number of new messages in the current window.
    pub messages: u64,
    /// Number of messages in the reference.
    pub reference: u64,
    /// Number of new messages needed for a verdict; none if no number is enough.
    pub needed: Option<u64>,
    /// Number of alarms, and number of signals.
    pub alarms: (usize, usize),
    /// Whether the drift in the current window is a reason for a retrain.
    pub news: DriftNews,
    /// First run of the unbroken series of drifted runs before this run; none if there is none.
    pub since: Option<Timestamp>,
    /// Number of the last windows with new drift, including the current one.
    pub drifted: usize,
    /// Number of windows that must have new drift.
    pub persistence: Persistence,
    pub retrain_on: RetrainOn,
}

impl DriftPersistence {
    /// Whether the drift triggers a retrain.
    pub fn fired(&self) -> bool {
        let is_enough = match self.retrain_on {
            RetrainOn::Performance => false,
            RetrainOn::AnyDrift => true,
            RetrainOn::PersistentDrift => self.drifted >= self.persistence.windows,
        };
        is_enough && self.news.is_new()
    }

    /// Number of windows with new drift that triggers a retrain.
    pub fn limit(&self) -> usize {
        match self.retrain_on {
            RetrainOn::AnyDrift => 1,
            RetrainOn::Performance | RetrainOn::PersistentDrift => self.persistence.windows,
        }
    }
}

/// Estimated F1, with the limit of its loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EstimatedLoss {
    pub estimated: Result<EstimatedF1, NotEstimated>,
    /// F1 on labelled messages, if it contradicts the estimate.
    pub contradicted: Option<ContradictedEstimate>,
    /// Maximum loss of the policy.
    pub margin: f64,
    /// The loss that a retrain has answered, if a quarter more is above the margin.
    pub answered: Option<AnsweredLoss>,
}

impl EstimatedLoss {
    /// Lower 95% bound of the loss, without the part that labels contradict; none if F1 cannot be estimated.
    pub fn lower_bound(&self) -> Option<f64> {
        let excess = self.contradicted.map_or(0.0, ContradictedEstimate::excess);
        self.estimated.ok().map(|estimated| estimated.loss_lower_bound() - excess)
    }

    /// Maximum loss: the margin, or a quarter more than a retrain has answered.
    pub fn limit(&self) -> f64 {
        self.answered.map_or(self.margin, |answered| grown(answered.loss, 1.0).max(self.margin))
    }
}

/// Labels since the last retrain of the champion, if they are too few for another retrain on the same loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelsSinceRetrain {
    pub new: u64,
    /// Minimum number of new labels.
    pub needed: u64,
}

impl LabelsSinceRetrain {
    fn of(observation: &Observation, standing: &StandingDrift, policy: &DriftPolicy) -> Self {
        let (_, labels) = observation.since;
        Self { new: labels.saturating_sub(standing.seen_labels), needed: policy.min_new_labels }
    }

    /// Whether a retrain has learned from nearly the same labels.
    fn are_few(self, standing: &StandingDrift) -> bool {
        standing.seen_labels > 0 && self.new < self.needed
    }
}

/// The subject of a trigger, with the numbers for its sentence.
#[derive(Clone, Debug, PartialEq)]
pub enum TriggerCause {
    Forced(bool),
    Champion(ChampionPresence),
    /// F1 on labelled rows, and the labels since a retrain has answered its loss.
    Performance(LabelledF1, Option<LabelsSinceRetrain>),
    /// The false positive rate, if it is measured, and its limit.
    Fpr(Option<MeasuredFpr>, f64),
    Estimated(EstimatedLoss),
    Drift(DriftPersistence),
    /// Age of the champion in days (none if unknown), and its limit.
    Age(Option<f64>, f64),
    /// Number of rows since the champion was fitted, and its limit.
    NewRows(u64, u64),
    /// Labelled rows to learn from.
    MoreLabels {
        /// Number of labelled rows since the fit, or since the last retrain of this champion.
        new: u64,
        /// Number of labelled rows that the champion, or the challenger of the last retrain, learned from.
        learned: u64,
        /// Maximum number of new labelled rows.
        limit: u64,
        /// Whether the champion had a retrain since its fit.
        is_refit: bool,
    },
    /// Changes to a watched file since the champion was fitted.
    Changes {
        file: String,
        /// Number of changed lines.
        lines: u64,
        limit: u64,
    },
    /// Time since the last retrain.
    Cooldown {
        /// Hours since the last retrain.
        hours: f64,
        /// Cooldown in hours.
        limit: f64,
        /// Whether the cooldown is active, even if there is no retrain to block.
        holds: bool,
    },
    /// Number of labels since the champion was fitted, and the number that a retrain needs.
    Labels(u64, u64),
    /// Labels that repeat the champion's verdicts.
    Feedback(LabelEvidence),
    /// The reason why the history cannot be read.
    HistoryUnreadable(String),
}

/// A trigger, fired or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// Whether the trigger requests or blocks a retrain.
    pub fired: bool,
    pub cause: TriggerCause,
}

impl Trigger {
    pub fn code(&self) -> TriggerCode {
        match self.cause {
            TriggerCause::Forced(_) => TriggerCode::Forced,
            TriggerCause::Champion(_) => TriggerCode::NoChampion,
            TriggerCause::Performance(..) => TriggerCode::Performance,
            TriggerCause::Fpr(..) => TriggerCode::Fpr,
            TriggerCause::Estimated(_) => TriggerCode::ExpectedPerformance,
            TriggerCause::Drift(_) => TriggerCode::Drift,
            TriggerCause::Age(..) => TriggerCode::Age,
            TriggerCause::NewRows(..) => TriggerCode::NewRows,
            TriggerCause::MoreLabels { .. } => TriggerCode::MoreLabels,
            TriggerCause::Changes { .. } => TriggerCode::Changes,
            TriggerCause::Cooldown { .. } => TriggerCode::Cooldown,
            TriggerCause::Labels(..) => TriggerCode::LabelsNeeded,
            TriggerCause::Feedback(_) => TriggerCode::FeedbackLoop,
            TriggerCause::HistoryUnreadable(_) => TriggerCode::HistoryUnreadable,
        }
    }

    /// The value and its limit; none if the trigger has no number.
    pub fn measured(&self) -> Option<(f64, f64)> {
        match &self.cause {
            TriggerCause::Performance(LabelledF1::Minimum { found, minimum, .. }, _) => {
                Some((found.value, *minimum))
            }
            TriggerCause::Performance(LabelledF1::Loss { loss_lower_bound, margin, .. }, _) => {
                Some((*loss_lower_bound, *margin))
            }
            TriggerCause::Fpr(rate, limit) => Some((rate.as_ref()?.value, *limit)),
            TriggerCause::Estimated(loss) => Some((loss.lower_bound()?, loss.limit())),
            TriggerCause::Drift(drift) => Some((drift.drifted as f64, drift.limit() as f64)),
            TriggerCause::Age(days, limit) => Some(((*days)?, *limit)),
            TriggerCause::NewRows(value, limit)
            | TriggerCause::MoreLabels { new: value, limit, .. }
            | TriggerCause::Changes { lines: value, limit, .. }
            | TriggerCause::Labels(value, limit) => Some((*value as f64, *limit as f64)),
            TriggerCause::Cooldown { hours, limit, .. } => Some((*hours, *limit)),
            TriggerCause::Feedback(labels) => Some((labels.p, FEEDBACK_LEVEL)),
            TriggerCause::Forced(_)
            | TriggerCause::Champion(_)
            | TriggerCause::Performance(..)
            | TriggerCause::HistoryUnreadable(_) => None,
        }
    }
}

/// The triggers that can request a retrain, the most urgent first.
pub(super) fn retrain_triggers(
    evidence: &DriftEvidence,
    observation: &Observation,
    assessment: &Assessment,
    standing: StandingDrift,
    policy: &DriftPolicy,
) -> Result<Vec<Trigger>> {
    let more_labels = more_labels(evidence, observation, &standing, policy);
    let is_answered = LabelsSinceRetrain::of(observation, &standing, policy).are_few(&standing);
    let performance = labelled_f1(evidence, observation, assessment, policy)?;
    let mut triggers = vec![
        Trigger { fired: policy.forced, cause: TriggerCause::Forced(policy.forced) },
        champion(evidence),
        measured(performance, observation, &standing, policy),
        estimated(assessment, standing.answered_loss, policy.margin, performance),
        drift(assessment, standing, policy),
    ];
    if let Some(limit) = policy.max_fpr.map(Fraction::value) {
        let rate = labelled_fpr(evidence, observation, assessment, limit)?;
        let fired = rate.is_some_and(|rate| rate.is_above) && !is_answered;
        triggers.insert(3, Trigger { fired, cause: TriggerCause::Fpr(rate, limit) });
    }
    triggers.extend(age(evidence, policy, observation.run.time));
    triggers.extend(policy.max_new_rows.map(|limit| {
        let (rows, _) = observation.since;
        Trigger { fired: rows > limit, cause: TriggerCause::NewRows(rows, limit) }
    }));
    triggers.extend(more_labels);
    triggers.extend(evidence.changes.iter().map(|(file, lines)| {
        let (file, lines, limit) = (file.clone(), *lines, policy.max_changes);
        Trigger { fired: lines > limit, cause: TriggerCause::Changes { file, lines, limit } }
    }));
    Ok(triggers)
}

fn champion(evidence: &DriftEvidence) -> Trigger {
    let presence = match (evidence.champion, evidence.reference) {
        (Some(_), _) => ChampionPresence::Present,
        (None, Some(_)) => ChampionPresence::ReferenceOnly,
        (None, None) => ChampionPresence::Missing,
    };
    Trigger { fired: presence == ChampionPresence::Missing, cause: TriggerCause::Champion(presence) }
}

/// A loss that a retrain has answered needs new labels: the same challenger would be refused again.
fn measured(
    performance: LabelledF1,
    observation: &Observation,
    standing: &StandingDrift,
    policy: &DriftPolicy,
) -> Trigger {
    let since = LabelsSinceRetrain::of(observation, standing, policy);
    let is_answered = performance.fired() && since.are_few(standing);
    Trigger {
        fired: performance.fired() && !is_answered,
        cause: TriggerCause::Performance(performance, is_answered.then_some(since)),
    }
}

/// An estimate that cannot be trusted counts only until labelled rows measure F1.
fn estimated(
    assessment: &Assessment,
    answered: Option<AnsweredLoss>,
    margin: f64,
    measured: LabelledF1,
) -> Trigger {
    let Assessment { expected: estimated, contradicted, .. } = *assessment;
    let answered = answered.filter(|answered| grown(answered.loss, 1.0) > margin);
    let loss = EstimatedLoss { estimated, contradicted, margin, answered };
    let counts = estimated.is_ok_and(|estimated| estimated.doubt.is_none() || !measured.is_measured());
    let fired = counts && loss.lower_bound().is_some_and(|bound| bound > loss.limit());
    Trigger { fired, cause: TriggerCause::Estimated(loss) }
}

fn drift(assessment: &Assessment, standing: StandingDrift, policy: &DriftPolicy) -> Trigger {
    let drift = DriftPersistence {
        verdict: assessment.verdict,
        messages: assessment.window.messages,
        reference: assessment.window.reference,
        needed: assessment.window.needed,
        alarms: (assessment.signals.iter().filter(|signal| signal.fired).count(), assessment.signals.len()),
        drifted: usize::from(standing.news.is_new()) + standing.earlier,
        news: standing.news,
        since: standing.since,
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

/// A retrain of the same champion has learned from the rows before it, so only later rows count.
fn more_labels(
    evidence: &DriftEvidence,
    observation: &Observation,
    standing: &StandingDrift,
    policy: &DriftPolicy,
) -> Option<Trigger> {
    let (growth, learned) = (policy.max_label_growth?, evidence.champion?.learned?);
    let (_, labels) = observation.since;
    let learned = learned + standing.seen_labels;
    let new = labels.saturating_sub(standing.seen_labels);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of rows")]
    let limit = ((growth * learned as f64) as u64).max(policy.min_new_labels);
    let is_refit = standing.seen_labels > 0;
    Some(Trigger { fired: new > limit, cause: TriggerCause::MoreLabels { new, learned, limit, is_refit } })
}

/// The cooldown after the last retrain; none without an earlier retrain. The cooldown fires only if there is a retrain
/// to block.
pub(super) fn cooldown(
    last: Option<Timestamp>,
    hours: f64,
    now: Timestamp,
    is_requested: bool,
) -> Option<Trigger> {
    let since = (now.0 - last?.0) as f64 / 3600.0;
    // If the last retrain is slightly in the future, the clock was set back: treat the retrain as just done. If the
    // retrain is further in the future than the cooldown, its time is wrong: ignore the retrain.
    let holds = -hours <= since && since < hours;
    let cause = TriggerCause::Cooldown { hours: since, limit: hours, holds };
    Some(Trigger { fired: holds && is_requested, cause })
}

/// The trigger on the number of new labels. Fires only if a retrain needs more labels. A guess of F1 alone always needs
/// labels.
pub(super) fn labels(
    observation: &Observation,
    policy: &DriftPolicy,
    is_needed: bool,
    is_guess: bool,
) -> Trigger {
    let least = if is_guess { MIN_LABELLED.0 } else { 0 };
    let ((_, labels), limit) = (observation.since, policy.min_new_labels.max(least));
    Trigger { fired: is_needed && labels < limit, cause: TriggerCause::Labels(labels, limit) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_match_their_json_names() {
        for code in TriggerCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
            assert_eq!(TriggerCode::named(code.name()), Some(code));
        }
        assert_eq!(TriggerCode::named("none"), None);
    }
}
