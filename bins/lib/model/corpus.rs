//! Labelled rows as counted terms: which terms there are, and how often each occurs in each row.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use anyhow::Result;
use sha2::{Digest, Sha256};

use crate::features::AnalyzerBuffers;
use crate::features::hash_table::{HashTable, KeyNumbers};
use crate::features::row::FeatureSpec;
use crate::features::windows;
use crate::io::result_file::hex;
use crate::model::dictionary::{Dictionary, SpelledTerms};
use crate::model::folds::{FoldPrint, SKETCHED};
use crate::model::packed::PackedRows;
use crate::model::tfidf::Selection;
use crate::model::threads;
use crate::rows::label::Label;

/// A row to learn from.
#[derive(Clone, Debug)]
pub struct TrainingRow {
    /// The text, masked already where the model will mask.
    pub text: String,
    /// The cells of the columns that are learned from.
    pub cells: Vec<String>,
    /// What it is.
    pub label: Label,
    /// How much it counts: 1 for most.
    pub weight: f64,
}

impl TrainingRow {
    /// A text with its label.
    pub fn new(text: impl Into<String>, label: Label) -> Self {
        Self { text: text.into(), cells: Vec::new(), label, weight: 1.0 }
    }

    fn digest(&self, hash: &mut Sha256) {
        for part in [&self.text].into_iter().chain(&self.cells) {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.update([u8::from(self.label == Label::Positive)]);
        hash.update(self.weight.to_bits().to_le_bytes());
    }
}

/// Where lessons come from: as often as they are asked for, in the same order.
pub trait TrainingRows {
    /// Calls `each` with all lessons, some at a time.
    fn read(&self, each: &mut dyn FnMut(&[TrainingRow]) -> Result<()>) -> Result<()>;

    /// Whether they are in memory.
    fn are_held(&self) -> bool;
}

impl TrainingRows for Vec<TrainingRow> {
    fn read(&self, each: &mut dyn FnMut(&[TrainingRow]) -> Result<()>) -> Result<()> {
        each(self)
    }

    fn are_held(&self) -> bool {
        true
    }
}

/// What the counting may use.
#[derive(Clone, Copy, Debug)]
pub struct ResourceLimits {
    /// Threads at once.
    pub threads: usize,
    /// Bytes for the terms that are counted.
    pub memory: usize,
}

/// Rows of counted terms. Terms are numbered in the order of their bytes, and stand in a row in the order in which they
/// first occur, whatever the number of threads.
pub struct Corpus<'a> {
    lessons: &'a dyn TrainingRows,
    features: &'a FeatureSpec,
    means: ResourceLimits,
    /// The terms in order.
    pub terms: SpelledTerms,
    /// How many rows have each.
    pub frequency: Vec<u32>,
    keys: Vec<u64>,
    /// What finds them, where that is asked for.
    numbers: OnceLock<KeyNumbers>,
    /// The label of each row, and how much it counts.
    pub labels: Vec<(Label, f64)>,
    /// The digest of texts, cells, labels and weights, in order.
    pub digest: String,
    /// All rows, where they are in memory.
    blocks: Option<Vec<CountedBlock>>,
    /// The number of each term of a shelf.
    ranks: Vec<Vec<u32>>,
}

/// Some rows as a shelf has counted them, by its own numbers.
struct CountedBlock {
    first: usize,
    shelf: usize,
    rows: PackedRows,
}

/// Rows of counted terms, in order.
#[derive(Clone, Copy)]
pub struct CountedRows<'a> {
    blocks: &'a [CountedBlock],
    /// None where the terms have their final numbers.
    ranks: &'a [Vec<u32>],
}

impl CountedRows<'_> {
    /// The terms of each row with their counts, in the order in which they first occur.
    pub fn iter(self) -> impl Iterator<Item = impl Iterator<Item = (u32, u32)>> {
        self.blocks.iter().flat_map(move |CountedBlock { shelf, rows, .. }| {
            let ranks = self.ranks.get(*shelf);
            let rank = move |term| ranks.map_or(term, |ranks| ranks[term as usize]);
            rows.rows().map(move |row| row.map(move |(term, count)| (rank(term), count)))
        })
    }
}

