//! Tests of the search for copies: disguises, changed words, typing errors, and rows that are no copies.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::path::Path;

use spamops::rows::fingerprint::{mix, normal};
use spamops::rows::near_duplicates::NearDuplicates;
use spamops::rows::{ReadOptions, Row, Rows};

/// A seeded sequence of random numbers.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 += 1;
        usize::try_from(mix(self.0) % most as u64).unwrap()
    }

    fn pick<'a>(&mut self, from: &'a [String]) -> &'a str {
        &from[self.below(from.len())]
    }
}

/// The texts of a file, without repetitions of the normalised text.
fn distinct(path: &Path) -> Vec<String> {
    let place = path.to_str().unwrap().parse().unwrap();
    let (mut rows, mut row) = (Rows::open(&place, &ReadOptions::default()).unwrap(), Row::default());
    let (mut texts, mut known) = (Vec::new(), HashSet::new());
    while rows.read(&mut row).unwrap() {
        let text = rows.text(&row).unwrap().to_owned();
        if known.insert(normal(&text)) {
            texts.push(text);
        }
    }
    texts
}

fn demo() -> Vec<String> {
    distinct(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/messages.csv"))
}

fn index(texts: &[String]) -> NearDuplicates {
    let mut near = NearDuplicates::new(0.8);
    for text in texts {
        near.add(text);
    }
    near
}

/// Replaces characters of `from` by the characters at the same places of `to`.
fn translate(text: &str, from: &str, to: &str) -> String {
    let map: HashMap<char, char> = from.chars().zip(to.chars()).collect();
    text.chars().map(|c| map.get(&c).copied().unwrap_or(c)).collect()
}

fn between_letters(text: &str, separator: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    for c in text.chars() {
        if before.is_alphabetic() && c.is_alphabetic() {
            out.push_str(separator);
        }
        out.push(c);
        before = c;
    }
    out
}

fn after_letters(text: &str, mark: char) -> String {
    text.chars().flat_map(|c| [Some(c), c.is_alphabetic().then_some(mark)]).flatten().collect()
}

/// Swaps two neighbouring letters, drops a letter or doubles a letter in each word of four letters or more.
fn misspelt(text: &str, dice: &mut Dice) -> String {
    let mut out = String::new();
    let mut word = Vec::new();
    for c in text.chars().chain([' ']) {
        if c.is_alphabetic() {
            word.push(c);
            continue;
        }
        if word.len() > 3 {
            let at = dice.below(word.len() - 1);
            match dice.below(3) {
                0 => word.swap(at, at + 1),
                1 => drop(word.remove(at + 1)),
                _ => word.insert(at, word[at]),
            }
        }
        out.extend(word.drain(..));
        out.push(c);
    }
    out
}

/// The disguises of `tests/bench/disguises.py`, by name.
fn disguised(text: &str, dice: &mut Dice) -> Vec<(&'static str, String)> {
    let bold = |c: char| match c {
        'a'..='z' => char::from_u32(0x1d41a + u32::from(c) - u32::from('a')),
        'A'..='Z' => char::from_u32(0x1d400 + u32::from(c) - u32::from('A')),
        _ => None,
    };
    let wide = |c: char| ('!'..='~').contains(&c).then(|| char::from_u32(u32::from(c) + 0xfee0)).flatten();
    let map =
        |by: &dyn Fn(char) -> Option<char>| text.chars().map(|c| by(c).unwrap_or(c)).collect::<String>();
    let latin = "acdehijklmopqrstuvwxyABCEHIJKMNOPSTXYZ";
    let words: Vec<String> = text.split_whitespace().map(|word| between_letters(word, " ")).collect();
    vec![
        ("homoglyph", translate(text, latin, "асԁеһіјкӏморԛгѕтυνԝхуΑВСЕНІЈКМΝОРЅТХΥΖ")),
        ("zero-width", between_letters(text, "\u{200b}")),
        ("soft hyphen", between_letters(text, "\u{ad}")),
        ("full-width", map(&wide)),
        ("bold", map(&bold)),
        ("accents", after_letters(text, '\u{301}')),
        ("struck out", after_letters(text, '\u{336}')),
        ("leet", translate(text, "aeiostAEIOST", "431057431057")),
        ("spaced", words.join("   ")),
        ("spaced once", words.join(" ")),
        ("no spaces", text.split_whitespace().collect()),
        ("signs", text.split_whitespace().collect::<Vec<_>>().join("! ")),
        ("upper case", text.to_uppercase()),
        ("typo", misspelt(text, dice)),
    ]
}

/// The copies by name that an index of the originals does not find.
fn survivors<'a>(
    near: &NearDuplicates,
    texts: impl IntoIterator<Item = &'a String>,
) -> BTreeMap<&'static str, Vec<String>> {
    let mut dice = Dice(7);
    let mut survivors: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for text in texts {
        for (name, copy) in disguised(text, &mut dice) {
            if !near.has_near(&copy) {
                survivors.entry(name).or_default().push(copy);
            }
        }
    }
    survivors
}

