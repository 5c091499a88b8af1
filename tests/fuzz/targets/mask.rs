//! Fuzzes masking: masking twice must equal masking once.
//!
//! The first byte of an input selects the kinds of personal data. The rest is the text.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use spamops::rows::mask::{ALL, MaskKind, masked, traces};

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some((&switches, text)) = input.split_first() else { return Corpus::Reject };
    let text = String::from_utf8_lossy(text);
    let chosen = |place: &usize| switches >> place & 1 == 0;
    let kinds: Vec<MaskKind> = (0..ALL.len()).filter(chosen).map(|place| ALL[place]).collect();
    let once = masked(&text, &kinds);
    assert_eq!(masked(&once, &kinds), once);
    if once != text {
        assert!(traces(&once).iter().any(|kind| kinds.contains(kind)));
    }
    if kinds.is_empty() {
        assert_eq!(once, text);
    }
    Corpus::Keep
});
