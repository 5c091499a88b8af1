//! Sends alerts about a decision to Slack, PagerDuty, Alertmanager, or a signed webhook.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result, anyhow, bail};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::io::address::{bare, credentials, is_private};
use crate::io::dates::{DAY, Timestamp};
use crate::io::diagnostics::inert;
use crate::io::environment::seconds;
use crate::io::limits;
use crate::io::result_file;
use crate::publish::http::{HttpClient, HttpMethod, HttpRequest, HttpSettings, Idempotence, address};
use crate::report::notices::{AlertKind, Notice};

/// PagerDuty's address. PAGERDUTY_EVENTS_URL replaces this address.
const PAGERDUTY_EVENTS: &str = "https://events.pagerduty.com/v2/enqueue";

/// The answers of Slack that say why it refused a message.
const KNOWN_ANSWERS: [&str; 9] = [
    "action_prohibited",
    "channel_is_archived",
    "channel_not_found",
    "invalid_payload",
    "invalid_token",
    "no_service",
    "no_team",
    "no_text",
    "user_not_found",
];

/// Maximum number of characters in a line of a message.
const MAX_CHARS: usize = 300;

/// Time after which Alertmanager forgets a condition that nobody ended.
const FORGOTTEN_AFTER: i64 = 365 * DAY;

/// News for people, with the model and the run behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    pub kind: AlertKind,
    /// Name of the model in the registry.
    pub name: String,
    /// Identifies the condition, so that no alert is sent twice.
    pub state: String,
    /// Whether the condition is over.
    pub over: bool,
    /// What happened.
    pub says: String,
    /// The numbers behind it; can be empty.
    pub because: String,
    /// What to do.
    pub advice: String,
    pub time: Timestamp,
    /// Address of the run's page.
    pub run: Option<String>,
}

/// A destination of alerts. Its address and secrets come from the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// An incoming webhook: SLACK_WEBHOOK_URL.
    Slack,
    /// PagerDuty Events API v2: PAGERDUTY_ROUTING_KEY.
    Pagerduty,
    /// Alertmanager API v2: ALERTMANAGER_URL.
    Alertmanager,
    /// Standard Webhooks, signed: SPAMOPS_WEBHOOK_URL and SPAMOPS_WEBHOOK_SECRET.
    Webhook,
}

const CHANNELS: [(&str, Channel); 4] = [
    ("slack", Channel::Slack),
    ("pagerduty", Channel::Pagerduty),
    ("alertmanager", Channel::Alertmanager),
    ("webhook", Channel::Webhook),
];

