//! spamops report: combines the results of a run into one decision, a report and the runner's outputs.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use ::spamops::cli::tool::{self, Outcome, Scene, Tool};
use ::spamops::io::stream::Place;
use ::spamops::report;
use ::spamops::state::gathered::State;

/// Put the results of a run together: decision.json, report.md, report.html, and the outputs for a runner
///
/// Reads validate.json, metrics.json, drift.json, compare.json and promote.json in a directory, those that are there, and
/// writes decision.json, report.md (under 60 KB, for a job summary) and report.html (one page that needs nothing else)
/// beside them. All outputs are set on every path: what was not asked is false.
#[derive(Parser)]
#[command(
    name = "report",
    bin_name = "spamops report",
    after_help = "\
Examples:
  spamops report out/
  spamops report out/ --state state --summary summary.md --outputs outputs.txt"
)]
pub(crate) struct Args {
    /// The directory of a run
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// Add report.md to this file, as a job summary, or print it instead of the outputs: - [default: GITHUB_STEP_SUMMARY,
    /// where it is set]
    #[arg(long, value_name = "FILE")]
    summary: Option<Place>,

    /// Add valid, retrain_needed, labels_needed, deploy_needed, reason_code and reason to this file, a line NAME=VALUE each
    /// [default: GITHUB_OUTPUT, where it is set]
    #[arg(long, value_name = "FILE")]
    outputs: Option<Place>,

    /// Print annotations for a runner, too, ten at most [default: true where GITHUB_ACTIONS is true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    annotate: Option<bool>,

    /// Add the decision to this state
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        let run = report::read(&self.directory)?;
        let decision = run.decision(scene.now()?, scene.name());
        report::write(&self.directory, &run, &decision)?;
        // Read here and not by clap: there the surroundings would win over spamops.toml.
        let summary = self.summary.or_else(|| surrounding("GITHUB_STEP_SUMMARY").map(Place::File));
        let outputs = self.outputs.or_else(|| surrounding("GITHUB_OUTPUT").map(Place::File));
        let annotate = self.annotate.unwrap_or_else(|| surrounding("GITHUB_ACTIONS") == Some("true".into()));
        if let Some(path) = summary.as_ref().and_then(Place::path) {
            report::append(path, &run.markdown(&decision))?;
        }
        if let Some(path) = outputs.as_ref().and_then(Place::path) {
            report::append(path, &decision.outputs())?;
        }
        if let Some(path) = &self.state {
            let state = State::new(path);
            state.decide(&decision.entry())?;
        }
        let mut said =
            if summary == Some(Place::Standard) { run.markdown(&decision) } else { decision.outputs() };
        if annotate {
            said.push_str(&run.annotations(&decision));
        }
        Place::Standard.write_text(&said)?;
        Ok(Outcome::Done)
    }
}

/// A path, or a word, that a runner names; an empty one is none.
fn surrounding(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
