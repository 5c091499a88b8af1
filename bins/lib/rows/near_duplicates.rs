//! Finds near-duplicates: disguised copies, copies with a few changed words, and texts that share most words.

use std::cell::OnceCell;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::rows::feature_lists::FeatureLists;
use crate::rows::fingerprint::Fingerprint;
use crate::rows::same_words::{are_equal, edits, same_letters, same_spelling};
use crate::rows::seen_text::{MOST_PAIRS, MOST_WORDS, PART, SeenText};

/// Numbers that separate the kinds of features: the fingerprint, all letters, pairs, runs of words, sets of words, and
/// first letters.
const KINDS: [u64; 6] = [
    0x243f_6a88_85a3_08d3,
    0x1319_8a2e_0370_7344,
    0xa409_3822_299f_31d0,
    0x082e_fa98_ec4e_6c89,
    0x4528_21e6_38d0_1377,
    0xbe54_66cf_34e9_0c6c,
];

/// The share of word pairs that stay whole if each long word has a typing error.
const WHOLE_PAIRS: f64 = 0.35;

/// The share of runs of words that stay whole if one word in ten is another.
const WHOLE_RUNS: f64 = 0.25;

/// The shares of the lowest hashes that two texts have in common may be this much lower than the shares of all pairs and
/// of all words, by chance (three standard deviations).
const CHANCE: [f64; 2] = [0.2, 0.15];

/// An index of texts by the words that a reader sees. It finds texts with the same fingerprint, disguised copies and
/// misspelt copies. It finds copies with one changed word in eight, up to four. It also finds texts that share most
/// word pairs or nearly all words. If the sentences of a copy are in another order, the copy shares few pairs but all
/// words.
///
/// Memory: one to four kilobytes for each distinct text, and one byte for each letter.
pub struct NearDuplicates {
    threshold: f64,
    lists: FeatureLists,
    texts: Vec<IndexedText>,
    /// The sketch of each text.
    sketches: Vec<Sketch>,
    /// Number of calls of `add`.
    added: usize,
}

/// A text of the index.
struct IndexedText {
    /// Number of texts added before this text, including copies.
    number: usize,
    words: Box<str>,
    /// Numbers of words, if the parts of `twenty-one` are one word and if they are two.
    counts: [usize; 2],
}

/// The lowest hashes of the pairs and of the words of a text. All sketches are in one array, so that the comparison with
/// many texts takes few memory accesses.
struct Sketch {
    pairs: LowestHashes<MOST_PAIRS>,
    words: LowestHashes<MOST_WORDS>,
}

/// The upper halves of the lowest hashes, sorted.
struct LowestHashes<const MOST: usize> {
    hashes: [u32; MOST],
    count: usize,
}

impl NearDuplicates {
    /// Finds texts that share at least `threshold` of their word pairs (Jaccard similarity). Also finds texts that
    /// share `(threshold + 1) / 2` of their words: 0.9 for a threshold of 0.8. At a threshold of 1, a changed word makes
    /// a different text.
    pub fn new(threshold: f64) -> Self {
        let (texts, sketches) = (Vec::new(), Vec::new());
        Self { threshold, lists: FeatureLists::default(), texts, sketches, added: 0 }
    }

    pub fn add(&mut self, text: &str) {
        let seen = SeenText::of(text);
        let number = self.added;
        self.added += 1;
        let [fingerprint, letters, pairs, runs, sets, firsts] = KINDS;
        // A campaign may send one text ten thousand times. One copy is enough to compare.
        let mut is_known = false;
        self.lists.find(seen.letters.iter().map(|hash| hash ^ letters), &mut |at| {
            is_known |= same_spelling(&seen.words, &self.texts[at as usize].words);
            !is_known
        });
        if is_known {
            return;
        }
        let at = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.lists.add(Fingerprint::of(text).0 ^ fingerprint, at);
        let [with_signs, without] = seen.letters;
        self.lists.add(with_signs ^ letters, at);
        if without != with_signs {
            self.lists.add(without ^ letters, at);
        }
        seen.pairs.iter().for_each(|pair| self.lists.add(pair ^ pairs, at));
        seen.runs.iter().for_each(|run| self.lists.add(run ^ runs, at));
        seen.sets.iter().for_each(|set| self.lists.add(set ^ sets, at));
        seen.firsts.iter().for_each(|first| self.lists.add(first ^ firsts, at));
        self.sketches.push(Sketch::of(&seen));
        let (counts, words) = (counts(&seen.words), seen.words.into_boxed_str());
        self.texts.push(IndexedText { number, words, counts });
    }

