//! What `sample` promises: every row has the chance it should have, splits leak nothing, and the rows worth a label are those.
//!
//! One part draws from the library thousands of times and tests the counts; the other runs the tool and holds what it
//! writes against a second, slower way to the same rows.

#![expect(clippy::unwrap_used, reason = "in a test a failed unwrap is the report")]
#![expect(clippy::print_stderr, reason = "a skip is never silent")]

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use statrs::distribution::{ChiSquared, ContinuousCDF};

use spamops::io::dates::{DAY, Timestamp};
use spamops::io::stream::Place;
use spamops::rows::fingerprint::{mix, normal};
use spamops::rows::sampling::draw::{DrawKey, Odds, Sample};
use spamops::rows::{ReadOptions, Row, Rows};

/// 2026-01-01T00:00:00Z.
const NEW_YEAR: i64 = 1_767_225_600;

// The library, drawn from over and over.

#[test]
fn every_row_is_drawn_as_often_as_any_other() {
    let (count, size, seeds) = (200, 20, 2_000);
    let rows = numbered(count);
    let mut drawn = vec![0u64; count];
    let mut neighbours = 0u64;
    for seed in 0..seeds {
        let picked = draw(&rows, size, seed, Odds::Even, |_| None, |_| "");
        assert_eq!(picked.len() as u64, size);
        for &row in &picked {
            drawn[row] += 1;
        }
        neighbours += picked.windows(2).filter(|pair| pair[0] + 1 == pair[1]).count() as u64;
    }
    // Sampling without replacement: the counts of rows have the variance f (1 - f) and together one degree less.
    let (count, size, seeds) = (count as f64, size as f64, seeds as f64);
    let share = size / count;
    let scale = (count - 1.0) / (count * seeds * share * (1.0 - share));
    let statistic = drawn.iter().map(|&n| (n as f64 - seeds * share).powi(2)).sum::<f64>() * scale;
    assert_likely(statistic, count - 1.0);
    // No row is drawn for the sake of the one before it: pairs of neighbours are nearly a Poisson count.
    let expected = seeds * (count - 1.0) * share * (size - 1.0) / (count - 1.0);
    let off = (neighbours as f64 - expected) / expected.sqrt();
    assert!(off.abs() < 4.0, "{neighbours} pairs of neighbours where {expected} were expected");
}

#[test]
fn where_odds_fade_the_first_row_drawn_follows_the_weights() {
    let (count, half_life, seeds) = (12usize, 3.0, 4_000);
    let rows = numbered(count);
    let date = |row| Some(moment(row, DAY));
    let mut first = vec![0u64; count];
    for seed in 0..seeds {
        let picked = draw(&rows, 1, seed, Odds::Fading { days: half_life }, date, |_| "");
        first[picked[0]] += 1;
    }
    let weights: Vec<f64> = (0..count).map(|row| (row as f64 / half_life).exp2()).collect();
    let all: f64 = weights.iter().sum();
    let expected = weights.iter().map(|weight| weight / all * seeds as f64);
    let statistic =
        first.iter().zip(expected).map(|(&n, expected)| (n as f64 - expected).powi(2) / expected).sum();
    assert_likely(statistic, count as f64 - 1.0);
}

#[test]
fn where_odds_fade_newer_rows_are_in_more_samples() {
    let (count, seeds) = (12usize, 2_000);
    let rows = numbered(count);
    // In the file they come in no order.
    let age = |row: usize| row * 5 % count;
    let date = |row| Some(moment(age(row), -DAY));
    let mut by_age = vec![0u64; count];
    for seed in 0..seeds {
        let picked = draw(&rows, 4, seed, Odds::Fading { days: 2.0 }, date, |_| "");
        assert!(picked.is_sorted());
        for row in picked {
            by_age[age(row)] += 1;
        }
    }
    assert!(by_age.is_sorted_by(|newer, older| newer > older), "{by_age:?}");
    assert!(by_age[0] > seeds * 3 / 4 && by_age[count - 1] > 0, "{by_age:?}");
}

#[test]
fn a_row_without_a_date_is_not_drawn_where_odds_fade() {
    let rows = numbered(4);
    let date = |row: usize| (row != 2).then_some(Timestamp(NEW_YEAR));
    assert_eq!(draw(&rows, 4, 0, Odds::Fading { days: 1.0 }, date, |_| ""), [0, 1, 3]);
}

