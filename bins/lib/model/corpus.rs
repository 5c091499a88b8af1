//! Counts the terms of labelled rows: finds all terms, and the count of each term in each row.

use std::sync::OnceLock;

use anyhow::Result;
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::xxh3_64;

use crate::features::hash_table::KeyNumbers;
use crate::features::row::FeatureSpec;
use crate::features::windows;
use crate::io::result_file::hex;
use crate::model::dictionary::SpelledTerms;
use crate::model::folds::{FoldPrint, SKETCHED};
use crate::model::term_selection::select;
use crate::model::tfidf::Selection;
use crate::model::thread_counts::{self, CountedBlock, JoinedCounts, ThreadCounts, take_blocks};
use crate::model::threads;
use crate::model::training_rows::{ResourceLimits, TrainingRow, TrainingRows};
use crate::rows::label::Label;

/// Where a row comes from.
#[derive(Clone, Copy, Debug)]
pub struct RowOrigin {
    /// Day of the row's date, in days since 1970.
    pub day: Option<i64>,
    /// Hash of the source; `None` if unknown.
    pub source: Option<u64>,
}

impl RowOrigin {
    fn of(row: &TrainingRow) -> Self {
        let source = Some(&row.source).filter(|source| !source.is_empty());
        Self { day: row.day, source: source.map(|source| xxh3_64(source.as_bytes())) }
    }
}

/// Rows of counted terms. Terms are numbered in the order of their bytes. Within a row, they keep the order in which
/// they first occur. The number of threads does not affect either order.
pub struct Corpus<'a> {
    training: &'a dyn TrainingRows,
    features: &'a FeatureSpec,
    limits: ResourceLimits,
    pub terms: SpelledTerms,
    /// Number of rows with each term.
    pub frequency: Vec<u32>,
    keys: Vec<u64>,
    /// Term numbers by key, built when first needed.
    numbers: OnceLock<KeyNumbers>,
    /// Label and weight of each row.
    pub labels: Vec<(Label, f64)>,
    /// Day and source of each row.
    pub origins: Vec<RowOrigin>,
    /// Digest of texts, cells, labels and weights, in order.
    pub digest: String,
    /// All rows, if they are in memory.
    blocks: Option<Vec<CountedBlock>>,
    /// For each thread, the index of each of its terms in the list of all terms.
    ranks: Vec<Vec<u32>>,
}

/// Rows of counted terms, in order.
#[derive(Clone, Copy)]
pub struct CountedRows<'a> {
    blocks: &'a [CountedBlock],
    /// Empty if the terms have their final numbers.
    ranks: &'a [Vec<u32>],
}

impl CountedRows<'_> {
    /// The terms of each row with their counts, in the order in which they first occur.
    pub fn iter(self) -> impl Iterator<Item = impl Iterator<Item = (u32, u32)>> {
        self.blocks.iter().flat_map(move |CountedBlock { thread, rows, .. }| {
            let ranks = self.ranks.get(*thread);
            let rank = move |term| ranks.map_or(term, |ranks| ranks[term as usize]);
            rows.rows().map(move |row| row.map(move |(term, count)| (rank(term), count)))
        })
    }
}

impl<'a> Corpus<'a> {
    /// Counts the terms of all rows.
    pub fn new(
        training: &'a dyn TrainingRows,
        features: &'a FeatureSpec,
        selection: &Selection,
        limits: ResourceLimits,
    ) -> Result<Self> {
        let kept =
            if selection.is_all() { None } else { Some(select(training, features, selection, limits)?) };
        let hold = training.are_in_memory();
        let mut counted = threads::states::<ThreadCounts>(limits.threads);
        let (mut labels, mut origins, mut digest) = (Vec::new(), Vec::new(), Sha256::new());
        training.read(&mut |rows| {
            let hash = |digest: &mut Sha256| rows.iter().for_each(|row| row.digest(digest));
            threads::each_while(std::slice::from_mut(&mut digest), 2, hash, || {
                threads::distribute(rows, labels.len(), &mut counted, |counts, first, rows| {
                    let packed = counts.count(first, rows, features, kept.as_ref());
                    if hold {
                        counts.blocks.push((first, packed));
                    }
                });
            });
            labels.extend(rows.iter().map(|row| (row.label, row.weight)));
            origins.extend(rows.iter().map(RowOrigin::of));
            Ok(())
        })?;
        let blocks = hold.then(|| take_blocks(&mut counted));
        let JoinedCounts { terms, frequency, keys, ranks } = thread_counts::join(counted, limits.threads);
        let ranks = if hold { ranks } else { Vec::new() };
        let (numbers, digest) = (OnceLock::new(), hex(&digest.finalize()));
        Ok(Self {
            training,
            features,
            limits,
            terms,
            frequency,
            keys,
            numbers,
            labels,
            origins,
            digest,
            blocks,
            ranks,
        })
    }

