//! Measures how often `compare` promotes simulated challengers: `promotions [--pairs N] [--looks N] [--table NAME]`
//! prints Markdown tables.

use std::error::Error;
use std::io::{self, Write};

use spamops::compare::paired_result::{CompareVerdict, MIN_F1_EFFECT, McNemar, PairedResult};
use spamops::compare::sequential::{EVIDENCE_NEEDED, SequentialCheck, SequentialTest};
use spamops::compare::slices::Slices;
use spamops::compare::verdict_basis::VerdictBasis;
use spamops::model::threads;
use spamops::rows::fingerprint::mix;
use spamops::rows::label::Label;
use spamops::rows::message_groups::MessageGroups;
use spamops::stats::paired::PairedConfusion;
use spamops::stats::random::RandomStream;

/// The champion's recall and false positive rate.
const RECALL: f64 = 0.9;
const FALSE_POSITIVES: f64 = 0.01;

/// Differences between the recall of challenger and champion.
const EFFECTS: [f64; 5] = [0.0, -0.03, 0.01, 0.03, 0.05];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut pairs, mut looks, mut tables) = (2000, 100, TABLES.join(" "));
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or("an option needs a value")?;
        match option.as_str() {
            "--pairs" => pairs = value.parse()?,
            "--looks" => looks = value.parse()?,
            "--table" if TABLES.contains(&value.as_str()) => tables = value,
            _ => {
                let names = TABLES.join(", ");
                return Err(format!(
                    "unknown option {option} {value}; use --pairs, --looks or --table ({names})"
                )
                .into());
            }
        }
    }
    for table in tables.split(' ') {
        match table {
            "fixed" => fixed(pairs)?,
            "sequential" => sequential(pairs, looks)?,
            "rollback" => rollback(pairs, looks)?,
            _ => copies(pairs)?,
        }
    }
    Ok(())
}

/// The tables: a fixed number of rows, labels that arrive over time, promotions that are rolled back, and messages with
/// copies.
const TABLES: [&str; 4] = ["fixed", "sequential", "rollback", "copies"];

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

/// Measures how often the cycle rolls a promotion back. The champion of a cell is the predecessor, and its challenger is
/// the model that was promoted.
fn rollback(promotions: u64, looks: u64) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "\n{looks} looks at {} unselected labels, 50 at a time\n", 50 * looks)?;
    writeln!(
        out,
        "| spam | shared errors | points of recall | rolled back | 99% interval | labels until then, median |"
    )?;
    writeln!(out, "|{}", "---:|".repeat(6))?;
    let (mut broken, mut number) = (Vec::new(), 4000);
    for spam in [0.13, 0.5] {
        for shared in [0.0, 0.7, 0.95] {
            for effect in [0.0, 0.03, -0.03, -0.05] {
                number += 1;
                let cell = Cell { spam, shared, effect, rows: 50 };
                let mut work: Vec<(u64, Option<u64>)> = (0..promotions).map(|seed| (seed, None)).collect();
                threads::each(&mut work, 2, |(seed, end)| {
                    *end = rolled_back(cell, number << 32 | *seed, looks);
                });
                let mut labels: Vec<u64> = work.iter().filter_map(|(_, end)| *end).collect();
                labels.sort_unstable();
                let median = labels.get(labels.len() / 2).map_or("-".into(), ToString::to_string);
                let rate = labels.len() as f64 / promotions as f64;
                let (low, high) = wilson99(labels.len() as f64, promotions as f64);
                let name = format!("{spam} | {:.0}% | {:+.0}", 100.0 * shared, 100.0 * effect);
                writeln!(out, "| {name} | {rate:.4} | {low:.4} to {high:.4} | {median} |")?;
                if effect >= 0.0 && low > 0.05 {
                    broken.push(format!("{name}: an equal or better model is rolled back too often"));
                }
                if effect < -0.04 && shared > 0.9 && rate < 0.8 {
                    broken.push(format!("{name}: a loss of five points is rolled back in less than 80%"));
                }
            }
        }
    }
    if broken.is_empty() {
        writeln!(out, "\nAll promises for rollbacks are kept.")?;
    }
    broken.iter().try_for_each(|line| writeln!(out, "BROKEN: {line}"))
}

