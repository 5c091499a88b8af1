//! spamops: all tools in one program; the program's name or the first argument selects the tool.

/// The sub-commands. Their names are also in the list: a macro could declare them, but `cargo fmt` would not find them.
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
    pub(crate) mod state;
    pub(crate) mod verify;
}

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use ::spamops::cli::tool;
use clap::Command;

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

        /// The tools, in the order of the cycle.
        const TOOLS: &[Entry] = &[$($(#[$if_tool])? entry!($tool)),+];

        /// The sub-commands.
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
    let called = args.first().map(Path::new).and_then(Path::file_stem).unwrap_or_default().to_string_lossy();
    let called = called.strip_prefix("spamops-").unwrap_or(&called);
    let wanted = args.get(1).map(|arg| arg.to_string_lossy()).unwrap_or_default();
    let by_name = TOOLS.iter().find(|entry| entry.name == called);
    match by_name.or_else(|| TOOLS.iter().chain(SUBCOMMANDS).find(|entry| entry.name == wanted)) {
        Some(entry) => (entry.main)(),
        None => tool::menu(whole(), args.clone()),
    }
}

/// The command line of the one file, with everything in it.
fn whole() -> Command {
    let about = "Small tools that keep a text classifier healthy with nobody in the loop";
    let cycle = "The cycle: sample -> validate -> score -> drift -> fit -> score -> compare -> promote";
    let entries = TOOLS.iter().chain(SUBCOMMANDS);
    Command::new("spamops")
        .about(about)
        .after_help(cycle)
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(entries.map(|entry| (entry.command)().bin_name(format!("spamops {}", entry.name))))
}
