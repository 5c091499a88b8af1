//! Reads a text as the search for copies sees it: its words without disguises, and the features that copies share.

use xxhash_rust::xxh3::xxh3_64;

use crate::features::undisguised::undisguised;
use crate::features::{is_host, is_unspaced};
use crate::rows::fingerprint::mix;

/// Maximum number of word pairs that represent a text. A longer text is represented by those with the lowest hashes
/// (Broder 1997), so that two similar texts keep the same pairs.
pub(super) const MOST_PAIRS: usize = 48;

/// Maximum number of single words that represent a text.
pub(super) const MOST_WORDS: usize = 32;

/// Number of adjacent words of the lowest hashes that form one feature. Single words are too frequent.
const RUN: usize = 3;

/// Minimum number of different words for such features. In shorter texts, sets without one word find all copies.
const MIN_RUNS: usize = 12;

/// Minimum number of different words for features of all words but one, in any order.
const MIN_SET: usize = 6;

/// Maximum number of words for features of all words but one.
const MOST_WHOLE: usize = 32;

/// Maximum number of words of a text that may have few whole words and pairs if it is misspelt.
const FEW_WORDS: u64 = 4;

/// Minimum number of letters without a look-alike that identify a text by their hash.
const MIN_LETTERS: u32 = 8;

/// The word that replaces each link. All other words are in lower case.
const LINK: &str = "U";

/// Separates the parts of a word with signs, such as `twenty-one`.
pub(super) const PART: char = '-';

/// A text without disguises, and the features by which the index finds it.
pub(super) struct SeenText {
    /// The words, separated by spaces, and their parts, separated by `PART`. In scripts without spaces, each character
    /// is a word.
    pub(super) words: String,
    /// Hashes of all letters, whatever the spaces and signs between them: with signs as letters, and without. Digits and
    /// letters that look alike are equal.
    pub(super) letters: [u64; 2],
    /// Whether `letters` alone identifies the text.
    pub(super) is_long: bool,
    /// Lowest hashes of neighbouring words, sorted.
    pub(super) pairs: Vec<u64>,
    /// Lowest hashes of the words, sorted.
    pub(super) singles: Vec<u64>,
    /// Hashes of runs of the words with the lowest hashes. The order of the words has no effect.
    pub(super) runs: Vec<u64>,
    /// Hashes of the set of all words, and of all words but one.
    pub(super) sets: Vec<u64>,
    /// Hashes of the first letters of all words, and of all words but one.
    pub(super) firsts: Vec<u64>,
}

impl SeenText {
    pub(super) fn of(text: &str) -> Self {
        let plain = undisguised(text);
        let mut words = WordReader::default();
        words.read(&plain);
        let (letters, is_long) = letters(&plain);
        let words = words.text;
        let keys = keys(&words);
        let pairs = match &keys[..] {
            [word] => vec![mix(*word)],
            _ => keys.windows(2).map(|pair| mix(pair[0] ^ pair[1].rotate_left(32))).collect(),
        };
        let (count, pairs) = (keys.len(), lowest(pairs, MOST_PAIRS));
        let firsts = if count <= MOST_WHOLE { firsts(&words, &keys) } else { Vec::new() };
        let mut singles = lowest(keys, usize::MAX);
        let sets = if singles.len() <= MOST_WHOLE { sets(&singles) } else { Vec::new() };
        singles.truncate(MOST_WORDS);
        let long: &[u64] = if singles.len() < MIN_RUNS { &[] } else { &singles };
        let runs = long.windows(RUN).map(|run| run.iter().fold(0, |hash, word| mix(hash ^ word))).collect();
        Self { words, letters, is_long, pairs, singles, runs, sets, firsts }
    }
}

/// Hashes of the set of all words, and of all words but one. Two texts that differ in one word share a hash.
fn sets(singles: &[u64]) -> Vec<u64> {
    let all = singles.iter().fold(0, |sum: u64, word| sum.wrapping_add(mix(*word)));
    let enough: &[u64] = if singles.len() < MIN_SET { &[] } else { singles };
    let less_one = enough.iter().map(|word| mix(all.wrapping_sub(mix(*word))));
    std::iter::once(mix(all)).chain(less_one).collect()
}

/// The words of a text while it is read.
#[derive(Default)]
struct WordReader {
    text: String,
    /// Single letters that may form one word, such as f r e e.
    letters: String,
}

impl WordReader {
    fn read(&mut self, plain: &str) {
        // Other messages also have single letters, such as "how r u".
        let (chunks, single) = plain
            .split_whitespace()
            .fold((0, 0), |(chunks, single), chunk| (chunks + 1, single + usize::from(is_letter(chunk))));
        let is_spaced = single * 2 > chunks;
        let mut wide = false;
        for chunk in plain.split(char::is_whitespace) {
            if chunk.is_empty() {
                wide = true;
                continue;
            }
            // As in the analyzer: a wider gap, or another word, ends a spaced word.
            if is_spaced && is_letter(chunk) {
                if wide {
                    self.join(2);
                }
                self.letters.push_str(chunk);
            } else {
                self.join(if wide { 2 } else { 3 });
                self.add_chunk(chunk);
            }
            wide = false;
        }
        self.join(3);
        if self.text.is_empty() {
            // A text with only signs keeps the signs.
            plain.split_whitespace().for_each(|signs| self.push(signs));
        }
    }

