//! Tests that `sample` matches a second, slower implementation, and that splits leak no rows.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use spamops::io::stream::Place;
use spamops::rows::fingerprint::{mix, normal};
use spamops::rows::sampling::draw::DrawKey;
use spamops::rows::{ReadOptions, Row, Rows};

use crate::directory::fresh;

#[test]
fn one_pass_draws_the_same_rows_as_two_passes() {
    let corpus = corpus();
    let all = read(&corpus);
    let lines = lines_of(&corpus);
    let column = |row: &BTreeMap<String, String>, name: &str| row[name].clone();
    for (seed, size) in [(7, 100usize), (8, 2_000)] {
        let (seed_option, size_option) = (seed.to_string(), size.to_string());
        let options = ["--seed", &seed_option, "--size", &size_option];
        let mut keys: Vec<(f64, usize)> =
            (0..all.len()).map(|row| (DrawKey::uniform(seed, row as u64 + 1).value(), row)).collect();
        assert_eq!(sample(&options, &corpus), smallest(&mut keys, size, &lines));

        let mut fading: Vec<(f64, usize)> = all
            .iter()
            .enumerate()
            .map(|(row, cells)| {
                let date = cells["date"].parse().unwrap();
                (DrawKey::uniform(seed, row as u64 + 1).fading(date, 30.0).value(), row)
            })
            .collect();
        let found = sample(&[&options[..], &["--weight-half-life", "30"]].concat(), &corpus);
        assert_eq!(found, smallest(&mut fading, size, &lines));

        let found = sample(&[&options[..], &["--stratify", "channel"]].concat(), &corpus);
        let ids: HashSet<&str> = found.iter().map(|line| line.split(',').next().unwrap()).collect();
        let mut expected = Vec::new();
        for channel in ["sms", "mail", "comment", "ticket"] {
            let of = |row: &&(f64, usize)| column(&all[row.1], "channel") == channel;
            let mut keys: Vec<(f64, usize)> = keys.iter().filter(of).copied().collect();
            let won = keys.iter().filter(|(_, row)| ids.contains(all[*row]["id"].as_str())).count();
            let exact = size as f64 * keys.len() as f64 / all.len() as f64;
            assert!((won as f64 - exact).abs() < 1.0, "{won} rows of {channel}, expected {exact}");
            expected.extend(smallest(&mut keys, won, &lines));
        }
        expected.sort_unstable();
        assert_eq!(found, expected);
    }
}

#[test]
fn a_text_keeps_its_side_when_the_file_grows() {
    let directory = fresh("sides");
    let corpus = corpus();
    let text = fs::read_to_string(&corpus).unwrap();
    let rows = read(&corpus);
    // The first two thirds of the rows, then all rows.
    let less = directory.join("less.csv");
    let lines = lines_of(&corpus);
    fs::write(
        &less,
        format!("{}\n{}\n", text.lines().next().unwrap(), lines[..rows.len() * 2 / 3].join("\n")),
    )
    .unwrap();
    let mut sides: Vec<BTreeMap<String, bool>> = Vec::new();
    for file in [&less, &corpus] {
        let rest = directory.join("rest.csv");
        let train = directory.join("train.csv");
        sample_to(&["--split", "0.8", "--rest", rest.to_str().unwrap()], file, &train);
        let side = |path: &Path, trains| read(path).into_iter().map(move |row| (row["id"].clone(), trains));
        let found: BTreeMap<String, bool> = side(&train, true).chain(side(&rest, false)).collect();
        assert_eq!(found.len(), read(file).len(), "every row is on one side");
        // Copies are on the same side.
        let mut by_text: BTreeMap<String, bool> = BTreeMap::new();
        for row in read(file) {
            let trains = found[&row["id"]];
            assert_eq!(*by_text.entry(normal(&row["text"])).or_insert(trains), trains, "{row:?}");
        }
        // The share refers to distinct texts. The tolerance is four standard deviations.
        let (texts, train) =
            (by_text.len() as f64, by_text.values().filter(|trains| **trains).count() as f64);
        assert!((train / texts - 0.8).abs() < 4.0 * (0.16 / texts).sqrt(), "{train} of {texts} texts train");
        sides.push(found);
    }
    let moved = sides[0].iter().filter(|(id, trains)| sides[1][*id] != **trains).count();
    assert_eq!(moved, 0);
}

