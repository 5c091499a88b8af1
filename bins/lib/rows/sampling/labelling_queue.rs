//! Selects rows to label: half by uncertainty, a quarter by rare words, a quarter at random.

use std::collections::{BinaryHeap, HashSet};

use anyhow::Result;
use xxhash_rust::xxh3::xxh3_64;

use crate::rows::fingerprint::{Fingerprint, normal};
use crate::rows::label::Label;
use crate::rows::near_duplicates::NearDuplicates;
use crate::rows::sampling::draw::DrawKey;
use crate::rows::sampling::filter::Filter;
use crate::rows::{Row, Rows};

/// Number of word counters. This number is enough for one language, and limits the memory.
const COUNTERS: usize = 1 << 18;

/// Number of candidates kept for each row to pick. Near-duplicates among the candidates are skipped.
const SPARE: usize = 4;

/// The reason why a row was picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PickedFor {
    /// The score is closest to the threshold.
    Uncertain,
    /// The words are the rarest.
    Novel,
    /// Picked at random. Only these rows give an unbiased estimate of the model's accuracy.
    Random,
}

impl PickedFor {
    /// The value in the column `picked_for`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Uncertain => "uncertain",
            Self::Novel => "novel",
            Self::Random => "random",
        }
    }
}

/// Word counts from a first pass, and the boundary between the verdicts.
pub struct WordFrequencies {
    rows: u64,
    counts: Vec<u32>,
    /// Highest score of a negative verdict, and lowest score of a positive verdict.
    boundary: [Option<f64>; 2],
}

impl WordFrequencies {
    /// Counts the words of all rows, and finds the boundary between their verdicts.
    pub fn read(rows: &mut Rows) -> Result<Self> {
        let mut frequencies = Self { rows: 0, counts: vec![0; COUNTERS], boundary: [None; 2] };
        let mut row = Row::default();
        while rows.read(&mut row)? {
            frequencies.rows += 1;
            frequencies.widen(rows, &row)?;
            for word in words(rows.text(&row)?) {
                frequencies.counts[word] = frequencies.counts[word].saturating_add(1);
            }
        }
        Ok(frequencies)
    }

    /// Moves the boundary if this row is nearer to it.
    fn widen(&mut self, rows: &Rows, row: &Row) -> Result<()> {
        let Some(column) = rows.header().find("verdict") else { return Ok(()) };
        let score = rows.score(row)?;
        let [negative, positive] = &mut self.boundary;
        match rows.label_in(row, column)? {
            Some(Label::Negative) => *negative = Some(negative.map_or(score, |known| known.max(score))),
            Some(Label::Positive) => *positive = Some(positive.map_or(score, |known| known.min(score))),
            None => {}
        }
        Ok(())
    }

    /// The model's own threshold: the score between the verdicts. 0.5 without verdicts.
    pub fn threshold(&self) -> f64 {
        match self.boundary {
            [Some(negative), Some(positive)] => f64::midpoint(negative, positive),
            [Some(only), None] | [None, Some(only)] => only,
            [None, None] => 0.5,
        }
    }

    /// The average rarity of the words of a text. The divisor makes short texts slightly less rare.
    fn novelty(&self, text: &str) -> f64 {
        let words = words(text);
        let rarity = |word: &usize| (self.rows as f64 / f64::from(self.counts[*word].max(1))).ln();
        words.iter().map(rarity).sum::<f64>() / (words.len() as f64 + 2.0)
    }
}

/// The indexes of the counters for the distinct words of a text.
fn words(text: &str) -> HashSet<usize> {
    #[expect(clippy::cast_possible_truncation, reason = "only the low bits are used")]
    normal(text).split(' ').map(|word| xxh3_64(word.as_bytes()) as usize % COUNTERS).collect()
}

/// A candidate. Candidates with smaller keys are picked first.
struct QueuedRow {
    key: f64,
    place: u64,
    row: Row,
    text: String,
}

impl Ord for QueuedRow {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.total_cmp(&other.key).then(self.place.cmp(&other.place))
    }
}

impl PartialOrd for QueuedRow {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for QueuedRow {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for QueuedRow {}

/// A picked row.
pub struct PickedRow {
    pub row: Row,
    pub reason: PickedFor,
    /// Probability with which a random row was picked; none for other rows.
    pub probability: Option<f64>,
}

/// Picks `size` unlabelled rows without near-duplicates. Memory: about a dozen candidates for each picked row.
pub fn pick(
    rows: &mut Rows,
    filter: &mut Filter,
    frequencies: &WordFrequencies,
    size: usize,
    threshold: f64,
    seed: u64,
) -> Result<Vec<PickedRow>> {
    let kept = size.saturating_mul(SPARE);
    let mut heaps: [BinaryHeap<QueuedRow>; 3] = Default::default();
    let mut known_texts = HashSet::new();
    let mut row = Row::default();
    while filter.read(rows, &mut row)? {
        let text = rows.text(&row)?;
        if rows.label(&row)?.is_some() || !known_texts.insert(Fingerprint::of(text)) {
            continue;
        }
        let place = rows.seen();
        let uncertainty = (rows.score(&row)? - threshold).abs();
        let keys = [uncertainty, -frequencies.novelty(text), DrawKey::uniform(seed, place).value()];
        for (heap, key) in heaps.iter_mut().zip(keys) {
            if heap.len() < kept || heap.peek().is_some_and(|last| key < last.key) {
                heap.push(QueuedRow { key, place, row: row.clone(), text: text.to_owned() });
                if heap.len() > kept {
                    heap.pop();
                }
            }
        }
    }
    // Draw the random rows first and from all rows. If the others came first, the random rows would be too easy.
    // If one kind runs out of distinct candidates, the next kind takes its places.
    let [uncertain, novel, random] = heaps;
    let quarter = size / 4;
    let turns = [
        (PickedFor::Random, random, quarter),
        (PickedFor::Uncertain, uncertain, size - 2 * quarter),
        (PickedFor::Novel, novel, quarter),
    ];
    let mut near = NearDuplicates::new(0.8);
    let mut picked: Vec<(u64, Row, PickedFor)> = Vec::new();
    let mut left = 0;
    for (reason, heap, quota) in turns {
        left += quota;
        for candidate in heap.into_sorted_vec() {
            if left > 0 && !near.has_near(&candidate.text) {
                near.add(&candidate.text);
                picked.push((candidate.place, candidate.row, reason));
                left -= 1;
            }
        }
    }
    picked.sort_unstable_by_key(|(place, ..)| *place);
    let random = picked.iter().filter(|(.., reason)| *reason == PickedFor::Random).count();
    let share = random as f64 / known_texts.len().max(1) as f64;
    let with_share = |(_, row, reason)| PickedRow {
        row,
        reason,
        probability: (reason == PickedFor::Random).then_some(share),
    };
    Ok(picked.into_iter().map(with_share).collect())
}
