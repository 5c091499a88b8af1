//! The `Tool` trait and how a tool runs: parses arguments and policy, prints one error line, sets the exit status.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{ArgMatches, Args, Command, FromArgMatches, Parser};

use crate::cli::config;
use crate::cli::progress;
use crate::cycle::record;
use crate::io::dates::Timestamp;
use crate::io::diagnostics::{Diagnostics, inert};
use crate::io::stream::Place;

/// One tool: its arguments, and what it does with them.
pub trait Tool: Parser {
    /// Does the work.
    fn run(self, scene: &Scene) -> Result<Outcome>;
}

/// How the work ended; only a tool asked with `--exit-code` says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// Done, and the answer is no.
    No,
}

impl Outcome {
    /// No, where `--exit-code` asks for the answer and the answer is no.
    pub fn answer(yes: bool, exit_code: bool) -> Self {
        if exit_code && !yes { Self::No } else { Self::Done }
    }
}

/// What surrounds a run: its name, the time, and where remarks go.
pub struct Scene {
    name: String,
    config: Option<Place>,
    now: Option<Timestamp>,
    run_id: Option<String>,
    quiet: bool,
    notes: Diagnostics,
    news: Diagnostics,
    picture: Diagnostics,
}

impl Scene {
    /// The name of the tool.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The moment that `--now` asks for.
    pub fn asked_now(&self) -> Option<Timestamp> {
        self.now
    }

    /// The policy that `--config` names.
    pub fn config(&self) -> Option<&Place> {
        self.config.as_ref()
    }

    /// Prints a line to stderr at once, unless nothing but errors is wanted.
    pub fn echo(&self, line: &str) {
        if !self.quiet {
            print(line);
        }
    }

    /// The moment of the run: `--now`, else SOURCE_DATE_EPOCH, else the clock, read here and nowhere else.
    pub fn now(&self) -> Result<Timestamp> {
        if let Some(now) = self.now {
            return Ok(now);
        }
        if let Ok(epoch) = std::env::var("SOURCE_DATE_EPOCH") {
            return epoch.parse().map(Timestamp).context("SOURCE_DATE_EPOCH is not a number of seconds");
        }
        let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
        Ok(Timestamp(i64::try_from(since_1970.as_secs())?))
    }

    /// The id of the run of the cycle that the results belong to, if they belong to one.
    pub fn run_id(&self) -> Option<String> {
        self.run_id.clone()
    }

    /// Where remarks go, for readers of rows.
    pub(crate) fn notes(&self) -> Diagnostics {
        self.notes.clone()
    }

    /// Whether nothing but errors is wanted.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether somebody is watching who has not asked for quiet: then a picture is worth its lines.
    pub fn is_watched(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Says what is being done just now, where somebody is watching.
    pub fn watch(&self, what: &str) {
        if self.is_watched() {
            progress::say(&self.name, what);
        }
    }

    /// Shows lines as they are, in colour where that is wanted, at the end of the run.
    pub fn draw(&self, lines: impl IntoIterator<Item = String>) {
        lines.into_iter().for_each(|line| self.picture.add(line));
    }

    /// Warns of something at the end of the run.
    pub fn warn(&self, remark: impl Into<String>) {
        self.notes.add(remark);
    }

    /// Tells what was done, where that is more than what was asked for, at the end of the run.
    pub fn tell(&self, remark: impl Into<String>) {
        self.news.add(remark);
    }
}

// Options that every tool has. (A doc comment here would become what every tool says about itself.)
#[derive(Args)]
#[command(next_help_heading = "Everywhere")]
struct CommonArgs {
    /// The policy: a table per tool, the same names as the long options [default: spamops.toml, where it exists]
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<Place>,

    /// The moment of the run, for results that must not depend on the clock [default: SOURCE_DATE_EPOCH, else now]
    #[arg(long, value_name = "TIME", global = true)]
    now: Option<Timestamp>,

    /// The run.json of the cycle that this belongs to: the result carries its id
    #[arg(long, value_name = "FILE", global = true)]
    run: Option<Place>,

