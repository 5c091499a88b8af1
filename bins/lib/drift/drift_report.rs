//! Defines `drift.json`, the result of `drift`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::drift::changes::{FeatureChange, MeanScore};
use crate::drift::estimated_f1::{EstimatedF1, NotEstimated};
use crate::drift::histograms::{FeatureDistance, FeatureHistogram};
use crate::drift::labelled_verdicts::LabelledCopies;
use crate::drift::policy::Schedule;
use crate::drift::prior_gain::PriorGain;
use crate::drift::repeats::Repeats;
use crate::drift::run_record::RunSummary;
use crate::drift::shift::LabelShift;
use crate::drift::triggers::TriggerCode;
use crate::drift::verdict::{DriftVerdict, Window};
use crate::io::result_file::ResultHead;
use crate::model::label_evidence::LabelEvidence;
use crate::reason::Reason;

/// The result of `drift`.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct DriftReport {
    /// Schema, tool and run.
    #[serde(flatten)]
    pub head: ResultHead,
    /// Time of the decision, in seconds since 1970-01-01 UTC.
    pub time: i64,
    /// `drifted`, `steady` or `insufficient_data`.
    pub verdict: DriftVerdict,
    /// Whether a retrain is requested.
    pub retrain_needed: bool,
    /// Whether labels are requested: a retrain needs more new labels, or the labels repeat the champion's verdicts.
    pub labels_needed: bool,
    /// Code of the first trigger that fired; null if none did.
    pub reason: Option<TriggerCode>,
    /// Every trigger, fired or not.
    pub reasons: Vec<Reason>,
    /// The messages that the verdict covers.
    pub window: Window,
    /// One signal per family of tests; empty if there are too few messages.
    pub signals: Vec<SignalReport>,
    /// Words, flags and sizes that changed.
    pub moved: Vec<FeatureChange>,
    /// Mean scores, and the change that `moved` does not explain. Absent without scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_score: Option<MeanScore>,
    /// Whether only the class balance changed; null without scores and labels.
    pub shift: Option<LabelShift>,
    /// F1 on labelled messages that score --prior recovers. Absent if other things changed, or without labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior_gain: Option<PriorGain>,
    /// Estimated F1; null if F1 cannot be estimated.
    pub expected: Option<EstimatedF1>,
    /// Copies among the labelled rows of this run. Absent without --metrics, or if no row is a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labelled: Option<LabelledCopies>,
    /// Why F1 cannot be estimated; null if it can.
    #[serde(default)]
    pub not_estimated: Option<NotEstimated>,
    /// Labels compared with the champion's verdicts; null without labels or scores.
    #[serde(default)]
    pub labels: Option<LabelEvidence>,
    /// Messages that arrived more than once.
    pub repeats: Repeats,
    /// Distances of sizes and scores from the reference. Information only.
    pub distances: Vec<FeatureDistance>,
    /// Histograms of sizes and scores.
    pub pictures: Vec<FeatureHistogram>,
    /// Earlier runs and this run, the oldest first.
    pub strip: Vec<RunSummary>,
    /// Expected number of false retrains.
    pub schedule: Schedule,
    /// A sentence about the changes that `drift` cannot detect without labels.
    pub blind: String,
}

/// A signal in a report.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct SignalReport {
    /// Name of the family of tests.
    pub family: String,
    /// Name of the statistical test.
    pub test: String,
    /// Word, flag or size that changed most. Absent if the test has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// P-value, corrected for all tests of the family (Bonferroni).
    pub p: f64,
    /// P-value, also corrected for all families (Holm 1979).
    pub corrected: f64,
    /// Size of the change, in the unit `measure`.
    pub effect: f64,
    /// Unit of the effect, such as `Cohen's h`.
    pub measure: String,
    /// Minimum effect: a smaller change is ignored, even if its p-value is small.
    #[serde(rename = "floor")]
    pub minimum_effect: f64,
    /// Size of the change that is compared with earlier windows. Equals `effect`, or the difference of shares for a word.
    pub strength: f64,
    /// P-value of a change of this size among earlier windows. Absent if there are too few windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surprise: Option<f64>,
    /// Whether the signal is an alarm.
    pub fired: bool,
    /// The result as a sentence.
    pub says: String,
}
