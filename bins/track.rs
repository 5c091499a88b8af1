//! track: records a run, a logged model and a registered version in an MLflow server.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Error, Result, anyhow, bail};
use clap::Parser;

use spamops::cli::tool::{self, Outcome, Scene, Tool};
use spamops::io::environment::{self, variable};
use spamops::io::limits;
use spamops::io::result_file::{self, ResultHead, digest_from, digest_of};
use spamops::io::stream::{Place, expect_not_overwritten, read_file};
use spamops::mlflow::access::ServerAccess;
use spamops::mlflow::sequence::send;
use spamops::mlflow::server::{TrackingServer, is_transient};
use spamops::mlflow::spool::{FlushedPlans, Spool};
use spamops::mlflow::tracking::{
    Contents, FlushReport, TrackReport, TrackedFile, TrackingPlan, TrackingTarget,
};
use spamops::registry;

/// Record a model and its reports in MLflow: run, logged model, version and alias
///
/// What it does: Sends files to an MLflow 3 server. A model becomes a run, a logged model that Python can load, and a
/// version with the alias challenger. The run has the options as params, the out-of-fold figures as metrics (one step
/// per fold), and the training rows as inputs. A report adds its numbers, its verdict as a tag, and itself as an
/// artifact. Other files become artifacts. The record of a promotion or rollback moves the alias, unless a later move
/// is tracked already.
///
/// Input: A model, promote.json, reports, and other files. track identifies each JSON file by its schema. Start
/// the MLflow server with artifact proxying (--serve-artifacts).
///
/// Variables: MLFLOW_TRACKING_URI, MLFLOW_EXPERIMENT_NAME and MLFLOW_RUN_ID are defaults of the options.
/// MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or else MLFLOW_TRACKING_TOKEN, authenticate. They are sent
/// only over https or to this machine, and only to the server of --uri or MLFLOW_TRACKING_URI, never to a server that
/// only the spool names.
/// MLFLOW_TRACKING_INSECURE_TLS and MLFLOW_TRACKING_SERVER_CERT_PATH set TLS. MLFLOW_HTTP_REQUEST_TIMEOUT (30 seconds),
/// MLFLOW_HTTP_REQUEST_MAX_RETRIES (2) and MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR (1 second) set retries.
///
/// Output: The record as JSON on stdout or in -o FILE. With --spool, an unreachable server causes only a warning. The
/// files wait in the spool, and the next call or --flush sends them. A request that the server rejects, for example
/// because of a wrong password, is always an error.
///
/// Memory: The size of the files, each at most 512 MB.
///
/// Method: track finds the run, the logged model and the version by the SHA-256 of the model file. A repeated call
/// changes nothing, and the next call completes an interrupted call. Non-idempotent requests are not retried. With
/// --spool, all files are on disk before the first request.
///
/// To load the model, Python needs mlflow and the program score. Python finds score on the PATH, in the directory
/// SPAMOPS_TOOLS, or in the logged model (--program). The input is a DataFrame with the column text. The result has
/// the columns spam_score and verdict, or one of them with model_config={"output": "verdict"}. MLflow can build the
/// environment of the model from its requirements.txt, python_env.yaml or conda.yaml.
#[derive(Parser)]
#[command(
    name = "track",
    after_help = "\
Examples:
  track challenger.json metrics.json --uri http://127.0.0.1:5000 --experiment spam
  track --flush --spool state/spool
  track challenger.json compare.json promote.json --rows train.csv --spool state/spool
  promote --rollback --registry models -o promote.json && track promote.json
  python -c 'import mlflow.pyfunc as m; \\
    print(m.load_model(\"models:/spam@champion\").predict({\"text\": \"hi\"}))'"
)]
pub(crate) struct Args {
    /// A model, the record of its promotion, reports, or other files
    #[arg(value_name = "FILE", required_unless_present = "flush")]
    files: Vec<Place>,

    /// Address of the MLflow server [default: MLFLOW_TRACKING_URI]
    #[arg(long, value_name = "URL")]
    uri: Option<String>,

    /// Experiment [default: MLFLOW_EXPERIMENT_NAME, else the model's name]
    ///
    /// The experiment is created if it does not exist.
    #[arg(long, value_name = "NAME")]
    experiment: Option<String>,

    /// Registered model [default: from the promotion, else spam]
    ///
    /// The registered model is created if it does not exist.
    #[arg(long, value_name = "NAME", value_parser = registry::name)]
    name: Option<String>,

    /// Alias for the version [default: from the promotion, else challenger]
    #[arg(long, value_name = "NAME", value_parser = registry::alias)]
    alias: Option<String>,

    /// Existing run to add to [default: MLFLOW_RUN_ID, else the model's run]
    ///
    /// If the model has no run, a new run is created.
    #[arg(long, value_name = "ID", value_parser = registry::name)]
    run_id: Option<String>,

    /// Name of a new run [default: chosen by the server]
    #[arg(long, value_name = "NAME", conflicts_with = "run_id")]
    run_name: Option<String>,

    /// Rows to record as an input of the run
    ///
    /// Only the name and the digest are sent. CONTEXT is a lower-case word; the default is training. You can repeat
    /// this option.
    #[arg(long, value_name = "[CONTEXT=]FILE")]
    rows: Vec<TrackedRows>,

    /// Program score to store in the logged model
    ///
    /// Use this option for machines that have the same operating system and processor, but not spamops.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,

    /// Directory that keeps files until the server has them
    ///
    /// The directory is created if it does not exist.
    #[arg(long, value_name = "DIR")]
    spool: Option<PathBuf>,

    /// Send the files in the spool, and nothing else
    #[arg(long, requires = "spool", conflicts_with_all = ["files", "experiment", "name", "alias", "run_id", "run_name", "rows", "program"])]
    flush: bool,

