//! Sends the `repository_dispatch` event, which starts workflows of another repository.

use anyhow::{Result, bail, ensure};
use serde::Serialize;
use serde_json::{Map, Value};

use super::failure::ApiCall;
use super::{GitHub, Repository};

/// `repository_dispatch`: what happened, and facts about it.
#[derive(Clone, Debug, Serialize)]
pub struct DispatchEvent {
    event_type: String,
    client_payload: Map<String, Value>,
}

impl DispatchEvent {
    /// An event of at most 100 characters with at most ten facts, as GitHub takes it.
    pub fn new(event: &str, facts: Map<String, Value>) -> Result<Self> {
        ensure!(!event.is_empty() && event.chars().count() <= 100, "an event has 1 to 100 characters");
        ensure!(facts.len() <= 10, "an event has at most ten facts");
        let dispatch = Self { event_type: event.to_owned(), client_payload: facts };
        let size = serde_json::to_string(&dispatch)?.len();
        ensure!(size < 1 << 16, "an event has at most 65535 bytes, not {size}");
        Ok(dispatch)
    }

    /// What it is called.
    pub fn event(&self) -> &str {
        &self.event_type
    }
}

impl GitHub {
    /// Sends an event to this repository, once: it cannot be seen whether it was sent before.
    pub fn dispatch(&self, dispatch: &DispatchEvent) -> Result<()> {
        let doing = ApiCall {
            what: "repository_dispatch",
            permission: "contents: write there; GITHUB_TOKEN reaches only its own repository",
            again: false,
        };
        // By path: octocrab's `create_dispatch` panics on a success status other than 204.
        let body = Some(dispatch);
        let path = self.path("dispatches");
        let answer = async {
            let response = self.octocrab._post(path, body).await?;
            octocrab::map_github_error(response).await.map(|response| response.status())
        };
        match self.wait(&doing, answer)? {
            status if status.as_u16() == 204 => Ok(()),
            status => bail!(self.named(&format!("repository_dispatch: {status} where 204 is expected"))),
        }
    }

    /// The repository.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }
}
