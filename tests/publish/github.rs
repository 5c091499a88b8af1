//! Tests publishing to GitHub: nothing is created twice, no write is retried, and every error is one line with a fix.
//!
//! No error contains the token.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;
use wiremock::matchers::{body_json, header, method, path, query_param};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use spamops::publish::github::{DispatchEvent, GitHub, ReleaseAsset, Token};

use crate::answers::{account, asset, comment, deployment, release, status, tag};
use crate::directory::fresh;

/// The token, which must not appear in any output.
const TOKEN: &str = "ghs_0123456789secret";

/// A mock GitHub whose answers a test chooses, and a client for it.
struct Double {
    runtime: Runtime,
    server: MockServer,
    github: GitHub,
}

impl Double {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(MockServer::start());
        let github = GitHub::new(&"o/r".parse().unwrap(), &server.uri(), Token::new(TOKEN).unwrap()).unwrap();
        Self { runtime, server, github }
    }

    fn on(&self, verb: &str, route: &str, answer: ResponseTemplate) {
        let mock = Mock::given(method(verb))
            .and(path(route))
            .and(header("authorization", format!("Bearer {TOKEN}")));
        self.runtime.block_on(mock.respond_with(answer).mount(&self.server));
    }

    /// All requests so far, such as `POST /path`.
    fn requests(&self) -> Vec<String> {
        let requests = self.runtime.block_on(self.server.received_requests()).unwrap();
        requests.iter().map(|request| format!("{} {}", request.method, request.url.path())).collect()
    }

    fn bodies(&self, verb: &str) -> Vec<Value> {
        let requests = self.runtime.block_on(self.server.received_requests()).unwrap();
        let of_verb = |request: &&Request| request.method.as_str() == verb;
        requests.iter().filter(of_verb).map(|request| request.body_json().unwrap()).collect()
    }
}

