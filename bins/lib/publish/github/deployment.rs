//! Creates a deployment, and sets its status to success once the environment has the model.

use anyhow::Result;
use octocrab::models::repos::DeploymentStatusState;

use super::GitHub;
use super::failure::ApiCall;

const CALL: ApiCall<'static> =
    ApiCall { name: "deployment", permission: "deployments: write", is_repeatable: true };

/// A deployment whose status is success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployed {
    pub id: u64,
    /// Whether this call set the status; false if the status was already success.
    pub set: bool,
}

impl GitHub {
    /// Returns the environment's newest deployment if that deployment is of this tag. Otherwise, creates a deployment.
    ///
    /// An older deployment of the tag does not count: the environment has had another model since.
    pub fn deployment(&self, tag: &str, environment: &str, description: &str) -> Result<u64> {
        let repository = self.repos();
        let deployments = repository.deployments();
        let found = self.wait(&CALL, deployments.list().environment(environment).per_page(1).send())?;
        if let Some(newest) = found.items.first().filter(|found| found.ref_field == tag) {
            return Ok(*newest.id);
        }
        // The model is already tested, so GitHub must neither merge a branch nor wait for checks.
        let made = deployments.create(tag).environment(environment).description(shortened(description));
        let made = made.auto_merge(false).required_contexts([""; 0]);
        Ok(*self.wait(&CALL, made.send())?.id)
    }

    /// Sets the status of a deployment to success, unless its last status is success.
    pub fn deployed(&self, id: u64, description: &str) -> Result<Deployed> {
        let repository = self.repos();
        let statuses = repository.deployments().statuses(id);
        let last = self.wait(&CALL, statuses.list().per_page(1).send())?;
        if last.items.first().is_some_and(|last| last.state == DeploymentStatusState::Success) {
            return Ok(Deployed { id, set: false });
        }
        let success = statuses.create(DeploymentStatusState::Success).description(shortened(description));
        self.wait(&CALL, success.send())?;
        Ok(Deployed { id, set: true })
    }
}

/// Shortens a description to GitHub's limit of 140 characters.
fn shortened(description: &str) -> String {
    description.chars().take(140).collect()
}
