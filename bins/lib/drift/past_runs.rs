//! Earlier runs with the same reference: they enlarge small windows, and show what is normal and what persists.

use std::borrow::Cow;

use anyhow::Result;

use crate::drift::run_record::{ObservedRun, RunRecord};
use crate::drift::verdict::DriftVerdict;
use crate::profile::summary::Profile;
use crate::stats::conformal;
use crate::stats::confusion::Confusion;

/// Windows below which it is unknown what is normal.
pub const BLOCKS: usize = 20;

/// The messages of a run, pooled with those of runs before it.
#[derive(Clone, Debug)]
pub struct PooledRuns<'a> {
    /// All messages.
    pub messages: Cow<'a, Profile>,
    /// The number of runs.
    pub runs: usize,
}

impl<'a> PooledRuns<'a> {
    /// One run alone.
    pub fn alone(messages: &'a Profile) -> Self {
        Self { messages: Cow::Borrowed(messages), runs: 1 }
    }
}

/// Runs with one reference, the oldest first.
#[derive(Clone, Debug)]
pub struct PastRuns<'a>(pub(super) Vec<&'a RunRecord>);

impl PastRuns<'_> {
    /// The messages of a run, and of as many runs before it as it takes to have `needed` messages.
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

    /// The champion's verdicts on labelled rows of the last `runs` runs, including this one.
    pub fn confusion(&self, run: &ObservedRun, runs: usize) -> Confusion {
        let before = self.0.iter().rev().take(runs - 1).map(|record| record.confusion);
        before.fold(run.confusion, |sum, of| sum + of)
    }

    /// Rows, and labelled rows, since the reference, including this run and those that the history has let go.
    pub fn since(&self, run: &ObservedRun) -> (u64, u64) {
        let gone = self.0.first().map_or((0, 0), |oldest| {
            (oldest.since.0.saturating_sub(oldest.rows), oldest.since.1.saturating_sub(oldest.labelled))
        });
        let all = self.0.iter().map(|record| (record.rows, record.labelled));
        all.chain([(run.rows(), run.labelled())])
            .fold(gone, |(rows, labelled), run| (rows + run.0, labelled + run.1))
    }

    /// The windows before one of `runs` runs, the last first. Windows that share a run would say the same twice: each begins
    /// where the next one ends.
    fn windows(&self, runs: usize) -> impl Iterator<Item = &RunRecord> {
        let mut end = self.0.len().checked_sub(runs - 1);
        std::iter::from_fn(move || {
            let window = *self.0.get(end?.checked_sub(1)?)?;
            end = end?.checked_sub(window.runs.max(1));
            Some(window)
        })
    }

    /// How many of the last `windows` windows before one of `runs` runs had drift that was news.
    pub fn drifted(&self, runs: usize, windows: usize) -> usize {
        self.windows(runs).take(windows).filter(|window| window.news).count()
    }

    /// The history of one family, as a window of `runs` runs is compared with it. The `last` windows are left out: they may
    /// be the beginning of the drift that is looked for.
    ///
    /// Windows from the time before calibration are normal even if they had drifted, if most of them had: some streams
    /// always move. Later ones are normal if they were no news.
    pub(super) fn strengths(&self, family: &str, runs: usize, last: usize) -> Vec<f64> {
        let before = || {
            let windows = self.windows(runs).skip(last);
            windows.filter(|window| window.verdict != DriftVerdict::InsufficientData)
        };
        let first = || before().filter(|window| !window.calibrated);
        let drifted = first().filter(|window| window.verdict == DriftVerdict::Drifted).count();
        let are_rule = 2 * drifted > first().count();
        let is_normal = |window: &&RunRecord| !window.news || are_rule && !window.calibrated;
        before().filter(is_normal).filter_map(|window| window.strengths.get(family).copied()).collect()
    }
}

/// The p-value of a strength among those of earlier windows; none if there are too few of them.
pub(super) fn surprise(strength: f64, earlier: Vec<f64>) -> Option<f64> {
    (earlier.len() >= BLOCKS).then(|| conformal::p(strength, earlier))
}
