//! Tests new messages against the reference and lists what changed.

use crate::drift::changes::{self, FeatureChange};
use crate::drift::estimated_f1::{self, EstimatedF1};
use crate::drift::families::FamilyTest;
use crate::drift::histograms::{FeatureDistance, FeatureHistogram, feature_histograms};
use crate::drift::messages::Messages;
use crate::drift::observation::{DriftEvidence, Observation};
use crate::drift::past_runs::surprise;
use crate::drift::run_record::RunFindings;
use crate::drift::shares;
use crate::drift::shift::{LabelShift, shift};
use crate::drift::signals::{ChampionEvidence, Signal, families, signals};
use crate::drift::sizes;
use crate::drift::verdict::{AlarmCalibration, DriftVerdict, Window};
use crate::io::fraction::Fraction;
use crate::model::calibrate::Calibration;

/// Minimum number of distinct messages for a verdict, on each side.
pub const MIN_MESSAGES: u64 = 30;

/// The verdict on new messages, with every test and change.
#[derive(Clone, Debug)]
pub struct Assessment {
    pub verdict: DriftVerdict,
    /// The messages that the verdict covers.
    pub window: Window,
    /// One signal per family of tests; empty if there are too few messages.
    pub signals: Vec<Signal>,
    /// Words, flags and sizes that changed.
    pub moved: Vec<FeatureChange>,
    /// Whether only the class balance changed; none without scores and labels.
    pub shift: Option<LabelShift>,
    /// Estimated F1; none without scores, or if the reference has too few labels.
    pub expected: Option<EstimatedF1>,
    /// Distances of sizes and scores from the reference.
    pub distances: Vec<FeatureDistance>,
    /// Histograms of sizes and scores.
    pub pictures: Vec<FeatureHistogram>,
    /// Numbers of runs whose F1 is pooled: in the short window, then in the long window.
    pub runs: [usize; 2],
    /// Whether the labelled messages are not a random sample.
    pub picked: bool,
}

impl Assessment {
    /// The assessment without a reference, or with too few messages to test.
    fn untested(window: Window) -> Self {
        Self {
            verdict: DriftVerdict::InsufficientData,
            window,
            signals: Vec::new(),
            moved: Vec::new(),
            shift: None,
            expected: None,
            distances: Vec::new(),
            pictures: Vec::new(),
            runs: [1, 1],
            picked: false,
        }
    }

    /// Whether the change behind an alarm is larger than in 95% of the earlier windows.
    pub fn is_unusual(&self) -> bool {
        self.signals.iter().any(|signal| signal.fired && signal.is_unusual())
    }

    /// The part of the assessment that the history keeps.
    pub(super) fn findings(&self, since: (u64, u64)) -> RunFindings {
        let strength = |signal: &Signal| (signal.test.family.name().to_owned(), signal.test.strength);
        RunFindings {
            verdict: self.verdict,
            runs: self.window.runs,
            since,
            calibrated: self.window.calibration == AlarmCalibration::History,
            news: self.is_unusual(),
            strengths: self.signals.iter().map(strength).collect(),
            f1: self.expected.map(|expected| expected.expected.value),
        }
    }
}

/// Tests the window against the reference. The last `skipped` windows do not count as normal, because the drift may have
/// begun in them.
pub(super) fn assess(evidence: &DriftEvidence, observation: &Observation, skipped: usize) -> Assessment {
    let Some((reference, _)) = evidence.reference else {
        return Assessment::untested(untested_window(observation));
    };
    let side = Messages::of_reference(reference);
    let new = Messages::of_new(&observation.window.messages, reference);
    let window = Window {
        runs: observation.window.runs,
        messages: new.len(),
        reference: side.len(),
        needed: sizes::needed(side.len()),
        detectable: sizes::detectable(side.len(), new.len()),
        ..untested_window(observation)
    };
    if new.len() < MIN_MESSAGES || side.len() < MIN_MESSAGES {
        return Assessment::untested(window);
    }
    let longer = Messages::of_new(&observation.longer.messages, reference);
    let threshold = evidence.champion.map(|champion| champion.threshold);
    let known = threshold.zip(estimated_f1::calibration(&side));
    let estimated = estimate(known.as_ref(), &side, [&new, &longer]);
    let champion = ChampionEvidence { threshold, estimated: estimated[0].as_ref() };
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
        moved: changes::all(&side, &new, &evidence.names),
        shift: known.and_then(|(threshold, meaning)| shift(&side, &new, threshold, &meaning)),
        expected: worst(&estimated),
        distances,
        pictures,
        runs: [observation.window.runs, observation.longer.runs],
        picked: shares::are_picked(&longer),
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

/// Estimated F1 of each pool of new messages; none without a threshold or a calibration.
fn estimate(
    known: Option<&(Fraction, Calibration)>,
    reference: &Messages,
    pools: [&Messages; 2],
) -> [Option<EstimatedF1>; 2] {
    pools.map(|new| {
        let (threshold, meaning) = known?;
        EstimatedF1::of(reference, new, *threshold, meaning)
    })
}

/// The estimate with the larger loss. The short window shows a recent loss; the long window shows a small loss.
fn worst(estimated: &[Option<EstimatedF1>; 2]) -> Option<EstimatedF1> {
    let by_loss = |one: &&EstimatedF1, other: &&EstimatedF1| {
        one.loss_lower_bound().total_cmp(&other.loss_lower_bound())
    };
    estimated.iter().flatten().max_by(by_loss).copied()
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
