//! spamops link: creates a link for each tool; all links point to the `spamops` program.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;

use ::spamops::cli::tool::{self, Outcome, Scene, Tool};

/// Make a link for every tool in a directory, all to this one file
///
/// `compare` is also a tool of ImageMagick and `sample` one of macOS: where that matters, use --prefix spamops-.
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
    /// Where the links go; made where it is missing
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// What the names begin with: nothing, or spamops-
    #[arg(long, value_name = "TEXT", default_value = "", value_parser = ["", "spamops-"])]
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
        let links: Vec<PathBuf> = names.map(link).filter(|link| !leads_to(link, &own)).collect();
        // All are looked at before any is made: somebody else's tool of that name stays what it is.
        for link in &links {
            let stale = std::fs::read_link(link).is_ok_and(|target| {
                !link.exists() || target.file_stem().is_some_and(|stem| stem == "spamops")
            });
            if std::fs::symlink_metadata(link).is_ok() && !stale {
                bail!("{}: is there already; move it away, or use --prefix", link.display());
            }
        }
        for link in &links {
            // A link that leads nowhere, or to another build, gives way.
            let _ = std::fs::remove_file(link);
            make(&own, link).with_context(|| link.display().to_string())?;
        }
        scene.tell(format!("{} tools in {}", crate::TOOLS.len(), self.directory.display()));
        Ok(Outcome::Done)
    }
}

fn leads_to(link: &Path, own: &Path) -> bool {
    link.canonicalize().is_ok_and(|target| target == own)
}

#[cfg(unix)]
fn make(own: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(own, link)
}

#[cfg(not(unix))]
fn make(own: &Path, link: &Path) -> std::io::Result<()> {
    std::fs::copy(own, link).map(|_| ())
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
