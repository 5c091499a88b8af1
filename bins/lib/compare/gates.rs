//! Gates: figures that a challenger must reach, named as in MLflow's `MetricThreshold`.

use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::io::diagnostics::shown;
use crate::stats::metrics::{FigureName, Figures};

/// Numbers that differ by less are equal: a figure must not miss a sum of limits by its last digit.
const FLOAT_TOLERANCE: f64 = 1e-12;

/// The change that is asked for instead of a share of the champion's figure if that figure is 0 (MLflow's fallback).
const MLFLOW_MIN_CHANGE: f64 = 1e-10;

/// What a figure must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate {
    /// The figure.
    pub figure: FigureName,
    /// The least it may be, or the most where less is better.
    pub threshold: Option<f64>,
    /// By how much it must be better than the champion's.
    pub min_absolute_change: Option<f64>,
    /// By which share of the champion's it must be better.
    pub min_relative_change: Option<f64>,
    /// Whether more is better.
    pub greater_is_better: bool,
}

/// A limit of a gate that applies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GateLimit {
    /// The figure itself.
    Threshold(f64),
    /// The change from the champion's figure.
    AbsoluteChange(f64),
    /// The change, as a share of the champion's figure.
    RelativeChange(f64),
}

/// A gate, the figures it was held against, and which of its limits they reach.
#[derive(Clone, Debug, PartialEq)]
pub struct GateOutcome {
    /// The gate.
    pub gate: Gate,
    /// The champion's figure; none without a champion, or if it could not be measured.
    pub champion: Option<f64>,
    /// The challenger's figure; none if it could not be measured.
    pub challenger: Option<f64>,
    /// The limits that apply, and whether each is reached; none for a change without a champion.
    pub limits: Vec<(GateLimit, bool)>,
}

impl GateOutcome {
    /// Whether every limit is reached.
    pub fn passed(&self) -> bool {
        self.limits.iter().all(|(_, reached)| *reached)
    }
}

/// A gate in `compare.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GateResult {
    /// The name of the figure.
    pub figure: String,
    /// The least it may be, or the most where less is better.
    pub threshold: Option<f64>,
    /// By how much it must be better than the champion's.
    pub min_absolute_change: Option<f64>,
    /// By which share of the champion's it must be better.
    pub min_relative_change: Option<f64>,
    /// Whether more is better.
    pub greater_is_better: bool,
    /// The champion's; none without a champion, or no such figure of it.
    pub champion: Option<f64>,
    /// The challenger's; none where it could not be measured.
    pub challenger: Option<f64>,
    /// Whether all that was asked is reached.
    pub passed: bool,
    /// What was asked for and what there is, for people.
    pub says: String,
}

impl Gate {
    /// A gate with a threshold alone.
    pub fn least(figure: FigureName, threshold: f64) -> Self {
        Self {
            figure,
            threshold: Some(threshold),
            min_absolute_change: None,
            min_relative_change: None,
            greater_is_better: !figure.lower_is_better(),
        }
    }

    /// Holds the figures against the gate. Without a champion no change is asked for.
    pub fn outcome(&self, champion: Option<&Figures>, challenger: &Figures) -> GateOutcome {
        let before = champion.and_then(|figures| self.figure.of(figures));
        let after = self.figure.of(challenger);
        let changes = [
            self.min_absolute_change.map(GateLimit::AbsoluteChange),
            self.min_relative_change.map(GateLimit::RelativeChange),
        ];
        let changes = changes.into_iter().flatten().filter(|_| champion.is_some());
        let limits = self.threshold.map(GateLimit::Threshold).into_iter().chain(changes);
        GateOutcome {
            gate: *self,
            champion: before,
            challenger: after,
            limits: limits.map(|limit| (limit, self.reaches(limit, before, after))).collect(),
        }
    }

    fn reaches(&self, limit: GateLimit, before: Option<f64>, after: Option<f64>) -> bool {
        let sign = if self.greater_is_better { 1.0 } else { -1.0 };
        let bound = match limit {
            GateLimit::Threshold(threshold) => Some(threshold),
            GateLimit::AbsoluteChange(change) => before.map(|was| was + sign * change),
            GateLimit::RelativeChange(share) => before.map(|was| {
                let change = if was == 0.0 { MLFLOW_MIN_CHANGE } else { was.abs() * share };
                was + sign * change
            }),
        };
        after.zip(bound).is_some_and(|(is, bound)| sign * (is - bound) >= -FLOAT_TOLERANCE)
    }
}

impl FromStr for Gate {
    type Err = anyhow::Error;

