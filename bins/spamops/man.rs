//! spamops man: writes the manual pages.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Command, Parser};

use ::spamops::cli::tool::{self, Outcome, Scene, Tool};
use ::spamops::io::stream::Place;

/// Write the manual pages
///
/// What it does: Writes one page for spamops, one for each sub-command and one for each tool.
#[derive(Parser)]
#[command(
    name = "man",
    bin_name = "spamops man",
    after_help = "\
Examples:
  spamops man ~/.local/share/man/man1 && man sample"
)]
pub(crate) struct Args {
    /// Directory for the pages; created if it does not exist
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        std::fs::create_dir_all(&self.directory).with_context(|| self.directory.display().to_string())?;
        self.page("spamops", crate::menu())?;
        for entry in crate::SUBCOMMANDS {
            self.page(&format!("spamops-{}", entry.name), (entry.command)())?;
        }
        for entry in crate::TOOLS {
            self.page(entry.name, (entry.command)())?;
        }
        let pages = 1 + crate::SUBCOMMANDS.len() + crate::TOOLS.len();
        scene.remark(format!("{pages} pages in {}", self.directory.display()));
        Ok(Outcome::Done)
    }
}

impl Args {
    fn page(&self, name: &str, command: Command) -> Result<()> {
        let mut page = Vec::new();
        clap_mangen::Man::new(command.name(name.to_owned())).render(&mut page)?;
        let place = Place::File(self.directory.join(format!("{name}.1")));
        place.write_text(&String::from_utf8(page)?)
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
