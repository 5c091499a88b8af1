//! The list of tools, used for modules, dispatch, help, links, completions, manual pages and policy tables.

/// Passes the list to a macro: the tools in pipeline order, then the sub-commands of `spamops`.
///
/// Every tool may have a table in `spamops.toml`. A sub-command may have a table only if it is marked `Table`.
#[macro_export]
macro_rules! tool_list {
    ($receiver:ident) => {
        $receiver! {
            tools:
                sample,
                validate,
                score,
                drift,
                fit,
                compare,
                promote,
                #[cfg(feature = "net")]
                track;
            subcommands:
                run: NoTable,
                report: Table,
                #[cfg(feature = "net")]
                notify: Table,
                registry: NoTable,
                model: NoTable,
                profile: NoTable,
                verify: NoTable,
                schema: NoTable,
                state: Table,
                init: NoTable,
                link: NoTable,
                completions: NoTable,
                man: NoTable
        }
    };
}

/// Whether `spamops.toml` may have a table for a sub-command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Policy {
    Table,
    NoTable,
}

macro_rules! names {
    (
        tools: $($(#[$_for_tool:meta])? $tool:ident),+;
        subcommands: $($(#[$_for_subcommand:meta])? $subcommand:ident: $policy:ident),+
    ) => {
        /// All tools. A build without `net` lacks some of them but knows their names.
        pub const TOOLS: &[&str] = &[$(stringify!($tool)),+];

        const SUBCOMMANDS: &[(&str, Policy)] = &[$((stringify!($subcommand), Policy::$policy)),+];
    };
}

tool_list!(names);

/// The names of the tables that `spamops.toml` may have.
pub(super) fn tables() -> impl Iterator<Item = &'static str> {
    let with_table = SUBCOMMANDS.iter().filter(|(_, policy)| *policy == Policy::Table);
    TOOLS.iter().copied().chain(with_table.map(|(name, _)| *name))
}

/// The names of the sub-commands of `spamops`.
pub fn subcommands() -> impl Iterator<Item = &'static str> {
    SUBCOMMANDS.iter().map(|(name, _)| *name)
}
