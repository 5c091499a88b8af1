//! spamops state: adds rows to the state, and lists past decisions.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};

use ::spamops::cli::options::{OutArgs, RowArgs};
use ::spamops::cli::tool::{self, Outcome, Scene, Tool};
use ::spamops::io::dates::Timestamp;
use ::spamops::io::diagnostics::inert;
use ::spamops::io::stream::Place;
use ::spamops::rows::fingerprint::Fingerprint;
use ::spamops::rows::sampling::{Filter, RowPool};
use ::spamops::rows::{ReadOptions, Row, Rows, Writer};
use ::spamops::state::asked::{LabelBacklog, LabelStanding, OVERDUE_DAYS};
use ::spamops::state::asked_entry::AskedEntry;
use ::spamops::state::gathered::State;

/// Seed of the random rows to label.
const SEED: u64 = 7;

/// Add rows to the state, ask for labels, or list past decisions
///
/// What it does: Maintains the directory of the state, which survives between runs. Without the state, rows are drawn
/// again, and windows and the cooldown start over.
///
/// Output: rows.jsonl has the gathered rows; sample --exclude leaves them out. refused.jsonl has the rejected rows.
/// decisions.jsonl has the decisions of spamops report. history.jsonl has the last 64 runs of drift. marks.jsonl has the
/// number of gathered rows at each move of the champion. asked.jsonl has the rows that people were asked to label, and
/// told.jsonl the messages of spamops notify.
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
    /// Write the unlabelled rows of the state
    ///
    /// What it does: Leaves out texts that are labelled in any row, and rows that people were asked for in the last
    /// --overdue-days. Score the rows, then pick some of them with spamops state ask.
    #[command(after_help = "\
Examples:
  spamops state unlabelled --state state -o unlabelled.jsonl
  spamops state unlabelled --pending --state state")]
    Unlabelled {
        /// Directory of the state
        #[arg(long, value_name = "DIR")]
        state: PathBuf,

        /// Write only the rows that people were asked for and still have time to label
        #[arg(long)]
        pending: bool,

        /// Days after which a row is asked for again
        #[arg(long, value_name = "DAYS", default_value_t = OVERDUE_DAYS)]
        overdue_days: u32,

        #[command(flatten)]
        out: OutArgs,

        #[command(flatten)]
        rows: RowArgs,
    },
    /// Pick rows to label, and record that people are asked for them
    ///
    /// What it does: Picks rows as sample --for-labels does. Rows that people were asked for and still have time to label
    /// count towards --size, so fewer rows are picked, or none.
    ///
    /// Output: The rows with the columns label (empty), picked_for and picked_probability. Fill in the labels, and add the
    /// rows to the data; or give the file to spamops run --labels. The state records the rows in asked.jsonl.
    #[command(after_help = "\
Examples:
  spamops state ask unlabelled-scored.jsonl --size 100 --state state -o to-label.csv")]
    Ask {
        /// Scored rows, from spamops state unlabelled and score
        #[arg(value_name = "FILE", default_value = "-")]
        input: Place,

        /// Number of labels that are missing
        #[arg(long, value_name = "ROWS")]
        size: usize,

        /// Directory of the state
        #[arg(long, value_name = "DIR")]
        state: PathBuf,

        /// Days after which a row is asked for again
        #[arg(long, value_name = "DAYS", default_value_t = OVERDUE_DAYS)]
        overdue_days: u32,

        #[command(flatten)]
        out: OutArgs,

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
            Action::Unlabelled { state, pending, overdue_days, out, rows } => {
                let (options, state) = (rows.options(scene), State::open(&state)?);
                let wanted = if pending { LabelStanding::Asked } else { LabelStanding::Open };
                let backlog = LabelBacklog::read(&state, &options, scene.now()?, overdue_days)?;
                unlabelled(&state, &options, &out, |text| backlog.standing(text) == wanted)?;
            }
            Action::Ask { input, size, state, overdue_days, out, rows } => {
                let (options, state, now) = (rows.options(scene), State::open(&state)?, scene.now()?);
                let pending = LabelBacklog::read(&state, &options, now, overdue_days)?.pending();
                let mut pool = RowPool::new(&input, options, Filter::default());
                let picked = pool.pick_for_labels(size.saturating_sub(pending), None, SEED)?;
                let asked = picked.picks()?.into_iter();
                let asked: Vec<AskedEntry> = asked
                    .map(|(text, reason, probability)| AskedEntry::new(now, text, reason, probability))
                    .collect();
                // Record the request last, so that a row whose file was not written is asked for again.
                picked.shortfall().into_iter().for_each(|remark| scene.remark(remark));
                picked.write(&out.output, out.format)?;
                state.record_asked(&asked)?;
                let asked = asked.len();
                scene.remark(format!("rows to label: {asked}, and {pending} that were asked for before"));
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
        // Which rows are picked, or complained about, depends on the verdicts of the model that serves.
        if rows.seen() > before && rows.label(&row)?.is_some() && !rows.is_picked(&row) {
            writeln!(output, "{}", rows.line(&row)?)?;
        }
    }
    output.finish()
}

/// Writes the gathered rows whose text is wanted.
fn unlabelled(
    state: &State,
    options: &ReadOptions,
    out: &OutArgs,
    is_wanted: impl Fn(Fingerprint) -> bool,
) -> Result<()> {
    let gathered = state.rows();
    ensure!(gathered.path().is_some_and(Path::exists), "{gathered}: is missing; gather rows first");
    let mut rows = Rows::open(&gathered, options)?;
    let mut writer = Writer::create(&out.output, out.format, &mut rows, &[])?;
    let mut row = Row::default();
    while rows.read(&mut row)? {
        if is_wanted(Fingerprint::of(rows.text(&row)?)) {
            writer.write(&row)?;
        }
    }
    writer.finish()
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
