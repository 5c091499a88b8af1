//! What holds for every table and for every heap of bytes: rows are read back as they were written, nothing panics,
//! nothing is lost, and where a row goes is its own affair.

#![expect(clippy::unwrap_used, reason = "in a test a failed unwrap is the report")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use proptest::prelude::*;
use spamops::features::{Ngrams, TermKind};
use spamops::io::dates::Timestamp;
use spamops::io::fraction::Fraction;
use spamops::io::stream::Place;
use spamops::model::calibrate::{Calibration, CalibrationMethod};
use spamops::model::corpus::{ResourceLimits, TrainingRow};
use spamops::model::fit::{FitProvenance, fit};
use spamops::model::model_file::{Model, ScoringBuffers};
use spamops::model::recipe::{Learner, Preset, Recipe};
use spamops::model::tfidf::Norm;
use spamops::rows::contract::{Contract, Inspection};
use spamops::rows::fingerprint::{Fingerprint, normal};
use spamops::rows::label::Label;
use spamops::rows::mask::{ALL, masked};
use spamops::rows::sampling::draw::{Odds, Sample};
use spamops::rows::{Format, MalformedRows, ReadOptions, Row, Rows, Writer};
use spamops::stats::intervals::Interval;
use spamops::stats::metrics::{Confusion, Figures};
use spamops::stats::ranking::ScoredLabel;

/// A cell: anything, or much of what CSV and JSON are made of.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), r#"[",;\\{}\[\]\r\n\t\x00 aé😀]{0,8}"#]
}

/// Rows of one to four cells.
fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    (1usize..5).prop_flat_map(|columns| {
        prop::collection::vec(prop::collection::vec(cell(), columns..=columns), 1..6)
    })
}

/// Bytes that come close to a table.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => r#"[",;\r\n ab]{1,6}"#.prop_map(String::into_bytes),
        2 => Just(br#"{"text":"a","label":1}"#.to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..4),
    ];
    (prop_oneof![Just("text,label\n"), Just("label;text\r\n"), Just("{\"text\":\"a\"}\n"), Just("")], {
        prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
    })
        .prop_map(|(header, rest)| [header.as_bytes(), &rest].concat())
}

/// A score: anything from 0 to 1, with many ties and both ends.
fn score() -> impl Strategy<Value = f64> {
    prop_oneof![0.0..=1.0, (0u8..=4).prop_map(|quarter| f64::from(quarter) / 4.0), Just(f64::MIN_POSITIVE)]
}

/// Labelled rows and their scores.
fn judged() -> impl Strategy<Value = Vec<(f64, Label)>> {
    prop::collection::vec((score(), prop_oneof![Just(Label::Positive), Just(Label::Negative)]), 0..40)
}

fn scored(rows: &[(f64, Label)]) -> Vec<ScoredLabel> {
    rows.iter().map(|(score, label)| ScoredLabel::new(*score, *label)).collect()
}

/// Words that the models below know, and a few that they do not.
const WORDS: [&str; 12] =
    ["win", "a", "PRIZE", "now!", "see", "you", "at", "noon", "call", "07700900123", "me@x.test", "unknown"];

/// Models of every way from terms to a score.
static MODELS: LazyLock<Vec<Model>> = LazyLock::new(|| {
    let lessons: Vec<TrainingRow> = (0..60usize)
        .map(|number| {
            let words = (0..12).map(|place| WORDS[(number * (place + 3) + place * place) % 11]);
            let positive = number % 3 == 0;
            let text = words.chain(positive.then_some("win prize")).collect::<Vec<_>>().join(" ");
            let label = if positive { Label::Positive } else { Label::Negative };
            TrainingRow {
                cells: vec![["sms", "mail"][number % 2].to_owned()],
                ..TrainingRow::new(&text, label)
            }
        })
        .collect();
    let (classic, message, strong) =
        (Preset::Classic.recipe(), Preset::Message.recipe(), Preset::Strong.recipe());
    let mut chars =
        Recipe { learner: Learner::Complement, calibration: CalibrationMethod::Isotonic, ..classic.clone() };
    (chars.analyzer.kind, chars.analyzer.ngrams) = (TermKind::CharWb, Ngrams { fewest: 2, most: 3 });
    (chars.weighting.norm, chars.weighting.idf) = (Norm::L1, false);
    let mut plain = Recipe { learner: Learner::Logistic, windows: Some(4), ..message.clone() };
    plain.weighting.norm = Norm::None;
    let about = || FitProvenance {
        columns: vec!["channel".into()],
        masked: ALL.to_vec(),
        ..FitProvenance::default()
    };
    let means = ResourceLimits { threads: 1, memory: usize::MAX };
    let recipes = [classic, message, strong, chars, plain];
    let mut models: Vec<Model> =
        recipes.iter().map(|recipe| fit(&lessons, recipe, about(), means).unwrap()).collect();
    // So few rows ask for no margin.
    models.iter_mut().filter_map(|model| model.windows.as_mut()).for_each(|windows| windows.margin = 0.25);
    models
});

