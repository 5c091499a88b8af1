//! Defines `promote.json`: the move, and the parts that were published.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::registry::moves::Promotion;

/// The move of an alias and the published parts, as in `promote.json`.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct PromoteRecord {
    /// The move of the alias.
    #[serde(flatten)]
    pub promotion: Promotion,
    /// The published parts. Absent if no publishing was requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Published>,
}

/// The parts that were published, even if a later part failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(default)]
pub struct Published {
    /// Actions that a dry run would have taken, one line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub planned: Vec<String>,
    /// Commit of the registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Tags of the version and of the alias.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Remote and branch that the commit was pushed to, separated by a space.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pushed: Option<String>,
    /// Address of the release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// GitHub's id of the deployment whose status is success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment: Option<u64>,
    /// Address of the comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Repositories that received the event, as OWNER/NAME.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dispatched: Vec<String>,
}

impl Published {
    /// The published parts, one word each.
    pub fn done(&self) -> Vec<&'static str> {
        let done = [
            ("committed", self.commit.is_some()),
            ("tagged", !self.tags.is_empty()),
            ("pushed", self.pushed.is_some()),
            ("released", self.release.is_some()),
            ("deployed", self.deployment.is_some()),
            ("commented", self.comment.is_some()),
        ];
        done.into_iter().filter(|(_, is_done)| *is_done).map(|(word, _)| word).collect()
    }
}

/// Whether two records describe the same move.
pub fn is_same(one: &Promotion, other: &Promotion) -> bool {
    let key = |of: &Promotion| (of.name.clone(), of.alias.clone(), of.sequence, of.digest.clone());
    key(one) == key(other)
}
