//! spamops registry: what is in a registry, and the champion out of it.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use ::spamops::data::notes::inert;
use ::spamops::data::place::Place;
use ::spamops::ship::registry::{self, Registry};
use ::spamops::show::tool::{self, Scene, Tool, Verdict};

/// Look into a registry
#[derive(Parser)]
#[command(
    name = "registry",
    bin_name = "spamops registry",
    after_help = "\
Examples:
  spamops registry list --registry models
  spamops registry export --registry models -o champion.json"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List the versions, the champion marked
    List(Which),
    /// Write the champion's model, its digest checked
    Export {
        #[command(flatten)]
        which: Which,

        /// Where the model goes
        #[arg(long, short, value_name = "FILE", default_value = "-")]
        output: Place,
    },
}

#[derive(clap::Args)]
struct Which {
    /// The registry
    #[arg(long, value_name = "DIR", default_value = "models")]
    registry: PathBuf,

    /// Which of the registry's models
    #[arg(long, value_name = "NAME", default_value = "spam", value_parser = registry::name)]
    name: String,
}

impl Tool for Args {
    fn run(self, _: &Scene) -> Result<Verdict> {
        match self.what {
            What::List(which) => list(&which)?,
            What::Export { which, output } => {
                let registry = Registry::new(&which.registry, &which.name);
                let champion = registry.champion()?;
                let champion = champion.with_context(|| {
                    format!("{}: has no champion", which.registry.join(&which.name).display())
                })?;
                output.write_text(&registry.model(&champion.digest)?)?;
            }
        }
        Ok(Verdict::Done)
    }
}

fn list(which: &Which) -> Result<()> {
    let registry = Registry::new(&which.registry, &which.name);
    let champion = registry.champion()?.map(|champion| champion.version);
    let mut output = Place::Standard.writer()?;
    for version in registry.versions()? {
        let mark = if Some(version.version) == champion { "champion" } else { "-" };
        let digest = version.digest.get(..12).unwrap_or_default();
        let (number, when, why) = (version.version, inert(&version.registered), inert(&version.reason));
        writeln!(output, "{number}\t{}\t{when}\t{mark}\t{why}", inert(digest))?;
    }
    output.finish()
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
