//! Stores values under keys that are hashes already; a lookup usually takes one memory access.

use std::hash::{BuildHasher, RandomState};

/// A hash table with open addressing and linear probing. Senders of texts can choose the keys. To prevent deliberate
/// collisions, slots depend on a random number of this process. Results do not depend on this number.
#[derive(Clone, Debug)]
pub struct HashTable<V> {
    /// Pairs of key and value; the key 0 marks a free slot.
    slots: Vec<(u64, V)>,
    used: usize,
    seed: u64,
}

impl<V: Copy + Default> Default for HashTable<V> {
    fn default() -> Self {
        Self::with_room(0)
    }
}

impl<V: Copy + Default> HashTable<V> {
    /// An empty table with room for this many keys.
    pub fn with_room(keys: usize) -> Self {
        let slots = (keys.max(8) * 4 / 3 + 1).next_power_of_two();
        Self { slots: vec![(0, V::default()); slots], used: 0, seed: RandomState::new().hash_one(0) }
    }

    pub fn len(&self) -> usize {
        self.used
    }

    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    #[inline]
    pub fn get(&self, key: u64) -> Option<V> {
        let (found, value) = self.slots[self.slot(key)];
        (found != 0).then_some(value)
    }

    /// The value of a key, mutable, and whether the key is new. A new key gets the default value.
    #[inline]
    pub fn entry(&mut self, key: u64) -> (&mut V, bool) {
        if self.used * 4 >= self.slots.len() * 3 {
            self.grow();
        }
        let slot = self.slot(key);
        let new = self.slots[slot].0 == 0;
        if new {
            self.slots[slot].0 = nonzero(key);
            self.used += 1;
        }
        (&mut self.slots[slot].1, new)
    }

