//! spamops run: runs the cycle, or single steps of it.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Parser;

use ::spamops::cli::tool::{self, Outcome, Scene, Tool};
use ::spamops::cycle::command_line::Programs;
use ::spamops::cycle::demo;
use ::spamops::cycle::files::{OUT, RunFiles};
use ::spamops::cycle::record::CycleRecord;
use ::spamops::cycle::run::CycleRun;
use ::spamops::cycle::settings::{CycleOptions, CycleSettings, word};
use ::spamops::cycle::step::CycleStep;
use ::spamops::io::dates::Timestamp;
use ::spamops::io::environment;
use ::spamops::io::stream::Place;
use ::spamops::registry;

/// Run the cycle, or single steps of it, with all results in one directory
///
/// What it does: Runs the steps of the cycle in order. If the new rows are not valid, only outputs and report follow.
/// The same is true if there are no new rows, unless --force is set. The steps from split to compare run only if
/// drift requests a retrain. promote runs only if compare sets deploy_needed.
///
/// While the champion is held (promote --hold, or after a rollback), the run promotes nothing, and the reason code is
/// held if the challenger is better. The hold after a rollback also ends on its own: the challenger must be better than
/// the current version and the version that was rolled back, each with the verdict better, on at least 200 distinct
/// labelled messages of the holdout that arrived after the rollback.
///
/// watch rolls the last promotion back, at most once, if labels that arrived since show that its predecessor is better:
/// the sequential test of compare needs evidence of 20. The run then ends with the reason code rolled_back. While a
/// person holds the champion, watch only reports. Both steps count only rows whose column picked_for is empty or
/// random. Picked rows and complaints favour the model that does not serve; set their picked_for, for example to
/// complaint.
///
/// On the first run, there is no champion, so drift requests a first model (reason code no_champion). This model
/// becomes the champion if it passes the gates of compare: by default, F1 of at least 0.8 on the holdout. The first run
/// needs labelled rows of both classes.
///
/// With --champion-scored, the champion is a model of another system, which scores the rows itself. The first run keeps
/// a profile of the scored rows in the state: drift compares later rows with it. If you replace this model,
/// delete champion-profile.json in the state. A challenger from fit must be better than this model on the holdout. Then
/// it becomes version 1 and the champion, and --champion-scored no longer counts. There is no automatic rollback to the
/// model of another system.
///
/// If labels are needed, to-label.csv has the rows whose labels help most: as many as a retrain is short of, from all
/// rows of the state. Rows of earlier requests are asked for again after 14 days. Enter the labels in the rows of --data,
/// or give the filled file, or a file of ids and labels, as --labels. Then run again: a row that gets its first label
/// counts as a new row.
///
/// Input: Rows from --data, or the built-in rows of --demo. Options with a value, and --now, can also come from the
/// environment, such as SPAMOPS_IN_OUT_DIR for --out-dir. The command line wins. GITHUB_SHA, if set, is recorded in the
/// model.
///
/// Output: The files of the steps below, in --out-dir. Each command line is printed before it runs, so that you can
/// paste it into a shell. A new run deletes the results of the previous run first, even if it fails, but never the
/// registry or the state.
///
/// Method: run.json records the options, the SHA-256 of every input, and the id of the run. Later steps take their
/// options from run.json, and every JSON result carries the id. If you give a step other options, or change the policy,
/// a run with a new id starts. report and notify then reject the older results. Without STEP, a killed or failed run
/// resumes after its last complete step. Its input files, policy and options must be unchanged; otherwise, a new run
/// starts.
#[derive(Parser)]
#[command(
    name = "run",
    bin_name = "spamops run",
    after_help = "\
Steps:
  sample     draws rows that no earlier run used    new.csv (or .tsv, .jsonl, .ndjson)
  validate   checks the rows                        clean.csv rejects.csv validate.json
  score      scores them with the champion, if any  champion.json scored.csv metrics.json
  drift      decides if a retrain is needed         drift.json, to-label.csv if labels are needed
  watch      rolls back if later labels say so      watch.json, promote.json after a rollback
  split      divides all gathered rows              pool.csv train.csv holdout.csv
  fit        trains the challenger                  challenger.json
  judge      scores the holdout with both models    champion-scored.csv challenger-scored.csv
  compare    decides if the challenger is better    compare.json, flips.csv if there is a champion
  resume     ends the hold after a rollback         resume-current.json resume-former.json
  promote    makes the challenger the champion      promote.json
  outputs    writes the outputs for a runner
  report     combines all results                   decision.json report.md report.html