impl<'a> Corpus<'a> {
    /// Reads the rows for their terms.
    pub fn new(
        lessons: &'a dyn TrainingRows,
        features: &'a FeatureSpec,
        selection: &Selection,
        means: ResourceLimits,
    ) -> Result<Self> {
        let wanted =
            if selection.is_all() { None } else { Some(select(lessons, features, selection, means)?) };
        let hold = lessons.are_held();
        let mut shelves = shelves::<ThreadCounts>(means.threads);
        let (mut labels, mut digest) = (Vec::new(), Sha256::new());
        lessons.read(&mut |lessons| {
            std::thread::scope(|scope| {
                scope.spawn(|| lessons.iter().for_each(|lesson| lesson.digest(&mut digest)));
                share_out(lessons, labels.len(), &mut shelves, |shelf, first, lessons| {
                    let rows = shelf.count(first, lessons, features, wanted.as_ref());
                    if hold {
                        shelf.blocks.push((first, rows));
                    }
                });
            });
            labels.extend(lessons.iter().map(|lesson| (lesson.label, lesson.weight)));
            Ok(())
        })?;
        let blocks = hold.then(|| in_order(&mut shelves));
        let JoinedCounts { terms, frequency, keys, ranks } = merge(shelves, means.threads);
        let ranks = if hold { ranks } else { Vec::new() };
        let (numbers, digest) = (OnceLock::new(), hex(&digest.finalize()));
        Ok(Self { lessons, features, means, terms, frequency, keys, numbers, labels, digest, blocks, ranks })
    }

    /// The rows, where they are in memory.
    pub fn held(&self) -> Option<CountedRows<'_>> {
        self.blocks.as_ref().map(|blocks| CountedRows { blocks, ranks: &self.ranks })
    }

    fn numbers(&self) -> &KeyNumbers {
        self.numbers.get_or_init(|| KeyNumbers::of(&self.keys))
    }

    /// What tells copies of each row.
    pub fn prints(&self) -> Result<Vec<FoldPrint>> {
        let mut shelves = shelves::<Vec<(usize, FoldPrint)>>(self.means.threads);
        let mut done = 0;
        self.lessons.read(&mut |lessons| {
            share_out(lessons, done, &mut shelves, |prints, first, lessons| {
                prints.extend(lessons.iter().zip(first..).map(|(lesson, row)| {
                    (row, FoldPrint::of(&lesson.text, &lesson.cells, row, row < SKETCHED))
                }));
            });
            done += lessons.len();
            Ok(())
        })?;
        let mut prints: Vec<(usize, FoldPrint)> = shelves.into_iter().flatten().collect();
        prints.sort_unstable_by_key(|(row, _)| *row);
        Ok(prints.into_iter().map(|(_, print)| print).collect())
    }

    /// The greatest score of a window of each row; of no window where a text is shorter than one.
    pub fn surest_windows(&self, words: usize, score: WindowScorer) -> Result<Vec<f64>> {
        let (features, numbers) = (self.features, self.numbers());
        let mut shelves = shelves::<(ThreadCounts, Vec<(usize, f64)>)>(self.means.threads);
        let mut surest = vec![f64::NEG_INFINITY; self.labels.len()];
        let mut done = 0;
        self.lessons.read(&mut |lessons| {
            share_out(lessons, done, &mut shelves, |(shelf, found), first, lessons| {
                let ThreadCounts { scratch, tally, row, .. } = shelf;
                let mut weights = Vec::new();
                for (TrainingRow { text, cells, .. }, number) in lessons.iter().zip(first..) {
                    let mut most = f64::NEG_INFINITY;
                    windows::each(text, words, &mut |window| {
                        features.each(window, cells, scratch, &mut |term| {
                            numbers.find(term.key).into_iter().for_each(|number| tally.add(number));
                        });
                        tally.take(row);
                        most = most.max(score(number, row, &mut weights));
                    });
                    found.push((number, most));
                }
            });
            for (_, found) in &mut shelves {
                found.drain(..).for_each(|(row, most)| surest[row] = most);
            }
            done += lessons.len();
            Ok(())
        })?;
        Ok(surest)
    }

    /// Calls `each` with rows in their order, some at a time, and the number of the first of them.
    pub fn each_block(&self, each: &mut dyn FnMut(usize, CountedRows)) -> Result<()> {
        if let Some(rows) = self.held() {
            each(0, rows);
            return Ok(());
        }
        let mut shelves = shelves::<ThreadCounts>(self.means.threads);
        let (features, numbers) = (self.features, self.numbers());
        let mut done = 0;
        self.lessons.read(&mut |lessons| {
            share_out(lessons, 0, &mut shelves, |shelf, first, lessons| {
                let rows = shelf.look_up(lessons, features, numbers);
                shelf.blocks.push((first, rows));
            });
            each(done, CountedRows { blocks: &in_order(&mut shelves), ranks: &[] });
            done += lessons.len();
            Ok(())
        })
    }
}

