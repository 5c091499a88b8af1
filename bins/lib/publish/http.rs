//! Sends HTTP requests. Every request has a time limit, and non-idempotent requests are not retried.

use std::fmt;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use ureq::http::{self, Response};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, Error, SendBody};

use crate::io::address::{bare, is_private};
use crate::io::diagnostics::{inert, shown};
use crate::io::limits;
use crate::io::stream::read_file;

/// Maximum number of characters that an error quotes from an answer.
const MAX_CHARS_QUOTED: usize = 300;

/// Maximum idle time of a connection. Servers keep idle connections longer, so a reused connection is still open.
const MAX_IDLE: Duration = Duration::from_secs(2);

/// Time limits, retries and certificates of a client.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Time limit for one attempt, including its answer.
    pub timeout: Duration,
    /// Maximum number of attempts for an idempotent request.
    pub tries: u32,
    /// Pause before the second attempt. The pause doubles with each further attempt.
    pub pause: Duration,
    /// PEM file of CA certificates that replace the built-in ones.
    pub authorities: Option<PathBuf>,
    /// Whether to skip the verification of certificates.
    pub insecure: bool,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            timeout: limits::TRACKING_TIME,
            tries: 3,
            pause: Duration::from_secs(1),
            authorities: None,
            insecure: false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpMethod {
    Get,
    Post,
    Put,
    Patch,
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

/// Whether a request may arrive twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idempotence {
    /// The client retries the request after a transient failure.
    Idempotent,
    /// The client sends the request once.
    NotIdempotent,
}

pub struct HttpRequest<'a> {
    method: HttpMethod,
    url: &'a str,
    idempotence: Idempotence,
    shown: String,
    headers: Vec<(&'a str, String)>,
    body: Option<&'a [u8]>,
}

impl<'a> HttpRequest<'a> {
    /// A request without a body. Errors show the address without credentials and query.
    pub fn new(method: HttpMethod, url: &'a str, idempotence: Idempotence) -> Self {
        Self { method, url, idempotence, shown: bare(url), headers: Vec::new(), body: None }
    }

    /// Sets the body and its media type.
    #[must_use]
    pub fn body(mut self, media_type: &str, body: &'a [u8]) -> Self {
        self.body = Some(body);
        self.header("Content-Type", media_type)
    }

    /// Adds a header. Errors never show its value.
    #[must_use]
    pub fn header(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sets the name that errors show instead of an address that is secret.
    #[must_use]
    pub fn shown_as(mut self, name: impl Into<String>) -> Self {
        self.shown = name.into();
        self
    }
}

/// A successful answer.
#[derive(Debug)]
pub struct HttpAnswer {
    /// Status from 200 to 299.
    pub status: u16,
    /// The body as text; may be empty.
    pub text: String,
}

/// A failed request. Displayed as one line without secrets.
#[derive(Debug)]
pub struct HttpFailure {
    line: String,
    /// The status, if the server answered.
    pub status: Option<u16>,
    /// The body of the answer, unchanged.
    pub text: String,
    transient: bool,
}

impl HttpFailure {
    /// Whether the same request may succeed later: there was no connection, or the server was busy or broken.
    pub fn is_transient(&self) -> bool {
        self.transient
    }

    /// Appends a fix to the line.
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

pub struct HttpClient {
    agent: Agent,
    settings: HttpSettings,
}

impl HttpClient {
    /// Takes proxies from the environment. Follows no redirects.
    pub fn new(settings: HttpSettings) -> Result<Self> {
        let tls = TlsConfig::builder().root_certs(root_certificates(&settings)?);
        let config = Agent::config_builder()
            .tls_config(tls.disable_verification(settings.insecure).build())
            .timeout_global(Some(settings.timeout))
            .timeout_connect(Some(settings.timeout.min(limits::CONNECT_TIME)))
            .max_idle_age(MAX_IDLE)
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("spamops/", env!("CARGO_PKG_VERSION")));
        Ok(Self { agent: config.build().into(), settings })
    }