/// A reader of one byte at a time, as from a slow pipe.
struct Trickle(Cursor<Vec<u8>>);

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let few = buffer.len().min(1);
        self.0.read(&mut buffer[..few])
    }
}

fn options() -> ReadOptions {
    ReadOptions { faults: MalformedRows::Keep, ..ReadOptions::default() }
}

type Seen = Vec<(u64, Vec<String>, Option<String>)>;

/// Line, cells and fault of every row, or the error.
fn read(bytes: Box<dyn Read>) -> Result<Seen, String> {
    let mut rows =
        Rows::from_bytes(bytes, &Place::Standard, &options()).map_err(|error| format!("{error:#}"))?;
    let (mut row, mut seen) = (Row::default(), Vec::new());
    while rows.read(&mut row).map_err(|error| format!("{error:#}"))? {
        let fault = row.fault().map(ToString::to_string);
        seen.push((row.line(), row.cells().map(str::to_owned).collect(), fault));
    }
    Ok(seen)
}

fn temporary(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("properties");
    fs::create_dir_all(&directory).unwrap();
    directory.join(name)
}

/// Passes the rows of a file on to another, as `sample` does.
fn pass(from: &Path, to: &Path, format: Option<Format>) {
    let mut rows = Rows::open(&Place::File(from.into()), &options()).unwrap();
    let mut writer = Writer::create(&Place::File(to.into()), format, &mut rows, &[]).unwrap();
    let mut row = Row::default();
    while rows.read(&mut row).unwrap() {
        writer.write(&row).unwrap();
    }
    writer.finish().unwrap();
}

