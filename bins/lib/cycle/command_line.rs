//! Command lines that the cycle runs, and that you can paste into a shell unchanged.

use std::env;
use std::fmt;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// A command line, word by word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine(Vec<String>);

impl CommandLine {
    /// A line that calls a tool or a sub-command of `spamops` by the shortest name under which a shell finds this program.
    pub fn calling(programs: &Programs, tool: &str) -> Self {
        Self(programs.call(tool))
    }

    /// The line with more words.
    #[must_use]
    pub fn with<T: ToString>(mut self, words: impl IntoIterator<Item = T>) -> Self {
        self.0.extend(words.into_iter().map(|word| word.to_string()));
        self
    }

    /// Runs the line, its output going where this program's goes. A status other than 0 is an error.
    pub fn run(&self) -> Result<()> {
        let Some((program, words)) = self.0.split_first() else { bail!("an empty command line") };
        let status = Command::new(program).args(words).status().with_context(|| program.clone())?;
        // Of a sub-command the program alone says little.
        let subcommand = words.first().filter(|_| program.ends_with("spamops"));
        let tool = subcommand.map_or_else(|| program.clone(), |name| format!("{program} {name}"));
        match status.code() {
            Some(0) => Ok(()),
            Some(1) => {
                bail!("{tool} exited with status 1 (its answer is no); remove exit-code from spamops.toml")
            }
            Some(code) => bail!("{tool} exited with status {code}; its message is above"),
            None => bail!("{tool} was killed ({status})"),
        }
    }
}

impl fmt::Display for CommandLine {
    /// The line as a POSIX shell reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, word) in self.0.iter().enumerate() {
            let space = if place == 0 { "" } else { " " };
            // No word of ours has a NUL byte: it could not have been given to us.
            let quoted = shlex::try_quote(word).unwrap_or_default();
            write!(f, "{space}{quoted}")?;
        }
        Ok(())
    }
}

/// How a shell finds this program and its tools.
#[derive(Clone, Debug)]
pub struct Programs {
    own: PathBuf,
    path: Vec<PathBuf>,
    /// The names that are a tool; any other is a sub-command of `spamops`.
    tools: Vec<&'static str>,
}

impl Programs {
    /// Looks at the running program and the environment's PATH.
    pub fn find(tools: Vec<&'static str>) -> Result<Self> {
        let own =
            env::current_exe().and_then(|own| own.canonicalize()).context("cannot find this program")?;
        let path = env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
        Ok(Self { own, path, tools })
    }

    /// `drift` if the PATH leads to ours, else `spamops drift`, else this program by its full path.
    fn call(&self, tool: &str) -> Vec<String> {
        if self.tools.contains(&tool) && self.leads_here(tool) {
            return vec![tool.to_owned()];
        }
        let own =
            if self.leads_here("spamops") { "spamops".to_owned() } else { self.own.display().to_string() };
        vec![own, tool.to_owned()]
    }

    /// Whether a shell that looks up this name finds this very program, perhaps by a link. Another program may have the
    /// name: `compare` is ImageMagick's.
    fn leads_here(&self, name: &str) -> bool {
        let name = format!("{name}{}", env::consts::EXE_SUFFIX);
        let found = self.path.iter().map(|directory| directory.join(&name)).find(|path| path.is_file());
        found.is_some_and(|found| found.canonicalize().is_ok_and(|found| found == self.own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_quoted_for_a_shell() {
        let line = CommandLine(vec!["fit".into()]).with(["a b.csv", "it's", "--now", "2026-10-01", ""]);
        assert_eq!(line.to_string(), r#"fit 'a b.csv' "it's" --now 2026-10-01 ''"#);
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_not_used() {
        let programs =
            Programs { own: PathBuf::from("/nowhere/spamops"), path: Vec::new(), tools: vec!["drift"] };
        assert_eq!(programs.call("drift"), ["/nowhere/spamops", "drift"]);
    }

    #[test]
    fn a_status_other_than_zero_is_an_error() {
        assert!(CommandLine(vec!["true".into()]).run().is_ok());
        let error = CommandLine(vec!["sh".into(), "-c".into(), "exit 3".into()]).run().unwrap_err();
        assert_eq!(error.to_string(), "sh exited with status 3; its message is above");
    }
}