#[test]
fn larger_training_shares_contain_smaller_shares_from_0_to_1() {
    let directory = fresh("shares");
    let corpus = corpus();
    let rest = directory.join("rest.csv");
    let mut smaller = HashSet::new();
    for (share, most) in [("0", 0), ("0.3", 4_000), ("0.5", 5_000), ("1", usize::MAX)] {
        let train = sample(&["--split", share, "--rest", rest.to_str().unwrap()], &corpus);
        assert!(train.len() <= most && train.len() >= smaller.len(), "{} of {share}", train.len());
        assert_eq!(train.len() + read(&rest).len(), read(&corpus).len());
        let larger: HashSet<String> = train.into_iter().collect();
        assert!(smaller.is_subset(&larger));
        smaller = larger;
    }
}

#[test]
fn excluded_texts_stay_excluded_with_other_digits_or_case() {
    let directory = fresh("exclude");
    let (used, file) = (directory.join("used.csv"), directory.join("file.csv"));
    fs::write(&used, "text\nWin £500 now at https://a.test/1\n").unwrap();
    let copies =
        "text\nwin £900  NOW at HTTP://b.test/zz\nWIN £500 now\nWin £5000 now at https://a.test/1\nsee you\n";
    fs::write(&file, copies).unwrap();
    let left = sample(&["--exclude", used.to_str().unwrap()], &file);
    assert_eq!(left, ["WIN £500 now", "Win £5000 now at https://a.test/1", "see you"]);
    let both = ["--exclude", used.to_str().unwrap(), "--exclude", file.to_str().unwrap()];
    assert_eq!(sample(&both, &file), [""; 0]);
}

#[test]
fn no_training_row_is_a_near_duplicate_of_a_holdout_row() {
    // The demo's messages come from templates, and some of them are edited copies of each other.
    assert_no_near_duplicates(&corpus(), 0.94);
}

#[test]
fn no_real_training_row_is_a_near_duplicate_of_a_holdout_row() {
    if let Some(corpus) = real("sms.csv") {
        assert_no_near_duplicates(&corpus, 0.96);
    }
}

#[test]
fn rows_for_labels_are_uncertain_novel_or_random() {
    let directory = fresh("labels");
    let scored = directory.join("scored.csv");
    let mut file = "id,label,text,spam_score\n".to_owned();
    for n in 0..1_000u64 {
        // Every 25th row has rare words. Labelled rows are the most uncertain, but must not be picked.
        let (label, score) =
            if n.is_multiple_of(4) { ("ham", 0.5) } else { ("", (mix(n) % 10_000) as f64 / 10_000.0) };
        let word = |i: u64| match n % 25 {
            3 => format!("rare{}", letters(n * 12 + i)),
            _ => letters(mix(n * 64 + i) % 300),
        };
        writeln!(file, "{n},{label},{},{score}", (0..12).map(word).collect::<Vec<_>>().join(" ")).unwrap();
    }
    // A campaign: fifty uncertain rows that differ in one word.
    for n in 1_000..1_050u64 {
        let text =
            format!("claim your parcel today or it goes back to the sender who paid for it {}", letters(n));
        writeln!(file, "{n},,{text},0.5").unwrap();
    }
    fs::write(&scored, &file).unwrap();
    let all = read(&scored);
    let options = ["--for-labels", "40", "--seed", "3"];
    let out = directory.join("picked.csv");
    sample_to(&options, &scored, &out);
    let picked = read(&out);
    let of = |why: &str| picked.iter().filter(|row| row["picked_for"] == why).collect::<Vec<_>>();
    let (uncertain, novel, random) = (of("uncertain"), of("novel"), of("random"));
    assert_eq!((uncertain.len(), novel.len(), random.len()), (20, 10, 10));
    let number = |row: &BTreeMap<String, String>| row["id"].parse::<u64>().unwrap();
    assert!(picked.iter().map(number).is_sorted());
    assert!(picked.iter().all(|row| row["label"].is_empty()));

    // The uncertain rows are nearer to 0.5 than all other rows, except random picks and skipped near-duplicates.
    let unsure = |row: &BTreeMap<String, String>| (row["spam_score"].parse::<f64>().unwrap() - 0.5).abs();
    let most = uncertain.iter().map(|row| unsure(row)).fold(0.0, f64::max);
    let ids: HashSet<u64> = picked.iter().map(number).collect();
    let passed = all.iter().filter(|row| row["label"].is_empty() && unsure(row) < most);
    assert!(passed.clone().count() > 60);
    for row in passed.filter(|row| number(row) < 1_000) {
        assert!(ids.contains(&number(row)), "{row:?} is more uncertain than {most}");
    }
    assert_eq!(picked.iter().filter(|row| number(row) >= 1_000).count(), 1, "one of the campaign");
    assert!(novel.iter().all(|row| row["text"].starts_with("rare")), "{novel:?}");

    // The random rows have the smallest keys of all unlabelled rows. The other picks do not include these rows.
    let mut keys: Vec<(f64, u64)> = all
        .iter()
        .zip(1..)
        .filter(|(row, _)| row["label"].is_empty())
        .map(|(row, place)| (DrawKey::uniform(3, place).value(), number(row)))
        .collect();
    keys.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut expected: Vec<u64> = keys.iter().take(10).map(|(_, id)| *id).collect();
    expected.sort_unstable();
    assert_eq!(random.iter().map(|row| number(row)).collect::<Vec<_>>(), expected);

    let texts: Vec<String> = picked.iter().map(|row| row["text"].clone()).collect();
    let set = |text: &str| text.split(' ').map(str::to_owned).collect::<HashSet<_>>();
    for (at, text) in texts.iter().enumerate() {
        assert_eq!(near_duplicates(&texts[at + 1..], std::slice::from_ref(text), set), [""; 0]);
    }

    let piped = Command::new(env!("CARGO_BIN_EXE_sample"))
        .args(options)
        .stdin(fs::File::open(&scored).unwrap())
        .output()
        .unwrap();
    assert!(piped.stdout == fs::read(&out).unwrap(), "standard input and a file give the same rows");
}

