//! Tests new messages against the reference and lists what changed.

use crate::drift::changes::FeatureChanges;
use crate::drift::contradicted_estimate::ContradictedEstimate;
use crate::drift::estimated_f1::{EstimatedF1, NotEstimated};
use crate::drift::families::FamilyTest;
use crate::drift::histograms::{FeatureDistance, FeatureHistogram, feature_histograms};
use crate::drift::messages::Messages;
use crate::drift::observation::{DriftEvidence, Observation};
use crate::drift::past_runs::surprise;
use crate::drift::prior_gain::PriorGain;
use crate::drift::shares;
use crate::drift::shift::{LabelShift, shift};
use crate::drift::signals::{ChampionEvidence, Signal, families, signals};
use crate::drift::sizes::{self, MIN_MESSAGES};
use crate::drift::verdict::{AlarmCalibration, DriftVerdict, Window};
use crate::io::fraction::Fraction;
use crate::model::label_evidence::LabelEvidence;
use crate::model::score_calibration::ScoreCalibration;

/// The verdict on new messages, with every test and change.
#[derive(Clone, Debug)]
pub struct Assessment {
    pub verdict: DriftVerdict,
    /// The messages that the verdict covers.
    pub window: Window,
    /// One signal per family of tests; empty if there are too few messages.
    pub signals: Vec<Signal>,
    /// Words, flags and sizes that changed.
    pub changes: FeatureChanges,
    /// Whether only the class balance changed; none without scores and labels.
    pub shift: Option<LabelShift>,
    /// F1 that a correction for the class balance recovers; none if other things changed, or without labels.
    pub prior_gain: Option<PriorGain>,
    /// Estimated F1, or the reason why there is none.
    pub expected: Result<EstimatedF1, NotEstimated>,
    /// F1 on labelled messages, if it contradicts an estimated loss.
    pub contradicted: Option<ContradictedEstimate>,
    /// Distances of sizes and scores from the reference.
    pub distances: Vec<FeatureDistance>,
    /// Histograms of sizes and scores.
    pub pictures: Vec<FeatureHistogram>,
    /// Numbers of runs whose F1 is pooled: in the short window, then in the long window.
    pub runs: [usize; 2],
    /// Whether the labelled messages are not a random sample.
    pub picked: bool,
    /// Labels compared with the champion's verdicts; none without labels or scores.
    pub labels: Option<LabelEvidence>,
}

impl Assessment {
    /// The assessment without a reference, or with too few messages to test.
    fn untested(window: Window, why: NotEstimated) -> Self {
        Self {
            verdict: DriftVerdict::InsufficientData,
            window,
            signals: Vec::new(),
            changes: FeatureChanges::default(),
            shift: None,
            prior_gain: None,
            expected: Err(why),
            contradicted: None,
            distances: Vec::new(),
            pictures: Vec::new(),
            runs: [1, 1],
            picked: false,
            labels: None,
        }
    }

    /// The labels, if they probably repeat the champion's verdicts.
    pub fn feedback(&self) -> Option<LabelEvidence> {
        self.labels.filter(LabelEvidence::is_feedback)
    }

    /// Whether the change behind an alarm is larger than in 95% of the earlier windows.
    pub fn is_unusual(&self) -> bool {
        self.signals.iter().any(|signal| signal.fired && signal.is_unusual())
    }
}

