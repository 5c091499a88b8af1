//! Runs the program `git`: commits one directory, reads and creates annotated tags.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::io::dates::Timestamp;
use crate::io::diagnostics::{inert, shown};

/// Who commits and tags where the configuration of git names nobody.
#[derive(Clone, Debug)]
pub struct Actor {
    /// A name.
    pub name: String,
    /// A mail address.
    pub email: String,
}

/// A directory in the work tree of a repository.
pub struct Git {
    directory: PathBuf,
    actor: Actor,
    now: Timestamp,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitTag {
    /// Its name.
    pub name: String,
    /// The commit it names.
    pub commit: String,
    /// When it was made, if it is an annotated one.
    pub made: Option<Timestamp>,
}

impl Git {
    /// The repository that a directory is in; commits are of this moment.
    pub fn at(directory: &Path, actor: Actor, now: Timestamp) -> Result<Self> {
        let git = Self { directory: directory.to_owned(), actor, now };
        let inside = git.run(&["rev-parse", "--is-inside-work-tree"]);
        ensure!(inside? == "true", "{}: is in no work tree of git", directory.display());
        Ok(git)
    }

    /// Commits what has changed under the directory and nothing else; the commit, or none where nothing has.
    pub fn commit(&self, message: &str) -> Result<Option<String>> {
        if !self.is_changed()? {
            return Ok(None);
        }
        self.run(&["add", "--all", "--", "."])?;
        let when = self.now;
        let words = ["commit", "--quiet", "--message", message, "--", "."];
        done(&words, &self.output(&words, &dated(when))?)?;
        self.head().map(Some)
    }

    /// Whether anything under the directory is not committed.
    pub fn is_changed(&self) -> Result<bool> {
        Ok(!self.run(&["status", "--porcelain", "--untracked-files=all", "--", "."])?.is_empty())
    }

    /// A JSON file under the directory that git is told to ignore, where there is one.
    pub fn ignored(&self) -> Result<Option<String>> {
        let words = ["ls-files", "--others", "--ignored", "--exclude-standard", "--", "*.json", "*.jsonl"];
        Ok(self.run(&words)?.lines().next().map(str::to_owned))
    }

    /// Whether a file under the directory is the one of a tag.
    pub fn is_of(&self, tag: &str, file: &str) -> Result<bool> {
        let words = ["diff", "--quiet", &format!("refs/tags/{tag}"), "--", file];
        let output = self.output(&words, &[])?;
        if output.status.code() == Some(1) { Ok(false) } else { done(&words, &output).map(|_| true) }
    }

    /// The commit that is checked out.
    pub fn head(&self) -> Result<String> {
        self.run(&["rev-parse", "--verify", "HEAD^{commit}"])
    }

    /// The branch that is checked out.
    pub fn branch(&self) -> Result<String> {
        let branch = self.output(&["symbolic-ref", "--quiet", "--short", "HEAD"], &[])?;
        let name = said(&branch);
        ensure!(branch.status.success(), "no branch is checked out; git switch to one, then run this again");
        Ok(name)
    }

    /// The tags that match a pattern, in the order of their names.
    pub fn tags(&self, patterns: &[String]) -> Result<Vec<GitTag>> {
        let format = "--format=%(refname:strip=2) %(objectname) %(*objectname) %(taggerdate:unix)";
        let patterns = patterns.iter().map(|pattern| format!("refs/tags/{pattern}"));
        let words: Vec<String> = ["for-each-ref".into(), format.into()].into_iter().chain(patterns).collect();
        self.run(&words)?.lines().map(read_tag).collect()
    }

    /// Makes an annotated tag.
    pub fn tag(&self, name: &str, commit: &str, message: &str, when: Timestamp) -> Result<()> {
        let words = ["tag", "--annotate", "--cleanup=whitespace", "--message", message, name, commit];
        done(&words, &self.output(&words, &dated(when))?).map(drop)
    }

    /// The message of an annotated tag, without a signature.
    pub fn message(&self, tag: &str) -> Result<String> {
        let format = "--format=%(contents:subject)%0a%0a%(contents:body)";
        self.run(&["for-each-ref", format, &format!("refs/tags/{tag}")])
    }

    /// Removes tags here.
    pub fn untag(&self, tags: &[String]) -> Result<()> {
        for tag in tags {
            self.run(&["tag", "--delete", tag])?;
        }
        Ok(())
    }

    /// The commits from one to another, oldest first.
    pub fn between(&self, from: &str, to: &str) -> Result<Vec<String>> {
        let commits = self.run(&["rev-list", "--reverse", "--topo-order", &format!("{from}..{to}")])?;
        Ok(commits.lines().map(str::to_owned).collect())
    }

    /// The value of a setting, where it has one.
    pub fn setting(&self, name: &str) -> Result<Option<String>> {
        let found = self.output(&["config", "--get", name], &[])?;
        Ok(Some(said(&found)).filter(|value| found.status.success() && !value.is_empty()))
    }

