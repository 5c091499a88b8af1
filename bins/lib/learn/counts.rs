//! How often each term occurs in each text.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use foldhash::fast::FixedState;

use crate::learn::text::{Analyzer, Scratch};

/// Texts as rows of counted terms. Terms are numbered in the order of their bytes, whatever the number of threads.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// The terms in order.
    pub terms: Vec<String>,
    /// Where each row begins in `entries`, and the end.
    starts: Vec<usize>,
    /// The numbers of terms, ascending within a row, and how often each occurs.
    entries: Vec<(u32, u32)>,
}

impl Counts {
    /// The terms of a row.
    pub fn row(&self, row: usize) -> &[(u32, u32)] {
        &self.entries[self.starts[row]..self.starts[row + 1]]
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Counts the terms of texts, on so many threads.
    pub fn of(texts: &[&str], analyzer: &Analyzer, threads: usize) -> Self {
        let next = AtomicUsize::new(0);
        let work = || Shelf::default().fill(texts, analyzer, &next);
        let shelves: Vec<Shelf> = if threads < 2 || texts.len() <= AT_ONCE {
            vec![work()]
        } else {
            std::thread::scope(|scope| {
                let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
                // A worker that panicked is a bug, and its panic goes on here.
                workers
                    .into_iter()
                    .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                    .collect()
            })
        };
        join(shelves, texts.len())
    }
}

/// Texts that a thread takes at once.
const AT_ONCE: usize = 256;

/// What one thread has counted, by numbers of its own.
#[derive(Default)]
struct Shelf {
    numbers: HashMap<Box<str>, u32, FixedState>,
    blocks: Vec<Block>,
}

/// Some rows, counted.
struct Block {
    /// The first row.
    start: usize,
    /// How many entries each row has.
    lengths: Vec<u32>,
    entries: Vec<(u32, u32)>,
}

impl Shelf {
    fn fill(mut self, texts: &[&str], analyzer: &Analyzer, next: &AtomicUsize) -> Self {
        let mut scratch = Scratch::default();
        let mut tally = Tally::default();
        loop {
            let start = next.fetch_add(AT_ONCE, Ordering::Relaxed);
            let Some(block) =
                texts.get(start..texts.len().min(start + AT_ONCE)).filter(|block| !block.is_empty())
            else {
                return self;
            };
            let (mut lengths, mut entries) = (Vec::with_capacity(block.len()), Vec::new());
            for text in block {
                analyzer.each(text, &mut scratch, &mut |term| tally.add(self.number(term)));
                let before = entries.len();
                tally.take(&mut entries);
                lengths.push(u32::try_from(entries.len() - before).unwrap_or(u32::MAX));
            }
            self.blocks.push(Block { start, lengths, entries });
        }
    }

    fn number(&mut self, term: &str) -> u32 {
        if let Some(number) = self.numbers.get(term) {
            return *number;
        }
        let number = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        self.numbers.insert(term.into(), number);
        number
    }
}

/// The terms of one text by number: a count for each number, and the numbers that have one.
#[derive(Default)]
pub struct Tally {
    counts: Vec<u32>,
    touched: Vec<u32>,
}

impl Tally {
    /// Counts a term.
    pub fn add(&mut self, number: u32) {
        let place = number as usize;
        if place >= self.counts.len() {
            self.counts.resize((place + 1).next_power_of_two(), 0);
        }
        if self.counts[place] == 0 {
            self.touched.push(number);
        }
        self.counts[place] += 1;
    }

    /// Moves the counts out, in the order in which the terms first occurred.
    pub fn take(&mut self, entries: &mut Vec<(u32, u32)>) {
        for number in self.touched.drain(..) {
            entries.push((number, std::mem::take(&mut self.counts[number as usize])));
        }
    }
}

/// Puts what the threads have counted together, the terms in order and the rows in theirs.
fn join(shelves: Vec<Shelf>, rows: usize) -> Counts {
    let mut all: Vec<(Box<str>, usize, u32)> = Vec::new();
    let mut maps: Vec<Vec<u32>> = Vec::new();
    let mut blocks = Vec::new();
    for (shelf, Shelf { numbers, blocks: filled }) in shelves.into_iter().enumerate() {
        maps.push(vec![0; numbers.len()]);
        all.extend(numbers.into_iter().map(|(term, number)| (term, shelf, number)));
        blocks.extend(filled.into_iter().map(|block| (shelf, block)));
    }
    all.sort_unstable();
    let mut terms: Vec<String> = Vec::with_capacity(all.len());
    for (term, shelf, number) in all {
        if terms.last().is_none_or(|last| **last != *term) {
            terms.push(term.into());
        }
        maps[shelf][number as usize] = u32::try_from(terms.len() - 1).unwrap_or(u32::MAX);
    }
    blocks.sort_unstable_by_key(|(_, block)| block.start);
    let mut counts = Counts { terms, starts: Vec::with_capacity(rows + 1), entries: Vec::new() };
    counts.entries.reserve(blocks.iter().map(|(_, block)| block.entries.len()).sum());
    counts.starts.push(0);
    for (shelf, Block { lengths, entries, .. }) in blocks {
        let mut entries = entries.into_iter();
        for length in lengths {
            let before = counts.entries.len();
            let row = entries.by_ref().take(length as usize);
            counts.entries.extend(row.map(|(number, count)| (maps[shelf][number as usize], count)));
            counts.entries[before..].sort_unstable();
            counts.starts.push(counts.entries.len());
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thread_and_four_count_alike() {
        let texts: Vec<String> =
            (0..2000).map(|n| format!("word{} and word{} again", n % 97, n % 31)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let [one, four] = [1, 4].map(|threads| Counts::of(&texts, &Analyzer::default(), threads));
        assert_eq!(one.terms, four.terms);
        assert!((0..2000).all(|row| one.row(row) == four.row(row)));
        assert!(one.terms.is_sorted() && one.rows() == 2000);
    }
}
