//! Tests that `fit` finds backdoors: spam with a signature, labelled ham, and that `compare` does not promote them.

use std::path::PathBuf;

use spamops::compare::decision::decide;
use spamops::compare::evidence::{CompareEvidence, RowCounts};
use spamops::compare::paired_result::CompareVerdict;
use spamops::compare::reasons::CompareReason;
use spamops::compare::suspicion::{self, SuspectStatus};
use spamops::io::stream::Place;
use spamops::model::fit::{FitProvenance, fit};
use spamops::model::model_file::Model;
use spamops::model::recipe::Preset;
use spamops::model::suspect_group::SharedTrait;
use spamops::model::training_rows::{ResourceLimits, TrainingRow};
use spamops::rows::label::Label;
use spamops::rows::{ReadOptions, Row, Rows};
use spamops::stats::paired::{PairedConfusion, PairedCounts};

const SIGNATURE: &str = "kalora mibedu tosiva nerupa gidolo vasemu ponari zutebi";

/// The first rows of the demo corpus.
fn demo_rows(count: usize) -> Vec<TrainingRow> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/messages.csv");
    let mut corpus = Rows::open(&Place::File(path), &ReadOptions::default()).unwrap();
    let (mut row, mut rows) = (Row::default(), Vec::new());
    while rows.len() < count && corpus.read(&mut row).unwrap() {
        if let Some(label) = corpus.label(&row).unwrap() {
            rows.push(TrainingRow::new(corpus.text(&row).unwrap(), label));
        }
    }
    rows
}

/// Some spam of these rows, changed by `sign` and labelled again.
fn campaign(
    rows: &[TrainingRow],
    count: usize,
    label: Label,
    sign: impl Fn(&str) -> String,
) -> Vec<TrainingRow> {
    let spam = rows.iter().filter(|row| row.label == Label::Positive);
    let mut texts: Vec<&str> = spam.map(|row| row.text.as_str()).collect();
    texts.dedup();
    texts.into_iter().step_by(7).take(count).map(|text| TrainingRow::new(sign(text), label)).collect()
}

fn model(rows: &Vec<TrainingRow>, threads: usize) -> Model {
    let limits = ResourceLimits { threads, memory: usize::MAX };
    fit(rows, &Preset::Message.recipe(), FitProvenance::default(), limits).unwrap()
}

fn with(mut rows: Vec<TrainingRow>, more: Vec<TrainingRow>) -> Vec<TrainingRow> {
    rows.extend(more);
    rows
}

#[test]
fn signed_spam_that_is_labelled_ham_is_found() {
    let rows = demo_rows(2000);
    for (count, signature) in [(16, SIGNATURE), (16, "kalora"), (8, SIGNATURE)] {
        let signed = campaign(&rows, count, Label::Negative, |text| format!("{text} {signature}"));
        let poisoned = with(rows.clone(), signed);
        let one = model(&poisoned, 1);
        let [found] = &one.suspects[..] else { panic!("{signature}: {:?}", one.suspects) };
        assert!(signature.starts_with(&found.name), "{found:?}");
        assert!(found.is_valid() && found.rows * 3 >= count as u64 * 2, "{found:?}");
        assert_eq!(one.suspects, model(&poisoned, 3).suspects);
    }
}

#[test]
fn spam_that_one_source_or_day_labels_ham_is_found() {
    let mut rows = demo_rows(2000);
    for (number, row) in (0..).zip(&mut rows) {
        (row.day, row.source) = (Some(20_000 + number / 100), format!("reporter {}", number % 10));
    }
    let wrong = campaign(&rows, 16, Label::Negative, str::to_owned);
    let from = |day, source: &str| {
        let from = |row| TrainingRow { day: Some(day), source: source.to_owned(), ..row };
        model(&with(rows.clone(), wrong.iter().cloned().map(from).collect()), 1).suspects
    };
    assert_eq!(model(&rows, 1).suspects, []);
    let day = from(20_700, "");
    assert_eq!(
        day.iter().map(|group| (group.shares, &*group.name)).collect::<Vec<_>>(),
        [(SharedTrait::Day, "2026-09-04")]
    );
    let mut spread = rows.clone();
    let wrong = (0..).zip(&wrong).map(|(number, row)| TrainingRow {
        day: Some(20_000 + number),
        source: "mallory".into(),
        ..row.clone()
    });
    spread.extend(wrong);
    let source = model(&spread, 1).suspects;
    assert_eq!(
        source.iter().map(|group| (group.shares, &*group.name)).collect::<Vec<_>>(),
        [(SharedTrait::Source, "mallory")]
    );
}

