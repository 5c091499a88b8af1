//! Tests publishing to git: commits that contain only the registry, tags with increasing dates, and pushes without force.
//!
//! A push is rebased onto unrelated commits. It fails if the registry on the remote has changed. Each remote is a bare
//! repository next to its clones.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use spamops::io::dates::Timestamp;
use spamops::publish::git::push::{self, PushResult};
use spamops::publish::git::tags::{self, TaggedMove};
use spamops::publish::git::{Actor, Git};

use crate::directory::fresh;

const NOW: Timestamp = Timestamp(1_790_812_800);

/// Creates a directory with a bare repository that has one commit.
fn remote(name: &str) -> PathBuf {
    let directory = fresh(name);
    git(&directory, &["init", "--quiet", "--bare", "--initial-branch=main", "remote.git"]);
    let first = clone(&directory, "first");
    fs::write(first.join("README"), "models\n").unwrap();
    for words in [
        &["add", "README"][..],
        &["commit", "--quiet", "-m", "readme"],
        &["push", "--quiet", "origin", "HEAD:main"],
    ] {
        git(&first, words);
    }
    directory
}

fn clone(directory: &Path, name: &str) -> PathBuf {
    git(directory, &["clone", "--quiet", "remote.git", name]);
    let clone = directory.join(name);
    fs::create_dir_all(clone.join("models/spam/versions")).unwrap();
    clone
}

/// Runs git as another user and returns its output.
fn git(directory: &Path, words: &[&str]) -> String {
    let mut command = Command::new("git");
    command.arg("-C").arg(directory).args(["-c", "user.name=Other", "-c", "user.email=other@example.org"]);
    let output = command.args(words).output().unwrap();
    assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The registry of a clone, for publishing.
fn at(clone: &Path) -> Git {
    let actor = Actor { name: "spamops".into(), email: "spamops@example.org".into() };
    Git::at(&clone.join("models/spam"), actor, NOW).unwrap()
}

/// Moves the champion to a version, commits the move and tags it.
fn promote(clone: &Path, version: u64) -> tags::TagPlan {
    let manifest = clone.join(format!("models/spam/versions/{version}.json"));
    // The manifest differs between clones, because identical commits would not conflict.
    fs::write(manifest, format!("{version} of {}", clone.display())).unwrap();
    fs::write(clone.join("models/spam/champion.json"), version.to_string()).unwrap();
    let git = at(clone);
    git.commit(&format!("spam: version {version} is champion")).unwrap();
    tags::create_tags(&git, &champion(version)).unwrap()
}

fn champion(version: u64) -> TaggedMove<'static> {
    TaggedMove { name: "spam", version, alias: "champion", message: "# a reason\n\nfor it", now: NOW }
}

fn pushed(clone: &Path) -> anyhow::Result<PushResult> {
    push::push(&at(clone), "origin", &[], &tags::patterns("spam"))
}

fn dates(clone: &Path) -> Vec<(String, i64)> {
    let found = at(clone).tags(&tags::patterns("spam")).unwrap();
    let mut found: Vec<_> = found.into_iter().map(|tag| (tag.name, tag.made.unwrap().0)).collect();
    found.sort_by_key(|(_, made)| *made);
    found
}

#[test]
fn a_commit_contains_only_the_registry() {
    let clone = clone(&remote("commit"), "mine");
    fs::write(clone.join("README"), "changed\n").unwrap();
    fs::write(clone.join("staged"), "by hand\n").unwrap();
    git(&clone, &["add", "staged"]);
    promote(&clone, 1);
    assert_eq!(
        git(&clone, &["show", "--name-only", "--format=%ct", "HEAD"]),
        "1790812800\n\nmodels/spam/champion.json\nmodels/spam/versions/1.json"
    );
    assert_eq!(git(&clone, &["status", "--porcelain"]), "M README\nA  staged");
    assert_eq!(at(&clone).commit("again").unwrap(), None);
    let nowhere = Git::at(Path::new("/"), Actor { name: "a".into(), email: "b".into() }, NOW).err().unwrap();
    assert!(nowhere.to_string().starts_with("git rev-parse: not a git repository"), "{nowhere}");
}

