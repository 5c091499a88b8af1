//! Tests the normal form of a text. The normal form decides whether rows are copies, and on which side of a split a
//! row is.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use proptest::prelude::*;

use spamops::io::fraction::Fraction;
use spamops::rows::fingerprint::{Fingerprint, normal};

use crate::directory::fresh;

/// The first, slower implementation of the normal form. It goes through a text character by character.
fn slowly_normal(text: &str) -> String {
    let starts =
        |word: &str, with: &str| word.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
    let word = |word: &str| {
        if ["http://", "https://", "www."].iter().any(|with| starts(word, with)) {
            return "U".to_owned();
        }
        let folded = |c: char| if c.is_numeric() { "0".to_owned() } else { c.to_lowercase().collect() };
        word.chars().map(folded).collect()
    };
    text.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_character_matches_the_first_implementation() {
    // From U+20000 on there are only ideographs, tags and marks: no letters with two cases, no numbers, no spaces.
    for c in '\0'..'\u{20000}' {
        let text = format!("{c}ttp://a x{c}www.b www{c}.c{c}");
        assert_eq!(normal(&text), slowly_normal(&text), "{c:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn normalising_twice_equals_normalising_once(text in any::<String>()) {
        // A link becomes `U`, which is lowercased the second time. Nothing else changes.
        let once = normal(&text).replace('U', "");
        prop_assert_eq!(normal(&once), once);
    }

    #[test]
    fn the_normal_form_matches_the_first_implementation(text in r"(?s:[ \t\r\n\x0b\x1c]|\u{85}|\u{2003}|http|HTTPS|www\.|Www|://|[a-zA-Z0-9:/.]{1,3}|.){0,40}") {
        prop_assert_eq!(normal(&text), slowly_normal(&text));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_side_of_a_row_depends_only_on_its_text(texts in prop::collection::vec("[a-z]{1,8}( [a-z]{1,8})?", 2..30), from in 0usize..10) {
        let directory = fresh("sides");
        let [all, part, rest] = ["all.jsonl", "part.jsonl", "rest.jsonl"].map(|name| directory.join(name));
        let line = |text: &String| format!("{{\"text\":\"{text}\"}}");
        let lines = |texts: &[String]| texts.iter().rev().map(line).collect::<Vec<_>>().join("\n");
        let train = |path: &Path, texts: &[String]| -> BTreeSet<String> {
            fs::write(path, lines(texts)).unwrap();
            let mut sample = Command::new(env!("CARGO_BIN_EXE_sample"));
            let output = sample.args(["--split", "0.5", "--rest"]).args([&rest, path]).output().unwrap();
            assert!(output.status.success());
            String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
        };
        let fewer = &texts[from.min(texts.len() - 1)..];
        let (of_all, of_fewer) = (train(&all, &texts), train(&part, fewer));
        for text in fewer {
            let line = line(text);
            let trains = Fingerprint::of(text).is_for_training(Fraction::try_from(0.5).unwrap());
            prop_assert_eq!(of_all.contains(&line), trains);
            prop_assert_eq!(of_fewer.contains(&line), trains);
        }
    }
}
