//! sample: draws a random sample of rows, a train/holdout split, or the rows to label next.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use spamops::cli::options::{OutArgs, RowArgs, days, whole_number};
use spamops::cli::tool::{self, Outcome, Scene, Tool};
use spamops::io::{dates::Timestamp, fraction::Fraction, stream::Place};
use spamops::rows::ReadOptions;
use spamops::rows::sampling::{DrawnRows, Filter, LateLabels, Odds, RowPool, Sample};
use spamops::state::asked::AskedRows;

/// Draw rows: a random sample, a train/holdout split, or the rows to label next
///
/// What it does: Draws --size rows at random. --stratify keeps the proportions of a column, and --weight-half-life
/// prefers newer rows. --split separates training rows from the holdout. --for-labels picks the unlabelled rows whose
/// labels help most. Without these options, sample writes all rows that pass the filters.
///
/// Input: Rows as CSV or JSON Lines, plain, gzip or zstd. The rows are read once, or twice with --for-labels.
/// --for-labels needs the column spam_score, which score adds.
///
/// Output: The drawn rows in input order, on stdout or in -o FILE. --for-labels adds the columns picked_for (uncertain,
/// novel or random) and picked_probability (of random rows). score --metrics, drift and compare measure a model only on
/// the random rows, because the others are a biased sample. A malformed row, such as a line with too many fields, is
/// passed on, so that validate can reject it.
///
/// Memory: Grows with --size and the number of strata, not with the file. --exclude adds 8 bytes per row of its
/// files, and --against adds about 5 KB per row of its file. --weight-half-life keeps --size rows of every stratum.
///
/// Method: Each row gets a key from the seed and its position (with weights: Efraimidis and Spirakis 2006). The rows
/// with the smallest keys are drawn, so a larger sample contains every smaller sample. The quota method (Balinski and
/// Young 1975) sets the number of rows per stratum.
///
/// --split uses only the hash (XXH3) of the normalised text: lower case, with digits and links masked. A text is
/// therefore on the same side in every file. --against first undoes all disguises that fit undoes, and further
/// look-alikes and accents. It finds candidates by rare word pairs (Bayardo 2007), then compares all words. It leaves
/// out disguised and misspelt copies, and copies with one changed word in eight, up to four words.
///
/// --for-labels skips near-duplicates. Half of the rows have a score near the threshold (Lewis and Gale 1994). A
/// quarter have the rarest words, and a quarter are random.
#[derive(Parser)]
#[command(
    name = "sample",
    after_help = "\
Examples:
  sample --size 100 --seed 7 data/messages.csv > new.csv
  sample --split 0.8 --rest holdout.csv data/messages.csv > train.csv
  sample --size 500 --stratify label --weight-half-life 30 data/messages.csv
  sample --size 100 --exclude state/rows.jsonl mail.csv.gz > new.csv
  sample --against holdout.csv pool.csv > train.csv
  sample --for-labels 50 --exclude labelled.csv scored.csv > to-label.csv"
)]
pub(crate) struct Args {
    /// Rows as CSV or JSON Lines, plain, gzip or zstd
    #[arg(value_name = "FILE", default_value = "-")]
    input: Place,

    /// Number of rows to draw [default: all]
    #[arg(long, short = 'n', value_name = "ROWS", value_parser = whole_number)]
    size: Option<u64>,

    /// Seed of the random draw
    #[arg(long, value_name = "NUMBER", default_value_t = 0, value_parser = whole_number)]
    seed: u64,

    /// Keep the proportions of this column's values
    ///
    /// The number of rows per value is exact to within one row.
    #[arg(long, value_name = "COLUMN", requires = "size")]
    stratify: Option<String>,

    /// Age in days at which a row is half as likely to be drawn
    #[arg(long, value_name = "DAYS", requires = "size", value_parser = days)]
    weight_half_life: Option<f64>,

    /// Leave out rows whose normalised text is in this file
    ///
    /// You can repeat this option.
    #[arg(long, value_name = "FILE")]
    exclude: Vec<Place>,

    /// Also draw rows whose label differs from the label in --exclude
    ///
    /// A row passes if the row with its text, date and id has the other label there. Its column picked_for
    /// gets the value corrected, because rows that people correct are a biased sample. The rows need a column id.
    #[arg(long, requires_all = ["exclude", "size"], hide_short_help = true)]
    corrections: bool,

    /// Leave out rows whose label a later row corrects
    ///
    /// A row corrects an earlier row with the same text, date and id if its column picked_for has the value corrected.
    /// sample reads the rows twice, so they must come from a file.
    #[arg(long, hide_short_help = true)]
    last_label: bool,