#[test]
fn strata_keep_their_shares_and_lend_the_rows_with_the_smallest_keys() {
    // Forty strata, most of them rare, two of a single row.
    let names: Vec<String> = (0..40).map(|n| format!("s{n:02}")).collect();
    let counts: Vec<usize> = (0..40usize).map(|n| 1 + n * n / 3 + if n == 39 { 2_500 } else { 0 }).collect();
    let sorted: Vec<&str> =
        names.iter().zip(&counts).flat_map(|(name, &count)| vec![name.as_str(); count]).collect();
    let mut shuffled = sorted.clone();
    for i in (1..shuffled.len()).rev() {
        shuffled.swap(i, usize::try_from(mix(i as u64) % (i as u64 + 1)).unwrap());
    }
    let reversed: Vec<&str> = sorted.iter().rev().copied().collect();
    let rows = numbered(sorted.len());
    let rising = |row| Some(moment(row, 600));
    let falling = |row| Some(moment(row, -600));
    let halves = Odds::Fading { days: 10.0 };
    for arrival in [&sorted, &shuffled, &reversed] {
        for (seed, size) in [(1, 1), (2, 7), (3, 39), (4, 40), (5, 333), (6, 2_000), (7, 9_000)] {
            let of = |row: usize| arrival[row];
            assert_stratified(&rows, size, seed, Odds::Even, |_| None, of);
            assert_stratified(&rows, size, seed, halves, rising, of);
            assert_stratified(&rows, size, seed, halves, falling, of);
        }
    }
}

#[test]
fn a_stratum_that_comes_late_wins_what_its_first_rows_are_worth() {
    // The newest rows come first, and those of the second stratum are few at first and many later: all it wins comes early.
    let rows = numbered(4_000);
    let stratum = |row: usize| if row < 2_000 && !row.is_multiple_of(20) { "early" } else { "late" };
    let date = |row| Some(moment(row, -DAY));
    assert_stratified(&rows, 150, 1, Odds::Fading { days: 100.0 }, date, stratum);
}

#[test]
fn larger_samples_hold_smaller_ones() {
    let rows = numbered(500);
    let date = |row| Some(moment(row * 37 % 90, DAY));
    let strata = ["a", "b", "c", "c", "c", "c", "c", "c", "c"];
    let stratum = |row: usize| strata[usize::try_from(mix(row as u64) % 9).unwrap()];
    for seed in 0..3 {
        for odds in [Odds::Even, Odds::Fading { days: 20.0 }] {
            for of in [&stratum as &dyn Fn(usize) -> &'static str, &|_| ""] {
                let mut smaller = HashSet::new();
                for size in 0..=120 {
                    let picked = draw(&rows, size, seed, odds, date, of);
                    assert!(picked.is_sorted());
                    assert_eq!(picked.len() as u64, size);
                    let larger: HashSet<usize> = picked.into_iter().collect();
                    assert!(smaller.is_subset(&larger), "size {size}, seed {seed}, {odds:?}");
                    smaller = larger;
                }
            }
        }
    }
}

// The tool.

#[test]
fn the_tool_draws_what_two_passes_draw() {
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
            assert!((won as f64 - exact).abs() < 1.0, "{won} of {channel} where {exact} are its share");
            expected.extend(smallest(&mut keys, won, &lines));
        }
        expected.sort_unstable();
        assert_eq!(found, expected);
    }
}

#[test]
fn a_text_has_its_side_for_good() {
    let directory = fresh("sides");
    let corpus = corpus();
    let whole = fs::read_to_string(&corpus).unwrap();
    let rows = read(&corpus);
    // The first two thirds of the rows, and all: half as much again.
    let less = directory.join("less.csv");
    let lines = lines_of(&corpus);
    fs::write(
        &less,
        format!("{}\n{}\n", whole.lines().next().unwrap(), lines[..rows.len() * 2 / 3].join("\n")),
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
        // Copies are on one side.
        let mut by_text: BTreeMap<String, bool> = BTreeMap::new();
        for row in read(file) {
            let trains = found[&row["id"]];
            assert_eq!(*by_text.entry(normal(&row["text"])).or_insert(trains), trains, "{row:?}");
        }
        // The share is that of distinct texts; four standard deviations.
        let (texts, train) =
            (by_text.len() as f64, by_text.values().filter(|trains| **trains).count() as f64);
        assert!((train / texts - 0.8).abs() < 4.0 * (0.16 / texts).sqrt(), "{train} of {texts} texts train");
        sides.push(found);
    }
    let moved = sides[0].iter().filter(|(id, trains)| sides[1][*id] != **trains).count();
    assert_eq!(moved, 0);
}

