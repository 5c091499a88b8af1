//! Measures F1 on labelled rows and compares it with its limit.

use crate::drift::assessment::Assessment;
use crate::drift::observation::{DriftEvidence, Observation};
use crate::drift::policy::DriftPolicy;
use crate::stats::intervals;
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
    pub rows: u64,
}

impl MeasuredF1 {
    fn of(confusion: Confusion) -> Self {
        let interval = intervals::of_f1(confusion.true_positive, involved(confusion));
        let (low, high) = interval.map_or((0.0, 1.0), |interval| (interval.0, interval.1));
        Self { value: confusion.f1(), low, high, rows: confusion.total() }
    }
}

/// The result of comparing F1 on labelled rows with its limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LabelledF1 {
    /// There are neither metrics nor labelled rows.
    NoMetrics,
    /// There are too few labelled rows.
    TooFew {
        rows: u64,
        /// Labelled rows with a positive label or verdict.
        involved: u64,
    },
    /// The labelled rows are not a random sample.
    Picked { rows: u64 },
    /// There is no limit: no policy and no cross-validated F1.
    NoLimit(MeasuredF1),
    /// F1 is compared with the minimum of the policy.
    Minimum {
        found: MeasuredF1,
        minimum: f64,
        /// Whether the interval of F1 is below the minimum.
        is_below: bool,
    },
    /// F1 is compared with the cross-validated F1 of the model.
    Loss {
        found: MeasuredF1,
        /// Cross-validated F1, adjusted to the class balance of the labelled rows.
        before: f64,
        loss_lower_bound: f64,
        /// Maximum loss.
        margin: f64,
    },
}

impl LabelledF1 {
    /// Whether F1 triggers a retrain.
    pub fn fired(self) -> bool {
        match self {
            Self::Minimum { is_below, .. } => is_below,
            Self::Loss { loss_lower_bound, margin, .. } => loss_lower_bound > margin,
            _ => false,
        }
    }
}

/// F1 on the labelled rows of the window. If these rows are too few or show no loss, F1 on the longer window.
pub(super) fn labelled_f1(
    evidence: &DriftEvidence,
    observation: &Observation,
    assessment: &Assessment,
    policy: &DriftPolicy,
) -> LabelledF1 {
    let [short, long] = assessment.runs;
    let known = evidence.champion.and_then(|champion| champion.confusion);
    let of_runs = |runs: usize, wider: f64| {
        let confusion = observation.past.confusion(&observation.run, runs);
        let (rows, involved) = (confusion.total(), involved(confusion));
        if evidence.metrics.is_none() && rows == 0 {
            LabelledF1::NoMetrics
        } else if rows < MIN_LABELLED.0 || involved < MIN_LABELLED.1 {
            LabelledF1::TooFew { rows, involved }
        } else if assessment.picked {
            LabelledF1::Picked { rows }
        } else {
            with_limit(confusion, known, policy, wider)
        }
    };
    // Two tests double the probability of a false alarm, so the window that is tested first needs a wider interval.
    let last = of_runs(short, if short < long { WIDER } else { 1.0 });
    if last.fired() || short == long { last } else { of_runs(long, 1.0) }
}

/// Compares F1 with its limit. The interval is `wider` times as wide as the 95% interval.
fn with_limit(
    confusion: Confusion,
    known: Option<Confusion>,
    policy: &DriftPolicy,
    wider: f64,
) -> LabelledF1 {
    let found = MeasuredF1::of(confusion);
    let MeasuredF1 { value, high, rows, .. } = found;
    let share = (confusion.true_positive + confusion.false_negative) as f64 / rows as f64;
    match (policy.min_f1, known.and_then(|known| f1_at(known, share))) {
        (Some(minimum), _) => {
            let minimum = minimum.value();
            LabelledF1::Minimum { found, minimum, is_below: value + wider * (high - value) < minimum }
        }
        (None, Some((before, lower_bound))) => {
            // The interval of a difference, from the intervals of its parts (Zou & Donner 2008).
            let loss_lower_bound = before - value - wider * (before - lower_bound).hypot(high - value);
            LabelledF1::Loss { found, before, loss_lower_bound, margin: policy.margin }
        }
        (None, None) => LabelledF1::NoLimit(found),
    }
}

/// Cross-validated F1 at the class balance `share`, and its lower 97.5% bound. The bound is from the intervals of both
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
