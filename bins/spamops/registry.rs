//! spamops registry: lists versions and the journal, checks a registry, and deletes unneeded models.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, Subcommand};
use serde::Serialize;

use ::spamops::cli::tool::{self, Outcome, Scene, Tool};
use ::spamops::cli::verify;
use ::spamops::io::dates::Timestamp;
use ::spamops::io::diagnostics::inert;
use ::spamops::io::environment;
use ::spamops::io::result_file;
use ::spamops::io::stream::Place;
use ::spamops::registry::holds::AliasHold;
use ::spamops::registry::sweep::{SweepResult, Sweeper};
use ::spamops::registry::{self, Alias, CHAMPION, JournalHead, Registry, Version};

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
  spamops registry export 7 -o seven.json
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
    /// What it does: Prints one line per version: number, digest, time, aliases (or removed) and reason. An alias that is
    /// held now is marked as (held).
    #[command(after_help = "\
Examples:
  spamops registry list --registry models")]
    List(RegistryArgs),
    /// Show the manifest of a version
    ///
    /// What it does: Prints the manifest as JSON. For an alias that is held now, the key hold says since when, by whom and
    /// why.
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
    /// List the moves and holds of the aliases
    ///
    /// What it does: Prints the journal: line, time, person, action, previous version, version and reason. The action of
    /// a hold with an end also has its time.
    #[command(after_help = "\
Examples:
  spamops registry history --alias champion")]
    History {
        /// List only the lines of this alias
        #[arg(long, value_name = "ALIAS", value_parser = registry::alias)]
        alias: Option<String>,

        #[command(flatten)]
        registry: RegistryArgs,
    },
    /// Check every file of the registry
    ///
    /// What it does: Checks each file, and whether manifests, models, aliases and the journal agree. Prints one line per
    /// file: ok or wrong, and the reason. If a file looks wrong, verify waits for writers and reads all files again.
    ///
    /// Someone who can write to the registry can rewrite all its files so that they agree. Only a head that you keep
    /// elsewhere detects this. The head is the number of lines of the journal and the SHA-256 of its last line. verify
    /// prints it in the fourth column of the journal's line. promote also writes it to promote.json, to the message of
    /// the commit and of the git tags, to the GitHub release, and with track to MLflow.
    #[command(after_help = "\
Examples:
  spamops registry verify --exit-code > /dev/null || echo damaged
  spamops registry verify --exit-code --expect-head \"$HEAD\"     # HEAD is LINES:SHA256")]
    Verify {
        #[command(flatten)]
        registry: RegistryArgs,

        /// Head that the journal had earlier; you can repeat this option
        ///
        /// The journal is ok if it still contains this head, also if lines were added since. Otherwise it is wrong, and
        /// the reason says whether the newest lines were cut or lines were rewritten. A SHA-256 without the number of lines
        /// also works, but then the reason cannot say which.
        #[arg(long, value_name = "LINES:SHA256")]
        expect_head: Vec<JournalHead>,

        /// Exit with 1 if a file is wrong
        #[arg(long)]
        exit_code: bool,
    },
    /// Delete files that belong to no version, and the models of old versions
    ///
    /// What it does: Keeps every model that an alias points to, and the models that its next rollbacks need: with --keep 3
    /// the newest three steps of each alias, and always one rollback. Says which rollback becomes impossible. Manifests
    /// and the journal stay, and the journal records the deletions.
    #[command(after_help = "\
Examples:
  spamops registry gc --keep 10 --dry-run
  spamops registry gc --keep 10 --reason 'disk is full'")]
    Gc {
        #[command(flatten)]
        registry: RegistryArgs,

        /// Number of newest versions, and of newest steps of each alias, that keep their models [default: all]
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
    /// What it does: Writes the model of the champion, of another alias, or of a version.
    #[command(after_help = "\
Examples:
  spamops registry export -o champion.json
  spamops registry export 7 -o seven.json")]
    Export {
        /// Number of a version, or an alias
        #[arg(value_name = "VERSION|ALIAS", default_value = CHAMPION)]
        version: String,

        #[command(flatten)]
        registry: RegistryArgs,

        /// File for the model
        #[arg(long, short, value_name = "FILE", default_value = "-")]
        output: Place,
    },
}

