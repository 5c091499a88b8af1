//! What changed: words, flags and sizes, by how much, and how many points each moved the mean score.

use serde::{Deserialize, Serialize};

use crate::drift::messages::{Messages, STEPS, SizeScale, has_flag};
use crate::drift::shares::moved_flags;
use crate::drift::sizes::moved_sizes;
use crate::drift::word_names::WordNames;
use crate::drift::words::moved_words;
use crate::profile::descriptor::{FLAGS, SIZES};
use crate::profile::summary::MessageRecord;

/// Words that are named at most.
const WORDS: usize = 20;

/// Something that is in more messages than before, or in fewer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureChange {
    /// `word`, `flag` or `size`.
    pub kind: String,
    /// Which.
    pub what: String,
    /// Its share of the new messages, or their mean.
    pub new: f64,
    /// Its share of the reference's, or their mean.
    pub reference: f64,
    /// The p-value of it alone.
    pub p: f64,
    /// So many points of a hundred did it move the mean score, by how messages with it score and how those without do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<f64>,
}

/// All that moved, words first; each by what is most surprising.
pub fn all(reference: &Messages, new: &Messages, names: &WordNames) -> Vec<FeatureChange> {
    let scored = reference.scored && new.scored;
    let share = |count: u64, side: &Messages| count as f64 / side.len() as f64;
    let worth = |has: &dyn Fn(&MessageRecord) -> bool| scored.then(|| worth(reference, new, has));
    // Words that none of these rows has, such as those that went away, have no name.
    let spelled =
        moved_words(reference, new).into_iter().filter_map(|moved| Some((names.get(moved.word)?, moved)));
    let words = spelled.take(WORDS).map(|(what, moved)| FeatureChange {
        kind: "word".into(),
        what,
        new: share(moved.counts.0, new),
        reference: share(moved.counts.1, reference),
        p: moved.p,
        points: worth(&|record| record.look.words.binary_search(&moved.word).is_ok()),
    });
    let flags = moved_flags(reference, new).into_iter().map(|(flag, p)| {
        let count = |side: &Messages| share(side.count(|record| has_flag(record, flag)), side);
        FeatureChange {
            kind: "flag".into(),
            what: FLAGS[flag].into(),
            new: count(new),
            reference: count(reference),
            p,
            points: worth(&|record| has_flag(record, flag)),
        }
    });
    let sizes = moved_sizes(reference, new).into_iter().map(|(scale, p)| FeatureChange {
        kind: "size".into(),
        what: scale.name().into(),
        new: mean(scale, new, reference),
        reference: mean(scale, reference, reference),
        p,
        points: scored.then(|| worth_of_size(reference, new, scale)),
    });
    words.chain(flags).chain(sizes).collect()
}

/// The number that a step of a scale stands for.
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

/// Sum and number of scores.
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

/// What the change of a share is worth: its difference, times what messages with it score more than those without (Kitagawa
/// 1955, the part of the composition).
fn worth(reference: &Messages, new: &Messages, has: &dyn Fn(&MessageRecord) -> bool) -> f64 {
    let (mut with, mut without) = (MeanScore::default(), MeanScore::default());
    let mut count = |side: &Messages| {
        let mut having = 0.0;
        for record in &side.records {
            if has(record) {
                having += 1.0;
                with.add(record);
            } else {
                without.add(record);
            }
        }
        having / side.len() as f64
    };
    let change = count(new) - count(reference);
    let difference = with.value().zip(without.value()).map_or(0.0, |(with, without)| with - without);
    100.0 * change * difference
}

/// The same for a size, by its steps.
fn worth_of_size(reference: &Messages, new: &Messages, scale: SizeScale) -> f64 {
    let mut means = vec![MeanScore::default(); STEPS];
    let mut changes = vec![0.0; STEPS];
    for (side, sign) in [(new, 1.0), (reference, -1.0)] {
        for (record, step) in side.steps(scale, reference) {
            means[step].add(record);
            changes[step] += sign / side.len() as f64;
        }
    }
    let worth = changes.iter().zip(&means).filter_map(|(change, mean)| Some(change * mean.value()?));
    100.0 * worth.sum::<f64>()
}

const _: () = assert!(SIZES.len() == 6, "a size that is a number is told by its place");