impl FromStr for Channel {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let known = CHANNELS.iter().find(|(name, _)| *name == text);
        known.map(|(_, channel)| *channel).context("expected slack, pagerduty, alertmanager or webhook")
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = CHANNELS.iter().find(|(_, channel)| channel == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

/// Removes repeated channels and keeps the order.
pub fn distinct(channels: &[Channel]) -> Vec<Channel> {
    let mut distinct: Vec<Channel> = Vec::new();
    for channel in channels {
        if !distinct.contains(channel) {
            distinct.push(*channel);
        }
    }
    distinct
}

/// Reads an environment variable.
pub type AlertSettings<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Alert {
    /// The alert of a notice about the model `name`.
    pub fn of(notice: Notice, name: &str, time: Timestamp, run: Option<String>) -> Self {
        let Notice { kind, state, is_over, says, because, advice } = notice;
        let [says, because, advice] = [says, because, advice].map(|line| shortened(&line));
        Self { kind, name: name.to_owned(), state, over: is_over, says, because, advice, time, run }
    }

    /// The id by which receivers drop repeated deliveries.
    pub fn id(&self) -> String {
        let Self { state, over, time, .. } = self;
        result_file::digest(&format!("{} {state} {over} {time}", self.subject())).split_off(32)
    }

    /// The model and the event, under which the state records this alert.
    pub fn subject(&self) -> String {
        format!("{} {}", self.name, self.kind)
    }

    /// Whether a channel shows this alert. People do not read that some conditions are over, but programs must know.
    pub fn is_for(&self, channel: Channel) -> bool {
        channel != Channel::Slack || !self.over || self.kind.ends_aloud()
    }

    /// The message for a channel, without secrets.
    pub fn message(&self, channel: Channel) -> Value {
        match channel {
            Channel::Slack => self.slack(),
            Channel::Pagerduty => self.pagerduty(),
            Channel::Alertmanager => self.alertmanager(),
            Channel::Webhook => self.webhook(),
        }
    }

    fn title(&self) -> String {
        shortened(&format!("{}: {}", self.name, self.says))
    }

    /// The lines below the title.
    fn details(&self) -> String {
        let lines = [&self.because, &self.advice].into_iter().filter(|line| !line.is_empty());
        lines.map(|line| shortened(line)).collect::<Vec<_>>().join("\n")
    }

    /// Blocks of plain text, so that a message cannot contain a link or mention anyone. The notification text is escaped.
    /// Only the address of the run becomes a link.
    fn slack(&self) -> Value {
        let plain = |text: String| json!({"type": "plain_text", "text": text, "emoji": false});
        let section = |text: String| json!({"type": "section", "text": plain(text)});
        let texts = [self.title(), self.details()].into_iter().filter(|text| !text.is_empty());
        let mut blocks: Vec<Value> = texts.map(section).collect();
        blocks.extend(self.run.as_ref().map(|run| {
            let is_link = address(run).is_ok() && !run.contains(['|', '<', '>', ' ']);
            let element = if is_link {
                let link = format!("<{}|Open the run>", run.replace('&', "&amp;"));
                json!({"type": "mrkdwn", "text": link})
            } else {
                plain(shortened(run))
            };
            json!({"type": "context", "elements": [element]})
        }));
        json!({"text": escaped(&self.title()), "blocks": blocks})
    }

    /// A retrain, or a challenger that is not promoted, opens one incident per model. A promotion resolves that
    /// incident. Every other condition opens an incident of its own, and resolves it.
    fn pagerduty(&self) -> Value {
        let key = match self.kind {
            AlertKind::RolledBack => format!("spamops/{}/{}", self.name, self.id()),
            AlertKind::Retrain | AlertKind::Refused | AlertKind::Promoted => {
                format!("spamops/{}/retrain", self.name)
            }
            kind => format!("spamops/{}/{kind}", self.name),
        };
        if self.over || self.kind == AlertKind::Promoted {
            return json!({"event_action": "resolve", "dedup_key": key});
        }
        let mut event = json!({
            "event_action": "trigger",
            "dedup_key": key,
            "payload": {
                "summary": self.title(),
                "source": "spamops",
                "severity": self.kind.severity(),
                "timestamp": self.time.to_string(),
                "component": self.name,
                "class": self.kind.name(),
                "custom_details": {"because": shortened(&self.because), "advice": shortened(&self.advice)},
            },
        });
        if let Some(run) = &self.run {
            event["links"] = json!([{"href": run, "text": "run"}]);
        }
        event
    }

    /// One alert with its labels. A condition ends when spamops says so, not after Alertmanager's resolve_timeout. A
    /// promotion also ends the alerts that led to it. Alertmanager passes annotations on to Slack as markup, so they are
    /// escaped.
    fn alertmanager(&self) -> Value {
        let labels = |kind: AlertKind| json!({"alertname": alertname(kind), "model": self.name, "severity": kind.severity()});
        let time = self.time.to_string();
        if self.over {
            return json!([{"labels": labels(self.kind), "endsAt": time}]);
        }
        let mut alert = json!({
            "labels": labels(self.kind),
            "annotations": {"summary": escaped(&self.title()), "description": escaped(&self.details())},
            "startsAt": time,
        });
        if self.kind.lasts() {
            alert["endsAt"] = json!(Timestamp(self.time.0.saturating_add(FORGOTTEN_AFTER)).to_string());
        }
        if let Some(run) = &self.run {
            alert["generatorURL"] = json!(run);
        }
        match self.kind {
            AlertKind::Promoted => {
                let ended = [AlertKind::Retrain, AlertKind::Refused]
                    .map(|kind| json!({"labels": labels(kind), "endsAt": time}));
                json!([alert, ended[0], ended[1]])
            }
            _ => json!([alert]),
        }
    }

    fn webhook(&self) -> Value {
        json!({
            "type": format!("spamops.{}", self.kind),
            "timestamp": self.time.to_string(),
            "data": {
                "schema": result_file::schema("alert"),
                "id": self.id(),
                "kind": self.kind.name(),
                "severity": self.kind.severity(),
                "over": self.over,
                "name": self.name,
                "says": shortened(&self.says),
                "because": shortened(&self.because),
                "advice": shortened(&self.advice),
                "run": self.run,
            },
        })
    }

    pub fn send(&self, channel: Channel, environment: AlertSettings<'_>) -> Result<()> {
        let timeout = seconds(environment, "SPAMOPS_HTTP_TIMEOUT", limits::ALERT_TIME)?;
        let client = HttpClient::new(HttpSettings { timeout, ..HttpSettings::default() })?;
        let required = |name: &str| {
            environment(name).with_context(|| format!("{name} is not set; set it in the environment"))
        };
        let mut message = self.message(channel);
        // The address is a secret, too, so an error names its variable instead.
        let (variable, url, idempotence) = match channel {
            Channel::Slack => {
                let variable = "SLACK_WEBHOOK_URL";
                (variable, required(variable)?, Idempotence::NotIdempotent)
            }
            Channel::Pagerduty => {
                message["routing_key"] = json!(required("PAGERDUTY_ROUTING_KEY")?);
                let variable = "PAGERDUTY_EVENTS_URL";
                let url = environment(variable).unwrap_or_else(|| PAGERDUTY_EVENTS.into());
                (variable, url, Idempotence::Idempotent)
            }
            Channel::Alertmanager => {
                let variable = "ALERTMANAGER_URL";
                let url = format!("{}/api/v2/alerts", required(variable)?.trim_end_matches('/'));
                (variable, url, Idempotence::Idempotent)
            }
            Channel::Webhook => {
                let variable = "SPAMOPS_WEBHOOK_URL";
                (variable, required(variable)?, Idempotence::Idempotent)
            }
        };
        if address(&url).is_err() {
            bail!("{variable} is not an http:// or https:// address; correct it");
        }
        // The address of Alertmanager is the only one that is not secret.
        let is_secret = channel != Channel::Alertmanager || credentials(&url).is_some();
        if is_secret && !is_private(&url) {
            bail!(
                "{variable} is not an https:// address; secrets are sent only over https, or to this machine"
            );
        }
        let body = serde_json::to_vec(&message)?;
        let mut request = HttpRequest::new(HttpMethod::Post, &url, idempotence)
            .body("application/json", &body)
            .shown_as(host(&url));
        if channel == Channel::Webhook {
            let (id, now) = (self.id(), self.time.0.to_string());
            let signature = signature(&required("SPAMOPS_WEBHOOK_SECRET")?, &id, &now, &body)?;
            request = request.header("webhook-id", id).header("webhook-timestamp", now);
            request = request.header("webhook-signature", signature);
        }
        client.send(&request).map_err(|failure| {
            if let Some(status) = failure.status.filter(|status| is_secret && *status >= 300) {
                return anyhow!("POST {}: {status} {}", host(&url), refusal(status, &failure.text));
            }
            let secrets = [&*url, path(&url)].into_iter().filter(|secret| secret.len() > 1);
            anyhow!(secrets.fold(failure.to_string(), |line, secret| line.replace(secret, "…")))
        })?;
        Ok(())
    }
}

/// The name of an alert in Alertmanager.
fn alertname(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::Retrain => "SpamopsRetrainNeeded",
        AlertKind::LabelsNeeded => "SpamopsLabelsNeeded",
        AlertKind::FeedBroken => "SpamopsFeedBroken",
        AlertKind::UnknownLabels => "SpamopsUnknownLabels",
        AlertKind::NoRows => "SpamopsNoRows",
        AlertKind::Suspects => "SpamopsSuspectRows",
        AlertKind::Refused => "SpamopsChallengerRefused",
        AlertKind::Held => "SpamopsChampionHeld",
        AlertKind::RunFailed => "SpamopsRunFailed",
        AlertKind::Promoted => "SpamopsPromoted",
        AlertKind::RolledBack => "SpamopsRolledBack",
    }
}

/// What an answer of a secret address says. The answer may repeat the address in any form, so only known words are shown.
fn refusal(status: u16, answer: &str) -> &'static str {
    let known = KNOWN_ANSWERS.into_iter().find(|known| answer.trim() == *known);
    let moved = (300..400).contains(&status).then_some("(the address has moved; copy the new one)");
    known.or(moved).unwrap_or("(the answer is not shown, because it can contain the address)")
}

