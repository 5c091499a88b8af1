//! Tests the registry under stress: killed writers, concurrent readers, full disks.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]
#![expect(clippy::expect_used, reason = "a failed expect fails the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use spamops::cli::verify;
use spamops::registry::candidate::CandidateModel;
use spamops::registry::journal::JournalEntry;
use spamops::registry::moves::{MoveRequest, MoveTarget, Promotion};
use spamops::registry::sweep::Sweeper;
use spamops::registry::verify::{CheckedFile, RegistryChecks};
use spamops::registry::{CHAMPION, Registry};
use spamops::stats::random::RandomStream;

use directory::fresh;

#[path = "library/directory.rs"]
mod directory;
#[path = "registry/broken.rs"]
mod broken;
#[path = "registry/tampering.rs"]
mod tampering;

/// Number of writers to kill before the test ends.
const KILLS: u64 = 1_000;

/// Number of threads that run writers.
const WRITERS: u64 = 4;

/// Number of rows behind a model with figures.
const MEASURED_ROWS: usize = 300;

/// Number of different models to promote.
const MODELS: u64 = 24;

/// Fits small models that differ only in their fitting time.
fn models(directory: &Path, count: u64) -> Vec<PathBuf> {
    let rows = directory.join("rows.csv");
    let row = |n: u64| {
        format!(
            "{},word{} word{}\n",
            if n.is_multiple_of(3) { "spam" } else { "ham" },
            n % 7,
            n % 11 + n % 3 * 20
        )
    };
    fs::write(&rows, "label,text\n".to_owned() + &(0..60).map(row).collect::<String>()).unwrap();
    (0..count)
        .map(|number| {
            let model = directory.join(format!("{number}.json"));
            let now = (1_700_000_000 + number).to_string();
            let mut fit = Command::new(env!("CARGO_BIN_EXE_fit"));
            fit.args(["--quiet", "--preset", "classic", "--now", &now, "-o"]).arg(&model).arg(&rows);
            assert!(fit.status().unwrap().success());
            model
        })
        .collect()
}

/// Fits models with cross-validated figures and a profile on the rows of `rows.csv`, which differ only in their fitting
/// time.
fn measured_models(directory: &Path, count: u64) -> Vec<PathBuf> {
    let all = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/messages.csv")).unwrap();
    let rows = directory.join("rows.csv");
    let lines: Vec<&str> = all.lines().take(MEASURED_ROWS + 1).collect();
    fs::write(&rows, lines.join("\n") + "\n").unwrap();
    (0..count)
        .map(|number| {
            let model = directory.join(format!("{number}.json"));
            let now = (1_700_000_000 + number).to_string();
            let mut fit = Command::new(env!("CARGO_BIN_EXE_fit"));
            fit.args(["--quiet", "--preset", "classic", "--folds", "3", "--now", &now, "-o"]);
            assert!(fit.arg(&model).arg(&rows).status().unwrap().success());
            model
        })
        .collect()
}

fn promote(registry: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_promote"));
    command.args(["--quiet", "--registry"]).arg(registry).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A random command: promote, roll back or `registry gc`.
fn random_command(registry: &Path, models: &[PathBuf], numbers: &mut RandomStream, reason: &str) -> Command {
    let chance = numbers.uniform();
    if chance < 0.1 {
        let mut gc = Command::new(env!("CARGO_BIN_EXE_spamops"));
        gc.args(["registry", "gc", "--keep", "3", "--registry"]).arg(registry);
        gc.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        return gc;
    }
    if chance < 0.2 {
        return promote(registry, &["--rollback", "--reason", reason]);
    }
    if chance < 0.25 {
        return promote(registry, &["--hold", "--reason", reason]);
    }
    let model = models.iter().find(|_| numbers.uniform() < 0.1).unwrap_or(&models[0]).to_str().unwrap();
    let alias = if chance < 0.3 { "challenger" } else { CHAMPION };
    // A rollback may hold the alias.
    promote(registry, &[model, "--resume", "--alias", alias, "--reason", reason])
}

/// Runs random commands and kills each after a random time, unless it has finished.
///
/// Returns the promotions that were acknowledged and the errors.
fn write_and_kill(
    registry: &Path,
    models: &[PathBuf],
    seed: u64,
    usual: Duration,
    killed: &AtomicU64,
) -> (Vec<Promotion>, Vec<String>) {
    let mut numbers = RandomStream::new(seed);
    let (mut acknowledged, mut errors) = (Vec::new(), Vec::new());
    while killed.load(SeqCst) < KILLS {
        let reason = format!("{seed}, {}", acknowledged.len());
        let mut child = random_command(registry, models, &mut numbers, &reason).spawn().unwrap();
        let end = Instant::now() + usual.mul_f64(1.5 * numbers.uniform());
        while Instant::now() < end && child.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_micros(200));
        }
        let _ = child.kill();
        let output = child.wait_with_output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        match output.status.code() {
            None => drop(killed.fetch_add(1, SeqCst)),
            // A complete report means that the promotion was acknowledged. `gc` prints no report.
            Some(0) => acknowledged.extend(serde_json::from_slice::<Promotion>(&output.stdout).ok()),
            Some(_) => errors.push(message),
        }
    }
    (acknowledged, errors)
}

