//! Words: runs of two or more letters, digits or underscores, in lower case.

/// Calls `each` with every word of a text.
pub fn each_word(text: &str, mut each: impl FnMut(&str)) {
    let lower = text.to_lowercase();
    for word in lower.split(|c: char| !(c.is_alphanumeric() || c == '_')) {
        if word.chars().nth(1).is_some() {
            each(word);
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn words_are_lower_case_and_not_single_letters() {
        let mut words = Vec::new();
        super::each_word("I'll WIN a £500-prize, große_Sache 무료!", |word| words.push(word.to_owned()));
        assert_eq!(words, ["ll", "win", "500", "prize", "große_sache", "무료"]);
    }
}
