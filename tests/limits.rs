//! Checks the limits of `io::limits` for each kind of file and each client: endless input, gzip bombs, slow answers and
//! redirects, with the peak memory of the tool.
//!
//! Python measures the peak memory of the tool (`ru_maxrss`) and stops it after two minutes. A limit of the address
//! space protects the machine; it is larger than the limit of the test, because threads and the file of a debug build
//! need address space but no memory.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

#[path = "library/directory.rs"]
mod directory;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use directory::fresh;
use flate2::Compression;
use flate2::write::GzEncoder;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Peak memory in MB of a tool that reads an answer of a server, a result or a file of settings.
const SMALL: u64 = 200;

/// Peak memory in MB of a tool that reads a model or a file as a whole: the limit is 512 MB.
const LARGE: u64 = 720;

const MEASURE: &str = "
import resource, subprocess, sys
space = 4 << 30
resource.setrlimit(resource.RLIMIT_AS, (space, space))
process = subprocess.Popen(sys.argv[2:])
try:
    status = process.wait(timeout=120)
except subprocess.TimeoutExpired:
    process.kill()
    process.wait()
    status = 'time'
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
open(sys.argv[1], 'w').write(f'{status} {peak}')
";

/// How a tool ended.
struct Ended {
    status: i32,
    /// Peak memory in MB.
    peak: u64,
    errors: String,
}

/// Runs a tool with only this environment, and measures it. The output goes to the file `out`.
fn measured(directory: &Path, words: &[&str], environment: &[(&str, &str)], input: Stdio) -> Ended {
    let figures = directory.join("figures");
    let mut command = Command::new("python3");
    command.args(["-c", MEASURE]).arg(&figures).arg(env!("CARGO_BIN_EXE_spamops")).args(words);
    command.current_dir(directory).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    command.env("SOURCE_DATE_EPOCH", "1790812800").envs(environment.iter().copied());
    let out = File::create(directory.join("out")).unwrap();
    let output = command.stdin(input).stdout(out).stderr(Stdio::piped()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let figures = fs::read_to_string(figures).unwrap();
    let (status, peak) = figures.split_once(' ').unwrap();
    assert_ne!(status, "time", "{words:?} ran for two minutes");
    Ended { status: status.parse().unwrap(), peak: peak.parse().unwrap(), errors }
}

/// A directory with rows, a model and a registry.
fn workspace(name: &str) -> PathBuf {
    let directory = fresh(name);
    fs::write(directory.join("rows.csv"), "text,label\nwin a prize,spam\nsee you,ham\n").unwrap();
    let done = Command::new("cp").arg("-R").arg(format!("{ROOT}/models")).arg(&directory).status().unwrap();
    assert!(done.success());
    let model = fs::read_dir(directory.join("models/spam/models")).unwrap().next().unwrap().unwrap().path();
    fs::copy(model, directory.join("model.json")).unwrap();
    for inside in ["state", "run", "spool/plans", "spool/files"] {
        fs::create_dir_all(directory.join(inside)).unwrap();
    }
    directory
}

/// A gzip file of about 1 MB that unpacks to 1 GB: 64 members of 16 MB each.
fn bomb() -> Vec<u8> {
    let mut member = GzEncoder::new(Vec::new(), Compression::best());
    member.write_all(&vec![b' '; 16 << 20]).unwrap();
    member.finish().unwrap().repeat(64)
}

/// A kind of file that is read as a whole.
struct WholeFile {
    /// The path in the workspace.
    file: &'static str,
    words: &'static [&'static str],
    /// Peak memory in MB.
    most: u64,
}

