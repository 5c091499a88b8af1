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
use crate::stats::ridge;

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
    /// Change of the mean score that this change explains beside the other changes, in percentage points. Absent without
    /// scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<f64>,
}

/// The mean score of both sides, in percentage points.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct MeanScore {
    /// Mean score of the reference messages, 0 to 100.
    pub reference: f64,
    /// Mean score of the new messages, 0 to 100.
    pub new: f64,
    /// Change of the mean score that the changes in `moved` do not explain. The `points` of `moved` and this number add up
    /// to `new` minus `reference`.
    pub left_over: f64,
}

/// The changes, and the mean scores that they explain.
#[derive(Clone, Debug, Default)]
pub struct FeatureChanges {
    /// Words, then flags, then sizes.
    pub moved: Vec<FeatureChange>,
    /// None without scores.
    pub mean_score: Option<MeanScore>,
}

impl FeatureChanges {
    pub fn between(reference: &Messages, new: &Messages, names: &WordNames) -> Self {
        let share = |count: u64, side: &Messages| count as f64 / side.len() as f64;
        // A word has no name if no new row contains it.
        let spelled =
            moved_words(reference, new).into_iter().filter_map(|moved| Some((names.get(moved.word)?, moved)));
        let words = spelled.take(MAX_WORDS).map(|(what, moved)| {
            let (new, reference) = (share(moved.counts.0, new), share(moved.counts.1, reference));
            let change =
                FeatureChange { kind: "word".into(), what, new, reference, p: moved.p, points: None };
            (change, ChangedFeature::Word(moved.word))
        });
        let flags = moved_flags(reference, new).into_iter().map(|(flag, p)| {
            let count = |side: &Messages| share(side.count(|record| has_flag(record, flag)), side);
            let (new, reference) = (count(new), count(reference));
            let what = FLAGS[flag].into();
            let change = FeatureChange { kind: "flag".into(), what, new, reference, p, points: None };
            (change, ChangedFeature::Flag(flag))
        });
        let sizes = moved_sizes(reference, new).into_iter().map(|(scale, p)| {
            let (new, reference) = (mean(scale, new, reference), mean(scale, reference, reference));
            let what = scale.name().into();
            let change = FeatureChange { kind: "size".into(), what, new, reference, p, points: None };
            (change, ChangedFeature::Size(scale))
        });
        let (mut moved, features): (Vec<FeatureChange>, Vec<ChangedFeature>) =
            words.chain(flags).chain(sizes).unzip();
        let mean_score =
            (reference.scored && new.scored).then(|| explain(&mut moved, &features, reference, new));
        Self { moved, mean_score }
    }
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

/// A property of messages that changed.
enum ChangedFeature {
    Word(u16),
    Flag(usize),
    Size(SizeScale),
}

impl ChangedFeature {
    /// One number per message, first of the reference and then of the new messages: whether the message has the word or
    /// flag, or the mean score of all messages on its step of the scale.
    fn column(&self, [reference, new]: [&Messages; 2]) -> Vec<f64> {
        let of_each = |has: &dyn Fn(&MessageRecord) -> bool| {
            let records = reference.records.iter().chain(&new.records);
            records.map(|record| f64::from(u8::from(has(record)))).collect()
        };
        match self {
            Self::Word(word) => of_each(&|record| record.look.words.binary_search(word).is_ok()),
            Self::Flag(flag) => of_each(&|record| has_flag(record, *flag)),
            Self::Size(scale) => {
                let steps = || reference.steps(*scale, reference).chain(new.steps(*scale, reference));
                let mut sums = vec![(0.0, 0.0); STEPS];
                for (record, step) in steps() {
                    sums[step].0 += record.score();
                    sums[step].1 += 1.0;
                }
                steps().map(|(_, step)| sums[step].0 / sums[step].1).collect()
            }
        }
    }
}

/// Sets the points of each change: the change of the property's mean times its slope in a linear fit of the scores on all
/// changed properties (Oaxaca 1973, Blinder 1973, with pooled slopes). So properties of the same messages share their
/// effect. If one property changed, its points are the product of Kitagawa (1955).
fn explain(
    moved: &mut [FeatureChange],
    features: &[ChangedFeature],
    reference: &Messages,
    new: &Messages,
) -> MeanScore {
    // Words of one template occur in the same messages. The penalty divides their effect among them.
    const PENALTY: f64 = 0.01;
    let scores: Vec<f64> =
        reference.records.iter().chain(&new.records).map(|record| record.score()).collect();
    let columns: Vec<Vec<f64>> = features.iter().map(|feature| feature.column([reference, new])).collect();
    let means = |column: &[f64]| {
        let (before, now) = column.split_at(reference.records.len());
        [before, now].map(|side| 100.0 * side.iter().sum::<f64>() / side.len() as f64)
    };
    let [before, now] = means(&scores);
    let mut left_over = now - before;
    let slopes = ridge::slopes(&columns, &scores, PENALTY);
    for ((change, column), slope) in moved.iter_mut().zip(&columns).zip(slopes) {
        let [before, now] = means(column);
        let points = slope * (now - before);
        change.points = Some(points);
        left_over -= points;
    }
    MeanScore { reference: before, new: now, left_over }
}

const _: () = assert!(SIZES.len() == 6, "`number` identifies sizes by index; update it when SIZES changes");
