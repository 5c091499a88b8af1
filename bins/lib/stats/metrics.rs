//! Computes all figures of scores and verdicts on labelled rows, with 95% intervals, and defines `metrics.json`.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::io::diagnostics::shown;
use crate::io::result_file::ResultHead;
use crate::stats::calibration;
use crate::stats::intervals::{self, Interval};
use crate::stats::prior_shift::Prior;
use crate::stats::ranking::{Ranking, ScoredLabel};

pub use crate::stats::confusion::Confusion;

/// The figures that `score` measures on labelled rows, as a tree of numbers that DVC can read.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Metrics {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: ResultHead,
    /// Number of scored rows.
    pub rows: u64,
    /// Number of labelled rows among them. All other numbers are about these rows.
    pub labelled: u64,
    /// Number of labelled rows that are left out, because they were picked for labelling. Absent if there are none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub picked: u64,
    /// The figures with each message counted once, which `drift` uses. Absent if no labelled row is a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distinct: Option<DistinctFigures>,
    /// The correction for the class balance; absent without `--prior`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior: Option<Prior>,
    /// The figures of scores and verdicts.
    #[serde(flatten)]
    pub figures: Figures,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Metrics {
    pub fn new(rows: u64, figures: Figures, tool: &str) -> Self {
        let labelled = figures.confusion.total();
        let (head, picked) = (ResultHead::new("metrics", tool), 0);
        Self { head, rows, labelled, picked, distinct: None, prior: None, figures }
    }

    /// The figures on distinct messages; on all labelled rows if there are no copies.
    pub fn deciding_figures(&self) -> &Figures {
        self.distinct.as_ref().map_or(&self.figures, |distinct| &distinct.figures)
    }
}

/// Figures on distinct messages: the first labelled row of each group of near-duplicates with the same label.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct DistinctFigures {
    /// Number of distinct messages among the labelled rows.
    pub messages: u64,
    /// The figures of scores and verdicts.
    #[serde(flatten)]
    pub figures: Figures,
}

/// Figures on labelled rows. Figures of verdicts are 0 instead of 0 / 0, as in scikit-learn. Figures of scores are null
/// if a class that they need has no rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Figures {
    /// Harmonic mean of precision and recall, from 0 to 1.
    pub f1: f64,
    /// Share of positives among rows with a positive verdict, from 0 to 1.
    pub precision: f64,
    /// Share of positives with a positive verdict, from 0 to 1.
    pub recall: f64,
    /// Share of correct verdicts, from 0 to 1.
    pub accuracy: f64,
    /// Mean of the shares of correct verdicts in both classes, from 0 to 1; null if a class has no rows.
    #[serde(default)]
    pub balanced_accuracy: Option<f64>,
    /// Mean of the F1 of both classes, from 0 to 1.
    pub macro_f1: f64,
    /// Matthews correlation of labels and verdicts, from -1 to 1.
    pub mcc: f64,
    /// Area under the ROC curve, from 0 to 1; null if a class has no rows.
    pub roc_auc: Option<f64>,
    /// Area under the steps of the precision-recall curve, from 0 to 1; null if there are no positives.
    pub average_precision: Option<f64>,
    /// Mean of -ln of the probability of the true class, in nats; lower is better. null if there are no rows.
    pub log_loss: Option<f64>,
    /// Mean squared difference of score and label, from 0 to 1; lower is better. null if there are no rows.
    pub brier: Option<f64>,
    /// Expected calibration error in 15 bins, from 0 to 1; lower is better. null if there are no rows.
    pub ece: Option<f64>,
    /// Highest recall with a limited false positive rate, from 0 to 1; null if a class has no rows.
    pub recall_at_fpr: AtFalsePositiveRate<Option<f64>>,
    /// 95% intervals of some of the figures.
    pub intervals: Intervals,
    /// Numbers of rows by label and verdict.
    pub confusion: Confusion,
}

/// A value for each limit of the false positive rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct AtFalsePositiveRate<T> {
    /// At a false positive rate of at most 0.001.
    #[serde(rename = "0.001")]
    pub thousandth: T,
    /// At a false positive rate of at most 0.01.
    #[serde(rename = "0.01")]
    pub hundredth: T,
}

/// The name of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureName {
    F1,
    Precision,
    Recall,
    Accuracy,
    /// Mean of the shares of correct verdicts in both classes.
    BalancedAccuracy,
    /// Mean of the F1 of both classes.
    MacroF1,
    /// Matthews correlation.
    Mcc,
    RocAuc,
    AveragePrecision,
    /// Highest recall with a false positive rate of at most 0.001.
    RecallAtThousandth,
    /// Highest recall with a false positive rate of at most 0.01.
    RecallAtHundredth,
    LogLoss,
    Brier,
    /// Expected calibration error.
    Ece,
    /// False positive rate.
    Fpr,
}

impl FigureName {
    /// The figures that a model file states. `Fpr` follows from the counts, and only gates use it.
    pub const ALL: [Self; 14] = [
        Self::F1,
        Self::Precision,
        Self::Recall,
        Self::Accuracy,
        Self::BalancedAccuracy,
        Self::MacroF1,
        Self::Mcc,
        Self::RocAuc,
        Self::AveragePrecision,
        Self::RecallAtThousandth,
        Self::RecallAtHundredth,
        Self::LogLoss,
        Self::Brier,
        Self::Ece,
    ];

    pub fn lower_is_better(self) -> bool {
        matches!(self, Self::LogLoss | Self::Brier | Self::Ece | Self::Fpr)
    }

