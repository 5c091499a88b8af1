//! Counts terms with separate numbers on each thread, and merges the numbers.

use crate::features::AnalyzerBuffers;
use crate::features::hash_table::{HashTable, KeyNumbers};
use crate::features::row::FeatureSpec;
use crate::model::dictionary::{Dictionary, SpelledTerms};
use crate::model::packed::PackedRows;
use crate::model::term_counts::TermCounts;
use crate::model::threads;
use crate::model::training_rows::TrainingRow;

/// The counts of one thread, by the thread's own term numbers.
#[derive(Default)]
pub(super) struct ThreadCounts {
    terms: Dictionary,
    /// The first row of each term.
    first_rows: Vec<u32>,
    /// Number of rows with each term.
    frequency: Vec<u32>,
    /// Blocks of rows, each with the index of its first row.
    pub(super) blocks: Vec<(usize, PackedRows)>,
    pub(super) scratch: AnalyzerBuffers,
    pub(super) tally: TermCounts,
    pub(super) row: Vec<(u32, u32)>,
}

impl ThreadCounts {
    /// Counts the wanted terms of rows, or all terms. Terms keep the numbers of this thread.
    pub(super) fn count(
        &mut self,
        first: usize,
        training: &[TrainingRow],
        features: &FeatureSpec,
        wanted: Option<&HashTable<()>>,
    ) -> PackedRows {
        let Self { terms, first_rows, frequency, scratch, tally, row, .. } = self;
        let mut rows = PackedRows::default();
        for (number, TrainingRow { text, cells, .. }) in (first..).zip(training) {
            features.each(text, cells, scratch, &mut |term| {
                if wanted.is_none_or(|wanted| wanted.get(term.key).is_some()) {
                    tally.add(terms.number(term));
                }
            });
            tally.take(row);
            rows.push(row);
            first_rows.resize(terms.len(), u32::try_from(number).unwrap_or(u32::MAX));
            frequency.resize(terms.len(), 0);
            for (number, _) in &*row {
                frequency[*number as usize] += 1;
            }
        }
        rows.shrink();
        rows
    }

    /// Counts the known terms of rows, by their final numbers.
    pub(super) fn look_up(
        &mut self,
        training: &[TrainingRow],
        features: &FeatureSpec,
        numbers: &KeyNumbers,
    ) -> PackedRows {
        let Self { scratch, tally, row, .. } = self;
        let mut rows = PackedRows::default();
        for TrainingRow { text, cells, .. } in training {
            features.each(text, cells, scratch, &mut |term| {
                if let Some(number) = numbers.find(term.key) {
                    tally.add(number);
                }
            });
            tally.take(row);
            rows.push(row);
        }
        rows
    }
}

/// Rows counted by one thread, with its own term numbers.
pub(super) struct CountedBlock {
    first: usize,
    pub(super) thread: usize,
    pub(super) rows: PackedRows,
}

/// Takes the blocks of all threads, in the order of their rows.
pub(super) fn take_blocks(threads: &mut [ThreadCounts]) -> Vec<CountedBlock> {
    let mut blocks = Vec::new();
    for (thread, counts) in threads.iter_mut().enumerate() {
        blocks.extend(counts.blocks.drain(..).map(|(first, rows)| CountedBlock { first, thread, rows }));
    }
    blocks.sort_unstable_by_key(|block| block.first);
    blocks
}

/// The terms of all threads, in the order of their bytes.
#[derive(Default)]
pub(super) struct JoinedCounts {
    pub(super) terms: SpelledTerms,
    /// Number of rows with each term.
    pub(super) frequency: Vec<u32>,
    pub(super) keys: Vec<u64>,
    /// For each thread, the index in `terms` of each of its terms.
    pub(super) ranks: Vec<Vec<u32>>,
}

/// The terms of all threads, numbered in order of arrival.
#[derive(Default)]
struct UnsortedTerms {
    known: KeyNumbers,
    frequency: Vec<u32>,
    /// The first term of each key: its first row, its thread, and its number in this thread. In the very rare case that
    /// two terms share a key, the first one stays.
    firsts: Vec<(u32, u32, u32)>,
    /// The terms of each thread.
    spelled: Vec<SpelledTerms>,
    /// For each thread, the number in `known` of each of its terms.
    numbers: Vec<Vec<u32>>,
}

