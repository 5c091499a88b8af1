//! Arranges the terms of a model for fast lookup while scoring.

use crate::features::Analyzer;
use crate::features::hash_table::{BloomFilter, KeyNumbers};
use crate::model::term_counts::TermCounts;
use crate::model::terms::ModelTerms;
use crate::model::tfidf::Weighting;
use crate::model::threads;

/// Terms by key. Frequent terms come first, by powers of two, so that the data used most is close together.
#[derive(Clone, Debug)]
pub(super) struct TermIndex {
    /// The place of each term, by its key.
    places: KeyNumbers,
    /// The number of the term at each place.
    pub(super) order: Vec<u32>,
    /// Rejects most keys that have no place.
    sieve: BloomFilter,
    /// Rarity and log-odds of the term at each place: a score is two sums over these values.
    pub(super) table: Vec<(f64, f64)>,
}

/// Number of keys that a thread computes at a time.
const KEYS: usize = 1 << 14;

impl TermIndex {
    /// Builds the index of a model's terms. `texts` is the number of texts behind the frequencies.
    pub(super) fn of(terms: &ModelTerms, analyzer: &Analyzer, weighting: Weighting, texts: u64) -> Self {
        let mut order = by_frequency(&terms.frequency);
        let rarity = weighting.rarity(&terms.frequency, texts);
        let mut keys = vec![0; terms.len()];
        let mut parts: Vec<_> = keys.chunks_mut(KEYS).enumerate().collect();
        threads::each(&mut parts, 2, |(part, keys)| {
            for (key, number) in keys.iter_mut().zip(*part * KEYS..) {
                *key = analyzer.key(terms.term(number));
            }
        });
        let (mut places, mut sieve) = (KeyNumbers::with_room(keys.len()), BloomFilter::with_room(keys.len()));
        order.retain(|number| {
            let key = keys[*number as usize];
            sieve.add(key);
            places.number(key).1
        });
        let value = |number: &u32| (rarity[*number as usize], terms.weights[*number as usize]);
        let table = order.iter().map(value).collect();
        Self { places, order, sieve, table }
    }

    /// Counts the known terms, and empties the list of keys.
    #[inline]
    pub(super) fn count(&self, keys: &mut Vec<u64>, tally: &mut TermCounts) {
        keys.retain(|key| self.sieve.may_have(*key));
        self.places.find_all(keys, |place| tally.add(place));
        keys.clear();
    }
}

/// Term numbers by descending power of two of their frequency. Terms with the same power keep their order.
fn by_frequency(frequency: &[u32]) -> Vec<u32> {
    let size = |frequency: &u32| frequency.leading_zeros() as usize;
    let mut places = [0; u32::BITS as usize + 2];
    for frequency in frequency {
        places[size(frequency) + 1] += 1;
    }
    for size in 1..places.len() {
        places[size] += places[size - 1];
    }
    let mut order = vec![0; frequency.len()];
    for (number, frequency) in (0..).zip(frequency) {
        let place = &mut places[size(frequency)];
        order[*place] = number;
        *place += 1;
    }
    order
}