    /// Say nothing but errors
    #[arg(long, short, global = true)]
    quiet: bool,
}

/// The whole command line of a tool, for parsing, completions and manual pages.
pub fn command<T: Tool>() -> Command {
    CommonArgs::augment_args(T::command()).version(env!("CARGO_PKG_VERSION"))
}

/// Runs the tool on the arguments of the process: `sample -n 3` and `spamops sample -n 3` are one.
pub fn main<T: Tool>() -> ExitCode {
    main_with::<T>(std::env::args_os().collect())
}

/// As [`main`], with these arguments.
pub fn main_with<T: Tool>(mut args: Vec<OsString>) -> ExitCode {
    let command = command::<T>();
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    let word = command.get_name().to_owned();
    let called = args.first().map(Path::new).and_then(Path::file_stem).unwrap_or_default();
    if args.get(1).is_some_and(|first| *first == *word) && !called.to_string_lossy().ends_with(&word) {
        args.remove(0);
    }
    let matches = match arguments(command, args, &word) {
        Ok(matches) => matches,
        Err(error) => return usage(&error, &name),
    };
    let (common, tool) = match (CommonArgs::from_arg_matches(&matches), T::from_arg_matches(&matches)) {
        (Ok(common), Ok(tool)) => (common, tool),
        (Err(error), _) | (_, Err(error)) => return usage(&error.into(), &name),
    };
    let CommonArgs { config, now, run, quiet } = common;
    let run_id = match run.as_ref().map(record::id_in).transpose() {
        Ok(run_id) => run_id,
        Err(error) => return usage(&error, &name),
    };
    let [notes, news, picture] = std::array::from_fn(|_| Diagnostics::default());
    let scene = Scene { name, config, now, run_id, quiet, notes, news, picture };
    let outcome = tool.run(&scene);
    if !scene.quiet {
        progress::clear();
        scene.picture.take().iter().for_each(|line| print(line));
        for remark in scene.news.take() {
            say(&scene.name, &remark);
        }
        for note in scene.notes.take() {
            say(&scene.name, &format!("warning: {note}"));
        }
    }
    exit(outcome, &scene.name)
}

/// Says what a menu of tools has to say: help, its version, or that there is no such tool.
pub fn menu(command: Command, args: Vec<OsString>) -> ExitCode {
    match command.try_get_matches_from(args) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => usage(&error.into(), "spamops"),
    }
}

/// Parses the arguments, with the policy file for what they leave out.
fn arguments(command: Command, args: Vec<OsString>, table: &str) -> Result<ArgMatches> {
    let given = command.clone().ignore_errors(true).try_get_matches_from(&args).ok();
    let asked = given.as_ref().and_then(|matches| matches.get_one::<Place>("config").cloned());
    let Some(policy) = config::read(asked)? else { return Ok(command.try_get_matches_from(args)?) };
    let plain = command.clone().try_get_matches_from(&args);
    let command = policy.apply(table, command, given.as_ref())?;
    match (command.try_get_matches_from(&args), plain) {
        (Ok(matches), _) => Ok(matches),
        // What fails with the policy and not without it is the policy's fault.
        (Err(error), Ok(_)) => Err(policy.blame(table, &error)),
        (Err(error), Err(_)) => Err(error.into()),
    }
}

fn usage(error: &anyhow::Error, name: &str) -> ExitCode {
    match error.downcast_ref::<clap::Error>() {
        Some(asked) if !asked.use_stderr() => {
            // Help or version; a pipe closed on it is no error.
            let _ = asked.print();
            return ExitCode::SUCCESS;
        }
        Some(wrong) => {
            let text = wrong.to_string();
            let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
            say(name, first.strip_prefix("error: ").unwrap_or(first));
            rest.trim_end().lines().for_each(|line| print(&inert(line)));
        }
        None => complain(name, error),
    }
    ExitCode::from(2)
}

/// The exit table: 0 done, 1 the answer is no, 2 usage, input or environment. A broken pipe is 0.
fn exit(outcome: Result<Outcome>, name: &str) -> ExitCode {
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::No) => ExitCode::from(1),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            complain(name, &error);
            ExitCode::from(2)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes.any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

fn complain(name: &str, error: &anyhow::Error) {
    let line = format!("{error:#}");
    say(name, line.split(" (os error ").next().unwrap_or_default());
}

/// One line about the run, the name of the tool in colour on a terminal.
fn say(name: &str, line: &str) {
    print(&format!("\u{1b}[1m{name}:\u{1b}[0m {}", inert(line)));
}

/// One line to stderr.
fn print(line: &str) {
    use std::io::Write;
    // With stderr closed there is nobody left to tell.
    let _ = writeln!(anstream::stderr(), "{line}");
}
