//! Runs the program `git` to commit one directory, and to read and create annotated tags.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::io::dates::Timestamp;
use crate::io::diagnostics::{inert, shown};
use crate::io::program::{self, ProgramFailure};
use crate::io::{environment, limits};

/// The variable with the time limit of one git command, in seconds.
const TIMEOUT: &str = "SPAMOPS_GIT_TIMEOUT";

/// The author of commits and tags if git has no identity configured.
#[derive(Clone, Debug)]
pub struct Actor {
    pub name: String,
    pub email: String,
}

/// A directory in the work tree of a repository.
pub struct Git {
    directory: PathBuf,
    actor: Actor,
    now: Timestamp,
    /// Time limit of one command.
    time: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitTag {
    pub name: String,
    pub commit: String,
    /// Time of creation; none for a lightweight tag.
    pub made: Option<Timestamp>,
}

impl Git {
    /// Finds the repository that contains a directory. Commits and tags get the time `now`.
    pub fn at(directory: &Path, actor: Actor, now: Timestamp) -> Result<Self> {
        let time = environment::seconds(&environment::variable, TIMEOUT, limits::GIT_TIME)?;
        let git = Self { directory: directory.to_owned(), actor, now, time };
        let inside = git.run(&["rev-parse", "--is-inside-work-tree"]);
        ensure!(
            inside? == "true",
            "{}: is not in a git work tree; run git init, or leave out --commit, --tag and --push",
            directory.display()
        );
        Ok(git)
    }

    /// Commits the changes under the directory and nothing else. Returns the commit, or None without changes.
    pub fn commit(&self, message: &str) -> Result<Option<String>> {
        if !self.is_changed()? {
            return Ok(None);
        }
        self.run(&["add", "--all", "--", "."])?;
        let when = self.now;
        let words = ["commit", "--quiet", "--message", message, "--", "."];
        done(&words, &self.output(&words, &date_variables(when))?)?;
        self.head().map(Some)
    }

    /// Whether the directory has uncommitted changes.
    pub fn is_changed(&self) -> Result<bool> {
        Ok(!self.run(&["status", "--porcelain", "--untracked-files=all", "--", "."])?.is_empty())
    }

    /// The first JSON file under the directory that git ignores.
    pub fn ignored(&self) -> Result<Option<String>> {
        let words = ["ls-files", "--others", "--ignored", "--exclude-standard", "--", "*.json", "*.jsonl"];
        Ok(self.run(&words)?.lines().next().map(str::to_owned))
    }

    /// Whether a file is the same in the work tree and in a tag.
    pub fn matches_tag(&self, tag: &str, file: &str) -> Result<bool> {
        let words = ["diff", "--quiet", &format!("refs/tags/{tag}"), "--", file];
        let output = self.output(&words, &[])?;
        if output.status.code() == Some(1) { Ok(false) } else { done(&words, &output).map(|_| true) }
    }

    pub fn head(&self) -> Result<String> {
        self.run(&["rev-parse", "--verify", "HEAD^{commit}"])
    }

    pub fn branch(&self) -> Result<String> {
        let branch = self.output(&["symbolic-ref", "--quiet", "--short", "HEAD"], &[])?;
        let name = stdout_of(&branch);
        ensure!(
            branch.status.success(),
            "no branch is checked out; run git switch BRANCH, then run this again"
        );
        Ok(name)
    }

    /// Tags that match a pattern, sorted by name.
    pub fn tags(&self, patterns: &[String]) -> Result<Vec<GitTag>> {
        let format = "--format=%(refname:strip=2) %(objectname) %(*objectname) %(taggerdate:unix)";
        let patterns = patterns.iter().map(|pattern| format!("refs/tags/{pattern}"));
        let words: Vec<String> = ["for-each-ref".into(), format.into()].into_iter().chain(patterns).collect();
        self.run(&words)?.lines().map(read_tag).collect()
    }

    /// Creates an annotated tag.
    pub fn tag(&self, name: &str, commit: &str, message: &str, when: Timestamp) -> Result<()> {
        let words = ["tag", "--annotate", "--cleanup=whitespace", "--message", message, name, commit];
        done(&words, &self.output(&words, &date_variables(when))?).map(drop)
    }

    /// The message of an annotated tag, without its signature.
    pub fn message(&self, tag: &str) -> Result<String> {
        let format = "--format=%(contents:subject)%0a%0a%(contents:body)";
        self.run(&["for-each-ref", format, &format!("refs/tags/{tag}")])
    }

    /// Deletes local tags.
    pub fn untag(&self, tags: &[String]) -> Result<()> {
        for tag in tags {
            self.run(&["tag", "--delete", tag])?;
        }
        Ok(())
    }

    /// Commits after `from`, up to and including `to`, oldest first.
    pub fn commits_between(&self, from: &str, to: &str) -> Result<Vec<String>> {
        let commits = self.run(&["rev-list", "--reverse", "--topo-order", &format!("{from}..{to}")])?;
        Ok(commits.lines().map(str::to_owned).collect())
    }

    /// The value of a git setting, if it is set.
    pub fn setting(&self, name: &str) -> Result<Option<String>> {
        let found = self.output(&["config", "--get", name], &[])?;
        Ok(Some(stdout_of(&found)).filter(|value| found.status.success() && !value.is_empty()))
    }

    /// Runs git and returns its stdout.
    pub fn run<T: AsRef<str>>(&self, words: &[T]) -> Result<String> {
        done(words, &self.output(words, &[])?)
    }

