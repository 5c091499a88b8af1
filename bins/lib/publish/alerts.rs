//! Sends alerts about a decision to Slack, PagerDuty, Alertmanager, or a signed webhook.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::io::address::bare;
use crate::io::dates::Timestamp;
use crate::io::diagnostics::inert;
use crate::io::result_file;
use crate::publish::http::{HttpClient, HttpMethod, HttpRequest, HttpSettings, Repeatable, address};
use crate::registry::CHAMPION;
use crate::registry::journal::JournalAction;
use crate::registry::moves::Promotion;

/// Where events of PagerDuty go, unless PAGERDUTY_EVENTS_URL says otherwise.
const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";

/// Reasons that an alert names, and characters of each.
const REASONS: usize = 10;
const LONG: usize = 250;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertKind {
    /// A new model is asked for.
    Retrain,
    /// A challenger was not good enough.
    Refused,
    /// A new champion serves.
    Promoted,
    /// A former champion serves again.
    RolledBack,
}

impl AlertKind {
    /// A word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Retrain => "retrain",
            Self::Refused => "refused",
            Self::Promoted => "promoted",
            Self::RolledBack => "rolled_back",
        }
    }

    fn severity(self) -> &'static str {
        match self {
            Self::Retrain | Self::Refused => "warning",
            Self::Promoted => "info",
            Self::RolledBack => "critical",
        }
    }

    fn alertname(self) -> &'static str {
        match self {
            Self::Retrain => "SpamopsRetrainNeeded",
            Self::Refused => "SpamopsChallengerRefused",
            Self::Promoted => "SpamopsPromoted",
            Self::RolledBack => "SpamopsRolledBack",
        }
    }
}

/// Something that people should hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// What happened.
    pub kind: AlertKind,
    /// To which of a registry's models.
    pub name: String,
    /// What tells it from others of its kind: told twice, it is the same news.
    pub subject: String,
    /// It in a sentence.
    pub says: String,
    /// Why.
    pub reasons: Vec<String>,
    /// When.
    pub time: Timestamp,
    /// The page of the run.
    pub run: Option<String>,
}

/// Whom to tell. What is secret about it comes from the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// An incoming webhook: SLACK_WEBHOOK_URL.
    Slack,
    /// An event of its API, version 2: PAGERDUTY_ROUTING_KEY.
    Pagerduty,
    /// An alert: ALERTMANAGER_URL.
    Alertmanager,
    /// A message signed as Standard Webhooks are: SPAMOPS_WEBHOOK_URL and SPAMOPS_WEBHOOK_SECRET.
    Webhook,
}

/// Each channel and its name.
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

/// Each channel once, in the order they were named.
pub fn distinct(channels: &[Channel]) -> Vec<Channel> {
    let mut distinct: Vec<Channel> = Vec::new();
    for channel in channels {
        if !distinct.contains(channel) {
            distinct.push(*channel);
        }
    }
    distinct
}

