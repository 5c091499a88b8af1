//! Lists the texts that have each feature, and finds the texts that share enough features with a text.

use std::cmp::Reverse;

use crate::features::hash_table::HashTable;

/// Marks an entry that is the number of a list. Other entries are the number of the only text with the feature.
const LIST: u32 = 1 << 31;

/// Maximum number of texts returned for each feature. Every text of a large campaign is similar to its first texts.
const MOST_TEXTS: usize = 128;

/// Maximum number of texts that are returned because they share enough features.
const MOST_FOUND: usize = 1 << 11;

/// Maximum number of texts of a feature that are counted. A more frequent feature says little.
const MOST_COUNTED: usize = 1 << 12;

/// Number of counts whose maximum is computed at once.
const BLOCK: usize = 64;

/// The texts of each feature. Features are hashes.
#[derive(Default)]
pub(super) struct FeatureLists {
    entries: HashTable<u32>,
    lists: Vec<Vec<u32>>,
    /// Number of texts.
    texts: usize,
}

impl FeatureLists {
    /// Adds the feature of a text.
    pub(super) fn add(&mut self, feature: u64, text: u32) {
        self.texts = self.texts.max(text as usize + 1);
        let (entry, new) = self.entries.entry(feature);
        if new {
            *entry = text;
        } else if *entry & LIST != 0 {
            self.lists[(*entry & !LIST) as usize].push(text);
        } else {
            let list = u32::try_from(self.lists.len()).unwrap_or(u32::MAX);
            self.lists.push(vec![*entry, text]);
            *entry = list | LIST;
        }
    }

    /// Calls `each` with the first texts of each feature. If `each` returns false, skips the other texts of a feature,
    /// which were added later.
    pub(super) fn find(&self, features: impl Iterator<Item = u64>, each: &mut impl FnMut(u32) -> bool) {
        for entry in features.filter_map(|feature| self.entries.get(feature)) {
            let _ = self.texts_of(&entry).iter().take(MOST_TEXTS).all(|text| each(*text));
        }
    }

    /// All texts that share at least `shared` of the features, and some others; some of them more than once. Such a text
    /// has one of the rarest features, if all but `shared - 1` of them are searched (Bayardo, Ma & Srikant 2007). It also
    /// has many of the features that are not frequent (Li, Lu & Lu 2008).
    pub(super) fn sharing(&self, features: impl Iterator<Item = u64>, shared: usize) -> Vec<u32> {
        let mut entries: Vec<u32> = features.filter_map(|feature| self.entries.get(feature)).collect();
        let shared = shared.max(1);
        if entries.len() < shared {
            return Vec::new();
        }
        entries.sort_by_cached_key(|entry| self.texts_of(entry).len());
        let lists = |most: usize| entries.iter().take(most).map(|entry| self.texts_of(entry));
        let counted = entries.len() - shared / 8;
        let counted = lists(counted).take_while(|texts| texts.len() <= MOST_COUNTED).count();
        // A text may have all features that are not counted.
        let least = (shared + counted).saturating_sub(entries.len());
        if least > 1 {
            self.counted(lists(counted), least)
        } else {
            let rarest = lists(entries.len() + 1 - shared);
            rarest.flat_map(|texts| texts.iter().take(MOST_TEXTS)).copied().collect()
        }
    }

    /// The texts that are in at least `least` of the lists, which are at most 255. If these texts are too many, those in most
    /// lists.
    fn counted<'a>(&self, lists: impl Iterator<Item = &'a [u32]>, least: usize) -> Vec<u32> {
        let mut counts = vec![0u8; self.texts];
        for text in lists.flatten() {
            let count = &mut counts[*text as usize];
            *count = count.wrapping_add(1);
        }
        let mut found = Vec::new();
        let least = u8::try_from(least).unwrap_or(u8::MAX);
        for (block, first) in counts.chunks(BLOCK).zip((0..).step_by(BLOCK)) {
            // Few blocks have such a text, and a maximum takes few instructions.
            if block.iter().fold(0, |most, count| most.max(*count)) >= least {
                let texts = block.iter().zip(first..).filter(|(count, _)| **count >= least);
                found.extend(texts.map(|(_, text)| text));
            }
        }
        if found.len() > MOST_FOUND {
            found.sort_unstable_by_key(|text| (Reverse(counts[*text as usize]), *text));
            found.truncate(MOST_FOUND);
        }
        found
    }

    /// The texts of an entry, in order.
    fn texts_of<'a>(&'a self, entry: &'a u32) -> &'a [u32] {
        if entry & LIST == 0 { std::slice::from_ref(entry) } else { &self.lists[(entry & !LIST) as usize] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::fingerprint::mix;

    #[test]
    fn finds_only_texts_that_share_enough_features() {
        // Text n has the features n to n + 39, and all texts share 20 others.
        let features = |n: u64| (n..n + 40).chain(1_000_000..1_000_020).map(mix);
        let mut lists = FeatureLists::default();
        (0..10_000).for_each(|n| features(u64::from(n)).for_each(|feature| lists.add(feature, n)));
        let found = |n: u64, shared: usize| {
            let mut found = lists.sharing(features(n), shared);
            found.sort_unstable();
            found.dedup();
            found
        };
        for n in [500, 5_000] {
            // Text n + 20 shares 40 of 60 features, and text n + 21 shares 39.
            let near = u32::try_from(n).unwrap_or(0);
            assert_eq!(found(n, 40), (near - 20..=near + 20).collect::<Vec<_>>());
            assert_eq!(found(n, 60), [near]);
            assert_eq!(found(n, 21).len(), 79);
        }
    }

    #[test]
    fn keeps_the_texts_that_share_most_features() {
        // Text 3,000 has the features 0 to 39, and 3,000 texts before it lack the last ten.
        let mut lists = FeatureLists::default();
        (0..3_000).for_each(|n| (0..30).map(mix).for_each(|feature| lists.add(feature, n)));
        (0..40).map(mix).for_each(|feature| lists.add(feature, 3_000));
        let found = lists.sharing((0..40).map(mix), 20);
        assert!(found.len() == MOST_FOUND && found[0] == 3_000 && found[1..].iter().all(|n| *n < 2_048));
    }
}
