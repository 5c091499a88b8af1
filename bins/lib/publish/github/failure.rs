//! Turns a failed call to GitHub into one error line that says how to fix it.

use http::HeaderMap;
use octocrab::{Error, GitHubError};

use super::bounded;
use crate::io::dates::Timestamp;
use crate::io::diagnostics::inert;

/// Describes a call for its error line.
#[derive(Clone, Copy, Debug)]
pub(super) struct ApiCall<'a> {
    /// The kind of call: `release`, `comment`.
    pub(super) name: &'a str,
    /// The permission that the token needs.
    pub(super) permission: &'a str,
    /// Whether a repeated call finds the results of the first call.
    pub(super) is_repeatable: bool,
}

impl ApiCall<'_> {
    /// The fix if GitHub's answer was lost.
    pub(super) fn retry_advice(&self) -> &'static str {
        if self.is_repeatable {
            "run this again; finished parts are skipped"
        } else {
            "the request may have arrived; check before you send it again"
        }
    }
}

/// The status of the answer, if there was one.
pub(super) fn status(error: &Error) -> Option<u16> {
    match error {
        Error::GitHub { source, .. } => Some(source.status_code.as_u16()),
        _ => None,
    }
}

/// The error line of a failed call.
pub(super) fn failure(call: &ApiCall<'_>, error: &Error, host: &str) -> String {
    let why = match error {
        Error::GitHub { source, .. } => rejection(call, source),
        // octocrab reports an object in place of a list as `Other`, and an invalid link to the next page as `Uri`.
        Error::Serde { .. } | Error::Json { .. } | Error::Other { .. } | Error::Uri { .. } => {
            format!("{host} does not answer like GitHub; set GITHUB_API_URL to the address of its API")
        }
        _ if bounded::is_too_large(error) => {
            format!("the answer of {host} is too large; set GITHUB_API_URL to the address of its API")
        }
        _ => format!("no answer from {host}: {}; {}", cause(error), call.retry_advice()),
    };
    format!("{}: {why}", call.name)
}

/// The error line of a rejected call.
fn rejection(call: &ApiCall<'_>, error: &GitHubError) -> String {
    let empty = HeaderMap::new();
    let headers = error.headers.as_ref().unwrap_or(&empty);
    let ApiCall { permission, .. } = call;
    let message = message(error);
    match error.status_code.as_u16() {
        403 | 429 if number(headers, "retry-after").is_some() => {
            let seconds = number(headers, "retry-after").unwrap_or_default();
            format!("{message}; run this again in {seconds} s")
        }
        403 | 429 if number(headers, "x-ratelimit-remaining") == Some(0) => match error.rate_limit_reset {
            Some(reset) => {
                let reset = Timestamp(i64::try_from(reset).unwrap_or(i64::MAX));
                format!("{message}; run this again after {reset}")
            }
            None => format!("{message}; run this again in an hour"),
        },
        301 | 302 | 307 | 308 => format!("{message}; the repository has moved; use its new name"),
        401 => format!("{message}; the token is wrong or expired; renew GITHUB_TOKEN"),
        403 => format!("{message}; the token needs {permission}"),
        404 | 410 => format!("{message}; it does not exist, or the token needs {permission}"),
        409 | 422 => format!("{message}; correct the value that GitHub rejects"),
        429 => format!("{message}; run this again in a minute"),
        500..=599 => format!("{message}; {}", call.retry_advice()),
        _ => message,
    }
}

/// Status, message and the details of each field: `422 Validation Failed (body missing)`.
fn message(error: &GitHubError) -> String {
    let mut line = error.message.lines().next().unwrap_or_default().to_owned();
    for detail in error.errors.iter().flatten() {
        let part = |key: &str| detail.get(key).and_then(serde_json::Value::as_str);
        let text = match (part("message"), part("field"), part("code")) {
            (Some(message), ..) => message.to_owned(),
            (None, field, Some(code)) => format!("{} {code}", field.unwrap_or_default()),
            _ => detail.as_str().unwrap_or_default().to_owned(),
        };
        line.extend([" (", text.trim(), ")"]);
    }
    let cut: String = line.chars().take(200).collect();
    format!("{} {}", error.status_code.as_u16(), inert(&cut)).trim_end().to_owned()
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// The innermost cause of a missing answer.
fn cause(error: &Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let line = cause.to_string();
    let line = line.split(" (os error ").next().unwrap_or_default().lines().next().unwrap_or_default();
    inert(&line.chars().take(200).collect::<String>())
}