    /// Whether an added text is a near-duplicate of this text.
    pub fn has_near(&self, text: &str) -> bool {
        self.first_near(text).is_some()
    }

    /// The number of the first added text that is a near-duplicate of this text. Each call of `add` counts, from 0.
    pub fn first_near(&self, text: &str) -> Option<usize> {
        let seen = SeenText::of(text);
        let wanted = WantedText::of(&seen);
        let mut first = self.first_copy(text, &seen);
        for (candidates, is_likely) in [(self.likely(&seen), true), (self.similar(&seen), false)] {
            let mut earlier = candidates.into_iter().take_while(|at| first.is_none_or(|first| *at < first));
            first = earlier.find(|at| self.is_near(&wanted, *at as usize, is_likely)).or(first);
        }
        first.map(|at| self.texts[at as usize].number)
    }

    /// The first text with the same fingerprint or the same letters.
    fn first_copy(&self, text: &str, seen: &SeenText) -> Option<u32> {
        let [fingerprint, letters, ..] = KINDS;
        let mut first: Option<u32> = None;
        self.lists.find(std::iter::once(Fingerprint::of(text).0 ^ fingerprint), &mut |at| {
            first = Some(at);
            false
        });
        self.lists.find(seen.letters.iter().map(|hash| hash ^ letters), &mut |at| {
            let is_earlier = first.is_none_or(|first| at < first);
            // The hash of a few letters is the same for different words, such as "see" and "toe".
            if is_earlier && (seen.is_long || same_letters(&seen.words, &self.texts[at as usize].words)) {
                first = Some(at);
            }
            is_earlier && first != Some(at)
        });
        first
    }

    /// The texts that are likely to be near-duplicates, in order.
    fn likely(&self, seen: &SeenText) -> Vec<u32> {
        let [.., sets, firsts] = KINDS;
        let sets = seen.sets.iter().map(|set| set ^ sets);
        let features = sets.chain(seen.firsts.iter().map(|first| first ^ firsts));
        let mut found = Vec::new();
        self.lists.find(features, &mut |at| {
            found.push(at);
            true
        });
        in_order(found)
    }

    /// The texts that share enough pairs or words to be near-duplicates, and some others, in order.
    fn similar(&self, seen: &SeenText) -> Vec<u32> {
        let [_, _, pairs, runs, ..] = KINDS;
        let least = least_of(seen.runs.len(), WHOLE_RUNS.min(self.threshold / 2.0));
        let mut found = self.lists.sharing(seen.runs.iter().map(|run| run ^ runs), least);
        let least = least_of(seen.pairs.len(), self.whole_pairs());
        found.extend(self.lists.sharing(seen.pairs.iter().map(|pair| pair ^ pairs), least));
        in_order(found)
    }

    /// Whether a text is a near-duplicate of an added text. The lowest hashes and the number of words rule out most other texts.
    fn is_near(&self, wanted: &WantedText, at: usize, is_likely: bool) -> bool {
        let least = [self.threshold - CHANCE[0], f64::midpoint(self.threshold, 1.0) - CHANCE[1]];
        let sketch = &self.sketches[at];
        let pairs = wanted.pairs.share(&sketch.pairs, least[0].min(self.whole_pairs()));
        let is_similar = pairs >= least[0] || wanted.words.share(&sketch.words, least[1]) >= least[1];
        if !is_likely && !is_similar && pairs < self.whole_pairs() {
            return false;
        }
        let text = &self.texts[at];
        let most = edits(wanted.counts[0].max(text.counts[0]), self.threshold);
        let may_be_equal =
            wanted.counts.iter().zip(text.counts).any(|(one, other)| one.abs_diff(other) <= most);
        if !may_be_equal && !is_similar {
            return false;
        }
        let (wanted, text) = (wanted.compared(), ComparedWords::of(&text.words));
        wanted.are_equal(&text, self.threshold) || is_similar && wanted.are_similar(&text, self.threshold)
    }

