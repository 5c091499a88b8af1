//! How often `compare` promotes simulated challengers: `promotions [--pairs N] [--looks N]` prints a Markdown table.

use std::error::Error;
use std::io::{self, Write};

use spamops::compare::paired_result::{CompareVerdict, MIN_F1_EFFECT, McNemar, PairedResult};
use spamops::compare::sequential::{EVIDENCE_NEEDED, SequentialTest};
use spamops::compare::slices::Slices;
use spamops::model::threads;
use spamops::rows::label::Label;
use spamops::stats::paired::PairedConfusion;
use spamops::stats::random::RandomStream;

/// The champion's share of spam found, and of ham taken for it.
const RECALL: f64 = 0.9;
const FALSE_ALARMS: f64 = 0.01;

/// What a challenger's recall is more than the champion's.
const EFFECTS: [f64; 5] = [0.0, -0.03, 0.01, 0.03, 0.05];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut pairs, mut looks) = (2000, 100);
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or("an option wants a value")?.parse()?;
        match option.as_str() {
            "--pairs" => pairs = value,
            "--looks" => looks = value,
            _ => return Err(format!("unknown option {option}").into()),
        }
    }
    fixed(pairs)?;
    sequential(pairs, looks)?;
    Ok(())
}

/// One truth, and how many rows are seen of it.
#[derive(Clone, Copy)]
struct Cell {
    spam: f64,
    shared: f64,
    effect: f64,
    rows: usize,
}

/// A row as both models judge it, and what it is sliced by.
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
    /// A row: with a chance of `shared` both models are wrong or right by one number, else each by its own.
    fn row(self, numbers: &mut RandomStream) -> Row {
        let truth = numbers.uniform() < self.spam;
        let one = numbers.uniform();
        let other = if numbers.uniform() < self.shared { one } else { numbers.uniform() };
        let (champion, challenger) =
            if truth { (RECALL, RECALL + self.effect) } else { (FALSE_ALARMS, FALSE_ALARMS) };
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

    /// The name of a cell.
    fn name(self) -> String {
        let Self { spam, shared, effect, rows } = self;
        format!("{spam} | {:.0}% | {:+.0} | {rows}", 100.0 * shared, 100.0 * effect)
    }
}

/// The rule as `compare` has it by itself, with its slices, and what it is held against: the exact test alone, and F1 that is no
/// lower.
const RULES: [&str; 4] = ["rule", "rule and slices", "exact McNemar", "new >= old"];

/// Which of the rules promote.
fn promoted(cell: Cell, seed: u64) -> [bool; 4] {
    let mut numbers = RandomStream::new(seed);
    let (mut counters, mut kinds) = (PairedConfusion::default(), Slices::default());
    for _ in 0..cell.rows {
        let Row { truth, champion, challenger, slices: values } = cell.row(&mut numbers);
        counters.add(truth, champion, challenger);
        for (by, value) in ["language", "script", "length", "link"].iter().zip(values) {
            kinds.add(by, ["a", "b", "c", "d"][value], truth, champion, challenger);
        }
    }
    let exact = McNemar::of(&counters).is_better();
    let no_lower = counters.f1_difference() >= 0.0;
    // Whatever the interval, these two are not promoted: no need to draw it.
    if !exact && counters.f1_difference() < MIN_F1_EFFECT {
        return [false, false, false, no_lower];
    }
    let part = PairedResult::of(counters);
    let core = part.verdict == CompareVerdict::Better;
    let sliced = core && !kinds.lose();
    [core, sliced, exact, no_lower]
}

fn fixed(pairs: u64) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "| spam | shared errors | points of recall | rows | {} |", RULES.join(" | "))?;
    writeln!(out, "|{}", "---:|".repeat(4 + RULES.len()))?;
    let mut broken = Vec::new();
    let mut number = 0;
    for spam in [0.134, 0.5] {
        for shared in [0.0, 0.7, 0.95] {
            // Models that hardly differ are asked for the false promotions of few rows apart only.
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
        writeln!(out, "Every promise about rows at hand is kept.")?;
    }
    broken.iter().try_for_each(|line| writeln!(out, "BROKEN: {line}"))
}

/// What is promised and not kept in a cell.
fn promises(cell: Cell, [core, sliced, exact, ..]: [f64; 4], pairs: u64) -> Vec<String> {
    let mut broken = Vec::new();
    let mut expect = |kept: bool, what: &str| {
        if !kept {
            broken.push(format!("{}: {what}", cell.name()));
        }
    };
    let of = |share: f64| wilson99(share * pairs as f64, pairs as f64);
    if cell.effect <= 0.0 {
        expect(of(core).0 <= 0.05 && of(sliced).0 <= 0.05, "a model no better is promoted too often");
    }
    if cell.effect > 0.04 && cell.rows == 5000 && cell.shared > 0.0 {
        expect(sliced >= 0.9, "five points on 5,000 rows are not seen nine times in ten");
    }
    if cell.effect > 0.0 {
        let variance = core * (1.0 - core) + exact * (1.0 - exact);
        let error = (variance / pairs as f64).sqrt();
        expect(core >= exact - 2.0 * error, "the exact test alone sees more");
    }
    broken
}

/// Streams of rows with a look after each fifty of them.
fn sequential(streams: u64, looks: u64) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "\n{looks} looks at {} rows, fifty at a time\n", 50 * looks)?;
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

fn wilson99(part: f64, whole: f64) -> (f64, f64) {
    let z = 2.575_829_303_548_901;
    let (share, square) = (part / whole, z * z / whole);
    let middle = (share + square / 2.0) / (1.0 + square);
    let reach = z * (share * (1.0 - share) / whole + square / whole / 4.0).sqrt() / (1.0 + square);
    (middle - reach, middle + reach)
}