#[test]
fn tags_with_the_largest_number_or_date_do_not_overflow() {
    let clone = clone(&remote("end-of-time"), "mine");
    git(&clone, &["tag", "--annotate", "--message", "x", "spam#champion#18446744073709551615"]);
    assert_eq!(promote(&clone, 1).missing, ["spam@v1.0.0", "spam#champion#1"]);
    let object = format!(
        "object {}\ntype commit\ntag spam#champion#2\ntagger a <b@c> 9223372036854775807 +0000\n\nx\n",
        git(&clone, &["rev-parse", "HEAD"])
    );
    fs::write(clone.join("tag"), object).unwrap();
    let object = git(&clone, &["hash-object", "-t", "tag", "-w", "--literally", "tag"]);
    git(&clone, &["update-ref", "refs/tags/spam#champion#2", &object]);
    let challenger = TaggedMove { alias: "challenger", ..champion(1) };
    let error = tags::create_tags(&at(&clone), &challenger).unwrap_err().to_string();
    assert!(error.starts_with("the tag spam#champion#2 has the latest possible date"), "{error}");
}

#[test]
fn tag_dates_increase_within_a_second_and_when_the_clock_goes_back() {
    let clone = clone(&remote("dates"), "mine");
    promote(&clone, 1);
    promote(&clone, 2);
    let again = promote(&clone, 2);
    assert!(again.missing.is_empty(), "{again:?}");
    // Back to version 1: its tag exists, and the alias gets a tag on the same commit.
    promote(&clone, 1);
    let challenger = TaggedMove { alias: "challenger", version: 2, ..champion(2) };
    tags::create_tags(&at(&clone), &challenger).unwrap();
    let expected = [
        "spam@v1.0.0",
        "spam#champion#1",
        "spam@v2.0.0",
        "spam#champion#2",
        "spam#champion#3",
        "spam#challenger#4",
    ];
    let expected: Vec<_> =
        expected.iter().zip(NOW.0..).map(|(name, made)| ((*name).to_owned(), made)).collect();
    assert_eq!(dates(&clone), expected);
    let commit = |tag: &str| git(&clone, &["rev-parse", &format!("{tag}^{{commit}}")]);
    assert_eq!(commit("spam#champion#3"), commit("spam@v1.0.0"));
    assert_eq!(
        git(&clone, &["tag", "--list", "--format=%(contents)", "spam@v1.0.0"]),
        "# a reason\n\nfor it"
    );
}

#[test]
fn tags_that_gto_cannot_read_are_rejected() {
    let clone = clone(&remote("refused"), "mine");
    promote(&clone, 1);
    let other = tags::create_tags(&at(&clone), &champion(2)).unwrap_err().to_string();
    assert!(
        other.contains("already has the tag spam@v1.0.0, and GTO allows one version per commit"),
        "{other}"
    );
    git(&clone, &["commit", "--quiet", "--allow-empty", "-m", "two"]);
    git(&clone, &["tag", "spam@v2.0.0"]);
    let light = tags::create_tags(&at(&clone), &champion(2)).unwrap_err().to_string();
    assert!(light.contains("is not annotated"), "{light}");
    let name =
        tags::create_tags(&at(&clone), &TaggedMove { name: "spam-", ..champion(2) }).unwrap_err().to_string();
    assert!(name.starts_with("'spam-' is not a valid name in GTO"), "{name}");
    git(&clone, &["tag", "--annotate", "-m", "no", "spam@v1.0.0!"]);
    let gone = tags::create_tags(&at(&clone), &champion(1)).unwrap_err().to_string();
    assert!(gone.starts_with("version 1 was deregistered by the tag spam@v1.0.0!"), "{gone}");
}

