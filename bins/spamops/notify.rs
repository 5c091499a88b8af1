//! spamops notify: sends the decision of a run to Slack, PagerDuty, Alertmanager or a webhook.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;

use ::spamops::cli::tool::{self, Outcome, Scene, Tool};
use ::spamops::io::dates::Timestamp;
use ::spamops::io::diagnostics::shown;
use ::spamops::io::environment;
use ::spamops::io::limits;
use ::spamops::io::result_file;
use ::spamops::io::stream::Place;
use ::spamops::publish::alerts::{Alert, AlertKind, Channel, distinct};
use ::spamops::registry::moves::Promotion;
use ::spamops::registry::recorded_move::MoveStanding;
use ::spamops::registry::{self, Registry};
use ::spamops::report::{self, RunResults};
use ::spamops::state::gathered::{NotificationEntry, State};

/// Send the decision of a run to Slack, PagerDuty, Alertmanager or a webhook
///
/// What it does: Reads drift.json, compare.json and promote.json in the directory of a run; missing files are skipped.
/// notify sends one alert if a retrain is needed, a challenger was not deployed, or the champion changed. Results of
/// different runs are an error. So is a promotion that the journal of the registry does not have.
///
/// Input: The secrets come from the environment: SLACK_WEBHOOK_URL, PAGERDUTY_ROUTING_KEY, ALERTMANAGER_URL, or
/// SPAMOPS_WEBHOOK_URL and SPAMOPS_WEBHOOK_SECRET. The secret signs the message (Standard Webhooks).
/// SPAMOPS_HTTP_TIMEOUT limits each request (10 seconds).
///
/// Output: One message per channel. If a channel fails, notify prints a warning and the exit status is 0.
///
/// Method: With --state, a channel gets each alert once. Only a retrain alert is sent again: after --repeat-hours, and
/// after a promotion. On PagerDuty and in Alertmanager, a promotion resolves the retrain alert.
#[derive(Parser)]
#[command(
    name = "notify",
    bin_name = "spamops notify",
    after_help = "\
Examples:
  spamops notify out/ --to slack --to pagerduty --state state
  spamops notify out/ --to webhook --dry-run          # shows the messages"
)]
pub(crate) struct Args {
    /// Directory of a run
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// Channels to notify: slack, pagerduty, alertmanager, webhook
    #[arg(long, value_name = "CHANNELS", required = true, value_delimiter = ',')]
    to: Vec<Channel>,

    /// Name of the model in the registry
    #[arg(long, value_name = "NAME", default_value = "spam", value_parser = registry::name)]
    name: String,

    /// Directory of the registry [default: models]
    ///
    /// A promotion is sent only if the journal of this registry has it. If the alias has moved again since, notify sends
    /// nothing.
    #[arg(long, value_name = "DIR")]
    registry: Option<PathBuf>,

    /// Directory of the state, which records the alerts that were sent
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,

    /// Hours after which a retrain alert is repeated
    #[arg(long, value_name = "HOURS", default_value_t = 168)]
    repeat_hours: u32,

    /// URL of the run [default: the URL of the GitHub workflow run]
    #[arg(long, value_name = "URL")]
    run_url: Option<String>,

    /// Print the messages, one line per channel, and send nothing
    #[arg(long)]
    dry_run: bool,
}

impl Tool for Args {
    fn run(mut self, scene: &Scene) -> Result<Outcome> {
        ensure!(
            self.directory.is_dir(),
            "{}: is not a directory; name the directory of a run",
            self.directory.display()
        );
        let run = report::read(&self.directory)?;
        let now = scene.now()?;
        let Some(alert) = self.alert(&run, now, scene)? else {
            scene.remark("no alert to send");
            return Ok(Outcome::Done);
        };
        if self.dry_run {
            let line = |channel: &Channel| format!("{}\n", alert.message(*channel));
            Place::Standard.write_text(&self.to.iter().map(line).collect::<String>())?;
            return Ok(Outcome::Done);
        }
        let state = self.state.as_deref().map(State::open).transpose()?;
        let sent = state.as_ref().map(State::notifications).transpose()?.unwrap_or_default();
        let subject = format!("{} {} {}", alert.name, alert.kind.word(), alert.subject);
        for channel in distinct(&self.to) {
            if self.is_sent(&alert, &subject, &sent_to(&sent, channel)) {
                scene.remark(format!("{channel} was already notified"));
                continue;
            }
            match (alert.send(channel, &environment::variable), &state) {
                (Err(error), _) => scene.warn(format!("{channel} was not notified: {error:#}")),
                (Ok(()), None) => {}
                (Ok(()), Some(state)) => {
                    let entry = NotificationEntry {
                        time: now.0,
                        channel: channel.to_string(),
                        subject: subject.clone(),
                    };
                    if let Err(error) = state.record_notification(&entry) {
                        scene.warn(format!(
                            "{channel} was notified, but the state does not record it: {error:#}; \
                             the next run can notify it again"
                        ));
                    }
                }
            }
        }
        Ok(Outcome::Done)
    }
}

fn sent_to(sent: &[NotificationEntry], channel: Channel) -> Vec<&NotificationEntry> {
    sent.iter().filter(|entry| entry.channel == channel.to_string()).collect()
}

impl Args {
    /// Whether a channel already got this alert. A retrain alert is repeated after `--repeat-hours` and after a
    /// promotion.
    fn is_sent(&self, alert: &Alert, subject: &str, sent: &[&NotificationEntry]) -> bool {
        if alert.kind != AlertKind::Retrain {
            return sent.iter().any(|entry| entry.subject == subject);
        }
        let promoted = format!("{} {} ", alert.name, AlertKind::Promoted.word());
        let repeat_seconds = u64::from(self.repeat_hours) * 3600;
        let since_promotion = sent.iter().rev().take_while(|entry| !entry.subject.starts_with(&promoted));
        // The difference is absolute, because an entry from a clock that was ahead must not block later alerts.
        since_promotion
            .filter(|entry| alert.time.0.abs_diff(entry.time) < repeat_seconds)
            .any(|entry| entry.subject == subject)
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

    /// The alert of the last step that needs an alert.
    fn alert(&mut self, run: &RunResults, time: Timestamp, scene: &Scene) -> Result<Option<Alert>> {
        let page = self.run_url.take().or_else(environment::run_page);
        if let Some((promotion, alert)) = run
            .promote
            .as_ref()
            .and_then(|promotion| Some((promotion, Alert::of(promotion, time, page.clone())?)))
        {
            let is_current = self.standing(run, promotion)? == MoveStanding::Current;
            if !is_current {
                scene.remark(format!("{} has moved again since this run", promotion.alias));
            }
            return Ok(is_current.then_some(alert));
        }
        let decision = run.decision(time, scene.name());
        let (kind, subject) = match &run.compare {
            Some(compare) if compare.deploy_needed => return Ok(None),
            Some(_) => {
                let report = Place::File(self.directory.join("compare.json"));
                let report = report.read_text_within(limits::RESULT_BYTES)?;
                (AlertKind::Refused, result_file::digest(&report))
            }
            None if decision.retrain_needed => (AlertKind::Retrain, decision.reason_code),
            None => return Ok(None),
        };
        let (says, reasons) = (decision.reason, decision.reasons);
        Ok(Some(Alert { kind, name: self.name.clone(), subject, says, reasons, time, run: page }))
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
