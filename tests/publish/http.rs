//! Tests the client of `publish::http` against loopback servers with prepared answers.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use spamops::publish::http::{HttpClient, HttpFailure, HttpMethod, HttpRequest, HttpSettings, Idempotence};

use crate::server::{answer, server};

fn client() -> HttpClient {
    let pause = Duration::from_millis(1);
    HttpClient::new(HttpSettings { timeout: Duration::from_secs(5), pause, ..HttpSettings::default() })
        .unwrap()
}

fn ask(url: &str, twice: Idempotence) -> Result<String, HttpFailure> {
    let body = br#"{"a": 1}"#;
    let request = HttpRequest::new(HttpMethod::Post, url, twice)
        .body("application/json", body)
        .header("Authorization", "Bearer t0ken");
    client().send(&request).map(|answer| answer.text)
}

#[test]
fn transient_failures_of_idempotent_requests_are_retried() {
    for status in ["408 Request Timeout", "429 Too Many Requests", "500 Oh", "503 Service Unavailable"] {
        let (url, requests) =
            server(vec![answer(status, "", "later"), String::new(), answer("200 OK", "", "done")]);
        assert_eq!(ask(&url, Idempotence::Idempotent).unwrap(), "done");
        let requests = requests.join().unwrap();
        assert_eq!(requests.len(), 3);
        for text in requests {
            assert!(text.starts_with("POST / HTTP/1.1\r\n") && text.ends_with(r#"{"a": 1}"#), "{text}");
            assert!(text.to_ascii_lowercase().contains("authorization: bearer t0ken\r\n"), "{text}");
        }
    }
}

#[test]
fn the_number_of_retries_is_limited() {
    let (url, requests) = server(vec![answer("502 Bad", "", "<html>"); 3]);
    let failure = ask(&format!("{url}/a/b?token=hidden"), Idempotence::Idempotent).unwrap_err();
    assert_eq!(requests.join().unwrap().len(), 3);
    assert!(failure.is_transient());
    let host = url.rsplit_once('@').unwrap().1;
    assert_eq!(failure.to_string(), format!("POST http://{host}/a/b: 502 Bad Gateway"));
}

#[test]
fn non_idempotent_requests_are_not_retried() {
    for answer in [answer("503 No", "", ""), String::new()] {
        let (url, requests) = server(vec![answer]);
        assert!(ask(&url, Idempotence::NotIdempotent).unwrap_err().is_transient());
        assert_eq!(requests.join().unwrap().len(), 1);
    }
}

#[test]
fn a_rejected_request_is_not_retried_and_its_error_hides_secrets() {
    let body = r#"{"error_code": "X", "message": "no\u001b[31m t0ken \n##[error] here"}"#;
    let (url, requests) = server(vec![answer("400 Bad Request", "", body)]);
    let failure = ask(&url, Idempotence::Idempotent).unwrap_err();
    assert_eq!(requests.join().unwrap().len(), 1);
    assert!(!failure.is_transient());
    assert_eq!((failure.status, failure.text.as_str()), (Some(400), body));
    let host = url.rsplit_once('@').unwrap().1;
    let wanted = format!(r"POST http://{host}: 400 no\u{{1b}}[31m …  ##\u{{5b}}error] here");
    assert_eq!(failure.to_string(), wanted);
}

#[test]
fn a_redirect_is_reported_and_not_followed() {
    let (url, requests) = server(vec![answer("301 Moved", "Location: https://elsewhere/?t=1\r\n", "")]);
    let failure = ask(&url, Idempotence::Idempotent).unwrap_err();
    assert_eq!(requests.join().unwrap().len(), 1);
    let message = failure.to_string();
    assert!(
        message.ends_with(": 301 Moved Permanently; the address has moved; use https://elsewhere/"),
        "{message}"
    );
}

#[test]
fn the_client_waits_as_long_as_retry_after_says() {
    let date = "Date: Wed, 21 Oct 2015 07:28:00 GMT\r\nRetry-After: Wed, 21 Oct 2015 07:28:01 GMT\r\n";
    for header in ["Retry-After: 1\r\n", date] {
        let (url, requests) = server(vec![answer("429 Slow", header, ""), answer("204 None", "", "")]);
        let start = Instant::now();
        assert_eq!(ask(&url, Idempotence::Idempotent).unwrap(), "");
        assert!(start.elapsed() >= Duration::from_secs(1));
        requests.join().unwrap();
    }
}

#[test]
fn a_refused_connection_is_reported_in_plain_words() {
    // The listener is dropped, so nothing listens on its port.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let failure = ask(&format!("http://127.0.0.1:{port}/a"), Idempotence::Idempotent).unwrap_err();
    assert!(failure.is_transient());
    assert_eq!(failure.to_string(), format!("POST http://127.0.0.1:{port}/a: connection refused"));
    let failure = ask("http://a b/", Idempotence::Idempotent).unwrap_err();
    assert!(!failure.is_transient());
}