/// What the environment says.
pub type AlertSettings<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Alert {
    /// The news of a promotion; none where the champion did not move, as what serves is the same.
    pub fn of(promotion: &Promotion, time: Timestamp, run: Option<String>) -> Option<Self> {
        let Promotion { name, alias, version, digest, sequence, reason, actor, .. } = promotion;
        let back = promotion.action == JournalAction::RolledBack;
        let by = actor.as_ref().map(|actor| format!("by {actor}"));
        let moved = promotion.changed && !promotion.dry_run && alias == CHAMPION;
        moved.then(|| Self {
            kind: if back { AlertKind::RolledBack } else { AlertKind::Promoted },
            name: name.clone(),
            subject: format!("{alias} {sequence} {digest}"),
            says: format!("Version {version} is the {alias}{}", if back { " again" } else { "" }),
            reasons: [reason.clone()].into_iter().filter(|reason| !reason.is_empty()).chain(by).collect(),
            time,
            run,
        })
    }

    /// The same for the same news at the same time, and for nothing else.
    fn id(&self) -> String {
        let Self { kind, name, subject, time, .. } = self;
        result_file::digest(&format!("{} {name} {subject} {time}", kind.word())).split_off(32)
    }

    /// What a channel is sent, without what is secret.
    pub fn message(&self, channel: Channel) -> Value {
        match channel {
            Channel::Slack => self.slack(),
            Channel::Pagerduty => self.pagerduty(),
            Channel::Alertmanager => self.alertmanager(),
            Channel::Webhook => self.webhook(),
        }
    }

    fn title(&self) -> String {
        short(&format!("{}: {}", self.name, self.says))
    }

    fn why(&self) -> Vec<String> {
        self.reasons.iter().take(REASONS).map(|reason| short(reason)).collect()
    }

    /// Plain text, in which nothing is a link or calls a channel; the line for phones is escaped.
    fn slack(&self) -> Value {
        let plain = |text: String| json!({"type": "plain_text", "text": text, "emoji": false});
        let mut blocks = vec![json!({"type": "section", "text": plain(self.title())})];
        let mut why: Vec<Value> = self.why().into_iter().map(plain).collect();
        why.extend(self.run.as_ref().map(|run| plain(short(run))));
        if !why.is_empty() {
            why.truncate(REASONS);
            blocks.push(json!({"type": "context", "elements": why}));
        }
        let title = self.title().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        json!({"text": title, "blocks": blocks})
    }

    /// One incident for a model that is no longer right, which a promotion resolves; a rollback is one of its own.
    fn pagerduty(&self) -> Value {
        let key = match self.kind {
            AlertKind::RolledBack => format!("spamops/{}/{}", self.name, self.id()),
            _ => format!("spamops/{}/retrain", self.name),
        };
        if self.kind == AlertKind::Promoted {
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
                "class": self.kind.word(),
                "custom_details": {"reasons": self.why()},
            },
        });
        if let Some(run) = &self.run {
            event["links"] = json!([{"href": run, "text": "run"}]);
        }
        event
    }

    /// An alert by its labels; a promotion ends the one that asked for it.
    fn alertmanager(&self) -> Value {
        let labels = |kind: AlertKind| json!({"alertname": kind.alertname(), "model": self.name, "severity": kind.severity()});
        let time = self.time.to_string();
        let mut alert = json!({
            "labels": labels(self.kind),
            "annotations": {"summary": self.title(), "description": self.why().join("\n")},
            "startsAt": time,
        });
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
            "type": format!("spamops.{}", self.kind.word()),
            "timestamp": self.time.to_string(),
            "data": {
                "schema": result_file::schema("alert"),
                "id": self.id(),
                "kind": self.kind.word(),
                "name": self.name,
                "says": short(&self.says),
                "reasons": self.why(),
                "run": self.run,
            },
        })
    }

    /// Tells one channel.
    pub fn send(&self, channel: Channel, environment: AlertSettings<'_>) -> Result<()> {
        let client =
            HttpClient::new(HttpSettings { timeout: Duration::from_secs(10), ..HttpSettings::default() })?;
        let wanted = |name: &str| environment(name).with_context(|| format!("{name} is not set"));
        let mut message = self.message(channel);
        // An address is a secret, too: an error names the channel instead.
        let (url, twice) = match channel {
            Channel::Slack => (wanted("SLACK_WEBHOOK_URL")?, Repeatable::Harmful),
            Channel::Pagerduty => {
                message["routing_key"] = json!(wanted("PAGERDUTY_ROUTING_KEY")?);
                (
                    environment("PAGERDUTY_EVENTS_URL").unwrap_or_else(|| PAGERDUTY.into()),
                    Repeatable::Harmless,
                )
            }
            Channel::Alertmanager => {
                let url = wanted("ALERTMANAGER_URL")?;
                (format!("{}/api/v2/alerts", url.trim_end_matches('/')), Repeatable::Harmless)
            }
            Channel::Webhook => (wanted("SPAMOPS_WEBHOOK_URL")?, Repeatable::Harmless),
        };
        if address(&url).is_err() {
            bail!("its address is no http:// or https:// address");
        }
        let body = serde_json::to_vec(&message)?;
        let mut request = HttpRequest::new(HttpMethod::Post, &url, twice)
            .body("application/json", &body)
            .shown_as(host(&url));
        if channel == Channel::Webhook {
            let (id, now) = (self.id(), self.time.0.to_string());
            let signature = signature(&wanted("SPAMOPS_WEBHOOK_SECRET")?, &id, &now, &body)?;
            request = request.header("webhook-id", id).header("webhook-timestamp", now);
            request = request.header("webhook-signature", signature);
        }
        // A server may repeat what it was sent, or say where that has moved to: the same path at another host.
        let path = path(&url);
        let bare = path.split(['?', '#']).next().unwrap_or_default();
        let secrets = [&url, path, bare, message["routing_key"].as_str().unwrap_or_default()];
        let hidden = |line: String| {
            secrets
                .iter()
                .filter(|secret| secret.len() > 1)
                .fold(line, |line, secret| line.replace(secret, "…"))
        };
        client.send(&request).map_err(|failure| anyhow!(hidden(failure.to_string())))?;
        Ok(())
    }
}