Examples:
  spamops run --demo                                  # built-in rows that drift; results in out/
  spamops run --data messages.csv --registry models --state state --out-dir out
  spamops run --out-dir out compare report            # repeats two steps
  spamops run --data messages.csv --dry-run           # shows the command lines"
)]
pub(crate) struct Args {
    /// Steps to run, in this order [default: the cycle]
    #[arg(value_name = "STEP")]
    steps: Vec<CycleStep>,

    /// Rows as CSV or JSON Lines, plain, gzip or zstd
    #[arg(long, value_name = "FILE", conflicts_with = "demo")]
    data: Option<PathBuf>,

    /// Use the built-in synthetic corpus
    ///
    /// If the registry has no champion, a first model is fitted.
    #[arg(long)]
    demo: bool,

    /// Directory of the results
    #[arg(long, value_name = "DIR", default_value = OUT)]
    out_dir: PathBuf,

    /// Directory of the registry [default: models in --out-dir]
    ///
    /// Give the same directory to promote --rollback and spamops registry.
    #[arg(long, value_name = "DIR")]
    registry: Option<PathBuf>,

    /// Name of the model in the registry and in alerts [default: spam]
    ///
    /// If a repository has several models, give each its own --name, --state and --out-dir.
    #[arg(long, value_name = "NAME", value_parser = registry::name, hide_short_help = true)]
    name: Option<String>,

    /// Directory of the state [default: state in --out-dir]
    ///
    /// Keep this directory between runs.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,

    /// Contract for the new rows [default: contract.toml next to --data]
    ///
    /// If this file does not exist, the rows are checked as validate does without --contract.
    #[arg(long, value_name = "FILE")]
    contract: Option<PathBuf>,

    /// Labelled messages that the challenger must classify correctly
    ///
    /// See compare --golden. spamops.toml cannot name a file.
    #[arg(long, value_name = "FILE")]
    golden: Option<PathBuf>,

    /// File with the scores of another system, whose model is the champion until a version is promoted
    ///
    /// Your own step writes this file before the run, for example with scikit-learn: a score or a verdict for each row of
    /// --data. The table [score] of spamops.toml names its columns; see score --scores. Rows that it does not have are
    /// left out, and the next run draws them again. spamops.toml cannot set this option.
    #[arg(long, value_name = "FILE", conflicts_with = "demo", hide_short_help = true)]
    champion_scored: Option<PathBuf>,

    /// File with labels of rows that have none
    ///
    /// A to-label.csv that you filled in, or a file with the columns id and label. A row that gets its first label counts
    /// as a new row. spamops.toml cannot name a file.
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,

    /// File whose changes trigger a retrain, such as a word list
    ///
    /// See drift --watch. You can repeat this option. spamops.toml cannot name a file.
    #[arg(long, value_name = "FILE")]
    watch: Vec<PathBuf>,

    /// Treat rows before this date as history, and do not draw them
    ///
    /// The first run adds these rows to the state, so that fit learns from them.
    #[arg(long, value_name = "DATE")]
    since: Option<Timestamp>,

    /// Leave out rows from this date on
    #[arg(long, value_name = "DATE")]
    until: Option<Timestamp>,

