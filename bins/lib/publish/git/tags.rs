//! Records versions and aliases as annotated tags in the format of GTO.
//!
//! The tag `spam@v3.0.0` registers version 3, and `spam#champion#7` gives it the alias `champion`. In GTO (Iterative, 2022;
//! tested with 1.10.1), a commit has one version, and the alias tag with the latest date wins. So dates strictly increase,
//! even for tags created within one second. The counter makes names unique: the model's highest counter plus one.

use anyhow::{Context, Result, bail, ensure};

use crate::io::dates::Timestamp;
use crate::io::diagnostics::shown;
use crate::publish::git::{Git, GitTag};

/// The latest date that another tag can follow: the end of the year 9999.
const MAX_DATE: Timestamp = Timestamp(253_402_300_799);

/// A move to record as tags.
#[derive(Clone, Copy, Debug)]
pub struct TaggedMove<'a> {
    pub name: &'a str,
    pub version: u64,
    /// The alias that now points at the version.
    pub alias: &'a str,
    pub message: &'a str,
    /// Earliest date of a new tag.
    pub now: Timestamp,
}

/// The tags that record a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagPlan {
    /// Tag that registers the version.
    pub version: String,
    /// Tag that gives the version the alias.
    pub alias: String,
    /// The tags that do not exist yet.
    pub missing: Vec<String>,
    commit: String,
    when: Timestamp,
}

/// The meaning of a tag in GTO.
#[derive(Clone, Debug, PartialEq, Eq)]
enum TagEvent<'a> {
    Register(&'a str),
    Deregister(&'a str),
    Assign(&'a str),
    Unassign(&'a str),
    Other,
}

/// The name of a version's tag.
pub fn version_tag(name: &str, version: u64) -> String {
    format!("{name}@v{version}.0.0")
}

/// Patterns that match all tags of a model.
pub fn patterns(name: &str) -> [String; 2] {
    [format!("{name}@*"), format!("{name}#*")]
}

/// Fails if GTO does not accept a name.
pub fn expect_names(name: &str, alias: &str) -> Result<()> {
    for word in [name, alias] {
        let fits = word.ends_with(|c: char| c.is_ascii_alphanumeric());
        ensure!(fits, "{} is not a valid name in GTO; end it with a letter or a digit", shown(word));
    }
    Ok(())
}

/// Plans the tags of a move. `head` is the commit for a version without a tag.
pub fn plan(git: &Git, tagged: &TaggedMove<'_>, head: &str) -> Result<TagPlan> {
    expect_names(tagged.name, tagged.alias)?;
    let tags = git.tags(&patterns(tagged.name))?;
    let (version, commit) = registered(tagged, &tags, head)?;
    let of_alias = |event: &TagEvent<'_>| matches!(event, TagEvent::Assign(name) | TagEvent::Unassign(name) if *name == tagged.alias);
    let is_current =
        |tag: &&GitTag| tag.commit == commit && matches!(parse(&tag.name).0, TagEvent::Assign(_));
    let alias = newest(&tags, of_alias).filter(is_current).map(|tag| tag.name.clone());
    // Ignore a counter that is already the largest 64-bit number.
    let counter = tags.iter().filter_map(|tag| parse(&tag.name).1.checked_add(1)).max().unwrap_or(1);
    let mut missing = Vec::new();
    if !tags.iter().any(|tag| tag.name == version) {
        missing.push(version.clone());
    }
    let alias = alias.unwrap_or_else(|| {
        missing.push(format!("{}#{}#{counter}", tagged.name, tagged.alias));
        format!("{}#{}#{counter}", tagged.name, tagged.alias)
    });
    let last = tags.iter().filter(|tag| tag.made.is_some()).max_by_key(|tag| tag.made);
    if let Some(tag) = last.filter(|tag| tag.made >= Some(MAX_DATE)) {
        bail!(
            "the tag {0} has the latest possible date, so no tag can follow it; run git tag -d '{0}'",
            tag.name
        );
    }
    let when = last.and_then(|tag| tag.made).map_or(tagged.now, |last| later(last, tagged.now));
    Ok(TagPlan { version, alias, missing, commit, when })
}

/// Creates the missing tags of a move. Existing tags stay unchanged.
pub fn create_tags(git: &Git, tagged: &TaggedMove<'_>) -> Result<TagPlan> {
    let plan = plan(git, tagged, &git.head()?)?;
    for (name, second) in plan.missing.iter().zip(plan.when.0..) {
        git.tag(name, &plan.commit, tagged.message, Timestamp(second))?;
    }
    Ok(plan)
}

/// The version's tag and its commit: the tagged commit, or `head` without a tag.
fn registered(tagged: &TaggedMove<'_>, tags: &[GitTag], head: &str) -> Result<(String, String)> {
    let (name, number) = (version_tag(tagged.name, tagged.version), tagged.version);
    let semver = format!("v{number}.0.0");
    let last = newest(
        tags,
        |event| matches!(event, TagEvent::Register(v) | TagEvent::Deregister(v) if *v == semver),
    );
    if let Some(tag) = last.filter(|tag| matches!(parse(&tag.name).0, TagEvent::Deregister(_))) {
        bail!("version {number} was deregistered by the tag {}; promote another version", tag.name);
    }
    if let Some(tag) = tags.iter().find(|tag| tag.name == name) {
        tag.made.with_context(|| {
            format!("the tag {name} is not annotated, so GTO ignores it; run git tag -d '{name}', then run this again")
        })?;
        return Ok((name, tag.commit.clone()));
    }
    let of_others = |tag: &&GitTag| tag.commit == head && matches!(parse(&tag.name).0, TagEvent::Register(_));
    if let Some(other) = tags.iter().find(of_others) {
        bail!(
            "the current commit already has the tag {}, and GTO allows one version per commit; commit version {number} separately",
            other.name
        );
    }
    Ok((name, head.to_owned()))
}

/// The matching annotated tag with the latest date.
fn newest(tags: &[GitTag], matches: impl Fn(&TagEvent<'_>) -> bool) -> Option<&GitTag> {
    let annotated = tags.iter().filter(|tag| tag.made.is_some() && matches(&parse(&tag.name).0));
    annotated.max_by_key(|tag| tag.made.map(|made| made.0))
}

fn later(last: Timestamp, now: Timestamp) -> Timestamp {
    Timestamp(now.0.max(last.0 + 1))
}

/// Parses a tag into its meaning and its counter (0 if it has none).
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
    fn parses_gto_tags() {
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
    fn a_new_date_is_after_the_last_and_not_before_now() {
        assert_eq!(later(Timestamp(7), Timestamp(7)), Timestamp(8));
        assert_eq!(later(Timestamp(9), Timestamp(7)), Timestamp(10));
        assert_eq!(later(Timestamp(1), Timestamp(7)), Timestamp(7));
    }
}
