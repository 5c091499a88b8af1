//! Keeps one record for each of the last 64 runs, the oldest first.

use std::collections::HashMap;

use anyhow::Result;

use crate::drift::past_runs::PastRuns;
use crate::drift::run_record::{ObservedRun, RunRecord};
use crate::io::diagnostics::inert;
use crate::profile::summary::StoredProfile;

/// Maximum number of runs in the history.
pub const MAX_RUNS: usize = 64;

/// Maximum number of distinct messages in all profiles of one reference. Older profiles are dropped.
const MAX_MESSAGES: u64 = 4096;

/// The earlier runs, the oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    blocks: Vec<RunRecord>,
    /// The reason why a part of the history cannot be read; none if all of it was read.
    pub unreadable: Option<String>,
}

impl History {
    /// Reads the lines of a history. Skips malformed lines and keeps the reason for the first of them.
    pub fn read<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let mut history = Self::default();
        for (number, line) in lines.enumerate() {
            match RunRecord::read(line) {
                Ok(record) => history.blocks.push(record),
                Err(error) => {
                    let why = format!("line {}: {}", number + 1, inert(&format!("{error:#}")));
                    history.unreadable.get_or_insert(why);
                }
            }
        }
        history.blocks.drain(..history.blocks.len().saturating_sub(MAX_RUNS));
        history
    }

    /// An empty history in place of a file that cannot be read.
    pub fn unreadable(why: &str) -> Self {
        Self { blocks: Vec::new(), unreadable: Some(inert(why)) }
    }

    /// The records as lines of JSON, one line each.
    pub fn lines(&self) -> Result<String> {
        let mut lines = String::new();
        for record in &self.blocks {
            lines += &serde_json::to_string(record)?;
            lines.push('\n');
        }
        Ok(lines)
    }

    pub fn runs(&self) -> &[RunRecord] {
        &self.blocks
    }

    /// Earlier runs with the same reference. A record with the same id, or with most of this run's messages, is a repeat and
    /// does not count.
    pub fn before(&self, run: &ObservedRun) -> Result<PastRuns<'_>> {
        let mut past = Vec::new();
        for earlier in self.blocks.iter().filter(|earlier| earlier.reference == run.reference) {
            if earlier.time <= run.time && !earlier.is_repeated(&run.id, run.messages)? {
                past.push(earlier);
            }
        }
        Ok(PastRuns(past))
    }

    /// Adds a record in order of time and replaces records of the same run. Drops the oldest records, and profiles that no
    /// later run can be pooled with.
    pub fn add(&mut self, record: RunRecord) -> Result<()> {
        let messages = record.profile.profile()?;
        let mut kept = Vec::new();
        for earlier in self.blocks.drain(..) {
            if earlier.reference != record.reference || !earlier.is_repeated(&record.id, &messages)? {
                kept.push(earlier);
            }
        }
        kept.push(record);
        kept.sort_by_key(|record| record.time);
        kept.drain(..kept.len().saturating_sub(MAX_RUNS));
        let mut pooled: HashMap<String, u64> = HashMap::new();
        for record in kept.iter_mut().rev() {
            let pooled = pooled.entry(record.reference.clone()).or_default();
            *pooled += record.distinct;
            if *pooled > MAX_MESSAGES {
                record.profile = StoredProfile::default();
            }
        }
        self.blocks = kept;
        Ok(())
    }

    /// Median number of days between runs; none without two runs at different times.
    pub fn interval(&self, now: i64) -> Option<f64> {
        let times: Vec<i64> = self.blocks.iter().map(|record| record.time).chain([now]).collect();
        let mut steps: Vec<i64> =
            times.windows(2).map(|pair| pair[1] - pair[0]).filter(|step| *step > 0).collect();
        steps.sort_unstable();
        steps.get(steps.len() / 2).map(|step| *step as f64 / 86_400.0)
    }
}
