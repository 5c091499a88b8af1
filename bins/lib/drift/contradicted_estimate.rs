//! Compares estimated F1 with the labels of the same messages. Labels are the better witness.

use crate::drift::messages::Messages;
use crate::io::fraction::Fraction;
use crate::rows::label::Label;
use crate::stats::confusion::Confusion;
use crate::stats::intervals::{self, Interval};

/// F1 on labelled messages that is higher than the estimate on the same messages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ContradictedEstimate {
    /// Number of labelled messages.
    pub messages: u64,
    /// F1 on these messages, 0 to 1.
    pub f1: f64,
    /// 95% interval of this F1. It lies above the estimate.
    pub interval: Interval,
    /// Estimated F1 on these messages, 0 to 1.
    pub estimated: f64,
}

impl ContradictedEstimate {
    /// None if the labels allow the estimate.
    pub(super) fn of(labelled: &Messages, threshold: Fraction, estimated: f64) -> Option<Self> {
        let mut confusion = Confusion::default();
        for record in &labelled.records {
            let Some(label) = record.label() else { continue };
            let is_positive = record.score() >= threshold.value();
            confusion.add(label, if is_positive { Label::Positive } else { Label::Negative });
        }
        let messages = confusion.total();
        let interval = intervals::of_f1(confusion.true_positive, messages - confusion.true_negative)?;
        (interval.0 > estimated).then(|| Self { messages, f1: confusion.f1(), interval, estimated })
    }

    /// The part of an estimated loss that the labels contradict.
    pub fn excess(self) -> f64 {
        self.f1 - self.estimated
    }
}
