//! Reads environment variables: settings, the actor, and the GitHub workflow run.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result};

use super::address::bare;
use super::diagnostics::shown;

/// An environment variable. An empty variable counts as unset.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Reads a number within bounds from a variable; `None` if the variable is empty or not set.
pub fn number<T: FromStr + PartialOrd + Display>(
    variable: &dyn Fn(&str) -> Option<String>,
    name: &str,
    bounds: RangeInclusive<T>,
) -> Result<Option<T>> {
    let Some(value) = variable(name).filter(|value| !value.is_empty()) else { return Ok(None) };
    let number = value.trim().parse().ok().filter(|number| bounds.contains(number));
    number.map(Some).with_context(|| {
        format!("{name} is {}; set it to a number from {} to {}", shown(&value), bounds.start(), bounds.end())
    })
}

/// Reads a time in seconds from a variable, at most a day.
pub fn seconds(variable: &dyn Fn(&str) -> Option<String>, name: &str, default: Duration) -> Result<Duration> {
    Ok(number(variable, name, 0.0..=86400.0)?.map_or(default, Duration::from_secs_f64))
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