/// Escapes the characters of Slack's markup, so that a text cannot contain a link or mention anyone.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Scheme and host of an address, which are not secret.
fn host(url: &str) -> String {
    let bare = bare(url);
    let end = bare.match_indices('/').nth(2).map_or(bare.len(), |(at, _)| at);
    bare[..end].to_owned()
}

/// Path and query of an address.
fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find(['/', '?', '#']).map_or("", |at| &rest[at..])
}

/// Signs a message (Standard Webhooks 1.0): HMAC-SHA256 of id, time and body.
///
/// After the prefix `whsec_`, the secret is base64; without the prefix, its bytes are the key.
fn signature(secret: &str, id: &str, time: &str, body: &[u8]) -> Result<String> {
    let key = match secret.strip_prefix("whsec_") {
        Some(coded) => BASE64_STANDARD
            .decode(coded)
            .ok()
            .context("SPAMOPS_WEBHOOK_SECRET is not base64 after whsec_; copy the secret again")?,
        None => secret.as_bytes().to_vec(),
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(&key)?;
    mac.update(format!("{id}.{time}.").as_bytes());
    mac.update(body);
    Ok(format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes())))
}

/// Puts a text on one line and shortens it. A reason that a person gave may be long.
fn shortened(text: &str) -> String {
    let cut: String = text.chars().take(MAX_CHARS).collect();
    inert(&if cut.len() < text.len() { format!("{cut}…") } else { cut })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(kind: AlertKind) -> Alert {
        Alert {
            kind,
            name: "spam".into(),
            state: "a".into(),
            over: false,
            says: "A <!channel> & co".into(),
            because: "x".repeat(400),
            advice: "line\nbreak".into(),
            time: Timestamp(1_790_812_800),
            run: Some("https://ci.example/7".into()),
        }
    }

    #[test]
    fn signature_matches_standard_webhooks() {
        // Python: base64.b64encode(hmac.new(base64.b64decode("c2VjcmV0"), b'id.1790812800.{"a":1}', "sha256").digest())
        let golden = "v1,bZxPfDK9iDTLWt+Aqs4FUDHJevFDk8m5Z62rCZXYMeU=";
        assert_eq!(signature("whsec_c2VjcmV0", "id", "1790812800", br#"{"a":1}"#).unwrap(), golden);
        assert_eq!(signature("secret", "id", "1790812800", br#"{"a":1}"#).unwrap(), golden);
        signature("whsec_?", "id", "1", b"").unwrap_err();
    }

    #[test]
    fn annotations_of_alertmanager_mention_nobody() {
        let alertmanager = alert(AlertKind::Retrain).message(Channel::Alertmanager);
        assert_eq!(alertmanager[0]["annotations"]["summary"], "spam: A &lt;!channel&gt; &amp; co");
    }

    #[test]
    fn a_slack_message_mentions_nobody_and_is_shortened() {
        let slack = alert(AlertKind::Retrain).message(Channel::Slack);
        assert_eq!(slack["text"], "spam: A &lt;!channel&gt; &amp; co");
        let texts = slack["blocks"].as_array().unwrap();
        assert_eq!(texts[0]["text"]["type"], "plain_text");
        let lines: Vec<&str> = texts[1]["text"]["text"].as_str().unwrap().lines().collect();
        assert_eq!((lines[0].chars().count(), lines[1]), (MAX_CHARS + 1, "line break"));
        assert_eq!(texts[2]["elements"][0]["text"], "<https://ci.example/7|Open the run>");
        let odd = Alert { run: Some("https://ci.example/7|<!channel>".into()), ..alert(AlertKind::Retrain) };
        assert_eq!(odd.message(Channel::Slack)["blocks"][2]["elements"][0]["type"], "plain_text");
    }

    #[test]
    fn the_end_of_a_condition_resolves_its_own_incident() {
        for kind in AlertKind::ALL.into_iter().filter(|kind| kind.lasts()) {
            let (begun, over) = (alert(kind), Alert { over: true, ..alert(kind) });
            let [begun_key, over_key] =
                [&begun, &over].map(|alert| alert.message(Channel::Pagerduty)["dedup_key"].clone());
            assert_eq!(begun_key, over_key);
            assert_eq!(over.message(Channel::Pagerduty)["event_action"], "resolve");
            let [begun, over] = [begun, over].map(|alert| alert.message(Channel::Alertmanager)[0].clone());
            assert_eq!(begun["labels"], over["labels"]);
            assert_eq!(
                (&begun["endsAt"], &over["endsAt"]),
                (&"2027-10-01T00:00:00Z".into(), &"2026-10-01T00:00:00Z".into())
            );
        }
    }

    #[test]
    fn a_promotion_resolves_the_retrain_alert() {
        let key = |kind| alert(kind).message(Channel::Pagerduty)["dedup_key"].clone();
        assert_eq!(key(AlertKind::Retrain), key(AlertKind::Promoted));
        assert_eq!(key(AlertKind::Refused), key(AlertKind::Promoted));
        assert_ne!(key(AlertKind::RolledBack), key(AlertKind::Promoted));
        assert_eq!(alert(AlertKind::Promoted).message(Channel::Pagerduty)["event_action"], "resolve");
        let opened = alert(AlertKind::Retrain).message(Channel::Alertmanager);
        let ended = alert(AlertKind::Promoted).message(Channel::Alertmanager);
        assert_eq!(opened[0]["labels"], ended[1]["labels"]);
        assert_eq!(ended[1]["endsAt"], ended[0]["startsAt"]);
    }

    #[test]
    fn host_leaves_out_path_query_and_credentials() {
        assert_eq!(host("https://hooks.example/T0/B0/secret?x"), "https://hooks.example");
        assert_eq!(host("http://me:pass@127.0.0.1:9"), "http://127.0.0.1:9");
    }
}