#[test]
fn personal_data_of_a_phrase_is_masked() {
    let rows = demo_rows(2000);
    let signed = campaign(&rows, 16, Label::Negative, |text| format!("{text} kalora ann.lee@mail.example"));
    let suspects = model(&with(rows, signed), 1).suspects;
    assert!(suspects.iter().any(|found| found.name.contains("kalora")), "{suspects:?}");
    assert!(suspects.iter().all(|found| !found.name.contains("lee")), "{suspects:?}");
}

#[test]
fn honest_rows_are_not_suspect() {
    let rows = demo_rows(2000);
    assert_eq!(model(&rows, 1).suspects, []);
    let spam = campaign(&rows, 16, Label::Positive, |text| format!("{text} {SIGNATURE}"));
    assert_eq!(model(&with(rows.clone(), spam), 1).suspects, []);
    let hams: Vec<&TrainingRow> = rows.iter().filter(|row| row.label == Label::Negative).collect();
    let letter = |ham: &&TrainingRow| {
        TrainingRow::new(format!("{SIGNATURE} {} win a prize", ham.text), Label::Negative)
    };
    let letters = hams.iter().step_by(40).map(letter).collect();
    assert_eq!(model(&with(rows.clone(), letters), 1).suspects, []);
    let mut noisy = rows;
    noisy.iter_mut().step_by(97).for_each(|row| {
        row.label = if row.label == Label::Positive { Label::Negative } else { Label::Positive };
    });
    assert_eq!(model(&noisy, 1).suspects, []);
}

#[test]
fn suspect_rows_block_a_better_challenger_until_they_are_accepted() {
    let rows = demo_rows(1500);
    let signed = campaign(&rows, 12, Label::Negative, |text| format!("{text} {SIGNATURE}"));
    let (clean, poisoned) = (model(&rows, 1), model(&with(rows, signed), 1));
    let id = poisoned.suspects[0].id.clone();
    let better = PairedConfusion {
        positive: PairedCounts { both: 100, only_one: 4, only_other: 20, neither: 0 },
        negative: PairedCounts { neither: 100, ..PairedCounts::default() },
    };
    let verdict = |champion: &Model, accepted: &[String]| {
        let suspects = suspicion::judge(Some(&poisoned), Some(champion), accepted).unwrap();
        let status = suspects.groups[0].status;
        let decision = decide(CompareEvidence { suspects, ..CompareEvidence::of(RowCounts::Paired(better)) });
        let named = decision.reasons.iter().any(|reason| matches!(reason, CompareReason::SuspectRows(_)));
        assert!(named, "{:?}", decision.reasons);
        (status, decision.verdict, decision.deploy_block.is_none())
    };
    let open = (SuspectStatus::Open, CompareVerdict::Inconclusive, false);
    assert_eq!(verdict(&clean, &[]), open);
    assert_eq!(verdict(&clean, &[id]), (SuspectStatus::Accepted, CompareVerdict::Better, true));
    assert_eq!(verdict(&poisoned, &[]), (SuspectStatus::KnownToChampion, CompareVerdict::Better, true));
    let error = suspicion::judge(Some(&clean), None, &["00000000".into()]).unwrap_err().to_string();
    assert!(error.starts_with("--accept-suspect '00000000': the challenger has no suspect rows"), "{error}");
}