    /// Runs git and returns status and both streams.
    pub fn output<T: AsRef<str>>(&self, words: &[T], dates: &[(&str, String)]) -> Result<Output> {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.directory);
        for (key, value) in self.missing_identity(words)? {
            command.arg("-c").arg(format!("{key}={value}"));
        }
        // Never prompt, and print messages in English: `failure` parses them.
        command.envs([("GIT_TERMINAL_PROMPT", "0"), ("GCM_INTERACTIVE", "never"), ("LC_ALL", "C")]);
        command.env("GIT_EDITOR", "true").envs(dates.iter().map(|(name, value)| (name, value)));
        command.args(words.iter().map(AsRef::as_ref));
        match program::output(&mut command, self.time) {
            Err(ProgramFailure::NotRun(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                bail!("git is not installed; install it, or leave out --commit, --tag and --push")
            }
            Err(failure @ ProgramFailure::TooSlow(_)) => {
                let first = words.first().map_or("", AsRef::as_ref);
                bail!(
                    "git {first}: {failure}; check the remote, hooks and credentials, or set {TIMEOUT} to more seconds"
                )
            }
            output => output.context("git"),
        }
    }

    /// The identity settings that a command needs and git does not have.
    fn missing_identity<T: AsRef<str>>(&self, words: &[T]) -> Result<BTreeMap<&'static str, &str>> {
        let first = words.first().map_or("", AsRef::as_ref);
        let mut missing = BTreeMap::new();
        if ["commit", "tag", "rebase"].contains(&first) {
            for (key, value) in [("user.name", &self.actor.name), ("user.email", &self.actor.email)] {
                if self.setting(key)?.is_none() {
                    missing.insert(key, value.as_str());
                }
            }
        }
        Ok(missing)
    }
}

/// Variables that set the time of a commit or tag.
fn date_variables(when: Timestamp) -> [(&'static str, String); 2] {
    let when = format!("@{} +0000", when.0);
    [("GIT_AUTHOR_DATE", when.clone()), ("GIT_COMMITTER_DATE", when)]
}

/// The stdout of a successful run, or an error with the line that best explains the failure.
pub fn done<T: AsRef<str>>(words: &[T], output: &Output) -> Result<String> {
    if output.status.success() {
        return Ok(stdout_of(output));
    }
    Err(failure(words, output))
}

/// The error of a failed run: one line.
pub fn failure<T: AsRef<str>>(words: &[T], output: &Output) -> anyhow::Error {
    let error = String::from_utf8_lossy(&output.stderr);
    let lines = || error.lines().map(str::trim).filter(|line| !line.is_empty());
    // After a push, `error:` only says that some refs failed. The remote, a hook or the line of the ref gives the cause.
    let explains: [fn(&&str) -> bool; 3] = [
        |line| line.starts_with("remote: error: ") || line.starts_with("remote: fatal: "),
        |line| line.starts_with("! [") && !line.contains("(atomic push fail"),
        |line| line.starts_with("fatal: ") || line.starts_with("error: "),
    ];
    let line = explains.iter().find_map(|explains| lines().find(explains)).or_else(|| lines().next_back());
    let line = line.unwrap_or("no message").trim_start_matches("remote: ");
    let line = ["fatal: ", "error: "].iter().find_map(|word| line.strip_prefix(word)).unwrap_or(line);
    let first = words.first().map_or("", AsRef::as_ref);
    let hint = if line.contains("terminal prompts disabled") || line.contains("Authentication failed") {
        "; give git credentials for the remote, then run this again"
    } else if line.contains("Please tell me who you are") {
        "; set user.name and user.email with git config"
    } else {
        ""
    };
    anyhow!("git {first}: {}{hint}", inert(&without_credentials(line)))
}

/// Removes user and password from the URLs in a line.
pub fn without_credentials(line: &str) -> String {
    let mut redacted = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("://") {
        redacted.push_str(before);
        redacted.push_str("://");
        let host = after.find(|c: char| c == '/' || c == '\'' || c == '"' || c.is_whitespace());
        let host = host.unwrap_or(after.len());
        rest = after.get(..host).and_then(|host| host.rfind('@')).map_or(after, |at| &after[at + 1..]);
    }
    redacted.push_str(rest);
    redacted
}

fn stdout_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Parses a tag from `NAME OBJECT [COMMIT SECONDS]`, the format that `tags` requests.
fn read_tag(line: &str) -> Result<GitTag> {
    let mut parts = line.split(' ');
    let (Some(name), Some(object)) = (parts.next(), parts.next()) else {
        bail!("git for-each-ref: {} is not a tag; check the tags with git tag", shown(line))
    };
    let commit = parts.next().filter(|commit| !commit.is_empty()).unwrap_or(object).to_owned();
    let made = parts.next().and_then(|seconds| seconds.parse().ok()).map(Timestamp);
    Ok(GitTag { name: name.to_owned(), commit, made })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_credentials_from_urls() {
        for (line, expected) in [
            (
                "unable to access 'https://me:pa@ss@host/o/r.git/': 403",
                "unable to access 'https://host/o/r.git/': 403",
            ),
            ("https://x-access-token:ghs_1@github.com", "https://github.com"),
            ("ssh://git@host/r and file:///tmp/a@b", "ssh://host/r and file:///tmp/a@b"),
            ("no url: a@b", "no url: a@b"),
        ] {
            assert_eq!(without_credentials(line), expected);
        }
    }

    #[test]
    fn parses_annotated_and_lightweight_tags() {
        let tag = |line: &str| read_tag(line).unwrap();
        assert_eq!(tag("a@v1.0.0 11 22 7").commit, "22");
        assert_eq!(tag("a@v1.0.0 11 22 7").made, Some(Timestamp(7)));
        assert_eq!(tag("light 11  "), GitTag { name: "light".into(), commit: "11".into(), made: None });
        assert!(read_tag("").is_err());
    }
}