fn answer(status: u16, body: Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

fn dispatch() -> DispatchEvent {
    let facts: Map<String, Value> =
        [("name".to_owned(), json!("spam")), ("version".to_owned(), json!(3))].into_iter().collect();
    DispatchEvent::new("spamops-promoted", facts).unwrap()
}

#[test]
fn every_error_is_one_line_with_a_fix_and_without_the_token() {
    let plain = |status, message: &str| answer(status, json!({ "message": message }));
    let limited =
        |status| plain(status, "API rate limit exceeded").insert_header("x-ratelimit-remaining", "0");
    let again = "run this again; finished parts are skipped";
    let cases = [
        (
            plain(401, "Bad credentials"),
            "401 Bad credentials; the token is wrong or expired; renew GITHUB_TOKEN",
        ),
        (
            plain(403, "Resource not accessible by integration"),
            "403 Resource not accessible by integration; the token needs issues: write or pull-requests: write",
        ),
        (
            plain(404, "Not Found"),
            "404 Not Found; it does not exist, or the token needs issues: write or pull-requests: write",
        ),
        (
            answer(
                422,
                json!({ "message": "Validation Failed", "errors": [{ "field": "body", "code": "missing" }] }),
            ),
            "422 Validation Failed (body missing); correct the value that GitHub rejects",
        ),
        (plain(429, "slow down"), "429 slow down; run this again in a minute"),
        (
            plain(403, "You have exceeded a secondary rate limit").insert_header("retry-after", "7"),
            "403 You have exceeded a secondary rate limit; run this again in 7 s",
        ),
        (
            limited(403).insert_header("x-ratelimit-reset", "1790812800"),
            "403 API rate limit exceeded; run this again after 2026-10-01T00:00:00Z",
        ),
        (limited(429), "429 API rate limit exceeded; run this again in an hour"),
        (
            plain(301, "Moved Permanently"),
            "301 Moved Permanently; the repository has moved; use its new name",
        ),
        (ResponseTemplate::new(502).set_body_string("<html>\n"), &format!("502 <html>; {again}")),
        (ResponseTemplate::new(500), &format!("500 Internal Server Error; {again}")),
        (plain(503, "Unavailable").insert_header("retry-after", "1"), &format!("503 Unavailable; {again}")),
        (
            plain(401, &format!("bad {TOKEN}\u{1b}[31m")),
            "401 bad ***\\u{1b}[31m; the token is wrong or expired; renew GITHUB_TOKEN",
        ),
    ];
    for (failure, line) in cases {
        // First the read fails, then the write. Neither is retried.
        for (reading, requests) in [
            (failure.clone(), &["GET /repos/o/r/issues/7/comments"][..]),
            (
                answer(200, json!([])),
                &["GET /repos/o/r/issues/7/comments", "POST /repos/o/r/issues/7/comments"],
            ),
        ] {
            let double = Double::new();
            double.on("GET", "/repos/o/r/issues/7/comments", reading);
            double.on("POST", "/repos/o/r/issues/7/comments", failure.clone());
            let error = double.github.comment(7, "spam", "text").unwrap_err();
            assert_eq!(format!("{error:#}"), format!("o/r: comment: {line}"));
            assert!(!format!("{error:?}").contains(TOKEN), "{error:?}");
            assert_eq!(double.requests(), requests);
        }
    }
}

#[test]
fn an_invalid_answer_is_reported() {
    let double = Double::new();
    double.on("GET", "/repos/o/r/issues/7/comments", ResponseTemplate::new(200).set_body_string("<html>"));
    let error = double.github.comment(7, "spam", "text").unwrap_err().to_string();
    assert!(error.contains("127.0.0.1 does not answer like GitHub; set GITHUB_API_URL"), "{error}");
    double.on("GET", "/repos/o/r/deployments", answer(200, json!({})));
    let error = double.github.deployment("spam@v3.0.0", "production", "d").unwrap_err().to_string();
    assert!(error.contains("127.0.0.1 does not answer like GitHub; set GITHUB_API_URL"), "{error}");
    let github =
        GitHub::new(&"o/r".parse().unwrap(), "http://127.0.0.1:9", Token::new(TOKEN).unwrap()).unwrap();
    let error = format!("{:#}", github.dispatch(&dispatch()).unwrap_err());
    let expected = "o/r: repository_dispatch: no answer from 127.0.0.1: Connection refused; the request may have arrived; check before you send it again";
    assert_eq!(error, expected);
    assert!(!format!("{:?}", github.comment(7, "spam", "text").unwrap_err()).contains(TOKEN));
}

#[test]
fn an_event_is_sent_once_whatever_the_answer() {
    for (status, is_done) in [(204, true), (200, false), (500, false), (502, false), (429, false)] {
        let double = Double::new();
        double.on("POST", "/repos/o/r/dispatches", ResponseTemplate::new(status));
        let done = double.github.dispatch(&dispatch());
        assert_eq!(done.is_ok(), is_done, "{status}: {done:?}");
        assert_eq!(double.requests(), ["POST /repos/o/r/dispatches"]);
        let body =
            json!({ "event_type": "spamops-promoted", "client_payload": { "name": "spam", "version": 3 } });
        assert_eq!(double.bodies("POST"), [body]);
    }
    let many: Map<String, Value> = (0..11).map(|fact| (fact.to_string(), json!(fact))).collect();
    assert!(DispatchEvent::new("e", many).is_err());
    assert!(DispatchEvent::new(&"e".repeat(101), Map::new()).is_err());
    let large: Map<String, Value> = [("a".to_owned(), json!("x".repeat(1 << 16)))].into_iter().collect();
    assert!(DispatchEvent::new("e", large).is_err());
}

#[test]
fn a_comment_is_created_once_and_then_updated() {
    let double = Double::new();
    let made = comment(1, "<!-- spamops:spam -->\ntext", "NONE", "Bot");
    double.on(
        "GET",
        "/repos/o/r/issues/7/comments",
        answer(200, json!([comment(9, "hello", "OWNER", "User")])),
    );
    double.on("POST", "/repos/o/r/issues/7/comments", answer(201, made.clone()));
    assert_eq!(double.github.comment(7, "spam", "text").unwrap().action, "made");
    assert_eq!(double.bodies("POST"), [json!({ "body": "<!-- spamops:spam -->\ntext" })]);

    let double = Double::new();
    // A comment with our marker by another contributor does not count. Our own comment is on the second page.
    let mut deleted = comment(110, "of a deleted account", "NONE", "User");
    deleted["user"] = Value::Null;
    let mut first: Vec<Value> = (10..108).map(|id| comment(id, "hello", "OWNER", "User")).collect();
    first.push(deleted);
    first.push(comment(109, "<!-- spamops:spam -->\nphish", "CONTRIBUTOR", "User"));
    let page = |number: &str, comments: Value| {
        let mock = Mock::given(method("GET"))
            .and(path("/repos/o/r/issues/7/comments"))
            .and(query_param("page", number));
        double.runtime.block_on(mock.respond_with(answer(200, comments)).mount(&double.server));
    };
    page("1", json!(first));
    page("2", json!([made]));
    double.on("PATCH", "/repos/o/r/issues/comments/1", answer(200, comment(1, "", "NONE", "Bot")));
    assert_eq!(double.github.comment(7, "spam", "text\n").unwrap().action, "unchanged");
    assert!(double.bodies("PATCH").is_empty());
    assert_eq!(double.github.comment(7, "spam", "new").unwrap().action, "updated");
    assert_eq!(double.bodies("PATCH"), [json!({ "body": "<!-- spamops:spam -->\nnew" })]);
    assert!(double.bodies("POST").is_empty());

    // A private member of the organization is not shown as a member, so the author's name is compared.
    let double = Double::new();
    let own = json!([comment(3, "<!-- spamops:spam -->\nold", "NONE", "User")]);
    double.on("GET", "/repos/o/r/issues/7/comments", answer(200, own));
    double.on("GET", "/user", answer(200, account("somebody", "User")));
    double.on("PATCH", "/repos/o/r/issues/comments/3", answer(200, comment(3, "", "NONE", "User")));
    assert_eq!(double.github.comment(7, "spam", "new").unwrap().action, "updated");
}

fn files() -> [ReleaseAsset; 2] {
    let asset = |name: &str, text: &str| ReleaseAsset { name: name.into(), bytes: text.into() };
    [
        asset("model.json", "{}"),
        asset("model.json.sha256", "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"),
    ]
}

#[test]
fn a_release_is_a_draft_until_it_is_complete() {
    let double = Double::new();
    double.on("GET", "/repos/o/r/releases/tags/spam@v3.0.0", answer(404, json!({ "message": "Not Found" })));
    double.on("GET", "/repos/o/r/releases", answer(200, json!([])));
    double.on("GET", "/repos/o/r/git/ref/tags/spam@v3.0.0", answer(200, tag("spam@v3.0.0")));
    double.on("POST", "/repos/o/r/releases", answer(201, release(&double.server.uri(), true, &json!([]))));
    double.on("POST", "/upload/repos/o/r/releases/5/assets", answer(201, json!({})));
    double.on(
        "PATCH",
        "/repos/o/r/releases/5",
        answer(200, release(&double.server.uri(), false, &json!([]))),
    );
    let done = double.github.release("spam@v3.0.0", "spam 3", "text", &files()).unwrap();
    assert!(done.made);
    assert_eq!(done.uploaded, ["model.json", "model.json.sha256"]);
    let order = [
        "GET /repos/o/r/releases/tags/spam@v3.0.0",
        "GET /repos/o/r/releases",
        "GET /repos/o/r/git/ref/tags/spam@v3.0.0",
        "POST /repos/o/r/releases",
        "POST /upload/repos/o/r/releases/5/assets",
        "POST /upload/repos/o/r/releases/5/assets",
        "PATCH /repos/o/r/releases/5",
    ];
    assert_eq!(double.requests(), order);
    assert_eq!(double.bodies("PATCH"), [json!({ "draft": false, "make_latest": "false" })]);
}

#[test]
fn a_half_finished_release_is_completed() {
    let double = Double::new();
    let assets = json!([asset("starter", 0)]);
    double.on("GET", "/repos/o/r/releases/tags/spam@v3.0.0", answer(404, json!({ "message": "Not Found" })));
    double.on(
        "GET",
        "/repos/o/r/releases",
        answer(200, json!([release(&double.server.uri(), true, &assets)])),
    );
    double.on("DELETE", "/repos/o/r/releases/assets/8", ResponseTemplate::new(204));
    double.on("POST", "/upload/repos/o/r/releases/5/assets", answer(201, json!({})));
    double.on(
        "PATCH",
        "/repos/o/r/releases/5",
        answer(200, release(&double.server.uri(), false, &json!([]))),
    );
    let done = double.github.release("spam@v3.0.0", "spam 3", "text", &files()[..1]).unwrap();
    assert!(!done.made);
    assert_eq!(done.uploaded, ["model.json"]);

    // If an incomplete asset cannot be deleted, nothing is uploaded.
    let double = Double::new();
    let found = release(&double.server.uri(), true, &assets);
    double.on("GET", "/repos/o/r/releases/tags/spam@v3.0.0", answer(200, found));
    double.on("DELETE", "/repos/o/r/releases/assets/8", answer(403, json!({ "message": "no" })));
    let error = double.github.release("spam@v3.0.0", "spam 3", "text", &files()).unwrap_err().to_string();
    assert_eq!(error, "o/r: release: 403 no; the token needs contents: write");
    assert_eq!(double.requests().len(), 2);
}

#[test]
fn a_complete_release_stays_unchanged() {
    let double = Double::new();
    let found = release(&double.server.uri(), false, &json!([asset("uploaded", 2)]));
    double.on("GET", "/repos/o/r/releases/tags/spam@v3.0.0", answer(200, found));
    let done = double.github.release("spam@v3.0.0", "spam 3", "text", &files()[..1]).unwrap();
    assert!(!done.made && done.uploaded.is_empty(), "{done:?}");
    assert_eq!(double.requests(), ["GET /repos/o/r/releases/tags/spam@v3.0.0"]);
    let mut digest = asset("uploaded", 2);
    digest["digest"] = json!("sha256:00");
    for other in [asset("uploaded", 3), digest] {
        let double = Double::new();
        double.on(
            "GET",
            "/repos/o/r/releases/tags/spam@v3.0.0",
            answer(200, release(&double.server.uri(), false, &json!([other]))),
        );
        let error = double.github.release("spam@v3.0.0", "spam 3", "text", &files()).unwrap_err().to_string();
        assert_eq!(
            error,
            "o/r: release: 'model.json' exists with other content; delete the release, then run this again"
        );
    }
}

#[test]
fn a_release_needs_its_tag_and_uploads_only_to_github() {
    let double = Double::new();
    double.on("GET", "/repos/o/r/releases", answer(200, json!([])));
    let error = double.github.release("spam@v3.0.0", "spam 3", "text", &files()).unwrap_err().to_string();
    assert_eq!(error, "o/r: release: the tag spam@v3.0.0 does not exist; push it first");
    assert!(double.bodies("POST").is_empty());

    let double = Double::new();
    let thief = Double::new();
    double.on(
        "GET",
        "/repos/o/r/releases/tags/spam@v3.0.0",
        answer(200, release(&thief.server.uri(), false, &json!([]))),
    );
    let error = double.github.release("spam@v3.0.0", "spam 3", "text", &files()).unwrap_err().to_string();
    assert!(error.contains("is not on the API's host, so nothing was sent"), "{error}");
    assert!(thief.requests().is_empty());
}

#[test]
fn a_deployment_is_created_once_and_its_status_is_set_once() {
    let double = Double::new();
    double.on("GET", "/repos/o/r/deployments", answer(200, json!([])));
    let body = json!({
        "ref": "spam@v3.0.0", "environment": "production", "description": "d", "auto_merge": false, "required_contexts": [],
    });
    let mock = Mock::given(method("POST")).and(path("/repos/o/r/deployments")).and(body_json(body));
    double
        .runtime
        .block_on(mock.respond_with(answer(201, deployment(4, "spam@v3.0.0"))).mount(&double.server));
    double.on("GET", "/repos/o/r/deployments/4/statuses", answer(200, json!([status("in_progress")])));
    double.on("POST", "/repos/o/r/deployments/4/statuses", answer(201, status("success")));
    let id = double.github.deployment("spam@v3.0.0", "production", "d").unwrap();
    assert!(double.github.deployed(id, &"d".repeat(200)).unwrap().set);
    assert_eq!(double.bodies("POST")[1], json!({ "state": "success", "description": "d".repeat(140) }));

    let double = Double::new();
    double.on("GET", "/repos/o/r/deployments", answer(200, json!([deployment(4, "spam@v3.0.0")])));
    double.on("GET", "/repos/o/r/deployments/4/statuses", answer(200, json!([status("success")])));
    let id = double.github.deployment("spam@v3.0.0", "production", "d").unwrap();
    assert!(!double.github.deployed(id, "d").unwrap().set);
    assert!(double.bodies("POST").is_empty());

    // After a rollback the older deployment of this tag is no longer current, so a new deployment is created.
    let double = Double::new();
    double.on("GET", "/repos/o/r/deployments", answer(200, json!([deployment(5, "spam@v4.0.0")])));
    double.on("POST", "/repos/o/r/deployments", answer(201, deployment(6, "spam@v3.0.0")));
    assert_eq!(double.github.deployment("spam@v3.0.0", "production", "d").unwrap(), 6);
}

#[test]
fn promote_never_shows_the_token() {
    let double = Double::new();
    double.on(
        "GET",
        "/repos/o/r/issues/7/comments",
        answer(500, json!({ "message": format!("sorry, {TOKEN}") })),
    );
    let directory = fresh("token");
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/spam/models");
    let model = fs::read_dir(models).unwrap().next().unwrap().unwrap().path();
    let mut command = Command::new(env!("CARGO_BIN_EXE_promote"));
    command.current_dir(&directory).arg(model).args([
        "--comment",
        "7",
        "--github",
        "o/r",
        "-o",
        "promote.json",
    ]);
    command.env_clear().envs([
        ("GITHUB_TOKEN", TOKEN),
        ("GITHUB_API_URL", &double.server.uri()),
        ("RUST_BACKTRACE", "1"),
    ]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    let expected = "promote: version 1 is the champion, but publishing failed (o/r: comment: 500 sorry, ***; run this again; finished parts are skipped); run the same command again\n";
    assert_eq!(message, expected);
    assert!(output.stdout.is_empty());
    // The promotion remains, and no written file contains the token.
    let mut count = 0;
    let mut directories = vec![directory];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                assert!(!fs::read_to_string(&path).unwrap().contains(TOKEN), "{}", path.display());
                count += 1;
            }
        }
    }
    assert!(count >= 5, "only {count} files");
    // No option takes the token.
    let help = Command::new(env!("CARGO_BIN_EXE_promote")).arg("--help").output().unwrap();
    assert!(!String::from_utf8(help.stdout).unwrap().contains("--token"));
}

#[test]
fn missing_settings_are_reported_before_a_move() {
    let registry = fresh("missing").join("registry");
    let message = |words: &[&str], token: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_promote"));
        command.args(["--to", "1", "--registry"]).arg(&registry).args(words);
        let output = command.env_clear().env("GITHUB_TOKEN", token).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let line = "promote: GITHUB_REPOSITORY is not set; use --github OWNER/REPO\n";
    assert_eq!(message(&["--release"], TOKEN), line);
    let line = "promote: GITHUB_TOKEN is not set; set it to a GitHub token\n";
    assert_eq!(message(&["--dispatch", "o/r"], ""), line);
    let line = "promote: GITHUB_TOKEN: contains characters that no token has; copy the token again\n";
    assert_eq!(message(&["--dispatch", "o/r"], "gh s"), line);
    assert!(message(&["--github", "o"], TOKEN).contains("expected OWNER/REPOSITORY"));
    assert!(!registry.exists());
}
