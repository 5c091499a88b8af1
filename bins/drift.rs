//! drift: is the live model still right for what arrives now?

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use spamops::data::fingerprint::Fingerprint;
use spamops::data::place::Place;
use spamops::data::results;
use spamops::data::rows::{Row, Rows};
use spamops::data::share::Share;
use spamops::data::state::State;
use spamops::judge::metrics::Metrics;
use spamops::learn::estimate::{Histogram, bin};
use spamops::learn::model::{Desk, Model};
use spamops::show::options::RowArgs;
use spamops::show::tool::{self, Scene, Tool, Verdict};
use spamops::watch::drift::{self, Evidence, Policy};

/// Decide whether the champion needs a successor: verdict and retrain_needed, with every reason
///
/// Two signals: F1 on labelled new rows below its gate, and a chi-square test of homogeneity (level .05, Cramér's V of at
/// least .1) between the scores of distinct new texts and the model's own out-of-fold scores. One test on scores says
/// nothing about what moved, and with under 100 distinct texts nothing at all: the verdict is insufficient_data then.
/// F1 takes 30 labelled rows, ten of them positive or taken for it. Streaming; eight bytes of memory for each distinct text.
#[derive(Parser)]
#[command(
    name = "drift",
    after_help = "\
Examples:
  drift --model champion.json --metrics metrics.json clean.csv -o drift.json
  drift --model champion.json --state state --cooldown-hours 48 clean.csv
  drift --model champion.json --exit-code clean.csv > /dev/null || echo retrain"
)]
pub(crate) struct Args {
    /// New rows as CSV or JSON Lines, plain, gzip or zstd
    #[arg(value_name = "FILE", default_value = "-")]
    input: Place,

    /// The champion; without one the answer is that there is one to be made
    #[arg(long, short, value_name = "FILE")]
    model: Option<Place>,

    /// What the champion scored on these rows, from score --metrics
    #[arg(long, value_name = "FILE")]
    metrics: Option<Place>,

    /// The least F1 on labelled rows
    #[arg(long, value_name = "SHARE", default_value = "0.9")]
    min_f1: Share,

    /// The state, for the time of the last retrain
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,

    /// How long after a retrain no other is asked for
    #[arg(long, value_name = "HOURS", default_value_t = 24.0, value_parser = hours)]
    cooldown_hours: f64,

    /// Ask for a retrain whatever the signals say
    #[arg(long)]
    force: bool,

    /// Exit with 1 where a retrain is needed
    #[arg(long)]
    exit_code: bool,

    /// Where the report goes
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: Place,

    #[command(flatten)]
    rows: RowArgs,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Verdict> {
        let model = self.model.as_ref().map(Model::read).transpose()?;
        let metrics =
            self.metrics.as_ref().map(|place| results::read::<Metrics>(place, "metrics")).transpose()?;
        let last_retrain =
            self.state.as_ref().map(|path| State::new(path).last_retrain()).transpose()?.flatten();
        let mut rows = Rows::open(&self.input, &self.rows.options(scene))?;
        rows.expect_text()?;
        let new = scores(&mut rows, model.as_ref())?;
        let scores = model.as_ref().map(|model| (&model.estimate.scores[..], &new[..]));
        let evidence = Evidence { metrics: metrics.as_ref(), scores, last_retrain };
        let Self { min_f1, cooldown_hours, force: forced, .. } = self;
        let policy = Policy { min_f1, cooldown_hours, forced };
        let report = drift::decide(evidence, policy, scene.now()?, rows.seen(), scene.name());
        results::write(&self.output, &report)?;
        Ok(Verdict::answer(!report.retrain_needed, self.exit_code))
    }
}

/// The scores of distinct texts, by bin.
fn scores(rows: &mut Rows, model: Option<&Model>) -> Result<Histogram> {
    let mut scores = Histogram::default();
    let mut seen = HashSet::new();
    let mut row = Row::default();
    let mut desk = Desk::default();
    while rows.read(&mut row)? {
        let text = rows.text(&row)?;
        if let Some(model) = model.filter(|_| seen.insert(Fingerprint::of(text))) {
            scores[bin(model.score(text, &mut desk))] += 1;
        }
    }
    Ok(scores)
}

fn hours(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(hours) if hours >= 0.0 && hours.is_finite() => Ok(hours),
        _ => Err("expected a number of hours".into()),
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