#[test]
fn shares_of_nothing_and_all_are_kept_and_smaller_ones_are_inside_larger() {
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
fn excluded_texts_do_not_come_back_with_other_digits_or_letters() {
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
fn no_training_row_nearly_copies_a_holdout_row() {
    assert_no_near_copies(&corpus());
}

#[test]
fn no_real_training_row_nearly_copies_a_holdout_row() {
    if let Some(corpus) = real("sms.csv") {
        assert_no_near_copies(&corpus);
    }
}

#[test]
fn rows_worth_a_label_are_uncertain_novel_or_random() {
    let directory = fresh("labels");
    let scored = directory.join("scored.csv");
    let mut file = "id,label,text,spam_score\n".to_owned();
    for n in 0..1_000u64 {
        // Every 25th row has words of its own; the labelled rows are the most uncertain of all, and must not be picked.
        let (label, score) =
            if n.is_multiple_of(4) { ("ham", 0.5) } else { ("", (mix(n) % 10_000) as f64 / 10_000.0) };
        let word = |i: u64| match n % 25 {
            3 => format!("rare{}", letters(n * 12 + i)),
            _ => letters(mix(n * 64 + i) % 300),
        };
        writeln!(file, "{n},{label},{},{score}", (0..12).map(word).collect::<Vec<_>>().join(" ")).unwrap();
    }
    // A campaign: fifty uncertain rows that are copies but for a word.
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

    // The uncertain ones are nearer to .5 than all others but the random ones and those passed over as copies.
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

    // The random ones are those with the smallest keys among the unlabelled: no other kind took one before.
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
        assert_eq!(near_copies(&texts[at + 1..], std::slice::from_ref(text), set), [""; 0]);
    }

    let piped = Command::new(env!("CARGO_BIN_EXE_sample"))
        .args(options)
        .stdin(fs::File::open(&scored).unwrap())
        .output()
        .unwrap();
    assert!(piped.stdout == fs::read(&out).unwrap(), "standard input and the file give the same");
}

#[test]
fn rows_worth_a_label_pass_the_filters_and_fill_up_with_others() {
    let directory = fresh("filtered");
    let [scored, used] = ["scored.csv", "used.csv"].map(|name| directory.join(name));
    let mut file = "id,text,spam_score,date\n".to_owned();
    for n in 0..300u64 {
        // The 200 most uncertain rows are one campaign, and fill all that is kept of the uncertain ones.
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
    picked.insert(0, "id,text,spam_score,date,picked_for".into());
    fs::write(&used, picked.join("\n")).unwrap();
    let first: HashSet<String> = read(&used).iter().map(|row| row["text"].clone()).collect();
    let next = directory.join("next.csv");
    let options = ["--for-labels", "12", "--exclude", used.to_str().unwrap(), "--since", "2026-02-10"];
    sample_to(&options, &scored, &next);
    let next = read(&next);
    assert_eq!(next.len(), 12);
    assert!(next.iter().all(|row| !first.contains(&row["text"]) && row["date"].as_str() >= "2026-02-10"));
}

// What the tests above are made of.

/// Whether a statistic is one that chance gives: neither too large nor too small.
fn assert_likely(statistic: f64, freedom: f64) {
    let p = ChiSquared::new(freedom).unwrap().sf(statistic);
    assert!((0.001..0.999).contains(&p), "chi-square {statistic} on {freedom}: p {p}");
}

/// A moment so many steps from the new year.
fn moment(steps: usize, seconds: i64) -> Timestamp {
    Timestamp(NEW_YEAR + i64::try_from(steps).unwrap() * seconds)
}

/// Rows that are known by the line they stand on.
fn numbered(count: usize) -> Vec<Row> {
    let path = fresh("numbered").join(format!("{count}.csv"));
    let text = (0..count).fold("text\n".to_owned(), |text, n| text + &format!("{n}\n"));
    fs::write(&path, text).unwrap();
    let mut rows = Rows::open(&Place::File(path), &ReadOptions::default()).unwrap();
    let mut all = Vec::new();
    let mut row = Row::default();
    while rows.read(&mut row).unwrap() {
        all.push(row.clone());
    }
    all
}

/// The numbers of the rows drawn, as the draw gives them out.
fn draw<'a>(
    rows: &[Row],
    size: u64,
    seed: u64,
    odds: Odds,
    date: impl Fn(usize) -> Option<Timestamp>,
    stratum: impl Fn(usize) -> &'a str,
) -> Vec<usize> {
    let mut draw = Sample::new(size, seed, odds);
    for (number, row) in rows.iter().enumerate() {
        draw.offer(row, number as u64, || date(number), stratum(number));
    }
    draw.finish().map(|row| row.get(0).parse().unwrap()).collect()
}

/// Asserts that a sample has the size, each stratum its share within one row, and of each the rows with the smallest keys.
fn assert_stratified<'a>(
    rows: &[Row],
    size: u64,
    seed: u64,
    odds: Odds,
    date: impl Fn(usize) -> Option<Timestamp> + Copy,
    stratum: impl Fn(usize) -> &'a str + Copy,
) {
    let key = |row: usize| match (odds, date(row)) {
        (Odds::Fading { days }, Some(date)) => DrawKey::uniform(seed, row as u64).fading(date, days).value(),
        _ => DrawKey::uniform(seed, row as u64).value(),
    };
    let picked = draw(rows, size, seed, odds, date, stratum);
    assert!(picked.is_sorted());
    assert_eq!(picked.len() as u64, size.min(rows.len() as u64));
    let mut strata: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    (0..rows.len()).for_each(|row| strata.entry(stratum(row)).or_default().push(row));
    let picked: HashSet<usize> = picked.into_iter().collect();
    for (name, mut members) in strata {
        members.sort_by(|&one, &other| key(one).total_cmp(&key(other)));
        let won = members.iter().filter(|row| picked.contains(row)).count();
        let exact = picked.len() as f64 * members.len() as f64 / rows.len() as f64;
        assert!((won as f64 - exact).abs() < 1.0, "{name}: {won} rows where {exact} are its share");
        let smallest = members[..won].iter().all(|row| picked.contains(row));
        assert!(smallest, "{name}, size {size}, {odds:?}: not the {won} rows with the smallest keys");
    }
}

