//! The JSON of `drift`: the definition of `drift.json`.

use serde::{Deserialize, Serialize};

use crate::drift::changes::FeatureChange;
use crate::drift::estimated_f1::EstimatedF1;
use crate::drift::histograms::{FeatureDistance, FeatureHistogram};
use crate::drift::policy::Schedule;
use crate::drift::repeats::Repeats;
use crate::drift::run_record::RunSummary;
use crate::drift::shift::LabelShift;
use crate::drift::triggers::TriggerCode;
use crate::drift::verdict::{DriftVerdict, Window};
use crate::io::result_file::ResultHead;
use crate::reason::Reason;

/// The result of `drift`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DriftReport {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: ResultHead,
    /// Seconds since 1970.
    pub time: i64,
    /// Whether the messages have drifted.
    pub verdict: DriftVerdict,
    /// Whether a retrain is requested.
    pub retrain_needed: bool,
    /// Whether labels are requested, without which a retrain would have nothing to learn from.
    pub labels_needed: bool,
    /// The first trigger that fired.
    pub reason: Option<TriggerCode>,
    /// Every trigger, whether it fired or not.
    pub reasons: Vec<Reason>,
    /// The messages that the verdict is about.
    pub window: Window,
    /// Every family of tests.
    pub signals: Vec<SignalReport>,
    /// What moved.
    pub moved: Vec<FeatureChange>,
    /// Whether the class balance moved, or the content.
    pub shift: Option<LabelShift>,
    /// The estimated F1.
    pub expected: Option<EstimatedF1>,
    /// Messages that came more than once.
    pub repeats: Repeats,
    /// How far sizes and scores are from those of the reference; nothing is decided by these.
    pub distances: Vec<FeatureDistance>,
    /// Histograms of them.
    pub pictures: Vec<FeatureHistogram>,
    /// The runs before this one, and this one.
    pub strip: Vec<RunSummary>,
    /// The cost of this schedule where nothing ever changes.
    pub schedule: Schedule,
    /// What unlabelled messages cannot show.
    pub blind: String,
}

/// A signal in a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignalReport {
    /// The family of tests.
    pub family: String,
    /// The test.
    pub test: String,
    /// What moved most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// The p-value, corrected for all tests of the family (Bonferroni).
    pub p: f64,
    /// The p-value, corrected for all families (Holm 1979).
    pub corrected: f64,
    /// The size of the change, in `measure`.
    pub effect: f64,
    /// The unit of the effect.
    pub measure: String,
    /// The minimum effect, however small the p-value.
    pub floor: f64,
    /// The size of the change as it is compared with earlier windows.
    pub strength: f64,
    /// The p-value of a change this large among earlier windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surprise: Option<f64>,
    /// Whether it is an alarm.
    pub fired: bool,
    /// A sentence for people.
    pub says: String,
}
