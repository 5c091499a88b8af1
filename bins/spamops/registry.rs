//! spamops registry: lists versions and the journal, checks a registry, and removes unneeded models.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, Subcommand};

use ::spamops::cli::tool::{self, Outcome, Scene, Tool};
use ::spamops::cli::verify;
use ::spamops::io::diagnostics::inert;
use ::spamops::io::environment;
use ::spamops::io::result_file;
use ::spamops::io::stream::Place;
use ::spamops::registry::sweep::Sweeper;
use ::spamops::registry::{self, CHAMPION, Registry, Version};

/// Look into a registry, and keep it small
///
/// A registry is a directory: models by their SHA-256, a manifest for every version, a file for every alias, the reports
/// that moves were decided by, and a journal that is only ever added to, each line with the digest of the line before.
/// Reading takes no lock. What moves an alias is promote.
#[derive(Parser)]
#[command(
    name = "registry",
    bin_name = "spamops registry",
    after_help = "\
Examples:
  spamops registry list --registry models
  spamops registry show champion
  spamops registry history                       # who was champion when, and why
  spamops registry export --version 7 -o seven.json
  spamops registry verify --exit-code
  spamops registry gc --keep 10 --dry-run"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List the versions: number, digest, when, the aliases that point there (or removed, by gc), why
    List(Which),
    /// Show the manifest of a version
    Show {
        /// A version by its number, or an alias
        #[arg(value_name = "VERSION|ALIAS", default_value = CHAMPION)]
        what: String,

        #[command(flatten)]
        which: Which,
    },
    /// Tell what has happened: line, when, who, what, from, to, why
    History {
        /// Only the moves of this alias
        #[arg(long, value_name = "ALIAS", value_parser = registry::alias)]
        alias: Option<String>,

        #[command(flatten)]
        which: Which,
    },
    /// Check every file, and that the files agree
    Verify {
        #[command(flatten)]
        which: Which,

        /// Exit with 1 where anything is wrong
        #[arg(long)]
        exit_code: bool,
    },
    /// Remove what belongs to no version, and the models of old versions
    ///
    /// A model that an alias points to, and the one a rollback leads to, stay. Manifests and journal stay in any case: the
    /// journal says what was removed.
    Gc {
        #[command(flatten)]
        which: Which,

        /// Remove the models of all but the newest versions, so many [default: of none]
        #[arg(long, value_name = "VERSIONS")]
        keep: Option<u64>,

        /// Why, for the record
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,

        /// Who, for the record [default: GITHUB_ACTOR, else USER]
        #[arg(long, value_name = "TEXT")]
        actor: Option<String>,

        /// Say what would be removed, and remove nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Write a model, its digest checked
    Export {
        #[command(flatten)]
        which: Which,

        /// The model an alias points to
        #[arg(long, value_name = "ALIAS", default_value = CHAMPION, value_parser = registry::alias)]
        alias: String,

        /// The model of this version
        #[arg(long, value_name = "VERSION", conflicts_with = "alias")]
        version: Option<u64>,

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

impl Which {
    fn registry(&self) -> Registry {
        Registry::new(&self.registry, &self.name)
    }

    /// The registry, which is a directory; a remark where there is nothing in it.
    fn known(&self, scene: &Scene) -> Result<Registry> {
        ensure!(self.registry.is_dir(), "{}: is no directory", self.registry.display());
        let registry = self.registry();
        if registry.is_empty()? && registry.version(1)?.is_none() {
            scene.tell(format!("{}: has no versions", registry.directory().display()));
        }
        Ok(registry)
    }

    /// A version by its number, or by an alias.
    fn version(&self, what: &str) -> Result<Version> {
        let (registry, place) = (self.registry(), self.registry.join(&self.name));
        let number = if let Ok(number) = what.trim_start_matches('v').parse() {
            number
        } else {
            let found = registry.alias(&registry::alias(what)?)?;
            found.with_context(|| format!("{}: has no {what}", place.display()))?.version
        };
        let version = registry.version(number)?;
        version.with_context(|| format!("{}: has no version {number}", place.display()))
    }
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        match self.what {
            What::List(which) => list(&which.known(scene)?)?,
            What::Show { what, which } => result_file::write(&Place::Standard, &which.version(&what)?)?,
            What::History { alias, which } => history(&which.known(scene)?, alias.as_deref())?,
            What::Verify { which, exit_code } => {
                let directory = which.registry.join(&which.name);
                if !directory.is_dir() {
                    bail!("{}: is no registry", directory.display());
                }
                return verify::tell(&[Place::File(directory)], exit_code, scene);
            }
            What::Gc { which, keep, reason, actor, dry_run } => {
                let now = scene.now()?.to_string();
                let actor = actor.or_else(environment::actor);
                let sweeper = Sweeper { keep, reason: &reason, actor: actor.as_deref(), now: &now };
                let registry = which.known(scene)?;
                let done =
                    if dry_run { registry.preview_sweep(&sweeper)? } else { registry.sweep(&sweeper)? };
                let mut output = Place::Standard.writer()?;
                if done.is_empty() {
                    scene.tell("there is nothing to remove");
                }
                done.iter().try_for_each(|step| writeln!(output, "{}", inert(step)))?;
                output.finish()?;
            }
            What::Export { which, alias, version, output } => {
                let what = version.map_or(alias, |version| version.to_string());
                let version = which.version(&what)?;
                output.write_text(&which.registry().model(&version.digest)?)?;
            }
        }
        Ok(Outcome::Done)
    }
}

fn list(registry: &Registry) -> Result<()> {
    let (aliases, journal) = (registry.aliases()?, registry.journal()?);
    let mut output = Place::Standard.writer()?;
    for version in registry.versions()? {
        let here = aliases.iter().filter(|alias| alias.version == version.version);
        let mut marks = here.map(|alias| inert(&alias.alias)).collect::<Vec<_>>().join(",");
        if marks.is_empty() {
            marks.push_str(if journal.is_removed(version.version) { "removed" } else { "-" });
        }
        let digest = version.digest.get(..12).unwrap_or_default();
        let (number, when, why) = (version.version, inert(&version.registered), inert(&version.reason));
        writeln!(output, "{number}\t{}\t{when}\t{marks}\t{why}", inert(digest))?;
    }
    output.finish()
}

fn history(registry: &Registry, only: Option<&str>) -> Result<()> {
    let mut output = Place::Standard.writer()?;
    for entry in registry.journal()?.entries {
        if only.is_some() && entry.alias.as_deref() != only {
            continue;
        }
        let who = entry.actor.as_deref().map_or_else(|| "-".to_owned(), inert);
        let alias = entry.alias.as_deref().map_or_else(String::new, |alias| format!("{} ", inert(alias)));
        let from = entry.from.map_or_else(|| "-".to_owned(), |from| from.to_string());
        let (line, when, what, why) =
            (entry.entry, inert(&entry.at), entry.action.name(), inert(&entry.reason));
        writeln!(output, "{line}\t{when}\t{who}\t{alias}{what}\t{from}\t{}\t{why}", entry.version)?;
    }
    output.finish()
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