    /// Runs git; what it said on stdout.
    pub fn run<T: AsRef<str>>(&self, words: &[T]) -> Result<String> {
        done(words, &self.output(words, &[])?)
    }

    /// Runs git; how it went.
    pub fn output<T: AsRef<str>>(&self, words: &[T], dates: &[(&str, String)]) -> Result<Output> {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.directory);
        for (key, value) in self.missing_identity(words)? {
            command.arg("-c").arg(format!("{key}={value}"));
        }
        // Nobody is there to answer, and its words are read below.
        command.envs([("GIT_TERMINAL_PROMPT", "0"), ("GCM_INTERACTIVE", "never"), ("LC_ALL", "C")]);
        command.env("GIT_EDITOR", "true").envs(dates.iter().map(|(name, value)| (name, value)));
        command.args(words.iter().map(AsRef::as_ref)).stdin(Stdio::null());
        match command.output() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                bail!("git is not installed; install it, or leave out what needs it")
            }
            output => output.context("git"),
        }
    }

    /// The parts of an identity that nobody has configured, where one is needed.
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

/// The moment of a commit or tag, as the environment of git has it.
fn dated(when: Timestamp) -> [(&'static str, String); 2] {
    let when = format!("@{} +0000", when.0);
    [("GIT_AUTHOR_DATE", when.clone()), ("GIT_COMMITTER_DATE", when)]
}

/// What a run that went well said; else an error with its most telling line.
pub fn done<T: AsRef<str>>(words: &[T], output: &Output) -> Result<String> {
    if output.status.success() {
        return Ok(said(output));
    }
    Err(failure(words, output))
}

/// What a run that failed said, as one line.
pub fn failure<T: AsRef<str>>(words: &[T], output: &Output) -> anyhow::Error {
    let error = String::from_utf8_lossy(&output.stderr);
    let lines = || error.lines().map(str::trim).filter(|line| !line.is_empty());
    // Of a push, `error:` only says that some refs failed; a hook, the remote or the line of the ref says why.
    let tells: [fn(&&str) -> bool; 3] = [
        |line| line.starts_with("remote: error: ") || line.starts_with("remote: fatal: "),
        |line| line.starts_with("! [") && !line.contains("(atomic push fail"),
        |line| line.starts_with("fatal: ") || line.starts_with("error: "),
    ];
    let line = tells.iter().find_map(|tells| lines().find(tells)).or_else(|| lines().next_back());
    let line = line.unwrap_or("it said nothing").trim_start_matches("remote: ");
    let line = ["fatal: ", "error: "].iter().find_map(|word| line.strip_prefix(word)).unwrap_or(line);
    let first = words.first().map_or("", AsRef::as_ref);
    let hint = if line.contains("terminal prompts disabled") || line.contains("Authentication failed") {
        "; give git credentials for the remote"
    } else if line.contains("Please tell me who you are") {
        "; git config user.name and user.email"
    } else {
        ""
    };
    anyhow!("git {first}: {}{hint}", inert(&without_credentials(line)))
}

/// A line without the user and password that its URLs may hold.
pub fn without_credentials(line: &str) -> String {
    let mut told = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("://") {
        told.push_str(before);
        told.push_str("://");
        let host = after.find(|c: char| c == '/' || c == '\'' || c == '"' || c.is_whitespace());
        let host = host.unwrap_or(after.len());
        rest = after.get(..host).and_then(|host| host.rfind('@')).map_or(after, |at| &after[at + 1..]);
    }
    told.push_str(rest);
    told
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A tag from `NAME OBJECT [COMMIT SECONDS]`, as `git for-each-ref` was asked to write it.
fn read_tag(line: &str) -> Result<GitTag> {
    let mut parts = line.split(' ');
    let (Some(name), Some(object)) = (parts.next(), parts.next()) else {
        bail!("git for-each-ref: {} is no tag", shown(line))
    };
    let commit = parts.next().filter(|commit| !commit.is_empty()).unwrap_or(object).to_owned();
    let made = parts.next().and_then(|seconds| seconds.parse().ok()).map(Timestamp);
    Ok(GitTag { name: name.to_owned(), commit, made })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_loses_its_password() {
        for (line, told) in [
            (
                "unable to access 'https://me:pa@ss@host/o/r.git/': 403",
                "unable to access 'https://host/o/r.git/': 403",
            ),
            ("https://x-access-token:ghs_1@github.com", "https://github.com"),
            ("ssh://git@host/r and file:///tmp/a@b", "ssh://host/r and file:///tmp/a@b"),
            ("no url: a@b", "no url: a@b"),
        ] {
            assert_eq!(without_credentials(line), told);
        }
    }

    #[test]
    fn tags_of_both_kinds_are_read() {
        let tag = |line: &str| read_tag(line).unwrap();
        assert_eq!(tag("a@v1.0.0 11 22 7").commit, "22");
        assert_eq!(tag("a@v1.0.0 11 22 7").made, Some(Timestamp(7)));
        assert_eq!(tag("light 11  "), GitTag { name: "light".into(), commit: "11".into(), made: None });
        assert!(read_tag("").is_err());
    }
}
