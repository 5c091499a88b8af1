//! Describes a message without its text: sizes, flags, and hashes of its words.

use crate::features::columns::FeatureColumns;
use crate::features::{Analyzer, AnalyzerBuffers, Ngrams, Term, count};

/// Names of the sizes that are measured for every message.
pub const SIZES: [&str; 6] = [
    "number of characters",
    "number of words",
    "share of digits",
    "share of capital letters",
    "share of punctuation",
    "share of non-ASCII characters",
];

/// Names of the kinds of content that flags mark.
pub const FLAGS: [&str; 7] =
    ["a link", "an address", "money", "a phone number", "an emoji", "hidden letters", "digits for letters"];

/// Maximum number of words remembered for a message. The words with the lowest hashes are remembered.
pub const WORDS: usize = 32;

/// A description of a message without its text.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Descriptor {
    /// A step on a scale for each of [`SIZES`].
    pub sizes: [u8; SIZES.len()],
    /// A bit for each of [`FLAGS`].
    pub flags: u8,
    /// Hashes of distinct words, ascending.
    pub words: Vec<u16>,
}

/// Describes messages with reusable buffers.
pub struct Describer {
    analyzer: Analyzer,
    scratch: AnalyzerBuffers,
    words: Vec<u16>,
}

impl Default for Describer {
    fn default() -> Self {
        let analyzer = Analyzer { ngrams: Ngrams { fewest: 1, most: 1 }, ..Analyzer::default() };
        Self { analyzer, scratch: AnalyzerBuffers::default(), words: Vec::new() }
    }
}

impl Describer {
    /// Describes a message and its feature cells. `each` is called with the hash and the spelling of every word.
    pub fn look(
        &mut self,
        text: &str,
        cells: &[String],
        columns: Option<&FeatureColumns>,
        each: &mut impl FnMut(u16, &str),
    ) -> Descriptor {
        let Self { analyzer, scratch, words } = self;
        words.clear();
        let (mut flags, mut count) = (0, 0);
        analyzer.each(text, scratch, &mut |Term { key, mark, text }| {
            if mark.is_empty() {
                count += 1;
                // Ignore single letters and signs, which occur in every message.
                if text.len() > 1 {
                    let word = hash(key);
                    words.push(word);
                    each(word, text);
                }
            } else if let Some(flag) = flag(text) {
                flags |= 1 << flag;
            }
        });
        if !text.is_ascii() && text.chars().any(is_emoji) {
            flags |= 1 << EMOJI;
        }
        if let Some(columns) = columns {
            columns.each(cells, &mut |cell| {
                let word = hash(Term::cell(cell).key);
                words.push(word);
                each(word, cell);
            });
        }
        words.sort_unstable();
        words.dedup();
        words.truncate(WORDS);
        Descriptor { sizes: sizes(text, count), flags, words: words.clone() }
    }
}

/// Reduces a key to sixteen bits.
fn hash(key: u64) -> u16 {
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as u16
}

const EMOJI: usize = 4;

/// The flag for a shape token.
fn flag(shape: &str) -> Option<usize> {
    Some(match shape {
        "link" => 0,
        "address" => 1,
        "money" => 2,
        "number to call" => 3,
        "invisible" | "wide" | "mixed" | "spaced" => 5,
        "digits-for-letters" => 6,
        _ => return None,
    })
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27bf}' | '\u{1f000}'..='\u{1faff}')
}

fn sizes(text: &str, words: usize) -> [u8; SIZES.len()] {
    let bytes = text.as_bytes();
    let mut characters = bytes.len();
    let mut digits = count(bytes, |byte| byte.is_ascii_digit());
    let mut capitals = count(bytes, |byte| byte.is_ascii_uppercase());
    let signs = count(bytes, |byte| byte.is_ascii_punctuation());
    let mut non_ascii = 0;
    if !text.is_ascii() {
        for c in text.chars().filter(|c| !c.is_ascii()) {
            characters -= c.len_utf8() - 1;
            digits += usize::from(c.is_numeric());
            capitals += usize::from(c.is_uppercase());
            non_ascii += 1;
        }
    }
    let share = |part: usize| u8::try_from(part * 255 / characters.max(1)).unwrap_or(u8::MAX);
    [steps(characters), steps(words), share(digits), share(capitals), share(signs), share(non_ascii)]
}

/// The step of a number on a scale with eight steps per doubling.
fn steps(number: usize) -> u8 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the number is from 0 to 255"
    )]
    let steps = (8.0 * ((number + 1) as f64).log2()).min(255.0) as u8;
    steps
}

/// The approximate number at a step.
pub fn of_steps(steps: u8) -> f64 {
    (f64::from(steps) / 8.0).exp2() - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(text: &str) -> Descriptor {
        Describer::default().look(text, &[], None, &mut |_, _| ())
    }

    #[test]
    fn detects_the_contents_of_a_message() {
        let flags = |text: &str| -> Vec<&str> {
            let flags = look(text).flags;
            (0..FLAGS.len()).filter(|flag| flags >> flag & 1 == 1).map(|flag| FLAGS[flag]).collect()
        };
        assert_eq!(flags("see you at noon"), Vec::<&str>::new());
        assert_eq!(flags("go to http://win.example now"), ["a link"]);
        assert_eq!(flags("write to jo@mail.example \u{1f600}"), ["an address", "an emoji"]);
        assert_eq!(flags("fr\u{200b}ee \u{430}ccount, yours"), ["hidden letters"]);
        assert!(flags("you w0n the pr1ze").contains(&"digits for letters"));
    }

    #[test]
    fn measures_sizes_as_steps_on_a_scale() {
        let Descriptor { sizes, words, .. } = look("WIN 500 now");
        assert_eq!(sizes, [28, 16, 69, 69, 0, 0]);
        assert_eq!(words.len(), 3);
        assert!((of_steps(steps(1000)) / 1000.0 - 1.0).abs() < 0.1);
        assert_eq!(look("").sizes, [0; 6]);
    }

    #[test]
    fn remembers_the_same_words_of_a_long_text() {
        let many: Vec<String> = (0..200).map(|n| format!("word{n}")).collect();
        let many = many.join(" ");
        let words = look(&many).words;
        assert_eq!(words.len(), WORDS);
        assert!(words.is_sorted());
        assert_eq!(look(&format!("{many} {many}")).words, words);
    }
}
