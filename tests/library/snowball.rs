//! Stems match Snowball's own vocabularies, word by word, through the analyzer.
//!
//! The vocabularies come with the crate that stems and are found where cargo put it; they are not part of this repository.
//! Like scikit-learn, the analyzer finds no word or several words in some entries of a vocabulary: a single character, and
//! parts separated by an apostrophe. The former must give no term, the latter the terms of their parts. Both are counted.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use spamops::features::{Analyzer, AnalyzerBuffers, Ngrams, Term, TermKind};

/// Where the vocabularies are.
static VOCABULARIES: LazyLock<PathBuf> = LazyLock::new(|| {
    // Of this platform only: what others need is not there after a build.
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

/// Words of a vocabulary by what the analyzer takes them for.
#[derive(Debug, Default, PartialEq)]
struct Found {
    words: usize,
    none: usize,
    several: usize,
    /// Words whose stems are not Snowball's.
    different: Vec<String>,
}

/// Holds the stems of a language against its vocabulary.
fn found(language: &str, code: &str) -> Found {
    let read = |name: &str| fs::read_to_string(VOCABULARIES.join(format!("{name}_{code}.txt"))).unwrap();
    let (words, stems) = (read("voc"), read("res"));
    assert_eq!(words.lines().count(), stems.lines().count());
    let analyzer = Analyzer {
        kind: TermKind::Word,
        ngrams: Ngrams { fewest: 1, most: 1 },
        // A few words of the Finnish vocabulary have capitals in them, and so have their stems.
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
    let mut found = Found::default();
    for (word, stem) in words.lines().zip(stems.lines()) {
        if word.chars().nth(1).is_none() {
            assert_eq!(terms(word), [""; 0], "{language}: {word}");
            found.none += 1;
        } else if word.contains('\'') {
            let parts: Vec<String> = word.split('\'').flat_map(&mut terms).collect();
            assert_eq!(terms(word), parts, "{language}: {word}");
            found.several += 1;
        } else {
            found.words += 1;
            let terms = terms(word);
            if terms != [stem] {
                found.different.push(format!("{word}: {terms:?}, not {stem}"));
            }
        }
    }
    found
}

/// Asserts that all words have Snowball's stems, and how many words there are: what is looked at, none, several.
fn assert_all(language: &str, code: &str, [words, none, several]: [usize; 3]) {
    let wanted = Found { words, none, several, different: Vec::new() };
    assert_eq!(found(language, code), wanted, "{language}");
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
fn every_word_leaves_a_term() {
    let analyzer = Analyzer { stem: Some("arabic".parse().unwrap()), ..Analyzer::default() };
    let terms = analyzer.terms(", 000");
    assert!([",", "000", ", 000"].iter().all(|wanted| terms.iter().any(|term| term == wanted)), "{terms:?}");
}
