//! The HTTP client: every request has a time limit, and non-idempotent requests are not retried.

use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use ureq::http::{self, Response};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, Error, SendBody};

use crate::io::address::bare;
use crate::io::diagnostics::{inert, shown};

/// Bytes of an answer that are read, at most.
const MOST_READ: u64 = 16 << 20;

/// Characters of an answer that an error quotes, at most.
const MOST_QUOTED: usize = 300;

/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// How long a connection may take, where the time for the request is longer.
const CONNECT: Duration = Duration::from_secs(10);

/// How long an unused connection is kept: shorter than servers keep theirs.
const IDLE: Duration = Duration::from_secs(2);

/// How a client goes about its requests.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// How long a request may take, answer included.
    pub timeout: Duration,
    /// How often a request that does no harm twice is tried, at most.
    pub tries: u32,
    /// The pause before the second try; it doubles with each.
    pub pause: Duration,
    /// A PEM file of the authorities to trust instead of the usual ones.
    pub authorities: Option<PathBuf>,
    /// Whether certificates are not looked at.
    pub insecure: bool,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            tries: 3,
            pause: Duration::from_secs(1),
            authorities: None,
            insecure: false,
        }
    }
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpMethod {
    /// Asks.
    Get,
    /// Does whatever the address stands for.
    Post,
    /// Puts a whole thing in its place.
    Put,
    /// Changes a thing in its place.
    Patch,
    /// Removes a thing.
    Delete,
}

impl HttpMethod {
    const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// What comes of a request that arrives twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeatable {
    /// The same as of one: it is tried again where it failed in passing.
    Harmless,
    /// Something is there twice: it is sent once.
    Harmful,
}

/// One request.
pub struct HttpRequest<'a> {
    method: HttpMethod,
    url: &'a str,
    twice: Repeatable,
    shown: String,
    headers: Vec<(&'a str, String)>,
    body: Option<&'a [u8]>,
}

impl<'a> HttpRequest<'a> {
    /// A request without a body; an error shows its address without credentials and query.
    pub fn new(method: HttpMethod, url: &'a str, twice: Repeatable) -> Self {
        Self { method, url, twice, shown: bare(url), headers: Vec::new(), body: None }
    }

    /// Has a body of a media type.
    #[must_use]
    pub fn body(mut self, media_type: &str, body: &'a [u8]) -> Self {
        self.body = Some(body);
        self.header("Content-Type", media_type)
    }

    /// Has a header; its value is never shown.
    #[must_use]
    pub fn header(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Is shown under this name, where the address itself is a secret.
    #[must_use]
    pub fn shown_as(mut self, name: impl Into<String>) -> Self {
        self.shown = name.into();
        self
    }
}

/// What a server answered: a status from 200 to 299, and what it sent.
#[derive(Debug)]
pub struct HttpAnswer {
    /// The status.
    pub status: u16,
    /// The text; empty where there was none.
    pub text: String,
}

/// Why there is no such answer, in one line without secrets.
#[derive(Debug)]
pub struct HttpFailure {
    line: String,
    /// The status, where a server answered.
    pub status: Option<u16>,
    /// What it sent, as it is.
    pub text: String,
    passing: bool,
}

impl HttpFailure {
    /// Whether the same request may well be answered later: no server, a busy or a broken one.
    pub fn is_passing(&self) -> bool {
        self.passing
    }

    /// The same with a way out.
    #[must_use]
    pub fn advise(mut self, advice: &str) -> Self {
        self.line = format!("{}; {advice}", self.line);
        self
    }
}

impl fmt::Display for HttpFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl std::error::Error for HttpFailure {}

/// What sends requests.
pub struct HttpClient {
    agent: Agent,
    settings: HttpSettings,
}

impl HttpClient {
    /// A client; proxies are those of the environment, redirects are not followed.
    pub fn new(settings: HttpSettings) -> Result<Self> {
        let tls = TlsConfig::builder().root_certs(authorities(&settings)?);
        let config = Agent::config_builder()
            .tls_config(tls.disable_verification(settings.insecure).build())
            .timeout_global(Some(settings.timeout))
            .timeout_connect(Some(settings.timeout.min(CONNECT)))
            .max_idle_age(IDLE)
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("spamops/", env!("CARGO_PKG_VERSION")));
        Ok(Self { agent: config.build().into(), settings })
    }

