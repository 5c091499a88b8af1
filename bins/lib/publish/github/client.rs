//! The client of GitHub's API for one repository. It never retries a write, and sends the token to the API only.

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
use serde::{Deserialize, Serialize};
use tokio::runtime::{Builder, Runtime};

use crate::io::environment::variable;

/// Where GitHub is when nobody says otherwise.
const API: &str = "https://api.github.com";

/// How long an answer may take.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// A repository on GitHub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Repository {
    owner: String,
    name: String,
}

impl FromStr for Repository {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let plain = |part: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            !part.is_empty() && part.chars().all(fits) && part.contains(|c: char| c != '.')
        };
        match text.split_once('/') {
            Some((owner, name)) if plain(owner) && plain(name) => {
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

/// What proves who asks. It has no way out but to the API: nothing prints it.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// A token by its text.
    pub fn new(text: &str) -> Result<Self> {
        let text = text.trim();
        ensure!(!text.is_empty(), "is empty");
        ensure!(text.bytes().all(|byte| byte.is_ascii_graphic()), "holds characters that no token has");
        Ok(Self(text.to_owned()))
    }

    /// The token of GITHUB_TOKEN, else of GH_TOKEN; there is no other way in.
    pub fn of_environment() -> Result<Self> {
        let given = |name| variable(name).map(|text| (name, text));
        let (name, text) = ["GITHUB_TOKEN", "GH_TOKEN"]
            .into_iter()
            .find_map(given)
            .context("GITHUB_TOKEN is not set; GitHub wants a token, which is taken from there alone")?;
        Self::new(&text).context(name)
    }

    /// A text that came from elsewhere, without the token.
    fn hidden_in(&self, text: &str) -> String {
        text.replace(&self.0, "***")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

/// One repository, as far as a token reaches.
pub struct GitHub {
    pub(super) repository: Repository,
    pub(super) base: Uri,
    pub(super) token: Token,
    pub(super) octocrab: Octocrab,
    pub(super) runtime: Runtime,
}

impl GitHub {
    /// A repository at GITHUB_API_URL, or where GitHub usually is.
    pub fn of_environment(repository: &Repository) -> Result<Self> {
        let base = variable("GITHUB_API_URL").unwrap_or_else(|| API.to_owned());
        let base = address(&base).context("GITHUB_API_URL")?;
        Self::at(repository, base, Token::of_environment()?)
    }

    /// A repository at the API of this address.
    pub fn new(repository: &Repository, base: &str, token: Token) -> Result<Self> {
        Self::at(repository, address(base)?, token)
    }

    fn at(repository: &Repository, base: Uri, token: Token) -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let octocrab = {
            let _inside = runtime.enter();
            client(&base, &token, PATIENCE)?
        };
        Ok(Self { repository: repository.clone(), base, token, octocrab, runtime })
    }

    /// octocrab's typed calls on the repository. They do not escape what they put into a path: see [`escaped`].
    pub(super) fn repos(&self) -> RepoHandler<'_> {
        let Repository { owner, name } = &self.repository;
        self.octocrab.repos(owner, name)
    }

    /// octocrab's typed calls on the issues of the repository.
    pub(super) fn issues(&self) -> IssueHandler<'_> {
        let Repository { owner, name } = &self.repository;
        self.octocrab.issues(owner, name)
    }

    /// The path of something in the repository, for a call that is not typed.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/repos/{}/{rest}", self.repository)
    }

    /// Waits for an answer; what went wrong becomes one line that says what to do about it.
    pub(super) fn wait<T>(
        &self,
        doing: &ApiCall<'_>,
        answer: impl Future<Output = octocrab::Result<T>>,
    ) -> Result<T> {
        self.wait_for(PATIENCE, doing, answer)
    }

    /// As [`GitHub::wait`], but so long.
    pub(super) fn wait_for<T>(
        &self,
        patience: Duration,
        doing: &ApiCall<'_>,
        answer: impl Future<Output = octocrab::Result<T>>,
    ) -> Result<T> {
        let patient = async { tokio::time::timeout(patience, answer).await };
        match self.runtime.block_on(patient) {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.named(&failure(doing, &error, self.base.host().unwrap_or_default()))),
            Err(_) => {
                let line = format!("no answer within {} s; {}", patience.as_secs(), doing.unknown());
                Err(self.named(&line))
            }
        }
    }

    /// An error of this repository; should an answer quote the token, it is taken out.
    pub(super) fn named(&self, line: &str) -> anyhow::Error {
        anyhow!("{}: {}", self.repository, self.token.hidden_in(line))
    }

    /// As [`GitHub::wait`], but `None` if GitHub answers 404.
    pub(super) fn find<T>(
        &self,
        doing: &ApiCall<'_>,
        answer: impl Future<Output = octocrab::Result<T>>,
    ) -> Result<Option<T>> {
        let answer = async {
            match answer.await {
                Err(error) if status(&error) == Some(404) => Ok(None),
                answer => answer.map(Some),
            }
        };
        self.wait(doing, answer)
    }
}

