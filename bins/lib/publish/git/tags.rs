//! Versions and aliases as annotated tags in the format of GTO.
//!
//! The tag `spam@v3.0.0` registers version 3, and `spam#champion#7` gives it the alias `champion`. In GTO (Iterative, 2022;
//! read with 1.10.1) a commit is one version, and an alias is at its tag with the latest date. The counter only makes names
//! unique: it is one more than the highest counter of the model, over all aliases. So dates here strictly increase, even for
//! tags created within one second.

use anyhow::{Context, Result, bail, ensure};

use crate::io::dates::Timestamp;
use crate::io::diagnostics::shown;
use crate::publish::git::{Git, GitTag};

/// The last moment that a tag may follow: that of the year 9999.
const LAST: Timestamp = Timestamp(253_402_300_799);

/// What is to be told by tags.
#[derive(Clone, Copy, Debug)]
pub struct TaggedMove<'a> {
    /// Which model.
    pub name: &'a str,
    /// The version of it.
    pub version: u64,
    /// The alias that is at this version now.
    pub alias: &'a str,
    /// What the tags say.
    pub message: &'a str,
    /// No tag is older than this.
    pub now: Timestamp,
}

/// The tags that tell a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagPlan {
    /// The one that registers the version.
    pub version: String,
    /// The one that gives it the alias.
    pub alias: String,
    /// Those of the two that are not there yet.
    pub missing: Vec<String>,
    commit: String,
    when: Timestamp,
}

