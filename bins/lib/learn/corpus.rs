//! Labelled rows as counted terms: which terms there are, and how often each occurs in each row.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use anyhow::Result;
use sha2::{Digest, Sha256};

use crate::data::label::Label;
use crate::data::results::hex;
use crate::learn::dictionary::Dictionary;
use crate::learn::features::Features;
use crate::learn::folds::{Print, SKETCHED};
use crate::learn::packed::Packed;
use crate::learn::table::Table;
use crate::learn::text::{Scratch, Term};
use crate::learn::tfidf::Selection;
use crate::learn::{threads, windows};

/// A row to learn from.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// The text, masked already where the model will mask.
    pub text: String,
    /// The cells of the columns that are learned from.
    pub cells: Vec<String>,
    /// What it is.
    pub label: Label,
    /// How much it counts: 1 for most.
    pub weight: f64,
}

impl Lesson {
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
pub trait Lessons {
    /// Calls `each` with all lessons, some at a time.
    fn read(&self, each: &mut dyn FnMut(&[Lesson]) -> Result<()>) -> Result<()>;

    /// Whether they are in memory.
    fn are_held(&self) -> bool;
}

impl Lessons for Vec<Lesson> {
    fn read(&self, each: &mut dyn FnMut(&[Lesson]) -> Result<()>) -> Result<()> {
        each(self)
    }

    fn are_held(&self) -> bool {
        true
    }
}

/// What the counting may use.
#[derive(Clone, Copy, Debug)]
pub struct Means {
    /// Threads at once.
    pub threads: usize,
    /// Bytes for the terms that are counted.
    pub memory: usize,
}

/// Rows of counted terms. Terms are numbered in the order of their bytes, whatever the number of threads.
pub struct Corpus<'a> {
    lessons: &'a dyn Lessons,
    features: &'a Features,
    means: Means,
    /// The terms in order.
    pub terms: Dictionary,
    /// The label of each row, and how much it counts.
    pub labels: Vec<(Label, f64)>,
    /// The digest of texts, cells, labels and weights, in order.
    pub digest: String,
    rows: Option<Packed>,
}

impl<'a> Corpus<'a> {
    /// Reads the rows for their terms.
    pub fn new(
        lessons: &'a dyn Lessons,
        features: &'a Features,
        selection: &Selection,
        means: Means,
    ) -> Result<Self> {
        let wanted =
            if selection.is_all() { None } else { Some(select(lessons, features, selection, means)?) };
        let hold = lessons.are_held();
        let mut shelves = shelves::<Shelf>(means.threads);
        let (mut labels, mut digest) = (Vec::new(), Sha256::new());
        lessons.read(&mut |lessons| {
            std::thread::scope(|scope| {
                scope.spawn(|| lessons.iter().for_each(|lesson| lesson.digest(&mut digest)));
                share_out(lessons, labels.len(), &mut shelves, |shelf, first, lessons| {
                    let rows = shelf.count(lessons, features, wanted.as_ref());
                    if hold {
                        shelf.blocks.push((first, rows));
                    }
                });
            });
            labels.extend(lessons.iter().map(|lesson| (lesson.label, lesson.weight)));
            Ok(())
        })?;
        let (terms, rows) = join(shelves, means.threads);
        let digest = hex(&digest.finalize());
        Ok(Self { lessons, features, means, terms, labels, digest, rows: hold.then_some(rows) })
    }

    /// The rows, where they are in memory.
    pub fn held(&self) -> Option<&Packed> {
        self.rows.as_ref()
    }

    /// What tells copies of each row.
    pub fn prints(&self) -> Result<Vec<Print>> {
        let mut shelves = shelves::<Vec<(usize, Print)>>(self.means.threads);
        let mut done = 0;
        self.lessons.read(&mut |lessons| {
            share_out(lessons, done, &mut shelves, |prints, first, lessons| {
                prints.extend(
                    lessons.iter().zip(first..).map(|(lesson, row)| {
                        (row, Print::of(&lesson.text, &lesson.cells, row, row < SKETCHED))
                    }),
                );
            });
            done += lessons.len();
            Ok(())
        })?;
        let mut prints: Vec<(usize, Print)> = shelves.into_iter().flatten().collect();
        prints.sort_unstable_by_key(|(row, _)| *row);
        Ok(prints.into_iter().map(|(_, print)| print).collect())
    }

