//! Measures how often `compare` promotes simulated challengers: `promotions [--pairs N] [--looks N]` prints Markdown tables.

use std::error::Error;
use std::io::{self, Write};

use spamops::compare::paired_result::{CompareVerdict, MIN_F1_EFFECT, McNemar, PairedResult};
use spamops::compare::sequential::{EVIDENCE_NEEDED, SequentialTest};
use spamops::compare::slices::Slices;
use spamops::model::threads;
use spamops::rows::label::Label;
use spamops::stats::paired::PairedConfusion;
use spamops::stats::random::RandomStream;

/// The champion's recall and false positive rate.
const RECALL: f64 = 0.9;
const FALSE_POSITIVES: f64 = 0.01;

/// Differences between the recall of challenger and champion.
const EFFECTS: [f64; 5] = [0.0, -0.03, 0.01, 0.03, 0.05];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut pairs, mut looks) = (2000, 100);
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or("an option needs a value")?.parse()?;
        match option.as_str() {
            "--pairs" => pairs = value,
            "--looks" => looks = value,
            _ => return Err(format!("unknown option {option}; use --pairs or --looks").into()),
        }
    }
    fixed(pairs)?;
    sequential(pairs, looks)?;
    Ok(())
}

/// Parameters of one row of the table.
#[derive(Clone, Copy)]
struct Cell {
    spam: f64,
    shared: f64,
    effect: f64,
    rows: usize,
}

/// One row with the verdicts of both models and its slices.
struct Row {
    truth: Label,
    champion: Label,
    challenger: Label,
    slices: [usize; 4],
}

fn label(positive: bool) -> Label {
    if positive { Label::Positive } else { Label::Negative }
}

impl Cell {
    /// Draws a row. With probability `shared`, one random number decides both verdicts. Otherwise, each verdict has
    /// its own number.
    fn row(self, numbers: &mut RandomStream) -> Row {
        let truth = numbers.uniform() < self.spam;
        let one = numbers.uniform();
        let other = if numbers.uniform() < self.shared { one } else { numbers.uniform() };
        let (champion, challenger) =
            if truth { (RECALL, RECALL + self.effect) } else { (FALSE_POSITIVES, FALSE_POSITIVES) };
        let mut of = |shares: &[f64]| {
            let mut left = numbers.uniform();
            shares.iter().position(|share| {
                left -= share;
                left < 0.0
            })
        };
        let slices = [of(&[0.6, 0.3, 0.1]), of(&[0.9, 0.1]), of(&[0.2, 0.5, 0.25, 0.05]), of(&[0.7, 0.3])]
            .map(Option::unwrap_or_default);
        Row {
            truth: label(truth),
            champion: label(one < champion),
            challenger: label(other < challenger),
            slices,
        }
    }

    fn name(self) -> String {
        let Self { spam, shared, effect, rows } = self;
        format!("{spam} | {:.0}% | {:+.0} | {rows}", 100.0 * shared, 100.0 * effect)
    }
}

/// The rule of `compare` without and with slices, and two rules to compare with: the exact test alone, and any F1 that is not
/// lower.
const RULES: [&str; 4] = ["rule", "rule and slices", "exact McNemar", "new >= old"];

/// Whether each rule promotes.
fn promoted(cell: Cell, seed: u64) -> [bool; 4] {
    let mut numbers = RandomStream::new(seed);
    let (mut counters, mut slices) = (PairedConfusion::default(), Slices::default());
    for _ in 0..cell.rows {
        let Row { truth, champion, challenger, slices: values } = cell.row(&mut numbers);
        counters.add(truth, champion, challenger);
        for (by, value) in ["language", "script", "length", "link"].iter().zip(values) {
            slices.add(by, ["a", "b", "c", "d"][value], truth, champion, challenger);
        }
    }
    let exact = McNemar::of(&counters).is_better();
    let no_lower = counters.f1_difference() >= 0.0;
    // `compare` never promotes these challengers, so the slow interval is not needed.
    if !exact && counters.f1_difference() < MIN_F1_EFFECT {
        return [false, false, false, no_lower];
    }
    let result = PairedResult::of(counters);
    let core = result.verdict == CompareVerdict::Better;
    let with_slices = core && !slices.lose();
    [core, with_slices, exact, no_lower]
}

