//! Draws a random sample in one pass: every row gets a random key, and the rows with the smallest keys are drawn.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::io::dates::{DAY, Timestamp};
use crate::rows::Row;
use crate::rows::fingerprint::mix;

/// The key of a row. Rows with smaller keys are drawn first.
///
/// The key depends only on the seed and the position of the row, so a larger sample contains every smaller sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DrawKey(f64);

impl DrawKey {
    /// The key of the row at a position. All rows are equally likely.
    pub fn uniform(seed: u64, place: u64) -> Self {
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        let hash = mix(mix(seed).wrapping_add(place.wrapping_mul(GOLDEN)));
        // Add half a step, because the logarithm of 0 is undefined.
        Self(((hash >> 11) as f64 + 0.5) / (1u64 << 53) as f64)
    }

    /// The key with a weight that halves at each half-life of age (Efraimidis & Spirakis 2006).
    ///
    /// The method draws the rows with the greatest u^(1/w), which are the rows with the smallest ln(-ln u) - ln w.
    /// With the weight 2^(-age / half-life), ln w is linear in the date. The key cannot overflow, and the sample does
    /// not depend on the present time.
    #[must_use]
    pub fn fading(self, date: Timestamp, half_life_days: f64) -> Self {
        let half_lives = date.0 as f64 / (half_life_days * DAY as f64);
        Self((-self.0.ln()).ln() - std::f64::consts::LN_2 * half_lives)
    }

    pub fn value(self) -> f64 {
        self.0
    }
}

/// A row and its key, ordered by key.
struct DrawnRow {
    key: DrawKey,
    place: u64,
    row: Row,
}

impl Ord for DrawnRow {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.0.total_cmp(&other.key.0).then(self.place.cmp(&other.place))
    }
}

impl PartialOrd for DrawnRow {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for DrawnRow {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for DrawnRow {}

#[derive(Default)]
struct Stratum {
    seen: u64,
    kept: BinaryHeap<DrawnRow>,
}

/// How the age of a row affects its probability of being drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Odds {
    /// All rows are equally likely.
    Even,
    /// Each half-life of age halves the probability.
    Fading {
        /// The half-life in days.
        days: f64,
    },
}

impl Odds {
    /// Fading odds if a half-life in days is given, otherwise even odds.
    pub fn of_half_life(days: Option<f64>) -> Self {
        days.map_or(Self::Even, |days| Self::Fading { days })
    }
}

/// A sample that is still being drawn.
pub struct Sample {
    size: u64,
    seed: u64,
    odds: Odds,
    seen: u64,
    /// The first stratum has the rows with an empty value. In a sample without strata, this stratum has all rows.
    strata: Vec<Stratum>,
    /// The index in `strata` by name.
    places: BTreeMap<String, usize>,
}

impl Sample {
    pub fn new(size: u64, seed: u64, odds: Odds) -> Self {
        Self { size, seed, odds, seen: 0, strata: vec![Stratum::default()], places: BTreeMap::new() }
    }

    /// The requested number of rows.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Offers a row at a position in the file. With fading odds, a row without a date is never drawn. If all rows have
    /// the same stratum, the sample is not stratified.
    pub fn offer(&mut self, row: &Row, place: u64, date: impl FnOnce() -> Option<Timestamp>, stratum: &str) {
        let mut key = DrawKey::uniform(self.seed, place);
        if let Odds::Fading { days } = self.odds {
            // Parse a date only if the key needs it: parsing a date takes longer than reading a row.
            let Some(date) = date() else { return };
            key = key.fading(date, days);
        }
        self.seen += 1;
        // Skip the lookup of an empty name, which takes longer than the rest of this function.
        let index = if stratum.is_empty() { 0 } else { self.place(stratum) };
        let found = &mut self.strata[index];
        found.seen += 1;
        let room = self.odds.room(self.size, found.seen, self.seen);
        let enters = (found.kept.len() as u64) < room
            || found.kept.peek().is_some_and(|last| (key.0, place) < (last.key.0, last.place));
        if enters {
            found.kept.push(DrawnRow { key, place, row: row.clone() });
            while found.kept.len() as u64 > room {
                found.kept.pop();
            }
        }
        if self.seen.is_multiple_of(1 << 16) {
            self.shrink();
        }
    }

    fn place(&mut self, name: &str) -> usize {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        self.strata.push(Stratum::default());
        self.places.insert(name.to_owned(), self.strata.len() - 1);
        self.strata.len() - 1
    }

