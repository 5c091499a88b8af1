//! Publishes a move in order: commit, tags and push first, then GitHub, which depends on the pushed tags.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::io::dates::Timestamp;
use crate::io::diagnostics::shown;
#[cfg(feature = "net")]
use crate::publish::announce::Announcement;
use crate::publish::git::push;
use crate::publish::git::tags::{self, TaggedMove};
use crate::publish::git::{Actor, Git, without_credentials};
use crate::publish::record::Published;
use crate::registry::Registry;
use crate::registry::journal::JournalAction;
use crate::registry::moves::Promotion;

/// How to publish a move.
pub struct PublishPlan {
    /// Whether to commit the registry.
    pub commit: bool,
    /// Whether to tag the version and the alias.
    pub tag: bool,
    /// Remote that commits and tags are pushed to.
    pub push: Option<String>,
    /// Author of the commit if git has no identity configured.
    pub actor: Actor,
    pub now: Timestamp,
    #[cfg(feature = "net")]
    pub announcement: Announcement,
}

impl PublishPlan {
    /// Leaves out the tags, because a hold moves no alias. Fails if GitHub is to announce a move.
    pub fn leave_out_tags(&mut self) -> Result<()> {
        #[cfg(feature = "net")]
        ensure!(
            !self.announcement.is_any(),
            "GitHub announces only moves; publish a hold with --commit or --push"
        );
        self.tag = false;
        Ok(())
    }

    /// Checks names, repository, remote and tokens before a move.
    pub fn check(&self, registry: &Registry, alias: &str) -> Result<()> {
        if self.tag {
            tags::expect_names(registry.name(), alias)?;
        }
        if self.commit || self.tag {
            let git = self.git(registry.directory())?;
            if let Some(remote) = &self.push {
                let directory = registry.directory();
                let rest = directory.strip_prefix(existing(directory)).unwrap_or(directory).to_string_lossy();
                let path = if rest.is_empty() { "." } else { &*rest };
                push::expect_current(&git, remote, path, &tags::patterns(registry.name()))
                    .with_context(|| directory.display().to_string())?;
            }
        }
        #[cfg(feature = "net")]
        self.announcement.check()?;
        Ok(())
    }

    /// Publishes a completed move, and records each finished part in `published`, even if a later part fails.
    /// A repeated call skips finished parts.
    pub fn publish(
        &self,
        registry: &Registry,
        promotion: &Promotion,
        published: &mut Published,
    ) -> Result<()> {
        if self.commit || self.tag {
            self.publish_to_git(registry.directory(), promotion, published)?;
        }
        #[cfg(feature = "net")]
        self.announcement.announce(registry, promotion, published)?;
        Ok(())
    }

    /// The repository that contains the registry. The registry's directory need not exist yet.
    fn git(&self, directory: &Path) -> Result<Git> {
        let existing = Some(existing(directory)).filter(|path| !path.as_os_str().is_empty());
        Git::at(existing.unwrap_or(Path::new(".")), self.actor.clone(), self.now)
    }

    fn publish_to_git(
        &self,
        directory: &Path,
        promotion: &Promotion,
        published: &mut Published,
    ) -> Result<()> {
        let git = self.git(directory)?;
        let (patterns, mut created) = (tags::patterns(&promotion.name), Vec::new());
        let outcome = self.commit_tag_and_push(&git, directory, promotion, published, &mut created);
        let Err(error) = outcome else { return Ok(()) };
        let Some(remote) = &self.push else { return Err(error) };
        let error = push::explained(&git, remote, &patterns, error);
        if !push::someone_promoted_first(&error) {
            return Err(error);
        }
        // Delete the new tags, because they will never be pushed. Keep the commit, so that you can inspect it.
        git.untag(&created)?;
        published.tags.clear();
        Err(push::explained(&git, remote, &patterns, error))
    }

