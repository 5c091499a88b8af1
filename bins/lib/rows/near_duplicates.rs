//! Finds near-duplicates with MinHash and an exact comparison: texts that share most word pairs or nearly all words.

use std::collections::{HashMap, HashSet};

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::rows::fingerprint::{mix, normal};

/// Number of hash functions in a signature.
const HASHES: usize = 128;

/// Maximum probability of missing a pair at the threshold.
const MISS: f64 = 1e-6;

/// An index of texts by their word pairs and by their words. If the sentences of a copy are in another order, the copy
/// shares few pairs but all words.
///
/// Memory: about five kilobytes for each distinct text, most of it for signatures.
pub struct NearDuplicates {
    pairs: HashSetIndex,
    words: HashSetIndex,
}

impl NearDuplicates {
    /// Finds texts that share at least `threshold` of their word pairs (Jaccard similarity). Also finds texts that
    /// share `(threshold + 1) / 2` of their words: 0.9 for a threshold of 0.8.
    pub fn new(threshold: f64) -> Self {
        Self { pairs: HashSetIndex::new(threshold), words: HashSetIndex::new(f64::midpoint(threshold, 1.0)) }
    }

    pub fn add(&mut self, text: &str) {
        let words = words(text);
        self.pairs.add(pairs(&words));
        self.words.add(set(words));
    }

    /// Whether an added text is a near-duplicate of this text.
    pub fn has_near(&self, text: &str) -> bool {
        let words = words(text);
        self.pairs.has_near(&pairs(&words)) || self.words.has_near(&set(words))
    }

    /// The number of the first added text that is a near-duplicate of this text. Counts every call of `add`, from 0.
    pub fn first_near(&self, text: &str) -> Option<usize> {
        let words = words(text);
        let nearest = [self.pairs.first_near(&pairs(&words)), self.words.first_near(&set(words))];
        nearest.into_iter().flatten().min()
    }
}

/// An index of hash sets that finds sets similar to a given set.
struct HashSetIndex {
    threshold: f64,
    /// Number of hash functions in a band. Two sets that agree on a full band are compared exactly.
    width: usize,
    bands: HashMap<u64, Vec<usize>>,
    sets: Vec<Vec<u64>>,
    /// For each set, the number of sets added before it, repeated sets included.
    numbers: Vec<usize>,
    added: usize,
    /// One hash for each set, to skip repeated sets.
    known: HashSet<u64>,
}

impl HashSetIndex {
    fn new(threshold: f64) -> Self {
        // Two sets with similarity s agree on one of b bands of r hashes with probability 1 - (1 - s^r)^b (Broder 1997;
        // Leskovec, Rajaraman & Ullman 2014, 3.4). A wider band needs fewer exact comparisons but misses more pairs.
        let misses = |width: usize| {
            let same = threshold.powi(i32::try_from(width).unwrap_or(i32::MAX));
            (1.0 - same).powi(i32::try_from(HASHES / width).unwrap_or(i32::MAX))
        };
        let width = (1..=8).rev().find(|&width| misses(width) < MISS).unwrap_or(1);
        Self {
            threshold,
            width,
            bands: HashMap::new(),
            sets: Vec::new(),
            numbers: Vec::new(),
            added: 0,
            known: HashSet::new(),
        }
    }

    fn add(&mut self, set: Vec<u64>) {
        self.added += 1;
        // A campaign may send one text ten thousand times. One copy is enough to compare.
        if !self.known.insert(set.iter().fold(0, |hash, part| mix(hash ^ part))) {
            return;
        }
        let number = self.sets.len();
        for band in self.bands_of(&set) {
            self.bands.entry(band).or_default().push(number);
        }
        self.sets.push(set);
        self.numbers.push(self.added - 1);
    }

    fn first_near(&self, set: &[u64]) -> Option<usize> {
        let mut measured = HashSet::new();
        let candidates = self.bands_of(set).filter_map(|band| self.bands.get(&band)).flatten();
        candidates
            .filter(|&&place| measured.insert(place) && jaccard(set, &self.sets[place]) >= self.threshold)
            .map(|&place| self.numbers[place])
            .min()
    }