    /// Leave out rows before this date
    #[arg(long, value_name = "DATE")]
    since: Option<Timestamp>,

    /// Leave out rows from this date on
    #[arg(long, value_name = "DATE")]
    until: Option<Timestamp>,

    /// File with labels of rows that have none
    ///
    /// The rows are joined by their text, or by --id if the file has no text column. A row that gets its first label
    /// passes --exclude.
    #[arg(long, value_name = "FILE", requires = "size")]
    labels: Option<Place>,

    /// Column that joins the rows of two files, in any order
    #[arg(long, value_name = "COLUMN", default_value = "id", requires = "labels", hide_short_help = true)]
    id: String,

    /// Requests for labels, from spamops state ask
    ///
    /// Rows that people were asked for get the column picked_for.
    #[arg(long, value_name = "FILE", requires = "size", hide_short_help = true)]
    asked: Option<PathBuf>,

    /// Leave out near-duplicates of the rows in this file
    #[arg(long, value_name = "FILE")]
    against: Option<Place>,

    /// Minimum similarity at which --against leaves out a row
    ///
    /// The similarity is the Jaccard index of the pairs of adjacent words, from 0 to 1. The limit for single words is
    /// halfway between this value and 1. From eight words on, one changed word in eight is also allowed, up to
    /// four words (at 0.9, one in sixteen, but at least one). At 1, --against leaves out only exact, disguised and
    /// misspelt copies.
    #[arg(long, value_name = "SHARE", default_value = "0.8", requires = "against", hide_short_help = true)]
    near: Fraction,

    /// Share of texts that go to stdout; the others go to --rest
    ///
    /// The side depends only on the normalised text.
    #[arg(long, value_name = "SHARE", requires = "rest", conflicts_with = "size")]
    split: Option<Fraction>,

    /// File for the other side of --split
    #[arg(long, value_name = "FILE", requires = "split")]
    rest: Option<Place>,

    /// Number of unlabelled, scored rows to pick for labelling
    #[arg(long, value_name = "ROWS", conflicts_with_all = ["size", "split"])]
    for_labels: Option<usize>,

    /// Score from which a row is positive [default: the score between the verdicts, else 0.5]
    ///
    /// --for-labels picks rows with scores near this value, because the model is least certain there.
    #[arg(long, value_name = "SCORE", requires = "for_labels", hide_short_help = true)]
    threshold: Option<Fraction>,

    #[command(flatten)]
    out: OutArgs,

    #[command(flatten)]
    rows: RowArgs,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        let options = self.rows.options(scene);
        let filter = Filter::between(self.since, self.until).dated(self.weight_half_life.is_some());
        let mut filter = filter.with_corrections(self.corrections);
        self.exclude.iter().try_for_each(|place| filter.exclude(place, &options))?;
        self.against.iter().try_for_each(|place| filter.exclude_near(place, self.near, &options))?;
        let late = self.late_labels(&options)?;
        if self.last_label {
            filter.keep_last_labels(&self.input, &options)?;
        }
        let mut pool = RowPool::new(&self.input, options, filter.with_late_labels(late));
        let sample = |size| Sample::new(size, self.seed, Odds::of_half_life(self.weight_half_life));
        let write = |drawn: DrawnRows| {
            drawn.shortfall().into_iter().for_each(|remark| scene.remark(remark));
            drawn.write(&self.out.output, self.out.format)
        };
        match (self.for_labels, self.size) {
            (Some(size), _) => write(pool.pick_for_labels(size, self.threshold, self.seed)?)?,
            (None, Some(size)) => write(pool.draw(sample(size), self.stratify.as_deref())?)?,
            (None, None) => pool.split(self.split, &self.out.output, self.rest.as_ref(), self.out.format)?,
        }
        pool.set_aside().into_iter().for_each(|remark| scene.remark(remark));
        pool.warnings().for_each(|remark| scene.warn(remark));
        Ok(Outcome::Done)
    }
}

impl Args {
    /// The labels of --labels, and the picks of --asked.
    fn late_labels(&self, options: &ReadOptions) -> Result<LateLabels> {
        let mut late = LateLabels::default();
        if let Some(place) = &self.labels {
            late.read(place, &self.id, options)?;
        }
        if let Some(path) = &self.asked {
            for (text, picked_for) in AskedRows::read(path)?.picks() {
                late.add_pick(text, picked_for);
            }
        }
        Ok(late)
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