/// Number of labels until the champion is rolled back; none if it stays. Each look adds 50 labels and applies the rule of
/// `compare --sequential`.
fn rolled_back(cell: Cell, seed: u64, looks: u64) -> Option<u64> {
    let mut numbers = RandomStream::new(seed);
    let (mut state, mut check) = (SequentialTest::new("promotions"), SequentialCheck::default());
    (1..=looks).map(|look| 50 * look).find(|labels| {
        for id in labels - 50..*labels {
            let Row { truth, champion, challenger, .. } = cell.row(&mut numbers);
            let message = u32::try_from(id).unwrap_or(u32::MAX);
            state.add_once(&mut check, id, (message, None), [truth, champion, challenger]);
        }
        let evidence = state.evidence(&check);
        // The bootstrap of the complete result is slow, and only matters if the evidence for the predecessor is high.
        evidence.most_for_champion >= EVIDENCE_NEEDED && {
            let all_rows = PairedResult::of(state.counters);
            let basis = VerdictBasis::of(*labels, Some(&all_rows), None, Some(evidence));
            basis.verdict() == CompareVerdict::Worse
        }
    })
}

/// Measures how often an equal model is promoted if every message has copies. All copies of a message get the same
/// verdicts.
fn copies(pairs: u64) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "\n| spam | shared errors | messages | rows of each | copies count once | 99% interval | every row counts |"
    )?;
    writeln!(out, "|{}", "---:|".repeat(7))?;
    let (mut broken, mut rates) = (Vec::new(), Vec::new());
    // Every number of copies is judged on the same pairs, so that only the copies can change a rate.
    let mut number = 2000;
    for spam in [0.134, 0.5] {
        for shared in [0.0, 0.7] {
            for rows in [200, 1000] {
                number += 1;
                let cell = Cell { spam, shared, effect: 0.0, rows };
                // The limit of these rates is tight, so they are measured on twice as many pairs.
                let (first, most) = (first_rows(rows, 1, 8, |_, _| ())?, 2 * pairs);
                let once = copied_share(cell, &first, most, number, |_, _| true);
                let (low, high) = wilson99(once * most as f64, most as f64);
                for copies in [1, 3, 5, 10] {
                    let groups = first_rows(rows, copies, 8, |_, _| ())?;
                    let found = groups.iter().filter(|(_, is_first)| *is_first).count();
                    let every = copied_share(cell, &groups, pairs, number, |_, _| true);
                    let name = format!("{spam} | {:.0}% | {rows} | {copies}", 100.0 * shared);
                    writeln!(out, "| {name} | {once:.4} | {low:.4} to {high:.4} | {every:.4} |")?;
                    // If every copy is found, the rate is that of one row of each message.
                    if found != rows {
                        broken.push(format!("{name}: copies count as {found} messages"));
                    }
                    rates.push(once);
                    if high > 0.05 {
                        broken.push(format!("{name}: the upper end of the interval is above 0.05"));
                    }
                }
            }
        }
    }
    let mean = rates.iter().sum::<f64>() / rates.len() as f64;
    writeln!(out, "\nThe mean rate with copies counted once is {mean:.4}.")?;
    if mean > 0.03 {
        broken.push("the mean rate is above 0.03".into());
    }
    near_copies(pairs, &mut out)?;
    if broken.is_empty() {
        writeln!(out, "\nAll promises for messages with copies are kept.")?;
    }
    broken.iter().try_for_each(|line| writeln!(out, "BROKEN: {line}"))
}

