//! Selects the terms to keep: counts them over all rows, within a memory limit.

use std::cmp::Reverse;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;

use crate::features::AnalyzerBuffers;
use crate::features::hash_table::HashTable;
use crate::features::row::FeatureSpec;
use crate::model::tfidf::Selection;
use crate::model::threads;
use crate::model::training_rows::{ResourceLimits, TrainingRow, TrainingRows};

/// Number of rows with a term, and of its occurrences in all rows.
#[derive(Clone, Copy, Debug, Default)]
struct TermFrequency {
    texts: u32,
    times: u32,
}

/// The terms counted by one thread.
#[derive(Default)]
struct ThreadTerms {
    seen: HashTable<TermFrequency>,
    row: HashTable<u32>,
    scratch: AnalyzerBuffers,
}

impl ThreadTerms {
    /// Counts the terms of a row whose keys are in the range.
    fn count(&mut self, row: &TrainingRow, features: &FeatureSpec, keys: RangeInclusive<u64>) {
        let Self { seen, row: counts, scratch } = self;
        features.each(&row.text, &row.cells, scratch, &mut |term| {
            if keys.contains(&term.key) {
                *counts.entry(term.key).0 += 1;
            }
        });
        counts.drain(|key, times| {
            let seen = seen.entry(key).0;
            seen.texts += 1;
            seen.times = seen.times.saturating_add(times);
        });
    }
}

/// Approximate number of bytes for each counted term.
const TERM_BYTES: usize = 64;

/// Minimum number of terms per thread, even if there is little memory.
const MIN_TERMS: usize = 1 << 10;

/// Returns the keys of the terms to keep. If the terms do not fit into the memory, the rows are read several
/// times: once for each range of keys.
pub(super) fn select(
    rows: &dyn TrainingRows,
    features: &FeatureSpec,
    selection: &Selection,
    limits: ResourceLimits,
) -> Result<HashTable<()>> {
    let most = (limits.memory / limits.threads.max(1) / TERM_BYTES).max(MIN_TERMS);
    let mut kept: Vec<(u32, u64)> = Vec::new();
    let mut from = 0;
    loop {
        let CountedRange { to, seen, rows } = count_range(rows, features, limits.threads, from, most)?;
        let fit = seen.iter().filter(|(key, seen)| *key <= to && selection.keeps(seen.texts, rows));
        kept.extend(fit.map(|(key, seen)| (seen.times, key)));
        if let Some(limit) = selection.max_features.filter(|limit| *limit < kept.len()) {
            // If terms are equally frequent, keep the terms with the lowest keys.
            kept.select_nth_unstable_by_key(limit, |&(times, key)| (Reverse(times), key));
            kept.truncate(limit);
        }
        match to.checked_add(1) {
            Some(next) => from = next,
            None => break,
        }
    }
    let mut keys = HashTable::with_room(kept.len());
    for (_, key) in kept {
        keys.entry(key);
    }
    Ok(keys)
}

/// The terms whose keys lie in one range.
struct CountedRange {
    /// The last key of the range. `seen` may also have higher keys, with incomplete counts.
    to: u64,
    seen: HashTable<TermFrequency>,
    rows: u64,
}

/// Counts the terms with keys from `from` up, in all rows. Lowers the upper limit until each thread has at most `most`
/// terms.
fn count_range(
    rows: &dyn TrainingRows,
    features: &FeatureSpec,
    threads: usize,
    from: u64,
    most: usize,
) -> Result<CountedRange> {
    let to = AtomicU64::new(u64::MAX);
    let mut all = threads::states::<ThreadTerms>(threads);
    let mut count = 0;
    rows.read(&mut |rows| {
        count += rows.len() as u64;
        threads::distribute(rows, 0, &mut all, |terms, _, rows| {
            for row in rows {
                terms.count(row, features, from..=to.load(Ordering::Relaxed));
                if terms.seen.len() > most {
                    let half = |to: u64| Some(from + (to - from) / 2);
                    let _ = to.fetch_update(Ordering::Relaxed, Ordering::Relaxed, half);
                    let limit = to.load(Ordering::Relaxed);
                    terms.seen.retain(|key| key <= limit);
                }
            }
        });
        Ok(())
    })?;
    let mut all = all.into_iter().map(|terms| terms.seen);
    let mut seen = all.next().unwrap_or_default();
    for (key, TermFrequency { texts, times }) in all.flat_map(|other| other.iter().collect::<Vec<_>>()) {
        let sum = seen.entry(key).0;
        sum.texts += texts;
        sum.times = sum.times.saturating_add(times);
    }
    Ok(CountedRange { to: to.into_inner(), seen, rows: count })
}