#[test]
fn rows_for_labels_respect_filters_and_reach_the_size() {
    let directory = fresh("filtered");
    let [scored, used] = ["scored.csv", "used.csv"].map(|name| directory.join(name));
    let mut file = "id,text,spam_score,date\n".to_owned();
    for n in 0..300u64 {
        // The 200 most uncertain rows are one campaign. They fill the list of uncertain candidates.
        let text = if n < 200 {
            format!("claim your parcel today or it goes back to the sender who paid for it {}", letters(n))
        } else {
            (0..8).map(|i| letters(mix(n * 8 + i) % 10_000)).collect::<Vec<_>>().join(" ")
        };
        let score = if n < 200 { 0.5 } else { 0.9 };
        let day = 1 + n % 28;
        writeln!(file, "{n},{text},{score},2026-02-{day:02}").unwrap();
    }
    fs::write(&scored, &file).unwrap();
    let mut picked = sample(&["--for-labels", "12"], &scored);
    assert_eq!(picked.len(), 12, "{picked:?}");
    assert_eq!(picked.iter().filter(|line| line.contains("parcel")).count(), 1);
    picked.insert(0, "id,text,spam_score,date,label,picked_for,picked_probability".into());
    fs::write(&used, picked.join("\n")).unwrap();
    let first: HashSet<String> = read(&used).iter().map(|row| row["text"].clone()).collect();
    let next = directory.join("next.csv");
    let options = ["--for-labels", "12", "--exclude", used.to_str().unwrap(), "--since", "2026-02-10"];
    sample_to(&options, &scored, &next);
    let next = read(&next);
    assert_eq!(next.len(), 12);
    assert!(next.iter().all(|row| !first.contains(&row["text"]) && row["date"].as_str() >= "2026-02-10"));
}

/// Lines of the rows with the smallest keys, in file order.
fn smallest(keys: &mut [(f64, usize)], size: usize, lines: &[String]) -> Vec<String> {
    keys.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut rows: Vec<usize> = keys.iter().take(size).map(|(_, row)| *row).collect();
    rows.sort_unstable();
    rows.into_iter().map(|row| lines[row].clone()).collect()
}