/// Reads the champion repeatedly, as a server would, until `done`. Returns the number of reads.
fn read_until(registry: &Registry, done: &AtomicBool) -> u64 {
    let (mut reads, mut last) = (0, 0);
    while !done.load(SeqCst) {
        if let Some((champion, _)) = registry.serving(CHAMPION).expect("a partial read") {
            assert!(champion.sequence >= last, "the sequence went from {last} back to {}", champion.sequence);
            last = champion.sequence;
            reads += 1;
        }
        if reads % 50 == 1 {
            let journal = registry.journal().expect("a partial journal");
            assert!(journal.moves(CHAMPION).count() as u64 >= last, "the journal is behind the alias");
        }
    }
    reads
}

/// All problems that `verify` finds.
fn problems(registry: &Registry) -> Vec<String> {
    let checks = RegistryChecks { report: verify::report, heads: &[] };
    let wrong =
        |file: CheckedFile| file.found.err().map(|error| format!("{}: {error:#}", file.path.display()));
    registry.verify(checks).unwrap().into_iter().filter_map(wrong).collect()
}

#[test]
fn verify_beside_gc_gives_no_false_alarm() {
    let directory = fresh("beside");
    let models: Vec<CandidateModel> = models(&directory, 6)
        .iter()
        .map(|path| CandidateModel::parse(fs::read_to_string(path).unwrap()).unwrap())
        .collect();
    let registry = Registry::new(&directory.join("models"), "spam");
    let request = MoveRequest {
        alias: CHAMPION,
        to: MoveTarget::Model(&models[0]),
        resume: false,
        force: false,
        expect: None,
        reports: &[],
        reason: "",
        actor: None,
        run: None,
        now: "2026-10-01T00:00:00Z",
        tool: "promote",
    };
    registry.promote(&request).unwrap();
    let done = AtomicBool::new(false);
    let verified = thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..300 {
                let to = MoveTarget::Model(&models[round % models.len()]);
                registry.promote(&MoveRequest { to, ..request.clone() }).unwrap();
                let sweeper = Sweeper { keep: Some(0), reason: "", actor: None, now: request.now };
                registry.sweep(&sweeper).unwrap();
            }
            done.store(true, SeqCst);
        });
        let mut verified = 0;
        while !done.load(SeqCst) {
            assert_eq!(problems(&registry), [""; 0], "after {verified} checks without a problem");
            verified += 1;
        }
        verified
    });
    println!("{verified} checks beside gc");
    assert!(verified > 20, "only {verified} checks ran beside gc");
}

#[test]
fn gc_keeps_as_many_rollbacks_as_versions() {
    let directory = fresh("rollbacks");
    let models = models(&directory, 7);
    let root = directory.join("models");
    let names: Vec<&str> = models.iter().map(|path| path.to_str().unwrap()).collect();
    let run = |arguments: &[&str]| {
        let output = promote(&root, arguments).output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), message)
    };
    // The champion was version 1, then 2, then 7. The other versions were only challengers.
    for (number, name) in names.iter().enumerate() {
        let alias = if [0, 1, 6].contains(&number) { CHAMPION } else { "challenger" };
        assert!(run(&[name, "--alias", alias]).0);
    }
    let gc = |keep: &str| {
        let mut gc = Command::new(env!("CARGO_BIN_EXE_spamops"));
        gc.args(["registry", "gc", "--keep", keep, "--registry"]).arg(&root);
        String::from_utf8(gc.output().unwrap().stderr).unwrap()
    };
    assert!(!gc("3").contains("champion"));
    assert!(run(&["--rollback"]).0);
    assert_eq!(run(&["--rollback"]), (true, String::new()));
    assert!(run(&[names[1], "--resume"]).0 && run(&[names[6]]).0);
    // With fewer steps, gc says which rollback becomes impossible, and the rollback says what is missing.
    let warning = gc("2");
    assert!(
        warning.contains(
            "champion can still be rolled back once, to version 2; a further rollback needs the model file of version 1"
        ),
        "{warning}"
    );
    assert!(run(&["--rollback"]).0);
    let (is_done, message) = run(&["--rollback"]);
    assert!(
        !is_done
            && message.contains("the model of version 1 was removed to save space; promote its model file")
    );
    assert!(run(&[names[0], "--resume"]).0);
}

