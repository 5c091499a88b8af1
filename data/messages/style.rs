//! Changes the surface of a message: spacing, capitals, typing errors and disguises.

use crate::grammar::Grammar;
use crate::rng::Rng;

/// Percentage of words that a disguised message hides.
const DISGUISED_WORDS: usize = 38;

const DIGITS: [char; 10] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
/// Marks of prices, times and links. Their digits may change. The digits of a telephone number, an
/// address or an IBAN must not change, because the result could belong to a real person.
const LOOSE: [char; 6] = ['£', '$', '€', ':', '%', '/'];

/// Joins the parts of a template with single spaces, without a space before punctuation.
pub(crate) fn tidy(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    for sign in raw.trim().chars() {
        if matches!(sign, '.' | ',' | '?' | '!' | '\n') && text.ends_with(' ') {
            text.pop();
        }
        let doubled = text.ends_with(['.', ',', '?', '!']) && matches!(sign, '.' | ',');
        if !(doubled || sign == ' ' && text.ends_with([' ', '\n'])) {
            text.push(sign);
        }
    }
    text
}

pub(crate) fn capitalise(text: &str) -> String {
    let mut starts = true;
    let mut closed = false;
    text.chars()
        .map(|sign| {
            starts |= sign == '\n' || closed && sign == ' ';
            closed = matches!(sign, '.' | '?' | '!');
            if starts && sign.is_alphanumeric() {
                starts = false;
                return sign.to_ascii_uppercase();
            }
            sign
        })
        .collect()
}

/// Drops a letter from a random word, if the word is long enough.
pub(crate) fn slip(text: &str, rng: &mut Rng) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let hit = rng.below(words.len());
    replace_word(&words, hit, |word| {
        let gap = 1 + rng.below(word.len().saturating_sub(2));
        let kept = word.chars().enumerate().filter(|(at, _)| *at != gap).map(|(_, sign)| sign);
        is_plain(word, 5).then(|| kept.collect())
    })
}

/// Changes a digit, a name or a word, so that the result is a near-duplicate.
pub(crate) fn vary(text: &str, grammar: &Grammar, rng: &mut Rng) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let loose = words.iter().position(|word| word.contains(LOOSE) && word.contains(DIGITS));
    if let (Some(at), true) = (loose, rng.percent(50)) {
        return replace_word(&words, at, |word| {
            let (head, tail) = word.rsplit_once(DIGITS)?;
            let sevens = word.starts_with(&format!("{head}7"));
            let next = if sevens { '4' } else { '7' };
            Some(format!("{head}{next}{tail}"))
        });
    }
    for slot in ["name", "day", "de_name", "de_day", "ko_name", "ko_day"] {
        let known = grammar.alternatives(slot);
        let other = rng.pick(known);
        if let Some(at) = words.iter().position(|word| known.iter().any(|name| name == word)) {
            return replace_word(&words, at, |word| other.filter(|name| *name != word).cloned());
        }
    }
    format!("{} {text}", rng.pick(&["PS:", "Re:", "Fwd:"]).copied().unwrap_or_default())
}

/// Hides words from a filter in the given manner. Links stay unchanged.
pub(crate) fn disguise(text: &str, manner: &str, rng: &mut Rng) -> String {
    let wide = rng.percent(30);
    let words = text.split(' ').map(|word| {
        if word.contains(['/', '@']) {
            word.to_owned()
        } else if wide && word.contains(DIGITS) {
            word.chars().map(full_width).collect()
        } else if rng.percent(DISGUISED_WORDS) && word.len() > 3 {
            hide(word, manner)
        } else {
            word.to_owned()
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn hide(word: &str, manner: &str) -> String {
    let signs = word.chars();
    match manner {
        "spaced" => signs.map(String::from).collect::<Vec<_>>().join(" "),
        "zerowidth" => signs.map(String::from).collect::<Vec<_>>().join("\u{200B}"),
        "leet" => signs.map(|sign| swap(sign, "aeiotsAEIOTS", "431075431075")).collect(),
        "lookalike" => signs.map(|sign| swap(sign, "aeopcxyABEKMHOPCT", "аеорсхуАВЕКМНОРСТ")).collect(),
        _ => word.to_owned(),
    }
}

fn swap(sign: char, from: &str, to: &str) -> char {
    from.chars().zip(to.chars()).find(|pair| pair.0 == sign).map_or(sign, |pair| pair.1)
}

fn full_width(sign: char) -> char {
    swap(sign, "0123456789", "０１２３４５６７８９")
}

fn is_plain(word: &str, min_length: usize) -> bool {
    word.len() >= min_length && word.chars().all(|sign| sign.is_ascii_alphabetic())
}

fn replace_word(words: &[&str], at: usize, new: impl FnOnce(&str) -> Option<String>) -> String {
    let mut words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    if let Some(word) = words.get_mut(at)
        && let Some(new) = new(word)
    {
        *word = new;
    }
    words.join(" ")
}
