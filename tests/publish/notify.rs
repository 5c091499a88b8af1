//! Tests `spamops notify` and `promote --notify` against loopback servers: the message to each channel, and channels that fail.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::directory::fresh;
use crate::server::{answer, server};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// 2026-10-01T00:00:00Z
const NOW: &str = "1790812800";

/// A directory with an empty run.
fn with_run(name: &str) -> PathBuf {
    let directory = fresh(name);
    fs::create_dir(directory.join("run")).unwrap();
    directory
}

/// Runs a tool with only this environment. Returns its status and the output of both streams.
fn run(tool: &str, arguments: &[&str], directory: &Path, environment: &[(&str, &str)]) -> (i32, String) {
    let mut command = Command::new(tool);
    command.args(arguments).current_dir(directory).env_clear().env("SOURCE_DATE_EPOCH", NOW);
    let output = command.envs(environment.iter().copied()).output().unwrap();
    let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code().unwrap(), printed)
}

fn notify(directory: &Path, to: &str, environment: &[(&str, &str)]) -> (i32, String) {
    let arguments = ["notify", "run", "--state", "state", "--to", to];
    run(env!("CARGO_BIN_EXE_spamops"), &arguments, directory, environment)
}

/// Promotes version 1 of the demo and writes its report to the run.
fn promoted(directory: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
    let model = fs::read_dir(format!("{ROOT}/models/spam/models")).unwrap().next().unwrap().unwrap().path();
    let mut all = vec![
        model.to_str().unwrap(),
        "--reason",
        "better <!here>",
        "--actor",
        "ann",
        "-o",
        "run/promote.json",
    ];
    all.extend(arguments);
    run(env!("CARGO_BIN_EXE_promote"), &all, directory, environment)
}

/// The head and the body of a request.
fn parts(request: &str) -> (String, Value) {
    let (start, body) = request.split_once("\r\n\r\n").unwrap();
    (start.to_owned(), serde_json::from_str(body).unwrap())
}

fn header<'a>(start: &'a str, name: &str) -> &'a str {
    start.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap()
}

#[test]
fn every_channel_gets_one_message_in_its_own_format() {
    let directory = with_run("each");
    assert_eq!(promoted(&directory, &[], &[]), (0, String::new()));
    let (url, requests) = server(vec![answer("200 OK", "", "ok"); 4]);
    let (slack, pagerduty) = (format!("{url}/T0/B0/hook"), format!("{url}/v2/enqueue"));
    let environment = [
        ("SLACK_WEBHOOK_URL", slack.as_str()),
        ("PAGERDUTY_EVENTS_URL", &pagerduty),
        ("PAGERDUTY_ROUTING_KEY", "r0uting"),
        ("ALERTMANAGER_URL", &url),
        ("SPAMOPS_WEBHOOK_URL", &url),
        ("SPAMOPS_WEBHOOK_SECRET", "whsec_c2VjcmV0"),
        ("GITHUB_SERVER_URL", "https://git.example"),
        ("GITHUB_REPOSITORY", "org/repo"),
        ("GITHUB_RUN_ID", "7"),
    ];
    assert_eq!(notify(&directory, "slack,pagerduty,alertmanager,webhook", &environment), (0, String::new()));
    let (status, printed) = notify(&directory, "slack,webhook", &environment);
    assert_eq!(status, 0);
    assert_eq!(
        printed,
        "spamops notify: slack was already notified\nspamops notify: webhook was already notified\n"
    );
    let requests = requests.join().unwrap();
    let (start, slack) = parts(&requests[0]);
    assert!(start.starts_with("POST /T0/B0/hook "), "{start}");
    assert_eq!(slack["text"], "spam: Version 1 is now the champion");
    assert_eq!(slack["blocks"][1]["text"]["text"], "Better <!here> (by ann).\nNothing to do.");
    assert_eq!(slack["blocks"][1]["text"]["type"], "plain_text");
    assert_eq!(
        slack["blocks"][2]["elements"][0]["text"],
        "<https://git.example/org/repo/actions/runs/7|Open the run>"
    );
    let (start, pagerduty) = parts(&requests[1]);
    assert!(start.starts_with("POST /v2/enqueue "), "{start}");
    assert_eq!(pagerduty["event_action"], "resolve");
    assert_eq!(
        (&pagerduty["routing_key"], &pagerduty["dedup_key"]),
        (&"r0uting".into(), &"spamops/spam/retrain".into())
    );
    let (start, alerts) = parts(&requests[2]);
    assert!(start.starts_with("POST /api/v2/alerts "), "{start}");
    assert_eq!(alerts[0]["labels"]["alertname"], "SpamopsPromoted");
    assert_eq!(alerts[1]["endsAt"], "2026-10-01T00:00:00Z");
    let (start, message) = parts(&requests[3]);
    assert_eq!(message["type"], "spamops.promoted");
    assert_eq!(header(&start, "webhook-id"), message["data"]["id"]);
    // The receiver checks the signature with Python's HMAC.
    let body = requests[3].split_once("\r\n\r\n").unwrap().1;
    let script = "import base64, hmac, sys\n\
                  print('v1,' + base64.b64encode(hmac.new(b'secret', '.'.join(sys.argv[1:]).encode(), 'sha256').digest()).decode())";
    let check = Command::new("python3")
        .args(["-c", script, header(&start, "webhook-id"), header(&start, "webhook-timestamp"), body])
        .output();
    match check {
        Ok(check) => {
            assert_eq!(String::from_utf8(check.stdout).unwrap().trim(), header(&start, "webhook-signature"));
        }
        Err(_) => println!("skipped: python3 is needed to check the signature"),
    }
}

