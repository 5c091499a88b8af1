//! spamops: all tools in one program; the program's name or the first argument selects the tool.

/// The sub-commands. `tool_list!` names them too. This list is for `cargo fmt`, which finds no modules in a macro.
mod spamops {
    pub(crate) mod completions;
    pub(crate) mod init;
    pub(crate) mod link;
    pub(crate) mod man;
    pub(crate) mod model;
    #[cfg(feature = "net")]
    pub(crate) mod notify;
    pub(crate) mod profile;
    pub(crate) mod registry;
    pub(crate) mod report;
    pub(crate) mod run;
    pub(crate) mod schema;
    pub(crate) mod state;
    pub(crate) mod verify;
}

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use ::spamops::cli::help::with_bold_headings;
use ::spamops::cli::tool;
use clap::Command;

const EXAMPLES: &str = "\
Examples:
  spamops run --demo                     # the cycle on built-in data
  spamops drift --help                   # the help of one tool

The cycle: sample -> validate -> score -> drift -> fit -> score -> compare -> promote";

/// A tool or a sub-command.
struct Entry {
    name: &'static str,
    main: fn() -> ExitCode,
    command: fn() -> Command,
}

macro_rules! declare {
    (
        tools: $($(#[$if_tool:meta])? $tool:ident),+;
        subcommands: $($(#[$if_subcommand:meta])? $subcommand:ident: $_policy:ident),+
    ) => {
        $($(#[$if_tool])? mod $tool;)+

        $($(#[$if_subcommand])? use spamops::$subcommand;)+

        /// The tools, in pipeline order.
        const TOOLS: &[Entry] = &[$($(#[$if_tool])? entry!($tool)),+];

        const SUBCOMMANDS: &[Entry] = &[$($(#[$if_subcommand])? entry!($subcommand)),+];
    };
}

macro_rules! entry {
    ($name:ident) => {
        Entry { name: stringify!($name), main: $name::main, command: tool::command::<$name::Args> }
    };
}

::spamops::tool_list!(declare);

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    let program = args.first().map(Path::new).and_then(Path::file_stem).unwrap_or_default().to_string_lossy();
    let program = program.strip_prefix("spamops-").unwrap_or(&program);
    let first_argument = args.get(1).map(|arg| arg.to_string_lossy()).unwrap_or_default();
    let by_name = TOOLS.iter().find(|entry| entry.name == program);
    match by_name.or_else(|| TOOLS.iter().chain(SUBCOMMANDS).find(|entry| entry.name == first_argument)) {
        Some(entry) => (entry.main)(),
        None => tool::menu(menu(), args.clone()),
    }
}

/// The command line of `spamops`, with every tool and sub-command.
fn menu() -> Command {
    let entries = || TOOLS.iter().chain(SUBCOMMANDS);
    let lists = format!(
        "Tools, in pipeline order:\n{}\nCommands:\n{}\nOptions:\n",
        summaries(TOOLS),
        summaries(SUBCOMMANDS)
    );
    let template = format!(
        "{{about}}\n\n{{usage-heading}} {{usage}}\n\n{}\n{{options}}{{after-help}}",
        with_bold_headings(&lists).ansi()
    );
    Command::new("spamops")
        .about("Small tools that keep a spam classifier healthy")
        .help_template(template)
        .after_help(with_bold_headings(EXAMPLES))
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(entries().map(|entry| (entry.command)().bin_name(format!("spamops {}", entry.name))))
}

/// One line per entry: its name and its summary.
fn summaries(entries: &[Entry]) -> String {
    let line = |entry: &Entry| {
        let about = (entry.command)().get_about().map(ToString::to_string).unwrap_or_default();
        format!("  {:<12} {about}\n", entry.name)
    };
    entries.iter().map(line).collect()
}
