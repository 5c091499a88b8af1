//! spamops notify: tells people the news of a run through Slack, PagerDuty, Alertmanager or a webhook.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;

use ::spamops::cli::tool::{self, Outcome, Scene, Tool};
use ::spamops::io::dates::Timestamp;
use ::spamops::io::diagnostics::shown;
use ::spamops::io::environment;
use ::spamops::io::stream::Place;
use ::spamops::publish::alerts::{Alert, Channel, distinct};
use ::spamops::registry::moves::Promotion;
use ::spamops::registry::recorded_move::MoveStanding;
use ::spamops::registry::{self, Registry};
use ::spamops::report::notices::{self, AlertKind, Notice, NoticeLimits};
use ::spamops::report::{self, RunResults};
use ::spamops::state::gathered::State;
use ::spamops::state::told::{NotificationEntry, ToldChannel};

/// Tell people the news of a run through Slack, PagerDuty, Alertmanager or a webhook
///
/// What it does: Reads the results in the directory of a run; missing files are skipped. Each message has three lines:
/// what happened, the numbers behind it, and what to do. Results of different runs are an error. So is a promotion that
/// the journal of the registry does not have.
///
/// Input: The secrets come from the environment: SLACK_WEBHOOK_URL, PAGERDUTY_ROUTING_KEY, ALERTMANAGER_URL, or
/// SPAMOPS_WEBHOOK_URL and SPAMOPS_WEBHOOK_SECRET. The secret signs the message (Standard Webhooks).
/// SPAMOPS_HTTP_TIMEOUT limits each request (10 seconds).
///
/// Output: One message per event and channel. If a channel fails, notify prints a warning and the exit status is 0. With
/// --state, the next run sends the message.
///
/// Method: With --state, a channel is told once: when a condition begins, when it changes, and when it is over. Slack is
/// told only that the feed is repaired, that rows arrive again and that a run works again. PagerDuty and Alertmanager
/// resolve every condition. Without --state, nothing is remembered, so each call tells every condition.
#[derive(Parser)]
#[command(
    name = "notify",
    bin_name = "spamops notify",
    after_help = "\
Events, with their severity:
  retrain         warning   a retrain is needed, and no challenger was compared
  labels_needed   warning   a retrain needs more labels; to-label.csv has the rows
  feed_broken     error     the new rows break the contract
  unknown_labels  warning   rows are rejected because their labels are unknown
  no_rows         error     no new rows for --days-without-rows
  suspects        error     training rows look like an attack; compare has the phrase
  refused         warning   --refused-challengers in a row were not promoted
  held            warning   the champion is held for --days-held
  run_failed      error     a step failed, or the run did not start
  promoted        info      a challenger became the champion
  rolled_back     critical  an earlier version is the champion again

Examples:
  spamops notify out/ --to slack --to pagerduty --state state
  spamops notify out/ --to slack --state state --notify-on feed_broken,run_failed,labels_needed
  spamops notify out/ --to webhook --dry-run          # shows the messages"
)]
pub(crate) struct Args {
    /// Directory of a run
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// Channels to notify: slack, pagerduty, alertmanager, webhook
    #[arg(long, value_name = "CHANNELS", required = true, value_delimiter = ',')]
    to: Vec<Channel>,

    /// Events to notify about [default: all]
    ///
    /// A comma-separated list of the events below.
    #[arg(long, value_name = "EVENTS", value_delimiter = ',')]
    notify_on: Vec<AlertKind>,

    /// Name of the model in the registry
    #[arg(long, value_name = "NAME", default_value = registry::MODEL, value_parser = registry::name)]
    name: String,

    /// Directory of the registry [default: models]
    ///
    /// A promotion is sent only if the journal of this registry has it. If the alias has moved again since, notify does
    /// not send it.
    #[arg(long, value_name = "DIR")]
    registry: Option<PathBuf>,

    /// Directory of the state, which records what each channel was told
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,

    /// Days without new rows after which no_rows is told
    #[arg(long, value_name = "DAYS", default_value_t = 3)]
    days_without_rows: u32,

    /// Number of challengers in a row, not promoted, after which refused is told
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    refused_challengers: u32,

    /// Days of a hold after which held is told
    #[arg(long, value_name = "DAYS", default_value_t = 7)]
    days_held: u32,

    /// Hours after which a condition that lasts is told again [default: never]
    #[arg(long, value_name = "HOURS")]
    repeat_hours: Option<u32>,

    /// Tell that the run failed, with this reason
    #[arg(long, value_name = "TEXT", hide_short_help = true)]
    failed: Option<String>,

    /// URL of the run [default: the URL of the GitHub workflow run]
    #[arg(long, value_name = "URL")]
    run_url: Option<String>,

    /// Print the messages, one line per message and channel, and send nothing
    #[arg(long)]
    dry_run: bool,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        ensure!(
            self.directory.is_dir(),
            "{}: is not a directory; name the directory of a run",
            self.directory.display()
        );
        let run = report::read(&self.directory)?;
        let now = scene.now()?;
        let state = self.state.as_deref().map(State::open).transpose()?;
        let alerts = self.alerts(&run, state.as_ref(), now, scene)?;
        let entries = state.as_ref().map(State::notifications).transpose()?.unwrap_or_default();
        let mut lines = String::new();
        let mut is_silent = true;
        for channel in distinct(&self.to) {
            let told = ToldChannel::of(&entries, &channel.to_string());
            let news: Vec<&Alert> = alerts.iter().filter(|alert| !self.is_known(alert, &told)).collect();
            let is_quiet = news.is_empty() && told.waiting.is_empty();
            let is_repeated = is_quiet && alerts.iter().any(|alert| !alert.over);
            if is_repeated {
                scene.remark(format!("{channel} was already notified"));
            }
            is_silent &= is_quiet && !is_repeated;
            if self.dry_run {
                let shown = news.into_iter().filter(|alert| alert.is_for(channel));
                lines.extend(shown.map(|alert| format!("{}\n", alert.message(channel))));
            } else {
                let delivery = Delivery { channel, state: state.as_ref(), time: now, scene };
                delivery.send_all(&told, &news);
            }
        }
        Place::Standard.write_text(&lines)?;
        if is_silent {
            scene.remark("no alert to send");
        }
        Ok(Outcome::Done)
    }
}

