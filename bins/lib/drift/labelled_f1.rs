//! F1 on labelled rows, and whether it fell below its limit.

use crate::drift::assessment::Assessment;
use crate::drift::observation::{DriftEvidence, Observation};
use crate::drift::policy::DriftPolicy;
use crate::stats::intervals;
use crate::stats::metrics::Confusion;

/// Labelled rows, and rows among them that are positive or taken for it, below which F1 says nothing.
pub const LABELLED: (u64, u64) = (30, 10);

/// How much wider the bounds are that leave out 3 of 1,000, compared with those that leave out 5 of 100.
const SURER: f64 = 1.5;

/// F1 with its 95% bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeasuredF1 {
    /// The figure.
    pub value: f64,
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
    /// Labelled rows.
    pub rows: u64,
}

impl MeasuredF1 {
    fn of(confusion: Confusion) -> Self {
        let interval = intervals::of_f1(confusion.true_positive, involved(confusion));
        let (low, high) = interval.map_or((0.0, 1.0), |interval| (interval.0, interval.1));
        Self { value: confusion.f1(), low, high, rows: confusion.total() }
    }
}

/// F1 on labelled rows, beside its limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LabelledF1 {
    /// There are neither metrics nor labelled rows.
    NoMetrics,
    /// There are too few labelled rows.
    TooFew {
        /// Labelled rows.
        rows: u64,
        /// Rows that are positive or taken for it.
        involved: u64,
    },
    /// The labelled rows were picked.
    Picked {
        /// Labelled rows.
        rows: u64,
    },
    /// Nothing says what F1 should be.
    NoLimit(MeasuredF1),
    /// Compared with the minimum of the policy.
    Minimum {
        /// F1.
        found: MeasuredF1,
        /// The minimum.
        minimum: f64,
        /// Whether all of the 95% interval of F1 is below the limit.
        is_below: bool,
    },
    /// Compared with the F1 of the model out of fold.
    Loss {
        /// F1.
        found: MeasuredF1,
        /// F1 out of fold, at the class balance of the labelled rows.
        before: f64,
        /// The lower bound of the loss (95% interval).
        least_loss: f64,
        /// The loss that is accepted.
        margin: f64,
    },
}

impl LabelledF1 {
    /// Whether it asks for a retrain.
    pub fn fired(self) -> bool {
        match self {
            Self::Minimum { is_below, .. } => is_below,
            Self::Loss { least_loss, margin, .. } => least_loss > margin,
            _ => false,
        }
    }
}

/// F1 on labelled rows of the window, or else of the longer one.
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
        } else if rows < LABELLED.0 || involved < LABELLED.1 {
            LabelledF1::TooFew { rows, involved }
        } else if assessment.picked {
            LabelledF1::Picked { rows }
        } else {
            beside_limit(confusion, known, policy, wider)
        }
    };
    // Two looks double the chance of a false alarm: the one that is taken more often needs wider bounds.
    let last = of_runs(short, if short < long { SURER } else { 1.0 });
    if last.fired() || short == long { last } else { of_runs(long, 1.0) }
}

/// F1 beside its limit, the bounds being `wider` times those of 95%.
fn beside_limit(
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
        (None, Some((before, least))) => {
            // The bounds of a difference from those of its parts (Zou & Donner 2008).
            let least_loss = before - value - wider * (before - least).hypot(high - value);
            LabelledF1::Loss { found, before, least_loss, margin: policy.margin }
        }
        (None, None) => LabelledF1::NoLimit(found),
    }
}

/// F1 out of fold at another class balance, and its lower bound, 97.5 times in 100, from the bounds of both rates (Zou &
/// Donner 2008); none if a class has no rows.
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

/// Rows that F1 is about: positive, or taken for it.
fn involved(confusion: Confusion) -> u64 {
    confusion.total() - confusion.true_negative
}
