//! Turns a failed call to GitHub into one error line that says how to fix it.

use http::HeaderMap;
use octocrab::{Error, GitHubError};

use crate::io::dates::Timestamp;
use crate::io::diagnostics::inert;

/// What is being done, for the line about its failure.
#[derive(Clone, Copy, Debug)]
pub(super) struct ApiCall<'a> {
    /// In words.
    pub(super) what: &'a str,
    /// The permission that it needs.
    pub(super) permission: &'a str,
    /// Whether it may be done again without harm.
    pub(super) again: bool,
}

impl ApiCall<'_> {
    /// The way out where nobody knows whether it was done.
    pub(super) fn unknown(&self) -> &'static str {
        if self.again {
            "run this again, it looks first what is there"
        } else {
            "it may have arrived: look before sending it again"
        }
    }
}

/// The status of an answer, where there was one.
pub(super) fn status(error: &Error) -> Option<u16> {
    match error {
        Error::GitHub { source, .. } => Some(source.status_code.as_u16()),
        _ => None,
    }
}

/// The line of a failure.
pub(super) fn failure(doing: &ApiCall<'_>, error: &Error, host: &str) -> String {
    let why = match error {
        Error::GitHub { source, .. } => refused(doing, source),
        // octocrab reports an object in place of a list as `Other`, and an invalid link to the next page as `Uri`.
        Error::Serde { .. } | Error::Json { .. } | Error::Other { .. } | Error::Uri { .. } => {
            format!("{host} answered what GitHub does not; see that GITHUB_API_URL is that of an API")
        }
        _ => format!("no answer from {host}: {}; {}", cause(error), doing.unknown()),
    };
    format!("{}: {why}", doing.what)
}

/// The line of an answer that is no.
fn refused(doing: &ApiCall<'_>, error: &GitHubError) -> String {
    let empty = HeaderMap::new();
    let headers = error.headers.as_ref().unwrap_or(&empty);
    let ApiCall { permission, .. } = doing;
    let said = said(error);
    match error.status_code.as_u16() {
        403 | 429 if number(headers, "retry-after").is_some() => {
            let seconds = number(headers, "retry-after").unwrap_or_default();
            format!("{said}; GitHub asks for a pause, run this again in {seconds} s")
        }
        403 | 429 if number(headers, "x-ratelimit-remaining") == Some(0) => match error.rate_limit_reset {
            Some(reset) => {
                let reset = Timestamp(i64::try_from(reset).unwrap_or(i64::MAX));
                format!("{said}; no request is left before {reset}, run this again then")
            }
            None => format!("{said}; no request is left, run this again in an hour"),
        },
        301 | 302 | 307 | 308 => format!("{said}; the repository has moved, give its new name"),
        401 => format!("{said}; the token is wrong or has expired, renew GITHUB_TOKEN"),
        403 => format!("{said}; the token lacks {permission}"),
        404 | 410 => format!("{said}; it is not there, or the token lacks {permission}"),
        409 | 422 => format!("{said}; GitHub does not take this as it is"),
        429 => format!("{said}; run this again in a minute"),
        500..=599 => format!("{said}; {}", doing.unknown()),
        _ => said,
    }
}

/// `403 Resource not accessible by integration`, with what is wrong of which field.
fn said(error: &GitHubError) -> String {
    let mut said = error.message.lines().next().unwrap_or_default().to_owned();
    for detail in error.errors.iter().flatten() {
        let part = |key: &str| detail.get(key).and_then(serde_json::Value::as_str);
        let told = match (part("message"), part("field"), part("code")) {
            (Some(message), ..) => message.to_owned(),
            (None, field, Some(code)) => format!("{} {code}", field.unwrap_or_default()),
            _ => detail.as_str().unwrap_or_default().to_owned(),
        };
        said.extend([" (", told.trim(), ")"]);
    }
    let cut: String = said.chars().take(200).collect();
    format!("{} {}", error.status_code.as_u16(), inert(&cut)).trim_end().to_owned()
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// The innermost reason why there was no answer.
fn cause(error: &Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let line = cause.to_string();
    let line = line.split(" (os error ").next().unwrap_or_default().lines().next().unwrap_or_default();
    inert(&line.chars().take(200).collect::<String>())
}