    /// Sends a request, and sends it again where that does no harm and it failed in passing: no connection, 408, 429 or
    /// 5xx. A `Retry-After` is honoured as far as a minute.
    pub fn send(&self, request: &HttpRequest) -> Result<HttpAnswer, HttpFailure> {
        let tries = if request.twice == Repeatable::Harmless { self.settings.tries.max(1) } else { 1 };
        let mut pause = self.settings.pause;
        for _ in 1..tries {
            match self.once(request) {
                Err((failure, asked)) if failure.passing => {
                    sleep(asked.unwrap_or(pause).min(LONGEST_PAUSE));
                    pause = pause.saturating_mul(2);
                }
                outcome => return outcome.map_err(|(failure, _)| failure),
            }
        }
        self.once(request).map_err(|(failure, _)| failure)
    }

    /// Sends a request once; a failure comes with the pause that the server asks for.
    fn once(&self, request: &HttpRequest) -> Result<HttpAnswer, (HttpFailure, Option<Duration>)> {
        let failed = |what: &str, status, text: String, passing| {
            let line = inert(&format!("{} {}: {what}", request.method.word(), request.shown));
            HttpFailure { line, status, text, passing }
        };
        let mut response = self.run(request).map_err(|error| {
            let (what, passing) = self.reason(&error);
            (failed(&what, None, String::new(), passing), None)
        })?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(MOST_READ).lossy_utf8(true).read_to_string();
        let text = match body {
            Ok(text) => text,
            Err(error) if (200..300).contains(&status) => {
                let (what, passing) = self.reason(&error);
                return Err((failed(&what, Some(status), String::new(), passing), None));
            }
            Err(_) => String::new(),
        };
        if (200..300).contains(&status) {
            return Ok(HttpAnswer { status, text });
        }
        let passing = matches!(status, 408 | 429 | 500..=599);
        let told = quoted(&without(&said(&text), &request.headers));
        let to = header(&response, "location").filter(|_| (300..400).contains(&status));
        let to = to.map(|to| format!("; it has moved to {}", quoted(&bare(to)))).unwrap_or_default();
        let what = format!("{status} {}{to}", if told.is_empty() { reason(status) } else { &told });
        Err((failed(what.trim_end(), Some(status), text, passing), retry_after(&response)))
    }

    fn run(&self, request: &HttpRequest) -> Result<Response<Body>, Error> {
        let mut built = http::Request::builder().method(request.method.word()).uri(request.url);
        for (name, value) in &request.headers {
            built = built.header(*name, value.as_str());
        }
        match request.body {
            Some(body) => self.agent.run(built.body(body)?),
            None if matches!(request.method, HttpMethod::Get | HttpMethod::Delete) => {
                self.agent.run(built.body(())?)
            }
            None => self.agent.run(built.body(SendBody::none())?),
        }
    }

    /// What went wrong on the way, and whether it may pass.
    fn reason(&self, error: &Error) -> (String, bool) {
        match error {
            // A certificate of nobody we trust, or no TLS at all.
            Error::Io(error) if error.kind() == ErrorKind::InvalidData => (error.to_string(), false),
            Error::Io(error) if error.kind() == ErrorKind::Other => (error.to_string(), true),
            Error::Io(error) if error.kind() == ErrorKind::UnexpectedEof => {
                ("the connection was closed before the answer".into(), true)
            }
            Error::Io(error) => (error.kind().to_string(), true),
            Error::Timeout(_) => {
                (format!("no answer within {} s", self.settings.timeout.as_secs_f64()), true)
            }
            Error::HostNotFound => ("no such host".into(), true),
            Error::ConnectionFailed | Error::ConnectProxyFailed(_) | Error::BodyStalled => {
                (error.to_string(), true)
            }
            Error::Http(_) | Error::BadUri(_) => ("is no address of a server".into(), false),
            _ => (error.to_string(), false),
        }
    }
}