    /// The rows, if they are in memory.
    pub fn in_memory(&self) -> Option<CountedRows<'_>> {
        self.blocks.as_ref().map(|blocks| CountedRows { blocks, ranks: &self.ranks })
    }

    fn numbers(&self) -> &KeyNumbers {
        self.numbers.get_or_init(|| KeyNumbers::of(&self.keys))
    }

    /// The print of each row, which identifies its near-duplicates.
    pub fn prints(&self) -> Result<Vec<FoldPrint>> {
        let mut by_thread = threads::states::<Vec<(usize, FoldPrint)>>(self.limits.threads);
        let mut done = 0;
        self.training.read(&mut |rows| {
            threads::distribute(rows, done, &mut by_thread, |prints, first, rows| {
                prints.extend(rows.iter().zip(first..).map(|(row, number)| {
                    (number, FoldPrint::of(&row.text, &row.cells, number, number < SKETCHED))
                }));
            });
            done += rows.len();
            Ok(())
        })?;
        let mut prints: Vec<(usize, FoldPrint)> = by_thread.into_iter().flatten().collect();
        prints.sort_unstable_by_key(|(row, _)| *row);
        Ok(prints.into_iter().map(|(_, print)| print).collect())
    }

    /// A row with its text; `None` if there is no such row.
    pub fn row(&self, row: usize) -> Result<Option<TrainingRow>> {
        let (mut found, mut done) = (None, 0);
        self.training.read(&mut |rows| {
            found = row.checked_sub(done).and_then(|place| rows.get(place)).cloned().or(found.take());
            done += rows.len();
            Ok(())
        })?;
        Ok(found)
    }

    /// The highest score of a window of each row; negative infinity if the text has no window.
    pub fn highest_windows(&self, words: usize, score: WindowScorer) -> Result<Vec<f64>> {
        let (features, numbers) = (self.features, self.numbers());
        let mut by_thread = threads::states::<(ThreadCounts, Vec<(usize, f64)>)>(self.limits.threads);
        let mut highest = vec![f64::NEG_INFINITY; self.labels.len()];
        let mut done = 0;
        self.training.read(&mut |rows| {
            threads::distribute(rows, done, &mut by_thread, |(counts, found), first, rows| {
                let ThreadCounts { scratch, tally, row, .. } = counts;
                let mut weights = Vec::new();
                for (TrainingRow { text, cells, .. }, number) in rows.iter().zip(first..) {
                    let mut most = f64::NEG_INFINITY;
                    windows::each(text, words, &mut |window| {
                        features.each(window, cells, scratch, &mut |term| {
                            if let Some(number) = numbers.find(term.key) {
                                tally.add(number);
                            }
                        });
                        tally.take(row);
                        most = most.max(score(number, row, &mut weights));
                    });
                    found.push((number, most));
                }
            });
            for (_, found) in &mut by_thread {
                found.drain(..).for_each(|(row, most)| highest[row] = most);
            }
            done += rows.len();
            Ok(())
        })?;
        Ok(highest)
    }

    /// Calls `each` with blocks of rows, in order, and the index of the block's first row.
    pub fn each_block(&self, each: &mut dyn FnMut(usize, CountedRows)) -> Result<()> {
        if let Some(rows) = self.in_memory() {
            each(0, rows);
            return Ok(());
        }
        let mut counted = threads::states::<ThreadCounts>(self.limits.threads);
        let (features, numbers) = (self.features, self.numbers());
        let mut done = 0;
        self.training.read(&mut |rows| {
            threads::distribute(rows, 0, &mut counted, |counts, first, rows| {
                let packed = counts.look_up(rows, features, numbers);
                counts.blocks.push((first, packed));
            });
            each(done, CountedRows { blocks: &take_blocks(&mut counted), ranks: &[] });
            done += rows.len();
            Ok(())
        })
    }
}

/// Computes a score from the index of a row and the counted terms of one of its windows. The last argument is a buffer.
type WindowScorer<'a> = &'a (dyn Fn(usize, &[(u32, u32)], &mut Vec<(u32, f64)>) -> f64 + Sync);
