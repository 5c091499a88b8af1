//! Tests that the analyzer's stems match Snowball's own vocabularies, word by word.
//!
//! The vocabularies are part of the crate `rust-stemmers`, in cargo's registry directory. This repository has no copy.
//! Like scikit-learn, the analyzer ignores words of one character and splits words at an apostrophe. An entry of one
//! character must give no term. An entry with an apostrophe must give the terms of its parts. The test counts both kinds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use spamops::features::{Analyzer, AnalyzerBuffers, Ngrams, Term, TermKind};

/// Directory of the vocabularies.
static VOCABULARIES: LazyLock<PathBuf> = LazyLock::new(|| {
    // Packages for other platforms are not downloaded by a build.
    let rustc = Command::new("rustc").args(["--version", "--verbose"]).output().unwrap();
    let rustc = String::from_utf8(rustc.stdout).unwrap();
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "rust-stemmers").unwrap();
    Path::new(package["manifest_path"].as_str().unwrap()).with_file_name("test_data")
});

/// Entries of a vocabulary, counted by the number of words that the analyzer finds in them.
#[derive(Debug, Default, PartialEq)]
struct Counts {
    words: usize,
    none: usize,
    several: usize,
    /// Words whose stems differ from Snowball's.
    different: Vec<String>,
}

/// Compares the stems of a language with its vocabulary.
fn compared(language: &str, code: &str) -> Counts {
    let read = |name: &str| fs::read_to_string(VOCABULARIES.join(format!("{name}_{code}.txt"))).unwrap();
    let (words, stems) = (read("voc"), read("res"));
    assert_eq!(words.lines().count(), stems.lines().count());
    let analyzer = Analyzer {
        kind: TermKind::Word,
        ngrams: Ngrams { fewest: 1, most: 1 },
        // A few Finnish words contain capitals, and so do their stems.
        lowercase: false,
        stem: Some(language.parse().unwrap()),
        ..Analyzer::default()
    };
    let mut scratch = AnalyzerBuffers::default();
    let mut terms = |text: &str| {
        let mut terms = Vec::new();
        analyzer.each(text, &mut scratch, &mut |Term { text, .. }| terms.push(text.to_owned()));
        terms
    };
    let mut counts = Counts::default();
    for (word, stem) in words.lines().zip(stems.lines()) {
        if word.chars().nth(1).is_none() {
            assert_eq!(terms(word), [""; 0], "{language}: {word}");
            counts.none += 1;
        } else if word.contains('\'') {
            let parts: Vec<String> = word.split('\'').flat_map(&mut terms).collect();
            assert_eq!(terms(word), parts, "{language}: {word}");
            counts.several += 1;
        } else {
            counts.words += 1;
            let terms = terms(word);
            if terms != [stem] {
                counts.different.push(format!("{word}: {terms:?}, not {stem}"));
            }
        }
    }
    counts
}

/// Asserts that all stems match, and that the vocabulary has this many entries with one, no and several words.
fn assert_all(language: &str, code: &str, [words, none, several]: [usize; 3]) {
    let expected = Counts { words, none, several, different: Vec::new() };
    assert_eq!(compared(language, code), expected, "{language}");
}

#[test]
fn stems_match_snowball() {
    assert_all("arabic", "ar", [91_962, 0, 0]);
    assert_all("english", "en", [29_377, 27, 13]);
    assert_all("finnish", "fi", [49_992, 8, 0]);
    assert_all("french", "fr", [20_378, 25, 0]);
    assert_all("german", "ger", [35_010, 23, 0]);
    assert_all("greek", "el", [78, 0, 0]);
    assert_all("italian", "it", [35_466, 28, 0]);
    assert_all("norwegian", "no", [20_608, 20, 0]);
    assert_all("portuguese", "pt", [31_984, 32, 0]);
    assert_all("romanian", "ro", [22_547, 23, 0]);
    assert_all("russian", "ru", [49_647, 26, 0]);
    assert_all("spanish", "es", [28_351, 39, 0]);
}

#[test]
fn a_word_whose_stem_is_empty_still_gives_a_term() {
    let analyzer = Analyzer { stem: Some("arabic".parse().unwrap()), ..Analyzer::default() };
    let terms = analyzer.terms(", 000");
    assert!(
        [",", "000", ", 000"].iter().all(|expected| terms.iter().any(|term| term == expected)),
        "{terms:?}"
    );
}
