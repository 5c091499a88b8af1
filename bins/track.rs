//! track: records a run, a logged model and a registered version in an MLflow server.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Error, Result, anyhow, bail};
use clap::Parser;

use spamops::cli::tool::{self, Outcome, Scene, Tool};
use spamops::io::environment::{self, variable};
use spamops::io::result_file::{self, ResultHead, digest_from, digest_of};
use spamops::io::stream::{Place, expect_kept};
use spamops::mlflow::access::ServerAccess;
use spamops::mlflow::sequence::send;
use spamops::mlflow::server::{TrackingServer, is_passing};
use spamops::mlflow::spool::{FlushedPlans, Spool};
use spamops::mlflow::tracking::{
    Contents, FlushReport, TrackReport, TrackedFile, TrackingPlan, TrackingTarget,
};
use spamops::registry;

/// Track a model in MLflow: a run, a logged model, a registered version, an alias
///
/// The files say what they are. A model becomes a run with its options as params, its figures out of fold as metrics, those of
/// each fold as steps, and its training rows as an input; a logged model that Python loads, and which the program score
/// answers for; and a version with the alias challenger. A report gives its numbers, its verdict as a tag, and itself as an
/// artefact; so does any other file. The record of a promotion moves the alias it speaks of to the version of its digest, back
/// in a rollback, and needs no model where that was tracked before. What comes later than a later move moves nothing.
///
/// A run, a logged model and a version are found again by the SHA-256 of the model's file: a call that was cut off is made up
/// for by the next, and the same call twice changes nothing. Requests that would do harm twice are sent once.
///
/// With --spool all that is needed is on the disk before the first request. Where there is no server, or a broken one, it
/// stays there, and the status is 0; the next call with that spool sends it first, --flush sends it and nothing else. What the
/// server refuses, such as a wrong password, is an error either way.
///
/// Python needs mlflow and the program score: on the PATH, in the directory SPAMOPS_TOOLS, or with --program in the logged model
/// itself. Its rows are a DataFrame with the column text; what it answers has the columns spam_score and verdict.
///
/// Honoured where options say nothing: MLFLOW_TRACKING_URI, _USERNAME and _PASSWORD, else _TOKEN, _INSECURE_TLS,
/// _SERVER_CERT_PATH; MLFLOW_EXPERIMENT_NAME, MLFLOW_RUN_ID; MLFLOW_HTTP_REQUEST_TIMEOUT (30 seconds),
/// _MAX_RETRIES (2), _BACKOFF_FACTOR (1 second). The server must be MLflow 3 and keep the artefacts itself. The memory is that
/// of the files.
#[derive(Parser)]
#[command(
    name = "track",
    after_help = "\
Examples:
  track challenger.json metrics.json --uri http://127.0.0.1:5000 --experiment spam
  track challenger.json compare.json promote.json report.html --rows train.csv --spool state/spool -o track.json
  promote --rollback --registry models -o promote.json && track promote.json
  track --flush --spool state/spool
  python -c 'import mlflow; print(mlflow.pyfunc.load_model(\"models:/spam@champion\").predict({\"text\": \"win a prize\"}))'"
)]
pub(crate) struct Args {
    /// A model, the record of its promotion, reports, other documents
    #[arg(value_name = "FILE", required_unless_present = "flush")]
    files: Vec<Place>,

    /// The address of the server [default: MLFLOW_TRACKING_URI]
    #[arg(long, value_name = "URL")]
    uri: Option<String>,

    /// The experiment; made where it is missing [default: MLFLOW_EXPERIMENT_NAME, else the name of the model]
    #[arg(long, value_name = "NAME")]
    experiment: Option<String>,

    /// The registered model; made where it is missing [default: that of the promotion, else spam]
    #[arg(long, value_name = "NAME", value_parser = registry::name)]
    name: Option<String>,

    /// The alias that is to point to the version [default: that of the promotion, else challenger]
    #[arg(long, value_name = "NAME", value_parser = registry::alias)]
    alias: Option<String>,

    /// A run that is there and is to be added to [default: MLFLOW_RUN_ID, else the run of the model, else a new one]
    #[arg(long, value_name = "ID", value_parser = registry::name)]
    run_id: Option<String>,

    /// What a new run is called [default: a name that the server makes up]
    #[arg(long, value_name = "NAME", conflicts_with = "run_id")]
    run_name: Option<String>,

    /// Rows that went in, for the record: their name and digest
    #[arg(long, value_name = "[CONTEXT=]FILE")]
    rows: Vec<Rows>,

    /// The program score, to go into the logged model, for machines of the same kind that have none
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,

    /// Where all is kept until the server has it; made where it is missing
    #[arg(long, value_name = "DIR")]
    spool: Option<PathBuf>,

    /// Send what waits in the spool, and nothing else
    #[arg(long, requires = "spool", conflicts_with_all = ["files", "experiment", "name", "alias", "run_id", "run_name", "rows", "program"])]
    flush: bool,

    /// Where the record goes
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: Place,
}

/// Rows and what they were for.
#[derive(Clone, Debug)]
struct Rows {
    context: String,
    place: Place,
}

