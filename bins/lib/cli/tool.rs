//! The `Tool` trait, and the frame that runs a tool: arguments, policy, messages and exit status.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{ArgMatches, Args, Command, FromArgMatches, Parser};

use crate::cli::{config, help, progress};
use crate::cycle::record;
use crate::io::dates::Timestamp;
use crate::io::diagnostics::{Diagnostics, inert};
use crate::io::stream::Place;

/// A tool: its arguments, and the work it does with them.
pub trait Tool: Parser {
    /// Does the work. The frame prints the remarks, the warnings and the error.
    fn run(self, scene: &Scene) -> Result<Outcome>;

    /// Called with the arguments if they or the policy are wrong.
    fn not_run(_: &[OsString]) -> Result<()> {
        Ok(())
    }
}

/// The result of a tool's work. Only `--exit-code` makes a negative verdict visible in the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Exit status 0.
    Done,
    /// Exit status 1: the work is done, and the verdict is no.
    No,
}

impl Outcome {
    /// `No` if the verdict is no and `--exit-code` is set.
    pub fn answer(yes: bool, exit_code: bool) -> Self {
        if exit_code && !yes { Self::No } else { Self::Done }
    }
}

/// The surroundings of a run: the tool's name, the time, and where messages go.
pub struct Scene {
    name: String,
    config: Option<Place>,
    now: Option<Timestamp>,
    run_id: Option<String>,
    quiet: bool,
    warnings: Diagnostics,
    remarks: Diagnostics,
    picture: Diagnostics,
}

impl Scene {
    /// The name that messages start with, such as `spamops run`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value of `--now`.
    pub fn given_now(&self) -> Option<Timestamp> {
        self.now
    }

    /// The value of `--config`.
    pub fn config(&self) -> Option<&Place> {
        self.config.as_ref()
    }

    /// Prints a line to stderr at once, unless `--quiet` is set.
    pub fn echo(&self, line: &str) {
        if !self.quiet {
            print(line);
        }
    }

    /// The time of the run: `--now`, else SOURCE_DATE_EPOCH, else the clock. Only this function reads the clock.
    pub fn now(&self) -> Result<Timestamp> {
        if let Some(now) = self.now {
            return Ok(now);
        }
        if let Ok(epoch) = std::env::var("SOURCE_DATE_EPOCH") {
            return epoch
                .parse()
                .ok()
                .map(Timestamp)
                .context("SOURCE_DATE_EPOCH is not a whole number of seconds; fix or unset it");
        }
        let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
        Ok(Timestamp(i64::try_from(since_1970.as_secs())?))
    }

    /// The id of the cycle's run that the results belong to, from `--run`.
    pub fn run_id(&self) -> Option<String> {
        self.run_id.clone()
    }

    /// The warnings. Readers of rows add to them.
    pub(crate) fn warnings(&self) -> Diagnostics {
        self.warnings.clone()
    }

    /// Whether only errors may be printed.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether stderr is a terminal and `--quiet` is not set.
    pub fn is_interactive(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Shows the current activity on a terminal. The next call replaces it.
    pub fn show_progress(&self, activity: &str) {
        if self.is_interactive() {
            progress::show(&self.name, activity);
        }
    }

    /// Prints lines unchanged at the end of the run, in colour if stderr supports it.
    pub fn draw(&self, lines: impl IntoIterator<Item = String>) {
        lines.into_iter().for_each(|line| self.picture.add(line));
    }

    /// Prints a warning at the end of the run.
    pub fn warn(&self, warning: impl Into<String>) {
        self.warnings.add(warning);
    }

    /// Prints a remark at the end of the run: a fact that needs no action.
    pub fn remark(&self, remark: impl Into<String>) {
        self.remarks.add(remark);
    }
}

// Options that every tool has. (clap would show a doc comment as the summary of every tool.)
#[derive(Args)]
#[command(next_help_heading = "Common options")]
struct CommonArgs {
    /// Policy file [default: spamops.toml, if it exists]
    ///
    /// The file has one table per tool, with the names of the long options as keys. The command line wins. The file sets
    /// columns, formats, amounts, limits and recipes, but no files, servers, programs or actions.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<Place>,

    /// Time of the run [default: SOURCE_DATE_EPOCH, else the current time]
    ///
    /// Set this option to make the output reproducible. Formats: 2026-07-01, 2026-07-01T08:30:00Z, or seconds since
    /// 1970.
    #[arg(long, value_name = "TIME", global = true, hide_short_help = true)]
    now: Option<Timestamp>,

    /// File run.json of the run that the results belong to
    ///
    /// Every JSON result then carries the id of that run.
    #[arg(long, value_name = "FILE", global = true, hide_short_help = true)]
    run: Option<Place>,

