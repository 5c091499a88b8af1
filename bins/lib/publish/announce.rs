//! Announces a move on GitHub: a release, a deployment, a comment, and an event to other repositories.

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::publish::git::tags;
use crate::publish::github::{DispatchEvent, GitHub, ReleaseAsset, Repository};
use crate::publish::record::Published;
use crate::registry::Registry;
use crate::registry::moves::Promotion;

/// The event type that other repositories listen for.
const EVENT: &str = "spamops-promoted";

/// Updates of GitHub after a move.
pub struct Announcement {
    /// The repository of the registry.
    pub repository: Option<Repository>,
    /// Whether to create a release of the version.
    pub release: bool,
    /// Id of the deployment that gets the status success.
    pub deployment: Option<u64>,
    /// Environment to deploy to.
    pub environment: Option<String>,
    /// Number of the issue or pull request to comment on.
    pub comment: Option<u64>,
    /// Repositories that receive the event.
    pub dispatch: Vec<Repository>,
    /// Formats the move as Markdown for the comment.
    pub text: fn(&Promotion) -> String,
}

impl Announcement {
    /// Whether anything in the registry's own repository is updated.
    pub fn is_local(&self) -> bool {
        self.release || self.deployment.is_some() || self.environment.is_some() || self.comment.is_some()
    }

    /// Whether anything is announced.
    pub fn is_any(&self) -> bool {
        self.is_local() || !self.dispatch.is_empty()
    }

    /// Checks tokens and repositories before a move.
    pub fn check(&self) -> Result<()> {
        if self.is_local() {
            self.github()?;
        }
        self.dispatch.iter().try_for_each(|repository| GitHub::from_environment(repository).map(drop))
    }

    fn github(&self) -> Result<GitHub> {
        let repository = self.repository.as_ref();
        GitHub::from_environment(repository.context("GITHUB_REPOSITORY is not set; use --github OWNER/REPO")?)
    }

    /// Updates GitHub. Events come last, because GitHub does not show whether an event was already sent.
    pub(super) fn announce(
        &self,
        registry: &Registry,
        promotion: &Promotion,
        published: &mut Published,
    ) -> Result<()> {
        if self.is_local() {
            self.update_own_repository(&self.github()?, registry, promotion, published)?;
        }
        let event = self.event(promotion, published.commit.as_deref())?;
        for repository in &self.dispatch {
            let name = repository.to_string();
            if !published.dispatched.contains(&name) {
                GitHub::from_environment(repository)?.dispatch(&event)?;
                published.dispatched.push(name);
            }
        }
        Ok(())
    }

    fn update_own_repository(
        &self,
        github: &GitHub,
        registry: &Registry,
        promotion: &Promotion,
        published: &mut Published,
    ) -> Result<()> {
        let tag = tags::version_tag(&promotion.name, promotion.version);
        if self.release {
            let title = title(promotion);
            let text = release_text(promotion);
            let release = github.release(&tag, &title, &text, &assets(registry, promotion)?)?;
            published.release = Some(release.url);
        }
        let description = format!("{} is {}", title(promotion), promotion.alias);
        let deployment = match (self.deployment, &self.environment) {
            (None, Some(environment)) => Some(github.deployment(&tag, environment, &description)?),
            (id, _) => id,
        };
        if let Some(id) = deployment {
            published.deployment = Some(github.deployed(id, &description)?.id);
        }
        if let Some(issue) = self.comment {
            let comment = github.comment(issue, &promotion.name, &(self.text)(promotion))?;
            published.comment = Some(comment.url);
        }
        Ok(())
    }

    /// The event of a move, with the facts that a receiver needs to fetch and check the model.
    fn event(&self, promotion: &Promotion, commit: Option<&str>) -> Result<DispatchEvent> {
        let facts = json!({
            "repository": self.repository,
            "name": promotion.name,
            "alias": promotion.alias,
            "version": promotion.version,
            "previous_version": promotion.previous_version,
            "digest": promotion.digest,
            "sequence": promotion.sequence,
            "tag": tags::version_tag(&promotion.name, promotion.version),
            "commit": commit,
            "reason": promotion.reason.chars().take(1000).collect::<String>(),
        });
        let Value::Object(facts) = facts else { return DispatchEvent::new(EVENT, Map::new()) };
        DispatchEvent::new(EVENT, facts)
    }

    /// Describes each update of [`Announcement::announce`] in one line.
    pub(super) fn preview(&self, promotion: &Promotion) -> Result<Vec<String>> {
        let mut lines = Vec::new();
        let tag = tags::version_tag(&promotion.name, promotion.version);
        let here = self.repository.as_ref().map(ToString::to_string).unwrap_or_default();
        if self.release {
            let model = asset_name(promotion);
            lines.push(format!(
                "create release {tag} in {here} with {model}, {model}.sha256 and the reports of the version"
            ));
        }
        if let Some(id) = self.deployment {
            lines.push(format!("set deployment {id} in {here} to success"));
        } else if let Some(environment) = &self.environment {
            lines.push(format!("deploy {tag} in {here} to {environment}"));
        }
        if let Some(issue) = self.comment {
            lines.push(format!("comment on {here}#{issue}"));
        }
        let event = serde_json::to_string(&self.event(promotion, None)?)?;
        lines.extend(self.dispatch.iter().map(|repository| format!("send to {repository}: {event}")));
        Ok(lines)
    }
}

fn title(promotion: &Promotion) -> String {
    format!("{} version {}", promotion.name, promotion.version)
}

/// The text of a release. It anchors the model and the journal outside the registry.
fn release_text(promotion: &Promotion) -> String {
    let mut text = format!("SHA-256 of the model: `{}`\n", promotion.digest);
    if let Some(head) = &promotion.journal_head {
        text += "\nHead of the journal: `";
        text += &head.to_string();
        text += "`\n";
    }
    text
}

fn asset_name(promotion: &Promotion) -> String {
    format!("{}-v{}.json", promotion.name, promotion.version)
}

/// The files of a release: the model, its SHA-256 and the reports stored with the version. These files never change.
fn assets(registry: &Registry, promotion: &Promotion) -> Result<Vec<ReleaseAsset>> {
    let (model, digest) = (asset_name(promotion), &promotion.digest);
    let sum = format!("{digest}  {model}\n");
    let text = registry.model(digest)?;
    let mut assets = vec![
        ReleaseAsset { name: format!("{model}.sha256"), bytes: sum.into_bytes() },
        ReleaseAsset { name: model, bytes: text.into_bytes() },
    ];
    let version = registry.version(promotion.version)?;
    for (kind, digest) in version.map(|version| version.reports).unwrap_or_default() {
        assets.push(ReleaseAsset {
            name: format!("{kind}.json"),
            bytes: registry.report(&digest)?.into_bytes(),
        });
    }
    Ok(assets)
}
