//! The names of the cycle's steps, in order.

use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use crate::cycle::files::RunFile;

/// One step: some command lines that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CycleStep {
    /// Draws new rows that no earlier run has used.
    Sample,
    /// Separates valid rows from rejected ones.
    Validate,
    /// Scores the valid rows with the champion.
    Score,
    /// Decides whether the champion is still right.
    Drift,
    /// Splits all gathered rows into training rows and the holdout.
    Split,
    /// Fits a challenger.
    Fit,
    /// Scores the holdout with champion and challenger.
    Judge,
    /// Decides whether the challenger is better.
    Compare,
    /// Makes the challenger the champion.
    Promote,
    /// Writes the runner's outputs, as far as they are decided.
    Outputs,
    /// Writes the decision and the pages for people, and tells people.
    Report,
}

/// Every step with its name.
const STEPS: [(CycleStep, &str); 11] = [
    (CycleStep::Sample, "sample"),
    (CycleStep::Validate, "validate"),
    (CycleStep::Score, "score"),
    (CycleStep::Drift, "drift"),
    (CycleStep::Split, "split"),
    (CycleStep::Fit, "fit"),
    (CycleStep::Judge, "judge"),
    (CycleStep::Compare, "compare"),
    (CycleStep::Promote, "promote"),
    (CycleStep::Outputs, "outputs"),
    (CycleStep::Report, "report"),
];

impl CycleStep {
    /// The file that exists once the step is done; none if the step leaves no file of its own.
    pub fn result(self) -> Option<RunFile> {
        Some(match self {
            Self::Sample | Self::Score | Self::Outputs => return None,
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

    /// Whether the step only tells what is decided.
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
    fn a_step_reads_what_it_prints() {
        for (step, _) in STEPS {
            assert_eq!(step.to_string().parse::<CycleStep>().unwrap(), step);
        }
        assert!("tools".parse::<CycleStep>().is_err());
    }
}