    fn push(&mut self, word: &str) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(word);
    }

    /// Adds the collected letters: as one word if there are at least `min`, otherwise one by one.
    fn join(&mut self, min: usize) {
        let letters = std::mem::take(&mut self.letters);
        if letters.chars().nth(min - 1).is_some() {
            self.push(&letters);
        } else {
            letters.chars().for_each(|c| self.push(c.encode_utf8(&mut [0; 4])));
        }
    }

    /// Adds the words of a chunk without spaces. In a script without spaces, adds each character.
    fn add_chunk(&mut self, chunk: &str) {
        if is_link(chunk) {
            return self.push(LINK);
        }
        let is_address = chunk.find('@').is_some_and(|at| at > 0 && chunk[at..].contains('.'));
        let (mut starts, mut parts) = (true, false);
        each_letter(chunk, |c, is_sign| {
            // More often, these signs end a sentence.
            let Some(c) = c.filter(|c| !(is_sign && (is_address || matches!(c, '!' | '|')))) else {
                parts |= !starts;
                return;
            };
            if starts || is_unspaced(c) {
                if !self.text.is_empty() {
                    self.text.push(' ');
                }
            } else if parts {
                self.text.push(PART);
            }
            self.text.push(c);
            (starts, parts) = (is_unspaced(c), false);
        });
    }
}

/// Whether a chunk is a single letter of a script with spaces.
fn is_letter(chunk: &str) -> bool {
    let mut chars = chunk.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() && !is_unspaced(c)) && chars.next().is_none()
}

/// Whether a chunk is a link. The letters of `http` may be disguised.
fn is_link(chunk: &str) -> bool {
    chunk.starts_with("www.") || chunk.contains('/') && (chunk.contains("://") || is_host(chunk))
}

/// Calls `each` with the letters and digits, and with none for the signs between two words. A sign in the place of a letter
/// is a letter, as in `c@sh` and `$ave`; then the second argument is true.
fn each_letter(plain: &str, mut each: impl FnMut(Option<char>, bool)) {
    let mut before = ' ';
    let mut chars = plain.chars();
    while let Some(c) = chars.next() {
        if c.is_alphanumeric() {
            each(Some(if !c.is_ascii() && c.is_numeric() { '0' } else { c }), false);
        } else if !matches!(c, '\'' | '’' | '`') {
            let next = chars.clone().next().unwrap_or(' ');
            let stands_for_letter = match c {
                '@' | '$' => next.is_alphabetic() || before.is_alphabetic(),
                '!' | '|' => next.is_alphanumeric() && before.is_alphanumeric(),
                _ => false,
            };
            each(stands_for_letter.then_some(c), stands_for_letter);
        }
        before = c;
    }
}

/// How rare an English letter is: the lower, the rarer. The other letters, and all digits, can replace each other in
/// disguised words, as in `fr33`, and have no rank.
const RANKS: [u32; 128] = {
    let mut ranks = [u32::MAX; 128];
    let letters = *b"jxkvwfypmcudhrn";
    let (mut place, mut rank) = (0, u32::MAX / 2);
    while place < letters.len() {
        ranks[letters[place] as usize] = rank;
        place += 1;
        rank += 1;
    }
    ranks
};

/// The rank of a letter, or `u32::MAX`. All other scripts come before Latin letters, in any order.
#[expect(clippy::cast_possible_truncation, reason = "any bits of the hash give an order")]
fn rank(c: char) -> u32 {
    RANKS.get(c as usize).copied().unwrap_or_else(|| mix(u64::from(u32::from(c))) as u32 / 2)
}

/// Marks a sign in the place of a letter.
const SIGN: u8 = b'!';

