//! A deployment's status: that an environment has the model now.

use anyhow::Result;
use serde::Deserialize;
use serde_json::json;

use super::GitHub;
use super::client::escaped;
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

#[derive(Deserialize)]
struct Deployment {
    id: u64,
    #[serde(rename = "ref")]
    of: Option<String>,
}

#[derive(Deserialize)]
struct Status {
    state: String,
}

impl GitHub {
    /// The deployment of a tag to an environment: the newest there, else a new one. An older one of this tag does not count:
    /// the environment has had another model since, and GitHub leaves what was a success in production at that.
    pub fn deployment(&self, tag: &str, environment: &str, description: &str) -> Result<u64> {
        let path = self.path(&format!("deployments?environment={}&per_page=1", escaped(environment)));
        let found: Vec<Deployment> = self.get(&DOING, &path)?;
        if let Some(newest) = found.first().filter(|found| found.of.as_deref() == Some(tag)) {
            return Ok(newest.id);
        }
        // What is deployed has been tested: nothing is to be merged into it or waited for.
        let body = json!({
            "ref": tag, "environment": environment, "description": short(description),
            "auto_merge": false, "required_contexts": [],
        });
        let Deployment { id, .. } = self.post(&DOING, &self.path("deployments"), &body)?;
        Ok(id)
    }

    /// Sets the status of a deployment to success, unless that is what it was last set to.
    pub fn deployed(&self, id: u64, description: &str) -> Result<Deployed> {
        let path = self.path(&format!("deployments/{id}/statuses"));
        let last: Vec<Status> = self.get(&DOING, &format!("{path}?per_page=1"))?;
        if last.first().is_some_and(|last| last.state == "success") {
            return Ok(Deployed { id, set: false });
        }
        let _: Status =
            self.post(&DOING, &path, &json!({ "state": "success", "description": short(description) }))?;
        Ok(Deployed { id, set: true })
    }
}

/// GitHub takes 140 characters.
fn short(description: &str) -> String {
    description.chars().take(140).collect()
}
