//! spamops completions: prints the tab completions for a shell.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use clap_complete::Shell;

use ::spamops::cli::tool::{self, Outcome, Scene, Tool};
use ::spamops::io::stream::Place;

/// Print tab completions for a shell
///
/// What it does: Prints a script that completes spamops and every tool under its own name.
#[derive(Parser)]
#[command(
    name = "completions",
    bin_name = "spamops completions",
    after_help = "\
Examples:
  spamops completions bash > ~/.local/share/bash-completion/completions/spamops
  source <(spamops completions bash)
  spamops completions fish --prefix spamops- | source"
)]
pub(crate) struct Args {
    /// Name of the shell
    #[arg(value_name = "SHELL")]
    shell: Shell,

    /// Prefix of the tools' names: spamops- or none
    #[arg(long, value_name = "TEXT", default_value = "", value_parser = ["", "spamops-"], hide_default_value = true, hide_possible_values = true)]
    prefix: String,
}

impl Tool for Args {
    fn run(self, _: &Scene) -> Result<Outcome> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut crate::menu(), "spamops", &mut script);
        for tool in crate::TOOLS {
            let name = format!("{}{}", self.prefix, tool.name);
            clap_complete::generate(self.shell, &mut (tool.command)(), name, &mut script);
        }
        Place::Standard.write_text(&String::from_utf8(script)?)?;
        Ok(Outcome::Done)
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