    /// Number of new rows to draw [default: 2000; the first run draws all rows]
    ///
    /// If you set --size for a first run, the first model learns only from the drawn rows and the rows before --since.
    #[arg(long, value_name = "ROWS")]
    size: Option<u64>,

    /// Retrain even if no other trigger fired: true or false [default: false]
    #[arg(long, value_name = "BOOL", hide_possible_values = true)]
    force: Option<bool>,

    /// Channels to notify: slack, pagerduty, alertmanager, webhook
    ///
    /// See spamops notify --help for their settings.
    #[arg(long, value_name = "CHANNELS")]
    notify: Option<String>,

    /// Events to notify about [default: all]
    ///
    /// A comma-separated list; spamops notify --help has all events.
    #[arg(long, value_name = "EVENTS")]
    notify_on: Option<String>,

    /// Start over instead of resuming an unfinished run
    #[arg(long, conflicts_with = "steps")]
    restart: bool,

    /// Print the command lines that are known so far, and run none
    #[arg(long)]
    dry_run: bool,
}

/// Options that may also come from the environment.
const FROM_ENVIRONMENT: [&str; 15] = [
    "data",
    "out-dir",
    "registry",
    "state",
    "contract",
    "golden",
    "champion-scored",
    "watch",
    "since",
    "until",
    "size",
    "force",
    "notify",
    "notify-on",
    "labels",
];

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        let is_new = self.steps.is_empty() || self.steps.contains(&CycleStep::Sample);
        RunFiles::new(&self.out_dir).expect_no_links()?;
        let recorded = match CycleRecord::read(&self.out_dir) {
            Err(error) if is_new => {
                // The fix in this error does not apply, because the run starts over.
                let error = format!("{error:#}");
                let fact = error.split("; ").next().unwrap_or_default();
                scene.warn(format!("{fact}; the run starts over"));
                None
            }
            recorded => {
                recorded.map_err(|error| anyhow!("{error:#}; start over with spamops run --restart"))?
            }
        };
        // Without rows, no run begins, so the results of the previous run stay.
        let has_rows = self.data.is_some() || self.demo;
        if !has_rows && (is_new || recorded.is_none() && !self.only_reports()) {
            ensure!(is_new, "{}: no run.json; run the step sample first", self.out_dir.display());
            bail!("no rows; set --data FILE, or try --demo");
        }
        let _lock = if self.dry_run { None } else { lock(&self.out_dir)? };
        let record = match recorded {
            Some(recorded) if !is_new => self.continued(recorded, scene)?,
            recorded => self.new_or_resumed(recorded, scene).inspect_err(|error| {
                self.tell_that_no_run_started(error, scene);
            })?,
        };
        let echo = |line: &str| scene.echo(line);
        let mut run = self.cycle(record, scene, &echo)?;
        if self.steps.is_empty() {
            run.run_all()?;
        }
        self.steps.iter().try_for_each(|step| run.step(*step))?;
        if !self.dry_run && (self.steps.is_empty() || self.steps.contains(&CycleStep::Report)) {
            Place::Standard.write_text(&format!("results: {}\n", self.out_dir.display()))?;
        }
        Ok(Outcome::Done)
    }

    /// A new run whose arguments are wrong deletes the results of the previous run, too.
    fn not_run(given: &[OsString]) -> Result<()> {
        let words: Vec<&str> = given.iter().skip(1).filter_map(|word| word.to_str()).collect();
        let steps: Vec<CycleStep> = words.iter().filter_map(|word| word.parse().ok()).collect();
        let is_new = steps.is_empty() || steps.contains(&CycleStep::Sample);
        if !is_new || words.contains(&"--dry-run") {
            return Ok(());
        }
        let out_dir = |pair: &[&str]| (pair[0] == "--out-dir").then(|| pair[1].to_owned());
        let joined = words.iter().find_map(|word| word.strip_prefix("--out-dir=")).map(str::to_owned);
        let directory = words.windows(2).find_map(out_dir).or(joined).unwrap_or_else(|| OUT.to_owned());
        let files = RunFiles::new(Path::new(&directory));
        files.expect_no_links()?;
        if files.record().is_file() { files.clear([]) } else { Ok(()) }
    }
}