    /// The minimum share of pairs that a near-duplicate has in common with its original.
    fn whole_pairs(&self) -> f64 {
        WHOLE_PAIRS.min(self.threshold / 2.0)
    }
}

/// The smallest number that is at least this share of a count.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is at most the count")]
fn least_of(count: usize, share: f64) -> usize {
    (count as f64 * share).ceil() as usize
}

impl Sketch {
    fn of(seen: &SeenText) -> Self {
        Self { pairs: LowestHashes::of(&seen.pairs), words: LowestHashes::of(&seen.singles) }
    }
}

impl<const MOST: usize> LowestHashes<MOST> {
    fn of(lowest: &[u64]) -> Self {
        let mut hashes = [0; MOST];
        for (place, hash) in hashes.iter_mut().zip(lowest) {
            *place = (hash >> 32) as u32;
        }
        Self { hashes, count: lowest.len().min(MOST) }
    }

    fn hashes(&self) -> &[u32] {
        &self.hashes[..self.count]
    }
}

/// A text that is compared with many texts.
struct WantedText<'a> {
    seen: &'a SeenText,
    counts: [usize; 2],
    pairs: HashLookup<MOST_PAIRS>,
    words: HashLookup<MOST_WORDS>,
    compared: OnceCell<ComparedWords<'a>>,
}

impl<'a> WantedText<'a> {
    fn of(seen: &'a SeenText) -> Self {
        let Sketch { pairs, words } = Sketch::of(seen);
        let (pairs, words) = (HashLookup::of(pairs), HashLookup::of(words));
        Self { seen, counts: counts(&seen.words), pairs, words, compared: OnceCell::new() }
    }

    fn compared(&self) -> &ComparedWords<'a> {
        self.compared.get_or_init(|| ComparedWords::of(&self.seen.words))
    }
}

/// The lowest hashes of a text, ready to be compared with those of many texts.
struct HashLookup<const MOST: usize> {
    lowest: LowestHashes<MOST>,
    /// 1 for the last 12 bits of each hash, otherwise 0. To look up hashes takes less time than to merge two lists.
    ends: [u8; 1 << 12],
}

impl<const MOST: usize> HashLookup<MOST> {
    fn of(lowest: LowestHashes<MOST>) -> Self {
        let mut ends = [0; 1 << 12];
        for hash in lowest.hashes() {
            ends[(hash & 0xfff) as usize] = 1;
        }
        Self { lowest, ends }
    }

    /// The share of hashes in common with another text, or 0 if its upper bound is lower than `least`.
    fn share(&self, other: &LowestHashes<MOST>, least: f64) -> f64 {
        let all = self.lowest.count.max(other.count).max(1) as f64;
        let most: u32 = other.hashes().iter().map(|hash| u32::from(self.ends[(hash & 0xfff) as usize])).sum();
        if f64::from(most) < least * all {
            return 0.0;
        }
        shared(self.lowest.hashes(), other.hashes()) as f64 / all
    }
}

/// The words of a text, ready to be compared.
struct ComparedWords<'a> {
    text: &'a str,
    words: Vec<&'a str>,
    /// Sorted hashes of all pairs and of all words.
    hashes: OnceCell<[Vec<u64>; 2]>,
}

impl<'a> ComparedWords<'a> {
    fn of(text: &'a str) -> Self {
        Self { text, words: text.split(' ').collect(), hashes: OnceCell::new() }
    }

    /// Whether the words are equal except for a few. The parts of `twenty-one` may be two words.
    fn are_equal(&self, other: &Self, threshold: f64) -> bool {
        let most = edits(self.words.len().max(other.words.len()), threshold);
        let parts = |text: &Self| text.text.split([' ', PART]).collect::<Vec<_>>();
        are_equal(&self.words, &other.words, most)
            || [self, other].iter().any(|text| text.text.contains(PART))
                && are_equal(&parts(self), &parts(other), most)
    }

