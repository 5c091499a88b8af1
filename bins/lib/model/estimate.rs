//! Computes the cross-validated figures of a model from out-of-fold scores.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::rows::label::Label;
use crate::stats::figure_checks;
use crate::stats::metrics::{Confusion, FigureName, Figures};
use crate::stats::ranking::ScoredLabel;

/// Cross-validated figures of a model.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// Number of folds; 0 if nothing was measured.
    pub folds: u64,
    /// Figures on the out-of-fold scores of all folds together.
    pub pooled: Figures,
    /// The figures with each message counted once: the first row of each group of near-duplicates with the same label.
    /// Gates and `drift` use them. Absent if no row is a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distinct: Option<DistinctEstimate>,
    /// Variation of each figure between folds, by the name of the figure.
    pub by_fold: BTreeMap<String, FoldSpread>,
    /// Required figures, and whether the model reaches them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<RequiredGate>,
}

/// Cross-validated figures on distinct messages.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DistinctEstimate {
    /// Number of distinct messages.
    pub messages: u64,
    /// Figures on the out-of-fold scores of all folds together.
    pub figures: Figures,
}

/// Variation of a figure between folds.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldSpread {
    /// Mean over the folds.
    pub mean: f64,
    /// Standard deviation over the folds.
    pub sd: f64,
    /// 95% interval of the mean by Student's t. It is slightly too narrow, because the folds share training rows
    /// (Bengio & Grandvalet 2004).
    pub interval: (f64, f64),
    /// Figure of each fold, in order; empty in models of an earlier version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<f64>,
}

/// A figure that a model must reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Requirement {
    pub figure: FigureName,
    /// Minimum of the figure, or its maximum if lower is better.
    pub limit: f64,
}

/// A requirement and its result.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequiredGate {
    /// Name of the figure.
    pub figure: String,
    /// Minimum of the figure, or its maximum if lower is better.
    pub limit: f64,
    /// The measured value; null if it could not be measured.
    pub value: Option<f64>,
    /// Whether the value is within the limit.
    pub passed: bool,
}

impl FromStr for Requirement {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, limit) = text.split_once('=').context("expected a figure and its limit, such as f1=.9")?;
        let limit = limit.parse().ok().filter(|limit: &f64| limit.is_finite());
        Ok(Self { figure: name.parse()?, limit: limit.context("expected a number after =")? })
    }
}

impl fmt::Display for RequiredGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { figure, limit, value, passed } = self;
        match value {
            Some(value) => {
                write!(
                    f,
                    "{figure} {value:.4} {} the limit {limit}",
                    if *passed { "reaches" } else { "misses" }
                )
            }
            None => write!(f, "{figure} could not be measured (limit {limit})"),
        }
    }
}

/// A row with its out-of-fold score.
#[derive(Clone, Copy, Debug)]
pub struct OutOfFoldRow {
    /// Index of the row.
    pub row: usize,
    /// The log-odds at first; later, the probability that the row is positive.
    pub score: f64,
    pub label: Label,
    pub fold: u8,
}

impl Estimate {
    /// Measures all figures of scored rows with this threshold. Copies are missing from `first_rows`, which decide about
    /// the required figures.
    pub fn of(
        rows: &[OutOfFoldRow],
        first_rows: &[OutOfFoldRow],
        threshold: f64,
        required: &[Requirement],
    ) -> Self {
        let folds = rows.iter().map(|row| row.fold).max().map_or(0, |last| last + 1);
        let pooled = figures(rows.iter(), threshold);
        let each: Vec<Figures> =
            (0..folds).map(|fold| figures(rows.iter().filter(|row| row.fold == fold), threshold)).collect();
        let spreads = FigureName::ALL.iter().filter_map(|figure| {
            let values: Option<Vec<f64>> = each.iter().map(|figures| figure.of(figures)).collect();
            Some((figure.to_string(), spread(&values?)?))
        });
        let distinct = (first_rows.len() < rows.len()).then(|| DistinctEstimate {
            messages: first_rows.len() as u64,
            figures: figures(first_rows.iter(), threshold),
        });
        let by_fold = spreads.collect();
        let mut estimate = Self { folds: u64::from(folds), pooled, distinct, by_fold, gates: Vec::new() };
        let deciding = *estimate.deciding_figures();
        estimate.gates = required.iter().map(|required| required.gate(&deciding)).collect();
        estimate
    }