#[test]
fn killed_writers_lose_no_promotion_and_leave_no_partial_file() {
    let directory = fresh("killed");
    let models = models(&directory, MODELS);
    let root = directory.join("models");
    let registry = Registry::new(&root, "spam");
    let start = Instant::now();
    assert!(promote(&root, &[models[0].to_str().unwrap()]).status().unwrap().success());
    assert!(promote(&root, &[models[1].to_str().unwrap()]).status().unwrap().success());
    // Four writers share one lock, and a machine may have only two cores.
    let usual = start.elapsed() * 2;
    let (killed, done) = (AtomicU64::new(0), AtomicBool::new(false));
    let (outcomes, reads) = thread::scope(|scope| {
        let readers = [(); 2].map(|()| scope.spawn(|| read_until(&registry, &done)));
        let (root, models, killed) = (&root, &models, &killed);
        let writers: Vec<_> = (1..=WRITERS)
            .map(|seed| scope.spawn(move || write_and_kill(root, models, seed, usual, killed)))
            .collect();
        let outcomes: Vec<_> = writers.into_iter().map(ScopedJoinHandle::join).collect();
        done.store(true, SeqCst);
        (outcomes, readers.map(|reader| reader.join().unwrap()))
    });
    let (mut acknowledged, mut errors) = (Vec::new(), Vec::new());
    for outcome in outcomes {
        let (promotions, message) = outcome.unwrap();
        acknowledged.extend(promotions);
        errors.extend(message);
    }
    // Only a rollback may fail: without an earlier version, or if `gc` has removed its model.
    errors.retain(|message| {
        !message.contains("no earlier version to roll back to")
            && !message.contains("has no alias champion")
            && !message.contains("was removed to save space")
    });
    assert_eq!(errors, [""; 0]);
    let after: Promotion = serde_json::from_slice(
        &promote(&root, &[models[0].to_str().unwrap(), "--resume", "--reason", "last"])
            .output()
            .unwrap()
            .stdout,
    )
    .unwrap();
    assert_eq!(registry.champion().unwrap().unwrap().sequence, after.sequence);
    assert_eq!(problems(&registry), [""; 0]);
    let journal = registry.journal().unwrap();
    let is_recorded = |promotion: &Promotion| {
        let same = |entry: &&JournalEntry| {
            entry.sequence == Some(promotion.sequence) && entry.version == promotion.version
        };
        let is_hold = |entry: &JournalEntry| {
            entry.action == promotion.action
                && entry.alias.as_ref() == Some(&promotion.alias)
                && entry.reason == promotion.reason
        };
        if !promotion.action.is_move() {
            return !promotion.changed || journal.entries.iter().any(is_hold);
        }
        journal.moves(&promotion.alias).any(|entry| same(&entry) && entry.digest == promotion.digest)
    };
    let lost: Vec<_> = acknowledged.iter().filter(|promotion| !is_recorded(promotion)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    let left = Command::new("find").arg(&root).args(["-name", ".*"]).output().unwrap();
    assert_eq!(String::from_utf8(left.stdout).unwrap(), "");
    let moved = acknowledged.iter().filter(|promotion| promotion.changed).count();
    println!(
        "{} writers killed, {moved} moves acknowledged, {} journal entries, {reads:?} reads, {:?}",
        killed.load(SeqCst),
        journal.entries.len(),
        start.elapsed()
    );
    assert!(moved > 50, "only {moved} promotions finished");
    assert!(
        journal.entries.len() > moved + 10,
        "no writer was killed between its journal entry and its report"
    );
}

#[test]
fn a_dry_run_does_not_report_a_running_writer_as_killed() {
    let directory = fresh("dry");
    let models = models(&directory, 3);
    let root = directory.join("models");
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..40 {
                let output = promote(&root, &[models[round % 2].to_str().unwrap()]).output().unwrap();
                assert!(output.status.success());
            }
            done.store(true, SeqCst);
        });
        while !done.load(SeqCst) {
            let output = promote(&root, &[models[2].to_str().unwrap(), "--dry-run"]).output().unwrap();
            let message = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert!(output.status.success() && !message.contains("killed"), "{message}");
        }
    });
}

