//! Decides whether two texts have the same words, except a few changed words, typing errors and digits for letters.

use crate::rows::seen_text::PART;

/// Minimum number of words at which a changed word is an edit. In a shorter text, a word can change the message.
const MIN_WORDS: usize = 8;

/// Maximum number of changed words. In longer texts, the similarity of all words decides.
const MOST_EDITS: usize = 4;

/// Number of words that may be changed, inserted or removed in a text of `count` words: one for each eight words at a
/// minimum similarity of 0.8, and fewer if the minimum is higher, but one at least. At 1, there is none.
pub(super) fn edits(count: usize, threshold: f64) -> usize {
    if count < MIN_WORDS || threshold >= 1.0 {
        return 0;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is between 0 and the count"
    )]
    let most = (count as f64 * (1.0 - threshold) * 0.625 + 1e-9) as usize;
    most.clamp(1, MOST_EDITS)
}

/// Whether the words are equal after at most `most` insertions, removals and changes (Levenshtein 1966). A word with one
/// typing error, or with digits for letters, is equal.
pub(super) fn are_equal(one: &[&str], other: &[&str], most: usize) -> bool {
    if one.len().abs_diff(other.len()) > most {
        return false;
    }
    let is_long = one.len().max(other.len()) >= MIN_WORDS;
    let same = |(one, other): &(&&str, &&str)| same_word(one, other, is_long);
    let before = one.iter().zip(other).take_while(same).count();
    let (one, other) = (&one[before..], &other[before..]);
    let after = one.iter().rev().zip(other.iter().rev()).take_while(same).count();
    let (one, other) = (&one[..one.len() - after], &other[..other.len() - after]);
    if one.len().min(other.len()) == 0 || one.len().max(other.len()) <= most {
        return one.len().max(other.len()) <= most;
    }
    most > 1 && distance(one, other, most) <= most
}

/// The edit distance of words, if it is at most `most`. Computes only a band around the diagonal (Ukkonen 1985).
fn distance(one: &[&str], other: &[&str], most: usize) -> usize {
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (row, word) in one.iter().enumerate() {
        let mut current = vec![most + 1; other.len() + 1];
        let (start, end) = (row.saturating_sub(most), (row + most + 1).min(other.len()));
        if start == 0 {
            current[0] = row + 1;
        }
        for column in start..end {
            let change = usize::from(!same_word(word, other[column], true));
            let moved = (above[column] + change).min(above[column + 1] + 1).min(current[column] + 1);
            current[column + 1] = moved;
        }
        if current.iter().min().is_none_or(|least| *least > most) {
            return most + 1;
        }
        above = current;
    }
    above.last().copied().unwrap_or(0)
}

/// Whether two texts have the same words, if digits and signs can stand for letters.
pub(super) fn same_spelling(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.chars(), other.chars());
    loop {
        match (one.next(), other.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if alike(a, b) => {}
            _ => return false,
        }
    }
}

/// Whether the letters of two texts are equal, whatever the spaces, if digits and signs can stand for letters.
pub(super) fn same_letters(one: &str, other: &str) -> bool {
    let are_equal = |keep: &dyn Fn(char) -> bool| {
        let letters = |text: &str| text.chars().filter(|c| keep(*c)).collect::<Vec<char>>();
        let (one, other) = (letters(one), letters(other));
        one.len() == other.len() && one.iter().zip(&other).all(|(one, other)| alike(*one, *other))
    };
    are_equal(&|c| c != ' ' && c != PART)
        || [one, other].iter().all(|text| text.contains(char::is_alphanumeric))
            && are_equal(&char::is_alphanumeric)
}

/// Minimum number of letters of a word that may have a typing error.
const MIN_MISSPELT: usize = 4;

/// Whether two words are equal, or differ in one typing error: a letter that is missing, doubled or swapped. In a long
/// text, also a wrong letter.
fn same_word(one: &str, other: &str, wrong_letter: bool) -> bool {
    if one == other {
        return true;
    }
    // One letter has at most four bytes.
    if one.len().abs_diff(other.len()) > 4 {
        return false;
    }
    let (mut left, mut right) = (one.chars(), other.chars());
    let (mut rests, mut same) = ((one, other), 0);
    while let (Some(a), Some(b)) = (left.next(), right.next())
        && alike(a, b)
    {
        rests = (left.as_str(), right.as_str());
        same += 1;
    }
    if rests == ("", "") {
        return true;
    }
    let (mut left, mut right) = (rests.0.chars(), rests.1.chars());
    while let (Some(a), Some(b)) = (left.next_back(), right.next_back())
        && alike(a, b)
    {
        rests = (left.as_str(), right.as_str());
        same += 1;
    }
    is_typing_error(rests, same, wrong_letter)
}

