//! Publishes a move in order: commit, tags and push first, then GitHub, which depends on them.

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
use crate::registry::moves::Promotion;

/// What is to be published.
pub struct PublishPlan {
    /// Commit the registry.
    pub commit: bool,
    /// Tag the version and the alias.
    pub tag: bool,
    /// Push both to this remote.
    pub push: Option<String>,
    /// Who commits where git does not know.
    pub actor: Actor,
    /// When.
    pub now: Timestamp,
    /// What GitHub is told.
    #[cfg(feature = "net")]
    pub announcement: Announcement,
}

impl PublishPlan {
    /// Whether all that is needed is there, before anything is moved.
    pub fn check(&self, registry: &Registry, alias: &str) -> Result<()> {
        if self.tag {
            tags::expect_names(registry.name(), alias)?;
        }
        if self.commit || self.tag {
            let git = self.git(registry.directory())?;
            if let Some(remote) = &self.push {
                let directory = registry.directory();
                let rest = directory.strip_prefix(there(directory)).unwrap_or(directory).to_string_lossy();
                push::expect_current(&git, remote, if rest.is_empty() { "." } else { &rest })
                    .with_context(|| directory.display().to_string())?;
            }
        }
        #[cfg(feature = "net")]
        self.announcement.check()?;
        Ok(())
    }

    /// Publishes a move that was made. What was done is in `published`, even where something failed; what is there
    /// already is left as it is, so that this may be done again.
    pub fn publish(
        &self,
        registry: &Registry,
        promotion: &Promotion,
        published: &mut Published,
    ) -> Result<()> {
        if self.commit || self.tag {
            self.to_git(registry.directory(), promotion, published)?;
        }
        #[cfg(feature = "net")]
        self.announcement.announce(registry, promotion, published)?;
        Ok(())
    }

    /// The repository that a registry is in, which need not be there yet.
    fn git(&self, directory: &Path) -> Result<Git> {
        let there = Some(there(directory)).filter(|there| !there.as_os_str().is_empty());
        Git::at(there.unwrap_or(Path::new(".")), self.actor.clone(), self.now)
    }

    fn to_git(&self, directory: &Path, promotion: &Promotion, published: &mut Published) -> Result<()> {
        let git = self.git(directory)?;
        let (patterns, message) = (tags::patterns(&promotion.name), message(promotion));
        let mut made = Vec::new();
        let ignored = git.ignored()?.map(|file| shown(&file));
        if let Some(file) = ignored {
            bail!("{}: git ignores {file}, so that no commit has it; see .gitignore", directory.display());
        }
        if self.commit {
            git.commit(&message)?;
            published.commit = Some(git.head()?);
        }
        if let Some(remote) = &self.push {
            push::fetch_tags(&git, remote, &patterns)?;
        }
        if self.tag {
            let directory = directory.display();
            ensure!(!git.is_changed()?, uncommitted(&directory));
            let tag = tags::of_version(&promotion.name, promotion.version);
            let is_new = git.tags(std::slice::from_ref(&tag))?.is_empty();
            ensure!(
                is_new || git.is_of(&tag, &format!("versions/{}.json", promotion.version))?,
                "{directory}: the tag {tag} is of another version of that number; promote under another --name, or git tag -d '{tag}' here and on the remote"
            );
            let told = tags::tell(&git, &told(promotion, &message, self.now))?;
            published.tags = vec![told.version, told.alias];
            made = told.missing;
        }
        let Some(remote) = &self.push else { return Ok(()) };
        let pushed = match push::push(&git, remote, &published.tags, &patterns) {
            Ok(pushed) => pushed,
            Err(error) => {
                // What the remote will never have is no history; the commit stays, for somebody to look at.
                if push::someone_promoted_first(&error) {
                    git.untag(&made)?;
                    published.tags.clear();
                }
                return Err(error);
            }
        };
        published.commit = Some(pushed.commit);
        published.pushed = Some(format!("{} {}", without_credentials(remote), pushed.branch));
        Ok(())
    }

    /// What [`PublishPlan::publish`] would do, a line each.
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
                // The commit to come is none of those there are.
                let head = if self.commit { String::new() } else { git.head()? };
                let plan = tags::plan(&git, &told(promotion, &message, self.now), &head)?;
                lines.extend(plan.missing.iter().map(|tag| format!("tag {tag}")));
            }
            if let Some(remote) = &self.push {
                let others = match push::others(&git, remote)? {
                    0 => String::new(),
                    1 => " with a commit that is not there yet".into(),
                    others => format!(" with {others} commits that are not there yet"),
                };
                let (branch, remote) = (git.branch()?, without_credentials(remote));
                lines.push(format!("push {branch}{others} and the tags of {} to {remote}", promotion.name));
            }
        }
        #[cfg(feature = "net")]
        lines.extend(self.announcement.preview(promotion)?);
        Ok(lines)
    }
}

fn uncommitted(directory: &impl fmt::Display) -> String {
    format!("{directory}: is not committed, so that no tag can name it; add --commit")
}

/// As much of a path as is there.
fn there(directory: &Path) -> &Path {
    directory.ancestors().find(|directory| directory.is_dir()).unwrap_or(Path::new(""))
}

fn told<'a>(promotion: &'a Promotion, message: &'a str, now: Timestamp) -> TaggedMove<'a> {
    let Promotion { name, version, alias, .. } = promotion;
    TaggedMove { name, version: *version, alias, message, now }
}

/// What commit and tags say.
fn message(promotion: &Promotion) -> String {
    let Promotion { name, alias, version, reason, sequence, .. } = promotion;
    let first = format!("{name}: version {version} is {alias} (move {sequence})");
    if reason.is_empty() { first } else { format!("{first}\n\n{reason}") }
}
