//! Options of `promote` that publish a move: commit, tag, push, and GitHub.

use anyhow::{Result, bail, ensure};
use clap::Args;

use crate::io::address::{bare, credentials, is_private};
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
    /// Commit the changes of the registry, and nothing else
    #[arg(long)]
    commit: bool,

    /// Tag the version and the move, as GTO does; implies --commit
    #[arg(long)]
    tag: bool,

    /// Push the branch and the tags to a remote; implies --tag
    ///
    /// Without a value, the remote is origin. All commits of the branch are pushed.
    #[arg(long, value_name = "REMOTE", num_args = 0..=1, require_equals = true, default_missing_value = "origin", value_parser = remote)]
    push: Option<String>,

    #[cfg(feature = "net")]
    #[command(flatten)]
    github: GitHubArgs,
}

/// Options that publish a move on GitHub.
#[cfg(feature = "net")]
#[derive(Args)]
struct GitHubArgs {
    /// Repository on GitHub for the options below [default: GITHUB_REPOSITORY]
    #[arg(long, value_name = "OWNER/REPO", hide_short_help = true)]
    github: Option<Repository>,

    /// Create a release with the model, its SHA-256 and its reports
    #[arg(long)]
    release: bool,

    /// Set the status of this deployment to success
    #[arg(long, value_name = "ID", conflicts_with = "environment", hide_short_help = true)]
    deployment: Option<u64>,

    /// Create a deployment of the version's tag to this environment
    ///
    /// The status of the deployment is set to success.
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    environment: Option<String>,

    /// Issue or pull request to comment on
    ///
    /// promote writes one comment. Later calls update this comment.
    #[arg(long, value_name = "NUMBER", hide_short_help = true)]
    comment: Option<u64>,

    /// Repository that gets the event spamops-promoted, once per move
    ///
    /// You can repeat this option.
    #[arg(long, value_name = "OWNER/REPO", hide_short_help = true)]
    dispatch: Vec<Repository>,
}

impl PublishArgs {
    /// The plan for publishing; `None` if no option requests it.
    pub fn plan(self, now: Timestamp) -> Result<Option<PublishPlan>> {
        let Self { commit, tag, push, .. } = self;
        if let Some(remote) = push.as_deref().filter(|remote| credentials(remote).is_some()) {
            let is_read = remote.starts_with("http://") && !is_private(remote);
            ensure!(!is_read, "--push {}: sends a password without encryption; use https", bare(remote));
        }
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
        let is_announced = plan.announcement.is_any();
        #[cfg(not(feature = "net"))]
        let is_announced = false;
        Ok((plan.commit || plan.tag || is_announced).then_some(plan))
    }
}

#[cfg(feature = "net")]
impl GitHubArgs {
    fn announcement(self) -> Result<Announcement> {
        use anyhow::Context;
        let Self { github, release, deployment, environment, comment, dispatch } = self;
        let current = || environment::variable("GITHUB_REPOSITORY");
        let repository = match github {
            Some(repository) => Some(repository),
            None => current().map(|name| name.parse()).transpose().context("GITHUB_REPOSITORY")?,
        };
        Ok(Announcement { repository, release, deployment, environment, comment, dispatch, text })
    }
}

/// Describes the move in Markdown for a release or a comment.
#[cfg(feature = "net")]
fn text(promotion: &Promotion) -> String {
    let Promotion { name, alias, version, previous_version, digest, moved, reason, .. } = promotion;
    let after = previous_version.map_or_else(String::new, |before| format!(", after version {before}"));
    let (name, alias) = (escape::markdown(name), escape::markdown(alias));
    let mut text = format!("**{name} version {version} is the {alias}**{after}, since {moved}.\n");
    if !reason.is_empty() {
        text.extend(["\n", &escape::markdown(&escape::cut(reason, 1000)), "\n"]);
    }
    text.extend(["\nSHA-256 `", digest, "`\n"]);
    text
}

/// The committer for a repository without a configured committer.
fn actor() -> Actor {
    let (name, email) = if environment::is_workflow() {
        ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")
    } else {
        ("spamops", "spamops@localhost")
    };
    Actor { name: name.into(), email: email.into() }
}

/// Parses the name or address of a remote. Git would read a leading `-` as an option.
fn remote(text: &str) -> Result<String> {
    if text.is_empty() || text.starts_with('-') {
        bail!("expected the name or URL of a remote");
    }
    Ok(text.to_owned())
}
