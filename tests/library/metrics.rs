//! Tests that metrics stay within their bounds for all scores.

use proptest::prelude::*;

use spamops::rows::label::Label;
use spamops::stats::intervals::Interval;
use spamops::stats::metrics::{Confusion, Figures};
use spamops::stats::ranking::ScoredLabel;

/// Scores from 0 to 1, with many ties and both ends.
fn score() -> impl Strategy<Value = f64> {
    prop_oneof![0.0..=1.0, (0u8..=4).prop_map(|quarter| f64::from(quarter) / 4.0), Just(f64::MIN_POSITIVE)]
}

/// Scores with their labels.
fn labelled_scores() -> impl Strategy<Value = Vec<(f64, Label)>> {
    prop::collection::vec((score(), prop_oneof![Just(Label::Positive), Just(Label::Negative)]), 0..40)
}

fn scored(rows: &[(f64, Label)]) -> Vec<ScoredLabel> {
    rows.iter().map(|(score, label)| ScoredLabel::new(*score, *label)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn figures_are_within_0_and_1_and_their_intervals(rows in labelled_scores(), threshold in score()) {
        let mut confusion = Confusion::default();
        for (score, label) in &rows {
            confusion.add(*label, if *score >= threshold { Label::Positive } else { Label::Negative });
        }
        let found = Figures::of(&mut scored(&rows), confusion);
        let (within, at) = (found.intervals, (found.recall_at_fpr, found.intervals.recall_at_fpr));
        let shares = [
            (Some(found.f1), within.f1),
            (Some(found.precision), within.precision),
            (Some(found.recall), within.recall),
            (Some(found.accuracy), within.accuracy),
            (found.roc_auc, within.roc_auc),
            (at.0.thousandth, at.1.thousandth),
            (at.0.hundredth, at.1.hundredth),
            (Some(found.macro_f1), None),
            (found.balanced_accuracy, None),
            (found.average_precision, None),
            (found.brier, None),
            (found.ece, None),
            (found.log_loss.map(|loss| loss / 37.0), None),
            (Some(f64::midpoint(found.mcc, 1.0)), None),
        ];
        for (share, interval) in shares.into_iter().filter_map(|(share, interval)| Some((share?, interval))) {
            let Interval(low, high) = interval.unwrap_or(Interval(0.0, 1.0));
            let is_inside = low <= share + 1e-12 && share <= high + 1e-12;
            prop_assert!(0.0 <= low && high <= 1.0 && is_inside, "{} is not between {} and {}", share, low, high);
        }
    }

    #[test]
    fn roc_auc_is_the_share_of_ordered_pairs(mut rows in labelled_scores()) {
        let of = |rows: &[(f64, Label)]| Figures::of(&mut scored(rows), Confusion::default());
        let found = of(&rows);
        let of_class = |wanted| rows.iter().filter(move |row| row.1 == wanted).map(|row| row.0);
        let pairs = of_class(Label::Positive).flat_map(|one| of_class(Label::Negative).map(move |other| (one, other)));
        let (ahead, count) = pairs.fold((0.0, 0.0), |(ahead, count), (one, other)| {
            (ahead + f64::from(u8::from(one > other)) / 2.0 + f64::from(u8::from(one >= other)) / 2.0, count + 1.0)
        });
        prop_assert_eq!(found.roc_auc.is_some(), count > 0.0);
        prop_assert!(found.roc_auc.is_none_or(|auc| (auc - ahead / count).abs() < 1e-12));
        rows.reverse();
        prop_assert_eq!(of(&rows), found);
    }
}