/// Measures the same on 1,000 messages if some near-copies are not detected, and how many one-word edits are not.
fn near_copies(pairs: u64, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\n| near-copies not detected | 3 rows of each | 5 rows of each | 10 rows of each |")?;
    writeln!(out, "|{}", "---:|".repeat(4))?;
    let cell = Cell { spam: 0.5, shared: 0.7, effect: 0.0, rows: 1000 };
    for undetected in [0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0] {
        write!(out, "| {:.0}% |", 100.0 * undetected)?;
        for copies in [3, 5, 10] {
            let groups = first_rows(cell.rows, copies, 8, |_, _| ())?;
            let rate = copied_share(cell, &groups, pairs, 3000, |is_first, numbers| {
                is_first || undetected > 0.0 && numbers.uniform() < undetected
            });
            write!(out, " {rate:.4} |")?;
        }
        writeln!(out)?;
    }
    writeln!(out, "\n| words in a text | copies with one other word that are not detected |\n|---:|---:|")?;
    for words in [4, 8, 12, 16, 24, 40] {
        let edited = |text: &mut [String], copy: usize| {
            if copy > 0 {
                "other".clone_into(&mut text[copy * 3 % words]);
            }
        };
        let first = first_rows(500, 2, words, edited)?;
        let missed = first.iter().filter(|(_, is_first)| *is_first).count() - 500;
        writeln!(out, "| {words} | {:.1}% |", 100.0 * missed as f64 / 500.0)?;
    }
    Ok(())
}

/// The message of each row, and whether `MessageGroups` finds it to be the first row of a message. All first rows precede
/// the copies. `edit` changes the words of a copy. Fails if the search takes one message for a copy of another.
fn first_rows(
    messages: usize,
    copies: usize,
    words: usize,
    edit: impl Fn(&mut [String], usize),
) -> io::Result<Vec<(usize, bool)>> {
    let mut groups = MessageGroups::default();
    let rows = (0..copies).flat_map(|copy| (0..messages).map(move |message| (copy, message)));
    let rows: Vec<(usize, bool)> = rows
        .map(|(copy, message)| {
            let mut text: Vec<String> =
                (0..words).map(|place| word((message * words + place) as u64)).collect();
            edit(&mut text, copy);
            (message, groups.add(Some(&text.join(" ")), Label::Positive).is_first)
        })
        .collect();
    let found = rows[..messages].iter().filter(|(_, is_first)| *is_first).count();
    if found < messages {
        return Err(io::Error::other(format!("the search finds {found} of {messages} distinct messages")));
    }
    Ok(rows)
}

/// A word of six to eight pseudo-random letters. The search takes words that differ in one letter for misspelt copies.
fn word(number: u64) -> String {
    let bytes = mix(number).to_le_bytes().into_iter().map(|byte| char::from(b'a' + byte % 26));
    bytes.take(usize::try_from(6 + number % 3).unwrap_or(8)).collect()
}

/// The share of equal models that are promoted. `counts` chooses the rows that count, given whether a row is the first of its
/// message.
fn copied_share(
    cell: Cell,
    groups: &[(usize, bool)],
    pairs: u64,
    number: u64,
    counts: impl Fn(bool, &mut RandomStream) -> bool + Sync,
) -> f64 {
    let mut work: Vec<(u64, bool)> = (0..pairs).map(|pair| (pair, false)).collect();
    threads::each(&mut work, 2, |(pair, found)| {
        let mut numbers = RandomStream::new(number << 32 | *pair);
        let messages: Vec<Row> = (0..cell.rows).map(|_| cell.row(&mut numbers)).collect();
        let mut counted = PairedConfusion::default();
        for (message, is_first) in groups {
            let Row { truth, champion, challenger, .. } = messages[*message];
            if counts(*is_first, &mut numbers) {
                counted.add(truth, champion, challenger);
            }
        }
        *found = is_promoted(&counted);
    });
    work.iter().filter(|(_, found)| *found).count() as f64 / pairs as f64
}

/// Whether `compare` promotes without slices.
fn is_promoted(counters: &PairedConfusion) -> bool {
    // `compare` never promotes other challengers, so the slow interval is not needed.
    let is_candidate = McNemar::of(counters).is_better() || counters.f1_difference() >= MIN_F1_EFFECT;
    is_candidate && PairedResult::of(*counters).verdict == CompareVerdict::Better
}

/// 99% interval of Wilson (1927).
fn wilson99(part: f64, total: f64) -> (f64, f64) {
    let z = 2.575_829_303_548_901;
    let (share, square) = (part / total, z * z / total);
    let middle = (share + square / 2.0) / (1.0 + square);
    let half_width = z * (share * (1.0 - share) / total + square / total / 4.0).sqrt() / (1.0 + square);
    (middle - half_width, middle + half_width)
}
