//! spamops verify: checks the integrity of models, results and registries.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use ::spamops::cli::tool::{self, Outcome, Scene, Tool};
use ::spamops::cli::verify::print_findings;
use ::spamops::io::stream::Place;

/// Check the integrity of models, results and registries
///
/// What it decides: Whether each file is intact. A model must match its digest and schema, and be able to score. A
/// result must have a known schema, all its keys, and figures that agree with its counts. In a registry, verify
/// checks every version, every model and the target of every alias.
///
/// Input: Files and directories. Sub-directories are searched too. JSON files of other programs are
/// ignored unless they are truncated.
///
/// Output: One line per file: ok or wrong, the file, and the reason. The line of a journal also has its head, see
/// spamops registry verify --help. The exit status is 0 whatever the result, unless
/// --exit-code is set.
#[derive(Parser)]
#[command(
    name = "verify",
    bin_name = "spamops verify",
    after_help = "\
Examples:
  spamops verify challenger.json
  spamops verify --exit-code out/ models/ > /dev/null || echo damaged"
)]
pub(crate) struct Args {
    /// Files and directories to check
    #[arg(value_name = "FILE|DIR", required = true)]
    places: Vec<Place>,

    /// Exit with 1 if a file is wrong
    #[arg(long)]
    exit_code: bool,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        print_findings(&self.places, &[], self.exit_code, scene)
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