#[test]
fn a_push_is_rebased_onto_unrelated_commits() {
    let directory = remote("on-top");
    let (mine, other) = (clone(&directory, "mine"), clone(&directory, "other"));
    promote(&mine, 1);
    promote(&mine, 2);
    fs::write(mine.join("README"), "being edited\n").unwrap();
    fs::write(other.join("data.csv"), "text\n").unwrap();
    fs::create_dir_all(other.join("models/ham")).unwrap();
    fs::write(other.join("models/ham/champion.json"), "1").unwrap();
    git(&other, &["add", "."]);
    git(&other, &["commit", "--quiet", "-m", "data"]);
    git(&other, &["push", "--quiet", "origin", "main"]);
    let before = dates(&mine);
    let done = pushed(&mine).unwrap();
    assert_eq!(done.tags, ["spam#champion#1", "spam#champion#2", "spam@v1.0.0", "spam@v2.0.0"]);
    assert_eq!(dates(&mine), before);
    git(&other, &["pull", "--quiet", "--tags", "origin", "main"]);
    assert_eq!(
        git(&other, &["log", "--format=%s"]),
        "spam: version 2 is champion\nspam: version 1 is champion\ndata\nreadme"
    );
    assert_eq!(git(&other, &["rev-parse", "HEAD"]), done.commit);
    assert_eq!(git(&other, &["rev-parse", "spam@v2.0.0^{commit}"]), done.commit);
    assert_eq!(git(&other, &["rev-parse", "spam@v1.0.0^{commit}"]), git(&other, &["rev-parse", "HEAD~1"]));
    assert_eq!(git(&other, &["cat-file", "-t", "spam#champion#2"]), "tag");
    assert_eq!(fs::read_to_string(mine.join("README")).unwrap(), "being edited\n");
    // A second push has nothing to do.
    assert_eq!(pushed(&mine).unwrap(), PushResult { tags: vec![], ..done });
}

#[test]
fn a_push_fails_if_the_registry_on_the_remote_changed() {
    let directory = remote("gives-way");
    let (mine, other) = (clone(&directory, "mine"), clone(&directory, "other"));
    promote(&other, 1);
    pushed(&other).unwrap();
    let other_head = git(&other, &["rev-parse", "HEAD"]);
    promote(&mine, 1);
    let my_head = git(&mine, &["rev-parse", "HEAD"]);
    let error = pushed(&mine).unwrap_err().to_string();
    assert_eq!(
        error,
        "the registry has changed on the remote; drop your local commit (git reset --keep HEAD~1) and its tags \
         (git tag -d 'spam#champion#1' 'spam@v1.0.0'), pull, then promote again"
    );
    assert_eq!(git(&mine, &["rev-parse", "HEAD"]), my_head);
    assert_eq!(git(&directory.join("remote.git"), &["rev-parse", "main"]), other_head);
    // Different tags on the remote are never replaced.
    let error = push::fetch_tags(&at(&mine), "origin", &tags::patterns("spam")).unwrap_err().to_string();
    assert!(error.contains("differs from the tag on origin; run git tag -d 'spam"), "{error}");
    // The address of a remote may contain a password.
    let address = "https://me:hunter2@host/o/r.git";
    let remote = directory.join("remote.git");
    git(&mine, &["config", &format!("url.{}.insteadOf", remote.display()), address]);
    let error = push::fetch_tags(&at(&mine), address, &tags::patterns("spam")).unwrap_err().to_string();
    assert!(error.contains("differs from the tag on https://host/o/r.git; run git"), "{error}");
}

#[test]
fn remote_tags_are_fetched_first_even_in_a_shallow_clone() {
    let directory = remote("shallow");
    let other = clone(&directory, "other");
    promote(&other, 1);
    promote(&other, 2);
    pushed(&other).unwrap();
    let url = format!("file://{}", directory.join("remote.git").display());
    git(&directory, &["clone", "--quiet", "--depth=1", "--no-tags", &url, "mine"]);
    let mine = directory.join("mine");
    push::fetch_tags(&at(&mine), "origin", &tags::patterns("spam")).unwrap();
    assert_eq!(git(&mine, &["rev-parse", "--is-shallow-repository"]), "true");
    assert_eq!(git(&mine, &["rev-list", "--all", "--count"]), "2");
    let back = promote(&mine, 1);
    assert_eq!(back.missing, ["spam#champion#3"]);
    // The remote gets another commit. A push from a shallow clone is rebased too.
    fs::write(other.join("README"), "more\n").unwrap();
    git(&other, &["commit", "--quiet", "-am", "readme"]);
    git(&other, &["push", "--quiet", "origin", "main"]);
    let done =
        push::push(&at(&mine), "origin", &[back.version, back.alias], &tags::patterns("spam")).unwrap();
    assert_eq!(done.tags, ["spam#champion#3"]);
    git(&other, &["pull", "--quiet", "--tags", "origin", "main"]);
    assert_eq!(
        git(&other, &["rev-parse", "spam#champion#3^{commit}"]),
        git(&other, &["rev-parse", "spam@v1.0.0^{commit}"])
    );
}

