//! Pushes the branch and its tags atomically, and never by force.
//!
//! If the remote has new commits, the push first rebases the local commits. If the same models moved on the remote,
//! the push fails.

use std::collections::HashMap;
use std::fmt;
use std::process::Output;

use anyhow::{Context, Error, Result, bail, ensure};

use super::command::{self, Git, GitTag, without_credentials};
use crate::io::dates::Timestamp;

/// Maximum number of attempts. A failed attempt means that someone else pushed.
const MAX_ATTEMPTS: usize = 5;

/// The result of a successful push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushResult {
    /// Branch of the remote.
    pub branch: String,
    /// Commit of the branch after the push.
    pub commit: String,
    /// Tags that were new to the remote.
    pub tags: Vec<String>,
}

/// Someone else moved the same models on the remote first, so this move must not be pushed.
#[derive(Debug)]
struct PromotedElsewhere {
    /// What to do, as a command to paste and a few words.
    way_out: String,
}

impl fmt::Display for PromotedElsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the registry has changed on the remote; {}", self.way_out)
    }
}

impl std::error::Error for PromotedElsewhere {}

/// The error of a failed step, or how to continue if someone else moved the same models first.
///
/// The promotion can then fail at several steps: its tags may exist, or differ, or its push is rejected. The advice is
/// always to drop the local commit, never to touch the tags of the other clone.
pub fn explained(git: &Git, remote: &str, patterns: &[String], error: Error) -> Error {
    // Without an answer from the remote, the first error says more.
    match base_if_moved(git, remote, ".") {
        Ok(Some(base)) => match way_out(git, &base, ".", patterns) {
            Ok(way_out) => PromotedElsewhere { way_out }.into(),
            Err(_) => error,
        },
        _ => error,
    }
}

/// Whether a push failed because someone else moved the same models first.
pub fn someone_promoted_first(error: &Error) -> bool {
    error.is::<PromotedElsewhere>()
}

/// Fetches matching tags, so that new tags get a higher counter and a later date.
pub fn fetch_tags(git: &Git, remote: &str, patterns: &[String]) -> Result<()> {
    let mut words = vec!["fetch".to_owned(), "--no-tags".into()];
    // A tag may point at an old commit. In a shallow clone, fetch only that commit, not its history.
    if git.run(&["rev-parse", "--is-shallow-repository"])? == "true" {
        words.push("--depth=1".into());
    }
    words.push(remote.to_owned());
    words.extend(patterns.iter().map(|pattern| format!("refs/tags/{pattern}:refs/tags/{pattern}")));
    let output = git.output(&words, &[])?;
    let error = String::from_utf8_lossy(&output.stderr);
    if let Some(line) = error.lines().find(|line| line.contains("would clobber existing tag")) {
        let tag = line.split_whitespace().find(|word| word.contains(['@', '#'])).unwrap_or_default();
        let remote = without_credentials(remote);
        bail!("the tag {tag} differs from the tag on {remote}; run git tag -d '{tag}', then run this again");
    }
    command::done(&words, &output).map(drop)
}

/// Fails if the remote cannot be reached, or if the same models have changed on the remote. Call this function before
/// a local move.
pub fn expect_current(git: &Git, remote: &str, path: &str, patterns: &[String]) -> Result<()> {
    let Some(base) = base_if_moved(git, remote, path)? else { return Ok(()) };
    let way_out = way_out(git, &base, path, patterns)?;
    bail!("has changed on {}; {way_out}", without_credentials(remote));
}

/// The last common commit with the remote branch, if a path has changed on the remote since. None if the path has not
/// changed, or if there is no common commit.
fn base_if_moved(git: &Git, remote: &str, path: &str) -> Result<Option<String>> {
    let branch = format!("refs/heads/{}", upstream(git, remote)?);
    if git.run(&["ls-remote", remote, &branch])?.is_empty() {
        return Ok(None);
    }
    git.run(&["fetch", "--quiet", "--no-tags", remote, &branch])?;
    let upstream_head = git.run(&["rev-parse", "--verify", "FETCH_HEAD^{commit}"])?;
    // Without a common commit, or without any commit, the push itself reports the error.
    let Ok(base) = git.run(&["merge-base", "HEAD", &upstream_head]) else { return Ok(None) };
    let moved = git.run(&["diff", "--name-only", &base, &upstream_head, "--", path])?;
    Ok(Some(base).filter(|_| !moved.is_empty()))
}