impl UnsortedTerms {
    fn of(threads: Vec<ThreadCounts>) -> Self {
        let mut all = Self::default();
        for (thread, counts) in (0..).zip(threads) {
            all.add(thread, counts);
        }
        all
    }

    fn add(&mut self, thread: u32, counts: ThreadCounts) {
        let ThreadCounts { terms, first_rows, frequency, .. } = counts;
        let (keys, terms) = terms.into_parts();
        self.spelled.push(terms);
        if thread == 0 {
            self.numbers.push((0..).take(first_rows.len()).collect());
            self.firsts.extend(first_rows.into_iter().zip(0..).map(|(row, number)| (row, thread, number)));
            (self.known, self.frequency) = (keys, frequency);
            return;
        }
        let mut of_thread = Vec::with_capacity(first_rows.len());
        for (((number, key), found), row) in (0..).zip(keys.into_keys()).zip(frequency).zip(first_rows) {
            let (place, new) = self.known.number(key);
            of_thread.push(place);
            if new {
                self.frequency.push(found);
                self.firsts.push((row, thread, number));
            } else {
                self.frequency[place as usize] += found;
                let first = &mut self.firsts[place as usize];
                *first = (*first).min((row, thread, number));
            }
        }
        self.numbers.push(of_thread);
    }
}

/// Joins the terms that the threads have counted, and sorts them.
pub(super) fn join(counted: Vec<ThreadCounts>, threads: usize) -> JoinedCounts {
    let UnsortedTerms { known, frequency, firsts, spelled, mut numbers } = UnsortedTerms::of(counted);
    let keys = known.into_keys();
    let term = |place: u32| {
        let (_, thread, number) = firsts[place as usize];
        spelled[thread as usize].term(number as usize)
    };
    let order = sorted(keys.len(), threads, &term);
    let mut spelling = [SpelledTerms::default()];
    let spell = |terms: &mut SpelledTerms| order.iter().for_each(|&(_, place)| terms.push("", term(place)));
    let mut all = threads::each_while(&mut spelling, threads, spell, || {
        let mut all = JoinedCounts::default();
        let mut ranks = vec![0; keys.len()];
        for (rank, &(_, place)) in (0..).zip(&order) {
            all.frequency.push(frequency[place as usize]);
            all.keys.push(keys[place as usize]);
            ranks[place as usize] = rank;
        }
        numbers.iter_mut().flatten().for_each(|number| *number = ranks[*number as usize]);
        all.ranks = numbers;
        all
    });
    [all.terms] = spelling;
    all
}

/// Terms in the order of their bytes: the first eight bytes and the place of each.
fn sorted<'a>(count: usize, threads: usize, term: &(impl Fn(u32) -> &'a str + Sync)) -> Vec<(u64, u32)> {
    let mut order: Vec<(u64, u32)> = (0..).take(count).map(|place| (0, place)).collect();
    let compare = |one: &(u64, u32), other: &(u64, u32)| {
        one.0.cmp(&other.0).then_with(|| term(one.1).cmp(term(other.1)))
    };
    let mut runs: Vec<_> = order.chunks_mut(count.div_ceil(threads.max(1)).max(1)).collect();
    threads::each(&mut runs, threads, |run| {
        run.iter_mut().for_each(|(first_bytes, place)| *first_bytes = head(term(*place)));
        run.sort_unstable_by(compare);
    });
    // The stable sort finds the sorted runs and merges them.
    order.sort_by(compare);
    order
}

/// The first eight bytes of a term as a number with the same order. Eight bytes distinguish most terms.
fn head(term: &str) -> u64 {
    let mut head = [0; 8];
    head.iter_mut().zip(term.bytes()).for_each(|(head, byte)| *head = byte);
    u64::from_be_bytes(head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Term;

    #[test]
    fn two_terms_with_one_key_keep_the_first() {
        let thread = |row, text| {
            let mut counts =
                ThreadCounts { first_rows: vec![row], frequency: vec![1], ..ThreadCounts::default() };
            counts.terms.number(Term { key: 7, mark: "", text });
            counts
        };
        for threads in [vec![thread(1, "a"), thread(0, "b")], vec![thread(0, "b"), thread(1, "a")]] {
            let all = join(threads, 2);
            assert_eq!((all.terms.term(0), all.frequency), ("b", vec![2]));
            assert_eq!(all.ranks, [[0], [0]]);
        }
    }
}
