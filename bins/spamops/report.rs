//! spamops report: combines the results of a run into one decision, a report and the runner's outputs.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use ::spamops::cli::tool::{self, Outcome, Scene, Tool};
use ::spamops::io::stream::Place;
use ::spamops::report;
use ::spamops::state::gathered::State;

/// Combine the results of a run into one decision, a report and the outputs for a runner
///
/// What it does: Reads validate.json, metrics.json, drift.json, compare.json and promote.json in the directory of a
/// run; missing files are skipped. Results of different runs are an error.
///
/// reason_code depends on the decision. If the challenger is better but the champion is held, reason_code is held. If
/// this run rolled the champion back, reason_code is rolled_back. If a retrain starts, reason_code is the trigger: forced,
/// no_champion, performance, fpr, expected_performance, drift, age, new_rows, more_labels or changes. Without a retrain,
/// reason_code is promoted after a promotion, and better or stays after a comparison. If a trigger fired but there
/// are too few new labels, reason_code is labels_needed. If a trigger fired but the last retrain was too recent,
/// reason_code is cooldown. Do nothing: the first run after the cooldown decides again. If no trigger fired,
/// reason_code is the verdict of drift: drifted, steady or insufficient_data. If the new rows are invalid or missing,
/// reason_code is invalid or empty. Without any decision, reason_code is none.
///
/// Output: In the same directory, decision.json, report.md (under 60 KB, for a job summary) and report.html (one page
/// without external files). All runner outputs are always set. valid, retrain_needed, labels_needed
/// and deploy_needed are false if their step did not run.
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
    /// Directory of a run
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// File to append report.md to [default: GITHUB_STEP_SUMMARY, if set]
    ///
    /// With -, the report is printed instead of the outputs.
    #[arg(long, value_name = "FILE")]
    summary: Option<Place>,

    /// File to append the outputs to [default: GITHUB_OUTPUT, if set]
    ///
    /// One line NAME=VALUE for each of valid, retrain_needed, labels_needed, deploy_needed, reason_code and reason.
    #[arg(long, value_name = "FILE")]
    outputs: Option<Place>,

    /// Print up to ten annotations for a runner [default: GITHUB_ACTIONS]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    annotate: Option<bool>,

    /// Directory of the state; the decision is added to it
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        let run = report::read(&self.directory)?;
        let decision = run.decision(scene.now()?, scene.name());
        report::write(&self.directory, &run, &decision)?;
        // If clap read these variables, they would win over spamops.toml.
        let summary = self.summary.or_else(|| from_environment("GITHUB_STEP_SUMMARY").map(Place::File));
        let outputs = self.outputs.or_else(|| from_environment("GITHUB_OUTPUT").map(Place::File));
        let annotate =
            self.annotate.unwrap_or_else(|| from_environment("GITHUB_ACTIONS") == Some("true".into()));
        if let Some(path) = summary.as_ref().and_then(Place::path) {
            report::append(path, &run.markdown(&decision))?;
        }
        if let Some(path) = outputs.as_ref().and_then(Place::path) {
            report::append(path, &decision.outputs())?;
        }
        if let Some(path) = &self.state {
            let state = State::open(path)?;
            state.record_decision(&decision.entry(&run))?;
        }
        let mut text =
            if summary == Some(Place::Standard) { run.markdown(&decision) } else { decision.outputs() };
        if annotate {
            text.push_str(&run.annotations(&decision));
        }
        Place::Standard.write_text(&text)?;
        Ok(Outcome::Done)
    }
}

/// The value of a variable, unless it is empty.
fn from_environment(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
