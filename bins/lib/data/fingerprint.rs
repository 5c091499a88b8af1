//! A text without its small change, and the number that stands for it.

use xxhash_rust::xxh3::xxh3_64;

use crate::data::share::Share;

/// The hash of a normalised text: copies that differ in case, spacing, digits or links have the same one.
///
/// It decides for good which side of the holdout a row is on, so neither the normal form nor the hash may ever change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    /// The fingerprint of a text.
    pub fn of(text: &str) -> Self {
        Self(xxh3_64(normal(text).as_bytes()))
    }

    /// Whether the text is on the training side when `train` of all texts are.
    pub fn is_for_training(self, train: Share) -> bool {
        // Mixed once more, so that the side tells nothing to whoever else uses the low bits of the hash.
        unit(mix(self.0 ^ 0x5350_4c49_5430_3031)) < train.value()
    }
}

/// Lower case, every digit 0, every link U, one space between words.
pub fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        if is_link(word) {
            out.push('U');
            continue;
        }
        for c in word.chars() {
            if c.is_numeric() {
                out.push('0');
            } else if c.is_ascii() {
                out.push(c.to_ascii_lowercase());
            } else {
                out.extend(c.to_lowercase());
            }
        }
    }
    out
}

fn is_link(word: &str) -> bool {
    let starts = |with: &str| word.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
    starts("http://") || starts("https://") || starts("www.")
}

/// Steele, Lea & Flood 2014, the finaliser of SplitMix64: every bit of the input moves every bit of the output.
pub fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A hash as a number in [0, 1), by its 53 high bits.
pub fn unit(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_share_a_fingerprint() {
        assert_eq!(normal("  WIN £500\nnow at HTTPS://x.test/a?b ÄÖ"), "win £000 now at U äö");
        assert_eq!(Fingerprint::of("Call 0800 111"), Fingerprint::of("call  0999 222 "));
        assert_ne!(Fingerprint::of("call me"), Fingerprint::of("call you"));
    }

    #[test]
    fn the_numbers_never_change() {
        // python-xxhash 4.1.0: xxh3_64_intdigest("win £000 now"), and splitmix64 seeded with 0.
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(Fingerprint::of("WIN £500 now"), Fingerprint(13_276_176_767_681_274_194));
    }
}
