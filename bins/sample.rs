//! sample: fewer rows than came in, drawn in one pass.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use spamops::cli::options::{OutArgs, RowArgs};
use spamops::cli::tool::{self, Outcome, Scene, Tool};
use spamops::io::dates::Timestamp;
use spamops::io::fraction::Fraction;
use spamops::io::stream::Place;
use spamops::rows::fingerprint::Fingerprint;
use spamops::rows::sampling::draw::{Odds, Sample};
use spamops::rows::sampling::filter::Filter;
use spamops::rows::sampling::labelling_queue::{self, WordFrequencies};
use spamops::rows::{CellValue, MalformedRows, ReadOptions, Row, Rows, Writer};

/// Draw rows: a random sample, the stable train/holdout split, or the rows most worth a label
///
/// Every row draws a key from the seed and its place, and the rows with the smallest keys win (weighted: Efraimidis and
/// Spirakis 2006), so that a larger size keeps the smaller sample; strata have seats by the quota method (Balinski and Young
/// 1975). Rows go out in the order they came in. What is no row, such as a line with a field too many, is passed on for
/// validate to judge. One pass; the memory grows with --size and the number of strata, not with the file: --exclude adds
/// eight bytes for each row of its files, --against some five kilobytes for each row of its own, and --weight-half-life
/// keeps --size rows of every stratum.
///
/// --split looks at nothing but the hash (XXH3) of a text, lower case, digits and links blotted out: a text has its side
/// for good, whatever the file. --against finds what nearly copies a row by MinHash (Broder 1997) and measures it.
///
/// --for-labels reads the file twice and takes only rows without a label, no two of them near-copies: a quarter at random,
/// half with a score next to --threshold (Lewis and Gale 1994), a quarter whose words are rarest in the file; the column
/// picked_for says which. The random ones alone tell how often the model is right.
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
  sample --for-labels 50 --exclude labelled.csv scored.csv > to-label.csv"
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

    /// The least share of pairs of words (Jaccard) that makes a near-copy; of words alone half-way from there to 1
    #[arg(long, value_name = "SHARE", default_value = "0.8", requires = "against")]
    near: Fraction,

    /// Send this share of all texts out, by the hash of the normalised text alone; needs --rest
    #[arg(long, value_name = "SHARE", requires = "rest", conflicts_with = "size")]
    split: Option<Fraction>,

    /// Where the other side of --split goes
    #[arg(long, value_name = "FILE", requires = "split")]
    rest: Option<Place>,

    /// Of scored rows without a label draw this many for people to label: uncertain, novel, random
    #[arg(long, value_name = "ROWS", conflicts_with_all = ["size", "split"])]
    for_labels: Option<usize>,

    /// The score that --for-labels holds to be least certain
    #[arg(long, value_name = "SCORE", default_value = "0.5", requires = "for_labels")]
    threshold: Fraction,

    #[command(flatten)]
    out: OutArgs,

    #[command(flatten)]
    rows: RowArgs,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        let options = self.rows.options(scene);
        let mut filter = self.filter(&options)?;
        if let Some(size) = self.for_labels {
            self.for_labels(size, &mut filter, &options, scene)?;
        } else {
            let mut rows = Rows::open(&self.input, &ReadOptions { faults: MalformedRows::Keep, ..options })?;
            filter.expect_columns(&rows)?;
            match self.size {
                Some(size) => self.draw(size, &mut rows, &mut filter, scene)?,
                None => self.divide(&mut rows, &mut filter)?,
            }
        }
        self.remark(&filter, scene);
        Ok(Outcome::Done)
    }
}

impl Args {
    fn filter(&self, options: &ReadOptions) -> Result<Filter> {
        let mut filter = Filter::between(self.since, self.until).dated(self.weight_half_life.is_some());
        for place in &self.exclude {
            filter.exclude(&mut Rows::open(place, options)?)?;
        }
        if let Some(place) = &self.against {
            filter.hold_against(&mut Rows::open(place, options)?, self.near)?;
        }
        Ok(filter)
    }

    fn draw(&self, size: u64, rows: &mut Rows, filter: &mut Filter, scene: &Scene) -> Result<()> {
        let stratum = self.stratify.as_deref().map(|name| rows.column(name)).transpose()?;
        let odds = self.weight_half_life.map_or(Odds::Even, |days| Odds::Fading { days });
        let mut draw = Sample::new(size, self.seed, odds);
        let mut row = Row::default();
        while filter.read(rows, &mut row)? {
            draw.offer(&row, rows.seen(), || rows.date(&row), stratum.map_or("", |column| row.get(column)));
        }
        if draw.seen() < size {
            scene.tell(format!(
                "{}: --size {size}, but no more than {} to draw from",
                self.input,
                draw.seen()
            ));
        }
        let mut writer = self.writer(&self.out.output, rows)?;
        draw.finish().try_for_each(|row| writer.write(&row))?;
        writer.finish()
    }

    /// Sends every row to its side of the split; without one all go out.
    fn divide(&self, rows: &mut Rows, filter: &mut Filter) -> Result<()> {
        if self.split.is_some() {
            rows.expect_text()?;
        }
        let mut out = self.writer(&self.out.output, rows)?;
        let mut rest = self.rest.as_ref().map(|place| self.writer(place, rows)).transpose()?;
        let mut row = Row::default();
        while filter.read(rows, &mut row)? {
            match (self.split, &mut rest) {
                (Some(share), Some(rest)) if !Fingerprint::of(rows.text(&row)?).is_for_training(share) => {
                    rest.write(&row)?;
                }
                _ => out.write(&row)?,
            }
        }
        rest.map_or(Ok(()), Writer::finish)?;
        out.finish()
    }

    fn for_labels(
        &self,
        size: usize,
        filter: &mut Filter,
        options: &ReadOptions,
        scene: &Scene,
    ) -> Result<()> {
        let kept = self.input.kept()?;
        let rows = || Rows::from_bytes(kept.place.reader()?, &self.input, options);
        let familiar = WordFrequencies::read(&mut rows()?)?;
        let mut rows = rows()?;
        filter.expect_columns(&rows)?;
        let picked =
            labelling_queue::pick(&mut rows, filter, &familiar, size, self.threshold.value(), self.seed)?;
        if picked.len() < size {
            let (input, found) = (&self.input, picked.len());
            scene.tell(format!(
                "{input}: --for-labels {size}, but no more than {found} distinct texts without a label"
            ));
        }
        let mut writer = Writer::create(&self.out.output, self.out.format, &mut rows, &["picked_for"])?;
        picked.iter().try_for_each(|(row, why)| writer.write_with(row, &[CellValue::Text(why.name())]))?;
        writer.finish()
    }

    fn writer(&self, place: &Place, rows: &mut Rows) -> Result<Writer> {
        Writer::create(place, self.out.format, rows, &[])
    }

    fn remark(&self, filter: &Filter, scene: &Scene) {
        let Self { input, .. } = self;
        let met = filter.met;
        if let (Some(place), 1..) = (&self.against, met.near_copies) {
            scene.tell(format!("{input}: set aside as near-copies of rows of {place}: {}", met.near_copies));
        }
        if met.undated > 0 {
            scene.warn(format!("{input}: left out for want of a date that can be read: {}", met.undated));
        }
        if met.faulty > 0 {
            scene.warn(format!("{input}: lines that are no rows: {}; validate sets them aside", met.faulty));
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
