//! Tests that `score --prior auto` corrects scores if the class balance changed, and only then.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use spamops::io::result_file;
use spamops::io::stream::Place;
use spamops::rows::fingerprint::{Fingerprint, mix, unit};
use spamops::rows::{ReadOptions, Row, Rows, csv};
use spamops::stats::metrics::Metrics;
use spamops::stats::prior_shift::{LEVEL, Prior, PriorBasis, PriorShiftTest, TrainingBalance};

use crate::directory::fresh;

#[test]
fn without_a_shift_the_test_fires_at_its_level() {
    let (runs, trained, rows) = (400, 100, 1000);
    let fired = (0..runs).filter(|&run| {
        PriorShiftTest::test(&scores(run, trained, rows, 0.2), training_balance(run, trained)).unwrap().p
            < LEVEL
    });
    let fired = fired.count();
    // Expected: 4. The chance of 14 or more is 1 in 10,000.
    assert!((1..14).contains(&fired), "{fired} of {runs}");
}

#[test]
fn a_shift_is_detected_and_estimated() {
    let (mut sum, runs) = (0.0, 100);
    for run in 0..runs {
        let change =
            PriorShiftTest::test(&scores(run, 4000, 1000, 0.5), training_balance(run, 4000)).unwrap();
        assert!(change.p < LEVEL, "run {run}: {change:?}");
        sum += change.estimated;
    }
    let mean = sum / runs as f64;
    assert!((mean - 0.5).abs() < 0.01, "{mean} on average");
}

#[test]
fn corrected_scores_improve_after_a_shift_and_stay_the_same_without_a_shift() {
    let directory = fresh("balances");
    let file = |name: &str| directory.join(name);
    // Rows that are older than the drift of the corpus. Half of them are for training. Rows of one class are dropped to
    // reach the share.
    let [train, steady, shifted] = [("train", 0, 0.13), ("steady", 1, 0.13), ("shifted", 1, 0.6)]
        .map(|(name, side, share)| resampled(&file(&format!("{name}.csv")), side, share));
    let model = file("model.json");
    run(env!("CARGO_BIN_EXE_fit"), &[&train, Path::new("-o"), &model]);
    let scored = |rows: &Path, prior: &[&str]| {
        let (out, metrics) = (file("scored.csv"), file("metrics.json"));
        let mut args = vec![rows, Path::new("--model"), &model, Path::new("--metrics"), &metrics];
        args.extend(prior.iter().map(Path::new));
        args.extend([Path::new("-o"), &out]);
        run(env!("CARGO_BIN_EXE_score"), &args);
        result_file::read::<Metrics>(&Place::File(metrics), "metrics").unwrap()
    };
    let (before, after) = (scored(&steady, &[]), scored(&steady, &["--prior", "auto"]));
    assert_eq!((before.figures, before.prior), (after.figures, None));
    let prior = after.prior.unwrap();
    assert!(!prior.acted && (prior.estimated.unwrap() - 0.13).abs() < 0.03, "{prior:?}");

    let (before, after) = (scored(&shifted, &[]), scored(&shifted, &["--prior", "auto"]));
    let prior = after.prior.unwrap();
    assert!(prior.acted && (prior.estimated.unwrap() - 0.6).abs() < 0.05, "{prior:?}");
    let (before, after) = (before.figures, after.figures);
    let gain = before.log_loss.unwrap() - after.log_loss.unwrap();
    assert!(
        gain > 0.4 * before.log_loss.unwrap(),
        "log-loss {:?}, then {:?}",
        before.log_loss,
        after.log_loss
    );
    assert!(after.f1 > before.f1 - 0.005, "F1 {}, then {}", before.f1, after.f1);
    // A given class balance works as well as an estimated class balance.
    let given = scored(&shifted, &["--prior", "0.6"]).figures;
    assert!((given.log_loss.unwrap() - after.log_loss.unwrap()).abs() < 0.1 * gain, "{given:?}");
}

/// A pseudorandom number from 0 to 1 for a run, a side and a place.
fn number(run: u64, side: u64, place: u64) -> f64 {
    unit(mix(mix(mix(run) ^ side) ^ place))
}

/// Class balance of random training rows, about 20% positive.
fn training_balance(run: u64, rows: u64) -> TrainingBalance {
    let positive = (0..rows).filter(|&place| number(run, 0, place) < 0.2).count() as u64;
    TrainingBalance { positive, negative: rows - positive }
}

/// Scores of random rows with this class balance, from a model trained on the rows of [`training_balance`].
///
/// A number x has the density 2x in positive rows and 2(1 - x) in negative rows. So x is the probability if half of the
/// rows are positive.
fn scores(run: u64, trained: u64, rows: u64, share: f64) -> Vec<f64> {
    let even = PriorBasis {
        trained: TrainingBalance { positive: 1, negative: 1 },
        calibrated: true,
        separation: 1.0,
    };
    let prior = Prior::given(training_balance(run, trained).share().unwrap(), even);
    let row = |place| {
        let larger = number(run, 1, place).max(number(run, 2, place));
        let x = if number(run, 3, place) < share { larger } else { 1.0 - larger };
        prior.corrected(x)
    };
    (0..rows).map(row).collect()
}

/// Writes distinct labelled rows of one half of the corpus, with this share of spam.
fn resampled(out: &Path, side: u64, share: f64) -> PathBuf {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/messages.csv");
    let mut rows = Rows::open(&Place::File(corpus), &ReadOptions::default()).unwrap();
    let [date, label, text] = ["date", "label", "text"].map(|name| rows.column(name).unwrap());
    let mut classes = [Vec::new(), Vec::new()];
    let (mut seen, mut row) = (HashSet::new(), Row::default());
    while rows.read(&mut row).unwrap() {
        let print = Fingerprint::of(row.get(text));
        let is_wanted = row.get(date) < "2026-07" && !row.get(label).is_empty() && mix(print.0) % 2 == side;
        if is_wanted && seen.insert(print) {
            classes[usize::from(row.get(label) == "spam")]
                .push((row.get(label).to_owned(), row.get(text).to_owned()));
        }
    }
    let [ham, spam] = &mut classes;
    let odds = share / (1.0 - share);
    let keep = |rows: &mut Vec<_>, limit: f64| while rows.len() as f64 > limit && rows.pop().is_some() {};
    keep(spam, ham.len() as f64 * odds);
    keep(ham, spam.len() as f64 / odds);
    let lines = classes.iter().flatten().map(|(label, text)| csv(&[label, text]) + "\n");
    fs::write(out, format!("label,text\n{}", lines.collect::<String>())).unwrap();
    out.to_owned()
}

fn run(tool: &str, args: &[&Path]) {
    let output = Command::new(tool).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}