    /// The greatest score of a window of each row; of no window where a text is shorter than one.
    pub fn surest_windows(&self, words: usize, score: Scorer) -> Result<Vec<f64>> {
        let (features, terms) = (self.features, &self.terms);
        let mut shelves = shelves::<(Shelf, Vec<(usize, f64)>)>(self.means.threads);
        let mut surest = vec![f64::NEG_INFINITY; self.labels.len()];
        let mut done = 0;
        self.lessons.read(&mut |lessons| {
            share_out(lessons, done, &mut shelves, |(shelf, found), first, lessons| {
                let Shelf { scratch, tally, row, .. } = shelf;
                let mut weights = Vec::new();
                for (Lesson { text, cells, .. }, number) in lessons.iter().zip(first..) {
                    let mut most = f64::NEG_INFINITY;
                    windows::each(text, words, &mut |window| {
                        features.each(window, cells, scratch, &mut |term| {
                            terms.find(term.key).into_iter().for_each(|number| tally.add(number));
                        });
                        tally.take_sorted(row);
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
    pub fn each_block(&self, each: &mut dyn FnMut(usize, &Packed)) -> Result<()> {
        if let Some(rows) = &self.rows {
            each(0, rows);
            return Ok(());
        }
        let mut shelves = shelves::<Shelf>(self.means.threads);
        let (features, terms) = (self.features, &self.terms);
        let mut done = 0;
        self.lessons.read(&mut |lessons| {
            share_out(lessons, 0, &mut shelves, |shelf, first, lessons| {
                let rows = shelf.look_up(lessons, features, terms);
                shelf.blocks.push((first, rows));
            });
            each(done, &in_order(shelves.iter_mut().flat_map(|shelf| shelf.blocks.drain(..)).collect()));
            done += lessons.len();
            Ok(())
        })
    }
}

/// What makes a score of a row's number and the counted terms of a window of it.
type Scorer<'a> = &'a (dyn Fn(usize, &[(u32, u32)], &mut Vec<(u32, f64)>) -> f64 + Sync);

/// Lessons that a thread takes at once.
const AT_ONCE: usize = 128;

fn shelves<S: Default>(threads: usize) -> Vec<S> {
    (0..threads.max(1)).map(|_| S::default()).collect()
}

/// Has every shelf take some of the lessons after the other, with the number of the first of them.
fn share_out<S: Send>(
    lessons: &[Lesson],
    rows: usize,
    shelves: &mut [S],
    work: impl Fn(&mut S, usize, &[Lesson]) + Sync,
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
struct Shelf {
    terms: Dictionary,
    /// Rows, and the number of the first of them.
    blocks: Vec<(usize, Packed)>,
    /// The terms of one text: key, mark, and where its text ends in `spelled`.
    found: Vec<(u64, &'static str, usize)>,
    spelled: String,
    scratch: Scratch,
    tally: Tally,
    row: Vec<(u32, u32)>,
}

impl Shelf {
    /// Counts terms that are wanted, all of them where nothing is said. The rows are in no order yet.
    fn count(&mut self, lessons: &[Lesson], features: &Features, wanted: Option<&Table<()>>) -> Packed {
        let Self { terms, found, spelled, scratch, tally, row, .. } = self;
        let mut rows = Packed::default();
        for Lesson { text, cells, .. } in lessons {
            // First all keys, then all numbers: the reaches into memory do not wait for each other then.
            found.clear();
            spelled.clear();
            features.each(text, cells, scratch, &mut |Term { key, mark, text }| {
                if wanted.is_none_or(|wanted| wanted.get(key).is_some()) {
                    spelled.push_str(text);
                    found.push((key, mark, spelled.len()));
                }
            });
            let mut start = 0;
            for &(key, mark, end) in &*found {
                tally.add(terms.number(Term { key, mark, text: &spelled[start..end] }));
                start = end;
            }
            tally.take(row);
            rows.push(row);
        }
        rows.shrink();
        rows
    }

    /// Counts terms that are known.
    fn look_up(&mut self, lessons: &[Lesson], features: &Features, terms: &Dictionary) -> Packed {
        let Self { scratch, tally, row, .. } = self;
        let mut rows = Packed::default();
        for Lesson { text, cells, .. } in lessons {
            features.each(text, cells, scratch, &mut |term| {
                if let Some(number) = terms.find(term.key) {
                    tally.add(number);
                }
            });
            tally.take_sorted(row);
            rows.push(row);
        }
        rows
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
    #[inline]
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
    pub fn take(&mut self, row: &mut Vec<(u32, u32)>) {
        row.clear();
        row.extend(self.touched.drain(..).map(|number| {
            let count = std::mem::take(&mut self.counts[number as usize]);
            (number, count)
        }));
    }

    /// Moves the counts out, in the order of the numbers.
    fn take_sorted(&mut self, row: &mut Vec<(u32, u32)>) {
        self.touched.sort_unstable();
        self.take(row);
    }
}

/// How many rows have a term, and how often it occurs in them.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    texts: u32,
    times: u32,
}

/// The terms of one thread's rows, as far as they are under the limit.
#[derive(Default)]
struct Census {
    seen: Table<Seen>,
    one: Table<u32>,
    scratch: Scratch,
}

/// The keys of the terms that are kept. Where the terms do not fit into the memory, the rows are read more than once, each
/// time for keys up to a limit: it falls until these fit.
fn select(
    lessons: &dyn Lessons,
    features: &Features,
    selection: &Selection,
    means: Means,
) -> Result<Table<()>> {
    let most = (means.memory / means.threads.max(1) / 64).max(1 << 10);
    let mut kept: Vec<(u32, u64)> = Vec::new();
    let mut from = 0;
    loop {
        let to = AtomicU64::new(u64::MAX);
        let mut all = shelves::<Census>(means.threads);
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
        for (key, Seen { texts, times }) in all.flat_map(|other| other.iter().collect::<Vec<_>>()) {
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
    let mut wanted = Table::with_room(kept.len());
    for (_, key) in kept {
        wanted.entry(key);
    }
    Ok(wanted)
}

impl Census {
    fn count(&mut self, lesson: &Lesson, features: &Features, keys: std::ops::RangeInclusive<u64>) {
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

/// Puts what the threads have counted together, the terms in order and the rows in theirs.
fn join(mut shelves: Vec<Shelf>, threads: usize) -> (Dictionary, Packed) {
    let mut blocks: Vec<(usize, usize, Packed)> = Vec::new();
    for (number, shelf) in shelves.iter_mut().enumerate() {
        blocks.extend(shelf.blocks.drain(..).map(|(first, rows)| (first, number, rows)));
    }
    let mut sorted: Vec<Vec<(Term, u32)>> =
        shelves.iter().map(|shelf| shelf.terms.terms().zip(0..).collect()).collect();
    threads::each(&mut sorted, threads, |terms| terms.sort_unstable_by_key(|(term, _)| term.text));
    let mut terms = Dictionary::with_room(sorted.iter().map(Vec::len).max().unwrap_or(0));
    let mut numbers: Vec<Vec<u32>> = shelves.iter().map(|shelf| vec![0; shelf.terms.len()]).collect();
    let mut left: Vec<&[(Term, u32)]> = sorted.iter().map(Vec::as_slice).collect();
    let first = |left: &[&[(Term, u32)]]| {
        let heads = left.iter().enumerate().filter_map(|(shelf, terms)| Some((terms.first()?.0.text, shelf)));
        heads.min().map(|(_, shelf)| shelf)
    };
    while let Some(shelf) = first(&left) {
        if let Some(((term, number), rest)) = left[shelf].split_first() {
            numbers[shelf][*number as usize] = terms.number(*term);
            left[shelf] = rest;
        }
    }
    drop(sorted);
    drop(shelves);
    threads::each(&mut blocks, threads, |(_, shelf, rows)| {
        let numbers = &numbers[*shelf];
        let (mut renumbered, mut sorted, mut row) =
            (Packed::with_room(&[&*rows]), Vec::<u64>::new(), Vec::new());
        for number in 0..rows.len() {
            sorted.clear();
            // One number of term and count is sorted faster than two.
            let pair = |(term, count): (u32, u32)| u64::from(numbers[term as usize]) << 32 | u64::from(count);
            sorted.extend(rows.row(number).map(pair));
            sorted.sort_unstable();
            row.clear();
            #[expect(clippy::cast_possible_truncation, reason = "the halves are meant")]
            row.extend(sorted.iter().map(|pair| ((pair >> 32) as u32, *pair as u32)));
            renumbered.push(&row);
        }
        renumbered.shrink();
        *rows = renumbered;
    });
    (terms, in_order(blocks.into_iter().map(|(first, _, rows)| (first, rows)).collect()))
}

fn in_order(mut blocks: Vec<(usize, Packed)>) -> Packed {
    blocks.sort_unstable_by_key(|(first, _)| *first);
    let mut rows = Packed::with_room(&blocks.iter().map(|(_, rows)| rows).collect::<Vec<_>>());
    for (_, block) in blocks {
        rows.append(&block);
    }
    rows
}