/// Whom to trust.
fn authorities(settings: &HttpSettings) -> Result<RootCerts> {
    let Some(path) = &settings.authorities else { return Ok(RootCerts::WebPki) };
    let pem = std::fs::read(path).with_context(|| path.display().to_string())?;
    let mut found = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.with_context(|| path.display().to_string())? {
            found.push(certificate);
        }
    }
    ensure!(!found.is_empty(), "{}: holds no certificate in PEM", path.display());
    Ok(RootCerts::from(found))
}

/// What an answer has to say: the message in its JSON, or its first line.
fn said(text: &str) -> String {
    let json: Option<serde_json::Value> = serde_json::from_str(text).ok();
    let message = json.as_ref().and_then(|json| json.get("message")?.as_str());
    let is_page = text.trim_start().starts_with('<');
    let line = || text.lines().map(str::trim).find(|line| !line.is_empty() && !is_page);
    message.or_else(line).unwrap_or_default().to_owned()
}

/// A text without the values of headers, which a server may repeat.
fn without(text: &str, headers: &[(&str, String)]) -> String {
    let secret = |name: &&(&str, String)| name.0 != "Content-Type" && !name.1.is_empty();
    headers.iter().filter(secret).fold(text.to_owned(), |text, (_, value)| {
        let word = value.rsplit(' ').next().unwrap_or(value);
        text.replace(value, "…").replace(word, "…")
    })
}

/// A sentence cut short, on one line.
fn quoted(text: &str) -> String {
    let cut: String = text.chars().take(MOST_QUOTED).collect();
    inert(&if cut.len() < text.len() { format!("{cut}…") } else { cut })
}

/// What a status is called.
fn reason(status: u16) -> &'static str {
    let status = http::StatusCode::from_u16(status).ok();
    status.and_then(|status| status.canonical_reason()).unwrap_or_default()
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// The pause that a server asks for, in seconds or until a moment by its own clock.
fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let asked = header(response, "retry-after")?.trim();
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = |text: &str| -> Option<Timestamp> { DateTimeParser::new().parse_timestamp(text).ok() };
    let seconds = moment(asked)?.as_second() - moment(header(response, "date")?)?.as_second();
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

/// Checks an address that requests go to.
pub fn address(text: &str) -> Result<String> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let is_one = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
    ensure!(
        is_one && text.parse::<http::Uri>().is_ok(),
        "{} is no http:// or https:// address",
        shown(&bare(text))
    );
    Ok(text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_its_message_or_a_line_but_no_page() {
        assert_eq!(said(r#"{"error_code": "X", "message": "no such run"}"#), "no such run");
        assert_eq!(said("\n  You are not authenticated.\nmore"), "You are not authenticated.");
        assert_eq!(said("<!doctype html>\n<title>502</title>"), "");
        assert_eq!(quoted(&format!("a\n{}", "x".repeat(400))).chars().count(), MOST_QUOTED + 1);
    }

    #[test]
    fn what_was_sent_as_a_secret_is_not_shown_when_it_comes_back() {
        let headers = [("Authorization", "Basic c2VjcmV0".to_owned()), ("Content-Type", "a".to_owned())];
        assert_eq!(without("got Basic c2VjcmV0, that is c2VjcmV0, a", &headers), "got …, that is …, a");
    }

    #[test]
    fn an_address_is_checked() {
        assert_eq!(address("http://host:5000/").unwrap(), "http://host:5000");
        for wrong in ["host:5000", "file:///a", "http://", "http:///a", "http://a b"] {
            address(wrong).unwrap_err();
        }
    }
}
