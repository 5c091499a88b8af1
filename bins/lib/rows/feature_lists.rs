//! Lists the texts that have each feature, and finds the texts that share enough features with a text.

use crate::features::hash_table::HashTable;

/// Marks an entry that is the number of a list. Other entries are the number of the only text with the feature.
const LIST: u32 = 1 << 31;

/// Maximum number of texts searched for each feature. Every text of a large campaign is similar to its first texts.
const MOST_TEXTS: usize = 128;

/// The texts of each feature. Features are hashes.
#[derive(Default)]
pub(super) struct FeatureLists {
    entries: HashTable<u32>,
    lists: Vec<Vec<u32>>,
}

impl FeatureLists {
    /// Adds the feature of a text.
    pub(super) fn add(&mut self, feature: u64, text: u32) {
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
    /// Srikant 2007). If `each` returns false, skips the other texts of a feature, which were added later.
    pub(super) fn find(
        &self,
        features: impl ExactSizeIterator<Item = u64>,
        shared: usize,
        each: &mut impl FnMut(u32) -> bool,
    ) {
        let searched = (features.len() + 1).saturating_sub(shared.max(1));
        let mut entries: Vec<(usize, Option<u32>)> = features
            .map(|feature| match self.entries.get(feature) {
                None => (0, None),
                Some(entry) if entry & LIST != 0 => (self.lists[(entry & !LIST) as usize].len(), Some(entry)),
                entry => (1, entry),
            })
            .collect();
        entries.sort_by_key(|(texts, _)| *texts);
        for entry in entries.iter().take(searched).filter_map(|(_, entry)| *entry) {
            if entry & LIST != 0 {
                let texts = &self.lists[(entry & !LIST) as usize];
                let _ = texts.iter().take(MOST_TEXTS).all(|text| each(*text));
            } else {
                each(entry);
            }
        }
    }
}
