//! spamops link: creates a link for each tool; all links point to the `spamops` program.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;

use ::spamops::cli::tool::{self, Outcome, Scene, Tool};

/// Create a link for every tool, so that you can call it by its own name
///
/// What it does: Creates links to this program in a directory. ImageMagick also has a program compare, and macOS
/// has a program sample. If these names conflict, use --prefix spamops-.
#[derive(Parser)]
#[command(
    name = "link",
    bin_name = "spamops link",
    after_help = "\
Examples:
  spamops link ~/.local/bin --prefix spamops-
  spamops link tools && PATH=$PWD/tools:$PATH"
)]
pub(crate) struct Args {
    /// Directory for the links; created if it does not exist
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// Prefix of the tools' names: spamops- or none
    #[arg(long, value_name = "TEXT", default_value = "", value_parser = ["", "spamops-"], hide_default_value = true, hide_possible_values = true)]
    prefix: String,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        let own = std::env::current_exe()?.canonicalize()?;
        std::fs::create_dir_all(&self.directory).with_context(|| self.directory.display().to_string())?;
        let link = |name: &str| {
            let prefix = if name == "spamops" { "" } else { &self.prefix };
            self.directory.join(format!("{prefix}{name}{}", std::env::consts::EXE_SUFFIX))
        };
        let names = std::iter::once("spamops").chain(crate::TOOLS.iter().map(|tool| tool.name));
        let links: Vec<PathBuf> = names.map(link).filter(|link| !points_to(link, &own)).collect();
        // All links are checked first, so that an existing program causes an error before any link is created.
        for link in &links {
            let is_replaceable = std::fs::read_link(link).is_ok_and(|target| {
                !link.exists() || target.file_stem().is_some_and(|stem| stem == "spamops")
            });
            if std::fs::symlink_metadata(link).is_ok() && !is_replaceable {
                bail!("{}: exists already; move it away or set --prefix spamops-", link.display());
            }
        }
        for link in &links {
            // Replaces a broken link, or a link to another build.
            let _ = std::fs::remove_file(link);
            create(&own, link).with_context(|| link.display().to_string())?;
        }
        scene.remark(format!("linked {} tools in {}", crate::TOOLS.len(), self.directory.display()));
        Ok(Outcome::Done)
    }
}

fn points_to(link: &Path, own: &Path) -> bool {
    link.canonicalize().is_ok_and(|target| target == own)
}

#[cfg(unix)]
fn create(own: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(own, link)
}

#[cfg(not(unix))]
fn create(own: &Path, link: &Path) -> std::io::Result<()> {
    std::fs::copy(own, link).map(|_| ())
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
