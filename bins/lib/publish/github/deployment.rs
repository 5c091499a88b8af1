//! Creates a deployment and sets its status to success: the environment now has the model.

use anyhow::Result;
use octocrab::models::repos::DeploymentStatusState;

use super::GitHub;
use super::failure::ApiCall;

const DOING: ApiCall<'static> = ApiCall { what: "deployment", permission: "deployments: write", again: true };

/// A deployment whose status is success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// The deployment.
    pub id: u64,
    /// Whether its status was set just now; it may have been so before.
    pub set: bool,
}

impl GitHub {
    /// The deployment of a tag to an environment: the newest there, else a new one. An older one of this tag does not count:
    /// the environment has had another model since, and GitHub leaves what was a success in production at that.
    pub fn deployment(&self, tag: &str, environment: &str, description: &str) -> Result<u64> {
        let repository = self.repos();
        let deployments = repository.deployments();
        let found = self.wait(&DOING, deployments.list().environment(environment).per_page(1).send())?;
        if let Some(newest) = found.items.first().filter(|found| found.ref_field == tag) {
            return Ok(*newest.id);
        }
        // What is deployed has been tested: nothing is to be merged into it or waited for.
        let made = deployments.create(tag).environment(environment).description(short(description));
        let made = made.auto_merge(false).required_contexts([""; 0]);
        Ok(*self.wait(&DOING, made.send())?.id)
    }

    /// Sets the status of a deployment to success, unless that is what it was last set to.
    pub fn deployed(&self, id: u64, description: &str) -> Result<Deployed> {
        let repository = self.repos();
        let statuses = repository.deployments().statuses(id);
        let last = self.wait(&DOING, statuses.list().per_page(1).send())?;
        if last.items.first().is_some_and(|last| last.state == DeploymentStatusState::Success) {
            return Ok(Deployed { id, set: false });
        }
        let success = statuses.create(DeploymentStatusState::Success).description(short(description));
        self.wait(&DOING, success.send())?;
        Ok(Deployed { id, set: true })
    }
}

/// GitHub takes 140 characters.
fn short(description: &str) -> String {
    description.chars().take(140).collect()
}