    /// Whether the texts share most pairs of words, or nearly all words.
    fn are_similar(&self, other: &Self, threshold: f64) -> bool {
        let [[pairs, words], [others, other_words]] = [self.hashes(), other.hashes()];
        jaccard(pairs, others) >= threshold || jaccard(words, other_words) >= f64::midpoint(threshold, 1.0)
    }

    fn hashes(&self) -> &[Vec<u64>; 2] {
        self.hashes.get_or_init(|| {
            let words: Vec<u64> = self.words.iter().map(|word| hash(word)).collect();
            [pairs(&words), set(words)]
        })
    }
}

/// Numbers of words, if the parts of `twenty-one` are one word and if they are two.
fn counts(words: &str) -> [usize; 2] {
    let spaces = words.bytes().filter(|byte| *byte == b' ').count();
    [spaces + 1, spaces + 1 + words.bytes().filter(|byte| *byte == b'-').count()]
}

/// Hash of a word in which all digits are equal.
fn hash(word: &str) -> u64 {
    if word.bytes().any(|byte| byte.is_ascii_digit()) {
        let digits = |byte: u8| if byte.is_ascii_digit() { b'0' } else { byte };
        return xxh3_64(&word.bytes().map(digits).collect::<Vec<u8>>());
    }
    xxh3_64(word.as_bytes())
}

/// Hashes of pairs of neighbouring words. For a single word, the hash of the word.
fn pairs(words: &[u64]) -> Vec<u64> {
    match words {
        [word] => vec![*word],
        _ => set(words.windows(2).map(|pair| xxh3_64_with_seed(&pair[0].to_le_bytes(), pair[1])).collect()),
    }
}

/// Sorts texts and removes duplicates.
fn in_order(mut texts: Vec<u32>) -> Vec<u32> {
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// Sorts hashes and removes duplicates.
fn set(mut hashes: Vec<u64>) -> Vec<u64> {
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// The similarity of two sorted sets: shared elements divided by all elements (Jaccard 1912).
fn jaccard(one: &[u64], other: &[u64]) -> f64 {
    let shared = shared(one, other);
    shared as f64 / (one.len() + other.len() - shared).max(1) as f64
}

/// The number of elements that two sorted sets share.
fn shared<T: Copy + Ord>(one: &[T], other: &[T]) -> usize {
    let (mut i, mut j, mut shared) = (0, 0, 0);
    while i < one.len() && j < other.len() {
        let (left, right) = (one[i], other[j]);
        shared += usize::from(left == right);
        i += usize::from(left <= right);
        j += usize::from(right <= left);
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::fingerprint::mix;

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
        // 400 texts of 40 words, and copies with two adjacent words changed: they share 36 of 42 pairs, 0.86.
        let word = |n: u64| {
            (0..5)
                .map(|i| char::from(b'a' + u8::try_from(mix(n * 5 + i) % 26).unwrap_or(0)))
                .collect::<String>()
        };
        let text = |n: u64, change: u64| {
            let changed = |i: u64| if i / 2 == 10 { change } else { 0 };
            (0..40).map(|i| word(mix(n * 100 + i + changed(i)) % 5000)).collect::<Vec<_>>().join(" ")
        };
        for (threshold, near) in [(0.8, 400), (0.95, 0)] {
            let mut index = NearDuplicates::new(threshold);
            (0..400).for_each(|n| index.add(&text(n, 0)));
            let is_found = |n: &u64| index.first_near(&text(*n, 50_000)) == usize::try_from(*n).ok();
            assert_eq!((0..400).filter(is_found).count(), near, "{threshold}");
            assert_eq!((400..800).filter(|&n| index.has_near(&text(n, 0))).count(), 0);
        }
    }

    #[test]
    fn numbers_count_every_added_text() {
        let mut near = NearDuplicates::new(0.8);
        for text in ["see you at lunch", "SEE you at lunch", "", "call me when you are home tonight please"] {
            near.add(text);
        }
        assert_eq!(near.first_near("see you at lunch!"), Some(0));
        assert_eq!(near.first_near(" "), Some(2));
        assert_eq!(near.first_near("call me when you are home tonight thanks"), Some(3));
        assert_eq!(near.first_near("good night"), None);
    }
}
