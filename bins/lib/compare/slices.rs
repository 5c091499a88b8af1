//! Finds slices in which the challenger loses F1, even if the challenger is better on all rows.

use std::collections::{BTreeMap, HashSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::compare::paired_result::{Difference, McNemar, SIGNIFICANCE_LEVEL, f1_difference};
use crate::compare::text_slices;
use crate::io::diagnostics::inert;
use crate::rows::label::Label;
use crate::rows::mask;
use crate::stats::corrections::holm;
use crate::stats::paired::PairedConfusion;

/// Maximum loss of F1 in a slice. A larger loss blocks the challenger if the loss is significant.
pub const MAX_SLICE_LOSS: f64 = 0.03;

/// Maximum number of slices per column. All further values share one slice.
const MAX_SLICE_VALUES: usize = 200;

/// Maximum length of a value in a report.
const MAX_VALUE_CHARACTERS: usize = 40;

/// Counts of distinct messages by column (or text property) and value. In each slice, the first row of a message counts.
#[derive(Clone, Debug, Default)]
pub struct Slices(BTreeMap<String, BTreeMap<String, SliceCounts>>);

/// The counts of one slice.
#[derive(Clone, Debug, Default)]
struct SliceCounts {
    counters: PairedConfusion,
    /// Messages that are counted already.
    messages: HashSet<u32>,
}

/// The result on one slice.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Slice {
    /// Property that defines the slice: `script`, `length`, `link`, or a column.
    pub by: String,
    /// Value of the property that these rows share. Personal data is masked, and long values are cut.
    pub value: String,
    /// Number of labelled rows. Copies of a message count once.
    pub rows: u64,
    /// Counts of rows by label and by the models that predict positive.
    pub counters: PairedConfusion,
    /// F1 of the champion.
    pub champion_f1: f64,
    /// F1 of the challenger.
    pub challenger_f1: f64,
    /// Difference in F1, with its interval.
    pub f1: Option<Difference>,
    /// McNemar's test on the discordant rows.
    pub mcnemar: McNemar,
    /// Exact p-value, corrected for all tested slices (Holm 1979). Null if the slice has too few discordant rows for a test.
    pub p: Option<f64>,
    /// Whether the loss is significant and larger than 0.03 F1.
    pub loses: bool,
}

impl Slices {
    /// Counts a labelled row in one slice. Masks personal data in `value`, and cuts a long `value`.
    pub fn add(&mut self, by: &str, value: &str, truth: Label, champion: Label, challenger: Label) {
        if let Some(counts) = self.counts(by, value) {
            counts.counters.add(truth, champion, challenger);
        }
    }

    /// Counts a row of a message in one slice, unless the slice has another row of this message.
    pub fn add_once(
        &mut self,
        message: u32,
        by: &str,
        value: &str,
        [truth, champion, challenger]: [Label; 3],
    ) {
        if let Some(counts) = self.counts(by, value)
            && counts.messages.insert(message)
        {
            counts.counters.add(truth, champion, challenger);
        }
    }

    /// Counts a row of a message once in each slice of its text.
    pub fn add_text(&mut self, message: u32, text: &str, labels: [Label; 3]) {
        for (by, value) in text_slices::of(text) {
            self.add_once(message, by, value, labels);
        }
    }

    /// The counts of a slice.
    fn counts(&mut self, by: &str, value: &str) -> Option<&mut SliceCounts> {
        if !self.0.contains_key(by) {
            self.0.insert(by.to_owned(), BTreeMap::new());
        }
        let slices = self.0.get_mut(by)?;
        if slices.contains_key(value) {
            return slices.get_mut(value);
        }
        let value = match displayed(value) {
            value if slices.len() < MAX_SLICE_VALUES || slices.contains_key(&value) => value,
            _ => "(others)".into(),
        };
        Some(slices.entry(value).or_default())
    }

    /// The result of every slice, grouped by column. Slices with too few discordant rows for an exact test are left out of
    /// the correction (Tarone 1990).
    pub fn results(&self) -> Vec<Slice> {
        let mut slices = self.tested();
        for slice in &mut slices {
            slice.f1 = f1_difference(&slice.counters).map(|(f1, _)| f1);
        }
        slices
    }

    /// Whether the challenger loses in a slice.
    pub fn lose(&self) -> bool {
        self.tested().iter().any(|slice| slice.loses)
    }

    /// The results without intervals, which are slow to compute and decide nothing.
    fn tested(&self) -> Vec<Slice> {
        let each = self
            .0
            .iter()
            .flat_map(|(by, slices)| slices.iter().map(move |(value, counts)| (by, value, counts)));
        let mut slices: Vec<Slice> =
            each.map(|(by, value, counts)| Slice::of(by, value, counts.counters)).collect();
        let testable: Vec<usize> =
            (0..slices.len()).filter(|&slice| slices[slice].mcnemar.can_reach_level()).collect();
        let exact: Vec<f64> = testable.iter().map(|&slice| slices[slice].mcnemar.exact).collect();
        for (&slice, p) in testable.iter().zip(holm(&exact)) {
            let slice = &mut slices[slice];
            slice.p = Some(p);
            slice.loses =
                p < SIGNIFICANCE_LEVEL && slice.mcnemar.is_worse() && slice.f1_loss() > MAX_SLICE_LOSS;
        }
        slices
    }
}

