//! Calls GitHub's API for one repository. Never retries a request, and sends the token only to the API.

use super::bounded::bounded;
use super::failure::{ApiCall, failure, status};
use std::fmt;
use std::future::Future;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use http::Uri;
use octocrab::issues::IssueHandler;
use octocrab::repos::RepoHandler;
use octocrab::{Octocrab, OctocrabBuilder};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::runtime::{Builder, Runtime};

use crate::io::address::is_private;
use crate::io::environment::{self, variable};
use crate::io::limits;

/// Address of the API without GITHUB_API_URL.
const API: &str = "https://api.github.com";

/// A repository on GitHub, as OWNER/NAME.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Repository {
    owner: String,
    name: String,
}

impl FromStr for Repository {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let is_valid = |part: &str| {
            let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            !part.is_empty() && part.chars().all(is_allowed) && part.contains(|c: char| c != '.')
        };
        match text.split_once('/') {
            Some((owner, name)) if is_valid(owner) && is_valid(name) => {
                Ok(Self { owner: owner.to_owned(), name: name.to_owned() })
            }
            _ => bail!("expected OWNER/REPOSITORY"),
        }
    }
}

impl TryFrom<String> for Repository {
    type Error = anyhow::Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Repository> for String {
    fn from(repository: Repository) -> Self {
        repository.to_string()
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// A GitHub token. The token is sent only to the API and never printed.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Checks a token's characters, and removes white space around it.
    pub fn new(text: &str) -> Result<Self> {
        let text = text.trim();
        ensure!(!text.is_empty(), "is empty; set it to a GitHub token");
        ensure!(
            text.bytes().all(|byte| byte.is_ascii_graphic()),
            "contains characters that no token has; copy the token again"
        );
        Ok(Self(text.to_owned()))
    }

    /// Reads GITHUB_TOKEN. If GITHUB_TOKEN is not set, reads GH_TOKEN. No option sets the token.
    pub fn from_environment() -> Result<Self> {
        let set = |name| variable(name).map(|text| (name, text));
        let (name, text) = ["GITHUB_TOKEN", "GH_TOKEN"]
            .into_iter()
            .find_map(set)
            .context("GITHUB_TOKEN is not set; set it to a GitHub token")?;
        Self::new(&text).context(name)
    }

    /// Replaces the token in a text from elsewhere.
    fn redact(&self, text: &str) -> String {
        text.replace(&self.0, "***")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

/// The API of one repository, with a token.
pub struct GitHub {
    pub(super) repository: Repository,
    pub(super) base: Uri,
    pub(super) token: Token,
    pub(super) octocrab: Octocrab,
    pub(super) runtime: Runtime,
    /// Time limit for a request and its answer.
    pub(super) time: Duration,
}

impl GitHub {
    /// Takes the address of the API from GITHUB_API_URL (default: github.com), and the token from the environment.
    pub fn from_environment(repository: &Repository) -> Result<Self> {
        let base = variable("GITHUB_API_URL").unwrap_or_else(|| API.to_owned());
        let base = address(&base).context("GITHUB_API_URL")?;
        Self::at(repository, base, Token::from_environment()?)
    }

    /// A client with an explicit API address and token.
    pub fn new(repository: &Repository, base: &str, token: Token) -> Result<Self> {
        Self::at(repository, address(base)?, token)
    }

    fn at(repository: &Repository, base: Uri, token: Token) -> Result<Self> {
        let time = environment::seconds(&variable, "SPAMOPS_HTTP_TIMEOUT", limits::GITHUB_TIME)?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let octocrab = {
            let _inside = runtime.enter();
            client(&base, &token, time)?
        };
        Ok(Self { repository: repository.clone(), base, token, octocrab, runtime, time })
    }

    /// octocrab's typed calls on the repository. The calls do not escape path parts: use [`escaped`].
    pub(super) fn repos(&self) -> RepoHandler<'_> {
        let Repository { owner, name } = &self.repository;
        self.octocrab.repos(owner, name)
    }

    /// octocrab's typed calls on the issues of the repository.
    pub(super) fn issues(&self) -> IssueHandler<'_> {
        let Repository { owner, name } = &self.repository;
        self.octocrab.issues(owner, name)
    }

    /// A path in the repository, for a call without a type in octocrab.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/repos/{}/{rest}", self.repository)
    }

    /// Waits for an answer. An error is one line with a fix.
    pub(super) fn wait<T>(
        &self,
        call: &ApiCall<'_>,
        answer: impl Future<Output = octocrab::Result<T>>,
    ) -> Result<T> {
        self.wait_at_most(self.time, call, answer)
    }

    /// Like [`GitHub::wait`], with another time limit.
    pub(super) fn wait_at_most<T>(
        &self,
        limit: Duration,
        call: &ApiCall<'_>,
        answer: impl Future<Output = octocrab::Result<T>>,
    ) -> Result<T> {
        let limited = async { tokio::time::timeout(limit, answer).await };
        match self.runtime.block_on(limited) {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.error(&failure(call, &error, self.base.host().unwrap_or_default()))),
            Err(_) => {
                let line = format!("no answer within {} s; {}", limit.as_secs_f64(), call.retry_advice());
                Err(self.error(&line))
            }
        }
    }

