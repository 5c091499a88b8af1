//! sample: fewer rows than came in, drawn in one pass.

use std::collections::HashSet;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use spamops::data::dates::Timestamp;
use spamops::data::draw::{Draw, Key};
use spamops::data::fingerprint::Fingerprint;
use spamops::data::near::Near;
use spamops::data::place::Place;
use spamops::data::rows::{Faults, Options, Row, Rows, Value, Writer};
use spamops::data::share::Share;
use spamops::data::to_label::{self, Familiar};
use spamops::show::options::{OutArgs, RowArgs};
use spamops::show::tool::{self, Scene, Tool, Verdict};

/// Draw rows: a random sample, the stable train/holdout split, or the rows most worth a label
///
/// Every row draws a key from the seed and its place, and the rows with the smallest keys win (weighted: Efraimidis and
/// Spirakis 2006), so that a larger size keeps the smaller sample. One pass; the memory grows with --size, not with the
/// file (--exclude and --against add eight bytes for each row or word of their files). Rows go out in the order they
/// came in. What is no row, such as a line with a field too many, is passed on for validate to judge.
#[derive(Parser)]
#[command(
    name = "sample",
    after_help = "\
Examples:
  sample --size 100 --seed 7 data/messages.csv > new.csv
  sample --size 500 --stratify label --weight-half-life 30 data/messages.csv
  sample --size 100 --exclude state/rows.jsonl mail.csv.gz > new.csv
  sample --split 0.8 --rest holdout.csv data/messages.csv > train.csv
  sample --against holdout.csv pool.csv > train.csv
  sample --for-labels 50 scored.csv > to-label.csv"
)]
pub(crate) struct Args {
    /// Rows as CSV or JSON Lines, plain, gzip or zstd
    #[arg(value_name = "FILE", default_value = "-")]
    input: Place,

    /// How many rows to draw [default: all that the other options leave]
    #[arg(long, short = 'n', value_name = "ROWS", value_parser = whole)]
    size: Option<u64>,

    /// What the keys are drawn from
    #[arg(long, value_name = "NUMBER", default_value_t = 0, value_parser = whole)]
    seed: u64,

    /// Keep the shares of this column's values, each within one row
    #[arg(long, value_name = "COLUMN", requires = "size")]
    stratify: Option<String>,

    /// A row this many days older is half as likely
    #[arg(long, value_name = "DAYS", requires = "size", value_parser = days)]
    weight_half_life: Option<f64>,

    /// Leave out rows whose normalised text is in these files
    #[arg(long, value_name = "FILE")]
    exclude: Vec<Place>,

    /// Leave out rows before this date
    #[arg(long, value_name = "DATE")]
    since: Option<Timestamp>,

    /// Leave out rows of this date and later
    #[arg(long, value_name = "DATE")]
    until: Option<Timestamp>,

    /// Set aside rows that nearly copy a row of this file
    #[arg(long, value_name = "FILE")]
    against: Option<Place>,

    /// The least share of pairs of words (Jaccard) that makes a near-copy
    #[arg(long, value_name = "SHARE", default_value = "0.8", requires = "against")]
    near: Share,

    /// Send this share of all texts out, by the hash of the normalised text alone; needs --rest
    #[arg(long, value_name = "SHARE", requires = "rest", conflicts_with = "size")]
    split: Option<Share>,

    /// Where the other side of --split goes
    #[arg(long, value_name = "FILE", requires = "split")]
    rest: Option<Place>,

    /// Of scored rows without a label draw this many for people to label: uncertain, novel, random
    #[arg(long, value_name = "ROWS", conflicts_with_all = ["size", "split"])]
    for_labels: Option<usize>,

    /// The score that --for-labels holds to be least certain
    #[arg(long, value_name = "SCORE", default_value = "0.5")]
    threshold: Share,

    #[command(flatten)]
    out: OutArgs,

    #[command(flatten)]
    rows: RowArgs,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Verdict> {
        let options = Options { faults: Faults::Keep, ..self.rows.options(scene) };
        if let Some(size) = self.for_labels {
            self.for_labels(size, &self.rows.options(scene), scene)?;
            return Ok(Verdict::Done);
        }
        let mut filter = Filter::new(&self, &self.rows.options(scene))?;
        let mut rows = Rows::open(&self.input, &options)?;
        if filter.reads_texts() || self.split.is_some() {
            rows.expect_text()?;
        }
        match (self.size, self.split, &self.rest) {
            (Some(size), ..) => self.draw(size, &mut rows, &mut filter)?,
            (_, Some(share), Some(rest)) => self.split(share, rest, &mut rows, &mut filter)?,
            _ => self.pass(&mut rows, &mut filter)?,
        }
        filter.tell(&self, scene);
        Ok(Verdict::Done)
    }
}