/// The host of an address, which is no secret.
fn host(url: &str) -> String {
    let bare = bare(url);
    let end = bare.match_indices('/').nth(2).map_or(bare.len(), |(at, _)| at);
    bare[..end].to_owned()
}

/// All of an address but its host.
fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find(['/', '?', '#']).map_or("", |at| &rest[at..])
}

/// Signs a message (Standard Webhooks 1.0): HMAC-SHA256 of id, time and body, by a secret that is in base64 behind `whsec_`,
/// or else counts as it is.
fn signature(secret: &str, id: &str, time: &str, body: &[u8]) -> Result<String> {
    let key = match secret.strip_prefix("whsec_") {
        Some(coded) => {
            BASE64_STANDARD.decode(coded).ok().context("SPAMOPS_WEBHOOK_SECRET is no base64 behind whsec_")?
        }
        None => secret.as_bytes().to_vec(),
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(&key)?;
    mac.update(format!("{id}.{time}.").as_bytes());
    mac.update(body);
    Ok(format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes())))
}

/// A sentence cut short, on one line.
fn short(text: &str) -> String {
    let cut: String = text.chars().take(LONG).collect();
    inert(&if cut.len() < text.len() { format!("{cut}…") } else { cut })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(kind: AlertKind) -> Alert {
        Alert {
            kind,
            name: "spam".into(),
            subject: "a".into(),
            says: "A <!channel> & co".into(),
            reasons: vec!["x".repeat(300), "line\nbreak".into()],
            time: Timestamp(1_790_812_800),
            run: Some("https://ci.example/7".into()),
        }
    }

    #[test]
    fn a_message_is_signed_as_its_receivers_check_it() {
        // Python: base64.b64encode(hmac.new(base64.b64decode("c2VjcmV0"), b'id.1790812800.{"a":1}', "sha256").digest())
        let golden = "v1,bZxPfDK9iDTLWt+Aqs4FUDHJevFDk8m5Z62rCZXYMeU=";
        assert_eq!(signature("whsec_c2VjcmV0", "id", "1790812800", br#"{"a":1}"#).unwrap(), golden);
        assert_eq!(signature("secret", "id", "1790812800", br#"{"a":1}"#).unwrap(), golden);
        signature("whsec_?", "id", "1", b"").unwrap_err();
    }

    #[test]
    fn what_a_message_says_calls_nobody() {
        let slack = alert(AlertKind::Retrain).message(Channel::Slack);
        assert_eq!(slack["text"], "spam: A &lt;!channel&gt; &amp; co");
        let texts: Vec<_> = slack["blocks"].as_array().unwrap().iter().collect();
        assert_eq!(texts[0]["text"]["type"], "plain_text");
        let why = texts[1]["elements"].as_array().unwrap();
        assert_eq!(why[0]["text"].as_str().unwrap().chars().count(), LONG + 1);
        assert_eq!(why[1]["text"], "line break");
    }

    #[test]
    fn a_promotion_ends_what_asked_for_it() {
        let key = |kind| alert(kind).message(Channel::Pagerduty)["dedup_key"].clone();
        assert_eq!(key(AlertKind::Retrain), key(AlertKind::Promoted));
        assert_eq!(key(AlertKind::Refused), key(AlertKind::Promoted));
        assert_ne!(key(AlertKind::RolledBack), key(AlertKind::Promoted));
        assert_eq!(alert(AlertKind::Promoted).message(Channel::Pagerduty)["event_action"], "resolve");
        let asked = alert(AlertKind::Retrain).message(Channel::Alertmanager);
        let ended = alert(AlertKind::Promoted).message(Channel::Alertmanager);
        assert_eq!(asked[0]["labels"], ended[1]["labels"]);
        assert_eq!(ended[1]["endsAt"], ended[0]["startsAt"]);
    }

    #[test]
    fn an_address_tells_its_host_only() {
        assert_eq!(host("https://hooks.example/T0/B0/secret?x"), "https://hooks.example");
        assert_eq!(host("http://me:pass@127.0.0.1:9"), "http://127.0.0.1:9");
    }
}
