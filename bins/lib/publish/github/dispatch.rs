//! Sends the `repository_dispatch` event, which starts workflows of another repository.

use anyhow::{Result, bail, ensure};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::GitHub;
use super::failure::ApiCall;

/// A `repository_dispatch` event with its payload.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct DispatchEvent {
    event_type: String,
    client_payload: Map<String, Value>,
}

impl DispatchEvent {
    /// GitHub's limits: 100 characters for the event type, ten facts, 65,535 bytes in all.
    pub fn new(event: &str, facts: Map<String, Value>) -> Result<Self> {
        ensure!(
            !event.is_empty() && event.chars().count() <= 100,
            "the event type must have 1 to 100 characters"
        );
        ensure!(facts.len() <= 10, "an event has at most ten facts, not {}", facts.len());
        let dispatch = Self { event_type: event.to_owned(), client_payload: facts };
        let size = serde_json::to_string(&dispatch)?.len();
        ensure!(size < 1 << 16, "an event has at most 65535 bytes, not {size}");
        Ok(dispatch)
    }
}

impl GitHub {
    /// Sends an event to this repository once. GitHub does not show whether the event was already sent.
    pub fn dispatch(&self, dispatch: &DispatchEvent) -> Result<()> {
        let call = ApiCall {
            name: "repository_dispatch",
            permission: "contents: write in that repository (a workflow's own GITHUB_TOKEN cannot have it)",
            is_repeatable: false,
        };
        // Call by path, because octocrab's `create_dispatch` panics on a success status other than 204.
        let body = Some(dispatch);
        let path = self.path("dispatches");
        let answer = async {
            let response = self.octocrab._post(path, body).await?;
            octocrab::map_github_error(response).await.map(|response| response.status())
        };
        match self.wait(&call, answer)? {
            status if status.as_u16() == 204 => Ok(()),
            status => bail!(self.error(&format!(
                "repository_dispatch: status {status} instead of 204; {}",
                call.retry_advice()
            ))),
        }
    }
}
