//! promote: registers a model and moves an alias to it, rolls the alias back, or holds it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Parser;

use spamops::cli::publish_args::PublishArgs;
use spamops::cli::tool::{self, Outcome, Scene, Tool};
use spamops::cli::verify;
use spamops::io::dates::Timestamp;
use spamops::io::environment;
use spamops::io::limits;
use spamops::io::result_file;
use spamops::io::stream::{Place, expect_not_overwritten};
#[cfg(feature = "net")]
use spamops::publish::alerts::{Alert, Channel, distinct};
use spamops::publish::git::push;
use spamops::publish::move_published::PublishPlan;
use spamops::publish::record::{self, PromoteRecord, Published};
use spamops::registry::candidate::CandidateModel;
use spamops::registry::journal::JournalAction;
use spamops::registry::moves::{ExpectedVersion, KeptReport, MoveRequest, MoveTarget, Promotion};
use spamops::registry::{self, CHAMPION, Registry};
#[cfg(feature = "net")]
use spamops::report::notices::Notice;
#[cfg(feature = "net")]
use spamops::report::{RunModel, RunResults};

/// Register a model and make it the champion, roll back, or hold the champion
///
/// What it does: Stores the model under its SHA-256, gives it the next version number, and moves an alias to it. A
/// model that is registered already keeps its number. If the alias already points to this version, promote writes
/// nothing, so you can repeat the call.
///
/// Holds: While an alias is held, no promotion moves it, and the cycle promotes nothing. --rollback holds the alias, so
/// that the cycle does not promote the same model again. --hold does the same by hand, until --resume or until the date
/// of --hold-until. A rollback is always possible. Give --resume with a model or --to to end the hold and promote in one
/// step. Other clones see a rollback or a hold only after you push it (--push).
///
/// Input: A model from fit, or --to, --rollback, --hold or --resume. --report attaches the reports that justify the move. GitHub needs
/// a token in GITHUB_TOKEN or GH_TOKEN. For a server other than github.com, also set GITHUB_API_URL. SPAMOPS_GIT_TIMEOUT
/// limits each git command (120 seconds), and SPAMOPS_HTTP_TIMEOUT each request to GitHub (60 seconds) or a channel of
/// --notify (10 seconds).
///
/// Output: The registry, and the record of the move as JSON on stdout or in -o FILE. If publishing fails, the move
/// stays and the exit status is 2. Run the same command again to publish the rest. An event that -o FILE records is not
/// sent again.
///
/// Memory: The size of the model and the reports.
///
/// Method: promote adds one line to the journal, then renames one file. A reader therefore sees either the old model
/// or the new model. The move is crash-safe: the next call completes the move of a killed call. Writers wait for each
/// other, and --expect fails if someone else promoted first.
///
/// Publishing follows the move. Tags follow GTO's grammar, such as spam@v3.0.0 and spam#champion#7, and their dates
/// strictly increase. A hold gets no tag. A push is never forced. If the remote has new commits, your commits are rebased onto the remote.
/// If the new commits moved the same model, the push fails, and the error says how to promote again. Requests that write
/// to GitHub are not retried. The tags, the commit and the release contain the head of the journal, for
/// spamops registry verify --expect-head.
#[derive(Parser)]
#[expect(clippy::struct_excessive_bools, reason = "each flag is an option of its own")]
#[command(
    name = "promote",
    after_help = "\
Examples:
  promote challenger.json --registry models --reason \"drift in v12\" --report compare.json
  promote --rollback --reason \"ham in quarantine\"       # to the previous champion
  promote challenger.json --alias challenger            # registers it; the champion stays
  promote --to 7 --expect 6 --reason \"healthy for an hour\"
  promote --hold --hold-until 2026-12-01 --reason \"holidays\" --push
  promote --resume --reason \"the labels are repaired\"
  promote two.json --report compare.json --force --reason \"wrong labels in March\"
  promote challenger.json --dry-run                     # shows the planned changes
  promote challenger.json --push --release --dispatch org/filter -o promote.json
  promote --to 7 --commit --tag --environment production --comment 12"
)]
pub(crate) struct Args {
    /// Model to register
    #[arg(value_name = "FILE", required_unless_present_any = ["rollback", "to", "hold", "resume"], conflicts_with_all = ["rollback", "to", "hold"])]
    model: Option<Place>,

    /// Move the alias back to its previous version, or to the version of --to
    ///
    /// A second rollback goes one version further back. --rollback --to 7 records the move as a rollback; --to 7 alone
    /// records it as a promotion. After a rollback the alias is held until --resume.
    #[arg(long)]
    rollback: bool,