    /// Print errors only
    #[arg(long, short, global = true)]
    quiet: bool,
}

/// The complete command line of a tool, for parsing, completions and manual pages.
pub fn command<T: Tool>() -> Command {
    help::lay_out(CommonArgs::augment_args(T::command()).version(env!("CARGO_PKG_VERSION")))
}

/// Runs the tool on the arguments of the process. `sample -n 3` and `spamops sample -n 3` do the same.
pub fn main<T: Tool>() -> ExitCode {
    main_with::<T>(std::env::args_os().collect())
}

/// Like [`main`], with the given arguments.
pub fn main_with<T: Tool>(mut args: Vec<OsString>) -> ExitCode {
    let command = command::<T>();
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    let word = command.get_name().to_owned();
    let called = args.first().map(Path::new).and_then(Path::file_stem).unwrap_or_default();
    if args.get(1).is_some_and(|first| *first == *word) && !called.to_string_lossy().ends_with(&word) {
        args.remove(0);
    }
    let given = args.clone();
    let matches = match arguments(command, args, &word) {
        Ok(matches) => matches,
        Err(error) => return not_run::<T>(&error, &name, &given),
    };
    let (common, tool) = match (CommonArgs::from_arg_matches(&matches), T::from_arg_matches(&matches)) {
        (Ok(common), Ok(tool)) => (common, tool),
        (Err(error), _) | (_, Err(error)) => {
            return not_run::<T>(&error.into(), &name, &given);
        }
    };
    let CommonArgs { config, now, run, quiet } = common;
    let run_id = match run.as_ref().map(record::id_in).transpose() {
        Ok(run_id) => run_id,
        Err(error) => return usage(&error, &name),
    };
    let [warnings, remarks, picture] = std::array::from_fn(|_| Diagnostics::default());
    let scene = Scene { name, config, now, run_id, quiet, warnings, remarks, picture };
    let outcome = tool.run(&scene);
    if !scene.quiet {
        progress::clear();
        scene.picture.take().iter().for_each(|line| print(line));
        for remark in scene.remarks.take() {
            print_message(&scene.name, &remark);
        }
        for warning in scene.warnings.take() {
            print_message(&scene.name, &format!("warning: {warning}"));
        }
    }
    exit(outcome, &scene.name)
}

/// Answers a call of `spamops` that names no tool: help, the version or an error.
pub fn menu(command: Command, args: Vec<OsString>) -> ExitCode {
    match command.try_get_matches_from(args) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => usage(&error.into(), "spamops"),
    }
}

/// Parses the arguments. The policy file supplies the options that the arguments do not set.
fn arguments(command: Command, args: Vec<OsString>, table: &str) -> Result<ArgMatches> {
    let given = command.clone().ignore_errors(true).try_get_matches_from(&args).ok();
    let place = given.as_ref().and_then(|matches| matches.get_one::<Place>("config").cloned());
    let Some(policy) = config::read(place)? else { return Ok(command.try_get_matches_from(args)?) };
    let without_policy = command.clone().try_get_matches_from(&args);
    let command = policy.apply(table, command, given.as_ref())?;
    match (command.try_get_matches_from(&args), without_policy) {
        (Ok(matches), _) => Ok(matches),
        // Without the policy, the arguments are correct. The error is in the policy.
        (Err(error), Ok(_)) => Err(policy.error(table, &error)),
        (Err(error), Err(_)) => Err(error.into()),
    }
}

/// Ends a tool that cannot run because of its arguments or policy.
fn not_run<T: Tool>(error: &anyhow::Error, name: &str, given: &[OsString]) -> ExitCode {
    // Help and the version are no errors.
    let is_error = error.downcast_ref::<clap::Error>().is_none_or(clap::Error::use_stderr);
    if let Err(error) = if is_error { T::not_run(given) } else { Ok(()) } {
        print_error(name, &error);
    }
    usage(error, name)
}

fn usage(error: &anyhow::Error, name: &str) -> ExitCode {
    match error.downcast_ref::<clap::Error>() {
        Some(help) if !help.use_stderr() => {
            // Help or version. A closed pipe is not an error.
            let _ = help.print();
            return ExitCode::SUCCESS;
        }
        Some(wrong) => {
            let text = wrong.to_string();
            let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
            print_message(name, first.strip_prefix("error: ").unwrap_or(first));
            rest.trim_end().lines().for_each(|line| print(&inert(line)));
        }
        None => print_error(name, error),
    }
    ExitCode::from(2)
}

/// The exit status: 0 done, 1 the verdict is no, 2 usage, input or environment. A broken pipe gives 0.
fn exit(outcome: Result<Outcome>, name: &str) -> ExitCode {
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::No) => ExitCode::from(1),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            print_error(name, &error);
            ExitCode::from(2)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes.any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

fn print_error(name: &str, error: &anyhow::Error) {
    let line = format!("{error:#}");
    let (cause, rest) = line.split_once(" (os error ").unwrap_or((&line, ""));
    let fix = rest.split_once(')').map_or("", |(_, fix)| fix);
    print_message(name, &format!("{cause}{fix}"));
}

/// Prints a line to stderr that starts with the tool's name, in bold on a terminal.
fn print_message(name: &str, line: &str) {
    print(&format!("\u{1b}[1m{name}:\u{1b}[0m {}", inert(line)));
}

fn print(line: &str) {
    use std::io::Write;
    // A closed stderr is not an error.
    let _ = writeln!(anstream::stderr(), "{line}");
}
