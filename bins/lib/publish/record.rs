//! The JSON of `promote`: the move, and the record of what was published.

use serde::{Deserialize, Serialize};

use crate::registry::moves::Promotion;

/// `promote.json`: the move, and what was published of it where that was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PromoteRecord {
    /// The move.
    #[serde(flatten)]
    pub promotion: Promotion,
    /// What was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Published>,
}

/// What was published, as far as it went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Published {
    /// What would be done, by a dry run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub planned: Vec<String>,
    /// The commit that holds the registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The tags of the version and of the alias.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The remote and the branch there that has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pushed: Option<String>,
    /// The page of the release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// The deployment whose status is success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment: Option<u64>,
    /// The page of the comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The repositories that were sent an event.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dispatched: Vec<String>,
}

impl Published {
    /// What was done, in words.
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

/// Whether two records are of one move.
pub fn is_same(one: &Promotion, other: &Promotion) -> bool {
    let key = |of: &Promotion| (of.name.clone(), of.alias.clone(), of.sequence, of.digest.clone());
    key(one) == key(other)
}