/// The address of an API, which a token may be sent to.
fn address(text: &str) -> Result<Uri> {
    let parsed = text.parse().ok();
    let base: Uri = parsed.context("expected the address of an API, such as https://api.github.com")?;
    let host = base.host().context("expected an address with a host")?;
    let is_here = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
    let is_safe = base.scheme_str() == Some("https") || base.scheme_str() == Some("http") && is_here;
    ensure!(is_safe, "a token is sent by https only");
    let user = base.authority().is_some_and(|authority| authority.as_str().contains('@'));
    ensure!(!user, "holds a user or password; the token is taken from GITHUB_TOKEN");
    Ok(base)
}

/// octocrab. Its feature `retry` is off: what was made by a request whose answer was lost would be made again.
pub(super) fn client(base: &Uri, token: &Token, patience: Duration) -> Result<Octocrab> {
    let builder =
        OctocrabBuilder::new().base_uri(base.clone()).and_then(|builder| builder.upload_uri(base.clone()));
    let builder = builder.map_err(|_| anyhow!("expected the address of an API"))?;
    let builder = builder
        .personal_token(token.0.clone())
        .set_connect_timeout(Some(Duration::from_secs(15)))
        .set_read_timeout(Some(patience))
        .set_write_timeout(Some(patience));
    let octocrab = builder.build();
    octocrab.map_err(|_| anyhow!("no connection can be made: no certificates of authorities are installed"))
}

/// What stays as it is in a part of a path or query: RFC 3986's unreserved characters, and the @ of tags.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@');

/// A part of a path or query, with everything escaped that could be taken for more than that.
pub(super) fn escaped(part: &str) -> PercentEncode<'_> {
    utf8_percent_encode(part, PLAIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_an_owner_and_a_name() {
        assert_eq!("o-1/r.s_t".parse::<Repository>().unwrap().to_string(), "o-1/r.s_t");
        for text in ["", "o", "o/", "/r", "o/r/s", "o/..", "o/r?x", "o/ü"] {
            assert!(text.parse::<Repository>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_token_is_not_shown() {
        let token = Token::new(" ghs_secret\n").unwrap();
        assert_eq!(format!("{token:?}"), "Token(***)");
        assert_eq!(token.hidden_in("bad ghs_secret!"), "bad ***!");
        let wrong = Token::new("ghs secret").unwrap_err();
        assert!(!format!("{wrong:#} {wrong:?}").contains("ghs"));
    }

    #[test]
    fn a_token_goes_to_no_address_that_is_not_safe() {
        let at = |base| GitHub::new(&"o/r".parse().unwrap(), base, Token::new("t").unwrap()).map(drop);
        for base in ["http://github.example", "ftp://h", "/v3", "", "https://u:p@h"] {
            assert!(at(base).is_err(), "{base}");
        }
        for base in ["https://github.example/api/v3", "http://localhost:1"] {
            assert!(at(base).is_ok(), "{base}: {:?}", at(base));
        }
    }
}