impl Args {
    /// The run with this record, and the programs that it calls.
    fn cycle<'a>(&self, record: CycleRecord, scene: &Scene, echo: &'a dyn Fn(&str)) -> Result<CycleRun<'a>> {
        let config = record.settings.config.iter().flat_map(|config| ["--config".to_owned(), config.clone()]);
        Ok(CycleRun {
            common: config.chain(scene.is_quiet().then(|| "--quiet".to_owned())).collect(),
            record,
            files: RunFiles::new(Path::new(&word(&self.out_dir)?)),
            programs: Programs::find(crate::TOOLS.iter().map(|tool| tool.name).collect())?,
            notify: self.notify.clone(),
            notify_on: self.notify_on.clone(),
            dry_run: self.dry_run,
            echo,
        })
    }

    /// Tells people that the run failed before its first step. A step that you run alone leaves this to the step report.
    fn tell_that_no_run_started(&self, error: &anyhow::Error, scene: &Scene) {
        if !self.steps.is_empty() || self.notify.is_none() {
            return;
        }
        let no_rows = CycleOptions { data: Some(self.out_dir.clone()), ..self.options(scene) };
        let record = no_rows.settings(|| scene.now());
        let record = record.map(|settings| CycleRecord::unrecorded(settings, scene.name()));
        let echo = |line: &str| scene.echo(line);
        if let Ok(run) = record.and_then(|record| self.cycle(record, scene, &echo)) {
            run.tell_failure(Some(&format!("it did not start: {error:#}")));
        }
    }

    /// The record of a new run, or of the killed run in this directory if it can resume.
    fn new_or_resumed(&self, killed: Option<CycleRecord>, scene: &Scene) -> Result<CycleRecord> {
        let options = self.options(scene);
        // A runner requests the outputs even if the run did not start. Then all of them are false.
        if killed.is_none() && self.only_reports() {
            if !self.dry_run {
                RunFiles::new(&self.out_dir).clear([])?;
            }
            let no_rows = CycleOptions { data: Some(self.out_dir.clone()), ..options };
            return Ok(CycleRecord::unrecorded(no_rows.settings(|| scene.now())?, scene.name()));
        }
        let settings = options.settings(|| scene.now());
        if self.dry_run {
            return Ok(CycleRecord::unrecorded(settings?, scene.name()));
        }
        let killed = killed.filter(|_| self.steps.is_empty() && !self.restart);
        let resumable = match (killed, &settings) {
            (Some(killed), Ok(settings)) => self.resumable(killed, settings, options.now.is_some()),
            _ => Ok(None),
        };
        let files = RunFiles::new(&self.out_dir);
        if let Ok(Some(killed)) = resumable {
            let place = match killed.done.last() {
                Some(step) => format!("after the step {step}"),
                None => "from its first step".to_owned(),
            };
            files.sweep()?;
            scene.echo(&format!("resuming run {:.12} {place}", killed.id));
            return Ok(killed);
        }
        // Delete the old results before anything fails. Otherwise, a report would announce them as results of this run.
        files.clear(self.inputs())?;
        let settings = settings?;
        resumable?;
        if self.demo {
            demo::write(&self.out_dir.join("demo"))?;
        }
        ensure!(Path::new(&settings.data).exists(), "{}: no such file; set --data", settings.data);
        let record = CycleRecord::begin(settings, scene.name())?;
        record.write(&self.out_dir)?;
        Ok(record)
    }

    /// The killed run, if this call continues it.
    fn resumable(
        &self,
        killed: CycleRecord,
        settings: &CycleSettings,
        is_at_given_time: bool,
    ) -> Result<Option<CycleRecord>> {
        if self.demo {
            demo::write(&self.out_dir.join("demo"))?;
        }
        let mut wanted = settings.clone();
        if !is_at_given_time {
            wanted.now.clone_from(&killed.settings.now);
        }
        let resumes = Path::new(&settings.data).exists() && killed.can_resume(&wanted)?;
        Ok(resumes.then_some(killed))
    }

    /// The files that the run reads.
    fn inputs(&self) -> impl Iterator<Item = &Path> {
        let files = [&self.data, &self.contract, &self.golden, &self.champion_scored, &self.labels];
        let files = files.into_iter().flatten();
        files.chain(&self.watch).map(PathBuf::as_path)
    }

    /// The record for single steps: the record of their run, or a new record if options or policy have changed.
    fn continued(&self, recorded: CycleRecord, scene: &Scene) -> Result<CycleRecord> {
        let settings = self.options(scene).over(recorded.settings.clone())?;
        if settings == recorded.settings && recorded.has_its_policy()? {
            return Ok(recorded);
        }
        let record = CycleRecord::begin(settings, scene.name())?;
        if !self.dry_run {
            scene.echo(&format!(
                "options or policy changed since run {:.12}; continuing as run {:.12}",
                recorded.id, record.id
            ));
            record.write(&self.out_dir)?;
        }
        Ok(record)
    }

    /// Whether only `outputs` or `report` is requested.
    fn only_reports(&self) -> bool {
        !self.steps.is_empty() && self.steps.iter().all(|step| step.only_reports())
    }

    fn options(&self, scene: &Scene) -> CycleOptions {
        CycleOptions {
            demo: self.demo,
            data: self.data.clone(),
            out_dir: self.out_dir.clone(),
            registry: self.registry.clone(),
            name: self.name.clone(),
            state: self.state.clone(),
            contract: self.contract.clone(),
            golden: self.golden.clone(),
            champion_scored: self.champion_scored.clone(),
            labels: self.labels.clone(),
            watch: self.watch.clone(),
            since: self.since,
            until: self.until,
            size: self.size,
            force: self.force,
            now: scene.given_now(),
            commit: environment::variable("GITHUB_SHA"),
            config: scene.config().and_then(|place| place.path()).map(Path::to_path_buf),
        }
    }
}