    /// The value of the figure, if it exists.
    pub fn of(self, figures: &Figures) -> Option<f64> {
        match self {
            Self::F1 => Some(figures.f1),
            Self::Precision => Some(figures.precision),
            Self::Recall => Some(figures.recall),
            Self::Accuracy => Some(figures.accuracy),
            Self::BalancedAccuracy => figures.balanced_accuracy,
            Self::MacroF1 => Some(figures.macro_f1),
            Self::Mcc => Some(figures.mcc),
            Self::RocAuc => figures.roc_auc,
            Self::AveragePrecision => figures.average_precision,
            Self::RecallAtThousandth => figures.recall_at_fpr.thousandth,
            Self::RecallAtHundredth => figures.recall_at_fpr.hundredth,
            Self::LogLoss => figures.log_loss,
            Self::Brier => figures.brier,
            Self::Ece => figures.ece,
            Self::Fpr => figures.confusion.false_positive_rate(),
        }
    }

    /// The 95% interval of the figure, if it has one.
    pub fn interval(
        self,
        Intervals { f1, precision, recall, accuracy, roc_auc, recall_at_fpr }: &Intervals,
    ) -> Option<Interval> {
        match self {
            Self::F1 => *f1,
            Self::Precision => *precision,
            Self::Recall => *recall,
            Self::Accuracy => *accuracy,
            Self::RocAuc => *roc_auc,
            Self::RecallAtThousandth => recall_at_fpr.thousandth,
            Self::RecallAtHundredth => recall_at_fpr.hundredth,
            _ => None,
        }
    }
}

impl fmt::Display for FigureName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F1 => "f1",
            Self::Precision => "precision",
            Self::Recall => "recall",
            Self::Accuracy => "accuracy",
            Self::BalancedAccuracy => "balanced_accuracy",
            Self::MacroF1 => "macro_f1",
            Self::Mcc => "mcc",
            Self::RocAuc => "roc_auc",
            Self::AveragePrecision => "average_precision",
            Self::RecallAtThousandth => "recall_at_fpr_0.001",
            Self::RecallAtHundredth => "recall_at_fpr_0.01",
            Self::LogLoss => "log_loss",
            Self::Brier => "brier",
            Self::Ece => "ece",
            Self::Fpr => "fpr",
        })
    }
}

impl FromStr for FigureName {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        let figures = || Self::ALL.into_iter().chain([Self::Fpr]);
        figures().find(|figure| figure.to_string() == name).with_context(|| {
            let names: Vec<String> = figures().map(|figure| figure.to_string()).collect();
            let names = names.join(", ");
            format!("{} is not a known figure; use one of {names}", shown(name))
        })
    }
}

/// 95% intervals, each as lower and upper bound; null if the figure or its error is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Intervals {
    /// Interval of F1, from Wilson's interval of Jaccard's index.
    pub f1: Option<Interval>,
    /// Wilson's interval of precision.
    pub precision: Option<Interval>,
    /// Wilson's interval of recall.
    pub recall: Option<Interval>,
    /// Wilson's interval of accuracy.
    pub accuracy: Option<Interval>,
    /// Interval of the area under the ROC curve, by DeLong's variance.
    pub roc_auc: Option<Interval>,
    /// Wilson's interval of recall with a limited false positive rate. It treats the threshold as fixed in advance.
    pub recall_at_fpr: AtFalsePositiveRate<Option<Interval>>,
}

impl Figures {
    /// Computes all figures. Sorts `scored` by descending score.
    pub fn of(scored: &mut [ScoredLabel], confusion: Confusion) -> Self {
        let ranking = Ranking::of(scored);
        let at = |most| {
            let (found, all) = (ranking.found_at(most), ranking.positives());
            (
                found.map(|found| found as f64 / all as f64),
                found.and_then(|found| intervals::wilson(found, all)),
            )
        };
        let (thousandth, hundredth) = (at(0.001), at(0.01));
        let roc_auc = ranking.roc_auc();
        let of_auc = roc_auc.zip(ranking.auc_variance());
        Self {
            f1: confusion.f1(),
            precision: confusion.precision(),
            recall: confusion.recall(),
            accuracy: confusion.accuracy(),
            balanced_accuracy: confusion.balanced_accuracy(),
            macro_f1: confusion.macro_f1(),
            mcc: confusion.mcc(),
            roc_auc,
            average_precision: ranking.average_precision(),
            log_loss: calibration::log_loss(ranking.rows()),
            brier: calibration::brier(ranking.rows()),
            ece: calibration::expected_error(ranking.rows()),
            recall_at_fpr: AtFalsePositiveRate { thousandth: thousandth.0, hundredth: hundredth.0 },
            intervals: Intervals {
                roc_auc: of_auc.and_then(|(auc, variance)| intervals::on_logit(auc, variance)),
                recall_at_fpr: AtFalsePositiveRate { thousandth: thousandth.1, hundredth: hundredth.1 },
                ..Intervals::of(confusion)
            },
            confusion,
        }
    }
}

impl Intervals {
    /// The intervals of the figures that depend on verdicts alone.
    fn of(confusion: Confusion) -> Self {
        let Confusion { true_positive: found, false_positive, true_negative, false_negative } = confusion;
        Self {
            f1: intervals::of_f1(found, found + false_positive + false_negative),
            precision: intervals::wilson(found, found + false_positive),
            recall: intervals::wilson(found, found + false_negative),
            accuracy: intervals::wilson(found + true_negative, confusion.total()),
            ..Self::default()
        }
    }
}
