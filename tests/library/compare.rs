//! Tests that `compare` rarely promotes an equal model and usually promotes a better model.
//!
//! The full table is in tests/bench/compare.

use proptest::prelude::*;

use spamops::cli::verify;
use spamops::compare::decision;
use spamops::compare::evidence::{CompareEvidence, RowCounts};
use spamops::compare::paired_result::{CompareVerdict, PairedResult};
use spamops::compare::report::CompareReport;
use spamops::compare::sequential::{EVIDENCE_NEEDED, SequentialTest};
use spamops::io::result_file;
use spamops::io::stream::Place;
use spamops::report::compare_sentences;
use spamops::rows::label::Label;
use spamops::stats::paired::{PairedConfusion, PairedCounts};
use spamops::stats::random::RandomStream;

use crate::directory::fresh;
use crate::stats::paired_counts;

/// One row and the verdicts of two models. In 70% of the rows, one random number decides both verdicts. The champion's
/// recall is 0.9, and the challenger's recall is higher by `more`.
fn row(numbers: &mut RandomStream, spam: f64, more: f64) -> (Label, Label, Label) {
    let label = |positive| if positive { Label::Positive } else { Label::Negative };
    let truth = numbers.uniform() < spam;
    let one = numbers.uniform();
    let other = if numbers.uniform() < 0.7 { one } else { numbers.uniform() };
    let (champion, challenger) = if truth { (0.9, 0.9 + more) } else { (0.01, 0.01) };
    (label(truth), label(one < champion), label(other < challenger))
}

fn promoted(pairs: u64, rows: usize, more: f64) -> usize {
    let is_promoted = |pair: u64| {
        let (mut numbers, mut counters) = (RandomStream::new(pair << 8), PairedConfusion::default());
        for _ in 0..rows {
            let (truth, champion, challenger) = row(&mut numbers, 0.3, more);
            counters.add(truth, champion, challenger);
        }
        // A model with a lower F1 is never promoted, so the slow interval is not needed.
        counters.f1_difference() > 0.0 && PairedResult::of(counters).verdict == CompareVerdict::Better
    };
    (0..pairs).filter(|pair| is_promoted(*pair)).count()
}

#[test]
fn rarely_promotes_an_equal_model_and_usually_promotes_a_better_model() {
    // 5% of 200 is 10. The chance of more than 19 is below 1%.
    let equal = promoted(200, 500, 0.0);
    assert!(equal <= 19, "{equal} of 200 equal models");
    let better = promoted(30, 3000, 0.05);
    assert!(better >= 27, "{better} of 30 better models");
}

#[test]
fn sequential_evidence_is_rarely_wrong_when_checked_after_every_row() {
    let reached = |more: f64| {
        let streams = 0..300u64;
        let is_reached = |stream: &u64| {
            let (mut numbers, mut state) =
                (RandomStream::new(stream << 8), SequentialTest::new("promotions"));
            for id in 0..1500 {
                let (truth, champion, challenger) = row(&mut numbers, 0.5, more);
                state.add(id, truth, champion, challenger);
            }
            state.ln_most_for >= EVIDENCE_NEEDED.ln()
        };
        streams.filter(is_reached).count()
    };
    // 5% of 300 is 15. The chance of more than 26 is below 1%.
    let (equal, better) = (reached(0.0), reached(0.06));
    assert!(equal <= 26 && better >= 200, "{equal} equal, {better} better of 300");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_report_is_consistent_with_its_own_counts(positive in paired_counts(), negative in paired_counts()) {
        let counters = PairedConfusion { positive, negative };
        let decided = decision::decide(CompareEvidence::of(RowCounts::Paired(counters)));
        let report = compare_sentences::report(decided, "compare");
        prop_assert!(!report.deploy_needed || report.verdict == CompareVerdict::Better);
        let swap = |rows: PairedCounts| PairedCounts { only_one: rows.only_other, only_other: rows.only_one, ..rows };
        let other = PairedConfusion { positive: swap(positive), negative: swap(negative) };
        let other = PairedResult::of(other).verdict;
        prop_assert!(report.verdict != CompareVerdict::Better || other != CompareVerdict::Better, "both are better");
        let place = Place::File(fresh("report").join("compare.json"));
        result_file::write(&place, &report).unwrap();
        let back: CompareReport = result_file::read(&place, "compare").unwrap();
        prop_assert_eq!(&back, &report);
        let found = verify::verify(&place, &[]).unwrap();
        prop_assert_eq!(found[0].found.clone(), Ok("compare".to_owned()));
    }
}