/// Asserts that no row that `--against` keeps shares 90% of its words or word pairs with a holdout row, and that more than
/// this share of the rows is kept.
fn assert_no_near_duplicates(corpus: &Path, kept: f64) {
    let directory = fresh("against");
    let [rest, pool, train] = ["rest.csv", "pool.csv", "train.csv"].map(|name| directory.join(name));
    sample_to(&["--split", "0.8", "--rest", rest.to_str().unwrap()], corpus, &pool);
    sample_to(&["--against", rest.to_str().unwrap()], &pool, &train);
    let texts = |path: &Path| read(path).into_iter().map(|row| row["text"].clone()).collect::<Vec<_>>();
    let (rest, pool, train) = (texts(&rest), texts(&pool), texts(&train));
    assert!(
        train.len() as f64 > kept * pool.len() as f64,
        "only {} of {} rows are left",
        train.len(),
        pool.len()
    );
    let bare = |text: &str| -> Vec<String> {
        let edge = |c: char| !c.is_alphanumeric();
        let words =
            normal(text).split(' ').map(|word| word.trim_matches(edge).to_owned()).collect::<Vec<_>>();
        words.into_iter().filter(|word| !word.is_empty()).collect()
    };
    let spaced = |text: &str| normal(text).split(' ').map(str::to_owned).collect::<Vec<_>>();
    let words = |text: &str| bare(text).into_iter().collect::<HashSet<_>>();
    let signs = |text: &str| spaced(text).into_iter().collect::<HashSet<_>>();
    let pairs = |text: &str| spaced(text).windows(2).map(|pair| pair.join(" ")).collect::<HashSet<_>>();
    assert_eq!(near_duplicates(&train, &rest, words), [""; 0], "by words");
    assert_eq!(near_duplicates(&train, &rest, signs), [""; 0], "by words with punctuation");
    assert_eq!(near_duplicates(&train, &rest, pairs), [""; 0], "by word pairs");
    assert!(
        near_duplicates(&pool, &rest, words).len() > 20,
        "the pool has too few near-duplicates for this test"
    );
}

/// The texts with a Jaccard similarity of at least 0.9 to one of the other texts.
fn near_duplicates(
    texts: &[String],
    others: &[String],
    parts: impl Fn(&str) -> HashSet<String>,
) -> Vec<String> {
    let others: Vec<HashSet<String>> = others.iter().map(|text| parts(text)).collect();
    let mut holders: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (number, set) in others.iter().enumerate() {
        for part in set {
            holders.entry(part).or_default().push(number);
        }
    }
    let is_near = |text: &&String| {
        let set = parts(text);
        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        let matches = set.iter().filter_map(|part| holders.get(part.as_str())).flatten();
        matches.for_each(|number| *shared.entry(*number).or_default() += 1);
        shared
            .iter()
            .any(|(number, &both)| both as f64 >= 0.9 * (set.len() + others[*number].len() - both) as f64)
    };
    texts.iter().filter(is_near).cloned().collect()
}

/// Spells a number with letters.
fn letters(mut n: u64) -> String {
    let mut word = String::new();
    loop {
        word.push(char::from(b'a' + u8::try_from(n % 26).unwrap()));
        n /= 26;
        if n == 0 {
            return word;
        }
    }
}

/// The demo corpus without rows that contain a line break, so that each row is one line.
fn corpus() -> PathBuf {
    let path = fresh("corpus").join("messages.csv");
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/messages.csv")).unwrap();
    let (header, _) = text.split_once('\n').unwrap();
    let mut lines = vec![header];
    let is_row = |line: &&str| line.starts_with('m') && line.matches('"').count().is_multiple_of(2);
    lines.extend(text.lines().filter(is_row));
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    path
}

/// Path of a real corpus, if it exists.
#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
pub(crate) fn real(name: &str) -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").into_os_string();
    let path = Path::new(&std::env::var_os("SPAMOPS_CORPORA").unwrap_or_else(default)).join(name);
    if path.is_file() {
        return Some(path);
    }
    eprintln!(
        "skipped: {} does not exist; set SPAMOPS_CORPORA to the directory of the real corpora",
        path.display()
    );
    None
}

/// Rows of a file, each as a map from column to cell.
fn read(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut rows = Rows::open(&Place::File(path.to_owned()), &ReadOptions::default()).unwrap();
    let mut all = Vec::new();
    let mut row = Row::default();
    while rows.read(&mut row).unwrap() {
        all.push(rows.header().names().map(str::to_owned).zip(row.cells().map(str::to_owned)).collect());
    }
    all
}

/// Lines of a file without the header.
fn lines_of(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap().lines().skip(1).map(str::to_owned).collect()
}

/// Runs `sample` and returns its lines without the header.
fn sample(options: &[&str], file: &Path) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_sample")).args(options).arg(file).output().unwrap();
    assert!(output.status.success(), "{options:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().skip(1).map(str::to_owned).collect()
}

/// Runs `sample` and writes its output to a file.
fn sample_to(options: &[&str], file: &Path, out: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sample"));
    let status = command.args(options).arg(file).arg("-o").arg(out).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{options:?}");
}