/// What a tag means.
#[derive(Clone, Debug, PartialEq, Eq)]
enum TagEvent<'a> {
    Register(&'a str),
    Deregister(&'a str),
    Assign(&'a str),
    Unassign(&'a str),
    Other,
}

/// The tag of a version.
pub fn of_version(name: &str, version: u64) -> String {
    format!("{name}@v{version}.0.0")
}

/// Patterns for all tags of a model.
pub fn patterns(name: &str) -> [String; 2] {
    [format!("{name}@*"), format!("{name}#*")]
}

/// Refuses names that GTO does not take.
pub fn expect_names(name: &str, alias: &str) -> Result<()> {
    for word in [name, alias] {
        let fits = word.ends_with(|c: char| c.is_ascii_alphanumeric());
        ensure!(fits, "{} is no name for GTO, which wants a letter or a digit at the end", shown(word));
    }
    Ok(())
}

/// What the tags are to be, and which of them are missing; `head` is the commit of a version that has no tag yet.
pub fn plan(git: &Git, told: &TaggedMove<'_>, head: &str) -> Result<TagPlan> {
    expect_names(told.name, told.alias)?;
    let tags = git.tags(&patterns(told.name))?;
    let (version, commit) = registered(told, &tags, head)?;
    let of_alias = |event: &TagEvent<'_>| matches!(event, TagEvent::Assign(name) | TagEvent::Unassign(name) if *name == told.alias);
    let is_told = |tag: &&GitTag| tag.commit == commit && matches!(parse(&tag.name).0, TagEvent::Assign(_));
    let alias = newest(&tags, of_alias).filter(is_told).map(|tag| tag.name.clone());
    // A counter that none can follow is no counter of ours.
    let counter = tags.iter().filter_map(|tag| parse(&tag.name).1.checked_add(1)).max().unwrap_or(1);
    let mut missing = Vec::new();
    if !tags.iter().any(|tag| tag.name == version) {
        missing.push(version.clone());
    }
    let alias = alias.unwrap_or_else(|| {
        missing.push(format!("{}#{}#{counter}", told.name, told.alias));
        format!("{}#{}#{counter}", told.name, told.alias)
    });
    let last = tags.iter().filter(|tag| tag.made.is_some()).max_by_key(|tag| tag.made);
    if let Some(tag) = last.filter(|tag| tag.made >= Some(LAST)) {
        bail!("the tag {0} is of the end of time, and none can be later; git tag -d '{0}'", tag.name);
    }
    let when = last.and_then(|tag| tag.made).map_or(told.now, |last| later(last, told.now));
    Ok(TagPlan { version, alias, missing, commit, when })
}

/// Has the tags tell a move: those that are missing are made, those that say it already are left alone.
pub fn tell(git: &Git, told: &TaggedMove<'_>) -> Result<TagPlan> {
    let plan = plan(git, told, &git.head()?)?;
    for (name, second) in plan.missing.iter().zip(plan.when.0..) {
        git.tag(name, &plan.commit, told.message, Timestamp(second))?;
    }
    Ok(plan)
}

/// The tag of the version and its commit: the one it has, else that which is checked out.
fn registered(told: &TaggedMove<'_>, tags: &[GitTag], head: &str) -> Result<(String, String)> {
    let (name, number) = (of_version(told.name, told.version), told.version);
    let semver = format!("v{number}.0.0");
    let last = newest(
        tags,
        |event| matches!(event, TagEvent::Register(v) | TagEvent::Deregister(v) if *v == semver),
    );
    if let Some(tag) = last.filter(|tag| matches!(parse(&tag.name).0, TagEvent::Deregister(_))) {
        bail!("version {number} was deregistered by the tag {}; promote another", tag.name);
    }
    if let Some(tag) = tags.iter().find(|tag| tag.name == name) {
        tag.made.with_context(|| {
            format!("the tag {name} is not annotated, so that GTO does not see it; git tag -d '{name}', and run this again")
        })?;
        return Ok((name, tag.commit.clone()));
    }
    let of_others = |tag: &&GitTag| tag.commit == head && matches!(parse(&tag.name).0, TagEvent::Register(_));
    if let Some(other) = tags.iter().find(of_others) {
        bail!(
            "the commit checked out is that of {}, and to GTO a commit is one version; commit version {number} by itself",
            other.name
        );
    }
    Ok((name, head.to_owned()))
}

/// The tag with the latest date among those that mean something.
fn newest(tags: &[GitTag], means: impl Fn(&TagEvent<'_>) -> bool) -> Option<&GitTag> {
    let annotated = tags.iter().filter(|tag| tag.made.is_some() && means(&parse(&tag.name).0));
    annotated.max_by_key(|tag| tag.made.map(|made| made.0))
}

fn later(last: Timestamp, now: Timestamp) -> Timestamp {
    Timestamp(now.0.max(last.0 + 1))
}

/// What a tag means, and its counter, 0 where it has none.
fn parse(tag: &str) -> (TagEvent<'_>, u64) {
    let Some((_, rest)) = tag.split_once(['@', '#']) else { return (TagEvent::Other, 0) };
    let (word, counter) = match rest.split_once('#') {
        Some((word, counter)) => (word, counter.parse().unwrap_or(0)),
        None => (rest, 0),
    };
    let is_version = tag.len() > rest.len() && tag.as_bytes()[tag.len() - rest.len() - 1] == b'@';
    let event = match (is_version, word.strip_suffix('!')) {
        (true, None) if word.starts_with('v') => TagEvent::Register(word),
        (true, Some(word)) => TagEvent::Deregister(word),
        (true, None) => TagEvent::Other,
        (false, None) => TagEvent::Assign(word),
        (false, Some(word)) => TagEvent::Unassign(word),
    };
    (event, counter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar() {
        for (tag, event, counter) in [
            ("spam@v1.0.0", TagEvent::Register("v1.0.0"), 0),
            ("spam@v1.0.0#4", TagEvent::Register("v1.0.0"), 4),
            ("spam@v1.0.0!#2", TagEvent::Deregister("v1.0.0"), 2),
            ("spam@deprecated", TagEvent::Other, 0),
            ("spam#champion#12", TagEvent::Assign("champion"), 12),
            ("spam#champion", TagEvent::Assign("champion"), 0),
            ("spam#champion!#3", TagEvent::Unassign("champion"), 3),
            ("spam", TagEvent::Other, 0),
        ] {
            assert_eq!(parse(tag), (event, counter), "{tag}");
        }
    }

    #[test]
    fn a_date_is_later_than_the_last_and_not_before_now() {
        assert_eq!(later(Timestamp(7), Timestamp(7)), Timestamp(8));
        assert_eq!(later(Timestamp(9), Timestamp(7)), Timestamp(10));
        assert_eq!(later(Timestamp(1), Timestamp(7)), Timestamp(7));
    }
}
