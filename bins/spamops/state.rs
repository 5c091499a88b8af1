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
use ::spamops::state::marks::is_picked;

/// Add rows to the state, or list past decisions
///
/// What it does: Maintains the directory of the state, which survives between runs. Without the state, rows are drawn
/// again, and windows and the cooldown start over.
///
/// Output: rows.jsonl has the gathered rows; sample --exclude leaves them out. refused.jsonl has the rejected rows.
/// decisions.jsonl has the decisions of spamops report. history.jsonl has the last 64 runs of drift. marks.jsonl has the
/// number of gathered rows at each move of the champion.
///
/// Method: All files but the history are append-only. A row that is added again unchanged is skipped. A row that gets
/// its first label is added. The next run removes a line that a killed run left incomplete.
#[derive(Parser)]
#[command(
    name = "state",
    bin_name = "spamops state",
    after_help = "\
Examples:
  spamops state gather clean.csv --state state
  spamops state labelled --state state --after champion-3-4c3b28ea51e1
  spamops state decisions --state state
  sample --until 2026-07-01 all.csv | spamops state gather --state state"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Add rows to the gathered rows
    ///
    /// What it does: Adds the rows that the state does not have yet. A known text with a new label is a new row.
    #[command(after_help = "\
Examples:
  spamops state gather clean.csv --state state
  spamops state gather rejects.csv --refused --state state")]
    Gather {
        /// Rows as CSV or JSON Lines, plain, gzip or zstd
        #[arg(value_name = "FILE", default_value = "-")]
        input: Place,

        /// Directory of the state
        #[arg(long, value_name = "DIR")]
        state: PathBuf,

        /// Note under this name that the rows of this call, and later rows, arrived after an event
        ///
        /// The first call with a name counts. See spamops state labelled.
        #[arg(long, value_name = "NAME", conflicts_with = "refused")]
        mark: Option<String>,

        /// Store the rows as rejected rows: they are never drawn again, and no model learns from them
        #[arg(long)]
        refused: bool,

        #[command(flatten)]
        rows: RowArgs,
    },
    /// Write the labelled rows that arrived after an event
    ///
    /// What it does: Writes the labelled rows gathered since gather --mark named the event, as JSON Lines. Rows whose
    /// column picked_for is neither empty nor random are left out, and so are rows that were labelled because somebody
    /// complained, if picked_for says so: such rows are chosen because of the verdicts of the model that serves, so
    /// they favour every other model.
    #[command(after_help = "\
Examples:
  spamops state labelled --state state --after champion-3-4c3b28ea51e1 -o since.jsonl")]
    Labelled {
        /// Directory of the state
        #[arg(long, value_name = "DIR")]
        state: PathBuf,

        /// Name of the event
        #[arg(long, value_name = "NAME")]
        after: String,

        /// File for the rows
        #[arg(long, short, value_name = "FILE", default_value = "-")]
        output: Place,

        #[command(flatten)]
        rows: RowArgs,
    },
    /// List the decisions, one per line
    ///
    /// What it does: Prints the time, retrain_needed, deploy_needed and the reasons of each decision.
    #[command(after_help = "\
Examples:
  spamops state decisions --state state")]
    Decisions {
        /// Directory of the state
        #[arg(long, value_name = "DIR")]
        state: PathBuf,
    },
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        match self.action {
            Action::Gather { input, state, mark, refused, rows } => {
                let rows = Rows::open(&input, &rows.options(scene))?;
                let to = State::open(&state)?;
                if let Some(mark) = mark {
                    to.mark(&mark)?;
                }
                let (added, known) = if refused { to.reject(lines(rows))? } else { to.gather(lines(rows))? };
                let already = if known > 0 { format!(", {known} already known") } else { String::new() };
                let kind = if refused { "rejected rows" } else { "rows" };
                scene.remark(format!("{kind} added to {}: {added}{already}", state.display()));
            }
            Action::Labelled { state, after, output, rows } => {
                let from = State::open(&state)?;
                let before = from.rows_before(&after)?.with_context(|| {
                    let (state, after) = (state.display(), inert(&after));
                    format!("{state}: has no mark {after}; name one that gather --mark has set")
                })?;
                let rows = Rows::open(&from.rows(), &rows.options(scene))?;
                write_labelled(rows, before, &output)?;
            }
            Action::Decisions { state } => {
                let mut output = Place::Standard.writer()?;
                for decision in State::open(&state)?.decisions()? {
                    let (time, retrain) = (Timestamp(decision.time), decision.retrain_needed);
                    let reasons = inert(&decision.reasons.join("; "));
                    let deploy = decision.deploy_needed;
                    writeln!(output, "{time}\tretrain_needed={retrain}\tdeploy_needed={deploy}\t{reasons}")?;
                }
                output.finish()?;
            }
        }
        Ok(Outcome::Done)
    }
}

/// Writes the labelled rows after the first `before` rows, except picked rows.
fn write_labelled(mut rows: Rows, before: u64, output: &Place) -> Result<()> {
    let mut output = output.writer()?;
    let mut row = Row::default();
    while rows.read(&mut row)? {
        if rows.seen() <= before || rows.label(&row)?.is_none() {
            continue;
        }
        let picked_for = rows.header().find("picked_for").map_or("", |column| row.get(column));
        if !is_picked(picked_for) {
            writeln!(output, "{}", rows.line(&row)?)?;
        }
    }
    output.finish()
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