/// The normal form as it was first written, a character at a time.
fn plainly_normal(text: &str) -> String {
    let starts =
        |word: &str, with: &str| word.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
    let word = |word: &str| {
        if ["http://", "https://", "www."].iter().any(|with| starts(word, with)) {
            return "U".to_owned();
        }
        let folded = |c: char| if c.is_numeric() { "0".to_owned() } else { c.to_lowercase().collect() };
        word.chars().map(folded).collect()
    };
    text.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_character_keeps_its_normal_form() {
    // There are letters with two cases, numbers and spaces up to here; then only ideographs, tags and marks.
    for c in '\0'..'\u{20000}' {
        let text = format!("{c}ttp://a x{c}www.b www{c}.c{c}");
        assert_eq!(normal(&text), plainly_normal(&text), "{c:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_and_back_again_is_the_identity(table in table()) {
        let names = ["text", "b", "c", "d"];
        let line = |cells: &Vec<String>| {
            let pairs = names.iter().zip(cells).map(|(name, cell)| format!("\"{name}\":{}", serde_json::json!(cell)));
            format!("{{{}}}\n", pairs.collect::<Vec<_>>().join(","))
        };
        let [json, csv, json_again, csv_again] =
            ["a.jsonl", "a.csv", "b.jsonl", "b.csv"].map(|name| temporary(&format!("identity-{name}")));
        fs::write(&json, table.iter().map(line).collect::<String>()).unwrap();
        pass(&json, &csv, None);
        let cells: Vec<_> = read(Box::new(fs::File::open(&csv).unwrap())).unwrap();
        prop_assert!(cells.iter().all(|(_, _, fault)| fault.is_none()));
        prop_assert_eq!(cells.into_iter().map(|(_, cells, _)| cells).collect::<Vec<_>>(), table);
        pass(&csv, &json_again, None);
        pass(&json_again, &csv_again, None);
        prop_assert_eq!(fs::read(&json).unwrap(), fs::read(&json_again).unwrap());
        prop_assert_eq!(fs::read(&csv).unwrap(), fs::read(&csv_again).unwrap());
    }

    #[test]
    fn every_row_is_clean_or_refused(bytes in bytes()) {
        let Ok(mut rows) = Rows::from_bytes(Box::new(Cursor::new(bytes)), &Place::Standard, &options()) else {
            return Ok(());
        };
        let contract = Contract::basic();
        let mut inspection = Inspection::new(&contract, &rows, Timestamp(0)).unwrap();
        let (mut row, mut clean, mut refused) = (Row::default(), 0, 0);
        while rows.read(&mut row).unwrap() {
            *if inspection.row(&rows, &row).is_none() { &mut clean } else { &mut refused } += 1;
        }
        let report = inspection.finish();
        prop_assert_eq!((report.clean, report.rejected, report.rows), (clean, refused, rows.seen()));
        prop_assert_eq!(clean + refused, rows.seen());
    }

    #[test]
    fn a_slow_pipe_and_a_file_read_alike(bytes in bytes()) {
        let whole = read(Box::new(Cursor::new(bytes.clone())));
        let slow = read(Box::new(Trickle(Cursor::new(bytes))));
        prop_assert_eq!(whole, slow);
    }

    #[test]
    fn without_quotes_every_line_that_is_not_blank_is_a_row(text in "text,b\n[,ab \r\n]{0,60}") {
        let rows = read(Box::new(Cursor::new(text.clone().into_bytes()))).unwrap();
        let lines = text.replace("\r\n", "\n").replace('\r', "\n");
        let lines: Vec<(u64, &str)> = (1..).zip(lines.split('\n')).filter(|(_, line)| !line.is_empty()).collect();
        let found: Vec<(u64, String)> = rows.into_iter().map(|(line, cells, _)| (line, cells.join(","))).collect();
        let found: Vec<(u64, &str)> = found.iter().map(|(line, row)| (*line, row.as_str())).collect();
        prop_assert_eq!(&lines[1..], found);
    }

    #[test]
    fn what_is_no_row_is_passed_on_as_it_came(rest in r#"[",\r\n ab]{0,40}"#) {
        let [from, to] = ["from.csv", "to.csv"].map(|name| temporary(&format!("fault-{name}")));
        fs::write(&from, format!("text,b\n{rest}")).unwrap();
        pass(&from, &to, None);
        let without_lines = |path: &Path| -> Vec<_> {
            let rows = read(Box::new(fs::File::open(path).unwrap())).unwrap();
            rows.into_iter().map(|(_, cells, fault)| (fault.is_some(), if fault.is_some() { vec![] } else { cells })).collect()
        };
        prop_assert_eq!(without_lines(&from), without_lines(&to));
    }

    #[test]
    fn the_normal_form_is_its_own_normal_form(text in any::<String>()) {
        // A link becomes U, which is no link; nothing else moves the second time.
        let once = normal(&text).replace('U', "");
        prop_assert_eq!(normal(&once), once);
    }

    #[test]
    fn the_normal_form_never_changes(text in r"(?s:[ \t\r\n\x0b\x1c]|\u{85}|\u{2003}|http|HTTPS|www\.|Www|://|[a-zA-Z0-9:/.]{1,3}|.){0,40}") {
        prop_assert_eq!(normal(&text), plainly_normal(&text));
    }

    #[test]
    fn what_is_masked_stays_as_it_is(text in r"([0-9]{1,6}|[ .:/@()+-]|DE89|GB|a\.b|[a-z]{1,3}|4111 1111 1111 1111|\[ip:){0,16}") {
        let once = masked(&text, &ALL);
        prop_assert_eq!(masked(&once, &ALL), once);
    }

    #[test]
    fn figures_are_shares_within_their_intervals(rows in judged(), threshold in score()) {
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
            (found.average_precision, None),
            (found.brier, None),
            (found.ece, None),
            (found.log_loss.map(|loss| loss / 37.0), None),
            (Some(f64::midpoint(found.mcc, 1.0)), None),
        ];
        for (share, interval) in shares.into_iter().filter_map(|(share, interval)| Some((share?, interval))) {
            let Interval(low, high) = interval.unwrap_or(Interval(0.0, 1.0));
            let holds = low <= share + 1e-12 && share <= high + 1e-12;
            prop_assert!(0.0 <= low && high <= 1.0 && holds, "{} from {} to {}", share, low, high);
        }
    }

    #[test]
    fn the_area_is_the_share_of_pairs_in_order_whatever_the_order_of_rows(mut rows in judged()) {
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

    #[test]
    fn what_terms_add_is_the_score(words in prop::collection::vec(0..WORDS.len(), 0..60), channel in "sms|mail|fax") {
        let text = words.iter().map(|word| WORDS[*word]).collect::<Vec<_>>().join(" ");
        let line = format!("{{\"text\":\"{text}\",\"channel\":\"{channel}\"}}\n");
        let mut rows = Rows::from_bytes(Box::new(Cursor::new(line)), &Place::Standard, &options()).unwrap();
        let (mut row, mut desk) = (Row::default(), ScoringBuffers::default());
        prop_assert!(rows.read(&mut row).unwrap());
        for model in MODELS.iter() {
            let columns = model.columns(&rows).unwrap();
            let score = model.score_row(&row, &columns, &mut desk);
            let explained = model.explain_row(&row, &columns, &mut desk);
            let sum = explained.sum();
            if let Calibration::Isotonic(_) = model.calibration {
                prop_assert!((model.calibration.probability(sum) - score).abs() < 1e-9);
            } else {
                prop_assert!((1.0 / (1.0 + (-sum).exp()) - score).abs() < 1e-12);
                // Further out the score has no digits left to tell its log-odds by.
                prop_assert!(sum.abs() > 15.0 || ((score / (1.0 - score)).ln() - sum).abs() < 1e-6);
            }
            prop_assert!(explained.terms.is_sorted_by(|one, next| one.1.abs() >= next.1.abs()));
            let cells = explained.terms.iter().filter(|(term, _)| term.starts_with("  ")).count();
            prop_assert_eq!(cells, usize::from(["sms", "mail"].contains(&channel.as_str())));
            let without = model.explain(&text, &mut desk);
            prop_assert!(without.terms.iter().all(|(term, _)| !term.starts_with("  ")));
        }
    }

    #[test]
    fn a_larger_sample_holds_the_smaller(strata in prop::collection::vec(0u8..4, 1..80), size in 0u64..60, seed: u64) {
        let drawn = |size: u64| -> BTreeSet<u64> {
            let lines: Vec<String> = strata.iter().map(ToString::to_string).collect();
            let bytes = Box::new(Cursor::new(format!("text\n{}\n", lines.join("\n")).into_bytes()));
            let mut rows = Rows::from_bytes(bytes, &Place::Standard, &options()).unwrap();
            let (mut draw, mut row) = (Sample::new(size, seed, Odds::Even), Row::default());
            while rows.read(&mut row).unwrap() {
                draw.offer(&row, rows.seen(), || None, row.get(0));
            }
            draw.finish().map(|row| row.line()).collect()
        };
        let (some, more) = (drawn(size), drawn(size + 1));
        prop_assert_eq!(some.len() as u64, size.min(strata.len() as u64));
        prop_assert!(some.is_subset(&more));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_side_of_a_row_is_its_own_affair(texts in prop::collection::vec("[a-z]{1,8}( [a-z]{1,8})?", 2..30), from in 0usize..10) {
        let [all, part, rest] = ["all.jsonl", "part.jsonl", "rest.jsonl"].map(|name| temporary(&format!("side-{name}")));
        let line = |text: &String| format!("{{\"text\":\"{text}\"}}");
        let lines = |texts: &[String]| texts.iter().rev().map(line).collect::<Vec<_>>().join("\n");
        let train = |path: &Path, texts: &[String]| -> BTreeSet<String> {
            fs::write(path, lines(texts)).unwrap();
            let mut sample = Command::new(env!("CARGO_BIN_EXE_sample"));
            let output = sample.args(["--split", "0.5", "--rest"]).args([&rest, path]).output().unwrap();
            assert!(output.status.success());
            String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
        };
        let fewer = &texts[from.min(texts.len() - 1)..];
        let (of_all, of_fewer) = (train(&all, &texts), train(&part, fewer));
        for text in fewer {
            let line = line(text);
            let trains = Fingerprint::of(text).is_for_training(Fraction::try_from(0.5).unwrap());
            prop_assert_eq!(of_all.contains(&line), trains);
            prop_assert_eq!(of_fewer.contains(&line), trains);
        }
    }
}
