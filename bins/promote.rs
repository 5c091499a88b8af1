//! promote: a model into the registry, as its champion.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use spamops::data::place::Place;
use spamops::data::results;
use spamops::ship::registry::{self, Registry};
use spamops::show::tool::{self, Scene, Tool, Verdict};

/// Register a model and make it the champion
///
/// The model is stored under its SHA-256, gets the next version number, and the alias champion moves to it by one rename:
/// a reader sees the old champion or the new one. A model that is registered already keeps its number.
#[derive(Parser)]
#[command(
    name = "promote",
    after_help = "\
Examples:
  promote challenger.json --registry models --reason \"drift in v12\"
  promote challenger.json --registry models --name ham-or-spam -o promote.json"
)]
pub(crate) struct Args {
    /// The model
    #[arg(value_name = "FILE", default_value = "-")]
    model: Place,

    /// The registry
    #[arg(long, value_name = "DIR", default_value = "models")]
    registry: PathBuf,

    /// Which of the registry's models
    #[arg(long, value_name = "NAME", default_value = "spam", value_parser = registry::name)]
    name: String,

    /// Why, for the record
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,

    /// Where the record of the move goes
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: Place,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Verdict> {
        let registry = Registry::new(&self.registry, &self.name);
        let model = self.model.read_text()?;
        let now = scene.now()?.to_string();
        let promotion = registry.promote(&model, &self.reason, &now, scene.name());
        let promotion = promotion.with_context(|| self.model.to_string())?;
        results::write(&self.output, &promotion)?;
        Ok(Verdict::Done)
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