    /// Hold the alias at its version; needs --reason
    ///
    /// No promotion moves the alias until --resume, and the cycle promotes nothing. --rollback still works.
    #[arg(long, conflicts_with_all = ["rollback", "to", "resume"])]
    hold: bool,

    /// Date on which the hold ends on its own [default: it lasts until --resume]
    #[arg(long, value_name = "DATE", requires = "hold", hide_short_help = true)]
    hold_until: Option<Timestamp>,

    /// End the hold of the alias
    ///
    /// With a model or --to, promote ends the hold and moves the alias.
    #[arg(long, conflicts_with = "rollback")]
    resume: bool,

    /// Registered version to move the alias to
    #[arg(long, value_name = "VERSION")]
    to: Option<u64>,

    /// Directory of the registry
    #[arg(long, value_name = "DIR", default_value = registry::DEFAULT)]
    registry: PathBuf,

    /// Name of the model in the registry
    #[arg(long, value_name = "NAME", default_value = registry::MODEL, value_parser = registry::name)]
    name: String,

    /// Alias to move
    #[arg(long, value_name = "ALIAS", default_value = CHAMPION, value_parser = registry::alias)]
    alias: String,

    /// Version that the alias must point to now, or none
    ///
    /// The move fails if someone else promoted first.
    #[arg(long, value_name = "VERSION|none")]
    expect: Option<ExpectedVersion>,

    /// Report that justifies the move, such as compare.json
    ///
    /// The report is stored in the registry. promote fails if compare.json is about another challenger, or if its
    /// deploy_needed is false. You can repeat this option.
    #[arg(long, value_name = "FILE")]
    report: Vec<Place>,

    /// Promote the model even if compare.json speaks against it; needs --reason
    #[arg(long, hide_short_help = true)]
    force: bool,

    /// Reason to record
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,

    /// Person or program to record [default: GITHUB_ACTOR, else USER]
    #[arg(long, value_name = "TEXT", hide_short_help = true)]
    actor: Option<String>,

    /// URL of the run [default: the URL of the GitHub workflow run]
    #[arg(long, value_name = "URL", hide_short_help = true)]
    run_url: Option<String>,

    /// Channels to notify: slack, pagerduty, alertmanager, webhook
    ///
    /// See spamops notify --help for their settings.
    #[cfg(feature = "net")]
    #[arg(long, value_name = "CHANNELS", value_delimiter = ',')]
    notify: Vec<Channel>,

    /// Print the planned changes, and write nothing
    #[arg(long)]
    dry_run: bool,

    /// File for the record of the move
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: Place,

    #[command(flatten)]
    publishing: PublishArgs,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        let registry = Registry::new(&self.registry, &self.name);
        expect_not_overwritten(&[Some(&self.output)], self.model.iter().chain(&self.report))?;
        let model = self.model.as_ref().map(candidate).transpose()?;
        let reports = self.report.iter().map(report).collect::<Result<Vec<_>>>()?;
        let now = scene.now()?;
        self.expect_reason(now)?;
        let (actor, run) =
            (self.actor.or_else(environment::actor), self.run_url.or_else(environment::run_page));
        let request = MoveRequest {
            alias: &self.alias,
            to: match (&model, self.to) {
                (Some(model), _) => MoveTarget::Model(model),
                (None, to) if self.rollback => MoveTarget::Back(to),
                (None, Some(to)) => MoveTarget::Version(to),
                (None, None) if self.hold => MoveTarget::Hold(self.hold_until),
                (None, None) if self.resume => MoveTarget::Resume,
                (None, None) => bail!("no target; name a model, --to, --rollback, --hold or --resume"),
            },
            resume: self.resume,
            force: self.force,
            expect: self.expect,
            reports: &reports,
            reason: &self.reason,
            actor: actor.as_deref(),
            run: run.as_deref(),
            now: &now.to_string(),
            tool: scene.name(),
        };
        let mut plan = self.publishing.plan(now)?;
        if matches!(request.to, MoveTarget::Hold(_) | MoveTarget::Resume) {
            plan.as_mut().map_or(Ok(()), PublishPlan::leave_out_tags)?;
        }
        if let Some(plan) = plan.as_ref().filter(|_| !self.dry_run) {
            plan.check(&registry, &self.alias)?;
        }
        let output = self.output.writer()?;
        let mut promotion =
            if self.dry_run { registry.preview(&request)? } else { registry.promote(&request)? };
        promotion.head.run_id = scene.run_id();
        if let Some(remark) = remark(&promotion) {
            scene.remark(remark);
        }
        let (published, outcome) = match plan {
            // Events of an earlier call stay on record, even if this call publishes nothing.
            None => match dispatched(&self.output, &promotion) {
                sent if sent.is_empty() => (None, Ok(())),
                dispatched => (Some(Published { dispatched, ..Published::default() }), Ok(())),
            },
            Some(plan) => {
                let (published, outcome) = publish(&plan, &registry, &promotion, &self.output);
                (Some(published), outcome)
            }
        };
        #[cfg(feature = "net")]
        let alert = {
            let model =
                RunModel { registry: Some(self.registry.display().to_string()), ..RunModel::default() };
            let notice = promotion
                .action
                .is_move()
                .then(|| Notice::of_move(&promotion, &RunResults { model, ..RunResults::default() }));
            notice.flatten().map(|notice| Alert::of(notice, &promotion.name, now, run))
        };
        result_file::write_to(output, &self.output, &PromoteRecord { promotion, published })?;
        // The move has happened, even if publishing failed.
        #[cfg(feature = "net")]
        if let Some(alert) = alert {
            for channel in distinct(&self.notify) {
                if let Err(error) = alert.send(channel, &environment::variable) {
                    scene.warn(format!("{channel} was not notified: {error:#}"));
                }
            }
        }
        outcome.map(|()| Outcome::Done)
    }
}

