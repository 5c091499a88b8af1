//! spamops state: adds rows to the state, and lists past decisions.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use ::spamops::cli::options::RowArgs;
use ::spamops::cli::tool::{self, Outcome, Scene, Tool};
use ::spamops::io::dates::Timestamp;
use ::spamops::io::diagnostics::inert;
use ::spamops::io::stream::Place;
use ::spamops::rows::{Row, Rows};
use ::spamops::state::gathered::State;

/// Look after the state: the rows gathered so far and the decisions taken
///
/// A directory of JSON Lines: rows.jsonl (gathered, and so used: sample --exclude it), refused.jsonl (set aside by validate),
/// decisions.jsonl (from spamops report), all three only ever added to, and history.jsonl (what the last 64 runs of drift
/// saw). Adding twice is adding once; a line that a killed run left half written is cut off by the next. To lose it all
/// costs time, not correctness.
#[derive(Parser)]
#[command(
    name = "state",
    bin_name = "spamops state",
    after_help = "\
Examples:
  spamops state gather clean.csv --state state
  sample --until 2026-07-01 all.csv | spamops state gather --state state
  spamops state decisions --state state"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Add rows to those gathered
    Gather {
        /// Rows as CSV or JSON Lines, plain, gzip or zstd
        #[arg(value_name = "FILE", default_value = "-")]
        input: Place,

        /// The state
        #[arg(long, value_name = "DIR")]
        state: PathBuf,

        /// Add them to those refused: not learned from, and not drawn again
        #[arg(long)]
        refused: bool,

        #[command(flatten)]
        rows: RowArgs,
    },
    /// List the decisions, a line each
    Decisions {
        /// The state
        #[arg(long, value_name = "DIR")]
        state: PathBuf,
    },
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        match self.what {
            What::Gather { input, state, refused, rows } => {
                let rows = Rows::open(&input, &rows.options(scene))?;
                let to = State::new(&state);
                let (added, there) = if refused { to.reject(lines(rows))? } else { to.gather(lines(rows))? };
                let already = if there > 0 { format!(", {there} were there already") } else { String::new() };
                let what = if refused { "refused rows" } else { "rows" };
                scene.tell(format!("{what} gathered in {}: {added}{already}", state.display()));
            }
            What::Decisions { state } => {
                let mut output = Place::Standard.writer()?;
                for decision in State::new(&state).decisions()? {
                    let (time, retrain) = (Timestamp(decision.time), decision.retrain_needed);
                    let why = inert(&decision.reasons.join("; "));
                    let deploy = decision.deploy_needed;
                    writeln!(output, "{time}\tretrain_needed={retrain}\tdeploy_needed={deploy}\t{why}")?;
                }
                output.finish()?;
            }
        }
        Ok(Outcome::Done)
    }
}

/// The rows as lines of JSON.
fn lines(mut rows: Rows) -> impl Iterator<Item = Result<String>> {
    std::iter::from_fn(move || {
        let mut row = Row::default();
        match rows.read(&mut row) {
            Ok(true) => Some(rows.line(&row).with_context(|| rows.place().to_string())),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    })
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