impl std::str::FromStr for Rows {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase());
        let (context, place) =
            text.split_once('=').filter(|(context, _)| is_word(context)).unwrap_or(("training", text));
        Ok(Self { context: context.to_owned(), place: place.parse()? })
    }
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        expect_kept(&[Some(&self.output)], self.files.iter())?;
        if self.flush {
            return self.flush(scene);
        }
        let uri = self.uri().context("no server is named; use --uri, or set MLFLOW_TRACKING_URI")?;
        let access = ServerAccess::new(&uri, &variable)?;
        let mut contents = Contents::new();
        let plan = self.plan(scene, access.uri.clone(), &mut contents)?;
        let tracked = if let Some(directory) = &self.spool {
            self.by_spool(directory, &plan, &contents, scene)?
        } else {
            let source = |digest: &str| contents.get(digest).cloned().context("a file is missing");
            let sent = send(&plan, &source, &TrackingServer::new(access)?, scene.name());
            sent.map_err(|error| if is_passing(&error) { later(&error) } else { error })?
        };
        for left in &tracked.left {
            scene.warn(format!("left as it is: {left}"));
        }
        result_file::write(&self.output, &tracked)?;
        Ok(Outcome::Done)
    }
}

impl Args {
    fn uri(&self) -> Option<String> {
        self.uri.clone().or_else(|| variable("MLFLOW_TRACKING_URI"))
    }

    /// What is to be tracked.
    fn plan(&self, scene: &Scene, uri: String, contents: &mut Contents) -> Result<TrackingPlan> {
        let target = TrackingTarget {
            uri,
            experiment: self.experiment.clone().or_else(|| variable("MLFLOW_EXPERIMENT_NAME")),
            run_id: self.run_id.clone().or_else(|| variable("MLFLOW_RUN_ID")),
            run_name: self.run_name.clone(),
            name: self.name.clone(),
            alias: self.alias.clone(),
        };
        let files = self.files.iter().map(given).collect::<Result<_>>()?;
        let moment = scene.now()?.0.saturating_mul(1000);
        let mut plan = TrackingPlan::new(scene.name(), moment, target, files, contents)?;
        for Rows { context, place } in &self.rows {
            plan.add_input(context, &name_of(place), &digest(place)?);
        }
        if let Some(path) = &self.program {
            let program = fs::read(path).with_context(|| path.display().to_string())?;
            let digest = digest_of(&program);
            contents.insert(digest.clone(), program);
            plan.program = Some(digest);
        }
        for (key, value) in [
            ("mlflow.source.name", Some("spamops track".to_owned())),
            ("mlflow.source.type", Some("JOB".to_owned())),
            ("mlflow.user", environment::actor()),
            ("spamops.ci_run", environment::run_page()),
        ] {
            plan.tags.extend(value.map(|value| (key.to_owned(), value)));
        }
        Ok(plan)
    }

    /// Keeps a plan, and sends all that are kept; what the server cannot take now stays.
    fn by_spool(
        &self,
        directory: &Path,
        plan: &TrackingPlan,
        contents: &Contents,
        scene: &Scene,
    ) -> Result<TrackReport> {
        let spool = Spool::open(directory)?;
        let own = spool.add(plan, contents)?;
        let FlushedPlans { sent, kept } = self.drain(&spool, scene)?;
        let place = directory.display();
        let (mut waits, mut refused) = (None, None);
        for (path, error) in kept {
            match error {
                Some(error) if is_passing(&error) => waits = Some(error),
                Some(error) if path == own => refused = Some(error),
                Some(error) => scene.warn(format!("{}: {error:#}", path.display())),
                None => {}
            }
        }
        if let Some(error) = refused {
            bail!("{error:#}; it is kept in {place}");
        }
        if let Some(error) = waits {
            scene.warn(format!(
                "{error:#}; kept in {place}, to be sent by the next call or track --flush --spool {place}"
            ));
        }
        let done = sent.into_iter().find(|(path, _)| *path == own).map(|(_, tracked)| tracked);
        Ok(done.unwrap_or_else(|| TrackReport { spooled: true, ..TrackReport::nothing(plan, scene.name()) }))
    }

    fn drain(&self, spool: &Spool, scene: &Scene) -> Result<FlushedPlans> {
        spool.drain(&mut |plan| {
            let uri = self.uri().unwrap_or_else(|| plan.uri.clone());
            let server = TrackingServer::new(ServerAccess::new(&uri, &variable)?)?;
            send(plan, &|digest| spool.contents(digest), &server, scene.name())
        })
    }

    /// Sends what waits.
    fn flush(&self, scene: &Scene) -> Result<Outcome> {
        if let Some(spool) = self.spool.as_ref().filter(|spool| !spool.join("plans").is_dir()) {
            bail!("{}: is no spool", spool.display());
        }
        let directory = self.spool.as_deref().context("no spool is named")?;
        let FlushedPlans { sent, kept } = self.drain(&Spool::open(directory)?, scene)?;
        let sent: Vec<TrackReport> = sent.into_iter().map(|(_, tracked)| tracked).collect();
        let flushed =
            FlushReport { head: ResultHead::new("flush", scene.name()), kept: kept.len() as u64, sent };
        result_file::write(&self.output, &flushed)?;
        let waiting = kept.len();
        match kept.into_iter().find_map(|(_, error)| error) {
            Some(error) => {
                bail!(
                    "{}: {waiting} {} still: {error:#}",
                    directory.display(),
                    if waiting == 1 { "waits" } else { "wait" }
                )
            }
            None => Ok(Outcome::Done),
        }
    }
}

/// What fails in passing, with what to do about it.
fn later(error: &Error) -> Error {
    anyhow!("{error:#}; run it again, or have it kept with --spool DIR")
}

/// The name of a file, without directories.
fn name_of(place: &Place) -> String {
    let name = place.path().and_then(Path::file_name);
    name.map_or_else(|| "stdin".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn given(place: &Place) -> Result<TrackedFile> {
    let mut bytes = Vec::new();
    place.reader()?.read_to_end(&mut bytes).with_context(|| place.to_string())?;
    Ok(TrackedFile { name: name_of(place), bytes })
}

/// The SHA-256 of a file.
fn digest(place: &Place) -> Result<String> {
    digest_from(place.reader()?).with_context(|| place.to_string())
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
