//! Writes a synthetic corpus of spam and ham messages as CSV to standard output; every run gives the same bytes.

use grammar::Grammar;
use rng::Rng;
use std::collections::HashSet;
use std::io::{self, BufWriter, Write};

#[path = "messages/calendar.rs"]
mod calendar;
#[path = "messages/drift.rs"]
mod drift;
#[path = "messages/grammar.rs"]
mod grammar;
#[path = "messages/ham.rs"]
mod ham;
#[path = "messages/odd.rs"]
mod odd;
#[path = "messages/rng.rs"]
mod rng;
#[path = "messages/shared.rs"]
mod shared;
#[path = "messages/spam.rs"]
mod spam;
#[path = "messages/style.rs"]
mod style;

const SEED: u64 = 20_241_001;
const QUARTERS: usize = 8;
const ROWS_PER_QUARTER: usize = 750;
const SPAM_PER_QUARTER: usize = 263;
/// First day of the last quarter, in which spam changes.
const DRIFT_FROM: &str = "2026-07-01";
/// Languages and their weights, the same for both classes.
const LANGUAGES: [(&str, usize); 3] = [("en", 85), ("de", 9), ("ko", 6)];

// The following constants are percentages.
const NEW_SPAM: usize = 57;
const UNLABELLED: usize = 4;
const EXACT_COPIES: usize = 3;
const NEAR_COPIES: usize = 4;
const LOWER_CASE: usize = 35;
const SLIPS: usize = 10;

/// A copy repeats one of this many previous rows, because campaigns and chats are short-lived.
const COPY_REACH: usize = 300;
/// Maximum number of attempts to draw a new text. The last text is used even if it is a repeat.
const TRIES: usize = 12;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Ham,
    Spam,
}

impl Class {
    const fn name(self) -> &'static str {
        match self {
            Self::Ham => "ham",
            Self::Spam => "spam",
        }
    }
}

/// A topic or campaign: its first grammar rule, and the period in which it runs.
struct Source {
    rule: &'static str,
    lang: &'static str,
    channels: Vec<&'static str>,
    weight: usize,
    first: &'static str,
    last: &'static str,
    disguise: &'static str,
}

impl Source {
    fn parse(line: &'static str) -> io::Result<Self> {
        let fields: Vec<_> = line.split_whitespace().collect();
        let [rule, lang, channels, weight, first, last, disguise] = fields[..] else {
            return Err(malformed(line));
        };
        let channels = channels.split(',').collect();
        let weight = weight.parse().map_err(|_| malformed(line))?;
        Ok(Self { rule, lang, channels, weight, first, last, disguise })
    }

    fn parse_all(table: &'static str) -> io::Result<Vec<Self>> {
        table.lines().filter(|line| !line.is_empty()).map(Self::parse).collect()
    }

    fn runs(&self, date: &str) -> bool {
        // Both bounds are days. The first characters of a timestamp are its day.
        self.first <= date && date.get(..self.last.len()).is_some_and(|day| day <= self.last)
    }
}

struct Row {
    date: String,
    lang: &'static str,
    channel: &'static str,
    class: Class,
    labelled: bool,
    /// Whether the row was placed by hand. Such a row is never changed or copied.
    odd: bool,
    text: String,
}

struct Generator {
    rng: Rng,
    grammar: Grammar,
    ham: Vec<Source>,
    spam: Vec<Source>,
    drift: Vec<Source>,
    seen: HashSet<String>,
}

impl Generator {
    fn new() -> io::Result<Self> {
        Ok(Self {
            rng: Rng::new(SEED),
            grammar: Grammar::new(&[shared::RULES, ham::RULES, spam::RULES, drift::RULES]),
            ham: Source::parse_all(ham::TOPICS)?,
            spam: Source::parse_all(spam::CAMPAIGNS)?,
            drift: Source::parse_all(drift::CAMPAIGNS)?,
            seen: HashSet::new(),
        })
    }

    fn corpus(&mut self) -> io::Result<Vec<Row>> {
        let mut rows = Vec::with_capacity(QUARTERS * ROWS_PER_QUARTER);
        for (number, quarter) in calendar::quarters(QUARTERS).iter().enumerate() {
            let start = rows.len();
            self.place_odd(number, quarter, &mut rows)?;
            let odd_spam = rows.iter().skip(start).filter(|row| row.class == Class::Spam).count();
            let spam = SPAM_PER_QUARTER.saturating_sub(odd_spam);
            for place in 0..ROWS_PER_QUARTER.saturating_sub(rows.len() - start) {
                let class = if place < spam { Class::Spam } else { Class::Ham };
                let date = quarter.timestamp(class == Class::Spam, &mut self.rng);
                rows.push(self.row(date, class)?);
            }
        }
        rows.sort_by(|left, right| left.date.cmp(&right.date));
        self.plant_copies(&mut rows);
        for row in rows.iter_mut().filter(|row| !row.odd) {
            row.labelled = !self.rng.percent(UNLABELLED);
        }
        Ok(rows)
    }