/// Hashes of all letters of a text, with signs as letters and without, and whether the second identifies the text.
fn letters(plain: &str) -> ([u64; 2], bool) {
    let (mut bytes, mut certain) = (Vec::with_capacity(plain.len()), 0);
    each_letter(plain, |c, is_sign| match c {
        _ if is_sign => bytes.push(SIGN),
        Some(c) if rank(c) == u32::MAX => bytes.push(b'#'),
        Some(c) => {
            certain += 1;
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        None => {}
    });
    if bytes.is_empty() {
        let hash = xxh3_64(&plain.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect::<Vec<u8>>());
        return ([hash; 2], false);
    }
    let mut without = bytes.clone();
    without.retain(|byte| *byte != SIGN);
    bytes.iter_mut().filter(|byte| **byte == SIGN).for_each(|byte| *byte = b'#');
    ([xxh3_64(&bytes), xxh3_64(&without)], certain >= MIN_LETTERS)
}

/// The hash of each word. In a script without spaces whose characters are sounds, also of the next two characters,
/// because two sounds are in most texts.
fn keys(words: &str) -> Vec<u64> {
    let keys: Vec<u64> = words.split([' ', PART]).map(key).collect();
    if words.is_ascii() {
        return keys;
    }
    let is_sound = |word: &str| word.chars().next().is_some_and(|c| is_unspaced(c) && c < '\u{3400}');
    if words.chars().any(|c| is_unspaced(c) && c < '\u{3400}') {
        let sounds: Vec<bool> = words.split([' ', PART]).map(is_sound).collect();
        let joined = |at: usize| {
            let next = (at + 1..keys.len().min(at + 3)).take_while(|next| sounds[at] && sounds[*next]);
            next.fold(keys[at], |hash, next| mix(hash ^ keys[next]))
        };
        return (0..keys.len()).map(joined).collect();
    }
    keys
}

/// A hash that most misspelt or disguised forms of a word share: of its three rarest letters, in any order. If it has
/// no letter with a rank, of its length.
fn key(word: &str) -> u64 {
    let mut rarest = [u32::MAX; 3];
    let mut length = 0u64;
    for c in word.chars() {
        length += 1;
        let mut rank = rank(c);
        if rarest.contains(&rank) {
            continue;
        }
        for kept in &mut rarest {
            if rank < *kept {
                std::mem::swap(kept, &mut rank);
            }
        }
    }
    if rarest[0] < u32::MAX {
        return rarest.iter().fold(0, |hash, rank| mix(hash ^ u64::from(*rank)));
    }
    if word.contains(char::is_alphanumeric) { mix(length.min(4)) } else { xxh3_64(word.as_bytes()) }
}

/// Hashes of the first letters of all words, and of all words but one. In a very short text, also of each word with its
/// place. A typing error never changes both the first letter and the key of a word.
fn firsts(words: &str, keys: &[u64]) -> Vec<u64> {
    let count = keys.len() as u64;
    let first = |word: &str| word.chars().next().map_or(u32::MAX, rank);
    let letters = words.split([' ', PART]).map(first).zip(1..);
    let letters: Vec<u64> = letters.map(|(rank, place)| mix(u64::from(rank) << 8 | place)).collect();
    let all = letters.iter().fold(count, |sum, letter| sum.wrapping_add(*letter));
    let mut hashes = vec![mix(all)];
    hashes.extend(letters.iter().zip(1..).map(|(letter, place)| mix(all.wrapping_sub(*letter) ^ mix(place))));
    if count <= FEW_WORDS {
        hashes.extend(keys.iter().zip(1..).map(|(key, place)| mix(*key ^ mix(place << 8 | count))));
    }
    hashes
}

/// Sorts hashes and keeps the lowest, without repetitions.
fn lowest(mut hashes: Vec<u64>, most: usize) -> Vec<u64> {
    hashes.sort_unstable();
    hashes.dedup();
    hashes.truncate(most);
    hashes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_words_without_signs_spaces_and_links() {
        for (text, words) in [
            ("Don't  CALL (now)!", "dont call now"),
            ("f r e e   c a s h   a t   www.a.test", "free cash at U"),
            ("how r u doing i m fine", "how r u doing i m fine"),
            ("I am at h77p://a.test/b", "i am at U"),
            ("c@sh $ave 5$ hi! x|y", "c@sh $ave 5 hi x-y"),
            ("a two-part.word a.test/x \"http://a.test\"", "a two-part-word U U"),
            ("免费赢 now ฟรี", "免 费 赢 now ฟ ร ี"),
            (":-) !!", ":-) !!"),
            ("", ""),
        ] {
            assert_eq!(SeenText::of(text).words, words, "{text}");
        }
    }

    #[test]
    fn misspelt_and_disguised_words_share_a_key() {
        for (word, other) in [
            ("prize", "prziee"),
            ("prize", "pr1z3"),
            ("call", "ca11"),
            ("please", "plaese"),
            ("500", "900"),
            ("best", "bseest"),
            ("free", "fre"),
        ] {
            assert_eq!(key(word), key(other), "{word} {other}");
        }
        assert_ne!(key("prize"), key("price"));
        assert_ne!(key("to"), key("yes"));
        assert_ne!(key("무료"), key("쿠폰"));
    }

    #[test]
    fn spaces_signs_and_digits_do_not_change_the_letters() {
        let letters = |text: &str| SeenText::of(text).letters[1];
        let text = "Free prize, call 0800 today";
        for copy in [
            "F-R-E-E prizecall0800today",
            "fr33 pr1z3 c4ll 9999 t0d4y",
            "f r e e p r i z e c a l l 0800 today",
        ] {
            assert_eq!(letters(copy), letters(text), "{copy}");
        }
        assert_ne!(letters("Free prize, call 080 today"), letters(text));
        assert_eq!(SeenText::of("c@sh pr|ze").letters[0], SeenText::of("cash prize!").letters[0]);
    }
}