    /// `f1=.9`, or a figure and its limits: `f1 threshold=.9 min_absolute_change=.01`.
    fn from_str(text: &str) -> Result<Self> {
        let mut words = text.split_whitespace();
        let first = words.next().context("expected a figure and its limits, such as f1=.9")?;
        let (name, threshold) = match first.split_once('=') {
            Some((name, limit)) => (name, Some(number(limit)?)),
            None => (first, None),
        };
        let figure: FigureName = name.parse()?;
        let mut gate = Self { threshold, ..Self::least(figure, 0.0) };
        for word in words {
            let (key, limit) =
                word.split_once('=').with_context(|| format!("expected KEY=LIMIT, not {}", shown(word)))?;
            match key {
                "threshold" => gate.threshold = Some(number(limit)?),
                "min_absolute_change" => {
                    let change = number(limit)?;
                    ensure!(change > 0.0, "min_absolute_change {limit} is not over 0");
                    gate.min_absolute_change = Some(change);
                }
                "min_relative_change" => {
                    let share = number(limit)?;
                    ensure!(
                        (0.0..=1.0).contains(&share),
                        "min_relative_change {limit} is not between 0 and 1"
                    );
                    gate.min_relative_change = Some(share);
                }
                "greater_is_better" => {
                    gate.greater_is_better =
                        limit.parse().ok().context("greater_is_better is true or false")?;
                }
                _ => bail!(
                    "{} is none of threshold, min_absolute_change, min_relative_change, greater_is_better",
                    shown(key)
                ),
            }
        }
        // A limit that no model can miss, or none can reach, is a slip: 90 for .9.
        let reached = |limit: f64| figure == FigureName::LogLoss || (-1.0..=1.0).contains(&limit);
        if let Some(limit) = gate.threshold.filter(|limit| !reached(*limit)) {
            bail!("{figure} is never {limit}: it is 1 at most");
        }
        let asks = [gate.threshold, gate.min_absolute_change, gate.min_relative_change];
        ensure!(asks.iter().any(Option::is_some), "{figure} has no limit, such as threshold=.9");
        Ok(gate)
    }
}

fn number(text: &str) -> Result<f64> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.with_context(|| format!("{} is not a number", shown(text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::confusion::Confusion;

    fn figures(found: u64) -> Figures {
        let confusion =
            Confusion { true_positive: found, false_negative: 100 - found, ..Confusion::default() };
        Figures { log_loss: Some(1.0 - found as f64 / 100.0), ..Figures::of(&mut [], confusion) }
    }

    fn passed(gate: &str, before: u64, after: u64) -> bool {
        gate.parse::<Gate>().unwrap().outcome(Some(&figures(before)), &figures(after)).passed()
    }

    #[test]
    fn limits_are_those_of_mlflow() {
        // MLflow 3: >= where greater is better, <= where not; the change of the baseline's value, or of a share of it.
        assert!(passed("recall=.9", 50, 90) && !passed("recall=.9", 50, 89));
        assert!(
            passed("recall min_absolute_change=.1", 80, 90)
                && !passed("recall min_absolute_change=.1", 80, 89)
        );
        assert!(
            passed("recall min_relative_change=.1", 80, 88)
                && !passed("recall min_relative_change=.1", 80, 87)
        );
        assert!(passed("log_loss=.2", 80, 80) && !passed("log_loss=.2", 80, 79));
        assert!(
            passed("log_loss min_relative_change=.5", 80, 90)
                && !passed("log_loss min_relative_change=.5", 80, 89)
        );
        assert!(
            passed("recall min_relative_change=.1", 0, 1) && !passed("recall min_relative_change=.1", 0, 0)
        );
        assert!(passed("recall threshold=.5 greater_is_better=false", 80, 50));
        assert!(!passed("recall threshold=.5 greater_is_better=false", 80, 51));
        assert!(!passed("recall threshold=.5 min_absolute_change=.1", 80, 85));
    }

    #[test]
    fn what_cannot_be_measured_is_missed_and_what_has_no_champion_is_not_asked() {
        let gate: Gate = "roc_auc=.5".parse().unwrap();
        assert!(!gate.outcome(None, &figures(90)).passed());
        let change: Gate = "recall min_absolute_change=.1".parse().unwrap();
        assert!(change.outcome(None, &figures(1)).passed());
        let none: Gate = "roc_auc min_absolute_change=.1".parse().unwrap();
        assert!(!none.outcome(Some(&figures(5)), &Figures { roc_auc: Some(0.9), ..figures(9) }).passed());
    }

    #[test]
    fn what_is_no_gate_says_why() {
        for (text, why) in [
            ("", "expected a figure and its limits"),
            ("f2=.9", "is not a known figure"),
            ("f1", "has no limit"),
            ("f1=90", "f1 is never 90: it is 1 at most"),
            ("f1=high", "'high' is not a number"),
            ("f1 min_absolute_change=0", "is not over 0"),
            ("f1 min_relative_change=2", "is not between 0 and 1"),
            ("f1=.9 greater_is_better=maybe", "is true or false"),
            ("f1 least=.9", "'least' is none of"),
            ("f1 .9", "expected KEY=LIMIT"),
        ] {
            let said = text.parse::<Gate>().unwrap_err().to_string();
            assert!(said.contains(why), "{text}: {said}");
        }
    }
}
