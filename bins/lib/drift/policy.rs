//! The policy of `drift`: what triggers a retrain, how long drift must last, and how much F1 may be lost.

use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail, ensure};
use serde::{Deserialize, Serialize};

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

impl RetrainOn {
    const ALL: [Self; 3] = [Self::Performance, Self::PersistentDrift, Self::AnyDrift];

    /// The value as options spell it.
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

/// False retrains in a year of daily runs where nothing changes, by simulation at the defaults: the larger of 100 and of 1,000
/// rows a day, at the upper end of its 99% interval (`tests/real.sh drift`).
pub const FALSE_RETRAINS: f64 = 0.3;

/// The cost of a schedule where nothing ever changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// Runs in a year, by the history; 365 without one.
    pub runs: f64,
    /// False retrains in a year, estimated; none if the policy is not the one that was simulated.
    pub false_retrains: Option<f64>,
}

impl Schedule {
    /// The schedule with so many days from one run to the next.
    pub(super) fn of(policy: &DriftPolicy, interval: Option<f64>) -> Self {
        let runs = interval.map_or(365.0, |days| 365.0 / days.max(1.0 / 24.0));
        let false_retrains = policy.is_as_simulated().then_some(FALSE_RETRAINS * (runs / 365.0).max(1.0));
        Self { runs, false_retrains }
    }
}
