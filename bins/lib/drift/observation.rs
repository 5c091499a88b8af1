//! The evidence of one run, and its new messages pooled with those of earlier runs.

use anyhow::Result;

use crate::drift::history::History;
use crate::drift::past_runs::{PastRuns, PooledRuns};
use crate::drift::run_record::ObservedRun;
use crate::drift::sizes;
use crate::drift::word_names::WordNames;
use crate::io::dates::Timestamp;
use crate::io::fraction::Fraction;
use crate::profile::summary::Profile;
use crate::stats::metrics::{Confusion, Metrics};

/// Distinct messages that performance, measured or estimated, is pooled over.
pub const EXPECTED: u64 = 2000;

/// The champion, as far as drift is concerned.
#[derive(Clone, Copy, Debug)]
pub struct Champion {
    /// The score from which a message is positive.
    pub threshold: Fraction,
    /// Its verdicts on rows that it had not seen, if that was measured.
    pub confusion: Option<Confusion>,
    /// When it was fitted.
    pub fitted: Option<Timestamp>,
}

/// The evidence of one run.
#[derive(Clone, Debug, Default)]
pub struct DriftEvidence<'a> {
    /// The champion, if there is one.
    pub champion: Option<Champion>,
    /// The messages of the reference, and its digest.
    pub reference: Option<(&'a Profile, &'a str)>,
    /// The new messages.
    pub new: Profile,
    /// The spelling of their words.
    pub names: WordNames,
    /// What the champion scored on new rows with labels.
    pub metrics: Option<&'a Metrics>,
    /// The runs before this one.
    pub history: History,
    /// Watched files, each with its changed lines since the champion.
    pub changes: Vec<(String, u64)>,
    /// When a retrain was last requested.
    pub last_retrain: Option<Timestamp>,
}

/// The run beside those before it.
#[derive(Clone, Debug)]
pub(super) struct Observation<'a> {
    pub(super) run: ObservedRun<'a>,
    pub(super) past: PastRuns<'a>,
    /// The messages that are tested.
    pub(super) window: PooledRuns<'a>,
    /// The messages that performance is pooled over.
    pub(super) longer: PooledRuns<'a>,
    /// Rows, and labelled rows, since the reference, including this run.
    pub(super) since: (u64, u64),
}

/// Observes a run: finds the runs before it, and pools its messages with theirs.
pub(super) fn observe<'a>(evidence: &'a DriftEvidence, now: Timestamp) -> Result<Observation<'a>> {
    let confusion = evidence.metrics.map(|metrics| metrics.figures.confusion).unwrap_or_default();
    let digest = evidence.reference.map_or("", |(_, digest)| digest);
    let run = ObservedRun::of(&evidence.new, digest, now.0, confusion)?;
    let past = evidence.history.before(&run)?;
    let (window, longer) = match evidence.reference {
        Some((reference, _)) => {
            let needed = sizes::needed(reference.len() as u64).unwrap_or(EXPECTED);
            (past.pooled(run.messages, needed)?, past.pooled(run.messages, EXPECTED)?)
        }
        None => (PooledRuns::alone(run.messages), PooledRuns::alone(run.messages)),
    };
    let since = past.since(&run);
    Ok(Observation { run, past, window, longer, since })
}
