//! Fuzzes `drift`: a profile and a history give a decision, or the profile is rejected.
//!
//! The first two bytes of an input are the length of the profile's records. The third byte is even if the rows are scored.
//! The records follow, then the lines of a history.

#![no_main]

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use libfuzzer_sys::{Corpus, fuzz_target};
use spamops::drift::decision::decide;
use spamops::drift::history::History;
use spamops::drift::observation::{Champion, DriftEvidence, VerdictRows};
use spamops::drift::policy::DriftPolicy;
use spamops::io::dates::Timestamp;
use spamops::profile::summary::{Profile, StoredProfile};
use spamops::report::drift_sentences::drift_report;

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some((&[low, high, scored], input)) = input.split_first_chunk() else { return Corpus::Reject };
    let records = usize::from(u16::from_le_bytes([low, high])).min(input.len());
    let (records, lines) = input.split_at(records);
    let stored = serde_json::json!({
        "rows": 1u64 << 47, "empty": 0, "labels": [1u64 << 40, 1u64 << 40], "scored": scored % 2 == 0,
        "records": BASE64_STANDARD.encode(records),
    });
    let stored: StoredProfile = serde_json::from_value(stored).unwrap();
    let profile = match stored.profile() {
        Ok(profile) => profile,
        Err(error) => {
            assert!(!format!("{error:#}").contains(char::is_control), "{error:#}");
            return Corpus::Keep;
        }
    };
    // Storing a profile and merging it with an empty one must not change it.
    assert_eq!(StoredProfile::of(&profile), stored);
    let mut merged = Profile::default();
    merged.merge(profile.clone());
    assert_eq!(merged, profile);
    let history = History::read(String::from_utf8_lossy(lines).lines());
    let champion = Champion {
        threshold: 0.5.try_into().unwrap(),
        confusion: None,
        basis: VerdictRows::CrossValidation,
        fitted: None,
        learned: None,
    };
    let evidence = DriftEvidence {
        champion: Some(champion),
        reference: Some((&profile, "")),
        new: profile.clone(),
        history,
        ..DriftEvidence::default()
    };
    let (decision, record) = decide(&evidence, &DriftPolicy::default(), Timestamp(0)).unwrap();
    let report = drift_report(decision, "fuzz");
    // Messages compared with themselves have no drift, and the report contains no invalid number.
    assert!(report.signals.iter().all(|signal| !signal.fired && signal.p.is_finite()), "{report:?}");
    let text = serde_json::to_string(&report).unwrap();
    assert!(!text.contains("null,null"), "{text}");
    let mut written = History::default();
    written.add(record).unwrap();
    let read = History::read(written.lines().unwrap().lines());
    assert_eq!(read.unreadable, None);
    Corpus::Keep
});
