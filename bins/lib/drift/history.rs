//! The history: one record for each of the last 64 runs, the oldest first.

use std::collections::HashMap;

use anyhow::Result;

use crate::drift::past_runs::PastRuns;
use crate::drift::run_record::{ObservedRun, RunRecord};
use crate::io::diagnostics::inert;
use crate::profile::summary::StoredProfile;

/// Runs that are remembered.
pub const MOST: usize = 64;

/// Distinct messages of all profiles in the history together, above which the oldest profiles are let go.
const POOLED: u64 = 4096;

/// The runs before this one, the oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    blocks: Vec<RunRecord>,
    /// Why a part of it could not be read.
    pub unreadable: Option<String>,
}

impl History {
    /// Reads the lines of a history. A line that cannot be read is left out, and the first such line is reported.
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
        history.blocks.drain(..history.blocks.len().saturating_sub(MOST));
        history
    }

    /// A history that cannot be read at all.
    pub fn lost(why: &str) -> Self {
        Self { blocks: Vec::new(), unreadable: Some(inert(why)) }
    }

    /// The history as lines.
    pub fn lines(&self) -> Result<String> {
        let mut lines = String::new();
        for record in &self.blocks {
            lines += &serde_json::to_string(record)?;
            lines.push('\n');
        }
        Ok(lines)
    }

    /// The records, the oldest first.
    pub fn blocks(&self) -> &[RunRecord] {
        &self.blocks
    }

    /// The runs before this one with the same reference. A record of the same run, or of one with most of its messages, is
    /// this run and does not count.
    pub fn before(&self, run: &ObservedRun) -> Result<PastRuns<'_>> {
        let mut past = Vec::new();
        for known in self.blocks.iter().filter(|known| known.reference == run.reference) {
            if known.time <= run.time && !known.is_repeated(&run.id, run.messages)? {
                past.push(known);
            }
        }
        Ok(PastRuns(past))
    }

    /// Adds a record in its time, in place of those of the same run. The oldest records are let go, and profiles that no
    /// later run will be pooled with.
    pub fn add(&mut self, record: RunRecord) -> Result<()> {
        let messages = record.profile.profile()?;
        let mut kept = Vec::new();
        for known in self.blocks.drain(..) {
            if known.reference != record.reference || !known.is_repeated(&record.id, &messages)? {
                kept.push(known);
            }
        }
        kept.push(record);
        kept.sort_by_key(|record| record.time);
        kept.drain(..kept.len().saturating_sub(MOST));
        let mut pooled: HashMap<String, u64> = HashMap::new();
        for record in kept.iter_mut().rev() {
            let pooled = pooled.entry(record.reference.clone()).or_default();
            *pooled += record.distinct;
            if *pooled > POOLED {
                record.profile = StoredProfile::default();
            }
        }
        self.blocks = kept;
        Ok(())
    }

    /// The median number of days from one run to the next; none without two runs at different times.
    pub fn interval(&self, now: i64) -> Option<f64> {
        let times: Vec<i64> = self.blocks.iter().map(|record| record.time).chain([now]).collect();
        let mut steps: Vec<i64> =
            times.windows(2).map(|pair| pair[1] - pair[0]).filter(|step| *step > 0).collect();
        steps.sort_unstable();
        steps.get(steps.len() / 2).map(|step| *step as f64 / 86_400.0)
    }
}
