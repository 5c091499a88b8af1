//! Near-copies: texts that share most of their pairs of words, found by MinHash and then measured.

use std::collections::{HashMap, HashSet};

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::data::fingerprint::{mix, normal};

/// Hash functions in a signature.
const HASHES: usize = 128;

/// The chance of missing a pair at the threshold that is thought small enough.
const MISS: f64 = 1e-6;

/// Texts to be held against others. Memory: eight bytes a word of the texts held, and as much for their signatures.
pub struct Near {
    threshold: f64,
    /// Hash functions in a band; two texts that agree in all of a band are measured.
    width: usize,
    bands: HashMap<u64, Vec<usize>>,
    texts: Vec<Vec<u64>>,
}

impl Near {
    /// An index that finds texts with a Jaccard similarity of at least `threshold`.
    pub fn new(threshold: f64) -> Self {
        // Broder 1997; Leskovec, Rajaraman & Ullman 2014, 3.4: a pair with similarity s meets in one of b bands of r hashes
        // with chance 1 - (1 - s^r)^b. The widest band that still misses nothing measures the fewest strangers.
        let misses = |width: usize| {
            let same = threshold.powi(i32::try_from(width).unwrap_or(i32::MAX));
            (1.0 - same).powi(i32::try_from(HASHES / width).unwrap_or(i32::MAX))
        };
        let width = (1..=8).rev().find(|&width| misses(width) < MISS).unwrap_or(1);
        Self { threshold, width, bands: HashMap::new(), texts: Vec::new() }
    }

    /// Adds a text.
    pub fn add(&mut self, text: &str) {
        let shingles = shingles(text);
        let number = self.texts.len();
        for band in self.bands_of(&shingles) {
            self.bands.entry(band).or_default().push(number);
        }
        self.texts.push(shingles);
    }

    /// Whether a text that was added is at least as similar as the threshold.
    pub fn has_near(&self, text: &str) -> bool {
        let shingles = shingles(text);
        let mut measured = HashSet::new();
        self.bands_of(&shingles).any(|band| {
            self.bands.get(&band).is_some_and(|numbers| {
                numbers.iter().any(|&number| {
                    measured.insert(number) && jaccard(&shingles, &self.texts[number]) >= self.threshold
                })
            })
        })
    }

    fn bands_of(&self, shingles: &[u64]) -> impl Iterator<Item = u64> + use<> {
        let width = self.width;
        let signature: Vec<u64> = (0..HASHES as u64)
            .map(|salt| {
                let salt = mix(salt);
                shingles.iter().map(|&shingle| (shingle ^ salt).wrapping_mul(salt | 1)).min().unwrap_or(0)
            })
            .collect();
        (0..HASHES / width).map(move |band| {
            let part = &signature[band * width..(band + 1) * width];
            part.iter().fold(band as u64, |hash, value| mix(hash ^ value))
        })
    }
}

/// The pairs of neighbouring words of the normalised text, hashed, sorted, once each; of a single word the word.
fn shingles(text: &str) -> Vec<u64> {
    let text = normal(text);
    let words: Vec<u64> = text.split(' ').map(|word| xxh3_64(word.as_bytes())).collect();
    let mut shingles: Vec<u64> = match words[..] {
        [word] => vec![word],
        _ => words.windows(2).map(|pair| xxh3_64_with_seed(&pair[0].to_le_bytes(), pair[1])).collect(),
    };
    shingles.sort_unstable();
    shingles.dedup();
    shingles
}

/// What two sorted sets share of what they have (Jaccard 1912).
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
    fn a_copy_with_a_word_changed_is_near_and_another_text_is_not() {
        let mut near = Near::new(0.8);
        let text =
            "you have won a prize of 500 pounds call now to claim it before it is too late for you my friend";
        near.add(text);
        near.add("see you at lunch");
        assert!(near.has_near(text));
        assert!(near.has_near(&text.replace("500", "900").replace("friend", "dear")));
        assert!(!near.has_near("see you at dinner then, we can talk about all that later"));
        assert!(!near.has_near(""));
    }

    #[test]
    fn every_pair_over_the_threshold_is_found() {
        // 400 texts of 30 words, and copies of them with one word changed: 27 of 31 pairs are shared, .87.
        let word = |n: u64| format!("w{:x}", mix(n) % 5000).replace(|c: char| c.is_ascii_digit(), "x");
        let text = |n: u64, change: u64| {
            let words = (0..30).map(|i| if i == 15 { word(n * 100 + i + change) } else { word(n * 100 + i) });
            words.collect::<Vec<_>>().join(" ")
        };
        let mut near = Near::new(0.8);
        (0..400).for_each(|n| near.add(&text(n, 0)));
        assert_eq!((0..400).filter(|&n| near.has_near(&text(n, 50_000))).count(), 400);
        assert_eq!((400..800).filter(|&n| near.has_near(&text(n, 0))).count(), 0);
    }
}