/// The lines of the rows with the smallest keys, in the order of the file.
fn smallest(keys: &mut [(f64, usize)], size: usize, lines: &[String]) -> Vec<String> {
    keys.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut rows: Vec<usize> = keys.iter().take(size).map(|(_, row)| *row).collect();
    rows.sort_unstable();
    rows.into_iter().map(|row| lines[row].clone()).collect()
}

/// Asserts that what --against lets pass has nine tenths of its words or pairs of words in common with no holdout row.
fn assert_no_near_copies(corpus: &Path) {
    let directory = fresh("against");
    let [rest, pool, train] = ["rest.csv", "pool.csv", "train.csv"].map(|name| directory.join(name));
    sample_to(&["--split", "0.8", "--rest", rest.to_str().unwrap()], corpus, &pool);
    sample_to(&["--against", rest.to_str().unwrap()], &pool, &train);
    let texts = |path: &Path| read(path).into_iter().map(|row| row["text"].clone()).collect::<Vec<_>>();
    let (rest, pool, train) = (texts(&rest), texts(&pool), texts(&train));
    assert!(train.len() * 50 > pool.len() * 48, "{} of {} rows are left", train.len(), pool.len());
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
    assert_eq!(near_copies(&train, &rest, words), [""; 0], "by words");
    assert_eq!(near_copies(&train, &rest, signs), [""; 0], "by words and the signs on them");
    assert_eq!(near_copies(&train, &rest, pairs), [""; 0], "by pairs of words");
    assert!(near_copies(&pool, &rest, words).len() > 20, "there were none to begin with");
}

/// Of the first texts those that share nine tenths or more of their parts with one of the others (Jaccard).
fn near_copies(texts: &[String], others: &[String], parts: impl Fn(&str) -> HashSet<String>) -> Vec<String> {
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
        let meetings = set.iter().filter_map(|part| holders.get(part.as_str())).flatten();
        meetings.for_each(|number| *shared.entry(*number).or_default() += 1);
        shared
            .iter()
            .any(|(number, &both)| both as f64 >= 0.9 * (set.len() + others[*number].len() - both) as f64)
    };
    texts.iter().filter(is_near).cloned().collect()
}

/// A word of letters for a number.
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

/// An empty directory of this test's own.
fn fresh(name: &str) -> PathBuf {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("test").replace("::", "-");
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sample").join(test).join(name);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    directory
}

/// The demo corpus without the rows that hold a line break, so that a row is a line.
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

/// A real corpus, where it is at hand.
fn real(name: &str) -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").into_os_string();
    let path = Path::new(&std::env::var_os("SPAMOPS_CORPORA").unwrap_or_else(default)).join(name);
    if path.is_file() {
        return Some(path);
    }
    eprintln!(
        "skipped: {} is not there; SPAMOPS_CORPORA names the directory of the real corpora",
        path.display()
    );
    None
}

/// The rows of a file by column.
fn read(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut rows = Rows::open(&Place::File(path.to_owned()), &ReadOptions::default()).unwrap();
    let mut all = Vec::new();
    let mut row = Row::default();
    while rows.read(&mut row).unwrap() {
        all.push(rows.header().names().map(str::to_owned).zip(row.cells().map(str::to_owned)).collect());
    }
    all
}

/// The lines of a file whose rows are lines, without the header.
fn lines_of(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap().lines().skip(1).map(str::to_owned).collect()
}

/// The lines that `sample` writes, without the header.
fn sample(options: &[&str], file: &Path) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_sample")).args(options).arg(file).output().unwrap();
    assert!(output.status.success(), "{options:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().skip(1).map(str::to_owned).collect()
}

/// The same, into a file.
fn sample_to(options: &[&str], file: &Path, out: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sample"));
    let status = command.args(options).arg(file).arg("-o").arg(out).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{options:?}");
}
