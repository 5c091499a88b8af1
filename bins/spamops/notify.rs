//! spamops notify: sends the decision of a run to Slack, PagerDuty, Alertmanager or a webhook.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;

use ::spamops::cli::tool::{self, Outcome, Scene, Tool};
use ::spamops::io::dates::Timestamp;
use ::spamops::io::environment;
use ::spamops::io::result_file;
use ::spamops::io::stream::Place;
use ::spamops::publish::alerts::{Alert, AlertKind, Channel, distinct};
use ::spamops::registry;
use ::spamops::report::{self, RunResults};
use ::spamops::state::gathered::{NotificationEntry, State};

/// Tell people what a run decided, where it matters: a new model is asked for, a challenger was refused, a new champion
/// serves, a former one serves again
///
/// Reads drift.json, compare.json and promote.json in a directory, those that are there, and tells the furthest of these, once: with --state, nobody is told the
/// same news again; that a new model is asked for is news again after --repeat-hours, and after a promotion. What is secret comes from the
/// environment: SLACK_WEBHOOK_URL, PAGERDUTY_ROUTING_KEY, ALERTMANAGER_URL, or SPAMOPS_WEBHOOK_URL and
/// SPAMOPS_WEBHOOK_SECRET, by which a message is signed as Standard Webhooks are. On PagerDuty and in an Alertmanager a
/// promotion resolves what asked for it. A channel that fails is a warning: the status is 0.
#[derive(Parser)]
#[command(
    name = "notify",
    bin_name = "spamops notify",
    after_help = "\
Examples:
  spamops notify out/ --to slack --to pagerduty --state state
  spamops notify out/ --to webhook --dry-run          # what would be sent"
)]
pub(crate) struct Args {
    /// The directory of a run
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// Whom to tell: slack, pagerduty, alertmanager or webhook
    #[arg(long, value_name = "CHANNEL", required = true, value_delimiter = ',')]
    to: Vec<Channel>,

    /// Which of the registry's models it is about
    #[arg(long, value_name = "NAME", default_value = "spam", value_parser = registry::name)]
    name: String,

    /// Remember in this state who was told what
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,

    /// Hours until that a new model is asked for is news again
    #[arg(long, value_name = "HOURS", default_value_t = 168)]
    repeat_hours: u32,

    /// The page of the run [default: that of the GitHub workflow]
    #[arg(long, value_name = "URL")]
    run_url: Option<String>,

    /// Print what would be sent, a line for each channel, and send nothing
    #[arg(long)]
    dry_run: bool,
}

impl Tool for Args {
    fn run(mut self, scene: &Scene) -> Result<Outcome> {
        ensure!(self.directory.is_dir(), "{}: is no directory", self.directory.display());
        let run = report::read(&self.directory)?;
        let now = scene.now()?;
        let Some(alert) = self.alert(&run, now, scene)? else {
            scene.tell("nothing was decided that people must hear of");
            return Ok(Outcome::Done);
        };
        if self.dry_run {
            let line = |channel: &Channel| format!("{}\n", alert.message(*channel));
            Place::Standard.write_text(&self.to.iter().map(line).collect::<String>())?;
            return Ok(Outcome::Done);
        }
        let state = self.state.as_deref().map(State::new);
        let told = state.as_ref().map(State::told).transpose()?.unwrap_or_default();
        let subject = format!("{} {} {}", alert.name, alert.kind.word(), alert.subject);
        for channel in distinct(&self.to) {
            if self.is_old(&alert, &subject, &told_there(&told, channel)) {
                scene.tell(format!("{channel} was told already"));
                continue;
            }
            match (alert.send(channel, &environment::variable), &state) {
                (Err(error), _) => scene.warn(format!("{channel}: {error:#}; nobody was told there")),
                (Ok(()), None) => {}
                (Ok(()), Some(state)) => {
                    let note = NotificationEntry {
                        time: now.0,
                        channel: channel.to_string(),
                        subject: subject.clone(),
                    };
                    if let Err(error) = state.tell(&note) {
                        scene.warn(format!("{error:#}; {channel} will be told again"));
                    }
                }
            }
        }
        Ok(Outcome::Done)
    }
}

/// What a channel was told so far.
fn told_there(told: &[NotificationEntry], channel: Channel) -> Vec<&NotificationEntry> {
    told.iter().filter(|told| told.channel == channel.to_string()).collect()
}

impl Args {
    /// Whether a channel knows the news. That a new model is asked for is news again after a while, and after a promotion.
    fn is_old(&self, alert: &Alert, subject: &str, told: &[&NotificationEntry]) -> bool {
        if alert.kind != AlertKind::Retrain {
            return told.iter().any(|told| told.subject == subject);
        }
        let promoted = format!("{} {} ", alert.name, AlertKind::Promoted.word());
        let again = u64::from(self.repeat_hours) * 3600;
        let since = told.iter().rev().take_while(|told| !told.subject.starts_with(&promoted));
        // What a clock that was far ahead has noted does not silence the years until then.
        since.filter(|told| alert.time.0.abs_diff(told.time) < again).any(|told| told.subject == subject)
    }

    /// The furthest that a run has come, where people must hear of it.
    fn alert(&mut self, run: &RunResults, time: Timestamp, scene: &Scene) -> Result<Option<Alert>> {
        let page = self.run_url.take().or_else(environment::run_page);
        if let Some(alert) = run.promote.as_ref().and_then(|moved| Alert::of(moved, time, page.clone())) {
            return Ok(Some(alert));
        }
        let decision = run.decision(time, scene.name());
        let (kind, subject) = match &run.compare {
            Some(compare) if compare.deploy_needed => return Ok(None),
            Some(_) => {
                let report = Place::File(self.directory.join("compare.json")).read_text()?;
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
