//! Words: runs of two or more letters, marks, digits or underscores, in lower case.

use std::sync::LazyLock;

use regex::Regex;

/// A word begins with a letter, a digit or an underscore; marks only go on with it, so that what is left of an emoji before
/// a word is no part of it.
///
/// This is scikit-learn's `\b\w\w+\b`, and marks and circled letters besides: Python's `\w` has neither, and cuts most
/// words of Hindi, and German ones whose dots are marks of their own, to pieces.
static WORD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[\p{Alphabetic}\p{N}_--\p{M}][\p{Alphabetic}\p{M}\p{N}_]+").ok());

/// Calls `each` with every word of a text.
pub fn each_word(text: &str, mut each: impl FnMut(&str)) {
    let lower = text.to_lowercase();
    for word in WORD.iter().flat_map(|pattern| pattern.find_iter(&lower)) {
        each(word.as_str());
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn words_are_lower_case_and_not_single_letters() {
        let words = |text| {
            let mut words = Vec::new();
            super::each_word(text, |word| words.push(word.to_owned()));
            words
        };
        assert_eq!(
            words("I'll WIN a £500-prize, große_Sache 무료!"),
            ["ll", "win", "500", "prize", "große_sache", "무료"]
        );
        assert_eq!(words("fu\u{308}r ❤\u{fe0f}love नमस्ते"), ["fu\u{308}r", "love", "नमस्ते"]);
    }
}
