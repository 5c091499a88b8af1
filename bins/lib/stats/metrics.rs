//! All figures of scores and verdicts against labels, with their 95% intervals: the definition of `metrics.json`.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::io::diagnostics::shown;
use crate::io::result_file::ResultHead;
use crate::stats::calibration;
use crate::stats::intervals::{self, Interval};
use crate::stats::prior_shift::Prior;
use crate::stats::ranking::{Ranking, ScoredLabel};

pub use crate::stats::confusion::Confusion;

/// What `score` measures where there are labels: a tree of numbers, as DVC reads it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: ResultHead,
    /// Rows scored.
    pub rows: u64,
    /// Rows with a label among them: the rest of the numbers is about these.
    pub labelled: u64,
    /// Which share of positives the scores go by, where that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior: Option<Prior>,
    /// All that is measured of them.
    #[serde(flatten)]
    pub figures: Figures,
}

impl Metrics {
    /// The metrics of scored rows.
    pub fn new(rows: u64, figures: Figures, tool: &str) -> Self {
        let labelled = figures.confusion.total();
        Self { head: ResultHead::new("metrics", tool), rows, labelled, prior: None, figures }
    }
}

/// Figures about labelled rows. Those of the verdicts are 0 where they divide by 0, as in scikit-learn; those of the scores
/// are none where a class they need has no rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The harmonic mean of precision and recall.
    pub f1: f64,
    /// The share of positives among those taken for it.
    pub precision: f64,
    /// The share of positives that were found.
    pub recall: f64,
    /// The share of right verdicts.
    pub accuracy: f64,
    /// The F1 of either class, averaged.
    pub macro_f1: f64,
    /// Matthews' correlation of labels and verdicts.
    pub mcc: f64,
    /// The area under the ROC curve.
    pub roc_auc: Option<f64>,
    /// The area under the steps of the precision-recall curve.
    pub average_precision: Option<f64>,
    /// The mean of -ln of the probability given to the truth.
    pub log_loss: Option<f64>,
    /// The mean square of score less truth.
    pub brier: Option<f64>,
    /// The expected calibration error, in 15 bins.
    pub ece: Option<f64>,
    /// The most recall at a bounded rate of false positives.
    pub recall_at_fpr: AtFalsePositiveRate<Option<f64>>,
    /// What holds the true values of some of them 95 times in 100.
    pub intervals: Intervals,
    /// The counts behind the verdicts.
    pub confusion: Confusion,
}

/// A value for each bound on the rate of false positives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AtFalsePositiveRate<T> {
    /// At one in a thousand.
    #[serde(rename = "0.001")]
    pub thousandth: T,
    /// At one in a hundred.
    #[serde(rename = "0.01")]
    pub hundredth: T,
}

/// A figure by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureName {
    /// The harmonic mean of precision and recall.
    F1,
    /// Of those taken for positive.
    Precision,
    /// Of the positives.
    Recall,
    /// Of all.
    Accuracy,
    /// The F1 of either class.
    MacroF1,
    /// Matthews' correlation.
    Mcc,
    /// The area under the ROC curve.
    RocAuc,
    /// The area under the precision-recall curve.
    AveragePrecision,
    /// Recall where one negative in a thousand is taken for positive.
    RecallAtThousandth,
    /// Recall where one in a hundred is.
    RecallAtHundredth,
    /// Less is better.
    LogLoss,
    /// Less is better.
    Brier,
    /// Less is better.
    Ece,
}

impl FigureName {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::F1,
        Self::Precision,
        Self::Recall,
        Self::Accuracy,
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

    /// Whether less is better.
    pub fn lower_is_better(self) -> bool {
        matches!(self, Self::LogLoss | Self::Brier | Self::Ece)
    }

    /// Its value, where there is one.
    pub fn of(self, figures: &Figures) -> Option<f64> {
        match self {
            Self::F1 => Some(figures.f1),
            Self::Precision => Some(figures.precision),
            Self::Recall => Some(figures.recall),
            Self::Accuracy => Some(figures.accuracy),
            Self::MacroF1 => Some(figures.macro_f1),
            Self::Mcc => Some(figures.mcc),
            Self::RocAuc => figures.roc_auc,
            Self::AveragePrecision => figures.average_precision,
            Self::RecallAtThousandth => figures.recall_at_fpr.thousandth,
            Self::RecallAtHundredth => figures.recall_at_fpr.hundredth,
            Self::LogLoss => figures.log_loss,
            Self::Brier => figures.brier,
            Self::Ece => figures.ece,
        }
    }

    /// Its 95% interval, where there is one.
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
            Self::MacroF1 => "macro_f1",
            Self::Mcc => "mcc",
            Self::RocAuc => "roc_auc",
            Self::AveragePrecision => "average_precision",
            Self::RecallAtThousandth => "recall_at_fpr_0.001",
            Self::RecallAtHundredth => "recall_at_fpr_0.01",
            Self::LogLoss => "log_loss",
            Self::Brier => "brier",
            Self::Ece => "ece",
        })
    }
}

impl FromStr for FigureName {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|figure| figure.to_string() == name);
        known.with_context(|| {
            let names = Self::ALL.map(|figure| figure.to_string()).join(", ");
            format!("{} is no figure; these are: {names}", shown(name))
        })
    }
}

/// 95% intervals, none where there is nothing to go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Intervals {
    /// Of F1, by Jaccard's index.
    pub f1: Option<Interval>,
    /// Of precision, by Wilson.
    pub precision: Option<Interval>,
    /// Of recall, by Wilson.
    pub recall: Option<Interval>,
    /// Of accuracy, by Wilson.
    pub accuracy: Option<Interval>,
    /// Of the area under the ROC curve, by DeLong's variance.
    pub roc_auc: Option<Interval>,
    /// Of recall at a bounded rate of false positives, by Wilson, as if the threshold had been known before.
    pub recall_at_fpr: AtFalsePositiveRate<Option<Interval>>,
}

impl Figures {
    /// All figures about rows, which are sorted for that, and about the verdicts on them.
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
    /// Those of verdicts alone.
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