    /// Prefixes an error with the repository, and removes the token in case an answer quotes it.
    pub(super) fn error(&self, line: &str) -> anyhow::Error {
        anyhow!("{}: {}", self.repository, self.token.redact(line))
    }

    /// Like [`GitHub::wait`], but `None` if GitHub answers 404.
    pub(super) fn find<T>(
        &self,
        call: &ApiCall<'_>,
        answer: impl Future<Output = octocrab::Result<T>>,
    ) -> Result<Option<T>> {
        let answer = async {
            match answer.await {
                Err(error) if status(&error) == Some(404) => Ok(None),
                answer => answer.map(Some),
            }
        };
        self.wait(call, answer)
    }
}

/// Checks that a token may be sent to an API address.
fn address(text: &str) -> Result<Uri> {
    let parsed = text.parse().ok();
    let base: Uri = parsed.context("is not the address of an API; use one such as https://api.github.com")?;
    base.host().context("contains no host; use an address such as https://api.github.com")?;
    ensure!(is_private(text), "is not an https:// address; a token is sent only over https");
    let user = base.authority().is_some_and(|authority| authority.as_str().contains('@'));
    ensure!(!user, "contains a user or password; remove them and set GITHUB_TOKEN");
    Ok(base)
}

/// An octocrab client. The feature `retry` is off: if only an answer is lost, a retry would create a duplicate.
pub(super) fn client(base: &Uri, token: &Token, limit: Duration) -> Result<Octocrab> {
    let builder =
        OctocrabBuilder::new().base_uri(base.clone()).and_then(|builder| builder.upload_uri(base.clone()));
    let builder = builder
        .map_err(|_| anyhow!("is not the address of an API; use one such as https://api.github.com"))?;
    let builder = builder
        .personal_token(token.0.clone())
        .set_connect_timeout(Some(limits::CONNECT_TIME.min(limit)))
        .set_read_timeout(Some(limit))
        .set_write_timeout(Some(limit));
    let octocrab = builder.build().map(bounded);
    octocrab.map_err(|_| anyhow!("no CA certificates are installed; install the package ca-certificates"))
}

/// Characters to escape: all but RFC 3986's unreserved characters and the @ of tags.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@');

/// Escapes one part of a path or query.
pub(super) fn escaped(part: &str) -> PercentEncode<'_> {
    utf8_percent_encode(part, ESCAPED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_owner_and_name_of_a_repository() {
        assert_eq!("o-1/r.s_t".parse::<Repository>().unwrap().to_string(), "o-1/r.s_t");
        for text in ["", "o", "o/", "/r", "o/r/s", "o/..", "o/r?x", "o/ü"] {
            assert!(text.parse::<Repository>().is_err(), "{text}");
        }
    }

    #[test]
    fn debug_and_errors_hide_the_token() {
        let token = Token::new(" ghs_secret\n").unwrap();
        assert_eq!(format!("{token:?}"), "Token(***)");
        assert_eq!(token.redact("bad ghs_secret!"), "bad ***!");
        let wrong = Token::new("ghs secret").unwrap_err();
        assert!(!format!("{wrong:#} {wrong:?}").contains("ghs"));
    }

    #[test]
    fn rejects_an_api_address_without_https() {
        let at = |base| GitHub::new(&"o/r".parse().unwrap(), base, Token::new("t").unwrap()).map(drop);
        for base in ["http://github.example", "ftp://h", "/v3", "", "https://u:p@h"] {
            assert!(at(base).is_err(), "{base}");
        }
        for base in ["https://github.example/api/v3", "http://localhost:1"] {
            assert!(at(base).is_ok(), "{base}: {:?}", at(base));
        }
    }
}
