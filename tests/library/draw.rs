//! Tests that every row is drawn with the right probability: draws thousands of times and tests the counts.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::io::Cursor;

use proptest::prelude::*;
use statrs::distribution::{ChiSquared, ContinuousCDF};

use spamops::io::dates::{DAY, Timestamp};
use spamops::io::stream::Place;
use spamops::rows::fingerprint::mix;
use spamops::rows::sampling::draw::{DrawKey, Odds, Sample};
use spamops::rows::{ReadOptions, Row, Rows};

use crate::directory::fresh;
use crate::rows::options;

/// 2026-01-01T00:00:00Z.
const NEW_YEAR: i64 = 1_767_225_600;

#[test]
fn all_rows_are_drawn_equally_often() {
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
    // Sampling without replacement: each count has the variance f (1 - f), and all counts together one degree of freedom less.
    let (count, size, seeds) = (count as f64, size as f64, seeds as f64);
    let share = size / count;
    let scale = (count - 1.0) / (count * seeds * share * (1.0 - share));
    let statistic = drawn.iter().map(|&n| (n as f64 - seeds * share).powi(2)).sum::<f64>() * scale;
    assert_likely(statistic, count - 1.0);
    // Draws of neighbouring rows are independent, so the number of drawn pairs is nearly Poisson.
    let expected = seeds * (count - 1.0) * share * (size - 1.0) / (count - 1.0);
    let off = (neighbours as f64 - expected) / expected.sqrt();
    assert!(off.abs() < 4.0, "{neighbours} pairs of neighbours, expected {expected}");
}

#[test]
fn with_fading_odds_the_first_draw_follows_the_weights() {
    let (count, half_life, seeds) = (12usize, 3.0, 4_000);
    let rows = numbered(count);
    let date = |row| Some(time_after(row, DAY));
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
fn with_fading_odds_newer_rows_are_drawn_more_often() {
    let (count, seeds) = (12usize, 2_000);
    let rows = numbered(count);
    // The file is not ordered by date.
    let age = |row: usize| row * 5 % count;
    let date = |row| Some(time_after(age(row), -DAY));
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
fn with_fading_odds_a_row_without_a_date_is_not_drawn() {
    let rows = numbered(4);
    let date = |row: usize| (row != 2).then_some(Timestamp(NEW_YEAR));
    assert_eq!(draw(&rows, 4, 0, Odds::Fading { days: 1.0 }, date, |_| ""), [0, 1, 3]);
}

#[test]
fn each_stratum_keeps_its_share_and_its_rows_with_the_smallest_keys() {
    // Forty strata. Most are rare, and two have a single row.
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
    let rising = |row| Some(time_after(row, 600));
    let falling = |row| Some(time_after(row, -600));
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
fn a_stratum_that_is_rare_at_first_keeps_its_earliest_rows() {
    // The newest rows come first. The second stratum is rare among them, but its sampled rows must all be among them.
    let rows = numbered(4_000);
    let stratum = |row: usize| if row < 2_000 && !row.is_multiple_of(20) { "early" } else { "late" };
    let date = |row| Some(time_after(row, -DAY));
    assert_stratified(&rows, 150, 1, Odds::Fading { days: 100.0 }, date, stratum);
}

#[test]
fn larger_samples_contain_smaller_samples() {
    let rows = numbered(500);
    let date = |row| Some(time_after(row * 37 % 90, DAY));
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_sample_of_one_more_row_contains_the_smaller_sample(strata in prop::collection::vec(0u8..4, 1..80), size in 0u64..60, seed: u64) {
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

/// Asserts that a chi-square statistic is neither too large nor too small for chance.
fn assert_likely(statistic: f64, freedom: f64) {
    let p = ChiSquared::new(freedom).unwrap().sf(statistic);
    assert!((0.001..0.999).contains(&p), "chi-square {statistic} with {freedom} degrees of freedom: p {p}");
}

/// A time after `NEW_YEAR`: `steps` steps of `seconds` seconds.
fn time_after(steps: usize, seconds: i64) -> Timestamp {
    Timestamp(NEW_YEAR + i64::try_from(steps).unwrap() * seconds)
}

/// Rows whose text is their number.
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

/// Numbers of the drawn rows, in the order in which the draw returns them.
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

/// Asserts the size of a sample and the share of each stratum to within one row. The rows must have the smallest keys.
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
        assert!((won as f64 - exact).abs() < 1.0, "{name}: {won} rows, expected {exact}");
        let smallest = members[..won].iter().all(|row| picked.contains(row));
        assert!(
            smallest,
            "{name}, size {size}, {odds:?}: these are not the {won} rows with the smallest keys"
        );
    }
}