    /// Adds the tags that it creates to `created`.
    fn commit_tag_and_push(
        &self,
        git: &Git,
        directory: &Path,
        promotion: &Promotion,
        published: &mut Published,
        created: &mut Vec<String>,
    ) -> Result<()> {
        let (patterns, message) = (tags::patterns(&promotion.name), message(promotion));
        let ignored = git.ignored()?.map(|file| shown(&file));
        if let Some(file) = ignored {
            bail!(
                "{}: git ignores {file}, so it cannot be committed; correct .gitignore",
                directory.display()
            );
        }
        if self.commit {
            git.commit(&message)?;
            published.commit = Some(git.head()?);
        }
        if let Some(remote) = &self.push {
            push::fetch_tags(git, remote, &patterns)?;
        }
        if self.tag {
            let directory = directory.display();
            ensure!(!git.is_changed()?, uncommitted(&directory));
            let tag = tags::version_tag(&promotion.name, promotion.version);
            let is_new = git.tags(std::slice::from_ref(&tag))?.is_empty();
            ensure!(
                is_new || git.matches_tag(&tag, &format!("versions/{}.json", promotion.version))?,
                "{directory}: the tag {tag} belongs to another model; restore the registry from git and promote again, \
                or set another --name"
            );
            let plan = tags::create_tags(git, &tagged_move(promotion, &message, self.now))?;
            published.tags = vec![plan.version, plan.alias];
            *created = plan.missing;
        }
        let Some(remote) = &self.push else { return Ok(()) };
        let pushed = push::push(git, remote, &published.tags, &patterns)?;
        published.commit = Some(pushed.commit);
        published.pushed = Some(format!("{} {}", without_credentials(remote), pushed.branch));
        Ok(())
    }

    /// Describes each part of [`PublishPlan::publish`] in one line.
    pub fn preview(&self, registry: &Registry, promotion: &Promotion) -> Result<Vec<String>> {
        let mut lines = Vec::new();
        if self.commit || self.tag {
            let message = message(promotion);
            let directory = registry.directory();
            let git = self.git(directory)?;
            if self.commit {
                let first = message.lines().next().unwrap_or_default();
                lines.push(format!("commit {}: {first}", directory.display()));
            }
            if self.tag {
                let is_committed = self.commit || !promotion.changed && !git.is_changed()?;
                ensure!(is_committed, uncommitted(&directory.display()));
                // The new commit does not exist yet, so it has no tags.
                let head = if self.commit { String::new() } else { git.head()? };
                let plan = tags::plan(&git, &tagged_move(promotion, &message, self.now), &head)?;
                lines.extend(plan.missing.iter().map(|tag| format!("tag {tag}")));
            }
            if let Some(remote) = &self.push {
                let unpushed = match push::unpushed_commits(&git, remote)? {
                    0 => String::new(),
                    1 => " with 1 unpushed commit".into(),
                    count => format!(" with {count} unpushed commits"),
                };
                let (branch, remote) = (git.branch()?, without_credentials(remote));
                lines.push(format!("push {branch}{unpushed} and the tags of {} to {remote}", promotion.name));
            }
        }
        #[cfg(feature = "net")]
        lines.extend(self.announcement.preview(promotion)?);
        Ok(lines)
    }
}

fn uncommitted(directory: &impl fmt::Display) -> String {
    format!("{directory}: has uncommitted changes, so a tag cannot point at them; add --commit")
}

/// The deepest existing directory of a path.
fn existing(directory: &Path) -> &Path {
    directory.ancestors().find(|directory| directory.is_dir()).unwrap_or(Path::new(""))
}

fn tagged_move<'a>(promotion: &'a Promotion, message: &'a str, now: Timestamp) -> TaggedMove<'a> {
    let Promotion { name, version, alias, .. } = promotion;
    TaggedMove { name, version: *version, alias, message, now }
}

/// The message of the commit and of the tags. Its last line, a git trailer, is an anchor outside the registry.
fn message(promotion: &Promotion) -> String {
    let Promotion { name, alias, version, reason, sequence, journal_head, .. } = promotion;
    let mut message = match promotion.action {
        JournalAction::Held => format!("{name}: {alias} is held at version {version}"),
        JournalAction::Resumed => format!("{name}: {alias} is not held any more"),
        _ => format!("{name}: version {version} is {alias} (move {sequence})"),
    };
    if !reason.is_empty() {
        message.extend(["\n\n", reason.trim_end()]);
    }
    if let Some(head) = journal_head {
        message += "\n\nJournal-Head: ";
        message += &head.to_string();
    }
    message
}
