//! Parses and checks gates: figures that a challenger must reach, named as in MLflow's `MetricThreshold`.

use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::io::diagnostics::shown;
use crate::stats::metrics::{FigureName, Figures};

/// Numbers are equal if their difference is below this tolerance. Rounding in the last digit must not fail a gate.
const FLOAT_TOLERANCE: f64 = 1e-12;

/// The change that a relative limit requires if the champion's figure is 0 (MLflow's fallback).
const MLFLOW_MIN_CHANGE: f64 = 1e-10;

/// A figure and its limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate {
    pub figure: FigureName,
    /// Minimum of the figure, or maximum if lower is better.
    pub threshold: Option<f64>,
    /// Minimum improvement on the champion, in units of the figure.
    pub min_absolute_change: Option<f64>,
    /// Minimum improvement on the champion, as a share of its figure.
    pub min_relative_change: Option<f64>,
    pub greater_is_better: bool,
    /// Whether the champion's figure replaces a stricter threshold. It always does for `fpr`: a challenger that loses less ham
    /// than the champion is not blocked.
    pub spares_champion: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GateLimit {
    /// Limit for the figure itself.
    Threshold(f64),
    /// Limit for the improvement on the champion.
    AbsoluteChange(f64),
    /// Limit for the improvement, as a share of the champion's figure.
    RelativeChange(f64),
}

/// The result of a gate: the figures of both models, and whether each limit is reached.
#[derive(Clone, Debug, PartialEq)]
pub struct GateOutcome {
    pub gate: Gate,
    /// Figure of the champion; none without a champion, or if the figure cannot be measured.
    pub champion: Option<f64>,
    /// Figure of the challenger; none if the figure cannot be measured.
    pub challenger: Option<f64>,
    /// Every limit, and whether it is reached. Without a champion, limits on changes do not apply.
    pub limits: Vec<(GateLimit, bool)>,
}

impl GateOutcome {
    pub fn passed(&self) -> bool {
        self.limits.iter().all(|(_, reached)| *reached)
    }
}

/// The result of a gate, as in `compare.json`.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct GateResult {
    /// Name of the figure, such as `f1`.
    pub figure: String,
    /// Minimum of the figure, or maximum if lower is better; null if not set.
    pub threshold: Option<f64>,
    /// Minimum improvement on the champion, in units of the figure; null if not set.
    pub min_absolute_change: Option<f64>,
    /// Minimum improvement on the champion, as a share of its figure (0 to 1); null if not set.
    pub min_relative_change: Option<f64>,
    /// Whether a higher figure is better.
    pub greater_is_better: bool,
    /// Figure of the champion; null without a champion, or if it cannot be measured.
    pub champion: Option<f64>,
    /// Figure of the challenger; null if it cannot be measured.
    pub challenger: Option<f64>,
    /// Whether every limit is reached.
    pub passed: bool,
    /// The result as a sentence.
    pub says: String,
}

impl Gate {
    /// A gate with only a threshold.
    pub fn at_threshold(figure: FigureName, threshold: f64) -> Self {
        Self {
            figure,
            threshold: Some(threshold),
            min_absolute_change: None,
            min_relative_change: None,
            greater_is_better: !figure.lower_is_better(),
            spares_champion: false,
        }
    }

    /// A minimum of F1, or the champion's F1 if this is lower. If positives are rare, F1 is low for every model.
    pub fn of_f1(minimum: f64) -> Self {
        Self { spares_champion: true, ..Self::at_threshold(FigureName::F1, minimum) }
    }

    /// Checks the figures. Without a champion, limits on changes do not apply.
    pub fn outcome(&self, champion: Option<&Figures>, challenger: &Figures) -> GateOutcome {
        let before = champion.and_then(|figures| self.figure.of(figures));
        let after = self.figure.of(challenger);
        let changes = [
            self.min_absolute_change.map(GateLimit::AbsoluteChange),
            self.min_relative_change.map(GateLimit::RelativeChange),
        ];
        let changes = changes.into_iter().flatten().filter(|_| champion.is_some());
        let spares = self.spares_champion || self.figure == FigureName::Fpr;
        let threshold = match before.filter(|_| spares) {
            Some(before) if self.greater_is_better => self.threshold.map(|threshold| threshold.min(before)),
            Some(before) => self.threshold.map(|threshold| threshold.max(before)),
            None => self.threshold,
        };
        let limits = threshold.map(GateLimit::Threshold).into_iter().chain(changes);
        GateOutcome {
            gate: Self { threshold, ..*self },
            champion: before,
            challenger: after,
            limits: limits.map(|limit| (limit, self.reaches(limit, before, after))).collect(),
        }
    }

    fn reaches(&self, limit: GateLimit, before: Option<f64>, after: Option<f64>) -> bool {
        let sign = if self.greater_is_better { 1.0 } else { -1.0 };
        let bound = match limit {
            GateLimit::Threshold(threshold) => Some(threshold),
            GateLimit::AbsoluteChange(change) => before.map(|before| before + sign * change),
            GateLimit::RelativeChange(share) => before.map(|before| {
                let change = if before == 0.0 { MLFLOW_MIN_CHANGE } else { before.abs() * share };
                before + sign * change
            }),
        };
        after.zip(bound).is_some_and(|(after, bound)| sign * (after - bound) >= -FLOAT_TOLERANCE)
    }
}

impl FromStr for Gate {
    type Err = anyhow::Error;