    fn has_near(&self, set: &[u64]) -> bool {
        let mut measured = HashSet::new();
        self.bands_of(set).any(|band| {
            self.bands.get(&band).is_some_and(|numbers| {
                numbers.iter().any(|&number| {
                    measured.insert(number) && jaccard(set, &self.sets[number]) >= self.threshold
                })
            })
        })
    }

    fn bands_of(&self, set: &[u64]) -> impl Iterator<Item = u64> + use<> {
        let width = self.width;
        let signature: Vec<u64> = (0..HASHES as u64)
            .map(|salt| {
                let salt = mix(salt);
                set.iter().map(|&hash| (hash ^ salt).wrapping_mul(salt | 1)).min().unwrap_or(0)
            })
            .collect();
        (0..HASHES / width).map(move |band| {
            let part = &signature[band * width..(band + 1) * width];
            part.iter().fold(band as u64, |hash, value| mix(hash ^ value))
        })
    }
}

/// Hashes of the words of the normalised text, without surrounding signs. A text with only signs keeps the signs.
fn words(text: &str) -> Vec<u64> {
    let text = normal(text);
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let mut words: Vec<String> = text.split(' ').map(bare).filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        words = text.split(' ').map(str::to_owned).collect();
    }
    words.iter().map(|word| xxh3_64(word.as_bytes())).collect()
}

/// Hashes of pairs of neighbouring words. For a single word, the hash of the word.
fn pairs(words: &[u64]) -> Vec<u64> {
    match words {
        [word] => vec![*word],
        _ => set(words.windows(2).map(|pair| xxh3_64_with_seed(&pair[0].to_le_bytes(), pair[1])).collect()),
    }
}

/// Sorts hashes and removes duplicates.
fn set(mut hashes: Vec<u64>) -> Vec<u64> {
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// The similarity of two sorted sets: shared elements divided by all elements (Jaccard 1912).
fn jaccard(one: &[u64], other: &[u64]) -> f64 {
    let (mut i, mut j, mut shared) = (0, 0, 0usize);
    while i < one.len() && j < other.len() {
        match one[i].cmp(&other[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                shared += 1;
                i += 1;
                j += 1;
            }
        }
    }
    shared as f64 / (one.len() + other.len() - shared).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_copy_with_a_changed_word_and_no_other_text() {
        let mut near = NearDuplicates::new(0.8);
        let text =
            "you have won a prize of 500 pounds call now to claim it before it is too late for you my friend";
        near.add(text);
        near.add("see you at lunch");
        assert!(near.has_near(text));
        assert!(near.has_near(&text.replace("500", "900").replace("friend", "dear")));
        assert!(!near.has_near("see you at dinner then, we can talk about all that later"));
        assert!(!near.has_near(""));
        assert!(near.has_near("See you -- at lunch!!"));
        assert!(near.has_near("at lunch, see you"));
        assert!(!near.has_near(":-)"));
        near.add(":-)");
        assert!(near.has_near(" :-) ") && !near.has_near(":-("));
    }

    #[test]
    fn finds_every_pair_over_the_threshold() {
        // 400 texts of 20 words, and copies with one word changed: a text and its copy share 17 of 21 pairs, 0.81.
        let word = |n: u64| format!("w{:x}", mix(n) % 5000).replace(|c: char| c.is_ascii_digit(), "x");
        let text = |n: u64, change: u64| {
            let words = (0..20).map(|i| if i == 10 { word(n * 100 + i + change) } else { word(n * 100 + i) });
            pairs(&super::words(&words.collect::<Vec<_>>().join(" ")))
        };
        let mut index = HashSetIndex::new(0.8);
        (0..400).for_each(|n| index.add(text(n, 0)));
        let alike = |n: &u64| jaccard(&text(*n, 50_000), &text(*n, 0)) >= 0.8;
        let (near, found): (Vec<u64>, Vec<u64>) = (
            (0..400).filter(alike).collect(),
            (0..400).filter(|&n| index.has_near(&text(n, 50_000))).collect(),
        );
        assert!(near.len() > 350);
        assert_eq!(found, near);
        assert_eq!((400..800).filter(|&n| index.has_near(&text(n, 0))).count(), 0);
    }
}
