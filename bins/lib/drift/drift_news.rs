//! Tells new drift from drift that needs no retrain: drift of earlier windows, a changed class balance, and drift that a
//! retrain has answered.

use std::collections::BTreeMap;

use crate::drift::assessment::Assessment;
use crate::drift::families::Family;
use crate::drift::observation::{DriftEvidence, Observation};
use crate::drift::prior_gain::PriorGain;
use crate::drift::run_record::{RunFindings, RunRecord};
use crate::drift::shift::LabelShift;
use crate::drift::signals::Signal;
use crate::drift::verdict::{AlarmCalibration, DriftVerdict};
use crate::io::dates::Timestamp;

/// Growth from which answered drift is new again: a quarter more than the retrain saw.
pub const GROWTH: f64 = 1.25;

/// Number of windows in a row without an alarm after which answered drift is forgotten: later drift is another one.
const QUIET: u64 = 3;

/// What an answered value must exceed to be news: a quarter more, or half of what is possible if a quarter more is not.
pub(super) fn grown(answered: f64, largest: f64) -> f64 {
    let quarter = GROWTH * answered;
    if answered < largest && largest < quarter { f64::midpoint(answered, largest) } else { quarter }
}

/// Name of the estimated loss of F1 among the strengths of a run.
const ESTIMATED_LOSS: &str = "estimated_loss";

/// What became of the challenger that a retrain fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengerFate {
    /// It was not better than the champion.
    Refused,
    /// It was better, but it is not the champion.
    Better,
    /// It is the champion.
    Champion,
}

/// The retrain that answered drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriftAnswer {
    pub time: Timestamp,
    pub fate: ChallengerFate,
}

/// An estimated loss of F1 that a retrain has answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnsweredLoss {
    pub loss: f64,
    /// The retrain; none if the history no longer has it.
    pub answer: Option<DriftAnswer>,
}

/// Whether the drift of a window is a reason for a retrain.
#[derive(Clone, Debug, PartialEq)]
pub enum DriftNews {
    /// No signal is an alarm.
    NoAlarm,
    /// The change is not larger than in 95% of the earlier windows.
    Usual,
    /// Only the class balance changed. Has the F1 that a correction recovers.
    ClassBalance(LabelShift, Option<PriorGain>),
    /// A retrain has answered the drift; none if the history no longer has it.
    Answered(Option<DriftAnswer>),
    /// No retrain has seen the drift of these families. Has the retrain that answered the other drift.
    New(Vec<Family>, Option<DriftAnswer>),
}

impl DriftNews {
    pub fn is_new(&self) -> bool {
        matches!(self, Self::New(..))
    }
}

/// The drift of a window, seen in the light of the history.
#[derive(Clone, Debug, PartialEq)]
pub struct StandingDrift {
    pub news: DriftNews,
    /// First run of the unbroken series of drifted runs before this run; none if there is none.
    pub since: Option<Timestamp>,
    /// The estimated loss of F1 that a retrain has answered; none if there is none.
    pub answered_loss: Option<AnsweredLoss>,
    /// Number of earlier windows with drift that no retrain has answered.
    pub(super) earlier: usize,
    /// Strength of the answered drift, by family.
    pub(super) answered: BTreeMap<String, f64>,
    /// Number of windows in a row without an alarm, including this one.
    pub(super) quiet: u64,
    /// Number of labelled rows after the fit of the champion that the last retrain could learn from.
    pub(super) seen_labels: u64,
}

impl StandingDrift {
    /// Looks at the last `windows` windows before this window.
    pub(super) fn of(
        evidence: &DriftEvidence,
        observation: &Observation,
        assessment: &Assessment,
        windows: usize,
    ) -> Self {
        let answers = DriftAnswers { evidence, observation };
        let request = answers.last_request();
        let answered = answers.levels(assessment);
        let is_answered = |signal: &&Signal| {
            let family = signal.test.family;
            let level = answered.get(family.name()).copied();
            let limit = level.map(|level| grown(family.distance(level), family.distance(1.0)));
            limit.is_some_and(|limit| family.distance(signal.test.strength) <= limit)
        };
        let answer = request.or_else(|| answers.promotion()).and_then(|request| answers.answer(request));
        let fired = || assessment.signals.iter().filter(|signal| signal.fired);
        let new = fired().filter(|signal| signal.is_unusual() && !is_answered(signal));
        let new: Vec<Family> = new.map(|signal| signal.test.family).collect();
        let news = if fired().next().is_none() {
            DriftNews::NoAlarm
        } else if !assessment.is_unusual() {
            DriftNews::Usual
        } else if let Some(shift) = assessment.shift.filter(|shift| shift.only_base_rate) {
            DriftNews::ClassBalance(shift, assessment.prior_gain)
        } else if new.is_empty() {
            DriftNews::Answered(answer)
        } else {
            DriftNews::New(new, answer.filter(|_| !answered.is_empty()))
        };
        let loss = answered.get(ESTIMATED_LOSS).filter(|loss| **loss > 0.0);
        let after = request.map_or(i64::MIN, |request| request.time);
        Self {
            since: observation.past.drifted_since(),
            answered_loss: loss.map(|loss| AnsweredLoss { loss: *loss, answer }),
            quiet: match news {
                DriftNews::NoAlarm if assessment.verdict == DriftVerdict::Steady => {
                    1 + observation.past.0.last().map_or(0, |run| run.quiet)
                }
                _ => 0,
            },
            earlier: observation.past.drifted(assessment.window.runs, windows, after),
            news,
            answered,
            seen_labels: request.map_or(0, |request| request.since.1),
        }
    }