    /// The figures on distinct messages; on all rows if there are no copies.
    pub fn deciding_figures(&self) -> &Figures {
        self.distinct.as_ref().map_or(&self.pooled, |distinct| &distinct.figures)
    }

    /// Fails if a figure is impossible, or if a gate does not agree with its figure.
    pub fn check(&self) -> Result<()> {
        figure_checks::check(&self.pooled)?;
        if let Some(distinct) = &self.distinct {
            figure_checks::check(&distinct.figures)?;
        }
        for (name, FoldSpread { mean, sd, interval, values }) in &self.by_fold {
            // A later version may measure other figures.
            let Ok(figure) = name.parse() else { continue };
            for value in values.iter().chain([mean]) {
                figure_checks::expect_in_range(figure, &format!("{name} of a fold"), *value)?;
            }
            let is_possible = sd.is_finite() && *sd >= 0.0 && interval.0 <= interval.1;
            ensure!(is_possible, "the spread of {name} between folds is impossible");
        }
        for gate in &self.gates {
            let Ok(figure) = gate.figure.parse() else { continue };
            let computed = Requirement { figure, limit: gate.limit }.gate(self.deciding_figures());
            ensure!(computed == *gate, "a gate says that {gate}, but {computed}");
        }
        Ok(())
    }

    /// Fails if figures are required but cannot be measured.
    pub fn expect_measured(required: &[Requirement], folds: usize) -> Result<()> {
        ensure!(
            required.is_empty() || folds > 1,
            "--require needs cross-validation; set --folds to 2 or more"
        );
        Ok(())
    }
}

impl Requirement {
    fn gate(&self, figures: &Figures) -> RequiredGate {
        let value = self.figure.of(figures);
        let enough = |value: f64| {
            if self.figure.lower_is_better() { value <= self.limit } else { value >= self.limit }
        };
        RequiredGate {
            figure: self.figure.to_string(),
            limit: self.limit,
            value,
            passed: value.is_some_and(enough),
        }
    }
}

fn figures<'a>(rows: impl Iterator<Item = &'a OutOfFoldRow>, threshold: f64) -> Figures {
    let mut confusion = Confusion::default();
    let mut scored: Vec<ScoredLabel> = rows
        .map(|row| {
            let verdict = if row.score >= threshold { Label::Positive } else { Label::Negative };
            confusion.add(row.label, verdict);
            ScoredLabel::new(row.score, row.label)
        })
        .collect();
    Figures::of(&mut scored, confusion)
}

fn spread(values: &[f64]) -> Option<FoldSpread> {
    let count = values.len() as f64;
    let student = StudentsT::new(0.0, 1.0, count - 1.0).ok()?;
    let mean = values.iter().sum::<f64>() / count;
    let sd = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt();
    let reach = student.inverse_cdf(0.975) * sd / count.sqrt();
    Some(FoldSpread { mean, sd, interval: (mean - reach, mean + reach), values: values.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_count_once_in_gates() {
        let row = |row, score, label| OutOfFoldRow { row, score, label, fold: 0 };
        let first = [row(0, 0.9, Label::Positive), row(1, 0.1, Label::Positive)];
        // The found message has 98 copies.
        let all: Vec<OutOfFoldRow> =
            first.into_iter().chain((2..100).map(|copy| row(copy, 0.9, Label::Positive))).collect();
        let required = [Requirement { figure: FigureName::Recall, limit: 0.9 }];
        let recall = |rows: &[OutOfFoldRow], first_rows: &[OutOfFoldRow]| {
            let estimate = Estimate::of(rows, first_rows, 0.5, &required);
            (estimate.pooled.recall, estimate.deciding_figures().recall, estimate.gates[0].passed)
        };
        assert_eq!(recall(&all, &first), (0.99, 0.5, false));
        assert_eq!(recall(&all, &all), (0.99, 0.99, true));
        assert_eq!(Estimate::of(&all, &all, 0.5, &required).distinct, None);
    }

    #[test]
    fn spread_matches_scipy() {
        // scipy 1.17: values = [.9, .92, .95, .91, .93]; t.interval(.95, 4, mean(values), sem(values))
        let FoldSpread { mean, sd, interval, .. } = spread(&[0.9, 0.92, 0.95, 0.91, 0.93]).unwrap();
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found}");
        near(mean, 0.922);
        near(sd, 0.019_235_384_061_671_343);
        near(interval.0, 0.898_116_116_119_000_2);
        near(interval.1, 0.945_883_883_880_999_9);
        assert!(spread(&[0.9]).is_none());
    }
}
