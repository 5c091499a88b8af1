//! Defines the policy of `drift`: the triggers of a retrain, the persistence of drift, and the maximum loss of F1.

use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::io::fraction::Fraction;

/// The triggers of a retrain, in addition to F1 on labelled rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetrainOn {
    /// A loss of estimated F1.
    Performance,
    /// A loss of estimated F1, or persistent drift.
    #[default]
    PersistentDrift,
    /// A loss of estimated F1, or any unusual drift.
    AnyDrift,
}

impl RetrainOn {
    const ALL: [Self; 3] = [Self::Performance, Self::PersistentDrift, Self::AnyDrift];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Performance => "performance",
            Self::PersistentDrift => "persistent-drift",
            Self::AnyDrift => "any-drift",
        }
    }
}

impl FromStr for RetrainOn {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|known| known.name() == name);
        let Some(known) = known else { bail!("expected performance, persistent-drift or any-drift") };
        Ok(known)
    }
}

impl fmt::Display for RetrainOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The persistence of drift that triggers a retrain: in `windows` of the last `of` windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Persistence {
    /// Minimum number of windows with unusual drift.
    pub windows: usize,
    /// Number of windows to look at, including the current one.
    pub of: usize,
}

impl FromStr for Persistence {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts = text.split_once('/').map(|(windows, of)| (windows.parse(), of.parse()));
        let Some((Ok(windows), Ok(of))) = parts else { bail!("expected K/N, such as 2/3") };
        ensure!(0 < windows && windows <= of && of <= 20, "expected K/N with 1 <= K <= N <= 20, such as 2/3");
        Ok(Self { windows, of })
    }
}

impl fmt::Display for Persistence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.windows, self.of)
    }
}

/// The limits that decide when to retrain.
#[derive(Clone, Debug)]
pub struct DriftPolicy {
    /// Minimum F1 on labelled rows. Defaults to the model's cross-validated F1 minus the margin.
    pub min_f1: Option<Fraction>,
    /// Maximum loss of F1.
    pub margin: f64,
    /// Maximum false positive rate on labelled rows; none for no limit.
    pub max_fpr: Option<Fraction>,
    pub retrain_on: RetrainOn,
    pub persistence: Persistence,
    /// Maximum age of the champion, in days.
    pub max_age_days: Option<f64>,
    /// Maximum number of rows since the champion was fitted.
    pub max_new_rows: Option<u64>,
    /// Maximum number of labelled rows since the fit, as a share of the rows that the champion learned from; none for no
    /// limit.
    pub max_label_growth: Option<f64>,
    /// Maximum number of changed lines in a watched file.
    pub max_changes: u64,
    /// Time after a retrain without another retrain, in hours.
    pub cooldown_hours: f64,
    /// Minimum number of new labels for a retrain.
    pub min_new_labels: u64,
    /// Whether to retrain regardless of the signals.
    pub forced: bool,
}

impl DriftPolicy {
    /// Whether [`FALSE_RETRAINS`] applies. Triggers that do not depend on chance, such as age, make no difference.
    pub(super) fn is_as_simulated(&self) -> bool {
        let Self { min_f1, max_fpr, margin, retrain_on, persistence, .. } = Self::default();
        self.min_f1 == min_f1
            && self.max_fpr == max_fpr
            && self.margin >= margin
            && (self.retrain_on == retrain_on || self.retrain_on == RetrainOn::Performance)
            && self.persistence == persistence
    }
}

impl Default for DriftPolicy {
    fn default() -> Self {
        Self {
            min_f1: None,
            margin: 0.01,
            max_fpr: None,
            retrain_on: RetrainOn::default(),
            persistence: Persistence { windows: 2, of: 3 },
            max_age_days: None,
            max_new_rows: None,
            max_label_growth: Some(0.5),
            max_changes: 100,
            cooldown_hours: 24.0,
            min_new_labels: 100,
            forced: false,
        }
    }
}

/// Number of false retrains in a year of daily runs without drift, from simulation at the defaults (`tests/real.sh drift`).
/// Retrains because there is more to learn from are not false, and not counted.
/// The number is the upper 99% bound of the worse case: 100 or 1,000 rows per day.
pub const FALSE_RETRAINS: f64 = 0.3;

/// The expected number of false retrains if the data does not change.
#[derive(Clone, Copy, Debug, Default, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Schedule {
    /// Runs per year, computed from the history; 365 without a history.
    pub runs: f64,
    /// Estimated false retrains per year; null if the policy differs from the simulated one.
    pub false_retrains: Option<f64>,
}

impl Schedule {
    /// The schedule for one run every `interval` days.
    pub(super) fn of(policy: &DriftPolicy, interval: Option<f64>) -> Self {
        let runs = interval.map_or(365.0, |days| 365.0 / days.max(1.0 / 24.0));
        let false_retrains = policy.is_as_simulated().then_some(FALSE_RETRAINS * (runs / 365.0).max(1.0));
        Self { runs, false_retrains }
    }
}