impl Args {
    /// Fails if a hold or a forced promotion has no reason, or if a hold ends before it begins.
    fn expect_reason(&self, now: Timestamp) -> Result<()> {
        for (is_set, option) in [(self.hold, "--hold"), (self.force, "--force")] {
            ensure!(!is_set || !self.reason.trim().is_empty(), "{option} needs a reason; set --reason");
        }
        if let Some(until) = self.hold_until {
            ensure!(until > now, "--hold-until {until} is not after {now}; set a later date");
        }
        Ok(())
    }
}

/// What a person should know about the result; none after an ordinary move.
fn remark(promotion: &Promotion) -> Option<String> {
    let Promotion { alias, version, action, changed, .. } = promotion;
    match action {
        JournalAction::Held if !changed => Some(format!("{alias} is already held in this way")),
        JournalAction::Resumed if !changed => Some(format!("{alias} is not held")),
        JournalAction::RolledBack if *changed => {
            Some(format!("{alias} is held at version {version} until promote --resume"))
        }
        _ if !changed => Some(format!("version {version} is already the {alias}")),
        _ => None,
    }
}

/// Publishes a move, or lists the planned steps. The first value lists the completed steps, even after an error.
fn publish(
    plan: &PublishPlan,
    registry: &Registry,
    promotion: &Promotion,
    output: &Place,
) -> (Published, Result<()>) {
    let mut published = Published { dispatched: dispatched(output, promotion), ..Published::default() };
    if promotion.dry_run {
        let outcome = plan.preview(registry, promotion).map(|lines| published.planned = lines);
        return (published, outcome);
    }
    let outcome = plan.publish(registry, promotion, &mut published);
    let outcome = outcome.map_err(|error| {
        let Promotion { alias, version, action, .. } = promotion;
        let moved = match action {
            JournalAction::Held => format!("{alias} is held"),
            JournalAction::Resumed => format!("{alias} is not held"),
            _ => format!("version {version} is the {alias}"),
        };
        let done = published.done().join(", ");
        if push::someone_promoted_first(&error) {
            let done = if done.is_empty() { done } else { format!(" ({done})") };
            return error.context(format!("{moved} in this clone{done}, but it was not pushed"));
        }
        let done = if done.is_empty() { done } else { format!(", {done}") };
        let again = match action {
            JournalAction::RolledBack => format!("run this again with --to {version} instead of --rollback"),
            _ => "run the same command again".to_owned(),
        };
        anyhow!("{moved}{done}, but publishing failed ({error:#}); {again}")
    });
    (published, outcome)
}

/// The events that an earlier call sent for the same move, according to its record in the output file.
fn dispatched(output: &Place, promotion: &Promotion) -> Vec<String> {
    let earlier = Some(output).filter(|place| place.is_regular_file());
    let earlier = earlier.and_then(|place| result_file::read::<PromoteRecord>(place, "promote").ok());
    let earlier = earlier.filter(|earlier| record::is_same(&earlier.promotion, promotion));
    earlier.and_then(|earlier| earlier.published).unwrap_or_default().dispatched
}

fn candidate(place: &Place) -> Result<CandidateModel> {
    CandidateModel::parse(place.read_text()?).with_context(|| place.to_string())
}

fn report(place: &Place) -> Result<KeptReport> {
    let text = place.read_text_within(limits::RESULT_BYTES)?;
    let kept = KeptReport::new(text.clone()).and_then(|kept| verify::report(&text).map(|()| kept));
    kept.with_context(|| place.to_string())
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
