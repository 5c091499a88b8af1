//! spamops registry: lists versions and the journal, checks a registry, and deletes unneeded models.

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

/// List versions and moves, check a registry, export a model, or delete old models
///
/// What it does: Reads a registry, and deletes models that are no longer needed. promote moves the aliases.
///
/// Input: A registry is a directory with models by SHA-256, a manifest per version, a file per alias, reports, and an
/// append-only journal. Each line of the journal has the digest of the previous line. Readers take no lock.
#[derive(Parser)]
#[command(
    name = "registry",
    bin_name = "spamops registry",
    after_help = "\
Examples:
  spamops registry list --registry models
  spamops registry history                       # every move: who, when and why
  spamops registry show champion
  spamops registry export --version 7 -o seven.json
  spamops registry verify --exit-code
  spamops registry gc --keep 10 --dry-run"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List the versions
    ///
    /// What it does: Prints one line per version: number, digest, time, aliases (or removed) and reason.
    #[command(after_help = "\
Examples:
  spamops registry list --registry models")]
    List(RegistryArgs),
    /// Show the manifest of a version
    ///
    /// What it does: Prints the manifest as JSON.
    #[command(after_help = "\
Examples:
  spamops registry show champion
  spamops registry show 7")]
    Show {
        /// Number of a version, or an alias
        #[arg(value_name = "VERSION|ALIAS", default_value = CHAMPION)]
        version: String,

        #[command(flatten)]
        registry: RegistryArgs,
    },
    /// List the moves of the aliases
    ///
    /// What it does: Prints the journal: line, time, person, action, previous version, version and reason.
    #[command(after_help = "\
Examples:
  spamops registry history --alias champion")]
    History {
        /// List only the moves of this alias
        #[arg(long, value_name = "ALIAS", value_parser = registry::alias)]
        alias: Option<String>,

        #[command(flatten)]
        registry: RegistryArgs,
    },
    /// Check every file of the registry
    ///
    /// What it does: Checks each file, and whether the files agree. Prints one line per file: ok or wrong, and the
    /// reason.
    #[command(after_help = "\
Examples:
  spamops registry verify --exit-code > /dev/null || echo damaged")]
    Verify {
        #[command(flatten)]
        registry: RegistryArgs,

        /// Exit with 1 if a file is wrong
        #[arg(long)]
        exit_code: bool,
    },
    /// Delete files that belong to no version, and the models of old versions
    ///
    /// What it does: Keeps every model that an alias points to, and every model that a rollback needs. Manifests and
    /// the journal stay, and the journal records the deletions.
    #[command(after_help = "\
Examples:
  spamops registry gc --keep 10 --dry-run
  spamops registry gc --keep 10 --reason 'disk is full'")]
    Gc {
        #[command(flatten)]
        registry: RegistryArgs,

        /// Number of newest versions that keep their models [default: all]
        #[arg(long, value_name = "VERSIONS")]
        keep: Option<u64>,

        /// Reason to record
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        reason: String,

        /// Person or program to record [default: GITHUB_ACTOR, else USER]
        #[arg(long, value_name = "TEXT")]
        actor: Option<String>,

        /// Print the planned deletions, and delete nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Write a model to a file, after checking its digest
    ///
    /// What it does: Writes the champion, or the model of --alias or --version.
    #[command(after_help = "\
Examples:
  spamops registry export -o champion.json
  spamops registry export --version 7 -o seven.json")]
    Export {
        #[command(flatten)]
        registry: RegistryArgs,

        /// Alias of the model
        #[arg(long, value_name = "ALIAS", default_value = CHAMPION, value_parser = registry::alias)]
        alias: String,

        /// Version of the model, instead of --alias
        #[arg(long, value_name = "VERSION", conflicts_with = "alias")]
        version: Option<u64>,

        /// File for the model
        #[arg(long, short, value_name = "FILE", default_value = "-")]
        output: Place,
    },
}

#[derive(clap::Args)]
struct RegistryArgs {
    /// Directory of the registry
    #[arg(long = "registry", value_name = "DIR", default_value = "models")]
    directory: PathBuf,

    /// Name of the model in the registry
    #[arg(long, value_name = "NAME", default_value = "spam", value_parser = registry::name)]
    name: String,
}

impl RegistryArgs {
    fn registry(&self) -> Registry {
        Registry::new(&self.directory, &self.name)
    }

    /// Fails if the directory does not exist. Prints a remark if the registry has no versions.
    fn existing(&self, scene: &Scene) -> Result<Registry> {
        ensure!(
            self.directory.is_dir(),
            "{}: is not a directory; set --registry to the directory of a registry",
            self.directory.display()
        );
        let registry = self.registry();
        if registry.is_empty()? && registry.version(1)?.is_none() {
            scene.remark(format!("{}: has no versions", registry.directory().display()));
        }
        Ok(registry)
    }

    /// Finds a version by its number or an alias.
    fn version(&self, name: &str) -> Result<Version> {
        let (registry, place) = (self.registry(), self.directory.join(&self.name));
        let number = if let Ok(number) = name.trim_start_matches('v').parse() {
            number
        } else {
            let alias = registry.alias(&registry::alias(name)?)?;
            let missing = || {
                format!(
                    "{}: has no alias {name}; run spamops registry list, or check --registry and --name",
                    place.display()
                )
            };
            alias.with_context(missing)?.version
        };
        let missing = || {
            format!(
                "{}: has no version {number}; run spamops registry list, or check --registry and --name",
                place.display()
            )
        };
        registry.version(number)?.with_context(missing)
    }
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        match self.action {
            Action::List(registry) => list(&registry.existing(scene)?)?,
            Action::Show { version, registry } => {
                result_file::write(&Place::Standard, &registry.version(&version)?)?;
            }
            Action::History { alias, registry } => history(&registry.existing(scene)?, alias.as_deref())?,
            Action::Verify { registry, exit_code } => {
                let directory = registry.directory.join(&registry.name);
                if !directory.is_dir() {
                    bail!("{}: is not a registry; set --registry and --name", directory.display());
                }
                return verify::print_findings(&[Place::File(directory)], exit_code, scene);
            }
            Action::Gc { registry, keep, reason, actor, dry_run } => {
                let now = scene.now()?.to_string();
                let actor = actor.or_else(environment::actor);
                let sweeper = Sweeper { keep, reason: &reason, actor: actor.as_deref(), now: &now };
                let registry = registry.existing(scene)?;
                let done =
                    if dry_run { registry.preview_sweep(&sweeper)? } else { registry.sweep(&sweeper)? };
                let mut output = Place::Standard.writer()?;
                if done.is_empty() {
                    scene.remark("nothing to delete");
                }
                done.iter().try_for_each(|step| writeln!(output, "{}", inert(step)))?;
                output.finish()?;
            }
            Action::Export { registry, alias, version, output } => {
                let name = version.map_or(alias, |version| version.to_string());
                let version = registry.version(&name)?;
                output.write_text(&registry.registry().model(&version.digest)?)?;
            }
        }
        Ok(Outcome::Done)
    }
}

fn list(registry: &Registry) -> Result<()> {
    let (aliases, journal) = (registry.aliases()?, registry.journal()?);
    let mut output = Place::Standard.writer()?;
    for version in registry.versions()? {
        let own = aliases.iter().filter(|alias| alias.version == version.version);
        let mut marks = own.map(|alias| inert(&alias.alias)).collect::<Vec<_>>().join(",");
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
