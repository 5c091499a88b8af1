//! spamops report: one decision out of what the tools of a run have written.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use ::spamops::data::place::Place;
use ::spamops::data::state::State;
use ::spamops::show::report;
use ::spamops::show::tool::{self, Scene, Tool, Verdict};

/// Put the results of a run together: decision.json, report.md, and the outputs for a runner
///
/// Reads validate.json, metrics.json, drift.json, compare.json and promote.json in a directory, those that are there, and
/// writes decision.json and report.md beside them. Both outputs are set on every path: what was not asked is false.
#[derive(Parser)]
#[command(
    name = "report",
    bin_name = "spamops report",
    after_help = "\
Examples:
  spamops report out/
  spamops report out/ --state state --summary \"$GITHUB_STEP_SUMMARY\" --outputs \"$GITHUB_OUTPUT\""
)]
pub(crate) struct Args {
    /// The directory of a run
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// Add report.md to this file, as a job summary
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,

    /// Add retrain_needed, deploy_needed and reason to this file, a line NAME=VALUE each
    #[arg(long, value_name = "FILE")]
    outputs: Option<PathBuf>,

    /// Add the decision to this state
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Verdict> {
        let run = report::read(&self.directory)?;
        let decision = run.decision(scene.now()?, scene.name());
        report::write(&self.directory, &run, &decision)?;
        if let Some(path) = &self.summary {
            report::append(path, &run.markdown(&decision))?;
        }
        if let Some(path) = &self.outputs {
            report::append(path, &decision.outputs())?;
        }
        if let Some(path) = &self.state {
            let state = State::new(path);
            state.decide(&decision.entry())?;
        }
        Place::Standard.write_text(&decision.outputs())?;
        Ok(Verdict::Done)
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
