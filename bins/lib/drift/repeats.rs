//! Reports repeated messages: their share of the rows, and the most frequent ones.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::drift::word_names::WordNames;
use crate::profile::summary::Profile;

/// Messages that arrived more than once.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Repeats {
    /// Share of this run's rows that repeat another row, 0 to 1.
    pub share: f64,
    /// The same share in the reference; null without a reference.
    pub reference: Option<f64>,
    /// Most frequent messages, at most 5.
    pub most: Vec<Repeated>,
}

/// A message that arrived at least three times.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Repeated {
    /// Number of copies.
    pub copies: u32,
    /// Up to six of its words.
    pub words: Vec<String>,
    /// Score of the message, 0 to 1; null without scores.
    pub score: Option<f64>,
}

/// Counts repeated rows and lists the most frequent messages.
pub fn repeats(new: &Profile, reference: Option<&Profile>, names: &WordNames) -> Repeats {
    const MAX_LISTED: usize = 5;
    let share = |profile: &Profile| {
        let copies: u64 = profile.records().map(|record| u64::from(record.copies)).sum();
        if copies == 0 { 0.0 } else { 1.0 - profile.len() as f64 / copies as f64 }
    };
    let mut most: Vec<_> = new.records().filter(|record| record.copies > 2).collect();
    most.sort_by(|one, other| other.copies.cmp(&one.copies).then(one.look.cmp(&other.look)));
    let words = |words: &[u16]| words.iter().filter_map(|word| names.get(*word)).take(6).collect();
    let most = most.into_iter().take(MAX_LISTED).map(|record| Repeated {
        copies: record.copies,
        words: words(&record.look.words),
        score: new.scored.then(|| record.score()),
    });
    Repeats { share: share(new), reference: reference.map(share), most: most.collect() }
}
