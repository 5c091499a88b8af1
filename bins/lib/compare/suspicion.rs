//! Decides which groups of suspect rows of the challenger are open: neither accepted by a person nor known to the champion.

use anyhow::{Result, bail};

use crate::io::diagnostics::shown;
use crate::model::model_file::Model;
use crate::model::suspect_group::SuspectGroup;
use crate::rows::label::LabelNames;

/// Whether a group of suspect rows blocks the challenger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuspectStatus {
    /// The group is not accepted yet. It blocks a promotion.
    Open,
    /// The command line accepts the group.
    Accepted,
    /// The champion learned from the same group, so a person promoted it.
    KnownToChampion,
}

/// A group of suspect rows of the challenger.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedGroup {
    pub group: SuspectGroup,
    pub status: SuspectStatus,
    /// Values of the verdicts, for the sentence.
    pub names: LabelNames,
}

impl JudgedGroup {
    pub fn is_open(&self) -> bool {
        self.status == SuspectStatus::Open
    }
}

/// The code that accepts a challenger whose training rows were not searched.
pub const UNSEARCHED: &str = "unsearched";

/// What is known about suspect training rows of the challenger.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suspicion {
    pub groups: Vec<JudgedGroup>,
    /// Whether the training rows were not searched, and nobody accepted this.
    pub is_unsearched: bool,
}

impl Suspicion {
    /// Whether the challenger must not be promoted yet.
    pub fn is_open(&self) -> bool {
        self.is_unsearched || self.groups.iter().any(JudgedGroup::is_open)
    }
}

/// The groups of suspect rows of the challenger. Fails if an accepted code is not the code of one of them. The search
/// needs out-of-fold scores, so a model without cross-validation was not searched.
pub fn judge(challenger: Option<&Model>, champion: Option<&Model>, accepted: &[String]) -> Result<Suspicion> {
    let all = challenger.map_or(&[][..], |model| &model.suspects);
    let has_no_search = challenger.is_some_and(|model| model.estimate.folds == 0);
    let is_known = |id: &String| all.iter().any(|group| group.id == *id) || has_no_search && id == UNSEARCHED;
    if let Some(unknown) = accepted.iter().find(|id| !is_known(id)) {
        bail!(
            "--accept-suspect {}: the challenger has no suspect rows with this code; copy the code from the warning of \
            fit or the reasons of compare",
            shown(unknown)
        );
    }
    let known = champion.map_or(&[][..], |model| &model.suspects);
    let status = |group: &SuspectGroup| match () {
        () if accepted.contains(&group.id) => SuspectStatus::Accepted,
        () if known.iter().any(|other| other.is_same(group)) => SuspectStatus::KnownToChampion,
        () => SuspectStatus::Open,
    };
    let names = || challenger.map_or_else(LabelNames::default, |model| model.names.clone());
    let judged =
        |group: &SuspectGroup| JudgedGroup { group: group.clone(), status: status(group), names: names() };
    let is_accepted = accepted.iter().any(|id| id == UNSEARCHED);
    Ok(Suspicion { groups: all.iter().map(judged).collect(), is_unsearched: has_no_search && !is_accepted })
}
