//! Pushes the branch and its tags atomically, and never by force.
//!
//! If the remote has new commits, ours are rebased onto them. If the same models moved there, the push fails.

use std::collections::HashMap;
use std::fmt;
use std::process::Output;

use anyhow::{Context, Error, Result, bail, ensure};

use super::command::{self, Git, GitTag, without_credentials};
use crate::io::dates::Timestamp;

/// How often a push is tried.
const TRIES: usize = 5;

/// What came of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushResult {
    /// The branch of the remote.
    pub branch: String,
    /// The commit that it is at now.
    pub commit: String,
    /// The tags that were pushed.
    pub tags: Vec<String>,
}

/// The same models moved on the remote: this move is not to be pushed at all.
#[derive(Debug)]
struct PromotedElsewhere;

impl fmt::Display for PromotedElsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the registry moved on the remote meanwhile; pull and promote again")
    }
}

impl std::error::Error for PromotedElsewhere {}

/// Whether a push was refused because the same models moved on the remote.
pub fn someone_promoted_first(error: &Error) -> bool {
    error.is::<PromotedElsewhere>()
}

/// Fetches the tags that match, so that new ones come after them.
pub fn fetch_tags(git: &Git, remote: &str, patterns: &[String]) -> Result<()> {
    let mut words = vec!["fetch".to_owned(), "--no-tags".into()];
    // What a tag names may be old: of a shallow clone no more is fetched than that.
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
        bail!("the tag {tag} here is not the one on {remote}; git tag -d '{tag}', and run this again");
    }
    command::done(&words, &output).map(drop)
}

/// Refuses a remote that cannot be reached, or on which the same models have moved on, before anything is moved here.
pub fn expect_current(git: &Git, remote: &str, path: &str) -> Result<()> {
    let branch = format!("refs/heads/{}", upstream(git, remote)?);
    if git.run(&["ls-remote", remote, &branch])?.is_empty() {
        return Ok(());
    }
    git.run(&["fetch", "--quiet", "--no-tags", remote, &branch])?;
    let theirs = git.run(&["rev-parse", "--verify", "FETCH_HEAD^{commit}"])?;
    // Where nothing is in common, or nothing is committed here, the push will say so.
    let Ok(base) = git.run(&["merge-base", "HEAD", &theirs]) else { return Ok(()) };
    let moved = git.run(&["diff", "--name-only", &base, &theirs, "--", path])?;
    ensure!(moved.is_empty(), "has moved on {}; pull first", without_credentials(remote));
    Ok(())
}

/// Commits that a push of what is checked out takes along.
pub fn others(git: &Git, remote: &str) -> Result<usize> {
    let known = format!("refs/remotes/{remote}/{}", upstream(git, remote)?);
    let ahead = git.run(&["rev-list", "--count", &format!("{known}..HEAD")]);
    Ok(ahead.ok().and_then(|count| count.parse().ok()).unwrap_or(0))
}

/// Pushes what is checked out, these tags, and others of it that match, where the remote has not got them.
pub fn push(git: &Git, remote: &str, wanted: &[String], patterns: &[String]) -> Result<PushResult> {
    let branch = upstream(git, remote)?;
    for _ in 0..TRIES {
        let tags = missing(git, remote, wanted, patterns)?;
        let mut words = vec!["push".to_owned(), "--atomic".into(), remote.into()];
        words.push(format!("HEAD:refs/heads/{branch}"));
        words.extend(tags.iter().map(|tag| format!("refs/tags/{0}:refs/tags/{0}", tag.name)));
        let output = git.output(&words, &[])?;
        if output.status.success() {
            let tags = tags.into_iter().map(|tag| tag.name).collect();
            return Ok(PushResult { branch, commit: git.head()?, tags });
        }
        follow(git, remote, &branch, &tags, &command::failure(&words, &output), is_race(&output))?;
    }
    bail!("{} moved {TRIES} times while this was pushed to it; run this again", without_credentials(remote))
}

/// The branch of the remote that the one checked out goes to.
fn upstream(git: &Git, remote: &str) -> Result<String> {
    let branch = git.branch()?;
    if git.setting(&format!("branch.{branch}.remote"))?.as_deref() == Some(remote) {
        let merge = git.setting(&format!("branch.{branch}.merge"))?;
        if let Some(theirs) = merge.as_deref().and_then(|merge| merge.strip_prefix("refs/heads/")) {
            return Ok(theirs.to_owned());
        }
    }
    Ok(branch)
}

