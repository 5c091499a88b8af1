//! Uses earlier runs to enlarge small windows, and to distinguish persistent drift from normal change.

use std::borrow::Cow;
use std::collections::HashSet;

use anyhow::Result;

use crate::drift::labelled_verdicts::{LabelledVerdicts, VerdictPool};
use crate::drift::run_record::{ObservedRun, RunRecord};
use crate::drift::verdict::DriftVerdict;
use crate::io::dates::Timestamp;
use crate::io::fraction::Fraction;
use crate::profile::summary::Profile;
use crate::stats::conformal;

/// Minimum number of earlier windows for a comparison with them.
pub const MIN_WINDOWS: usize = 20;

/// The messages of a run, pooled with the messages of earlier runs.
#[derive(Clone, Debug)]
pub struct PooledRuns<'a> {
    pub messages: Cow<'a, Profile>,
    pub runs: usize,
}

impl<'a> PooledRuns<'a> {
    /// One run without earlier runs.
    pub fn alone(messages: &'a Profile) -> Self {
        Self { messages: Cow::Borrowed(messages), runs: 1 }
    }
}

/// Earlier runs with the same reference, the oldest first.
#[derive(Clone, Debug)]
pub struct PastRuns<'a>(pub(super) Vec<&'a RunRecord>);

impl PastRuns<'_> {
    /// Pools a run with earlier runs, the latest first, until the pool has `needed` messages.
    pub fn pooled<'p>(&self, messages: &'p Profile, needed: u64) -> Result<PooledRuns<'p>> {
        let mut pool = PooledRuns::alone(messages);
        for earlier in self.0.iter().rev() {
            if pool.messages.len() as u64 >= needed || earlier.profile.is_empty() {
                break;
            }
            pool.messages.to_mut().merge(earlier.profile.profile()?);
            pool.runs += 1;
        }
        Ok(pool)
    }

    /// Hashes of the pooled messages whose labels can still come: no message that arrived first in the same run has a
    /// label.
    pub(super) fn awaiting_labels(&self, messages: &Profile, pool: &PooledRuns) -> Result<HashSet<u64>> {
        let earlier = &self.0[self.0.len().saturating_sub(pool.runs - 1)..];
        let earlier = earlier.iter().map(|record| record.profile.profile()).collect::<Result<Vec<_>>>()?;
        let is_labelled =
            |hash: &u64| pool.messages.record(*hash).is_some_and(|known| known.label().is_some());
        let (mut known, mut awaiting) = (HashSet::new(), HashSet::new());
        for run in earlier.iter().chain([messages]) {
            let new: Vec<u64> = run.hashes().filter(|hash| known.insert(*hash)).collect();
            if !new.iter().any(is_labelled) {
                awaiting.extend(new);
            }
        }
        Ok(awaiting)
    }

    /// Verdicts of the champion on labelled messages of the last `runs` runs, including this run. A message that arrived
    /// in several runs counts once, in the latest run. `threshold` is the champion's.
    pub fn verdicts(
        &self,
        run: &ObservedRun,
        runs: usize,
        threshold: Option<Fraction>,
    ) -> Result<LabelledVerdicts> {
        let mut pool = VerdictPool::new(threshold);
        pool.add_earlier(run.verdicts, run.messages);
        for earlier in self.0.iter().rev().take(runs - 1) {
            pool.add_earlier(earlier.verdicts(), &earlier.profile.profile()?);
        }
        Ok(pool.verdicts)
    }

    /// Numbers of rows and of labelled rows since the reference, including this run and runs dropped from the history.
    pub fn since(&self, run: &ObservedRun) -> (u64, u64) {
        let dropped = self.0.first().map_or((0, 0), |oldest| {
            (oldest.since.0.saturating_sub(oldest.rows), oldest.since.1.saturating_sub(oldest.labelled))
        });
        let all = self.0.iter().map(|record| (record.rows, record.labelled));
        all.chain([(run.rows(), run.labelled())])
            .fold(dropped, |(rows, labelled), run| (rows + run.0, labelled + run.1))
    }

    /// Windows that end before the last `runs` runs, the latest first. Windows do not share runs, so no run counts twice.
    fn windows(&self, runs: usize) -> impl Iterator<Item = &RunRecord> {
        let mut end = self.0.len().checked_sub(runs - 1);
        std::iter::from_fn(move || {
            let window = *self.0.get(end?.checked_sub(1)?)?;
            end = end?.checked_sub(window.runs.max(1));
            Some(window)
        })
    }

    /// Number of windows with unanswered drift, among the last `windows` windows that end before the last `runs` runs.
    /// Windows until `after` do not count: a retrain has answered their drift.
    pub(super) fn drifted(&self, runs: usize, windows: usize, after: i64) -> usize {
        let windows = self.windows(runs).take(windows);
        windows.filter(|window| window.is_unanswered() && window.time > after).count()
    }

    /// First run of the unbroken series of runs with unusual changes at the end, answered or not; none if the last run with
    /// a verdict has none.
    pub(super) fn drifted_since(&self) -> Option<Timestamp> {
        let is_open = |record: &&&RunRecord| record.news || record.verdict == DriftVerdict::InsufficientData;
        let series = self.0.iter().rev().take_while(is_open);
        series.filter(|record| record.news).last().map(|record| Timestamp(record.time))
    }

    /// Strengths of one family in the normal windows that end before the last `runs` runs. The last `skipped` windows are
    /// left out, because the drift may have begun in them.
    ///
    /// A window without unusual drift is normal. The first windows have too few earlier windows to
    /// compare with. If most of the first windows drifted, all first windows are normal, because some data always
    /// changes.
    pub(super) fn strengths(&self, family: &str, runs: usize, skipped: usize) -> Vec<f64> {
        let tested = || {
            let windows = self.windows(runs).skip(skipped);
            windows.filter(|window| window.verdict != DriftVerdict::InsufficientData)
        };
        let uncalibrated = || tested().filter(|window| !window.calibrated);
        let drifted = uncalibrated().filter(|window| window.news).count();
        let drift_is_normal = 2 * drifted > uncalibrated().count();
        let is_normal = |window: &&RunRecord| !window.news || drift_is_normal && !window.calibrated;
        tested().filter(is_normal).filter_map(|window| window.strengths.get(family).copied()).collect()
    }
}

/// Conformal p-value of a strength among the strengths of earlier windows; none if there are too few windows.
pub(super) fn surprise(strength: f64, earlier: Vec<f64>) -> Option<f64> {
    (earlier.len() >= MIN_WINDOWS).then(|| conformal::p(strength, earlier))
}