    /// The verdict in the light of the history: a change that is usual, or that a retrain has answered, is no drift.
    pub(super) fn verdict(&self, tested: DriftVerdict) -> DriftVerdict {
        match self.news {
            DriftNews::Usual | DriftNews::Answered(_) => DriftVerdict::Steady,
            DriftNews::NoAlarm | DriftNews::ClassBalance(..) | DriftNews::New(..) => tested,
        }
    }

    /// The part of an assessment that the history keeps.
    pub(super) fn findings(&self, assessment: &Assessment, since: (u64, u64)) -> RunFindings {
        RunFindings {
            verdict: assessment.verdict,
            runs: assessment.window.runs,
            since,
            calibrated: assessment.window.calibration == AlarmCalibration::History,
            news: assessment.is_unusual(),
            strengths: strengths(assessment),
            unanswered: self.news.is_new(),
            answered: self.answered.clone(),
            quiet: self.quiet,
            f1: assessment.expected.ok().map(|estimated| estimated.expected.value),
        }
    }
}

/// Strength of the change in each family, and the estimated loss of F1.
fn strengths(assessment: &Assessment) -> BTreeMap<String, f64> {
    let strength = |signal: &Signal| (signal.test.family.name().to_owned(), signal.test.strength);
    let loss =
        assessment.expected.ok().map(|estimated| (ESTIMATED_LOSS.to_owned(), estimated.loss().max(0.0)));
    assessment.signals.iter().map(strength).chain(loss).collect()
}

/// Finds the retrains that answered drift.
struct DriftAnswers<'a> {
    evidence: &'a DriftEvidence<'a>,
    observation: &'a Observation<'a>,
}

impl<'a> DriftAnswers<'a> {
    /// The retrain that followed a request. None if no retrain has compared a challenger since.
    fn answer(&self, request: &RunRecord) -> Option<DriftAnswer> {
        let mut later = self.evidence.retrains.iter().filter(|retrain| retrain.time.0 >= request.time);
        let retrain = later.next()?;
        let fate = match (retrain.was_better, request.reference == self.observation.run.reference) {
            (false, _) => ChallengerFate::Refused,
            (true, true) => ChallengerFate::Better,
            (true, false) => ChallengerFate::Champion,
        };
        Some(DriftAnswer { time: retrain.time, fate })
    }

    /// Answered requests for a retrain of this champion, the latest first.
    fn requests(&self) -> impl Iterator<Item = &'a RunRecord> {
        let requests = self.observation.past.0.iter().rev().copied();
        requests.filter(|record| record.retrain && self.answer(record).is_some())
    }

    fn last_request(&self) -> Option<&'a RunRecord> {
        self.requests().next()
    }

    /// The request whose challenger became this champion.
    fn promotion(&self) -> Option<&'a RunRecord> {
        let run = &self.observation.run;
        let mut earlier = self.evidence.history.runs().iter().rev();
        let request = earlier
            .find(|record| record.reference != run.reference && record.time <= run.time && record.retrain)?;
        self.answer(request).filter(|answer| answer.fate == ChallengerFate::Champion).map(|_| request)
    }

    /// Time of the last run that ended a series of windows without an alarm; none if there is none.
    fn quiet_until(&self) -> Option<i64> {
        let past = self.observation.past.0.iter().rev();
        past.copied().find(|run| run.quiet >= QUIET).map(|run| run.time)
    }

    /// Strength of the answered drift, by family: the largest strength that a retrain of this champion saw. For a promoted
    /// challenger, the strength of its first window, up to the strength at the request. The first window grows with each
    /// run until it is complete.
    fn levels(&self, assessment: &Assessment) -> BTreeMap<String, f64> {
        let past = &self.observation.past.0;
        let quiet = self.quiet_until();
        let is_later = |time: i64| quiet.is_none_or(|quiet| time > quiet);
        let mut levels = past.last().map_or_else(BTreeMap::new, |record| record.answered.clone());
        // An estimated loss can last without an alarm.
        levels.retain(|family, _| {
            family == ESTIMATED_LOSS || past.last().is_some_and(|run| is_later(run.time))
        });
        let mut raise = |family: &str, strength: f64| {
            let level = levels.entry(family.to_owned()).or_insert(strength);
            *level = level.max(strength);
        };
        for request in self.requests() {
            let strengths = request.strengths.iter();
            strengths
                .filter(|(family, _)| *family == ESTIMATED_LOSS || is_later(request.time))
                .for_each(|(family, strength)| raise(family, *strength));
        }
        let is_first =
            assessment.window.runs > past.len() && assessment.verdict != DriftVerdict::InsufficientData;
        if let Some(request) = self.promotion().filter(|_| is_first) {
            for (family, strength) in strengths(assessment) {
                if let Some(seen) = request.strengths.get(&family) {
                    raise(&family, seen.min(strength));
                }
            }
        }
        levels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_answered_value_makes_news_impossible() {
        assert!((grown(0.1, 1.0) - 0.125).abs() < 1e-12);
        for answered in [0.5, 0.81, 0.9, 0.997] {
            assert!((answered..1.0).contains(&grown(answered, 1.0)), "{answered}");
        }
    }
}
