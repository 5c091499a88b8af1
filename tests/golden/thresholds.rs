//! Tests that no threshold is better than the chosen threshold.

use serde::Deserialize;

use spamops::model::threshold::{ThresholdGoal, choose};
use spamops::rows::label::Label;
use spamops::stats::metrics::Confusion;

use crate::cases::{assert_agree, cases};
use crate::drawn::DrawnOrStored;

#[test]
fn no_other_threshold_is_better() {
    #[derive(Deserialize)]
    struct Case {
        #[serde(flatten)]
        rows: DrawnOrStored,
        f1: (f64, f64),
        max_fpr: Vec<(f64, Option<f64>)>,
        min_recall: Vec<(f64, f64)>,
        cost: Vec<(f64, f64, f64)>,
    }
    let cases = cases::<Case>("thresholds");
    assert!(cases.len() >= 20);
    for Case { rows, f1, max_fpr, min_recall, cost } in cases {
        let pairs = rows.pairs();
        let confusion_at = |goal: ThresholdGoal| {
            let threshold = choose(goal, &pairs);
            assert!((0.0..=1.0).contains(&threshold));
            let mut confusion = Confusion::default();
            for &(score, positive) in &pairs {
                let label = |positive| if positive { Label::Positive } else { Label::Negative };
                confusion.add(label(positive), label(score >= threshold));
            }
            confusion
        };
        let case = format!("{rows:?}");
        let best = confusion_at(ThresholdGoal::BestF1);
        assert_agree(
            &case,
            &[("false positives", best.false_positive as f64, f1.0), ("F1", best.f1(), f1.1)],
        );
        for (limit, recall) in max_fpr {
            let found = confusion_at(ThresholdGoal::MaxFpr(limit));
            match recall {
                Some(recall) => {
                    assert_agree(&format!("{case} {limit}"), &[("recall", found.recall(), recall)]);
                }
                // A negative row with score 1 is positive at any threshold. The threshold 1 gives the fewest such rows.
                None => assert_eq!(found, confusion_at(ThresholdGoal::At(1.0)), "{case} {limit}"),
            }
            let rate = found.false_positive as f64 / (found.false_positive + found.true_negative) as f64;
            assert!(rate <= limit || recall.is_none(), "{case}: {rate} with {limit}");
        }
        for (limit, false_positives) in min_recall {
            let found = confusion_at(ThresholdGoal::MinRecall(limit));
            assert_agree(
                &format!("{case} {limit}"),
                &[("false positives", found.false_positive as f64, false_positives)],
            );
            assert!(found.recall() >= limit, "{case}: {} with {limit}", found.recall());
        }
        for (alarm, miss, least) in cost {
            let found = confusion_at(ThresholdGoal::Cost(alarm, miss));
            let cost = alarm * found.false_positive as f64 + miss * found.false_negative as f64;
            assert_agree(&format!("{case} {alarm} {miss}"), &[("cost", cost, least)]);
        }
    }
}