    /// Parses `f1=.9`, or a figure and its limits: `f1 threshold=.9 min_absolute_change=.01`.
    fn from_str(text: &str) -> Result<Self> {
        let mut words = text.split_whitespace();
        let first = words.next().context("expected a figure and its limits, such as f1=.9")?;
        let (name, threshold) = match first.split_once('=') {
            Some((name, limit)) => (name, Some(number(limit)?)),
            None => (first, None),
        };
        let figure: FigureName = name.parse()?;
        let mut gate = Self { threshold, ..Self::at_threshold(figure, 0.0) };
        for word in words {
            let (key, limit) = word
                .split_once('=')
                .with_context(|| format!("expected KEY=LIMIT, such as threshold=.9, not {}", shown(word)))?;
            match key {
                "threshold" => gate.threshold = Some(number(limit)?),
                "min_absolute_change" => {
                    let change = number(limit)?;
                    ensure!(
                        change > 0.0,
                        "min_absolute_change {limit} is not greater than 0; set a positive limit"
                    );
                    gate.min_absolute_change = Some(change);
                }
                "min_relative_change" => {
                    let share = number(limit)?;
                    ensure!(
                        (0.0..=1.0).contains(&share),
                        "min_relative_change {limit} is not between 0 and 1; set a share such as .05"
                    );
                    gate.min_relative_change = Some(share);
                }
                "greater_is_better" => {
                    gate.greater_is_better =
                        limit.parse().ok().context("greater_is_better must be true or false")?;
                }
                _ => bail!(
                    "{} is not a limit; use threshold, min_absolute_change, min_relative_change or greater_is_better",
                    shown(key)
                ),
            }
        }
        // Reject a limit that every model or no model reaches, such as 90 instead of .9.
        let is_possible = |limit: f64| figure == FigureName::LogLoss || (-1.0..=1.0).contains(&limit);
        if let Some(limit) = gate.threshold.filter(|limit| !is_possible(*limit)) {
            bail!("{figure} cannot be {limit}; set a limit between -1 and 1");
        }
        let limits = [gate.threshold, gate.min_absolute_change, gate.min_relative_change];
        ensure!(limits.iter().any(Option::is_some), "{figure} has no limit; add one, such as threshold=.9");
        Ok(gate)
    }
}

fn number(text: &str) -> Result<f64> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.with_context(|| format!("{} is not a number; set a limit such as .9", shown(text)))
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
    fn limits_match_mlflow() {
        // MLflow 3: >= if greater is better, else <=. Changes are absolute, or a share of the baseline.
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
    fn a_minimum_of_f1_is_no_stricter_than_the_champion() {
        let f1 = |found: u64| {
            let confusion =
                Confusion { true_positive: found, false_negative: 100 - found, ..Confusion::default() };
            Figures::of(&mut [], confusion)
        };
        let outcome = |before: Option<u64>, after| {
            let outcome = Gate::of_f1(0.8).outcome(before.map(f1).as_ref(), &f1(after));
            (outcome.passed(), outcome.gate.threshold.unwrap() < 0.8)
        };
        // F1 is 0.75 for 60 of 100, and 0.79 for 65 of 100.
        assert_eq!(outcome(Some(60), 65), (true, true));
        assert_eq!(outcome(Some(65), 60), (false, true));
        assert_eq!(outcome(Some(90), 65), (false, false));
        assert_eq!(outcome(None, 65), (false, false));
    }

    #[test]
    fn a_false_positive_rate_is_better_if_it_is_lower() {
        let lost = |false_positive| Figures {
            confusion: Confusion {
                false_positive,
                true_negative: 1000 - false_positive,
                ..Confusion::default()
            },
            ..Figures::default()
        };
        let passed = |gate: &str, before, after| {
            gate.parse::<Gate>().unwrap().outcome(Some(&lost(before)), &lost(after)).passed()
        };
        assert!(passed("fpr=.01", 0, 10) && !passed("fpr=.01", 0, 11));
        assert!(
            passed("fpr min_absolute_change=.005", 10, 5) && !passed("fpr min_absolute_change=.005", 10, 6)
        );
        // Without negatives, the rate is unknown, so the gate fails.
        assert!(!"fpr=.01".parse::<Gate>().unwrap().outcome(None, &figures(9)).passed());
    }

    #[test]
    fn fails_an_unmeasured_figure_and_skips_changes_without_a_champion() {
        let gate: Gate = "roc_auc=.5".parse().unwrap();
        assert!(!gate.outcome(None, &figures(90)).passed());
        let change: Gate = "recall min_absolute_change=.1".parse().unwrap();
        assert!(change.outcome(None, &figures(1)).passed());
        let none: Gate = "roc_auc min_absolute_change=.1".parse().unwrap();
        assert!(!none.outcome(Some(&figures(5)), &Figures { roc_auc: Some(0.9), ..figures(9) }).passed());
    }

    #[test]
    fn says_why_a_gate_is_invalid() {
        for (text, why) in [
            ("", "expected a figure and its limits"),
            ("f2=.9", "is not a known figure"),
            ("f1", "has no limit"),
            ("f1=90", "f1 cannot be 90; set a limit between -1 and 1"),
            ("f1=high", "'high' is not a number"),
            ("f1 min_absolute_change=0", "is not greater than 0"),
            ("f1 min_relative_change=2", "is not between 0 and 1"),
            ("f1=.9 greater_is_better=maybe", "must be true or false"),
            ("f1 least=.9", "'least' is not a limit"),
            ("f1 .9", "expected KEY=LIMIT"),
        ] {
            let error = text.parse::<Gate>().unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
