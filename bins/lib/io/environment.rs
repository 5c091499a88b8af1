//! Reads environment variables: settings, the actor, and the GitHub workflow run.

use super::address::bare;

/// A variable; an empty one counts as not set.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether a workflow of GitHub runs this.
pub fn is_workflow() -> bool {
    variable("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// Who runs this: the actor of the workflow, else the user.
pub fn actor() -> Option<String> {
    variable("GITHUB_ACTOR").or_else(|| variable("USER"))
}

/// The page of the workflow's run.
pub fn run_page() -> Option<String> {
    let [server, repository, run] = ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"].map(variable);
    Some(format!("{}/{}/actions/runs/{}", bare(&server?), repository?, run?))
}