#[test]
fn no_disguised_copy_of_the_demo_survives() {
    let texts = demo();
    let near = index(&texts);
    let left = survivors(&near, texts.iter().step_by(3));
    assert!(
        left.is_empty(),
        "{:?}",
        left.iter().map(|(name, texts)| (name, texts.len(), &texts[0])).collect::<Vec<_>>()
    );
}

#[test]
fn no_disguised_copy_of_a_real_message_survives() {
    let Some(corpus) = crate::sample::real("sms.csv") else { return };
    let texts = distinct(&corpus);
    let near = index(&texts);
    let left = survivors(&near, texts.iter().step_by(3));
    assert!(left.is_empty(), "{left:?}");
}

/// Words of two to five syllables.
fn words_of(syllables: &[String], spaced: bool, dice: &mut Dice) -> Vec<String> {
    let lengths = if spaced { 2..6 } else { 1..3 };
    (0..800)
        .map(|_| {
            let length = lengths.start + dice.below(lengths.len());
            (0..length).map(|_| dice.pick(syllables)).collect()
        })
        .collect()
}

/// Syllables of a language, and whether it has spaces between words.
fn languages() -> Vec<(&'static str, Vec<String>, bool)> {
    let combined = |first: &str, then: &str| -> Vec<String> {
        first.chars().flat_map(|one| then.chars().map(move |two| format!("{one}{two}"))).collect()
    };
    let range = |from: u32, step: usize, count: usize| -> Vec<String> {
        (from..).step_by(step).take(count).filter_map(char::from_u32).map(String::from).collect()
    };
    vec![
        ("Latin", combined("bcdfglmnprstvz", "aeiou"), true),
        ("Cyrillic", combined("бвгджзклмнпрстфхцчш", "аеиоуыя"), true),
        ("Hangul", range(0xac00, 29, 300), true),
        ("Han", range(0x4e00, 17, 600), false),
        ("Thai", combined("กขคงจชดตถทนบปผพมยรลวสหอ", "าิีุู"), false),
    ]
}

#[test]
fn copies_with_one_changed_word_do_not_survive() {
    for (language, syllables, spaced) in languages() {
        let mut dice = Dice(11);
        let words = words_of(&syllables, spaced, &mut dice);
        // In scripts without spaces, the change is one character.
        let separator = if spaced { " " } else { "" };
        let texts: Vec<Vec<String>> = (0..1_500)
            .map(|n| {
                let text: Vec<String> = (0..8 + n % 33).map(|_| dice.pick(&words).to_owned()).collect();
                if spaced { text } else { text.concat().chars().map(String::from).collect() }
            })
            .collect();
        let mut near = NearDuplicates::new(0.8);
        texts[..1_000].iter().for_each(|text| near.add(&text.join(separator)));
        let other = |dice: &mut Dice| {
            let word = dice.pick(&words);
            if spaced { word.to_owned() } else { word.chars().take(1).collect() }
        };
        let mut left = String::new();
        let mut survivors = 0;
        for (number, text) in texts[..1_000].iter().enumerate() {
            let at = dice.below(text.len());
            let mut copies = vec![text.clone(), text.clone(), text.clone()];
            copies[0][at] = other(&mut dice);
            copies[1].insert(at, other(&mut dice));
            copies[2].remove(at);
            for copy in copies {
                if near.first_near(&copy.join(separator)) != Some(number) {
                    survivors += 1;
                    writeln!(left, "{} | {}", text.join(separator), copy.join(separator)).unwrap();
                }
            }
        }
        assert!(survivors <= 30, "{language}: {survivors} of 3,000 copies survive\n{left}");
        let set_aside = texts[1_000..].iter().filter(|text| near.has_near(&text.join(separator))).count();
        assert!(set_aside <= 5, "{language}: {set_aside} of 500 unrelated texts are set aside");
    }
}

