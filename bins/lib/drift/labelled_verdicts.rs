//! Counts the verdicts of the champion on labelled rows. Copies of a message count once, in one run and in pooled runs.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::io::fraction::Fraction;
use crate::profile::summary::Profile;
use crate::rows::label::Label;
use crate::stats::confusion::Confusion;
use crate::stats::metrics::Metrics;

/// Verdicts of the champion on distinct labelled messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LabelledVerdicts {
    pub confusion: Confusion,
    /// Number of labelled rows that are copies of a counted message.
    pub copies: u64,
}

impl LabelledVerdicts {
    /// Verdicts on the distinct messages of the metrics; on all labelled rows if the metrics do not tell copies apart.
    pub fn of(metrics: &Metrics) -> Self {
        let confusion = metrics.deciding_figures().confusion;
        Self { confusion, copies: metrics.labelled.saturating_sub(confusion.total()) }
    }

    /// Number of labelled rows, copies included.
    pub fn rows(self) -> u64 {
        self.confusion.total() + self.copies
    }
}

/// Copies among the labelled rows of one run.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct LabelledCopies {
    /// Number of labelled rows.
    pub rows: u64,
    /// Number of distinct messages among them.
    pub messages: u64,
    /// F1 on distinct messages, 0 to 1. It decides.
    pub f1: f64,
    /// F1 weighted by traffic, 0 to 1: every copy counts. Information only.
    pub traffic_f1: f64,
}

impl LabelledCopies {
    /// None without metrics, or if no row is a copy.
    pub fn of(metrics: Option<&Metrics>) -> Option<Self> {
        let metrics = metrics?;
        let distinct = metrics.distinct.as_ref()?;
        let (f1, traffic_f1) = (distinct.figures.f1, metrics.figures.f1);
        Some(Self { rows: metrics.labelled, messages: distinct.messages, f1, traffic_f1 })
    }
}

/// Adds the verdicts of several runs, and leaves out messages that a later run has counted.
pub(super) struct VerdictPool {
    threshold: Option<Fraction>,
    /// Hashes of the labelled messages of later runs.
    later: HashSet<u64>,
    pub(super) verdicts: LabelledVerdicts,
}

impl VerdictPool {
    /// An empty pool. `threshold` is the champion's; without a champion, no message is left out.
    pub(super) fn new(threshold: Option<Fraction>) -> Self {
        Self { threshold, later: HashSet::new(), verdicts: LabelledVerdicts::default() }
    }

    /// Adds a run that is earlier than all added runs. The profile says which messages the run has.
    pub(super) fn add_earlier(&mut self, run: LabelledVerdicts, messages: &Profile) {
        let LabelledVerdicts { mut confusion, copies } = run;
        for (hash, record) in messages.hashes().zip(messages.records()) {
            let (Some(truth), Some(threshold)) = (record.label(), self.threshold) else { continue };
            if !self.later.insert(hash) {
                let is_positive = record.score() >= threshold.value();
                confusion.remove(truth, if is_positive { Label::Positive } else { Label::Negative });
            }
        }
        let repeated = run.confusion.total() - confusion.total();
        self.verdicts.confusion = self.verdicts.confusion + confusion;
        self.verdicts.copies += copies + repeated;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::descriptor::Descriptor;
    use crate::profile::summary::MessageRecord;
    use crate::rows::fingerprint::Fingerprint;

    /// A profile of labelled spam with these texts and scores.
    fn profile(messages: &[(u64, f64)]) -> Profile {
        let mut profile = Profile::new(true);
        for (text, score) in messages {
            let label = Some(Label::Positive);
            let hash = profile.count(Fingerprint(*text), 1, false, label).unwrap();
            profile.remember(hash, MessageRecord::new(1, Descriptor::default(), *score, label, 1));
        }
        profile
    }

    #[test]
    fn a_message_of_several_runs_counts_once() {
        let missed = LabelledVerdicts {
            confusion: Confusion { true_positive: 1, false_negative: 1, ..Confusion::default() },
            copies: 3,
        };
        // Every run has the missed message 1 and a found message of its own.
        let runs = [2, 3, 4].map(|own| profile(&[(1, 0.1), (own, 0.9)]));
        let pooled = |threshold: Option<Fraction>| {
            let mut pool = VerdictPool::new(threshold);
            for messages in &runs {
                pool.add_earlier(missed, messages);
            }
            (
                pool.verdicts.confusion.true_positive,
                pool.verdicts.confusion.false_negative,
                pool.verdicts.copies,
            )
        };
        assert_eq!(pooled(Some(Fraction::try_from(0.5).unwrap())), (3, 1, 11));
        assert_eq!(pooled(None), (3, 3, 9));
    }
}