/// Locks the directory until the returned file is dropped.
fn lock(directory: &Path) -> Result<Option<File>> {
    std::fs::create_dir_all(directory).with_context(|| directory.display().to_string())?;
    // The lock is on the directory itself, so that no lock file is left. Some systems cannot lock a directory.
    let lock = File::open(directory).ok();
    let is_taken =
        || lock.as_ref().is_some_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)));
    // A run that was just killed may hold the lock a little longer.
    let is_still_taken = (0..20).all(|attempt| {
        if attempt > 0 {
            std::thread::sleep(Duration::from_millis(50));
        }
        is_taken()
    });
    if is_still_taken {
        bail!(
            "{}: another run is using this directory; wait until it ends, or choose another --out-dir",
            directory.display()
        );
    }
    Ok(lock)
}

/// Adds options from the environment that the command line does not set.
fn with_environment(mut args: Vec<OsString>) -> Vec<OsString> {
    let is_given = |args: &[OsString], option: &str| {
        args.iter().any(|arg| {
            arg.to_str().is_some_and(|arg| arg == option || arg.starts_with(&format!("{option}=")))
        })
    };
    for name in FROM_ENVIRONMENT.into_iter().chain(["now"]) {
        let option = format!("--{name}");
        let variable = format!("SPAMOPS_IN_{}", name.to_uppercase().replace('-', "_"));
        let is_demo = name == "data" && is_given(&args, "--demo");
        if let Some(value) =
            environment::variable(&variable).filter(|_| !is_demo && !is_given(&args, &option))
        {
            args.insert(2.min(args.len()), format!("{option}={value}").into());
        }
    }
    args
}

pub(crate) fn main() -> ExitCode {
    tool::main_with::<Args>(with_environment(std::env::args_os().collect()))
}
