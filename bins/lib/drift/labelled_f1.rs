//! Measures F1 and the false positive rate on labelled rows, and compares them with their limits.

use anyhow::Result;

use crate::drift::assessment::Assessment;
use crate::drift::labelled_verdicts::LabelledVerdicts;
use crate::drift::observation::{DriftEvidence, Observation, VerdictRows};
use crate::drift::policy::DriftPolicy;
use crate::model::label_evidence::LabelEvidence;
use crate::stats::intervals::{self, Interval};
use crate::stats::metrics::Confusion;

/// Minimum number of labelled rows, and of labelled rows with a positive label or verdict.
pub const MIN_LABELLED: (u64, u64) = (30, 10);

/// Width of a 99.7% interval, relative to a 95% interval.
const WIDER: f64 = 1.5;

/// Measured F1 with its 95% interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeasuredF1 {
    /// F1, 0 to 1.
    pub value: f64,
    /// Lower bound of the interval.
    pub low: f64,
    /// Upper bound of the interval.
    pub high: f64,
    pub counted: CountedLabels,
}

/// Numbers of labelled rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountedLabels {
    /// Number of distinct messages, which count once each.
    pub messages: u64,
    /// Number of rows, copies included.
    pub rows: u64,
}

impl MeasuredF1 {
    fn of(verdicts: LabelledVerdicts) -> Self {
        let confusion = verdicts.confusion;
        let interval = intervals::of_f1(confusion.true_positive, involved(confusion));
        let (low, high) = interval.map_or((0.0, 1.0), |interval| (interval.0, interval.1));
        Self { value: confusion.f1(), low, high, counted: CountedLabels::of(verdicts) }
    }
}

impl CountedLabels {
    fn of(verdicts: LabelledVerdicts) -> Self {
        Self { messages: verdicts.confusion.total(), rows: verdicts.rows() }
    }
}

/// The result of comparing F1 on labelled rows with its limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LabelledF1 {
    /// There are neither metrics nor labelled rows.
    NoMetrics,
    /// There are too few labelled rows.
    TooFew {
        counted: CountedLabels,
        /// Distinct messages with a positive label or verdict.
        involved: u64,
    },
    /// The labels repeat the champion's verdicts, so they are no evidence of its F1.
    Feedback(LabelEvidence),
    /// The labelled rows are not a random sample.
    Picked { counted: CountedLabels },
    /// There is no limit: no policy and no cross-validated F1.
    NoLimit(MeasuredF1),
    /// F1 is compared with the minimum of the policy.
    Minimum {
        found: MeasuredF1,
        /// The minimum, lowered if positives are rarer than in the training rows.
        minimum: f64,
        /// Whether the interval of F1 is below the minimum.
        is_below: bool,
    },
    /// F1 is compared with an earlier F1 of the model.
    Loss {
        found: MeasuredF1,
        /// The earlier F1, adjusted to the class balance of the labelled rows.
        before: f64,
        /// The rows of the earlier F1.
        basis: VerdictRows,
        loss_lower_bound: f64,
        /// Maximum loss.
        margin: f64,
    },
}

impl LabelledF1 {
    /// Whether the labelled rows measure F1.
    pub fn is_measured(self) -> bool {
        matches!(self, Self::NoLimit(_) | Self::Minimum { .. } | Self::Loss { .. })
    }

    /// Whether F1 triggers a retrain.
    pub fn fired(self) -> bool {
        match self {
            Self::Minimum { is_below, .. } => is_below,
            Self::Loss { loss_lower_bound, margin, .. } => loss_lower_bound > margin,
            _ => false,
        }
    }
}

/// The false positive rate on labelled rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeasuredFpr {
    /// Share of the negative messages with a positive verdict, 0 to 1.
    pub value: f64,
    pub interval: Interval,
    /// Number of distinct negative messages.
    pub negatives: u64,
    /// Whether the interval is above the limit.
    pub is_above: bool,
}

impl MeasuredFpr {
    /// None if there are too few negative messages. The interval is `wider` times as wide as the 95% interval.
    fn of(confusion: Confusion, limit: f64, wider: f64) -> Option<Self> {
        let negatives = confusion.false_positive + confusion.true_negative;
        let value = confusion.false_positive_rate().filter(|_| negatives >= MIN_LABELLED.0)?;
        let interval = intervals::wilson(confusion.false_positive, negatives)?;
        Some(Self { value, interval, negatives, is_above: value - wider * (value - interval.0) > limit })
    }
}

