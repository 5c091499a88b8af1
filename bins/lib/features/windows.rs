//! Splits a long message into overlapping windows, so that a little spam in a long normal text is found.

/// Calls `each` with every window of `words` words. A window starts half a window after the previous one. A text of at
/// most `words` words has no window.
pub fn each<'a>(text: &'a str, words: usize, each: &mut impl FnMut(&'a str)) {
    let step = (words / 2).max(1);
    let mut spans = Vec::new();
    let mut at = 0;
    for word in text.split_whitespace() {
        // Search from the end of the previous word to find the position of this word.
        let start = text[at..].find(word).map_or(at, |found| at + found);
        at = start + word.len();
        spans.push((start, at));
    }
    if spans.len() <= words {
        return;
    }
    let mut first = 0;
    loop {
        let last = (first + words).min(spans.len());
        each(&text[spans[first].0..spans[last - 1].1]);
        if last == spans.len() {
            return;
        }
        first += step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(text: &str, words: usize) -> Vec<&str> {
        let mut windows = Vec::new();
        let base = text.as_ptr() as usize;
        each(text, words, &mut |window| {
            let start = window.as_ptr() as usize - base;
            windows.push(&text[start..start + window.len()]);
        });
        windows
    }

    #[test]
    fn windows_overlap_by_half_and_cover_the_text() {
        assert!(windows("a b c d", 4).is_empty());
        assert_eq!(windows("a b  c d\ne f g", 4), ["a b  c d", "c d\ne f", "e f g"]);
        assert_eq!(windows("a b c", 1), ["a", "b", "c"]);
    }
}
