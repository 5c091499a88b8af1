//! Reads environment variables: settings, the actor, and the GitHub workflow run.

use super::address::bare;

/// An environment variable. An empty variable counts as unset.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether the tool runs in a GitHub workflow.
pub fn is_workflow() -> bool {
    variable("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// The actor of the workflow, or the user outside a workflow.
pub fn actor() -> Option<String> {
    variable("GITHUB_ACTOR").or_else(|| variable("USER"))
}

/// The URL of the workflow run.
pub fn run_page() -> Option<String> {
    let [server, repository, run] = ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"].map(variable);
    Some(format!("{}/{}/actions/runs/{}", bare(&server?), repository?, run?))
}
