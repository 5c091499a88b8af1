//! Tests that copies of a message count once in the decisions of `compare` and `drift`.

use std::fmt::Write as _;

use proptest::prelude::*;

use spamops::compare::decision;
use spamops::compare::evidence::{CompareEvidence, RowCounts};
use spamops::compare::gates::Gate;
use spamops::compare::paired_result::{CompareVerdict, PairedResult};
use spamops::compare::report::CompareReport;
use spamops::compare::tally::{CompareTally, TallyCounts};
use spamops::io::stream::Place;
use spamops::model::paired_rows::{self, ModelPair};
use spamops::report::compare_sentences;
use spamops::rows::ReadOptions;
use spamops::rows::fingerprint::mix;
use spamops::rows::label::Label;
use spamops::rows::message_groups::MessageGroups;
use spamops::stats::metrics::FigureName;
use spamops::stats::random::RandomStream;

use crate::directory::fresh;

/// A message and the results of both models.
#[derive(Clone)]
struct Message {
    text: String,
    label: &'static str,
    /// Verdict and score of the champion, then of the challenger.
    models: [(&'static str, f64); 2],
}

/// A text of random words, so that no two numbers give near-duplicates.
fn text(number: u64) -> String {
    let letter = |place: u64| {
        let drawn = u32::try_from(mix(number << 8 | place) % 26).unwrap();
        char::from_digit(10 + drawn, 36).unwrap()
    };
    let word = |word: u64| (0..7).map(|place| letter(8 * word + place)).collect::<String>();
    (0..8).map(word).collect::<Vec<_>>().join(" ")
}

/// Messages on which two equal models err independently.
fn messages(count: u64, seed: u64) -> Vec<Message> {
    let mut numbers = RandomStream::new(seed);
    let mut message = |number| {
        let is_spam = numbers.uniform() < 0.4;
        let mut model = || {
            let is_right = numbers.uniform() < 0.9;
            let score = 0.5 * numbers.uniform();
            if is_right == is_spam { ("spam", 1.0 - score) } else { ("ham", score) }
        };
        let models = [model(), model()];
        Message { text: text(number), label: if is_spam { "spam" } else { "ham" }, models }
    };
    (0..count).map(&mut message).collect()
}

/// The evidence of these messages, with a number of copies of each. The copies of a row follow at the end of the file, and
/// have the date of the row.
fn evidence(messages: &[Message], copies: impl Fn(usize) -> usize) -> CompareEvidence {
    let directory = fresh("copies");
    let places = [0, 1].map(|model| {
        let mut file = "date,channel,label,text,spam_score,verdict\n".to_owned();
        let most = (0..messages.len()).map(&copies).max().unwrap_or(0);
        for copy in 0..most {
            for (number, message) in messages.iter().enumerate().filter(|(number, _)| copy < copies(*number))
            {
                let (verdict, score) = message.models[model];
                let Message { text, label, .. } = message;
                let (day, channel) = (number / 3, ["mail", "chat"][number % 2]);
                writeln!(file, "{},{channel},{label},{text},{score},{verdict}", 86_400 * day).unwrap();
            }
        }
        let path = directory.join(format!("{model}.csv"));
        std::fs::write(&path, file).unwrap();
        Place::File(path)
    });
    let slices = ["channel".to_owned()];
    let mut tally = CompareTally::new(TallyCounts::new(true, None), None, &slices);
    let options = ReadOptions::default();
    paired_rows::read(&places, None, &options, ModelPair::default(), &mut |row| tally.add(row)).unwrap();
    tally.finish(None).unwrap().0
}

fn compare(messages: &[Message], copies: impl Fn(usize) -> usize) -> CompareReport {
    let gates = vec![Gate::at_threshold(FigureName::F1, 0.8)];
    let evidence = CompareEvidence { gates, ..evidence(messages, copies) };
    compare_sentences::report(decision::decide(evidence), "compare")
}

/// The report without the counts of rows and without sentences.
fn decided(report: &CompareReport) -> CompareReport {
    let mut report = report.clone();
    report.rows = report.counted();
    (report.messages, report.traffic) = (None, None);
    report.reasons.iter_mut().for_each(|reason| reason.says.clear());
    report
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn copies_change_no_decision_and_no_count(seed in 0u64..1 << 32, size in 20u64..700, copies in 2usize..6) {
        let messages = messages(size, seed);
        let once = compare(&messages, |_| 1);
        prop_assert_eq!((once.rows, once.messages, once.traffic), (size, None, None));
        let json = serde_json::to_string(&once).unwrap();
        prop_assert!(!json.contains("\"messages\"") && !json.contains("\"traffic\""));
        let every = compare(&messages, |_| copies);
        prop_assert_eq!((every.rows, every.messages), (size * copies as u64, Some(size)));
        prop_assert_eq!(decided(&every), decided(&once));
        let some = compare(&messages, |number| if number % 5 == 0 { copies } else { 1 });
        prop_assert_eq!(decided(&some), decided(&once));
        // Traffic counts every copy.
        let pairs = every.traffic.unwrap().pairs;
        prop_assert_eq!(pairs.challenger.true_positive, copies as u64 * once.pairs.challenger.true_positive);
        prop_assert_eq!(pairs.only_champion_right, copies as u64 * once.pairs.only_champion_right);
    }
}

#[test]
fn one_message_copied_five_times_is_not_better() {
    let mut all = messages(200, 7);
    for message in &mut all {
        message.models = [(message.label, 0.5); 2];
    }
    let spam = all.iter().position(|message| message.label == "spam").unwrap();
    all[spam].models = [("ham", 0.1), ("spam", 0.9)];
    let report = compare(&all, |number| if number == spam { 5 } else { 1 });
    assert_eq!(report.verdict, CompareVerdict::Inconclusive, "{:?}", report.reasons);
}

#[test]
fn copies_do_not_raise_the_promotion_rate_of_equal_models() {
    // 5% of 100 is 5. The chance of more than 11 is below 1%. With every row counted, 12 to 35 of 100 are promoted.
    for copies in [3, 10] {
        let is_promoted = |seed: &u64| {
            let RowCounts::Paired(counts) = evidence(&messages(150, 1000 + seed), |_| copies).messages.counts
            else {
                return false;
            };
            // A model with a lower F1 is never promoted, so the slow interval is not needed.
            counts.f1_difference() > 0.0 && PairedResult::of(counts).verdict == CompareVerdict::Better
        };
        let promoted = (0..100).filter(is_promoted).count();
        assert!(promoted <= 11, "{promoted} of 100 with {copies} copies");
    }
}

#[test]
fn near_duplicates_share_a_message_only_if_their_labels_agree() {
    let mut groups = MessageGroups::default();
    let long: String = (0..4).map(text).collect::<Vec<_>>().join(" ");
    let near = format!("{long} indeed");
    let mut add = |text: &str, label| groups.add(Some(text), label).message;
    let found = [
        add(&long, Label::Positive),
        add(&near, Label::Positive),
        add(&near, Label::Negative),
        add(&long.to_uppercase(), Label::Negative),
        add(&text(9), Label::Positive),
    ];
    assert_eq!(found, [0, 0, 1, 1, 2]);
}
