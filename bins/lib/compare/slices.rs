//! Slices: finds a slice of rows in which the challenger loses F1, even if it is better on all rows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::compare::paired_result::{Difference, McNemar, SIGNIFICANCE_LEVEL, f1_difference};
use crate::compare::text_slices;
use crate::io::diagnostics::inert;
use crate::rows::label::Label;
use crate::rows::mask;
use crate::stats::corrections::holm;
use crate::stats::paired::PairedConfusion;

/// A challenger that loses more F1 than this in one slice is held back.
pub const MAX_SLICE_LOSS: f64 = 0.03;

/// Values of a column that are slices of their own; rows with other values are one slice.
const MAX_SLICE_VALUES: usize = 200;

/// Characters of a value that a report shows.
const MAX_VALUE_CHARACTERS: usize = 40;

/// Rows by what they are sliced by.
#[derive(Clone, Debug, Default)]
pub struct Slices(BTreeMap<String, BTreeMap<String, PairedConfusion>>);

/// The rows of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// What they are sliced by: `script`, `length`, `link`, or a column.
    pub by: String,
    /// What these rows have of it.
    pub value: String,
    /// The labelled rows.
    pub rows: u64,
    /// The rows by truth and by who took them for positive.
    pub counters: PairedConfusion,
    /// The champion's F1.
    pub champion_f1: f64,
    /// The challenger's.
    pub challenger_f1: f64,
    /// By how much F1 differs.
    pub f1: Option<Difference>,
    /// Which of the two gets right what the other gets wrong.
    pub mcnemar: McNemar,
    /// The exact p-value, adjusted for all slices that could tell (Holm 1979); none where this one could not.
    pub p: Option<f64>,
    /// Whether the challenger loses more here than allowed (95% interval).
    pub loses: bool,
}

impl Slices {
    /// Counts a labelled row in one slice. What a value hides is masked, and it is cut short.
    pub fn add(&mut self, by: &str, value: &str, truth: Label, champion: Label, challenger: Label) {
        if !self.0.contains_key(by) {
            self.0.insert(by.to_owned(), BTreeMap::new());
        }
        let Some(slices) = self.0.get_mut(by) else { return };
        if let Some(counters) = slices.get_mut(value) {
            return counters.add(truth, champion, challenger);
        }
        let value = match named(value) {
            value if slices.len() < MAX_SLICE_VALUES || slices.contains_key(&value) => value,
            _ => "(others)".into(),
        };
        slices.entry(value).or_default().add(truth, champion, challenger);
    }

    /// Counts a row in the slices that its text puts it in.
    pub fn add_text(&mut self, text: &str, truth: Label, champion: Label, challenger: Label) {
        for (by, value) in text_slices::of(text) {
            self.add(by, value, truth, champion, challenger);
        }
    }

    /// What became of each, one column after the other. The tests are exact, so that slices on which the models differ so
    /// seldom that no outcome could be an alarm need no correction for (Tarone 1990).
    pub fn judged(&self) -> Vec<Slice> {
        let mut slices = self.tested();
        for slice in &mut slices {
            slice.f1 = f1_difference(&slice.counters).map(|(f1, _)| f1);
        }
        slices
    }

    /// Whether the challenger loses more than allowed in one of them.
    pub fn lose(&self) -> bool {
        self.tested().iter().any(|slice| slice.loses)
    }

    /// The slices without intervals, which take their time and decide nothing.
    fn tested(&self) -> Vec<Slice> {
        let each =
            self.0.iter().flat_map(|(by, slices)| slices.iter().map(move |(value, all)| (by, value, all)));
        let mut slices: Vec<Slice> = each.map(|(by, value, all)| Slice::of(by, value, *all)).collect();
        let able: Vec<usize> = (0..slices.len()).filter(|&slice| slices[slice].mcnemar.can_tell()).collect();
        let exact: Vec<f64> = able.iter().map(|&slice| slices[slice].mcnemar.exact).collect();
        for (&slice, p) in able.iter().zip(holm(&exact)) {
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

    /// By how much the challenger's F1 is lower.
    pub fn f1_loss(&self) -> f64 {
        self.champion_f1 - self.challenger_f1
    }
}

/// A value as a report may show it.
fn named(value: &str) -> String {
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

    /// So many spam messages that either model finds alone, in a slice.
    fn lost(slices: &mut Slices, by: &str, value: &str, theirs: u64, ours: u64) {
        (0..theirs).for_each(|_| slices.add(by, value, Positive, Positive, Negative));
        (0..ours).for_each(|_| slices.add(by, value, Positive, Negative, Positive));
        (0..40).for_each(|_| slices.add(by, value, Positive, Positive, Positive));
    }

    #[test]
    fn a_slice_that_loses_is_found_and_the_others_are_not_blamed() {
        let mut slices = Slices::default();
        lost(&mut slices, "lang", "de", 20, 1);
        lost(&mut slices, "lang", "en", 0, 40);
        let found = slices.judged();
        let loses: Vec<(&str, bool)> =
            found.iter().map(|slice| (slice.value.as_str(), slice.loses)).collect();
        assert_eq!(loses, [("de", true), ("en", false)]);
    }

    #[test]
    fn among_many_slices_one_must_lose_more() {
        // 8 to 0 is p = .0078: alone an alarm, among ten such tests none.
        let loses = |others: u64| {
            let mut slices = Slices::default();
            lost(&mut slices, "lang", "de", 8, 0);
            (0..others).for_each(|other| lost(&mut slices, "channel", &other.to_string(), 3, 3));
            slices.judged().iter().any(|slice| slice.loses)
        };
        assert!(loses(0) && loses(5) && !loses(9));
    }

    #[test]
    fn slices_that_could_not_tell_cost_nothing() {
        let mut slices = Slices::default();
        lost(&mut slices, "lang", "de", 8, 0);
        (0..50).for_each(|other| lost(&mut slices, "channel", &other.to_string(), 2, 3));
        let found = slices.judged();
        assert!(found.iter().any(|slice| slice.loses));
        assert_eq!(found.iter().filter(|slice| slice.p.is_some()).count(), 1);
    }

    #[test]
    fn little_is_lost_where_much_is_right() {
        let mut slices = Slices::default();
        (0..1000).for_each(|_| slices.add("lang", "de", Positive, Positive, Positive));
        lost(&mut slices, "lang", "de", 20, 0);
        let found = slices.judged();
        assert!(found[0].p.is_some_and(|p| p < 0.001) && !found[0].loses, "{found:?}");
    }

    #[test]
    fn values_are_shown_safely_and_are_not_too_many() {
        let mut slices = Slices::default();
        (0..300).for_each(|sender| {
            slices.add("from", &format!("p{sender}@example.com"), Positive, Positive, Positive);
        });
        let found = slices.judged();
        assert!(
            found.len() <= MAX_SLICE_VALUES + 1
                && found.iter().all(|slice| !slice.value.contains("@example"))
        );
        assert_eq!(found.iter().map(|slice| slice.rows).sum::<u64>(), 300);
        assert_eq!((named("  "), named("a\n\u{1b}")), ("(none)".into(), r"a \u{1b}".into()));
        assert_eq!(named(&"x".repeat(50)), format!("{}…", "x".repeat(40)));
    }
}
