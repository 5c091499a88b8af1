//! When to retrain: what asks for it, how long drift must stay, what may be lost.

use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail, ensure};

use crate::io::fraction::Fraction;

/// What asks for a retrain besides performance on labelled rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetrainOn {
    /// A loss of the F1 to be expected.
    Performance,
    /// That, and drift that stays.
    #[default]
    PersistentDrift,
    /// That, and any drift.
    AnyDrift,
}

impl FromStr for RetrainOn {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        Ok(match name {
            "performance" => Self::Performance,
            "persistent-drift" => Self::PersistentDrift,
            "any-drift" => Self::AnyDrift,
            _ => bail!("expected performance, persistent-drift or any-drift"),
        })
    }
}

/// How long drift must stay: in so many of the last so many windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Persistence {
    /// In so many.
    pub windows: usize,
    /// Of the last so many.
    pub of: usize,
}

impl FromStr for Persistence {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts = text.split_once('/').map(|(windows, of)| (windows.parse(), of.parse()));
        let Some((Ok(windows), Ok(of))) = parts else { bail!("expected two numbers such as 2/3") };
        ensure!(
            0 < windows && windows <= of && of <= 20,
            "expected 2/3 or the like: no more than 20, and the first no larger"
        );
        Ok(Self { windows, of })
    }
}

impl fmt::Display for Persistence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.windows, self.of)
    }
}

/// When to retrain.
#[derive(Clone, Debug)]
pub struct DriftPolicy {
    /// The least F1 on labelled rows; by default that of the model out of fold, less the margin.
    pub min_f1: Option<Fraction>,
    /// How much F1 may be lost.
    pub margin: f64,
    /// What asks for a retrain.
    pub retrain_on: RetrainOn,
    /// How long drift must stay.
    pub persistence: Persistence,
    /// How old the champion may become, in days.
    pub max_age_days: Option<f64>,
    /// How many rows may come after its fit.
    pub max_new_rows: Option<u64>,
    /// How many lines of a watched file may change.
    pub max_changes: u64,
    /// How long after a retrain no other is asked for.
    pub cooldown_hours: f64,
    /// The least number of new labels to learn from.
    pub min_new_labels: u64,
    /// Retrain whatever the signals say.
    pub forced: bool,
}

impl DriftPolicy {
    /// Whether it asks for a retrain as it was simulated: by default, whatever else it may ask for besides.
    pub(super) fn is_as_simulated(&self) -> bool {
        let Self { min_f1, margin, retrain_on, persistence, .. } = Self::default();
        self.min_f1 == min_f1
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
            retrain_on: RetrainOn::default(),
            persistence: Persistence { windows: 2, of: 3 },
            max_age_days: None,
            max_new_rows: None,
            max_changes: 100,
            cooldown_hours: 24.0,
            min_new_labels: 100,
            forced: false,
        }
    }
}
