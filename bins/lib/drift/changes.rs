//! Lists the words, flags and sizes that changed, and how far each moved the mean score.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::drift::messages::{Messages, STEPS, SizeScale, has_flag};
use crate::drift::shares::moved_flags;
use crate::drift::sizes::moved_sizes;
use crate::drift::word_names::WordNames;
use crate::drift::words::moved_words;
use crate::profile::descriptor::{FLAGS, SIZES};
use crate::profile::summary::MessageRecord;

/// Maximum number of words to list.
const MAX_WORDS: usize = 20;

/// A word, flag or size that changed.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct FeatureChange {
    /// `word`, `flag` or `size`.
    pub kind: String,
    /// Name of the word, flag or size.
    pub what: String,
    /// Share of the new messages that have it; for a size, their mean.
    pub new: f64,
    /// Share of the reference messages that have it; for a size, their mean.
    pub reference: f64,
    /// P-value of this test alone, without correction.
    pub p: f64,
    /// Change of the mean score that this change explains, in percentage points. Absent without scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<f64>,
}

/// All changes: words, then flags, then sizes.
pub fn all(reference: &Messages, new: &Messages, names: &WordNames) -> Vec<FeatureChange> {
    let scored = reference.scored && new.scored;
    let share = |count: u64, side: &Messages| count as f64 / side.len() as f64;
    let points = |has: &dyn Fn(&MessageRecord) -> bool| scored.then(|| score_points(reference, new, has));
    // A word has no name if no new row contains it.
    let spelled =
        moved_words(reference, new).into_iter().filter_map(|moved| Some((names.get(moved.word)?, moved)));
    let words = spelled.take(MAX_WORDS).map(|(what, moved)| FeatureChange {
        kind: "word".into(),
        what,
        new: share(moved.counts.0, new),
        reference: share(moved.counts.1, reference),
        p: moved.p,
        points: points(&|record| record.look.words.binary_search(&moved.word).is_ok()),
    });
    let flags = moved_flags(reference, new).into_iter().map(|(flag, p)| {
        let count = |side: &Messages| share(side.count(|record| has_flag(record, flag)), side);
        FeatureChange {
            kind: "flag".into(),
            what: FLAGS[flag].into(),
            new: count(new),
            reference: count(reference),
            p,
            points: points(&|record| has_flag(record, flag)),
        }
    });
    let sizes = moved_sizes(reference, new).into_iter().map(|(scale, p)| FeatureChange {
        kind: "size".into(),
        what: scale.name().into(),
        new: mean(scale, new, reference),
        reference: mean(scale, reference, reference),
        p,
        points: scored.then(|| size_points(reference, new, scale)),
    });
    words.chain(flags).chain(sizes).collect()
}

/// The value at the start of a step of a scale.
pub fn number(scale: SizeScale, step: usize) -> f64 {
    let step = u8::try_from(step).unwrap_or(u8::MAX);
    match scale {
        SizeScale::Size(0 | 1) => crate::profile::descriptor::of_steps(step),
        _ => f64::from(step) / (STEPS - 1) as f64,
    }
}

fn mean(scale: SizeScale, side: &Messages, reference: &Messages) -> f64 {
    let sum: f64 = side.steps(scale, reference).map(|(_, step)| number(scale, step)).sum();
    sum / side.len() as f64
}

/// The sum and the number of scores.
#[derive(Clone, Copy, Default)]
struct MeanScore(f64, f64);

impl MeanScore {
    fn add(&mut self, record: &MessageRecord) {
        self.0 += record.score();
        self.1 += 1.0;
    }

    fn value(self) -> Option<f64> {
        (self.1 > 0.0).then(|| self.0 / self.1)
    }
}

/// Change of the mean score explained by a changed share, in percentage points: the product of two differences (Kitagawa
/// 1955). One is the change of the share; the other is in mean score, between messages with and without the property.
fn score_points(reference: &Messages, new: &Messages, has: &dyn Fn(&MessageRecord) -> bool) -> f64 {
    let (mut with, mut without) = (MeanScore::default(), MeanScore::default());
    let mut count = |side: &Messages| {
        let mut messages_with = 0.0;
        for record in &side.records {
            if has(record) {
                messages_with += 1.0;
                with.add(record);
            } else {
                without.add(record);
            }
        }
        messages_with / side.len() as f64
    };
    let change = count(new) - count(reference);
    let difference = with.value().zip(without.value()).map_or(0.0, |(with, without)| with - without);
    100.0 * change * difference
}

/// Change of the mean score explained by a size, in percentage points: the sum over its steps.
fn size_points(reference: &Messages, new: &Messages, scale: SizeScale) -> f64 {
    let mut means = vec![MeanScore::default(); STEPS];
    let mut changes = vec![0.0; STEPS];
    for (side, sign) in [(new, 1.0), (reference, -1.0)] {
        for (record, step) in side.steps(scale, reference) {
            means[step].add(record);
            changes[step] += sign / side.len() as f64;
        }
    }
    let products = changes.iter().zip(&means).filter_map(|(change, mean)| Some(change * mean.value()?));
    100.0 * products.sum::<f64>()
}

const _: () = assert!(SIZES.len() == 6, "`number` identifies sizes by index; update it when SIZES changes");