/// Asserts that at most one in a hundred copies of these rows with one changed word survives.
fn assert_no_changed_copies(texts: Vec<String>) {
    let texts: Vec<String> = texts.into_iter().filter(|text| text.split_whitespace().count() >= 8).collect();
    let near = index(&texts);
    let vocabulary: Vec<String> =
        texts.iter().flat_map(|text| text.split_whitespace().map(str::to_owned)).collect();
    let mut dice = Dice(3);
    let (mut survivors, mut copies) = (Vec::new(), 0);
    for text in texts.iter().step_by(2) {
        let mut words: Vec<&str> = text.split_whitespace().collect();
        let at = dice.below(words.len());
        match dice.below(3) {
            0 => words[at] = dice.pick(&vocabulary),
            1 => words.insert(at, dice.pick(&vocabulary)),
            _ => drop(words.remove(at)),
        }
        copies += 1;
        if !near.has_near(&words.join(" ")) {
            survivors.push(words.join(" "));
        }
    }
    assert!(survivors.len() * 100 <= copies, "{} of {copies} survive", survivors.len());
}

#[test]
fn demo_rows_with_one_changed_word_do_not_survive() {
    assert_no_changed_copies(demo());
}

#[test]
fn real_rows_with_one_changed_word_do_not_survive() {
    if let Some(corpus) = crate::sample::real("sms.csv") {
        assert_no_changed_copies(distinct(&corpus));
    }
}

/// Rows that the index sets aside although they share less than half of their words with the text that it found, and
/// the number of rows.
fn wrongly_set_aside(texts: &[String]) -> (Vec<String>, usize) {
    let (held, others) = texts.split_at(texts.len() / 2);
    let near = index(held);
    let words = |text: &str| -> HashSet<String> {
        normal(text)
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let mut wrong = Vec::new();
    for text in others {
        if let Some(number) = near.first_near(text) {
            let (one, other) = (words(text), words(&held[number]));
            if 2 * one.intersection(&other).count() < one.union(&other).count() {
                wrong.push(format!("{text} | {}", held[number]));
            }
        }
    }
    (wrong, others.len())
}

#[test]
fn unrelated_demo_rows_are_not_set_aside() {
    let (wrong, rows) = wrongly_set_aside(&demo());
    assert!(wrong.len() * 100 <= rows, "{} of {rows}: {wrong:#?}", wrong.len());
}

#[test]
fn unrelated_real_rows_are_not_set_aside() {
    let Some(corpus) = crate::sample::real("sms.csv") else { return };
    let (wrong, rows) = wrongly_set_aside(&distinct(&corpus));
    assert!(wrong.len() * 100 <= rows, "{} of {rows}", wrong.len());
}

#[test]
fn a_similarity_of_one_finds_disguises_but_no_changed_word() {
    let text = "call me on this number when you are home tonight".to_owned();
    let mut near = NearDuplicates::new(1.0);
    near.add(&text);
    for (name, copy) in disguised(&text, &mut Dice(1)) {
        assert!(near.has_near(&copy), "{name}");
    }
    assert!(!near.has_near("call me on this number when you are alone tonight"));
}