impl Args {
    fn draw(&self, size: u64, rows: &mut Rows, filter: &mut Filter) -> Result<()> {
        let stratum = self.stratify.as_deref().map(|name| rows.column(name)).transpose()?;
        let mut draw = Draw::new(size);
        let mut row = Row::default();
        while rows.read(&mut row)? {
            if !filter.keeps(rows, &row)? {
                continue;
            }
            let mut key = Key::uniform(self.seed, rows.seen());
            if let (Some(days), Some(date)) = (self.weight_half_life, rows.date(&row)) {
                key = key.fading(date, days);
            }
            draw.offer(&row, rows.seen(), key, stratum.map_or("", |column| row.get(column)));
        }
        let mut writer = Writer::create(&self.out.output, self.out.format, rows, &[])?;
        draw.finish().try_for_each(|row| writer.write(&row))?;
        writer.finish()
    }

    fn split(&self, share: Share, rest: &Place, rows: &mut Rows, filter: &mut Filter) -> Result<()> {
        let mut train = Writer::create(&self.out.output, self.out.format, rows, &[])?;
        let mut holdout = Writer::create(rest, self.out.format, rows, &[])?;
        let mut row = Row::default();
        while rows.read(&mut row)? {
            if filter.keeps(rows, &row)? {
                let trains = Fingerprint::of(rows.text(&row)?).is_for_training(share);
                if trains { &mut train } else { &mut holdout }.write(&row)?;
            }
        }
        holdout.finish()?;
        train.finish()
    }

    fn pass(&self, rows: &mut Rows, filter: &mut Filter) -> Result<()> {
        let mut writer = Writer::create(&self.out.output, self.out.format, rows, &[])?;
        let mut row = Row::default();
        while rows.read(&mut row)? {
            if filter.keeps(rows, &row)? {
                writer.write(&row)?;
            }
        }
        writer.finish()
    }

    fn for_labels(&self, size: usize, options: &Options, scene: &Scene) -> Result<()> {
        let kept = self.input.kept()?;
        let rows = || Rows::from_bytes(kept.place.reader()?, &self.input, options);
        let familiar = Familiar::read(&mut rows()?)?;
        let mut rows = rows()?;
        let picked = to_label::pick(&mut rows, &familiar, size, self.threshold.value(), self.seed)?;
        if picked.len() < size {
            scene.tell(format!("only {} distinct rows without a label to pick from", picked.len()));
        }
        let mut writer = Writer::create(&self.out.output, self.out.format, &mut rows, &["picked_for"])?;
        picked.iter().try_for_each(|(row, why)| writer.write_with(row, &[Value::Text(why.name())]))?;
        writer.finish()
    }
}

/// Which rows are offered at all, and how many were not.
struct Filter {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    weighted: bool,
    used: HashSet<Fingerprint>,
    near: Option<Near>,
    undated: u64,
    copies: u64,
    faulty: u64,
}

impl Filter {
    fn new(args: &Args, options: &Options) -> Result<Self> {
        let mut row = Row::default();
        let mut used = HashSet::new();
        for place in &args.exclude {
            let mut rows = Rows::open(place, options)?;
            while rows.read(&mut row)? {
                used.insert(Fingerprint::of(rows.text(&row)?));
            }
        }
        let mut near = None;
        if let Some(place) = &args.against {
            let near = near.insert(Near::new(args.near.value()));
            let mut rows = Rows::open(place, options)?;
            while rows.read(&mut row)? {
                near.add(rows.text(&row)?);
            }
        }
        let Args { since, until, .. } = *args;
        let weighted = args.weight_half_life.is_some();
        Ok(Self { since, until, weighted, used, near, undated: 0, copies: 0, faulty: 0 })
    }

    fn reads_texts(&self) -> bool {
        !self.used.is_empty() || self.near.is_some()
    }

    fn keeps(&mut self, rows: &Rows, row: &Row) -> Result<bool> {
        self.faulty += u64::from(row.fault().is_some());
        if self.since.is_some() || self.until.is_some() || self.weighted {
            let Some(date) = rows.date(row) else {
                self.undated += 1;
                return Ok(false);
            };
            if self.since.is_some_and(|since| date < since) || self.until.is_some_and(|until| date >= until) {
                return Ok(false);
            }
        }
        if !self.used.is_empty() && self.used.contains(&Fingerprint::of(rows.text(row)?)) {
            return Ok(false);
        }
        if let Some(near) = &self.near
            && near.has_near(rows.text(row)?)
        {
            self.copies += 1;
            return Ok(false);
        }
        Ok(true)
    }

    fn tell(&self, args: &Args, scene: &Scene) {
        let Self { undated, copies, faulty, .. } = self;
        if let (Some(place), 1..) = (&args.against, copies) {
            scene.tell(format!("{copies} rows nearly copy a row of {place} and were set aside"));
        }
        if *undated > 0 {
            scene.warn(format!(
                "{}: {undated} rows have no date that can be read and were left out",
                args.input
            ));
        }
        if *faulty > 0 {
            let (are, them) =
                if *faulty == 1 { ("line is no row", "it") } else { ("lines are no rows", "them") };
            scene.warn(format!("{}: {faulty} {are}; validate sets {them} aside", args.input));
        }
    }
}

fn whole(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "expected a whole number".into())
}

fn days(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(days) if days > 0.0 && days.is_finite() => Ok(days),
        _ => Err("expected a number of days over 0".into()),
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