#[test]
fn a_failed_push_gives_the_reason_without_the_password() {
    let directory = remote("why");
    let mine = clone(&directory, "mine");
    promote(&mine, 1);
    git(&mine, &["remote", "set-url", "origin", "http://me:hunter2@127.0.0.1:9/o/r.git"]);
    let error = format!("{:#}", pushed(&mine).unwrap_err());
    assert!(error.starts_with("git ls-remote: unable to access 'http://127.0.0.1:9/o/r.git/'"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
    git(&mine, &["remote", "set-url", "origin", "../remote.git"]);
    let hook = directory.join("remote.git/hooks/pre-receive");
    fs::write(
        &hook,
        "#!/bin/sh\necho 'error: main is protected, see https://me:hunter2@host/why' >&2\nexit 1\n",
    )
    .unwrap();
    fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let error = format!("{:#}", pushed(&mine).unwrap_err());
    assert_eq!(error, "git push: main is protected, see https://host/why");
    // A push without a branch fails.
    git(&mine, &["checkout", "--quiet", "--detach"]);
    let detached = pushed(&mine).unwrap_err().to_string();
    assert_eq!(detached, "no branch is checked out; run git switch BRANCH, then run this again");
}

/// Starts `promote` in a clone and does not wait for it.
fn run_promote(clone: &Path, words: &[&str]) -> Child {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/spam/models");
    let model = fs::read_dir(models).unwrap().next().unwrap().unwrap().path();
    let mut command = Command::new(env!("CARGO_BIN_EXE_promote"));
    command.current_dir(clone).arg(model).args(words).args(["-o", "promote.json"]);
    command.env_clear().env("PATH", std::env::var("PATH").unwrap()).env("HOME", clone);
    command.stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn concurrent_pushes_all_succeed() {
    let directory = remote("at-once");
    let names = ["one", "two", "three", "four"];
    let clones = names.map(|name| clone(&directory, name));
    let running: Vec<Child> = names
        .iter()
        .zip(&clones)
        .map(|(name, clone)| run_promote(clone, &["--push", "--name", name]))
        .collect();
    for child in running {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let remote = directory.join("remote.git");
    assert_eq!(git(&remote, &["rev-list", "--count", "main"]), "5");
    for name in names {
        let merged = git(&remote, &["tag", "--list", "--merged", "main", &format!("{name}[@#]*")]);
        assert_eq!(merged, format!("{name}#champion#1\n{name}@v1.0.0"));
    }
}

#[test]
fn a_rejected_push_leaves_no_tags_and_keeps_the_commit() {
    let directory = remote("outrun");
    let (mine, other) = (clone(&directory, "mine"), clone(&directory, "other"));
    assert!(run_promote(&other, &["--commit", "--reason", "first"]).wait().unwrap().success());
    // The other clone pushes between this clone's commit and its push.
    let hook = mine.join(".git/hooks/post-commit");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    let script = format!(
        "#!/bin/sh\nunset GIT_DIR GIT_INDEX_FILE\ngit -C {} push --quiet origin main\n",
        other.display()
    );
    fs::write(&hook, script).unwrap();
    fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let (remote, other_head) = (directory.join("remote.git"), git(&other, &["rev-parse", "main"]));
    let output = run_promote(&mine, &["--push", "--reason", "second"]).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let expected = "promote: version 1 is the champion in this clone (committed), but it was not pushed: the registry has changed on the remote; drop your local commit (git reset --keep HEAD~1), pull, then promote again\n";
    assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
    assert_eq!(git(&mine, &["tag", "--list"]), "");
    assert_eq!(git(&mine, &["log", "--format=%s"]), "spam: version 1 is champion (move 1)\nreadme");
    assert_eq!(git(&remote, &["rev-parse", "main"]), other_head);
    assert!(!fs::read_to_string(mine.join("promote.json")).unwrap().contains("tags"));
}

/// Runs a shell line in a clone, as someone who pastes advice.
fn paste(clone: &Path, line: &str) {
    let mut command = Command::new("bash");
    command.args(["-c", line]).current_dir(clone).env("HOME", clone);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The commands in parentheses in an advice.
fn commands(advice: &str) -> Vec<&str> {
    advice.split("(git ").skip(1).filter_map(|rest| rest.split(')').next()).collect()
}

#[test]
fn advice_after_a_lost_race_drops_the_commit_and_keeps_the_tag_of_the_other_clone() {
    let directory = remote("at-the-same-time");
    let (mine, other) = (clone(&directory, "mine"), clone(&directory, "other"));
    assert!(run_promote(&other, &["--commit", "--tag", "--reason", "first"]).wait().unwrap().success());
    // The other clone pushes its commit and its tags between this clone's commit and the fetch of its tags.
    let hook = mine.join(".git/hooks/post-commit");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    let script = format!(
        "#!/bin/sh\nunset GIT_DIR GIT_INDEX_FILE\ngit -C {} push --quiet --tags origin main\n",
        other.display()
    );
    fs::write(&hook, script).unwrap();
    fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let output = run_promote(&mine, &["--push", "--reason", "second"]).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        message.ends_with("; drop your local commit (git reset --keep HEAD~1), pull, then promote again\n"),
        "{message}"
    );
    fs::remove_file(&hook).unwrap();
    let winner = git(&directory.join("remote.git"), &["rev-parse", "spam@v1.0.0"]);
    for command in commands(&message) {
        paste(&mine, &format!("git {command}"));
    }
    git(&mine, &["pull", "--quiet"]);
    let output = run_promote(&mine, &["--push", "--alias", "challenger"]).wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(git(&directory.join("remote.git"), &["rev-parse", "spam@v1.0.0"]), winner);
}

#[test]
fn a_loser_that_tagged_before_its_push_is_told_to_drop_its_own_tags_too() {
    let directory = remote("tagged");
    let (mine, other) = (clone(&directory, "mine"), clone(&directory, "other"));
    assert!(run_promote(&mine, &["--commit", "--tag", "--reason", "mine"]).wait().unwrap().success());
    assert!(run_promote(&other, &["--push", "--reason", "other"]).wait().unwrap().success());
    let output = run_promote(&mine, &["--push", "--reason", "mine"]).wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(
        message,
        "promote: models/spam: has changed on origin; drop your local commit (git reset --keep HEAD~1) and its tags \
         (git tag -d 'spam#champion#1' 'spam@v1.0.0'), pull, then promote again\n"
    );
    for command in commands(&message) {
        paste(&mine, &format!("git {command}"));
    }
    git(&mine, &["pull", "--quiet"]);
    let output = run_promote(&mine, &["--push", "--alias", "challenger"]).wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_tag_has_the_head_of_the_journal_as_a_trailer() {
    let directory = remote("anchor");
    let mine = clone(&directory, "mine");
    assert!(run_promote(&mine, &["--push", "--reason", "first"]).wait().unwrap().success());
    let promoted = fs::read_to_string(mine.join("promote.json")).unwrap();
    for tag in ["spam@v1.0.0", "spam#champion#1"] {
        let format = "--format=%(contents:trailers:key=Journal-Head,valueonly)";
        let head = git(&directory.join("remote.git"), &["tag", "--list", format, tag]);
        assert!(
            head.starts_with("2:") && promoted.contains(&format!("\"journal_head\": \"{head}\"")),
            "{head}"
        );
    }
}

#[test]
fn promote_changes_nothing_if_the_registry_on_the_remote_is_newer() {
    let directory = remote("stale");
    let (mine, other) = (clone(&directory, "mine"), clone(&directory, "other"));
    assert!(run_promote(&other, &["--push", "--reason", "first"]).wait().unwrap().success());
    let output = run_promote(&mine, &["--push", "--reason", "second"]).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(message, "promote: models/spam: has changed on origin; pull, then promote again\n");
    assert_eq!(git(&mine, &["status", "--porcelain", "--ignored"]), "");
    assert_eq!(git(&mine, &["log", "--format=%s"]), "readme");
    git(&mine, &["pull", "--quiet"]);
    let output = run_promote(&mine, &["--push", "--reason", "second"]).wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