impl Slice {
    fn of(by: &str, value: &str, counters: PairedConfusion) -> Self {
        let mcnemar = McNemar::of(&counters);
        Self {
            by: by.into(),
            value: value.into(),
            rows: counters.rows(),
            counters,
            champion_f1: counters.champion().f1(),
            challenger_f1: counters.challenger().f1(),
            f1: None,
            mcnemar,
            p: None,
            loses: false,
        }
    }

    /// F1 of the champion minus F1 of the challenger.
    pub fn f1_loss(&self) -> f64 {
        self.champion_f1 - self.challenger_f1
    }
}

/// A value for a report: masked, escaped and cut.
fn displayed(value: &str) -> String {
    let value = value.trim();
    if value.is_empty() {
        return "(none)".into();
    }
    let masked = inert(&mask::masked(value, &mask::ALL));
    let cut: String = masked.chars().take(MAX_VALUE_CHARACTERS).collect();
    if cut.len() < masked.len() { cut + "…" } else { cut }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Label::{Negative, Positive};

    /// Adds spam that only the champion finds, spam that only the challenger finds, and 40 messages that both find.
    fn add_spam(slices: &mut Slices, by: &str, value: &str, only_champion: u64, only_challenger: u64) {
        (0..only_champion).for_each(|_| slices.add(by, value, Positive, Positive, Negative));
        (0..only_challenger).for_each(|_| slices.add(by, value, Positive, Negative, Positive));
        (0..40).for_each(|_| slices.add(by, value, Positive, Positive, Positive));
    }

    #[test]
    fn finds_only_the_losing_slice() {
        let mut slices = Slices::default();
        add_spam(&mut slices, "lang", "de", 20, 1);
        add_spam(&mut slices, "lang", "en", 0, 40);
        let found = slices.results();
        let loses: Vec<(&str, bool)> =
            found.iter().map(|slice| (slice.value.as_str(), slice.loses)).collect();
        assert_eq!(loses, [("de", true), ("en", false)]);
    }

    #[test]
    fn more_slices_need_a_larger_loss() {
        // Eight rows for the champion and none for the challenger give p = .0078: significant without a correction,
        // but not after a correction for ten tests.
        let loses = |others: u64| {
            let mut slices = Slices::default();
            add_spam(&mut slices, "lang", "de", 8, 0);
            (0..others).for_each(|other| add_spam(&mut slices, "channel", &other.to_string(), 3, 3));
            slices.results().iter().any(|slice| slice.loses)
        };
        assert!(loses(0) && loses(5) && !loses(9));
    }

    #[test]
    fn slices_too_small_for_a_test_need_no_correction() {
        let mut slices = Slices::default();
        add_spam(&mut slices, "lang", "de", 8, 0);
        (0..50).for_each(|other| add_spam(&mut slices, "channel", &other.to_string(), 2, 3));
        let found = slices.results();
        assert!(found.iter().any(|slice| slice.loses));
        assert_eq!(found.iter().filter(|slice| slice.p.is_some()).count(), 1);
    }

    #[test]
    fn ignores_a_significant_but_small_loss() {
        let mut slices = Slices::default();
        (0..1000).for_each(|_| slices.add("lang", "de", Positive, Positive, Positive));
        add_spam(&mut slices, "lang", "de", 20, 0);
        let found = slices.results();
        assert!(found[0].p.is_some_and(|p| p < 0.001) && !found[0].loses, "{found:?}");
    }

    #[test]
    fn a_message_counts_once_in_each_slice() {
        let mut slices = Slices::default();
        for (message, channel) in [(0, "mail"), (0, "mail"), (1, "mail"), (0, "chat"), (0, "chat")] {
            slices.add_once(message, "channel", channel, [Positive, Negative, Positive]);
        }
        let found: Vec<(String, u64)> =
            slices.results().into_iter().map(|slice| (slice.value, slice.rows)).collect();
        assert_eq!(found, [("chat".into(), 1), ("mail".into(), 2)]);
    }

    #[test]
    fn masks_values_and_limits_their_number() {
        let mut slices = Slices::default();
        (0..300).for_each(|sender| {
            slices.add("from", &format!("p{sender}@example.com"), Positive, Positive, Positive);
        });
        let found = slices.results();
        assert!(
            found.len() <= MAX_SLICE_VALUES + 1
                && found.iter().all(|slice| !slice.value.contains("@example"))
        );
        assert_eq!(found.iter().map(|slice| slice.rows).sum::<u64>(), 300);
        assert_eq!((displayed("  "), displayed("a\n\u{1b}")), ("(none)".into(), r"a \u{1b}".into()));
        assert_eq!(displayed(&"x".repeat(50)), format!("{}…", "x".repeat(40)));
    }
}
