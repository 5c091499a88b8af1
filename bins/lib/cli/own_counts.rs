//! Part of `verify`: checks that the figures in a result agree with the counts in the same result.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};

use crate::compare::deployment::{DeployBlock, deploy_block};
use crate::compare::evidence::PairedRows;
use crate::compare::paired_result::PairedResult;
use crate::compare::report::CompareReport;
use crate::io::diagnostics::shown;
use crate::rows::contract::ValidateReport;
use crate::stats::metrics::{Confusion, Metrics};
use crate::stats::paired::{PairedConfusion, PairedCounts};
use crate::stats::significance::mcnemar_exact;

/// Holds figures against the counts behind them.
pub(super) fn metrics(metrics: &Metrics) -> Result<()> {
    let Metrics { rows, labelled, figures, .. } = metrics;
    let confusion = figures.confusion;
    expect_countable(confusion)?;
    let all = confusion.total();
    ensure!(
        all == *labelled && labelled <= rows,
        "counts {all} verdicts on {labelled} labelled of {rows} rows"
    );
    let says = [
        ("f1", figures.f1, confusion.f1()),
        ("precision", figures.precision, confusion.precision()),
        ("recall", figures.recall, confusion.recall()),
        ("accuracy", figures.accuracy, confusion.accuracy()),
        ("macro_f1", figures.macro_f1, confusion.macro_f1()),
        ("mcc", figures.mcc, confusion.mcc()),
    ];
    says.into_iter().try_for_each(|(name, said, counted)| expect_agreement(name, said, counted))
}

/// Holds clean and rejected rows against all rows.
pub(super) fn validate(report: &ValidateReport) -> Result<()> {
    let ValidateReport { rows, clean, rejected, .. } = report;
    let is_whole = clean.checked_add(*rejected) == Some(*rows);
    ensure!(is_whole, "{rows} rows are not {clean} clean and {rejected} rejected ones");
    Ok(())
}

/// Holds a comparison against its counters, and a deployment that is asked for against the deploy rule.
pub(super) fn compare(report: &CompareReport) -> Result<()> {
    let CompareReport { rows, challenger_f1, pairs, whole, recent, .. } = report;
    expect_deploy_rule(report)?;
    expect_countable(pairs.challenger)?;
    expect_agreement("challenger_f1", *challenger_f1, pairs.challenger.f1())?;
    let counted = pairs.challenger.total();
    ensure!(counted == *rows, "counts {counted} of {rows} rows");
    let Some(whole) = whole else { return Ok(()) };
    expect_part(whole)?;
    ensure!(*pairs == PairedRows::from(&whole.counters), "the pairs are not those of the eight counters");
    if let Some(recent) = recent {
        expect_part(&recent.part)?;
        ensure!(recent.part.rows <= *rows, "has more new rows than rows");
    }
    let mut sliced = BTreeMap::new();
    for slice in &report.slices {
        expect_eight(&slice.counters)?;
        *sliced.entry(&slice.by).or_insert(0) += slice.counters.rows();
    }
    for (by, counted) in sliced {
        ensure!(counted == *rows, "the slices by {} have {counted} of {rows} rows", shown(by));
    }
    Ok(())
}

/// Holds a deployment that is asked for against the rule.
fn expect_deploy_rule(report: &CompareReport) -> Result<()> {
    if !report.deploy_needed {
        return Ok(());
    }
    let CompareReport { verdict, gates, required, slices, golden, .. } = report;
    let passed = gates.iter().map(|gate| gate.passed);
    match deploy_block(*verdict, passed, required, slices, golden.as_ref()) {
        None => Ok(()),
        Some(DeployBlock::Verdict(verdict)) => {
            bail!("asks for a deployment though the verdict is {}", verdict.name())
        }
        Some(DeployBlock::Check) => {
            bail!("asks for a deployment though a gate, a slice or a golden message says no")
        }
    }
}

/// Holds what is said of some rows against their eight counters.
fn expect_part(part: &PairedResult) -> Result<()> {
    let PairedResult { rows, counters, champion_f1, challenger_f1, mcnemar, .. } = part;
    expect_eight(counters)?;
    ensure!(*rows == counters.rows(), "counts {} of {rows} rows", counters.rows());
    let right = counters.right();
    for (name, said, counted) in [
        ("champion_f1", *champion_f1, counters.champion().f1()),
        ("challenger_f1", *challenger_f1, counters.challenger().f1()),
        ("only_champion_right", mcnemar.only_champion_right as f64, right.only_one as f64),
        ("only_challenger_right", mcnemar.only_challenger_right as f64, right.only_other as f64),
        ("exact", mcnemar.exact, mcnemar_exact(right.only_one, right.only_other)),
    ] {
        expect_agreement(name, said, counted)?;
    }
    Ok(())
}

fn expect_eight(counters: &PairedConfusion) -> Result<()> {
    let PairedConfusion { positive, negative } = counters;
    let cells = |rows: &PairedCounts| [rows.both, rows.only_one, rows.only_other, rows.neither];
    let most = cells(positive).into_iter().chain(cells(negative)).max();
    ensure!(most < Some(1 << 53), "counts more rows than there can be");
    Ok(())
}

/// Refuses counts that no file can have: what is computed from them would overflow.
fn expect_countable(confusion: Confusion) -> Result<()> {
    let Confusion { true_positive, false_positive, true_negative, false_negative } = confusion;
    let most = [true_positive, false_positive, true_negative, false_negative].into_iter().max();
    ensure!(most < Some(1 << 53), "counts more rows than there can be");
    Ok(())
}

fn expect_agreement(name: &str, said: f64, counted: f64) -> Result<()> {
    ensure!((said - counted).abs() < 1e-9, "{name} is {said}, but {counted} by its own counts");
    Ok(())
}
