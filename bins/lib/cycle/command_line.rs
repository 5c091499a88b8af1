//! Builds and runs the command lines of the cycle. You can paste each of them into a shell.

use std::env;
use std::fmt;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};

use crate::io::live_files::run_tool;

/// A command line as a list of words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine(Vec<String>);

impl CommandLine {
    /// A line that calls a tool or a sub-command of `spamops`, by the shortest name that a shell resolves to this program.
    pub fn calling(programs: &Programs, tool: &str) -> Self {
        Self(programs.call(tool))
    }

    /// Appends words.
    #[must_use]
    pub fn with<T: ToString>(mut self, words: impl IntoIterator<Item = T>) -> Self {
        self.0.extend(words.into_iter().map(|word| word.to_string()));
        self
    }

    /// Runs the line with the streams of this program. Fails if the exit status is not 0.
    pub fn run(&self) -> Result<()> {
        let Some((program, words)) = self.0.split_first() else { bail!("an empty command line") };
        let status = run_tool(Command::new(program).args(words)).with_context(|| program.clone())?;
        // Name the sub-command, too: `spamops` alone does not say which step failed.
        let subcommand = words.first().filter(|_| program.ends_with("spamops"));
        let tool = subcommand.map_or_else(|| program.clone(), |name| format!("{program} {name}"));
        match status.code() {
            Some(0) => Ok(()),
            Some(code) => bail!("{tool} exited with status {code}; see its message above"),
            None => bail!("{tool} was killed ({status}); repeat the command to resume"),
        }
    }
}

impl fmt::Display for CommandLine {
    /// The line, quoted for a POSIX shell.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, word) in self.0.iter().enumerate() {
            let space = if place == 0 { "" } else { " " };
            // Quoting fails only for a NUL byte, and no argument can contain one.
            let quoted = shlex::try_quote(word).unwrap_or_default();
            write!(f, "{space}{quoted}")?;
        }
        Ok(())
    }
}

/// The names by which a shell finds this program and its tools.
#[derive(Clone, Debug)]
pub struct Programs {
    own: PathBuf,
    path: Vec<PathBuf>,
    /// Names of the tools. Any other name is a sub-command of `spamops`.
    tools: Vec<&'static str>,
}

impl Programs {
    /// Reads the path of the running program, and the PATH variable.
    pub fn find(tools: Vec<&'static str>) -> Result<Self> {
        let own = env::current_exe().and_then(|own| own.canonicalize()).map_err(|error| {
            anyhow!("cannot find this program ({error}); check that its file still exists")
        })?;
        let path = env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
        Ok(Self { own, path, tools })
    }

    /// `drift` if the PATH leads to this program, else `spamops drift`, else the full path and `drift`.
    fn call(&self, tool: &str) -> Vec<String> {
        if self.tools.contains(&tool) && self.leads_here(tool) {
            return vec![tool.to_owned()];
        }
        let own =
            if self.leads_here("spamops") { "spamops".to_owned() } else { self.own.display().to_string() };
        vec![own, tool.to_owned()]
    }

    /// Whether a shell resolves this name to this program, directly or by a link. Other programs use the same names:
    /// ImageMagick has a `compare`.
    fn leads_here(&self, name: &str) -> bool {
        let name = format!("{name}{}", env::consts::EXE_SUFFIX);
        let found = self.path.iter().map(|directory| directory.join(&name)).find(|path| path.is_file());
        found.is_some_and(|found| found.canonicalize().is_ok_and(|found| found == self.own))
    }
}

/// Words as borrowed texts, to chain them with others.
pub(super) fn text(words: &[String]) -> impl Iterator<Item = &str> {
    words.iter().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_a_line_for_a_shell() {
        let line = CommandLine(vec!["fit".into()]).with(["a b.csv", "it's", "--now", "2026-10-01", ""]);
        assert_eq!(line.to_string(), r#"fit 'a b.csv' "it's" --now 2026-10-01 ''"#);
    }

    #[test]
    fn uses_the_full_path_if_the_path_variable_leads_elsewhere() {
        let programs =
            Programs { own: PathBuf::from("/nowhere/spamops"), path: Vec::new(), tools: vec!["drift"] };
        assert_eq!(programs.call("drift"), ["/nowhere/spamops", "drift"]);
    }

    #[test]
    fn fails_if_the_exit_status_is_not_zero() {
        assert!(CommandLine(vec!["true".into()]).run().is_ok());
        let error = CommandLine(vec!["sh".into(), "-c".into(), "exit 3".into()]).run().unwrap_err();
        assert_eq!(error.to_string(), "sh exited with status 3; see its message above");
    }
}