    fn place_odd(
        &mut self,
        number: usize,
        quarter: &calendar::Quarter,
        rows: &mut Vec<Row>,
    ) -> io::Result<()> {
        for line in odd::ROWS.lines().filter(|line| !line.is_empty()) {
            let fields: Vec<_> = line.splitn(5, ' ').collect();
            let [place, lang, channel, class, ref text @ ..] = fields[..] else {
                return Err(malformed(line));
            };
            if place.parse() != Ok(number) {
                continue;
            }
            let class = if class == "spam" { Class::Spam } else { Class::Ham };
            let date = quarter.timestamp(class == Class::Spam, &mut self.rng);
            let text = self.grammar.write(&text.concat(), &mut self.rng)?;
            rows.push(Row { date, lang, channel, class, labelled: true, odd: true, text });
        }
        Ok(())
    }

    fn row(&mut self, date: String, class: Class) -> io::Result<Row> {
        let lang = self.rng.weighted(LANGUAGES.iter().map(|lang| lang.1)).unwrap_or_default();
        let lang = LANGUAGES.get(lang).map_or("en", |lang| lang.0);
        let changed = date.as_str() >= DRIFT_FROM && self.rng.percent(NEW_SPAM);
        let sources = match class {
            Class::Ham => &self.ham,
            Class::Spam if changed => &self.drift,
            Class::Spam => &self.spam,
        };
        let weights = sources.iter().map(|source| {
            let fits = source.lang == lang && source.runs(&date);
            if fits { source.weight } else { 0 }
        });
        let source = self.rng.weighted(weights).and_then(|place| sources.get(place));
        let source = source.ok_or_else(|| malformed(&date))?;
        let channel = self.rng.pick(&source.channels).copied().unwrap_or_default();
        let mut text = String::new();
        for _ in 0..TRIES {
            text = compose(source, channel, &self.grammar, &mut self.rng)?;
            if self.seen.insert(normalise(&text)) {
                break;
            }
        }
        Ok(Row { date, lang, channel, class, labelled: true, odd: false, text })
    }

    /// Overwrites some rows with an exact or slightly changed copy of an earlier text.
    fn plant_copies(&mut self, rows: &mut [Row]) {
        for place in 1..rows.len() {
            let draw = self.rng.below(100);
            let nearest = place - self.rng.below(place.min(COPY_REACH));
            let (earlier, later) = rows.split_at_mut(place);
            let Some(row) = later.first_mut().filter(|row| !row.odd) else { continue };
            let is_similar = |other: &&Row| !other.odd && other.class == row.class;
            let Some(original) = earlier.iter().take(nearest).rfind(is_similar) else { continue };
            row.text = match draw {
                _ if draw < EXACT_COPIES => original.text.clone(),
                _ if draw < EXACT_COPIES + NEAR_COPIES => {
                    style::vary(&original.text, &self.grammar, &mut self.rng)
                }
                _ => continue,
            };
            (row.lang, row.channel) = (original.lang, original.channel);
        }
    }
}

fn compose(source: &Source, channel: &str, grammar: &Grammar, rng: &mut Rng) -> io::Result<String> {
    let raw = grammar.write(&format!("{{{}}}", source.rule), rng)?;
    let mut text = style::capitalise(&style::tidy(&raw));
    if channel == "sms" && source.lang != "ko" && rng.percent(LOWER_CASE) {
        text = text.to_lowercase();
    }
    if rng.percent(SLIPS) {
        text = style::slip(&text, rng);
    }
    Ok(match source.disguise {
        "-" => text,
        manner => style::disguise(&text, manner, rng),
    })
}

/// Removes the differences that templates produce, to decide whether a text is new.
fn normalise(text: &str) -> String {
    let lower = text.to_lowercase();
    lower.chars().map(|sign| if sign.is_ascii_digit() { '0' } else { sign }).collect()
}

/// Quotes a field only if it contains a comma, a quote or a line break.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

fn malformed(line: &str) -> io::Error {
    io::Error::other(format!("cannot make a row from \"{line}\"; fix this line of the phrase bank"))
}

fn main() -> io::Result<()> {
    let rows = Generator::new()?.corpus()?;
    let mut out = BufWriter::new(io::stdout().lock());
    writeln!(out, "id,date,lang,channel,label,text")?;
    for (place, row) in rows.iter().enumerate() {
        let Row { date, lang, channel, .. } = row;
        let label = if row.labelled { row.class.name() } else { "" };
        writeln!(out, "m{:05},{date},{lang},{channel},{label},{}", place + 1, field(&row.text))?;
    }
    out.flush()
}