#[derive(clap::Args)]
struct RegistryArgs {
    /// Directory of the registry
    #[arg(long = "registry", value_name = "DIR", default_value = registry::DEFAULT)]
    directory: PathBuf,

    /// Name of the model in the registry
    #[arg(long, value_name = "NAME", default_value = registry::MODEL, value_parser = registry::name)]
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
            Action::List(registry) => list(&registry.existing(scene)?, scene.now()?)?,
            Action::Show { version, registry } => {
                let manifest = registry.version(&version)?;
                // An alias never looks like a version.
                let hold = match registry::alias(&version) {
                    Ok(alias) => registry.registry().journal()?.holds(&alias).at(scene.now()?),
                    Err(_) => None,
                };
                result_file::write(&Place::Standard, &ShownVersion { version: manifest, hold })?;
            }
            Action::History { alias, registry } => history(&registry.existing(scene)?, alias.as_deref())?,
            Action::Verify { registry, expect_head, exit_code } => {
                let directory = registry.directory.join(&registry.name);
                let has_versions = registry::in_directory(&directory).is_some();
                if !directory.is_dir() || !expect_head.is_empty() && !has_versions {
                    bail!("{}: is not a registry; set --registry and --name", directory.display());
                }
                return verify::print_findings(&[Place::File(directory)], &expect_head, exit_code, scene);
            }
            Action::Gc { registry, keep, reason, actor, dry_run } => {
                let now = scene.now()?.to_string();
                let actor = actor.or_else(environment::actor);
                let sweeper = Sweeper { keep, reason: &reason, actor: actor.as_deref(), now: &now };
                let registry = registry.existing(scene)?;
                let SweepResult { steps, lost_rollbacks } =
                    if dry_run { registry.preview_sweep(&sweeper)? } else { registry.sweep(&sweeper)? };
                let mut output = Place::Standard.writer()?;
                if steps.is_empty() {
                    scene.remark("nothing to delete");
                }
                for sentence in lost_rollbacks {
                    scene.warn(sentence);
                }
                steps.iter().try_for_each(|step| writeln!(output, "{}", inert(step)))?;
                output.finish()?;
            }
            Action::Export { version, registry, output } => {
                let version = registry.version(&version)?;
                output.write_text(&registry.registry().model(&version.digest)?)?;
            }
        }
        Ok(Outcome::Done)
    }
}

/// The manifest of a version, and the hold of the alias that named it.
#[derive(Serialize)]
struct ShownVersion {
    #[serde(flatten)]
    version: Version,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<AliasHold>,
}

fn list(registry: &Registry, now: Timestamp) -> Result<()> {
    let (aliases, journal) = (registry.aliases()?, registry.journal()?);
    let mark = |alias: &Alias| {
        let held = if journal.holds(&alias.alias).at(now).is_some() { " (held)" } else { "" };
        format!("{}{held}", inert(&alias.alias))
    };
    let mut output = Place::Standard.writer()?;
    for version in registry.versions()? {
        let own = aliases.iter().filter(|alias| alias.version == version.version);
        let mut marks = own.map(mark).collect::<Vec<_>>().join(",");
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
        let until =
            entry.until.as_deref().map_or_else(String::new, |until| format!(" until {}", inert(until)));
        let from = entry.from.map_or_else(|| "-".to_owned(), |from| from.to_string());
        let (line, when, what, why) =
            (entry.entry, inert(&entry.at), entry.action.name(), inert(&entry.reason));
        writeln!(output, "{line}\t{when}\t{who}\t{alias}{what}{until}\t{from}\t{}\t{why}", entry.version)?;
    }
    output.finish()
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
