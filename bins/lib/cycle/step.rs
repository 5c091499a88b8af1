//! Names the steps of the cycle, in order.

use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cycle::files::RunFile;

/// One step of the cycle. It runs one or more command lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CycleStep {
    /// Draws new rows that no earlier run has used.
    Sample,
    /// Separates valid rows from rejected ones.
    Validate,
    /// Scores the valid rows with the champion.
    Score,
    /// Decides whether to retrain.
    Drift,
    /// Rolls the last promotion back if later labels show that it was a mistake.
    Watch,
    /// Splits all gathered rows into training rows and the holdout.
    Split,
    /// Fits a challenger.
    Fit,
    /// Scores the holdout with the champion and the challenger.
    Judge,
    /// Decides whether the challenger is better.
    Compare,
    /// Ends the hold after a rollback if later labels show that the challenger is better than both versions.
    Resume,
    /// Promotes the challenger to champion.
    Promote,
    /// Writes the outputs of the run so far for the runner.
    Outputs,
    /// Writes the decision and the reports, and notifies people.
    Report,
}

/// The name of every step.
const STEPS: [(CycleStep, &str); 13] = [
    (CycleStep::Sample, "sample"),
    (CycleStep::Validate, "validate"),
    (CycleStep::Score, "score"),
    (CycleStep::Drift, "drift"),
    (CycleStep::Watch, "watch"),
    (CycleStep::Split, "split"),
    (CycleStep::Fit, "fit"),
    (CycleStep::Judge, "judge"),
    (CycleStep::Compare, "compare"),
    (CycleStep::Resume, "resume"),
    (CycleStep::Promote, "promote"),
    (CycleStep::Outputs, "outputs"),
    (CycleStep::Report, "report"),
];

impl CycleStep {
    /// The file that exists once the step is done; none if the step writes no file of its own.
    pub fn result(self) -> Option<RunFile> {
        Some(match self {
            Self::Sample | Self::Score | Self::Watch | Self::Resume | Self::Outputs => return None,
            Self::Validate => RunFile::Validate,
            Self::Drift => RunFile::Drift,
            Self::Split => RunFile::Train,
            Self::Fit => RunFile::Challenger,
            Self::Judge => RunFile::ChallengerScored,
            Self::Compare => RunFile::Compare,
            Self::Promote => RunFile::Promote,
            Self::Report => RunFile::Decision,
        })
    }

    /// Whether the step only reports decisions.
    pub fn only_reports(self) -> bool {
        matches!(self, Self::Outputs | Self::Report)
    }
}

impl fmt::Display for CycleStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = STEPS.iter().find(|(step, _)| step == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

impl FromStr for CycleStep {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match STEPS.iter().find(|(_, name)| *name == text) {
            Some((step, _)) => Ok(*step),
            None => bail!("expected one of {}", STEPS.map(|(_, name)| name).join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_every_printed_step() {
        for (step, _) in STEPS {
            assert_eq!(step.to_string().parse::<CycleStep>().unwrap(), step);
        }
        assert!("tools".parse::<CycleStep>().is_err());
    }
}
