//! Checks that figures are possible: inside their range, and in agreement with their counts.

use anyhow::{Result, ensure};

use crate::stats::intervals::Interval;
use crate::stats::metrics::{Confusion, FigureName, Figures};

/// Limit on a count, so that sums do not overflow and stay exact as numbers with decimals.
const MAX_COUNT: u64 = 1 << 53;

/// Fails if a figure is outside its range, if its interval does not fit, or if it does not agree with its counts.
pub fn check(figures: &Figures) -> Result<()> {
    for name in FigureName::ALL {
        let Some(value) = name.of(figures) else { continue };
        expect_in_range(name, &name.to_string(), value)?;
        if let Some(Interval(low, high)) = name.interval(&figures.intervals) {
            let is_possible = low.is_finite() && high.is_finite() && low <= high && low >= 0.0 && high <= 1.0;
            ensure!(is_possible, "the interval of {name} is {low} to {high}");
        }
    }
    let confusion = figures.confusion;
    expect_countable(confusion)?;
    let stated = [
        ("f1", figures.f1, confusion.f1()),
        ("precision", figures.precision, confusion.precision()),
        ("recall", figures.recall, confusion.recall()),
        ("accuracy", figures.accuracy, confusion.accuracy()),
        ("macro_f1", figures.macro_f1, confusion.macro_f1()),
        ("mcc", figures.mcc, confusion.mcc()),
    ];
    stated.into_iter().try_for_each(|(name, stated, computed)| expect_agreement(name, stated, computed))?;
    match figures.balanced_accuracy.zip(confusion.balanced_accuracy()) {
        Some((stated, computed)) => expect_agreement("balanced_accuracy", stated, computed),
        None => Ok(()),
    }
}

/// Fails if a value is not finite or is outside the range of its figure. `about` describes the value in the error.
pub fn expect_in_range(name: FigureName, about: &str, value: f64) -> Result<()> {
    let (low, high) = match name {
        FigureName::Mcc => (-1.0, 1.0),
        FigureName::LogLoss => (0.0, f64::MAX),
        _ => (0.0, 1.0),
    };
    // A figure that is computed in floating point may miss a limit by a rounding error.
    let is_possible = value.is_finite() && value >= low - 1e-9 && value <= high + 1e-9;
    let limit = if high > 1.0 { "at least 0".to_owned() } else { format!("from {low} to {high}") };
    ensure!(is_possible, "{about} is {value}, which is not {limit}");
    Ok(())
}

/// Fails on counts that no file can have, because the figures would overflow.
pub fn expect_countable(confusion: Confusion) -> Result<()> {
    let Confusion { true_positive, false_positive, true_negative, false_negative } = confusion;
    let most = [true_positive, false_positive, true_negative, false_negative].into_iter().max();
    ensure!(most < Some(MAX_COUNT), "a count is larger than 2^53");
    Ok(())
}

/// Fails if a stated figure differs from the figure that its counts give.
pub fn expect_agreement(name: &str, stated: f64, computed: f64) -> Result<()> {
    ensure!((stated - computed).abs() < 1e-9, "{name} is {stated}, but its counts give {computed}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::label::Label;
    use crate::stats::ranking::ScoredLabel;

    fn measured() -> Figures {
        let rows =
            [(0.9, Label::Positive), (0.8, Label::Negative), (0.3, Label::Positive), (0.1, Label::Negative)];
        let mut confusion = Confusion::default();
        let verdict = |score: f64| if score >= 0.5 { Label::Positive } else { Label::Negative };
        for (score, label) in &rows {
            confusion.add(*label, verdict(*score));
        }
        let mut scored: Vec<_> = rows.iter().map(|(score, label)| ScoredLabel::new(*score, *label)).collect();
        Figures::of(&mut scored, confusion)
    }

    #[test]
    fn computed_figures_are_possible_and_changed_figures_are_not() {
        let figures = measured();
        check(&figures).unwrap();
        check(&Figures::default()).unwrap();
        let mut cases: Vec<(Figures, &str)> = vec![
            (Figures { f1: 2.0, ..figures }, "f1 is 2, which is not from 0 to 1"),
            (Figures { f1: 0.6, ..figures }, "f1 is 0.6, but its counts give 0.5"),
            (Figures { mcc: -2.0, ..figures }, "mcc is -2, which is not from -1 to 1"),
            (Figures { roc_auc: Some(f64::NAN), ..figures }, "roc_auc is NaN, which is not from 0 to 1"),
            (Figures { log_loss: Some(-0.5), ..figures }, "log_loss is -0.5, which is not at least 0"),
            (Figures { brier: Some(f64::INFINITY), ..figures }, "brier is inf, which is not from 0 to 1"),
        ];
        let mut reversed = figures;
        reversed.intervals.f1 = Some(Interval(0.9, 0.1));
        cases.push((reversed, "the interval of f1 is 0.9 to 0.1"));
        let mut counted = figures;
        counted.confusion.true_positive = u64::MAX;
        cases.push((counted, "a count is larger than 2^53"));
        for (changed, wanted) in cases {
            assert_eq!(check(&changed).unwrap_err().to_string(), wanted);
        }
    }
}