    /// Sends a request. Retries an idempotent request after a transient failure: no connection, 408, 429 or 5xx.
    /// Obeys `Retry-After` up to one minute.
    pub fn send(&self, request: &HttpRequest) -> Result<HttpAnswer, HttpFailure> {
        let tries =
            if request.idempotence == Idempotence::Idempotent { self.settings.tries.max(1) } else { 1 };
        let mut pause = self.settings.pause;
        for _ in 1..tries {
            match self.send_once(request) {
                Err((failure, requested_pause)) if failure.transient => {
                    sleep(requested_pause.unwrap_or(pause).min(limits::MAX_PAUSE));
                    pause = pause.saturating_mul(2);
                }
                outcome => return outcome.map_err(|(failure, _)| failure),
            }
        }
        self.send_once(request).map_err(|(failure, _)| failure)
    }

    /// Sends a request once. Returns a failure with the pause that the server requests.
    fn send_once(&self, request: &HttpRequest) -> Result<HttpAnswer, (HttpFailure, Option<Duration>)> {
        let failed = |cause: &str, status, text: String, transient| {
            let line = inert(&format!("{} {}: {cause}", request.method.word(), request.shown));
            HttpFailure { line, status, text, transient }
        };
        let mut response = self.run(request).map_err(|error| {
            let (cause, transient) = self.describe(&error);
            (failed(&cause, None, String::new(), transient), None)
        })?;
        let status = response.status().as_u16();
        if (200..300).contains(&status) {
            let body = response.body_mut().with_config().limit(limits::ANSWER_BYTES as u64);
            return body.lossy_utf8(true).read_to_string().map(|text| HttpAnswer { status, text }).map_err(
                |error| {
                    let (cause, transient) = self.describe(&error);
                    (failed(&cause, Some(status), String::new(), transient), None)
                },
            );
        }
        let text = start(response.body_mut());
        let transient = matches!(status, 408 | 429 | 500..=599);
        let message = quoted(&redacted(&message_in(&text), &request.headers));
        let new_address = header(&response, "location").filter(|_| (300..400).contains(&status));
        let hint = new_address.map(|to| format!("; the address has moved; use {}", quoted(&bare(to))));
        let message = if message.is_empty() { status_text(status) } else { &message };
        let cause = format!("{status} {message}{}", hint.unwrap_or_default());
        Err((failed(cause.trim_end(), Some(status), text, transient), retry_after(&response)))
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

    /// Describes a failure without an answer, and returns whether it is transient.
    fn describe(&self, error: &Error) -> (String, bool) {
        match error {
            // An untrusted certificate, or a server without TLS.
            Error::Io(error) if error.kind() == ErrorKind::InvalidData => (error.to_string(), false),
            Error::Io(error) if error.kind() == ErrorKind::Other => (error.to_string(), true),
            Error::Io(error) if error.kind() == ErrorKind::UnexpectedEof => {
                ("the connection was closed before the answer".into(), true)
            }
            Error::Io(error) => (error.kind().to_string(), true),
            Error::Timeout(_) => {
                (format!("no answer within {} s", self.settings.timeout.as_secs_f64()), true)
            }
            Error::BodyExceedsLimit(most) => {
                (format!("the answer is larger than {} MB; check the address", most >> 20), false)
            }
            Error::HostNotFound => ("unknown host name; check the address".into(), true),
            Error::ConnectionFailed | Error::ConnectProxyFailed(_) | Error::BodyStalled => {
                (error.to_string(), true)
            }
            Error::Http(_) | Error::BadUri(_) => ("the address is not valid; correct it".into(), false),
            _ => (error.to_string(), false),
        }
    }
}

fn root_certificates(settings: &HttpSettings) -> Result<RootCerts> {
    let Some(path) = &settings.authorities else { return Ok(RootCerts::WebPki) };
    let pem = read_file(path, limits::SETTINGS_BYTES)?;
    let mut certificates = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.with_context(|| path.display().to_string())? {
            certificates.push(certificate);
        }
    }
    ensure!(
        !certificates.is_empty(),
        "{}: contains no PEM certificate; name a file of CA certificates",
        path.display()
    );
    Ok(RootCerts::from(certificates))
}

/// The start of an answer that reports an error, even if the rest is missing.
fn start(body: &mut Body) -> String {
    let mut bytes = Vec::new();
    // A part of the message is better than none.
    let _ = body.as_reader().take(limits::ERROR_ANSWER_BYTES as u64).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The message in an answer's JSON, or its first line. HTML has no message.
fn message_in(text: &str) -> String {
    let json = limits::answer_json(text).ok();
    let message = json.as_ref().and_then(|json| json.get("message")?.as_str());
    let is_page = text.trim_start().starts_with('<');
    let line = || text.lines().map(str::trim).find(|line| !line.is_empty() && !is_page);
    message.or_else(line).unwrap_or_default().to_owned()
}

/// Replaces the values of request headers, because a server may quote them.
fn redacted(text: &str, headers: &[(&str, String)]) -> String {
    let secret = |name: &&(&str, String)| name.0 != "Content-Type" && !name.1.is_empty();
    headers.iter().filter(secret).fold(text.to_owned(), |text, (_, value)| {
        let word = value.rsplit(' ').next().unwrap_or(value);
        let coded = value.strip_prefix("Basic ").and_then(|word| BASE64_STANDARD.decode(word).ok());
        let pair = coded.and_then(|pair| String::from_utf8(pair).ok()).unwrap_or_default();
        let password = pair.split_once(':').map_or("", |(_, password)| password);
        let secrets = [value, word, &pair, password].into_iter().filter(|secret| !secret.is_empty());
        secrets.fold(text, |text, secret| text.replace(secret, "…"))
    })
}

/// Shortens a text to one line.
fn quoted(text: &str) -> String {
    let cut: String = text.chars().take(MAX_CHARS_QUOTED).collect();
    inert(&if cut.len() < text.len() { format!("{cut}…") } else { cut })
}

/// The standard text of a status, such as `Not Found`.
fn status_text(status: u16) -> &'static str {
    let status = http::StatusCode::from_u16(status).ok();
    status.and_then(|status| status.canonical_reason()).unwrap_or_default()
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// The pause in a `Retry-After` header: seconds, or a time by the server's clock.
fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let requested = header(response, "retry-after")?.trim();
    if let Ok(seconds) = requested.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let time = |text: &str| -> Option<Timestamp> { DateTimeParser::new().parse_timestamp(text).ok() };
    let seconds = time(requested)?.as_second() - time(header(response, "date")?)?.as_second();
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

/// Fails if somebody on the network could read the credentials that are sent to this address.
pub fn expect_private(url: &str) -> Result<()> {
    ensure!(
        is_private(url),
        "{}: is not an https:// address; credentials are sent only over https, or to this machine",
        bare(url)
    );
    Ok(())
}

/// Checks a base address, and removes its trailing slashes.
pub fn address(text: &str) -> Result<String> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let is_valid = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
    ensure!(
        is_valid && text.parse::<http::Uri>().is_ok(),
        "{} is not an http:// or https:// address; correct it",
        shown(&bare(text))
    );
    Ok(text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_the_message_or_the_first_line_but_no_html() {
        assert_eq!(message_in(r#"{"error_code": "X", "message": "no such run"}"#), "no such run");
        assert_eq!(message_in("\n  You are not authenticated.\nmore"), "You are not authenticated.");
        assert_eq!(message_in("<!doctype html>\n<title>502</title>"), "");
        assert_eq!(quoted(&format!("a\n{}", "x".repeat(400))).chars().count(), MAX_CHARS_QUOTED + 1);
    }

    #[test]
    fn hides_request_headers_that_the_server_quotes() {
        let headers = [("Authorization", "Basic c2VjcmV0".to_owned()), ("Content-Type", "a".to_owned())];
        assert_eq!(redacted("got Basic c2VjcmV0, that is c2VjcmV0, a", &headers), "got …, that is …, a");
        let headers = [("Authorization", "Basic Ym9iOmh1bnRlcjI=".to_owned())];
        assert_eq!(redacted("wrong password for bob:hunter2: hunter2", &headers), "wrong password for …: …");
    }

    #[test]
    fn rejects_an_address_without_scheme_or_host() {
        assert_eq!(address("http://host:5000/").unwrap(), "http://host:5000");
        for wrong in ["host:5000", "file:///a", "http://", "http:///a", "http://a b"] {
            address(wrong).unwrap_err();
        }
    }
}
