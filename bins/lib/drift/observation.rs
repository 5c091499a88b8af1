//! Collects the evidence of one run, and pools its messages with the messages of earlier runs.

use std::collections::HashSet;

use anyhow::Result;

use crate::drift::history::History;
use crate::drift::labelled_verdicts::LabelledVerdicts;
use crate::drift::past_runs::{PastRuns, PooledRuns};
use crate::drift::run_record::ObservedRun;
use crate::drift::sizes;
use crate::drift::word_names::WordNames;
use crate::io::dates::Timestamp;
use crate::io::fraction::Fraction;
use crate::profile::summary::Profile;
use crate::stats::metrics::{Confusion, Metrics};

/// Number of distinct messages to pool for measured and estimated F1.
pub const POOLED_MESSAGES: u64 = 2000;

/// The facts about the champion that `drift` needs.
#[derive(Clone, Copy, Debug)]
pub struct Champion {
    /// Minimum score of a positive message.
    pub threshold: Fraction,
    /// Earlier verdicts on labelled rows, if known.
    pub confusion: Option<Confusion>,
    /// The rows of these verdicts.
    pub basis: VerdictRows,
    /// Time of the fit, if known.
    pub fitted: Option<Timestamp>,
    /// Number of labelled rows that the champion learned from, if known.
    pub learned: Option<u64>,
}

/// The rows of the champion's earlier verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerdictRows {
    /// Its training rows, out of fold.
    CrossValidation,
    /// The reference, if the champion is a model of another system.
    Reference,
}

/// Everything that `decide` needs to know about one run.
#[derive(Clone, Debug, Default)]
pub struct DriftEvidence<'a> {
    pub champion: Option<Champion>,
    /// Profile and digest of the reference.
    pub reference: Option<(&'a Profile, &'a str)>,
    pub new: Profile,
    /// Spelling of the words in new messages.
    pub names: WordNames,
    /// Metrics of the champion on new labelled rows.
    pub metrics: Option<&'a Metrics>,
    /// Earlier runs.
    pub history: History,
    /// Watched files, each with the number of lines changed since the champion was fitted.
    pub changes: Vec<(String, u64)>,
    /// Time of the last retrain request.
    pub last_retrain: Option<Timestamp>,
    /// Retrains that compared a challenger, the oldest first.
    pub retrains: Vec<PastRetrain>,
}

/// A retrain that compared its challenger with the champion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastRetrain {
    /// Time of the request.
    pub time: Timestamp,
    /// Whether the challenger was better.
    pub was_better: bool,
}

/// A run, pooled with earlier runs.
#[derive(Clone, Debug)]
pub(super) struct Observation<'a> {
    pub(super) run: ObservedRun<'a>,
    pub(super) past: PastRuns<'a>,
    /// Messages to test.
    pub(super) window: PooledRuns<'a>,
    /// Messages to pool for F1.
    pub(super) longer: PooledRuns<'a>,
    /// Hashes of the messages of `longer` whose labels can still come.
    pub(super) awaiting_labels: HashSet<u64>,
    /// Numbers of rows and of labelled rows since the reference, including this run.
    pub(super) since: (u64, u64),
}

/// Finds the earlier runs with the same reference, and pools messages with them.
pub(super) fn observe<'a>(evidence: &'a DriftEvidence, now: Timestamp) -> Result<Observation<'a>> {
    let verdicts = evidence.metrics.map(LabelledVerdicts::of).unwrap_or_default();
    let digest = evidence.reference.map_or("", |(_, digest)| digest);
    let run = ObservedRun::of(&evidence.new, digest, now.0, verdicts)?;
    let past = evidence.history.before(&run)?;
    let (window, longer) = match evidence.reference {
        Some((reference, _)) => (
            past.pooled(run.messages, sizes::window(reference.len() as u64))?,
            past.pooled(run.messages, POOLED_MESSAGES)?,
        ),
        None => (PooledRuns::alone(run.messages), PooledRuns::alone(run.messages)),
    };
    let (awaiting_labels, since) = (past.awaiting_labels(run.messages, &longer)?, past.since(&run));
    Ok(Observation { run, past, window, longer, awaiting_labels, since })
}
