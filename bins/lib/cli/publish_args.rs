//! Options of `promote` that publish a move: commit, tag, push, and GitHub.

use anyhow::{Result, bail};
use clap::Args;

use crate::io::dates::Timestamp;
use crate::io::environment;
#[cfg(feature = "net")]
use crate::publish::announce::Announcement;
use crate::publish::git::Actor;
#[cfg(feature = "net")]
use crate::publish::github::Repository;
use crate::publish::move_published::PublishPlan;
#[cfg(feature = "net")]
use crate::registry::moves::Promotion;
#[cfg(feature = "net")]
use crate::report::escape;

/// Options that publish a move.
#[derive(Args)]
#[command(next_help_heading = "Publishing")]
pub struct PublishArgs {
    /// Commit what changed in the registry, and nothing else
    #[arg(long)]
    commit: bool,

    /// Tag the version and where the alias is, as GTO reads it; commits, too
    #[arg(long)]
    tag: bool,

    /// Push the branch, with all that is committed on it, and the tags; commits and tags, too
    #[arg(long, value_name = "REMOTE", num_args = 0..=1, require_equals = true, default_missing_value = "origin", value_parser = remote)]
    push: Option<String>,

    #[cfg(feature = "net")]
    #[command(flatten)]
    github: GitHubArgs,
}

/// Options that tell GitHub of a move.
#[cfg(feature = "net")]
#[derive(Args)]
struct GitHubArgs {
    /// The repository on GitHub, for the options below [default: GITHUB_REPOSITORY]
    #[arg(long, value_name = "OWNER/REPO")]
    github: Option<Repository>,

    /// Make a release of the version: the model, its SHA-256, the reports it came with
    #[arg(long)]
    release: bool,

    /// Set the status of a deployment to success
    #[arg(long, value_name = "ID", conflicts_with = "environment")]
    deployment: Option<u64>,

    /// Deploy the version's tag to an environment, and set the status to success
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,

    /// Tell of the move on an issue or pull request, in one comment that is kept up to date
    #[arg(long, value_name = "NUMBER")]
    comment: Option<u64>,

    /// Send another repository the event spamops-promoted, once; may be repeated
    #[arg(long, value_name = "OWNER/REPO")]
    dispatch: Vec<Repository>,
}

impl PublishArgs {
    /// What is to be published, where anything is.
    pub fn plan(self, now: Timestamp) -> Result<Option<PublishPlan>> {
        let Self { commit, tag, push, .. } = self;
        let plan = PublishPlan {
            commit: commit || tag || push.is_some(),
            tag: tag || push.is_some(),
            push,
            actor: actor(),
            now,
            #[cfg(feature = "net")]
            announcement: self.github.announcement()?,
        };
        #[cfg(feature = "net")]
        let is_told = plan.announcement.is_local() || !plan.announcement.dispatch.is_empty();
        #[cfg(not(feature = "net"))]
        let is_told = false;
        Ok((plan.commit || plan.tag || is_told).then_some(plan))
    }
}

#[cfg(feature = "net")]
impl GitHubArgs {
    fn announcement(self) -> Result<Announcement> {
        use anyhow::Context;
        let Self { github, release, deployment, environment, comment, dispatch } = self;
        let usual = || environment::variable("GITHUB_REPOSITORY");
        let repository = match github {
            Some(repository) => Some(repository),
            None => usual().map(|name| name.parse()).transpose().context("GITHUB_REPOSITORY")?,
        };
        Ok(Announcement { repository, release, deployment, environment, comment, dispatch, text })
    }
}

/// The move for people.
#[cfg(feature = "net")]
fn text(promotion: &Promotion) -> String {
    let Promotion { name, alias, version, previous_version, digest, moved, reason, .. } = promotion;
    let was = previous_version.map_or_else(String::new, |before| format!(", after version {before}"));
    let (name, alias) = (escape::markdown(name), escape::markdown(alias));
    let mut text = format!("**{name} version {version} is the {alias}**{was}, since {moved}.\n");
    if !reason.is_empty() {
        text.extend(["\n", &escape::markdown(&escape::cut(reason, 1000)), "\n"]);
    }
    text.extend(["\nSHA-256 `", digest, "`\n"]);
    text
}

/// Who commits where git knows nobody.
fn actor() -> Actor {
    let (name, email) = if environment::is_workflow() {
        ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")
    } else {
        ("spamops", "spamops@localhost")
    };
    Actor { name: name.into(), email: email.into() }
}

/// The name or address of a remote, which is no option of git.
fn remote(text: &str) -> Result<String> {
    if text.is_empty() || text.starts_with('-') {
        bail!("expected the name or address of a remote");
    }
    Ok(text.to_owned())
}
