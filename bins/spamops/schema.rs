//! spamops schema: prints the JSON schema of a result.

use std::fmt::Write;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Parser;

use ::spamops::cli::result_kinds::{RESULT_KINDS, ResultKind};
use ::spamops::cli::tool::{self, Outcome, Scene, Tool};
use ::spamops::io::diagnostics::shown;
use ::spamops::io::stream::Place;

/// Print the JSON schema of a result
///
/// What it does: Prints the schema of one kind of JSON file (JSON Schema, draft 2020-12). NAME is the word
/// in the key `schema`: spamops/NAME/1. The schema describes each key: its type, its unit, and what null means. Without
/// NAME, the command lists all kinds.
///
/// Output: The schema as JSON, or one line per kind: the name, the tool that writes it and its content.
#[derive(Parser)]
#[command(
    name = "schema",
    bin_name = "spamops schema",
    after_help = "\
Examples:
  spamops schema
  spamops schema drift > drift.schema.json"
)]
pub(crate) struct Args {
    /// Kind of result, such as drift
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

impl Tool for Args {
    fn run(self, _: &Scene) -> Result<Outcome> {
        let text = match &self.name {
            None => list(),
            Some(name) => match ResultKind::named(name) {
                Some(kind) => serde_json::to_string_pretty(&kind.schema())? + "\n",
                None => bail!("no kind of result is called {}; run spamops schema for the list", shown(name)),
            },
        };
        Place::Standard.write_text(&text)?;
        Ok(Outcome::Done)
    }
}

fn list() -> String {
    RESULT_KINDS.iter().fold(String::new(), |mut text, kind| {
        let _ = writeln!(text, "{}\t{}", kind.name, kind.about);
        text
    })
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