/// The tags that are wanted, or of what is checked out, and that the remote has not got.
fn missing(git: &Git, remote: &str, wanted: &[String], patterns: &[String]) -> Result<Vec<GitTag>> {
    let refs = patterns.iter().map(|pattern| format!("refs/tags/{pattern}"));
    let words: Vec<String> = ["ls-remote".to_owned(), remote.to_owned()].into_iter().chain(refs).collect();
    let theirs = git.run(&words)?;
    let theirs: Vec<&str> =
        theirs.lines().filter_map(|line| line.split_once("refs/tags/")).map(|(_, tag)| tag).collect();
    let merged = git.run(&["tag", "--list", "--merged", "HEAD"])?;
    let mut tags = git.tags(patterns)?;
    tags.retain(|tag| {
        let is_ours = wanted.contains(&tag.name) || merged.lines().any(|name| name == tag.name);
        is_ours && tag.made.is_some() && !theirs.contains(&tag.name.as_str())
    });
    Ok(tags)
}

/// Whether somebody else was pushing at the same moment.
fn is_race(output: &Output) -> bool {
    let error = String::from_utf8_lossy(&output.stderr);
    ["cannot lock ref", "failed to update ref", "incorrect old value"].iter().any(|word| error.contains(word))
}

/// After a push that was refused: goes on top of what the remote has by now. Where it has nothing new, or the same models
/// have moved there, the refusal stands.
fn follow(git: &Git, remote: &str, branch: &str, tags: &[GitTag], refusal: &Error, race: bool) -> Result<()> {
    let fetched = git.run(&["fetch", "--quiet", "--no-tags", remote, &format!("refs/heads/{branch}")]);
    let theirs = fetched.and_then(|_| git.run(&["rev-parse", "--verify", "FETCH_HEAD^{commit}"]));
    let Ok(theirs) = theirs else { bail!("{refusal:#}") };
    if git.run(&["merge-base", "--is-ancestor", &theirs, "HEAD"]).is_ok() {
        ensure!(race, "{refusal:#}");
        return Ok(());
    }
    let (ours, remote) = (git.head()?, without_credentials(remote));
    let base = git.run(&["merge-base", &ours, &theirs]).ok().with_context(|| {
        format!("{remote} moved meanwhile, and this clone is too shallow to go on top; fetch more of it, and run this again")
    })?;
    let moved = git.run(&["diff", "--name-only", &base, &theirs, "--", "."])?;
    ensure!(moved.is_empty(), PromotedElsewhere);
    let mine = git.between(&base, &ours)?;
    let merges = git.run(&["rev-list", "--merges", &format!("{base}..{ours}")])?;
    ensure!(
        merges.is_empty(),
        "{remote} moved meanwhile, and there is a merge to be pushed; pull, and run this again"
    );
    rebase(git, &theirs)?;
    let now = git.between(&theirs, "HEAD")?;
    if now.len() != mine.len() {
        git.run(&["reset", "--keep", &ours])?;
        bail!("{remote} moved meanwhile, and has some of these commits already; pull, and run this again");
    }
    let places: HashMap<_, _> = mine.into_iter().zip(now).collect();
    for (tag, commit) in tags.iter().filter_map(|tag| Some((tag, places.get(&tag.commit)?))) {
        retag(git, tag, commit)?;
    }
    Ok(())
}

fn rebase(git: &Git, onto: &str) -> Result<()> {
    let words = ["rebase", "--quiet", "--autostash", "--reapply-cherry-picks", "--empty=keep", onto];
    let output = git.output(&words, &[])?;
    if !output.status.success() {
        // There is none to abort where it has not begun.
        let _ = git.run(&["rebase", "--abort"]);
        bail!(
            "the remote moved meanwhile, and {:#}; pull, and run this again",
            command::failure(&words, &output)
        );
    }
    Ok(())
}

/// The same tag of another commit: it is only here that it is made anew.
fn retag(git: &Git, tag: &GitTag, commit: &str) -> Result<()> {
    let message = git.message(&tag.name)?;
    git.untag(std::slice::from_ref(&tag.name))?;
    git.tag(&tag.name, commit, &message, tag.made.unwrap_or(Timestamp(0)))
}