const fn whole(file: &'static str, words: &'static [&'static str], most: u64) -> WholeFile {
    WholeFile { file, words, most }
}

const WHOLE_FILES: &[WholeFile] = &[
    whole("policy.toml", &["validate", "--config", "policy.toml", "rows.csv"], SMALL),
    whole("contract.toml", &["validate", "--contract", "contract.toml", "rows.csv"], SMALL),
    whole("stop.txt", &["fit", "rows.csv", "--stop-words", "stop.txt"], SMALL),
    whole(
        "metrics.json",
        &["drift", "--model", "model.json", "--metrics", "metrics.json", "rows.csv"],
        SMALL,
    ),
    whole("report.json", &["promote", "model.json", "--report", "report.json"], SMALL),
    whole("models/spam/champion.json", &["registry", "list"], SMALL),
    whole("models/spam/versions/1.json", &["registry", "list"], SMALL),
    whole("models/spam/journal.jsonl", &["registry", "history"], SMALL),
    whole("state/history.jsonl", &["drift", "--model", "model.json", "--state", "state", "rows.csv"], SMALL),
    whole("profile.json", &["profile", "--merge", "profile.json"], SMALL),
    whole("run/drift.json", &["report", "run"], SMALL),
    whole("run/run.json", &["report", "run"], SMALL),
    #[cfg(feature = "net")]
    whole(
        "spool/plans/1.json",
        &["track", "--flush", "--spool", "spool", "--uri", "http://127.0.0.1:9"],
        SMALL,
    ),
    whole("model.json", &["score", "--model", "model.json", "rows.csv"], LARGE),
    whole(
        "watched.txt",
        &["drift", "--model", "model.json", "--watch", "watched.txt", "--state", "state", "rows.csv"],
        LARGE,
    ),
    #[cfg(feature = "net")]
    whole("notes.txt", &["track", "model.json", "notes.txt", "--uri", "http://127.0.0.1:9"], LARGE),
];

/// `drift` only warns about an unreadable history and decides without it.
fn status_for(file: &str) -> i32 {
    if file == "state/history.jsonl" { 0 } else { 2 }
}

#[test]
fn each_kind_of_file_is_rejected_if_it_is_a_gzip_bomb() {
    let bomb = bomb();
    for WholeFile { file, words, .. } in WHOLE_FILES {
        let directory = workspace("bomb");
        fs::write(directory.join(file), &bomb).unwrap();
        let Ended { status, peak, errors } = measured(&directory, words, &[], Stdio::null());
        let is_named = ["unpacks to more than 16 MB plus 100 times its size", " is larger than 4 MB"];
        assert!(is_named.iter().any(|message| errors.contains(message)), "{file}: {errors}");
        assert_eq!((status, errors.lines().count()), (status_for(file), 1), "{file}: {errors}");
        assert!(peak <= SMALL, "{file}: {peak} MB");
    }
}

#[test]
fn each_kind_of_file_is_rejected_if_it_is_endless() {
    for WholeFile { file, words, most } in WHOLE_FILES {
        let directory = workspace("endless");
        // 2 GB of NUL bytes, which need no space on the disk.
        File::create(directory.join(file)).unwrap().set_len(2 << 30).unwrap();
        let Ended { status, peak, errors } = measured(&directory, words, &[], Stdio::null());
        assert!(errors.contains("MB, the limit for this kind of file"), "{file}: {errors}");
        assert_eq!((status, errors.lines().count()), (status_for(file), 1), "{file}: {errors}");
        assert!(peak <= *most, "{file}: {peak} MB");
    }
}

#[test]
fn an_endless_line_in_the_state_is_rejected() {
    let directory = workspace("state");
    for (file, words, most) in [
        ("decisions.jsonl", &["state", "decisions", "--state", "state"][..], SMALL),
        ("rows.jsonl", &["state", "gather", "rows.csv", "--state", "state"], LARGE),
    ] {
        File::create(directory.join("state").join(file)).unwrap().set_len(2 << 30).unwrap();
        let Ended { status, peak, errors } = measured(&directory, words, &[], Stdio::null());
        assert_eq!((status, errors.lines().count()), (2, 1), "{file}: {errors}");
        assert!(errors.contains(file) && errors.contains(" MB"), "{file}: {errors}");
        assert!(peak <= most, "{file}: {peak} MB");
    }
}

#[test]
fn a_json_row_with_many_keys_costs_linear_time_and_is_rejected() {
    let directory = fresh("keys");
    // 1 MB. Without a limit, such a row took 55 s in a release build.
    let keys: Vec<String> = (0..80_000).map(|key| format!("\"k{key}\":{key}")).collect();
    let wide: Vec<String> = (0..4095).map(|key| format!("\"w{key}\":1")).collect();
    let rows = format!("{{\"text\":\"a\",{}}}\n{{\"text\":\"b\",{}}}\n", wide.join(","), keys.join(","));
    fs::write(directory.join("rows.jsonl"), rows).unwrap();
    let words = ["validate", "rows.jsonl", "--rejects", "rejects.jsonl", "--quiet"];
    let Ended { status, peak, errors } = measured(&directory, &words, &[], Stdio::null());
    assert_eq!((status, errors.as_str()), (0, ""));
    assert!(peak <= SMALL, "{peak} MB");
    let rejects = fs::read_to_string(directory.join("rejects.jsonl")).unwrap();
    assert!(rejects.contains("the row has more than 4096 keys; split the row"), "{}", &rejects[..200]);
    assert!(fs::read_to_string(directory.join("out")).unwrap().starts_with("{\"text\":\"a\","));
}

#[test]
fn later_json_rows_add_at_most_256_columns() {
    let directory = fresh("wide");
    let rows: Vec<String> =
        (0..20_000).map(|key| format!("{{\"text\":\"a{key}\",\"k{key}\":1}}\n")).collect();
    let rows = rows.concat();
    fs::write(directory.join("rows.jsonl"), &rows).unwrap();
    let words = ["validate", "rows.jsonl", "--format", "csv", "--rejects", "rejects.csv", "--quiet"];
    let Ended { status, peak, errors } = measured(&directory, &words, &[], Stdio::null());
    assert_eq!((status, errors.as_str()), (0, ""));
    assert!(peak <= SMALL, "{peak} MB");
    let [clean, rejects] =
        ["out", "rejects.csv"].map(|file| fs::read_to_string(directory.join(file)).unwrap());
    // The first row has two columns, and 256 more may come.
    assert_eq!(clean.lines().count(), 1 + 257);
    assert_eq!(rejects.lines().count(), 1 + 20_000 - 257);
    let reason = "key 'k257' would be column 259 (limit 258); remove it, or add it to the first row";
    assert!(rejects.contains(reason), "{}", rejects.lines().nth(1).unwrap());
    assert!(clean.len() + rejects.len() < 20 * rows.len(), "{} and {} bytes", clean.len(), rejects.len());
}

#[test]
fn a_csv_header_with_a_million_columns_is_rejected() {
    let directory = fresh("columns");
    let names: Vec<String> = (0..1_000_000).map(|column| format!("c{column}")).collect();
    fs::write(directory.join("rows.csv"), names.join(",") + "\n" + &",".repeat(999_999) + "\n").unwrap();
    for words in
        [&["validate", "--infer", "rows.csv"][..], &["validate", "rows.csv"], &["sample", "rows.csv"]]
    {
        let Ended { status, peak, errors } = measured(&directory, words, &[], Stdio::null());
        let message = ": rows.csv: line 1: the header has 1000000 columns (limit 4096); remove columns, or set --delimiter\n";
        assert!(status == 2 && errors.ends_with(message), "{status} {errors}");
        assert!(peak <= SMALL, "{peak} MB");
    }
}

#[test]
fn a_csv_row_with_many_fields_is_malformed_and_stays_whole() {
    let directory = fresh("fields");
    let row = format!("a,{}b", "x,".repeat(5_000_000));
    fs::write(directory.join("rows.csv"), format!("text,label\n{row}\nc,ham\n")).unwrap();
    let words = ["validate", "rows.csv", "--rejects", "rejects.csv", "--quiet"];
    let Ended { status, peak, errors } = measured(&directory, &words, &[], Stdio::null());
    assert_eq!((status, errors.as_str()), (0, ""));
    assert!(peak <= SMALL, "{peak} MB");
    let rejects = fs::read_to_string(directory.join("rejects.csv")).unwrap();
    assert!(rejects.contains("5000002 fields, but the header has 2"));
    assert!(rejects.contains(&row), "the row is not complete");
}

/// The hang is a helper of git: a program that git starts to talk to the remote.
#[cfg(unix)]
#[test]
fn a_git_command_that_hangs_is_stopped_with_its_helper() {
    use std::os::unix::fs::PermissionsExt;
    let directory = workspace("git");
    let helper = directory.join("hang.sh");
    fs::write(&helper, "#!/bin/sh\necho $$ > ../helper\nexec sleep 600\n").unwrap();
    fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).unwrap();
    let repository = directory.join("repository");
    fs::create_dir(&repository).unwrap();
    fs::rename(directory.join("models"), repository.join("models")).unwrap();
    for words in [
        &["init", "--quiet", "--initial-branch=main"][..],
        &["remote", "add", "origin", "../nowhere.git"],
        &["config", "remote.origin.uploadpack", helper.to_str().unwrap()],
        &["add", "models"],
        &["-c", "user.name=a", "-c", "user.email=b", "commit", "--quiet", "--message", "models"],
    ] {
        let done = Command::new("git").arg("-C").arg(&repository).args(words).status().unwrap();
        assert!(done.success(), "git {words:?}");
    }
    fs::create_dir(directory.join("nowhere.git")).unwrap();
    let model = directory.join("model.json");
    let words =
        ["promote", model.to_str().unwrap(), "--registry", "models", "--alias", "challenger", "--push"];
    let environment = [("SPAMOPS_GIT_TIMEOUT", "2"), ("HOME", "/nowhere")];
    let Ended { status, errors, .. } = measured(&repository, &words, &environment, Stdio::null());
    let message = "did not end within 2 s and was stopped; check the remote, hooks and credentials, or set SPAMOPS_GIT_TIMEOUT to more seconds\n";
    assert!(status == 2 && errors.ends_with(message), "{status} {errors}");
    let helper = fs::read_to_string(directory.join("helper")).unwrap();
    let stat = fs::read_to_string(format!("/proc/{}/stat", helper.trim())).unwrap_or_default();
    assert!(stat.is_empty() || stat.contains(") Z "), "the helper still runs: {stat}");
    let environment = [("SPAMOPS_GIT_TIMEOUT", "soon")];
    let Ended { status, errors, .. } = measured(&repository, &words, &environment, Stdio::null());
    let message = "SPAMOPS_GIT_TIMEOUT is 'soon'; set it to a number from 0 to 86400\n";
    assert!(status == 2 && errors.ends_with(message), "{status} {errors}");
}