/// What the loser of a race must do: drop the local commits of the registry and their tags, pull, and promote again.
fn way_out(git: &Git, base: &str, path: &str, patterns: &[String]) -> Result<String> {
    let again = "pull, then promote again";
    let commits = git.commits_between(base, "HEAD")?;
    let of_registry = git.run(&["rev-list", &format!("{base}..HEAD"), "--", path])?.lines().count();
    if of_registry == 0 {
        return Ok(again.to_owned());
    }
    let ancestor = format!("HEAD~{of_registry}");
    let is_simple =
        of_registry == commits.len() && git.run(&["rev-parse", &ancestor]).is_ok_and(|commit| commit == base);
    let drop = match of_registry {
        1 if is_simple => format!("drop your local commit (git reset --keep {ancestor})"),
        count if is_simple => format!("drop your {count} local commits (git reset --keep {ancestor})"),
        _ => format!("drop your local commits of the registry (git rebase --interactive {base})"),
    };
    // The tags of the local commits are the tags of the loser. Only names without special characters can be pasted.
    let is_plain =
        |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"@#.-_!".contains(&byte));
    let is_own = |tag: &GitTag| commits.contains(&tag.commit) && is_plain(&tag.name);
    let tags = git.tags(patterns)?.into_iter().filter(is_own);
    let tags: Vec<String> = tags.map(|tag| format!("'{}'", tag.name)).collect();
    let tags = if tags.is_empty() {
        String::new()
    } else {
        format!(" and its tags (git tag -d {})", tags.join(" "))
    };
    Ok(format!("{drop}{tags}, {again}"))
}

/// Number of local commits that a push adds to the remote branch.
pub fn unpushed_commits(git: &Git, remote: &str) -> Result<usize> {
    let known = format!("refs/remotes/{remote}/{}", upstream(git, remote)?);
    let ahead = git.run(&["rev-list", "--count", &format!("{known}..HEAD")]);
    Ok(ahead.ok().and_then(|count| count.parse().ok()).unwrap_or(0))
}

/// Pushes the current branch, the `wanted` tags, and matching tags of its commits that the remote does not have.
pub fn push(git: &Git, remote: &str, wanted: &[String], patterns: &[String]) -> Result<PushResult> {
    let branch = upstream(git, remote)?;
    for _ in 0..MAX_ATTEMPTS {
        let tags = missing(git, remote, wanted, patterns)?;
        let mut words = vec!["push".to_owned(), "--atomic".into(), remote.into()];
        words.push(format!("HEAD:refs/heads/{branch}"));
        words.extend(tags.iter().map(|tag| format!("refs/tags/{0}:refs/tags/{0}", tag.name)));
        let output = git.output(&words, &[])?;
        if output.status.success() {
            let tags = tags.into_iter().map(|tag| tag.name).collect();
            return Ok(PushResult { branch, commit: git.head()?, tags });
        }
        let rejection = Rejection { error: command::failure(&words, &output), is_race: is_race(&output) };
        rebase_onto_remote(git, remote, &branch, &tags, patterns, &rejection)?;
    }
    bail!("{} changed during each of {MAX_ATTEMPTS} attempts; run this again", without_credentials(remote))
}

/// The remote branch that the current branch is pushed to.
fn upstream(git: &Git, remote: &str) -> Result<String> {
    let branch = git.branch()?;
    if git.setting(&format!("branch.{branch}.remote"))?.as_deref() == Some(remote) {
        let merge = git.setting(&format!("branch.{branch}.merge"))?;
        if let Some(branch) = merge.as_deref().and_then(|merge| merge.strip_prefix("refs/heads/")) {
            return Ok(branch.to_owned());
        }
    }
    Ok(branch)
}

