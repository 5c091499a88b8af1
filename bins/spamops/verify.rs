//! spamops verify: checks the integrity of models, results and registries.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use ::spamops::cli::tool::{self, Outcome, Scene, Tool};
use ::spamops::cli::verify::tell;
use ::spamops::io::stream::Place;

/// Verify models, results and registries: a line for each file, ok or wrong, and what
///
/// A model: its digest, its schema, its terms, that it can score. A result: a schema that this version knows, every key it
/// needs, figures that agree with the counts beside them. A registry: every version, the digest of every model and that it
/// can score, where the champion points. A directory: each of these in it and below; JSON that no tool of spamops has
/// written is passed over, unless it is cut short. The status is 0 whatever is found: 1 takes --exit-code.
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
    /// Files and directories
    #[arg(value_name = "FILE|DIR", required = true)]
    places: Vec<Place>,

    /// Exit with 1 where anything is wrong
    #[arg(long)]
    exit_code: bool,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        tell(&self.places, self.exit_code, scene)
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