fn fixed(pairs: u64) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "| spam | shared errors | points of recall | rows | {} |", RULES.join(" | "))?;
    writeln!(out, "|{}", "---:|".repeat(4 + RULES.len()))?;
    let mut broken = Vec::new();
    let mut number = 0;
    for spam in [0.134, 0.5] {
        for shared in [0.0, 0.7, 0.95] {
            // Models with nearly all errors shared are tested for false promotions only.
            for effect in EFFECTS.into_iter().filter(|effect| shared < 0.9 || *effect <= 0.0) {
                for rows in [200, 1000, 5000] {
                    let cell = Cell { spam, shared, effect, rows };
                    number += 1;
                    let mut work: Vec<(u64, [bool; 4])> = (0..pairs).map(|pair| (pair, [false; 4])).collect();
                    threads::each(&mut work, 2, |(pair, found)| {
                        *found = promoted(cell, number << 32 | *pair);
                    });
                    let counts = work.iter().fold([0u64; 4], |mut counts, (_, found)| {
                        counts.iter_mut().zip(found).for_each(|(count, yes)| *count += u64::from(*yes));
                        counts
                    });
                    let shares = counts.map(|count| count as f64 / pairs as f64);
                    let cells = shares.map(|share| format!("{share:.4}")).join(" | ");
                    writeln!(out, "| {} | {cells} |", cell.name())?;
                    broken.extend(promises(cell, shares, pairs));
                }
            }
        }
    }
    writeln!(out)?;
    if broken.is_empty() {
        writeln!(out, "All promises for a fixed number of rows are kept.")?;
    }
    broken.iter().try_for_each(|line| writeln!(out, "BROKEN: {line}"))
}

/// The promises that a cell breaks.
fn promises(cell: Cell, [core, with_slices, exact, ..]: [f64; 4], pairs: u64) -> Vec<String> {
    let mut broken = Vec::new();
    let mut expect = |kept: bool, problem: &str| {
        if !kept {
            broken.push(format!("{}: {problem}", cell.name()));
        }
    };
    let of = |share: f64| wilson99(share * pairs as f64, pairs as f64);
    if cell.effect <= 0.0 {
        expect(
            of(core).0 <= 0.05 && of(with_slices).0 <= 0.05,
            "an equal or worse model is promoted too often",
        );
    }
    if cell.effect > 0.04 && cell.rows == 5000 && cell.shared > 0.0 {
        expect(
            with_slices >= 0.9,
            "a gain of five points on 5,000 rows is promoted less than 90% of the time",
        );
    }
    if cell.effect > 0.0 {
        let variance = core * (1.0 - core) + exact * (1.0 - exact);
        let error = (variance / pairs as f64).sqrt();
        expect(core >= exact - 2.0 * error, "the exact test alone promotes more often");
    }
    broken
}

/// Measures rules on streams of rows. The exact test is repeated after every 50 rows.
fn sequential(streams: u64, looks: u64) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "\n{looks} looks at {} rows, 50 at a time\n", 50 * looks)?;
    writeln!(
        out,
        "| spam | shared errors | points of recall | E >= 20 | exact McNemar at each look | rows to E >= 20, median |"
    )?;
    writeln!(out, "|{}", "---:|".repeat(6))?;
    let mut number = 1000;
    for spam in [0.134, 0.5] {
        for shared in [0.0, 0.7] {
            for effect in EFFECTS {
                number += 1;
                let cell = Cell { spam, shared, effect, rows: 50 };
                let mut work: Vec<(u64, Option<u64>, bool)> =
                    (0..streams).map(|stream| (stream, None, false)).collect();
                threads::each(&mut work, 2, |(stream, reached, peeked)| {
                    let mut numbers = RandomStream::new(number << 32 | *stream);
                    let mut state = SequentialTest::new("promotions");
                    for id in 0..50 * looks {
                        let Row { truth, champion, challenger, .. } = cell.row(&mut numbers);
                        state.add(id, truth, champion, challenger);
                        if reached.is_none() && state.ln_most_for >= EVIDENCE_NEEDED.ln() {
                            *reached = Some(id + 1);
                        }
                        *peeked |= (id + 1) % 50 == 0 && McNemar::of(&state.counters).is_better();
                    }
                });
                let mut rows: Vec<u64> = work.iter().filter_map(|(_, reached, _)| *reached).collect();
                rows.sort_unstable();
                let share = |count: usize| count as f64 / streams as f64;
                let peeked = share(work.iter().filter(|(.., peeked)| *peeked).count());
                let median = rows.get(rows.len() / 2).map_or("-".into(), ToString::to_string);
                let promoted = share(rows.len());
                let name = format!("{spam} | {:.0}% | {:+.0}", 100.0 * shared, 100.0 * effect);
                writeln!(out, "| {name} | {promoted:.4} | {peeked:.4} | {median} |")?;
                if effect <= 0.0 && promoted > 0.05 {
                    writeln!(out, "BROKEN: {name}: promoted too often")?;
                }
            }
        }
    }
    Ok(())
}

/// 99% interval of Wilson (1927).
fn wilson99(part: f64, total: f64) -> (f64, f64) {
    let z = 2.575_829_303_548_901;
    let (share, square) = (part / total, z * z / total);
    let middle = (share + square / 2.0) / (1.0 + square);
    let half_width = z * (share * (1.0 - share) / total + square / total / 4.0).sqrt() / (1.0 + square);
    (middle - half_width, middle + half_width)
}