/// The tags to push: wanted or on a commit of the branch, annotated, and not on the remote.
fn missing(git: &Git, remote: &str, wanted: &[String], patterns: &[String]) -> Result<Vec<GitTag>> {
    let refs = patterns.iter().map(|pattern| format!("refs/tags/{pattern}"));
    let words: Vec<String> = ["ls-remote".to_owned(), remote.to_owned()].into_iter().chain(refs).collect();
    let listed = git.run(&words)?;
    let on_remote: Vec<&str> =
        listed.lines().filter_map(|line| line.split_once("refs/tags/")).map(|(_, tag)| tag).collect();
    let merged = git.run(&["tag", "--list", "--merged", "HEAD"])?;
    let mut tags = git.tags(patterns)?;
    tags.retain(|tag| {
        let is_wanted = wanted.contains(&tag.name) || merged.lines().any(|name| name == tag.name);
        is_wanted && tag.made.is_some() && !on_remote.contains(&tag.name.as_str())
    });
    Ok(tags)
}

/// Whether the push failed because someone else pushed at the same time.
fn is_race(output: &Output) -> bool {
    let error = String::from_utf8_lossy(&output.stderr);
    ["cannot lock ref", "failed to update ref", "incorrect old value"].iter().any(|word| error.contains(word))
}

/// A push that the remote rejected.
struct Rejection {
    error: Error,
    /// Whether someone else pushed at the same time.
    is_race: bool,
}

/// After a rejected push, rebases the local commits onto the remote's new commits.
///
/// Fails with the rejection if the remote has no new commits, except after a race. Fails with [`PromotedElsewhere`] if
/// the same models changed on the remote.
fn rebase_onto_remote(
    git: &Git,
    remote: &str,
    branch: &str,
    tags: &[GitTag],
    patterns: &[String],
    rejection: &Rejection,
) -> Result<()> {
    let Rejection { error: rejection, is_race } = rejection;
    let fetched = git.run(&["fetch", "--quiet", "--no-tags", remote, &format!("refs/heads/{branch}")]);
    let upstream_head = fetched.and_then(|_| git.run(&["rev-parse", "--verify", "FETCH_HEAD^{commit}"]));
    let Ok(upstream_head) = upstream_head else { bail!("{rejection:#}") };
    if git.run(&["merge-base", "--is-ancestor", &upstream_head, "HEAD"]).is_ok() {
        ensure!(*is_race, "{rejection:#}");
        return Ok(());
    }
    let (local, remote) = (git.head()?, without_credentials(remote));
    let base = git.run(&["merge-base", &local, &upstream_head]).ok().with_context(|| {
        format!("{remote} has new commits, and this clone is too shallow for a rebase; run git fetch --unshallow, then run this again")
    })?;
    let moved = git.run(&["diff", "--name-only", &base, &upstream_head, "--", "."])?;
    if !moved.is_empty() {
        let way_out = way_out(git, &base, ".", patterns)?;
        bail!(PromotedElsewhere { way_out });
    }
    let before = git.commits_between(&base, &local)?;
    let merges = git.run(&["rev-list", "--merges", &format!("{base}..{local}")])?;
    ensure!(
        merges.is_empty(),
        "{remote} has new commits, and a local merge cannot be rebased; pull, then run this again"
    );
    rebase(git, &upstream_head)?;
    let after = git.commits_between(&upstream_head, "HEAD")?;
    if after.len() != before.len() {
        git.run(&["reset", "--keep", &local])?;
        bail!("{remote} already has some of these commits; pull, then run this again");
    }
    let rebased: HashMap<_, _> = before.into_iter().zip(after).collect();
    for (tag, commit) in tags.iter().filter_map(|tag| Some((tag, rebased.get(&tag.commit)?))) {
        retag(git, tag, commit)?;
    }
    Ok(())
}

fn rebase(git: &Git, onto: &str) -> Result<()> {
    let words = ["rebase", "--quiet", "--autostash", "--reapply-cherry-picks", "--empty=keep", onto];
    if let Err(error) = git.output(&words, &[]).and_then(|output| command::done(&words, &output)) {
        // Ignore the error if the rebase had not started.
        let _ = git.run(&["rebase", "--abort"]);
        bail!("the remote has new commits, and the rebase failed ({error:#}); pull, then run this again");
    }
    Ok(())
}

/// Recreates a local tag on another commit, with the same message and date.
fn retag(git: &Git, tag: &GitTag, commit: &str) -> Result<()> {
    let message = git.message(&tag.name)?;
    git.untag(std::slice::from_ref(&tag.name))?;
    git.tag(&tag.name, commit, &message, tag.made.unwrap_or(Timestamp(0)))
}
