//! promote: registers a model and moves an alias to it, or rolls the alias back.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;

use spamops::cli::publish_args::PublishArgs;
use spamops::cli::tool::{self, Outcome, Scene, Tool};
use spamops::io::environment;
use spamops::io::result_file;
use spamops::io::stream::{Place, expect_kept};
#[cfg(feature = "net")]
use spamops::publish::alerts::{Alert, Channel, distinct};
use spamops::publish::git::push;
use spamops::publish::move_published::PublishPlan;
use spamops::publish::record::{self, PromoteRecord, Published};
use spamops::registry::candidate::CandidateModel;
use spamops::registry::journal::JournalAction;
use spamops::registry::moves::{ExpectedVersion, KeptReport, MoveRequest, MoveTarget, Promotion};
use spamops::registry::{self, CHAMPION, Registry};

/// Register a model and make it the champion, or go back to the one before
///
/// The model is stored under its SHA-256 and gets the next version number; a model that is registered already keeps its
/// number. Then a line of the journal and one rename move the alias: a reader sees the old model or the new one. Killed at
/// any instant, it has happened or not; what is left over the next run puts right. Writers wait for each other; --expect
/// refuses where another was faster. Where the alias is there already nothing is written, so that a step may be run again.
///
/// Publishing comes after the move, which stays. Tags are those of GTO: spam@v3.0.0, spam#champion#7, dates strictly
/// increasing. A push is never forced: it goes on top of what others pushed, and gives way where the registry moved there.
/// GitHub (GITHUB_API_URL, a token in GITHUB_TOKEN or GH_TOKEN) gets nothing twice, and no write is retried. What failed is
/// done by the same command again; an event that -o FILE tells of this very move is not sent again.
#[derive(Parser)]
#[command(
    name = "promote",
    after_help = "\
Examples:
  promote challenger.json --registry models --reason \"drift in v12\" --report compare.json
  promote challenger.json --alias challenger            # registered, not yet the champion
  promote --to 7 --expect 6 --reason \"healthy for an hour\"
  promote --rollback --reason \"ham in quarantine\"       # the champion before this one
  promote challenger.json --dry-run                     # what would be written
  promote challenger.json --push --release --dispatch org/filter -o promote.json
  promote --to 7 --commit --tag --environment production --comment 12"
)]
pub(crate) struct Args {
    /// The model
    #[arg(value_name = "FILE", required_unless_present_any = ["rollback", "to"], conflicts_with_all = ["rollback", "to"])]
    model: Option<Place>,

    /// Move back: to --to, else to where the alias was before
    #[arg(long)]
    rollback: bool,

    /// Move to a version that is registered already
    #[arg(long, value_name = "VERSION")]
    to: Option<u64>,

    /// The registry
    #[arg(long, value_name = "DIR", default_value = "models")]
    registry: PathBuf,

    /// Which of the registry's models
    #[arg(long, value_name = "NAME", default_value = "spam", value_parser = registry::name)]
    name: String,

    /// Which alias moves
    #[arg(long, value_name = "ALIAS", default_value = CHAMPION, value_parser = registry::alias)]
    alias: String,

    /// Move only where the alias is at this version now, or none
    #[arg(long, value_name = "VERSION|none")]
    expect: Option<ExpectedVersion>,

    /// A report it was decided by, such as compare.json: kept with the move
    #[arg(long, value_name = "FILE")]
    report: Vec<Place>,

    /// Why, for the record
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,

    /// Who, for the record [default: GITHUB_ACTOR, else USER]
    #[arg(long, value_name = "TEXT")]
    actor: Option<String>,

    /// The run that does it, for the record [default: that of the GitHub workflow]
    #[arg(long, value_name = "URL")]
    run_url: Option<String>,

    /// Tell people of a new champion: slack, pagerduty, alertmanager or webhook, as spamops notify does
    #[cfg(feature = "net")]
    #[arg(long, value_name = "CHANNEL", value_delimiter = ',')]
    notify: Vec<Channel>,

    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,

    /// Where the record of the move goes
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: Place,

    #[command(flatten)]
    publishing: PublishArgs,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        let registry = Registry::new(&self.registry, &self.name);
        expect_kept(&[Some(&self.output)], self.model.iter().chain(&self.report))?;
        let model = self.model.as_ref().map(candidate).transpose()?;
        let reports = self.report.iter().map(report).collect::<Result<Vec<_>>>()?;
        let now = scene.now()?;
        let (actor, run) =
            (self.actor.or_else(environment::actor), self.run_url.or_else(environment::run_page));
        let request = MoveRequest {
            alias: &self.alias,
            to: match (&model, self.to) {
                (Some(model), _) => MoveTarget::Model(model),
                (None, to) if self.rollback => MoveTarget::Back(to),
                (None, Some(to)) => MoveTarget::Version(to),
                (None, None) => bail!("name a model, --to or --rollback"),
            },
            expect: self.expect,
            reports: &reports,
            reason: &self.reason,
            actor: actor.as_deref(),
            run: run.as_deref(),
            now: &now.to_string(),
            tool: scene.name(),
        };
        let plan = self.publishing.plan(now)?;
        if let Some(plan) = plan.as_ref().filter(|_| !self.dry_run) {
            plan.check(&registry, &self.alias)?;
        }
        let output = self.output.writer()?;
        let mut promotion =
            if self.dry_run { registry.preview(&request)? } else { registry.promote(&request)? };
        promotion.head.run_id = scene.run_id();
        if !promotion.changed {
            scene.tell(format!("version {} is the {} already", promotion.version, promotion.alias));
        }
        let (published, outcome) = match plan {
            // What was sent stays on record, even where nothing is published now.
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
        let alert = Alert::of(&promotion, now, run);
        result_file::write_to(output, &self.output, &PromoteRecord { promotion, published })?;
        // Whether or not it could be published: the move is made.
        #[cfg(feature = "net")]
        if let Some(alert) = alert {
            for channel in distinct(&self.notify) {
                if let Err(error) = alert.send(channel, &environment::variable) {
                    scene.warn(format!("{channel}: {error:#}; nobody was told there"));
                }
            }
        }
        outcome.map(|()| Outcome::Done)
    }
}

/// Publishes a move, or says what that would be; what was done is told even where something failed.
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
        let done = [vec![alias.as_str()], published.done()].concat().join(", ");
        let rest = match action {
            _ if push::someone_promoted_first(&error) => "here only".to_owned(),
            JournalAction::RolledBack => {
                format!("for the rest run this again with --to {version} for --rollback")
            }
            _ => "for the rest run the same again".to_owned(),
        };
        error.context(format!("version {version} is the {done}; {rest}"))
    });
    (published, outcome)
}

/// The events that an earlier run sent of this very move, by the record it left where that of this run goes.
fn dispatched(output: &Place, promotion: &Promotion) -> Vec<String> {
    let before = Some(output).filter(|place| place.is_regular_file());
    let before = before.and_then(|place| result_file::read::<PromoteRecord>(place, "promote").ok());
    let before = before.filter(|before| record::is_same(&before.promotion, promotion));
    before.and_then(|before| before.published).unwrap_or_default().dispatched
}

fn candidate(place: &Place) -> Result<CandidateModel> {
    CandidateModel::parse(place.read_text()?).with_context(|| place.to_string())
}

fn report(place: &Place) -> Result<KeptReport> {
    KeptReport::new(place.read_text()?).with_context(|| place.to_string())
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