/// The false positive rate on the labelled rows of the window. If it is not above the limit, the rate on the longer
/// window. None if the labels are no evidence.
pub(super) fn labelled_fpr(
    evidence: &DriftEvidence,
    observation: &Observation,
    assessment: &Assessment,
    limit: f64,
) -> Result<Option<MeasuredFpr>> {
    if assessment.feedback().is_some() || assessment.picked {
        return Ok(None);
    }
    let threshold = evidence.champion.map(|champion| champion.threshold);
    let of_runs = |runs: usize, wider: f64| {
        let verdicts = observation.past.verdicts(&observation.run, runs, threshold)?;
        anyhow::Ok(MeasuredFpr::of(verdicts.confusion, limit, wider))
    };
    let [short, long] = assessment.runs;
    let last = of_runs(short, if short < long { WIDER } else { 1.0 })?;
    if short == long || last.is_some_and(|last| last.is_above) { Ok(last) } else { of_runs(long, 1.0) }
}

/// F1 on the labelled rows of the window. If these rows are too few or show no loss, F1 on the longer window.
pub(super) fn labelled_f1(
    evidence: &DriftEvidence,
    observation: &Observation,
    assessment: &Assessment,
    policy: &DriftPolicy,
) -> Result<LabelledF1> {
    let [short, long] = assessment.runs;
    let known = evidence.champion.and_then(|champion| Some((champion.confusion?, champion.basis)));
    let of_runs = |runs: usize, wider: f64| {
        let threshold = evidence.champion.map(|champion| champion.threshold);
        let verdicts = observation.past.verdicts(&observation.run, runs, threshold)?;
        let (counted, involved) = (CountedLabels::of(verdicts), involved(verdicts.confusion));
        anyhow::Ok(if evidence.metrics.is_none() && counted.messages == 0 {
            LabelledF1::NoMetrics
        } else if counted.messages < MIN_LABELLED.0 || involved < MIN_LABELLED.1 {
            LabelledF1::TooFew { counted, involved }
        } else if let Some(labels) = assessment.feedback() {
            LabelledF1::Feedback(labels)
        } else if assessment.picked {
            LabelledF1::Picked { counted }
        } else {
            with_limit(verdicts, known, policy, wider)
        })
    };
    // Two tests double the probability of a false alarm, so the window that is tested first needs a wider interval.
    let last = of_runs(short, if short < long { WIDER } else { 1.0 })?;
    if last.fired() || short == long { Ok(last) } else { of_runs(long, 1.0) }
}

/// Compares F1 with its limit. The interval is `wider` times as wide as the 95% interval.
fn with_limit(
    verdicts: LabelledVerdicts,
    known: Option<(Confusion, VerdictRows)>,
    policy: &DriftPolicy,
    wider: f64,
) -> LabelledF1 {
    let found = MeasuredF1::of(verdicts);
    let MeasuredF1 { value, high, .. } = found;
    let share = verdicts.confusion.share_of_positives();
    let expected = known.and_then(|(known, basis)| Some((f1_at(known, share)?, basis)));
    match (policy.min_f1, expected) {
        (Some(minimum), _) => {
            // F1 falls with the share of positives, even if no row is harder: the limit falls with the expected F1.
            let usual = known.and_then(|(known, _)| f1_at(known, known.share_of_positives()));
            let both = expected.zip(usual);
            let ratio = both.map_or(1.0, |(((now, _), _), (usual, _))| (now / usual).min(1.0));
            let minimum = minimum.value() * ratio;
            LabelledF1::Minimum { found, minimum, is_below: value + wider * (high - value) < minimum }
        }
        (None, Some(((before, lower_bound), basis))) => {
            // The interval of a difference, from the intervals of its parts (Zou & Donner 2008).
            let loss_lower_bound = before - value - wider * (before - lower_bound).hypot(high - value);
            LabelledF1::Loss { found, before, basis, loss_lower_bound, margin: policy.margin }
        }
        (None, None) => LabelledF1::NoLimit(found),
    }
}

/// Earlier F1 at the class balance `share`, and its lower 97.5% bound. The bound is from the intervals of both
/// rates (Zou & Donner 2008). None if a class has no rows.
fn f1_at(known: Confusion, share: f64) -> Option<(f64, f64)> {
    let Confusion { true_positive, false_positive, true_negative, false_negative } = known;
    let (positive, negative) = (true_positive + false_negative, false_positive + true_negative);
    let f1 = |found: f64, alarms: f64| 2.0 * share * found / (share * found + (1.0 - share) * alarms + share);
    let (found, alarms) =
        (intervals::wilson(true_positive, positive)?, intervals::wilson(false_positive, negative)?);
    let rates = (true_positive as f64 / positive as f64, false_positive as f64 / negative as f64);
    let value = f1(rates.0, rates.1);
    let off = (value - f1(found.0, rates.1)).hypot(value - f1(rates.0, alarms.1));
    (share > 0.0).then_some((value, value - off))
}

/// Number of rows with a positive label or verdict. F1 depends only on these rows.
fn involved(confusion: Confusion) -> u64 {
    confusion.total() - confusion.true_negative
}