#[cfg(feature = "net")]
mod clients {
    use std::io::{BufRead, BufReader, Read};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::time::Duration;

    use super::*;

    /// How a server answers.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Attack {
        /// A body that never ends, with this status.
        Endless(u16),
        /// A head that never ends.
        EndlessHead,
        /// Many small JSON values: 15 MB, which a parser would blow up to 1 GB.
        Values,
        /// A compressed body of 1 MB that unpacks to 1 GB, although the client did not ask for compression.
        Bomb,
        /// One byte at a time, until the client gives up.
        Slow,
        /// A redirect to another server.
        Redirect(u16),
    }

    const ATTACKS: &[Attack] = &[
        Attack::Endless(200),
        Attack::Endless(500),
        Attack::EndlessHead,
        Attack::Values,
        Attack::Bomb,
        Attack::Slow,
        Attack::Redirect(302),
        Attack::Redirect(307),
    ];

    /// Starts a server that attacks every request, except for the version of MLflow. Returns its address.
    fn attacker(attack: Attack, elsewhere: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let elsewhere = elsewhere.to_owned();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, elsewhere) = (stream.unwrap(), elsewhere.clone());
                // Writing fails when the client gives up: this ends the answer.
                std::thread::spawn(move || answer(&mut stream, attack, &elsewhere));
            }
        });
        address
    }

    fn answer(stream: &mut TcpStream, attack: Attack, elsewhere: &str) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let (mut head, mut length) = (String::new(), 0);
        while !head.ends_with("\r\n\r\n") {
            let from = head.len();
            if reader.read_line(&mut head)? == 0 {
                return Ok(());
            }
            let line = head[from..].to_ascii_lowercase();
            length =
                line.strip_prefix("content-length:").map_or(length, |value| value.trim().parse().unwrap());
        }
        std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
        if head.starts_with("GET /version ") {
            return stream
                .write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 6\r\n\r\n3.17.2");
        }
        let head = "Content-Type: application/json\r\nConnection: close\r\n";
        match attack {
            Attack::Endless(status) => {
                write!(stream, "HTTP/1.1 {status} Oh\r\n{head}\r\n[")?;
                endless(
                    stream,
                    &b"{\"a\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"},".repeat(1000),
                    Duration::ZERO,
                )
            }
            Attack::EndlessHead => {
                write!(stream, "HTTP/1.1 200 OK\r\n")?;
                endless(
                    stream,
                    &b"X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(1000),
                    Duration::ZERO,
                )
            }
            Attack::Values => {
                let body = format!("[{}0]", "{\"\":0},".repeat(2 << 20));
                write!(stream, "HTTP/1.1 200 OK\r\n{head}Content-Length: {}\r\n\r\n{body}", body.len())
            }
            Attack::Bomb => {
                let body = bomb();
                write!(
                    stream,
                    "HTTP/1.1 200 OK\r\n{head}Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                )?;
                stream.write_all(&body)
            }
            Attack::Slow => {
                write!(stream, "HTTP/1.1 200 OK\r\n{head}\r\n")?;
                endless(stream, b" ", Duration::from_millis(20))
            }
            Attack::Redirect(status) => {
                write!(
                    stream,
                    "HTTP/1.1 {status} Moved\r\n{head}Location: {elsewhere}/a\r\nContent-Length: 0\r\n\r\n"
                )
            }
        }
    }

    fn endless(stream: &mut TcpStream, part: &[u8], pause: Duration) -> std::io::Result<()> {
        loop {
            stream.write_all(part)?;
            std::thread::sleep(pause);
        }
    }

    /// Counts connections to a server that must get none.
    fn elsewhere() -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, count) =
            (format!("http://{}", listener.local_addr().unwrap()), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&count);
        std::thread::spawn(move || {
            listener.incoming().for_each(|_| {
                let _ = counted.fetch_add(1, SeqCst);
            });
        });
        (address, count)
    }

    /// Attacks a client in each way. `words` and `environment` get the address of the server in place of URL.
    fn expect_bounded(words: &[&str], environment: &[(&str, &str)], wanted: i32, message: &str) {
        for attack in ATTACKS {
            let directory = workspace("attacked");
            // A new registry, because only a new champion is worth an alert.
            let promote = "promote model.json --registry new --reason r -o run/promote.json --quiet";
            let promote: Vec<&str> = promote.split(' ').collect();
            let promoted = measured(&directory, &promote, &[], Stdio::null());
            assert_eq!((promoted.status, promoted.errors.as_str()), (0, ""));
            let (other, count) = elsewhere();
            let url = attacker(*attack, &other);
            let words: Vec<String> = words.iter().map(|word| word.replace("URL", &url)).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let set: Vec<(&str, String)> =
                environment.iter().map(|(name, value)| (*name, value.replace("URL", &url))).collect();
            let set: Vec<(&str, &str)> = set.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let Ended { status, peak, errors } = measured(&directory, &words, &set, Stdio::null());
            let case = format!("{attack:?} {words:?}: {peak} MB: {errors}");
            // A channel that answers with 200 has the alert. Nobody parses the body.
            let is_sent = message.is_empty() && *attack == Attack::Values;
            assert_eq!(status, wanted, "{case}");
            assert_eq!(errors.lines().count(), usize::from(!is_sent), "{case}");
            assert!(errors.contains(message) && !errors.contains("t0ken"), "{case}");
            assert!(peak <= SMALL, "{case}");
            assert_eq!(count.load(SeqCst), 0, "{case}");
            let hint = match attack {
                Attack::Slow => "within 1 s",
                Attack::Endless(200) => "larg",
                _ => "",
            };
            assert!(errors.contains(hint), "{case}");
        }
    }

    #[test]
    fn track_bounds_the_answers_of_mlflow() {
        let environment = [
            ("MLFLOW_TRACKING_TOKEN", "t0ken"),
            ("MLFLOW_HTTP_REQUEST_TIMEOUT", "1"),
            ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0"),
        ];
        expect_bounded(&["track", "model.json", "--uri", "URL"], &environment, 2, "track: ");
    }

    #[test]
    fn notify_bounds_the_answers_of_each_channel() {
        let environment = [
            ("SLACK_WEBHOOK_URL", "URL/t0ken"),
            ("PAGERDUTY_EVENTS_URL", "URL/v2/enqueue"),
            ("PAGERDUTY_ROUTING_KEY", "t0ken"),
            ("ALERTMANAGER_URL", "URL"),
            ("SPAMOPS_WEBHOOK_URL", "URL/t0ken"),
            ("SPAMOPS_WEBHOOK_SECRET", "t0ken"),
            ("SPAMOPS_HTTP_TIMEOUT", "1"),
        ];
        for channel in ["slack", "pagerduty", "alertmanager", "webhook"] {
            expect_bounded(&["notify", "run", "--registry", "new", "--to", channel], &environment, 0, "");
        }
    }

    #[test]
    fn promote_bounds_the_answers_of_github() {
        let environment =
            [("GITHUB_API_URL", "URL"), ("GITHUB_TOKEN", "t0ken"), ("SPAMOPS_HTTP_TIMEOUT", "1")];
        for publish in [&["--comment", "5"][..], &["--environment", "production"], &["--dispatch", "o/r"]] {
            let words = [&["promote", "model.json", "--quiet", "--github", "o/r"], publish].concat();
            expect_bounded(&words, &environment, 2, "promote: ");
        }
    }
}