/// What makes a score of a row's number and the counted terms of a window of it.
type WindowScorer<'a> = &'a (dyn Fn(usize, &[(u32, u32)], &mut Vec<(u32, f64)>) -> f64 + Sync);

/// Lessons that a thread takes at once.
const AT_ONCE: usize = 128;

fn shelves<S: Default>(threads: usize) -> Vec<S> {
    (0..threads.max(1)).map(|_| S::default()).collect()
}

/// Has every shelf take some of the lessons after the other, with the number of the first of them.
fn share_out<S: Send>(
    lessons: &[TrainingRow],
    rows: usize,
    shelves: &mut [S],
    work: impl Fn(&mut S, usize, &[TrainingRow]) + Sync,
) {
    let next = AtomicUsize::new(0);
    let threads = shelves.len();
    threads::each(shelves, threads, |shelf| {
        loop {
            let first = next.fetch_add(AT_ONCE, Ordering::Relaxed);
            let end = lessons.len().min(first + AT_ONCE);
            if first >= end {
                return;
            }
            work(shelf, rows + first, &lessons[first..end]);
        }
    });
}

/// What one thread has counted, by numbers of its own.
#[derive(Default)]
struct ThreadCounts {
    terms: Dictionary,
    /// The first row of each term.
    rows: Vec<u32>,
    /// How many rows have each term.
    frequency: Vec<u32>,
    /// Rows, and the number of the first of them.
    blocks: Vec<(usize, PackedRows)>,
    scratch: AnalyzerBuffers,
    tally: TermCounts,
    row: Vec<(u32, u32)>,
}

impl ThreadCounts {
    /// Counts terms that are wanted, all of them where nothing is said. The rows are in no order yet.
    fn count(
        &mut self,
        first: usize,
        lessons: &[TrainingRow],
        features: &FeatureSpec,
        wanted: Option<&HashTable<()>>,
    ) -> PackedRows {
        let Self { terms, rows: firsts, frequency, scratch, tally, row, .. } = self;
        let mut rows = PackedRows::default();
        for (number, TrainingRow { text, cells, .. }) in (first..).zip(lessons) {
            features.each(text, cells, scratch, &mut |term| {
                if wanted.is_none_or(|wanted| wanted.get(term.key).is_some()) {
                    tally.add(terms.number(term));
                }
            });
            tally.take(row);
            rows.push(row);
            firsts.resize(terms.len(), u32::try_from(number).unwrap_or(u32::MAX));
            frequency.resize(terms.len(), 0);
            for (number, _) in &*row {
                frequency[*number as usize] += 1;
            }
        }
        rows.shrink();
        rows
    }

