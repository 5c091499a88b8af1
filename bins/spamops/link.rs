//! spamops link: a name for every tool, all of them this one file.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;

use ::spamops::show::tool::{self, Scene, Tool, Verdict};

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
    fn run(self, scene: &Scene) -> Result<Verdict> {
        let own = std::env::current_exe()?.canonicalize()?;
        std::fs::create_dir_all(&self.directory).with_context(|| self.directory.display().to_string())?;
        for name in std::iter::once("spamops").chain(crate::TOOLS.iter().map(|tool| tool.name)) {
            let prefix = if name == "spamops" { "" } else { &self.prefix };
            let link = self.directory.join(format!("{prefix}{name}{}", std::env::consts::EXE_SUFFIX));
            if link.canonicalize().is_ok_and(|target| target == own) {
                continue;
            }
            if link.exists() && !link.is_symlink() {
                bail!("{}: is there already and no link; move it away, or use --prefix", link.display());
            }
            // A link that leads nowhere, or to another build, gives way.
            let _ = std::fs::remove_file(&link);
            make(&own, &link).with_context(|| link.display().to_string())?;
        }
        scene.tell(format!("{} tools in {}", crate::TOOLS.len(), self.directory.display()));
        Ok(Verdict::Done)
    }
}

#[cfg(unix)]
fn make(own: &std::path::Path, link: &std::path::Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(own, link)
}

#[cfg(not(unix))]
fn make(own: &std::path::Path, link: &std::path::Path) -> std::io::Result<()> {
    std::fs::copy(own, link).map(|_| ())
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