/// Whether two words that share `same` letters at their start and end have only one typing error between.
fn is_typing_error(rests: (&str, &str), same: usize, wrong_letter: bool) -> bool {
    let (mut left, mut right) = (rests.0.chars(), rests.1.chars());
    match [left.next(), left.next(), left.next(), right.next(), right.next(), right.next()] {
        [Some(_), None, None, None, ..] | [None, _, _, Some(_), None, _] => same + 1 >= MIN_MISSPELT,
        [Some(_), None, None, Some(_), None, _] => wrong_letter && same + 1 >= MIN_MISSPELT,
        [Some(a), Some(b), None, Some(c), Some(d), None] => {
            same + 2 >= MIN_MISSPELT && alike(a, d) && alike(b, c)
        }
        _ => false,
    }
}

/// Whether two characters are equal, or a digit or sign stands for the letter. All digits are equal.
fn alike(one: char, other: char) -> bool {
    one == other
        || one.is_ascii_digit() && other.is_ascii_digit()
        || stands_for(one, other)
        || stands_for(other, one)
        || matches!((one, other), ('i', 'l') | ('l', 'i'))
}

/// Whether a digit or sign stands for a letter.
fn stands_for(sign: char, letter: char) -> bool {
    let letters = match sign {
        '0' => "o",
        '1' | '!' | '|' => "il",
        '2' => "z",
        '3' => "e",
        '4' | '@' => "a",
        '5' | '$' => "s",
        '6' => "bg",
        '7' => "t",
        '8' => "b",
        '9' => "gq",
        _ => return false,
    };
    letters.contains(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equal(one: &str, other: &str, most: usize) -> bool {
        let [one, other] = [one, other].map(|text| text.split(' ').collect::<Vec<_>>());
        let both = are_equal(&one, &other, most);
        assert_eq!(both, are_equal(&other, &one, most), "{one:?} {other:?}");
        both
    }

    #[test]
    fn a_typing_error_in_each_long_word_is_no_edit() {
        for copy in ["clal me tonight", "caall me tonigt", "ca11 m3 t0n19ht", "caall me toniht"] {
            assert!(equal("call me tonight", copy, 0), "{copy}");
        }
        for other in ["cell me tonight", "call my tonight", "call me", "tell me tonight", "clla em tonight"] {
            assert!(!equal("call me tonight", other, 0), "{other}");
        }
        assert!(equal(
            "please call me on this number after six tonight",
            "pleese cell me on thas number after six tonite",
            1
        ));
    }

    #[test]
    fn counts_changed_inserted_and_removed_words() {
        let text = "a1 b2 c3 d4 e5 f6 g7 h8 i9 j";
        assert!(equal(text, "a1 xx c3 d4 e5 f6 g7 h8 i9 j", 1));
        assert!(equal(text, "a1 b2 c3 d4 e5 g7 h8 i9 j", 1));
        assert!(equal(text, "xx a1 b2 c3 d4 e5 f6 g7 h8 i9 j", 1));
        assert!(!equal(text, "xx b2 c3 d4 yy f6 g7 h8 i9 j", 1));
        assert!(equal(text, "xx b2 c3 d4 yy f6 g7 h8 i9 j", 2));
        assert!(equal(text, "b2 c3 d4 e5 f6 g7 xx h8 i9 j", 2));
        assert!(!equal(text, "b2 c3 yy e5 f6 g7 xx h8 i9 j", 2));
        assert!(equal(text, "b2 c3 yy e5 f6 g7 xx h8 i9 j", 3));
    }

    #[test]
    fn one_word_in_eight_may_change() {
        let counts = [7, 8, 15, 16, 40, 400];
        assert_eq!(counts.map(|count| edits(count, 0.8)), [0, 1, 1, 2, 4, 4]);
        assert_eq!(counts.map(|count| edits(count, 0.95)), [0, 1, 1, 1, 1, 4]);
        assert_eq!(counts.map(|count| edits(count, 1.0)), [0; 6]);
    }
}