/// Sends messages to one channel, and records them.
struct Delivery<'a> {
    channel: Channel,
    state: Option<&'a State>,
    time: Timestamp,
    scene: &'a Scene,
}

impl Delivery<'_> {
    /// Sends the messages that wait, then the news. After the first failure, the others wait for the next run.
    fn send_all(&self, told: &ToldChannel, news: &[&Alert]) {
        let mut is_up = true;
        for waiting in &told.waiting {
            let alert = waiting.waiting.clone().and_then(|alert| serde_json::from_value::<Alert>(alert).ok());
            // An unreadable message cannot be sent, so it stops waiting.
            is_up = is_up && alert.is_none_or(|alert| self.is_sent(&alert));
            if is_up {
                self.record(&NotificationEntry { time: self.time.0, waiting: None, ..(*waiting).clone() });
            }
        }
        for alert in news {
            let is_shown = alert.is_for(self.channel);
            let is_told = !is_shown || is_up && self.is_sent(alert);
            is_up = is_told || !is_shown && is_up;
            self.record(&NotificationEntry {
                time: self.time.0,
                channel: self.channel.to_string(),
                subject: alert.subject(),
                state: alert.state.clone(),
                over: alert.over,
                id: alert.id(),
                waiting: if is_told { None } else { serde_json::to_value(alert).ok() },
            });
        }
    }

    fn is_sent(&self, alert: &Alert) -> bool {
        let sent = alert.send(self.channel, &environment::variable);
        if let Err(error) = &sent {
            let again = if self.state.is_some() { "; the next run tries again" } else { "" };
            self.scene.warn(format!("{} was not notified: {error:#}{again}", self.channel));
        }
        sent.is_ok()
    }

    fn record(&self, entry: &NotificationEntry) {
        let Some(state) = self.state else { return };
        if let Err(error) = state.record_notification(entry) {
            let channel = self.channel;
            self.scene.warn(format!(
                "the state does not record what {channel} was told: {error:#}; the next run can notify it again"
            ));
        }
    }
}

impl Args {
    /// Whether a channel already knows this.
    fn is_known(&self, alert: &Alert, told: &ToldChannel) -> bool {
        let known_since = told.known_since(&alert.subject(), &alert.state, alert.over);
        known_since.is_some_and(|since| {
            // The difference is absolute, because an entry from a clock that was ahead must not block later alerts.
            let seconds = alert.time.0.abs_diff(since);
            let repeats = alert.kind.lasts() && !alert.over;
            self.repeat_hours.is_none_or(|hours| !repeats || seconds < u64::from(hours) * 3600)
        })
    }

    /// How the promotion of the run relates to the journal of its registry.
    fn standing(&self, run: &RunResults, promotion: &Promotion) -> Result<MoveStanding> {
        let place = self.directory.join("promote.json");
        let name = registry::name(&promotion.name)
            .with_context(|| format!("{}: name {}", place.display(), shown(&promotion.name)))?;
        let directory = self.registry.clone().unwrap_or_else(|| PathBuf::from(registry::DEFAULT));
        // The results of a run cannot vouch for themselves, so the registry of run.json is only a hint.
        if let (None, Some(recorded)) = (&self.registry, &run.model.registry) {
            ensure!(
                Path::new(recorded) == directory,
                "{}: the promotion is in the registry {}; name the registry that you trust with --registry",
                place.display(),
                shown(recorded)
            );
        }
        Registry::new(&directory, &name).standing(promotion)
    }

    /// The news of the run. A move counts only if the journal has it and the alias has not moved again.
    fn alerts(
        &self,
        run: &RunResults,
        state: Option<&State>,
        now: Timestamp,
        scene: &Scene,
    ) -> Result<Vec<Alert>> {
        let mut is_current = true;
        if let Some(promotion) = run.promote.as_ref().filter(|promotion| promotion.changed) {
            is_current = self.standing(run, promotion)? == MoveStanding::Current;
            if !is_current {
                scene.remark(format!("{} has moved again since this run", promotion.alias));
            }
        }
        let decisions = state.map(State::decisions).transpose()?.unwrap_or_default();
        let limits = NoticeLimits {
            days_without_rows: f64::from(self.days_without_rows),
            refused: u64::from(self.refused_challengers),
            days_held: f64::from(self.days_held),
        };
        let mut news = notices::notices(run, &decisions, limits, now);
        if let Some(failure) = &self.failed {
            news.retain(|notice| notice.kind != AlertKind::RunFailed);
            news.insert(0, Notice::of_failure(failure, run));
        }
        news.retain(|notice| {
            let is_wanted = self.notify_on.is_empty() || self.notify_on.contains(&notice.kind);
            is_wanted && (is_current || notice.kind.lasts()) && (state.is_some() || !notice.is_over)
        });
        let name = run.promote.as_ref().map_or(&self.name, |promotion| &promotion.name);
        let page = self.run_url.clone().or_else(environment::run_page);
        Ok(news.into_iter().map(|notice| Alert::of(notice, name, now, page.clone())).collect())
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
