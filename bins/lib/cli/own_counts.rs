//! Checks that the figures in a result agree with the counts in the same result, for `spamops verify`.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};

use crate::compare::decision::{BothFigures, TrafficFigures};
use crate::compare::deployment::{DeployBlock, deploy_block};
use crate::compare::evidence::PairedRows;
use crate::compare::paired_result::PairedResult;
use crate::compare::report::CompareReport;
use crate::io::diagnostics::shown;
use crate::rows::contract::ValidateReport;
use crate::stats::figure_checks::{self, expect_agreement, expect_countable};
use crate::stats::metrics::{DistinctFigures, Metrics};
use crate::stats::paired::{PairedConfusion, PairedCounts};
use crate::stats::significance::mcnemar_exact;

/// Checks figures against their ranges and the confusion matrix.
pub(super) fn metrics(metrics: &Metrics) -> Result<()> {
    let Metrics { rows, labelled, figures, distinct, .. } = metrics;
    figure_checks::check(figures)?;
    let all = figures.confusion.total();
    ensure!(
        all == *labelled && labelled <= rows,
        "the counts add up to {all} rows, but {labelled} of {rows} rows are labelled"
    );
    let Some(DistinctFigures { messages, figures }) = distinct else { return Ok(()) };
    figure_checks::check(figures)?;
    let counted = figures.confusion.total();
    ensure!(
        counted == *messages && messages < labelled,
        "the counts add up to {counted} messages, but there are {messages} in {labelled} rows"
    );
    Ok(())
}

/// Checks that valid and rejected rows add up to all rows.
pub(super) fn validate(report: &ValidateReport) -> Result<()> {
    let ValidateReport { rows, clean, rejected, .. } = report;
    let adds_up = clean.checked_add(*rejected) == Some(*rows);
    ensure!(adds_up, "{clean} valid and {rejected} rejected rows do not add up to {rows} rows");
    Ok(())
}

/// Checks a comparison against its counters, and deploy_needed against the deploy rule.
pub(super) fn compare(report: &CompareReport) -> Result<()> {
    let CompareReport { challenger_f1, pairs, whole, recent, .. } = report;
    expect_deploy_rule(report)?;
    expect_countable(pairs.challenger)?;
    expect_agreement("challenger_f1", *challenger_f1, pairs.challenger.f1())?;
    let (counted, rows) = (pairs.challenger.total(), report.counted());
    ensure!(counted == rows, "the counts add up to {counted} rows, not {rows}");
    expect_traffic(report)?;
    let Some(whole) = whole else { return Ok(()) };
    expect_part(whole)?;
    ensure!(*pairs == PairedRows::from(&whole.counters), "the pairs do not agree with the eight counters");
    if let Some(recent) = recent {
        expect_part(&recent.part)?;
        let newest = recent.part.rows;
        ensure!(newest <= rows, "there are {newest} newest rows, but only {rows} rows");
    }
    let mut rows_by_slice = BTreeMap::new();
    for slice in &report.slices {
        expect_countable_pairs(&slice.counters)?;
        *rows_by_slice.entry(&slice.by).or_insert(0) += slice.counters.rows();
    }
    for (by, counted) in rows_by_slice {
        // The copies of a message may be in several slices.
        let adds_up = if report.messages.is_some() { counted >= rows } else { counted == rows };
        ensure!(
            adds_up && counted <= report.rows,
            "the slices by {} have {counted} rows, not {rows}",
            shown(by)
        );
    }
    Ok(())
}

/// Checks the figures with every copy counted against their counts.
fn expect_traffic(report: &CompareReport) -> Result<()> {
    let Some(traffic) = &report.traffic else {
        ensure!(report.messages.is_none(), "messages is set, but traffic is missing");
        return Ok(());
    };
    let TrafficFigures { pairs, figures: BothFigures { champion, challenger } } = traffic;
    expect_countable(pairs.challenger)?;
    let (all, rows) = (pairs.challenger.total(), report.rows);
    ensure!(all == rows, "the counts of traffic add up to {all} rows, not {rows}");
    let has_copies = report.messages.is_some_and(|messages| messages < rows);
    ensure!(has_copies, "traffic is set, but messages is not below {rows}");
    expect_agreement("the challenger's f1 in traffic", challenger.f1, pairs.challenger.f1())?;
    champion.map_or(Ok(()), |champion| {
        expect_agreement("the champion's f1 in traffic", champion.f1, pairs.champion.f1())
    })
}

fn expect_deploy_rule(report: &CompareReport) -> Result<()> {
    if !report.deploy_needed {
        return Ok(());
    }
    let CompareReport { verdict, gates, required, slices, golden, .. } = report;
    let passed = gates.iter().map(|gate| gate.passed);
    match deploy_block(*verdict, passed, required, slices, golden.as_ref()) {
        None => Ok(()),
        Some(DeployBlock::Verdict(verdict)) => {
            bail!("deploy_needed is true, but the verdict is {}", verdict.name())
        }
        Some(DeployBlock::Check) => {
            bail!("deploy_needed is true, but a gate, a slice or a golden message failed")
        }
    }
}

/// Checks the paired result of some rows against their eight counters.
fn expect_part(part: &PairedResult) -> Result<()> {
    let PairedResult { rows, counters, champion_f1, challenger_f1, mcnemar, .. } = part;
    expect_countable_pairs(counters)?;
    ensure!(*rows == counters.rows(), "the counts add up to {} rows, not {rows}", counters.rows());
    let right = counters.right();
    for (name, stated, computed) in [
        ("champion_f1", *champion_f1, counters.champion().f1()),
        ("challenger_f1", *challenger_f1, counters.challenger().f1()),
        ("only_champion_right", mcnemar.only_champion_right as f64, right.only_one as f64),
        ("only_challenger_right", mcnemar.only_challenger_right as f64, right.only_other as f64),
        ("exact", mcnemar.exact, mcnemar_exact(right.only_one, right.only_other)),
    ] {
        expect_agreement(name, stated, computed)?;
    }
    Ok(())
}

fn expect_countable_pairs(counters: &PairedConfusion) -> Result<()> {
    let PairedConfusion { positive, negative } = counters;
    let cells = |rows: &PairedCounts| [rows.both, rows.only_one, rows.only_other, rows.neither];
    let most = cells(positive).into_iter().chain(cells(negative)).max();
    ensure!(most < Some(1 << 53), "a count is larger than 2^53");
    Ok(())
}
