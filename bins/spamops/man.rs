//! spamops man: writes the manual pages.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Command, Parser};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

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
        scene.remark(format!("wrote {pages} pages to {}", self.directory.display()));
        Ok(Outcome::Done)
    }
}

impl Args {
    fn page(&self, name: &str, command: Command) -> Result<()> {
        let sections = command.get_before_long_help().map(ToString::to_string).unwrap_or_default();
        let examples = command.get_after_long_help().or(command.get_after_help());
        let examples = examples.map(ToString::to_string).unwrap_or_default();
        let has_subcommands = command.has_subcommands();
        let man = Man::new(with_all_options(command).name(name.to_owned()));
        let mut page = Vec::new();
        man.render_title(&mut page)?;
        man.render_name_section(&mut page)?;
        man.render_synopsis_section(&mut page)?;
        write_sections(&mut page, &sections, false)?;
        man.render_options_section(&mut page)?;
        if has_subcommands {
            man.render_subcommands_section(&mut page)?;
        }
        write_sections(&mut page, &examples, true)?;
        man.render_version_section(&mut page)?;
        let place = Place::File(self.directory.join(format!("{name}.1")));
        place.write_text(&String::from_utf8(page)?)
    }
}

/// Shows the options that `-h` hides, so that the pages describe them.
fn with_all_options(command: Command) -> Command {
    command.mut_args(|option| option.hide_short_help(false)).mut_subcommands(with_all_options)
}

/// Writes parts of the help as sections of the manual. Lines of `verbatim` sections are not joined.
fn write_sections(page: &mut Vec<u8>, text: &str, verbatim: bool) -> Result<()> {
    let mut roff = Roff::new();
    for line in text.lines() {
        match line.strip_suffix(':') {
            Some(heading) if !line.starts_with(' ') => {
                roff.control("SH", [heading.to_uppercase().as_str()]);
                if verbatim {
                    roff.control("nf", []);
                }
            }
            _ if line.is_empty() => {
                roff.control("PP", []);
            }
            _ => {
                roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
            }
        }
    }
    if verbatim {
        roff.control("fi", []);
    }
    roff.to_writer(page)?;
    Ok(())
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