#[test]
fn a_failed_channel_gives_a_warning_and_is_retried_next_time() {
    let directory = with_run("deaf");
    promoted(&directory, &[], &[]);
    let (status, printed) =
        notify(&directory, "slack,webhook", &[("SPAMOPS_WEBHOOK_URL", "http://127.0.0.1:9/secret")]);
    assert_eq!(status, 0);
    assert_eq!(
        printed,
        "spamops notify: warning: slack was not notified: SLACK_WEBHOOK_URL is not set; set it in the environment; the next run tries again\n\
         spamops notify: warning: webhook was not notified: SPAMOPS_WEBHOOK_SECRET is not set; set it in the environment; the next run tries again\n"
    );
    let (url, requests) = server(vec![
        answer("403 Forbidden", "", "invalid_token"),
        answer("404 Not Found", "", "no hook for s e c r e t 1 2 3, try c2VjcmV0MTIz"),
        answer("301 Moved Permanently", "Location: https://hooks.example/T0/secret123?x\r\n", ""),
        answer("200 OK", "", "ok"),
    ]);
    let hook = format!("{url}/T0/secret123");
    let (status, printed) = notify(&directory, "slack", &[("SLACK_WEBHOOK_URL", &hook)]);
    assert_eq!(status, 0);
    assert!(
        printed.contains("warning: slack was not notified: POST http://127.0.0.1:")
            && printed.contains(": 403 invalid_token"),
        "{printed}"
    );
    assert!(!printed.contains("secret"), "{printed}");
    // The answer repeats the address in another form.
    let (status, printed) = notify(&directory, "slack", &[("SLACK_WEBHOOK_URL", &hook)]);
    let why =
        ": 404 (the answer is not shown, because it can contain the address); the next run tries again\n";
    assert!(status == 0 && printed.contains(why), "{printed}");
    let (status, printed) = notify(&directory, "slack", &[("SLACK_WEBHOOK_URL", &hook)]);
    assert!(
        status == 0
            && printed
                .contains(": 301 (the address has moved; copy the new one); the next run tries again\n"),
        "{printed}"
    );
    assert_eq!(notify(&directory, "slack", &[("SLACK_WEBHOOK_URL", &hook)]), (0, String::new()));
    assert_eq!(requests.join().unwrap().len(), 4);
    let (_, printed) = notify(&directory, "slack", &[("SLACK_WEBHOOK_URL", "nonsense/secret")]);
    assert_eq!(printed, "spamops notify: slack was already notified\n");
    fs::remove_dir_all(directory.join("state")).unwrap();
    let (_, printed) = notify(&directory, "slack", &[("SLACK_WEBHOOK_URL", "nonsense/secret")]);
    assert_eq!(
        printed,
        "spamops notify: warning: slack was not notified: SLACK_WEBHOOK_URL is not an http:// or https:// address; correct it; the next run tries again\n"
    );
}

#[test]
fn a_promotion_notifies_only_if_something_moved() {
    let directory = with_run("promote");
    let (url, requests) = server(vec![answer("202 Accepted", "", "{}"); 1]);
    let environment = [("PAGERDUTY_EVENTS_URL", url.as_str()), ("PAGERDUTY_ROUTING_KEY", "r0uting")];
    let notify_pagerduty = ["--notify", "pagerduty"];
    assert_eq!(
        promoted(&directory, &["--notify", "pagerduty", "--dry-run"], &environment),
        (0, String::new())
    );
    // Registering a challenger notifies nobody, because the champion stays the same.
    let challenger = ["--notify", "pagerduty", "--alias", "challenger"];
    assert_eq!(promoted(&directory, &challenger, &environment), (0, String::new()));
    assert_eq!(promoted(&directory, &notify_pagerduty, &environment), (0, String::new()));
    let (status, printed) = promoted(&directory, &notify_pagerduty, &environment);
    assert_eq!((status, printed.as_str()), (0, "promote: version 1 is already the champion\n"));
    assert_eq!(requests.join().unwrap().len(), 1);
}

