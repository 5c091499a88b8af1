//! Measures on labelled messages how much F1 a correction of the scores for the class balance recovers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::drift::messages::Messages;
use crate::drift::shift::LabelShift;
use crate::io::fraction::Fraction;
use crate::rows::label::Label;
use crate::stats::confusion::Confusion;
use crate::stats::prior_shift::corrected_score;

/// Minimum number of labelled messages.
const MIN_LABELLED: u64 = 30;

/// F1 of the champion on labelled messages, with and without corrected scores. The correction is that of
/// `score --prior`.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct PriorGain {
    /// Number of labelled messages.
    pub messages: u64,
    /// F1 of the scores as they are, 0 to 1.
    pub f1: f64,
    /// F1 of the corrected scores, 0 to 1.
    pub corrected_f1: f64,
}

impl PriorGain {
    /// None if there are too few labelled messages.
    pub(super) fn of(new: &Messages, threshold: Fraction, shift: &LabelShift) -> Option<Self> {
        let (mut plain, mut corrected) = (Confusion::default(), Confusion::default());
        for record in &new.records {
            let Some(label) = record.label() else { continue };
            let score = record.score();
            let verdict =
                |score: f64| if score >= threshold.value() { Label::Positive } else { Label::Negative };
            plain.add(label, verdict(score));
            corrected.add(label, verdict(corrected_score(score, shift.before, shift.estimated)));
        }
        let messages = plain.total();
        (messages >= MIN_LABELLED).then(|| Self { messages, f1: plain.f1(), corrected_f1: corrected.f1() })
    }
}