    /// Counts terms that are known.
    fn look_up(
        &mut self,
        lessons: &[TrainingRow],
        features: &FeatureSpec,
        numbers: &KeyNumbers,
    ) -> PackedRows {
        let Self { scratch, tally, row, .. } = self;
        let mut rows = PackedRows::default();
        for TrainingRow { text, cells, .. } in lessons {
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

/// The terms of one text by number: a count for each number, and the numbers that have one.
#[derive(Default)]
pub struct TermCounts {
    counts: Vec<u32>,
    /// The numbers that have been counted, and room for more.
    touched: Vec<u32>,
    used: usize,
}

impl TermCounts {
    /// Counts a term.
    #[inline]
    pub fn add(&mut self, number: u32) {
        let place = number as usize;
        if place >= self.counts.len() || self.used >= self.touched.len() {
            self.make_room(place);
        }
        // Nobody can foresee whether a term is a new one: it is written down in any case, and a new one stays.
        self.touched[self.used] = number;
        self.used += usize::from(self.counts[place] == 0);
        self.counts[place] += 1;
    }

    #[cold]
    fn make_room(&mut self, place: usize) {
        let more = |now: usize, wanted: usize| now.max((wanted + 1).next_power_of_two());
        self.counts.resize(more(self.counts.len(), place), 0);
        self.touched.resize(more(self.touched.len(), self.used), 0);
    }

    /// Moves the counts out, in the order in which the terms first occurred.
    pub fn take(&mut self, row: &mut Vec<(u32, u32)>) {
        row.clear();
        row.extend(self.touched[..self.used].iter().map(|&number| {
            let count = std::mem::take(&mut self.counts[number as usize]);
            (number, count)
        }));
        self.used = 0;
    }
}

/// How many rows have a term, and how often it occurs in them.
#[derive(Clone, Copy, Debug, Default)]
struct TermFrequency {
    texts: u32,
    times: u32,
}

/// The terms of one thread's rows, as far as they are under the limit.
#[derive(Default)]
struct ThreadTerms {
    seen: HashTable<TermFrequency>,
    one: HashTable<u32>,
    scratch: AnalyzerBuffers,
}

/// The keys of the terms that are kept. Where the terms do not fit into the memory, the rows are read more than once, each
/// time for keys up to a limit: it falls until these fit.
fn select(
    lessons: &dyn TrainingRows,
    features: &FeatureSpec,
    selection: &Selection,
    means: ResourceLimits,
) -> Result<HashTable<()>> {
    let most = (means.memory / means.threads.max(1) / 64).max(1 << 10);
    let mut kept: Vec<(u32, u64)> = Vec::new();
    let mut from = 0;
    loop {
        let to = AtomicU64::new(u64::MAX);
        let mut all = shelves::<ThreadTerms>(means.threads);
        let mut rows = 0;
        lessons.read(&mut |lessons| {
            rows += lessons.len() as u64;
            share_out(lessons, 0, &mut all, |census, _, lessons| {
                for lesson in lessons {
                    census.count(lesson, features, from..=to.load(Ordering::Relaxed));
                    if census.seen.len() > most {
                        let half = |to: u64| Some(from + (to - from) / 2);
                        let _ = to.fetch_update(Ordering::Relaxed, Ordering::Relaxed, half);
                        let limit = to.load(Ordering::Relaxed);
                        census.seen.retain(|key| key <= limit);
                    }
                }
            });
            Ok(())
        })?;
        let to = to.into_inner();
        let mut all = all.into_iter().map(|census| census.seen);
        let mut seen = all.next().unwrap_or_default();
        for (key, TermFrequency { texts, times }) in all.flat_map(|other| other.iter().collect::<Vec<_>>()) {
            let sum = seen.entry(key).0;
            sum.texts += texts;
            sum.times = sum.times.saturating_add(times);
        }
        let fit = seen.iter().filter(|(key, seen)| *key <= to && selection.keeps(seen.texts, rows));
        kept.extend(fit.map(|(key, seen)| (seen.times, key)));
        if let Some(limit) = selection.max_features.filter(|limit| *limit < kept.len()) {
            // Which of equally frequent terms are kept is up to their keys.
            kept.select_nth_unstable_by_key(limit, |&(times, key)| (std::cmp::Reverse(times), key));
            kept.truncate(limit);
        }
        match to.checked_add(1) {
            Some(next) => from = next,
            None => break,
        }
    }
    let mut wanted = HashTable::with_room(kept.len());
    for (_, key) in kept {
        wanted.entry(key);
    }
    Ok(wanted)
}

impl ThreadTerms {
    fn count(&mut self, lesson: &TrainingRow, features: &FeatureSpec, keys: std::ops::RangeInclusive<u64>) {
        let Self { seen, one, scratch } = self;
        features.each(&lesson.text, &lesson.cells, scratch, &mut |term| {
            if keys.contains(&term.key) {
                *one.entry(term.key).0 += 1;
            }
        });
        one.drain(|key, times| {
            let seen = seen.entry(key).0;
            seen.texts += 1;
            seen.times = seen.times.saturating_add(times);
        });
    }
}

/// The blocks of all shelves, in the order of their rows.
fn in_order(shelves: &mut [ThreadCounts]) -> Vec<CountedBlock> {
    let mut blocks = Vec::new();
    for (number, shelf) in shelves.iter_mut().enumerate() {
        blocks.extend(shelf.blocks.drain(..).map(|(first, rows)| CountedBlock {
            first,
            shelf: number,
            rows,
        }));
    }
    blocks.sort_unstable_by_key(|block| block.first);
    blocks
}

/// What the threads have counted, together.
#[derive(Default)]
struct JoinedCounts {
    terms: SpelledTerms,
    frequency: Vec<u32>,
    keys: Vec<u64>,
    /// The number that each term of a shelf has among all.
    ranks: Vec<Vec<u32>>,
}

/// Puts the terms that the threads have counted together, in order.
fn merge(shelves: Vec<ThreadCounts>, threads: usize) -> JoinedCounts {
    let (mut known, mut frequency) = (KeyNumbers::default(), Vec::new());
    // Of each key the shelf and the number of the term that came first: two terms may, once in a blue moon, share a key.
    let mut firsts: Vec<(u32, u32, u32)> = Vec::new();
    let mut spelled = Vec::new();
    let mut numbers: Vec<Vec<u32>> = Vec::new();
    for (shelf, ThreadCounts { terms, rows, frequency: found, .. }) in (0..).zip(shelves) {
        let (theirs, terms) = terms.into_parts();
        spelled.push(terms);
        if shelf == 0 {
            numbers.push((0..).take(rows.len()).collect());
            firsts.extend(rows.into_iter().zip(0..).map(|(row, number)| (row, shelf, number)));
            (known, frequency) = (theirs, found);
            continue;
        }
        let mut of_shelf = Vec::with_capacity(rows.len());
        for (((number, key), found), row) in (0..).zip(theirs.into_keys()).zip(found).zip(rows) {
            let (place, new) = known.number(key);
            of_shelf.push(place);
            if new {
                frequency.push(found);
                firsts.push((row, shelf, number));
            } else {
                frequency[place as usize] += found;
                let first = &mut firsts[place as usize];
                *first = (*first).min((row, shelf, number));
            }
        }
        numbers.push(of_shelf);
    }
    let keys = known.into_keys();
    let term = |place: u32| {
        let (_, shelf, number) = firsts[place as usize];
        spelled[shelf as usize].term(number as usize)
    };
    let mut order: Vec<(u64, u32)> = (0..).take(keys.len()).map(|place| (0, place)).collect();
    let compare = |one: &(u64, u32), other: &(u64, u32)| {
        one.0.cmp(&other.0).then_with(|| term(one.1).cmp(term(other.1)))
    };
    let mut runs: Vec<_> = order.chunks_mut(keys.len().div_ceil(threads.max(1)).max(1)).collect();
    threads::each(&mut runs, threads, |run| {
        run.iter_mut().for_each(|(first_bytes, place)| *first_bytes = head(term(*place)));
        run.sort_unstable_by(compare);
    });
    // This one finds the runs, and merges them.
    order.sort_by(compare);
    let mut spelling = [SpelledTerms::default()];
    let spell = |terms: &mut SpelledTerms| order.iter().for_each(|&(_, place)| terms.push("", term(place)));
    let mut all = threads::beside(&mut spelling, threads, spell, || {
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

/// The first eight bytes of a term, by which most can be told apart, as a number that is ordered as they are.
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
    fn of_terms_that_share_a_key_the_first_in_the_file_stays() {
        let shelf = |row, text| {
            let mut shelf = ThreadCounts { rows: vec![row], frequency: vec![1], ..ThreadCounts::default() };
            shelf.terms.number(Term { key: 7, mark: "", text });
            shelf
        };
        for shelves in [vec![shelf(1, "a"), shelf(0, "b")], vec![shelf(0, "b"), shelf(1, "a")]] {
            let all = merge(shelves, 2);
            assert_eq!((all.terms.term(0), all.frequency), ("b", vec![2]));
            assert_eq!(all.ranks, [[0], [0]]);
        }
    }
}