    /// Removes rows of strata whose share has fallen.
    fn shrink(&mut self) {
        for stratum in &mut self.strata {
            while stratum.kept.len() as u64 > self.odds.room(self.size, stratum.seen, self.seen) {
                stratum.kept.pop();
            }
        }
    }

    /// The drawn rows, in file order.
    pub fn finish(mut self) -> impl Iterator<Item = Row> {
        let in_order = [0].into_iter().chain(self.places.into_values());
        let strata: Vec<Stratum> = in_order.map(|index| std::mem::take(&mut self.strata[index])).collect();
        let counts: Vec<u64> = strata.iter().map(|stratum| stratum.seen).collect();
        let seats = apportion(self.size.min(self.seen), &counts);
        let mut drawn: Vec<DrawnRow> = Vec::new();
        for (stratum, seats) in strata.into_iter().zip(seats) {
            let kept = stratum.kept.into_sorted_vec();
            drawn.extend(kept.into_iter().take(usize::try_from(seats).unwrap_or(usize::MAX)));
        }
        drawn.sort_unstable_by_key(|one| one.place);
        drawn.into_iter().map(|one| one.row)
    }
}

impl Odds {
    /// Number of rows of a stratum to keep, so that no row of the final sample is missing.
    ///
    /// The final sample has `size` times the share of the stratum. Among the rows read so far, the number of final
    /// rows is at most hypergeometric. The mean is `size` times the share so far. The result is the mean plus six
    /// standard deviations and a few rows. A final row is then missing with a probability below one in a billion. The
    /// sum over all strata is little more than `size`, so memory does not grow with the file. With fading odds, the
    /// first rows may be the newest and take all places, so the result is `size`.
    fn room(self, size: u64, of_stratum: u64, of_all: u64) -> u64 {
        if of_stratum == of_all || self != Self::Even {
            return size;
        }
        let mean = size as f64 * (of_stratum as f64 / of_all as f64);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a bounded positive number"
        )]
        let room = (mean + 6.0 * mean.sqrt()).ceil() as u64 + 20;
        room.min(size)
    }
}

/// Distributes seats by the quota method (Balinski & Young 1975). Each party gets its exact share rounded down or up.
/// With one more seat in total, no party loses a seat, so a larger sample contains every smaller sample.
fn apportion(seats: u64, counts: &[u64]) -> Vec<u64> {
    if let [_] = counts {
        return vec![seats];
    }
    let all: u64 = counts.iter().sum();
    let mut given = vec![0u64; counts.len()];
    // A party is below its quota if given < seat * count / all. Among these parties, the largest claim gets the next
    // seat. The claim is count / (given + 1). A party is below its quota from the first seat over given * all / count.
    // Positive numbers have the same order as their bits.
    let mut waiting: BinaryHeap<Reverse<(u64, usize)>> =
        (0..counts.len()).map(|party| Reverse((1, party))).collect();
    let mut eligible: BinaryHeap<(u64, Reverse<usize>)> = BinaryHeap::new();
    for seat in 1..=seats {
        while let Some(Reverse((from, party))) = waiting.peek().copied()
            && from <= seat
        {
            waiting.pop();
            let claim = counts[party] as f64 / (given[party] + 1) as f64;
            eligible.push((claim.to_bits(), Reverse(party)));
        }
        let Some((_, Reverse(party))) = eligible.pop() else { continue };
        given[party] += 1;
        let from = u128::from(given[party]) * u128::from(all) / u128::from(counts[party]) + 1;
        waiting.push(Reverse((u64::try_from(from).unwrap_or(u64::MAX), party)));
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn seats_are_within_one_of_the_exact_share_and_grow_with_the_size(
            counts in prop::collection::vec(1u64..500, 1..9),
            seats in 0u64..200,
        ) {
            let all: u64 = counts.iter().sum();
            let seats = seats.min(all.saturating_sub(1));
            let (some, more) = (apportion(seats, &counts), apportion(seats + 1, &counts));
            prop_assert_eq!(some.iter().sum::<u64>(), seats);
            for ((some, more), count) in some.iter().zip(&more).zip(&counts) {
                let exact = seats as f64 * *count as f64 / all as f64;
                prop_assert!((*some as f64 - exact).abs() < 1.0, "{some} seats for {exact}");
                prop_assert!(some <= more && some <= count);
            }
        }
    }
}