/// Creates a registry whose journal is its largest file. Also returns the model to promote next.
fn with_a_long_journal(directory: &Path) -> (PathBuf, String) {
    let models = models(directory, 3);
    let root = directory.join("models");
    let names: Vec<&str> = models.iter().map(|path| path.to_str().unwrap()).collect();
    for _ in 0..3 {
        for name in &names[..2] {
            assert!(promote(&root, &[name, "--reason", &"x".repeat(20_000)]).status().unwrap().success());
        }
    }
    (root, names[2].to_owned())
}

#[test]
fn a_full_disk_leaves_the_old_champion() {
    let (root, model) = with_a_long_journal(&fresh("full"));
    let registry = Registry::new(&root, "spam");
    let journal = || fs::read(root.join("spam/journal.jsonl")).unwrap();
    let (before, lines) = (registry.champion().unwrap().unwrap(), journal());
    let mut failed = Vec::new();
    for blocks in 0.. {
        // `ulimit -f` limits the size of a file in blocks of 1,024 bytes. A write fails in the middle, as on a full disk.
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let tool = env!("CARGO_BIN_EXE_promote");
        let mut limited = Command::new("bash");
        limited.args(["-c", &script, tool, "--quiet", &model, "--reason", &"y".repeat(2_000), "--registry"]);
        limited.arg(&root);
        let output = limited.stdin(Stdio::null()).output().unwrap();
        if output.status.success() {
            break;
        }
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(message.contains("File too large"), "{blocks}: {message}");
        assert_eq!(registry.champion().unwrap().unwrap(), before, "{blocks} blocks");
        // The journal may have gained complete lines about the new version.
        assert!(journal().starts_with(&lines) && journal().ends_with(b"\n"), "{blocks} blocks");
        assert_eq!(problems(&registry), [""; 0], "{blocks} blocks");
        failed.push(message);
    }
    let at = |name: &str| failed.iter().filter(|message| message.contains(name)).count();
    assert!(at("spam/models/") > 0 && at("journal.jsonl") > 0, "{failed:?}");
    assert_eq!(registry.champion().unwrap().unwrap().version, 3);
    assert_eq!(problems(&registry), [""; 0]);
}

#[test]
fn a_full_or_read_only_file_system_leaves_the_old_champion() {
    let (root, model) = with_a_long_journal(&fresh("closed"));
    // Mounts a small file system in its own namespace, fills it, then makes it read-only.
    let script = r#"
        set -eu
        mount -t tmpfs -o size=1500k none "$1/mnt" 2> /dev/null || { echo skipped; exit 0; }
        cp -R "$1/models" "$1/mnt/models"
        tool=$0 champion=$1/mnt/models/spam/champion.json
        cp "$champion" "$1/before.json"
        left() { df --output=avail -k "$1/mnt" | tail -1; }
        for free in 0 4 8 16 24 32 40 48 60 80; do
          rm -f "$1/mnt/ballast"
          size=$(( $(left "$1") - free ))
          dd if=/dev/zero of="$1/mnt/ballast" bs=1k count=$size 2> /dev/null
          "$tool" --quiet "$2" --registry "$1/mnt/models" > /dev/null 2> "$1/said" && { echo "promoted with $free kB left"; break; }
          grep -q 'No space left on device' "$1/said" || cat "$1/said"
          cmp "$champion" "$1/before.json"
        done
        rm -f "$1/mnt/ballast" && rm -r "$1/mnt/models" && cp -R "$1/models" "$1/mnt/models"
        mount -o remount,ro "$1/mnt"
        "$tool" --quiet "$2" --registry "$1/mnt/models" > /dev/null 2> "$1/said" && echo promoted
        sed 's/.*: //' "$1/said"
        cmp "$champion" "$1/before.json"
    "#;
    let directory = root.parent().unwrap();
    fs::create_dir(directory.join("mnt")).unwrap();
    let mut own = Command::new("unshare");
    own.args(["--user", "--map-root-user", "--mount", "bash", "-c", script, env!("CARGO_BIN_EXE_promote")]);
    let output = own.arg(directory).arg(&model).stdin(Stdio::null()).output();
    let message =
        output.map(|output| String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned());
    let message = message.unwrap_or_else(|_| "skipped".into());
    if message.contains("skipped") || message.starts_with("unshare: ") {
        println!("skipped: cannot mount a file system: {message}");
        return;
    }
    let lines: Vec<&str> = message.lines().collect();
    assert_eq!(lines.len(), 2, "{message}");
    assert!(lines[0].starts_with("promoted with ") && lines[0] != "promoted with 0 kB left", "{message}");
    assert_eq!(lines[1], "Read-only file system");
}
