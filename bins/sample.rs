//! sample: draws rows in one pass: a random sample, a train/holdout split, or the rows most worth a label.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use spamops::cli::options::{OutArgs, RowArgs, days, whole};
use spamops::cli::tool::{self, Outcome, Scene, Tool};
use spamops::io::{dates::Timestamp, fraction::Fraction, stream::Place};
use spamops::rows::sampling::{DrawnRows, Filter, Odds, RowPool, Sample};

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
        let mut filter = Filter::between(self.since, self.until).dated(self.weight_half_life.is_some());
        self.exclude.iter().try_for_each(|place| filter.exclude(place, &options))?;
        self.against.iter().try_for_each(|place| filter.exclude_near(place, self.near, &options))?;
        let mut pool = RowPool::new(&self.input, options, filter);
        let sample = |size| Sample::new(size, self.seed, Odds::of_half_life(self.weight_half_life));
        let write = |drawn: DrawnRows| {
            drawn.shortfall().into_iter().for_each(|remark| scene.tell(remark));
            drawn.write(&self.out.output, self.out.format)
        };
        match (self.for_labels, self.size) {
            (Some(size), _) => write(pool.pick_for_labels(size, self.threshold, self.seed)?)?,
            (None, Some(size)) => write(pool.draw(sample(size), self.stratify.as_deref())?)?,
            (None, None) => pool.split(self.split, &self.out.output, self.rest.as_ref(), self.out.format)?,
        }
        pool.set_aside().into_iter().for_each(|remark| scene.tell(remark));
        pool.warnings().for_each(|remark| scene.warn(remark));
        Ok(Outcome::Done)
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
