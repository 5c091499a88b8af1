//! Computes the fingerprint of a text: a hash that ignores case, spacing, digits and links.

use xxhash_rust::xxh3::xxh3_64;

use crate::io::fraction::Fraction;

/// The hash of a normalised text. Copies that differ only in case, spacing, digits or links have the same fingerprint.
///
/// The fingerprint decides whether a row is in the holdout, so the normal form and the hash must never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    pub fn of(text: &str) -> Self {
        Self(xxh3_64(&normal_bytes(text)))
    }

    /// Whether the text is on the training side. `train` is the share of texts on that side.
    pub fn is_for_training(self, train: Fraction) -> bool {
        // Mix again, so that the side is independent of other uses of the hash.
        unit(mix(self.0 ^ 0x5350_4c49_5430_3031)) < train.value()
    }
}

/// The normal form: lower case, 0 for each digit, U for each link, one space between words.
pub fn normal(text: &str) -> String {
    // The bytes are always UTF-8: `normal_bytes` adds complete characters and removes only spaces and links.
    String::from_utf8(normal_bytes(text)).unwrap_or_default()
}

/// The normal form as bytes. Most texts need only the first of three passes. Each pass processes many bytes at once.
fn normal_bytes(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    if !text.is_ascii() {
        while let Some(at) = rest.bytes().position(|byte| !byte.is_ascii()) {
            let (ascii, other) = rest.split_at(at);
            fold_ascii(ascii, &mut out);
            let mut others = other.chars();
            others.next().into_iter().for_each(|c| fold(c, &mut out));
            rest = others.as_str();
        }
    }
    fold_ascii(rest, &mut out);
    let BytePairs { wide_gap, link } = find_pairs(&out);
    if wide_gap || out.first() == Some(&b' ') || out.last() == Some(&b' ') {
        let mut last = b' ';
        out.retain(|byte| {
            let before = std::mem::replace(&mut last, *byte);
            [before, *byte] != *b"  "
        });
        out.pop_if(|byte| *byte == b' ');
    }
    if link {
        replace_links(&mut out);
    }
    out
}

/// Appends ASCII text in its normal form.
fn fold_ascii(text: &str, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(text.as_bytes());
    for byte in &mut out[start..] {
        *byte = match *byte {
            b'0'..=b'9' => b'0',
            b'\t'..=b'\r' => b' ',
            other => other.to_ascii_lowercase(),
        };
    }
}

/// Appends any other character. No such character can become part of `http` or `www`.
fn fold(c: char, out: &mut Vec<u8>) {
    if c.is_whitespace() {
        out.push(b' ');
    } else if c.is_numeric() {
        out.push(b'0');
    } else {
        for c in c.to_lowercase() {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// Whether a text contains certain pairs of bytes.
struct BytePairs {
    /// Two spaces.
    wide_gap: bool,
    /// A pair that is rare outside links.
    link: bool,
}

/// Searches blocks of 64 bytes without stopping at a match, so that the compiler can vectorise the loop.
fn find_pairs(text: &[u8]) -> BytePairs {
    let (mut gaps, mut links) = (0, 0);
    for (ones, nexts) in text.chunks(64).zip(text.get(1..).unwrap_or_default().chunks(64)) {
        for (one, next) in ones.iter().zip(nexts) {
            let is = |[first, second]: &[u8; 2]| u8::from(one == first) & u8::from(next == second);
            gaps |= is(b"  ");
            links |= is(b":/") | is(b"ww");
        }
    }
    BytePairs { wide_gap: gaps != 0, link: links != 0 }
}

/// Replaces every link with U.
fn replace_links(text: &mut Vec<u8>) {
    let starts: Vec<usize> = memchr::memchr2_iter(b':', b'w', text).filter_map(|at| link(text, at)).collect();
    let (mut kept, mut at) = (0, 0);
    for start in starts {
        text.copy_within(at..start, kept);
        kept += start - at;
        text[kept] = b'U';
        kept += 1;
        at = memchr::memchr(b' ', &text[start..]).map_or(text.len(), |length| start + length);
    }
    if at > 0 {
        text.copy_within(at.., kept);
        text.truncate(kept + text.len() - at);
    }
}

/// The start of the link whose colon, or first w, is at `at`.
fn link(text: &[u8], at: usize) -> Option<usize> {
    let (before, after) = text.split_at(at);
    let before = if after.starts_with(b"www.") {
        before
    } else if after.starts_with(b"://") {
        before.strip_suffix(b"https").or_else(|| before.strip_suffix(b"http"))?
    } else {
        return None;
    };
    before.last().is_none_or(|last| *last == b' ').then_some(before.len())
}

/// The finaliser of SplitMix64 (Steele, Lea & Flood 2014): every bit of the input affects every bit of the output.
pub fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Maps a hash to [0, 1) by its 53 high bits.
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
    fn the_hashes_never_change() {
        // python-xxhash 4.1.0: xxh3_64_intdigest("win £000 now"), and splitmix64 seeded with 0.
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(Fingerprint::of("WIN £500 now"), Fingerprint(13_276_176_767_681_274_194));
    }
}