#[test]
fn a_promotion_that_the_registry_does_not_have_is_not_sent() {
    let directory = with_run("invented");
    promoted(&directory, &[], &[]);
    let path = directory.join("run/promote.json");
    let written = fs::read_to_string(&path).unwrap();
    // The server expects one request: the move that happened.
    let (url, requests) = server(vec![answer("200 OK", "", "ok"); 1]);
    let environment = [("SPAMOPS_WEBHOOK_URL", url.as_str()), ("SPAMOPS_WEBHOOK_SECRET", "whsec_c2VjcmV0")];
    for (from, to) in [
        ("\"version\": 1", "\"version\": 2"),
        ("\"sequence\": 1", "\"sequence\": 2"),
        ("\"actor\": \"ann\"", "\"actor\": \"bob\""),
        ("better <!here>", "click http://evil.example"),
        ("\"name\": \"spam\"", "\"name\": \"mail\""),
        ("\"digest\": \"", "\"digest\": \"0"),
        ("\"action\": \"assigned\"", "\"action\": \"rolled_back\""),
    ] {
        assert!(written.contains(from), "{from}: {written}");
        fs::write(&path, written.replacen(from, to, 1)).unwrap();
        let (status, printed) = notify(&directory, "webhook", &environment);
        assert!(status == 2 && printed.contains("as in promote.json; set --registry to"), "{to}: {printed}");
    }
    fs::write(&path, written.replacen("\"name\": \"spam\"", "\"name\": \"../spam\"", 1)).unwrap();
    let (status, printed) = notify(&directory, "webhook", &environment);
    assert!(
        status == 2 && printed.contains("run/promote.json: name '../spam': expected letters"),
        "{printed}"
    );
    fs::write(&path, &written).unwrap();
    let elsewhere = ["notify", "run", "--to", "webhook", "--registry", "nowhere"];
    let (status, printed) = run(env!("CARGO_BIN_EXE_spamops"), &elsewhere, &directory, &environment);
    assert_eq!(status, 2);
    assert_eq!(
        printed,
        "spamops notify: nowhere/spam: has no move 1 of 'champion' to version 1 as in promote.json; \
         set --registry to the registry that promote wrote\n"
    );
    assert_eq!(notify(&directory, "webhook", &environment), (0, String::new()));
    assert_eq!(requests.join().unwrap().len(), 1);
}

#[test]
fn a_promotion_is_not_sent_after_a_later_move() {
    let directory = with_run("later");
    promoted(&directory, &[], &[]);
    let first = fs::read(directory.join("run/promote.json")).unwrap();
    // The second move points the champion at another version.
    let data = format!("{ROOT}/data/messages.csv");
    let fit = ["--quiet", "--preset", "classic", &data, "-o", "m.json"];
    assert_eq!(run(env!("CARGO_BIN_EXE_fit"), &fit, &directory, &[]).0, 0);
    assert_eq!(run(env!("CARGO_BIN_EXE_promote"), &["m.json", "-o", "later.json"], &directory, &[]).0, 0);
    fs::write(directory.join("run/promote.json"), first).unwrap();
    assert_eq!(
        notify(&directory, "slack", &[("SLACK_WEBHOOK_URL", "http://127.0.0.1:9")]),
        (
            0,
            "spamops notify: champion has moved again since this run\nspamops notify: no alert to send\n"
                .to_owned()
        )
    );
}

#[test]
fn secrets_are_not_sent_without_encryption() {
    let directory = with_run("plain");
    promoted(&directory, &[], &[]);
    let environment = [
        ("SLACK_WEBHOOK_URL", "http://hooks.example/secret"),
        ("PAGERDUTY_EVENTS_URL", "http://events.example"),
        ("PAGERDUTY_ROUTING_KEY", "r0uting"),
        ("ALERTMANAGER_URL", "http://me:secret@alerts.example"),
        ("SPAMOPS_WEBHOOK_URL", "http://hooks.example"),
        ("SPAMOPS_WEBHOOK_SECRET", "secret"),
    ];
    let (status, printed) = notify(&directory, "slack,pagerduty,alertmanager,webhook", &environment);
    assert_eq!(status, 0);
    for (channel, name) in [
        ("slack", "SLACK_WEBHOOK_URL"),
        ("pagerduty", "PAGERDUTY_EVENTS_URL"),
        ("alertmanager", "ALERTMANAGER_URL"),
        ("webhook", "SPAMOPS_WEBHOOK_URL"),
    ] {
        let line = format!(
            "spamops notify: warning: {channel} was not notified: {name} is not an https:// address; \
             secrets are sent only over https, or to this machine; the next run tries again\n"
        );
        assert!(printed.contains(&line), "{printed}");
    }
}

#[test]
fn a_retrain_request_is_sent_again_after_a_promotion() {
    let directory = with_run("again");
    let data = format!("{ROOT}/data/messages.csv");
    let drift = ["--quiet", "--reference", &data, "--force", &data, "-o", "run/drift.json"];
    assert_eq!(run(env!("CARGO_BIN_EXE_drift"), &drift, &directory, &[]).0, 0);
    let (url, requests) = server(vec![answer("200 OK", "", "ok"); 3]);
    let environment = [("SLACK_WEBHOOK_URL", url.as_str())];
    let assert_sent = |is_old: bool| {
        let printed = if is_old { "spamops notify: slack was already notified\n" } else { "" };
        assert_eq!(notify(&directory, "slack", &environment), (0, printed.to_owned()));
    };
    assert_sent(false);
    assert_sent(true);
    promoted(&directory, &[], &[]);
    assert_sent(false);
    fs::remove_file(directory.join("run/promote.json")).unwrap();
    assert_sent(false);
    assert_eq!(requests.join().unwrap().len(), 3);
}