    /// All keys and values, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, V)> {
        self.slots.iter().filter(|(key, _)| *key != 0).copied()
    }

    /// Calls `each` with all keys and values, and removes them. Keeps the memory, unless it is very large.
    pub fn drain(&mut self, mut each: impl FnMut(u64, V)) {
        for (key, value) in &mut self.slots {
            if *key != 0 {
                each(*key, *value);
                (*key, *value) = (0, V::default());
            }
        }
        self.used = 0;
        if self.slots.len() > 1 << 16 {
            // Free the memory of a giant text, so that later texts are not slow.
            *self = Self::default();
        }
    }

    /// Keeps some of the keys, and frees memory.
    pub fn retain(&mut self, keep: impl Fn(u64) -> bool) {
        let kept: Vec<(u64, V)> = self.iter().filter(|(key, _)| keep(*key)).collect();
        *self = Self::with_room(kept.len());
        for (key, value) in kept {
            *self.entry(key).0 = value;
        }
    }

    /// The slot where a key is or would be.
    #[inline]
    fn slot(&self, key: u64) -> usize {
        let (key, mask) = (nonzero(key), self.slots.len() - 1);
        let mut slot = ((key ^ self.seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) as usize & mask;
        while self.slots[slot].0 != key && self.slots[slot].0 != 0 {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        let mut larger = Self { seed: self.seed, ..Self::with_room(self.slots.len()) };
        for (key, value) in self.iter() {
            *larger.entry(key).0 = value;
        }
        *self = larger;
    }
}

/// Numbers keys in the order of their insertion. A slot has only four bytes, so that more slots fit into the caches.
#[derive(Clone, Debug)]
pub struct KeyNumbers {
    /// The number of a key plus one; 0 marks a free slot.
    slots: Vec<u32>,
    keys: Vec<u64>,
    seed: u64,
}

impl Default for KeyNumbers {
    fn default() -> Self {
        Self::with_room(0)
    }
}

impl KeyNumbers {
    /// An empty table with room for this many keys.
    pub fn with_room(keys: usize) -> Self {
        let slots = (keys.max(8) * 4 / 3 + 1).next_power_of_two();
        let seed = RandomState::new().hash_one(0);
        Self { slots: vec![0; slots], keys: Vec::with_capacity(keys), seed }
    }

    /// A table of keys, numbered by their position.
    pub fn of(keys: &[u64]) -> Self {
        let mut numbers = Self::with_room(keys.len());
        for key in keys {
            numbers.number(*key);
        }
        numbers
    }

    /// The number of a key, and whether the key is new. A new key gets the next number.
    #[inline]
    pub fn number(&mut self, key: u64) -> (u32, bool) {
        self.find(key).map_or_else(|| (self.add(key), true), |number| (number, false))
    }

    /// Adds a new key, and returns its number.
    #[cold]
    fn add(&mut self, key: u64) -> u32 {
        if self.keys.len() * 4 >= self.slots.len() * 3 {
            self.grow();
        }
        self.keys.push(key);
        let number = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        self.put(key, number);
        number - 1
    }

    /// The number of a key.
    #[inline]
    pub fn find(&self, key: u64) -> Option<u32> {
        self.find_from(self.slots[self.home(key)], key)
    }

    /// Calls `each` with the number of every known key. The memory accesses are independent, so they overlap.
    pub fn find_all(&self, keys: &[u64], mut each: impl FnMut(u32)) {
        let mut found = [0; 128];
        for keys in keys.chunks(found.len()) {
            for (found, key) in found.iter_mut().zip(keys) {
                *found = self.slots[self.home(*key)];
            }
            for (found, key) in found.iter().zip(keys) {
                self.find_from(*found, *key).into_iter().for_each(&mut each);
            }
        }
    }

    /// All keys, in the order of their numbers.
    pub fn into_keys(self) -> Vec<u64> {
        self.keys
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The number of a key, given the content of its first slot.
    #[inline]
    fn find_from(&self, mut found: u32, key: u64) -> Option<u32> {
        let mut slot = self.home(key);
        loop {
            let number = found.checked_sub(1)?;
            if self.keys[number as usize] == key {
                return Some(number);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
            found = self.slots[slot];
        }
    }

    #[inline]
    fn home(&self, key: u64) -> usize {
        ((key ^ self.seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) as usize & (self.slots.len() - 1)
    }

    fn put(&mut self, key: u64, number: u32) {
        let mut slot = self.home(key);
        while self.slots[slot] != 0 {
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        self.slots[slot] = number;
    }

    #[cold]
    fn grow(&mut self) {
        let Self { slots, keys, seed } = std::mem::take(self);
        *self = Self { slots: vec![0; slots.len() * 2], keys: Vec::new(), seed };
        (1..).zip(&keys).for_each(|(number, key)| self.put(*key, number));
        self.keys = keys;
    }
}

/// A set of keys with a few false positives (Bloom 1970, with one hash). The set fits into the caches even if the table
/// does not.
#[derive(Clone, Debug)]
pub struct BloomFilter(Vec<u64>);

impl Default for BloomFilter {
    fn default() -> Self {
        Self::with_room(0)
    }
}

impl BloomFilter {
    /// An empty filter for this many keys.
    pub fn with_room(keys: usize) -> Self {
        Self(vec![0; (keys / 8).next_power_of_two()])
    }

    pub fn add(&mut self, key: u64) {
        let (word, bit) = self.place(key);
        self.0[word] |= bit;
    }

    /// Whether a key may have been added.
    #[inline]
    pub fn may_have(&self, key: u64) -> bool {
        let (word, bit) = self.place(key);
        self.0[word] & bit != 0
    }

    #[inline]
    fn place(&self, key: u64) -> (usize, u64) {
        ((key >> 6) as usize & (self.0.len() - 1), 1 << (key & 63))
    }
}

/// Replaces the key 0 with 1, because 0 marks a free slot. A collision with probability 2⁻⁶⁴ does not matter.
fn nonzero(key: u64) -> u64 {
    key.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::fingerprint::mix;

    #[test]
    fn finds_every_added_key() {
        let mut table = HashTable::<u32>::default();
        assert_eq!(table.get(7), None);
        for n in 0..10_000 {
            let (value, new) = table.entry(mix(u64::from(n)));
            assert!(new);
            *value = n;
        }
        assert!(!table.entry(mix(5)).1 && table.len() == 10_000);
        assert!((0..10_000).all(|n| table.get(mix(u64::from(n))) == Some(n)));
        assert_eq!(table.get(mix(10_000)), None);
        let mut numbers = KeyNumbers::default();
        assert!((0..10_000).all(|n| numbers.number(mix(u64::from(n))) == (n, true)));
        assert!(numbers.number(mix(5)) == (5, false) && numbers.len() == 10_000);
        assert_eq!(numbers.find(mix(10_000)), None);
        let (expected, mut found) = ((0..20_000).map(mix).collect::<Vec<_>>(), Vec::new());
        numbers.find_all(&expected, |number| found.push(number));
        assert_eq!(found, (0..10_000).collect::<Vec<_>>());
        table.retain(|key| key < mix(5));
        assert!(table.get(mix(5)).is_none() && table.iter().all(|(key, n)| key == mix(u64::from(n))));
    }
}