/// Tests the window against the reference. The last `skipped` windows do not count as normal, because the drift may have
/// begun in them.
pub(super) fn assess(evidence: &DriftEvidence, observation: &Observation, skipped: usize) -> Assessment {
    let Some((reference, _)) = evidence.reference else {
        return Assessment::untested(untested_window(observation), NotEstimated::NoReference);
    };
    let side = Messages::of_reference(reference);
    let new = Messages::of_runs(&observation.window.messages, reference, &observation.awaiting_labels);
    let window = tested_window(observation, &side, &new);
    if new.len() < MIN_MESSAGES || side.len() < MIN_MESSAGES {
        return Assessment::untested(window, NotEstimated::TooFewMessages);
    }
    let longer = Messages::of_runs(&observation.longer.messages, reference, &observation.awaiting_labels);
    let threshold = evidence.champion.map(|champion| champion.threshold);
    let champion = KnownChampion::of(&side, threshold);
    let current = champion.as_ref().map(|champion| champion.estimate(&side, &new)).map_err(|why| *why);
    let shift = current.as_ref().ok().and_then(|current| current.shift);
    let is_longer = observation.longer.runs != observation.window.runs;
    let long = champion.as_ref().ok().filter(|_| is_longer).map(|champion| champion.estimate(&side, &longer));
    let estimated = [current, long.map_or(current, Ok)];
    let estimated = estimated.map(|estimate| estimate.and_then(|estimate| estimate.f1));
    let expected = worst(&estimated);
    let picked = shares::are_picked(&longer);
    let labels =
        threshold.and_then(|threshold| LabelEvidence::of(reference, &observation.longer.messages, threshold));
    let has_evidence = !picked && !labels.is_some_and(|labels| labels.is_feedback());
    let contradicted = champion
        .as_ref()
        .ok()
        .filter(|_| has_evidence && expected.is_ok_and(|f1| f1.loss_lower_bound() > 0.0));
    let contradicted = contradicted.and_then(|champion| champion.contradicted(&side, &longer.labelled()));
    let champion = ChampionEvidence { threshold, estimated: estimated[0].as_ref().ok() };
    let families = families(&side, &new, champion, &evidence.names);
    let signals = signals(families, |test: &FamilyTest| {
        let earlier = observation.past.strengths(test.family.name(), window.runs, skipped);
        surprise(test.strength, earlier)
    });
    let calibrated = signals.iter().any(|signal| signal.surprise.is_some());
    let calibration = if calibrated { AlarmCalibration::History } else { AlarmCalibration::IidOnly };
    let (distances, pictures) = feature_histograms(&side, &new);
    Assessment {
        verdict: verdict(&signals, &window),
        window: Window { calibration, ..window },
        signals,
        changes: FeatureChanges::between(&side, &new, &evidence.names),
        shift,
        prior_gain: shift
            .filter(|shift| shift.only_base_rate)
            .zip(threshold)
            .and_then(|(shift, threshold)| PriorGain::of(&new, threshold, &shift)),
        expected,
        contradicted,
        distances,
        pictures,
        runs: [observation.window.runs, observation.longer.runs],
        picked,
        labels,
    }
}

/// The window of a run that is compared.
fn tested_window(observation: &Observation, reference: &Messages, new: &Messages) -> Window {
    Window {
        runs: observation.window.runs,
        messages: new.len(),
        reference: reference.len(),
        needed: sizes::needed(reference.len()),
        detectable: sizes::detectable(reference.len(), new.len()),
        ..untested_window(observation)
    }
}

/// The window of a run that is not compared.
fn untested_window(observation: &Observation) -> Window {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of messages")]
    let distinct = observation.run.messages.distinct().round() as u64;
    Window {
        rows: observation.run.rows(),
        distinct,
        runs: 1,
        messages: 0,
        reference: 0,
        needed: None,
        detectable: None,
        calibration: AlarmCalibration::IidOnly,
    }
}

/// A champion whose scores can be interpreted with the labels of the reference.
struct KnownChampion {
    threshold: Fraction,
    calibration: ScoreCalibration,
}

/// The estimate on one pool of new messages.
#[derive(Clone, Copy)]
struct PoolEstimate {
    shift: Option<LabelShift>,
    f1: Result<EstimatedF1, NotEstimated>,
}

impl KnownChampion {
    fn of(reference: &Messages, threshold: Option<Fraction>) -> Result<Self, NotEstimated> {
        let threshold = threshold.filter(|_| reference.scored).ok_or(NotEstimated::NoScores)?;
        let calibration = ScoreCalibration::learn(reference.records.iter().copied());
        let calibration = calibration.ok_or(NotEstimated::TooFewLabels)?;
        Ok(Self { threshold, calibration })
    }

    fn estimate(&self, reference: &Messages, new: &Messages) -> PoolEstimate {
        let Self { threshold, calibration } = self;
        let shift = shift(reference, new, *threshold, calibration);
        let f1 = EstimatedF1::of(reference, new, *threshold, calibration, shift.as_ref());
        PoolEstimate { shift, f1 }
    }

    /// F1 on labelled messages; none if it allows the estimate on the same messages.
    fn contradicted(&self, reference: &Messages, labelled: &Messages) -> Option<ContradictedEstimate> {
        let estimated = self.estimate(reference, labelled).f1.ok()?;
        ContradictedEstimate::of(labelled, self.threshold, estimated.expected.value)
    }
}

/// The estimate with the larger loss. The short window shows a recent loss; the long window shows a small loss.
fn worst(estimated: &[Result<EstimatedF1, NotEstimated>; 2]) -> Result<EstimatedF1, NotEstimated> {
    match estimated {
        [Ok(short), Ok(long)] => {
            Ok(if short.loss_lower_bound() > long.loss_lower_bound() { *short } else { *long })
        }
        [short, long] => short.or(*long),
    }
}

fn verdict(signals: &[Signal], window: &Window) -> DriftVerdict {
    if signals.iter().any(|signal| signal.fired) {
        DriftVerdict::Drifted
    } else if window.needed.is_some_and(|needed| window.messages >= needed) {
        DriftVerdict::Steady
    } else {
        DriftVerdict::InsufficientData
    }
}