    /// File for the record
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: Place,
}

/// A file of rows, with the MLflow context: the purpose of the rows.
#[derive(Clone, Debug)]
struct TrackedRows {
    context: String,
    place: Place,
}

impl std::str::FromStr for TrackedRows {
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
        expect_not_overwritten(&[Some(&self.output)], self.files.iter())?;
        if self.flush {
            return self.flush(scene);
        }
        let uri = self.uri().context("no MLflow server; set --uri or MLFLOW_TRACKING_URI")?;
        let access = ServerAccess::new(&uri, &variable)?;
        let mut contents = Contents::new();
        let plan = self.plan(scene, access.uri.clone(), &mut contents)?;
        let tracked = if let Some(directory) = &self.spool {
            self.send_from_spool(directory, &plan, &contents, scene)?
        } else {
            let source =
                |digest: &str| contents.get(digest).cloned().context("a file of the plan is missing");
            let sent = send(&plan, &source, &TrackingServer::new(access)?, scene.name());
            sent.map_err(|error| if is_transient(&error) { with_advice(&error) } else { error })?
        };
        for left in &tracked.left {
            scene.warn(format!("not changed: {left}"));
        }
        result_file::write(&self.output, &tracked)?;
        Ok(Outcome::Done)
    }
}

impl Args {
    fn uri(&self) -> Option<String> {
        self.uri.clone().or_else(|| variable("MLFLOW_TRACKING_URI"))
    }

    /// Reads the files and plans the requests.
    fn plan(&self, scene: &Scene, uri: String, contents: &mut Contents) -> Result<TrackingPlan> {
        let target = TrackingTarget {
            uri,
            experiment: self.experiment.clone().or_else(|| variable("MLFLOW_EXPERIMENT_NAME")),
            run_id: self.run_id.clone().or_else(|| variable("MLFLOW_RUN_ID")),
            run_name: self.run_name.clone(),
            name: self.name.clone(),
            alias: self.alias.clone(),
        };
        let files = self.files.iter().map(tracked_file).collect::<Result<_>>()?;
        let milliseconds = scene.now()?.0.saturating_mul(1000);
        let mut plan = TrackingPlan::new(scene.name(), milliseconds, target, files, contents)?;
        for TrackedRows { context, place } in &self.rows {
            plan.add_input(context, &file_name(place), &digest(place)?);
        }
        if let Some(path) = &self.program {
            let program = read_file(path, limits::FILE_BYTES)?;
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

    /// Adds a plan to the spool and sends all plans in it. A plan that fails stays.
    fn send_from_spool(
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
        let (mut unreachable, mut rejected) = (None, None);
        for (path, error) in kept {
            match error {
                Some(error) if is_transient(&error) => unreachable = Some(error),
                Some(error) if path == own => rejected = Some(error),
                Some(error) => scene.warn(format!("{}: {error:#}", path.display())),
                None => {}
            }
        }
        if let Some(error) = rejected {
            bail!("{error:#}; fix the cause, then send the files with track --flush --spool {place}");
        }
        if let Some(error) = unreachable {
            scene.warn(format!(
                "{error:#}; the files wait in {place}; send them with track --flush --spool {place}"
            ));
        }
        let done = sent.into_iter().find(|(path, _)| *path == own).map(|(_, tracked)| tracked);
        Ok(done.unwrap_or_else(|| TrackReport { spooled: true, ..TrackReport::empty(plan, scene.name()) }))
    }

    fn drain(&self, spool: &Spool, scene: &Scene) -> Result<FlushedPlans> {
        spool.drain(&mut |plan| {
            let access = match self.uri() {
                Some(uri) => ServerAccess::new(&uri, &variable)?,
                None => ServerAccess::of_file(&plan.uri, &variable)?,
            };
            send(plan, &|digest| spool.contents(digest), &TrackingServer::new(access)?, scene.name())
        })
    }

    /// Sends the plans that wait in the spool.
    fn flush(&self, scene: &Scene) -> Result<Outcome> {
        if let Some(spool) = self.spool.as_ref().filter(|spool| !spool.join("plans").is_dir()) {
            bail!(
                "{}: is not a spool; set --spool to a directory that track --spool has filled",
                spool.display()
            );
        }
        let directory =
            self.spool.as_deref().context("--flush needs a spool; set --spool to its directory")?;
        let FlushedPlans { sent, kept } = self.drain(&Spool::open(directory)?, scene)?;
        let sent: Vec<TrackReport> = sent.into_iter().map(|(_, tracked)| tracked).collect();
        let flushed =
            FlushReport { head: ResultHead::new("flush", scene.name()), kept: kept.len() as u64, sent };
        result_file::write(&self.output, &flushed)?;
        let waiting = kept.len();
        match kept.into_iter().find_map(|(_, error)| error) {
            Some(error) => {
                let calls = if waiting == 1 { "call waits" } else { "calls wait" };
                bail!(
                    "{}: {waiting} {calls} to be sent ({error:#}); run track --flush again",
                    directory.display()
                )
            }
            None => Ok(Outcome::Done),
        }
    }
}

/// Adds a fix to the error of an unreachable server.
fn with_advice(error: &Error) -> Error {
    anyhow!("{error:#}; run this again, or use --spool DIR to send it later")
}

fn file_name(place: &Place) -> String {
    let name = place.path().and_then(Path::file_name);
    name.map_or_else(|| "stdin".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn tracked_file(place: &Place) -> Result<TrackedFile> {
    Ok(TrackedFile { name: file_name(place), bytes: place.read_bytes_within(limits::FILE_BYTES)? })
}

fn digest(place: &Place) -> Result<String> {
    digest_from(place.reader()?).with_context(|| place.to_string())
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
