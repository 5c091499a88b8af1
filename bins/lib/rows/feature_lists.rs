//! Lists the texts that have each feature, and finds the texts that share enough features with a text.

use crate::features::hash_table::HashTable;

/// Marks an entry that is the number of a list. Other entries are the number of the only text with the feature.
const LIST: u32 = 1 << 31;

/// Maximum number of texts returned for each feature. Every text of a large campaign is similar to its first texts.
const MOST_TEXTS: usize = 128;

/// Maximum number of texts of a feature that are counted. A more frequent feature says little.
const MOST_COUNTED: usize = 1 << 12;

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

    /// Calls `each` with all texts that share at least `shared` of the features, and with some others; with some more
    /// than once. Such a text has one of the rarest features, if all but `shared - 1` of them are searched (Bayardo, Ma &
    /// Srikant 2007). It also has some of the features that are not frequent (Li, Lu & Lu 2008). If `each` returns false,
    /// skips the other texts of a feature, which were added later.
    pub(super) fn find(
        &self,
        features: impl Iterator<Item = u64>,
        shared: usize,
        each: &mut impl FnMut(u32) -> bool,
    ) {
        let mut entries: Vec<u32> = features.filter_map(|feature| self.entries.get(feature)).collect();
        entries.sort_by_cached_key(|entry| self.texts_of(entry).len());
        let lists = |most: usize| entries.iter().take(most).map(|entry| self.texts_of(entry));
        let counted = entries.len().saturating_sub(shared / 3);
        let counted = lists(counted).take_while(|texts| texts.len() <= MOST_COUNTED).count();
        // A text may have all features that are not counted.
        let least = (shared + counted).saturating_sub(entries.len());
        let counts = (least > 1).then(|| TextCounts::of(lists(counted), self.texts));
        let may_share = |text: u32| counts.as_ref().is_none_or(|counts| counts.most(text) >= least);
        for texts in lists((entries.len() + 1).saturating_sub(shared.max(1))) {
            let mut texts = texts.iter().take(MOST_COUNTED).filter(|text| may_share(**text)).take(MOST_TEXTS);
            let _ = texts.all(|text| each(*text));
        }
    }

    /// The texts of an entry, in order.
    fn texts_of<'a>(&'a self, entry: &'a u32) -> &'a [u32] {
        if entry & LIST == 0 { std::slice::from_ref(entry) } else { &self.lists[(entry & !LIST) as usize] }
    }
}

/// Upper bounds of the number of lists that contain each text. In a very large index, some texts are counted together, so
/// that the counts fit into the caches.
struct TextCounts(Vec<u8>);

impl TextCounts {
    fn of<'a>(lists: impl Iterator<Item = &'a [u32]>, texts: usize) -> Self {
        let mut counts = Self(vec![0; texts.next_power_of_two().min(1 << 16)]);
        for text in lists.flatten() {
            let place = counts.place(*text);
            counts.0[place] = counts.0[place].saturating_add(1);
        }
        counts
    }

    fn most(&self, text: u32) -> usize {
        usize::from(self.0[self.place(text)])
    }

    fn place(&self, text: u32) -> usize {
        text as usize & (self.0.len() - 1)
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
            let mut found = Vec::new();
            lists.find(features(n), shared, &mut |text| {
                found.push(text);
                true
            });
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
}
