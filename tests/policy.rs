//! Tests that `spamops.toml` is data: every option of every tool has a kind, and a policy sets no destination, host,
//! program or action.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use spamops::cli::policy_keys::OptionKind;
use spamops::cli::tool_list::{TOOLS, subcommands};

/// Keys of the table `[rows]`.
const ROW_KEYS: [&str; 7] =
    ["text-column", "label-column", "date-column", "positive", "input-format", "delimiter", "strict"];

/// Tools with a table, and no table in a build without network.
const NET: [&str; 2] = ["track", "notify"];

/// A long option and the name of its value; empty for a flag.
#[derive(Clone, Debug, PartialEq, Eq)]
struct LongOption {
    name: String,
    value: String,
}

fn fresh(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("policy").join(name);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    directory
}

/// Status and error of `spamops WORDS` in a directory.
fn run(directory: &Path, words: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spamops"));
    let output = command.args(words).current_dir(directory).env_clear().output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn help(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_spamops")).args(words).arg("--help").env_clear().output();
    String::from_utf8(output.unwrap().stdout).unwrap()
}

/// The long options of a help page.
fn options(help: &str) -> Vec<LongOption> {
    let mut found = Vec::new();
    for line in help.lines().map(str::trim_start) {
        let Some(start) = line.find("--").filter(|start| *start == 0 || line.starts_with('-')) else {
            continue;
        };
        let rest = &line[start + 2..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        // A sentence that begins with an option has other text after the name.
        let value = rest.trim_start_matches([' ', '[', '=', '<']).trim_end_matches([']', '>']);
        if !name.is_empty() && (rest.is_empty() || rest.starts_with(" <") || rest.starts_with("[=<")) {
            found.push(LongOption { name: name.to_owned(), value: value.to_owned() });
        }
    }
    found
}

/// Every command, with its options: the tools, the sub-commands of spamops, and their sub-commands.
fn commands() -> Vec<(Vec<String>, Vec<LongOption>)> {
    let mut found = Vec::new();
    for tool in TOOLS.iter().copied().chain(subcommands()) {
        let page = help(&[tool]);
        let inner = page.lines().skip_while(|line| *line != "Commands:").skip(1);
        let inner =
            inner.take_while(|line| !line.is_empty()).filter_map(|line| line.split_whitespace().next());
        for name in inner.filter(|name| *name != "help") {
            found.push((vec![tool.to_owned(), name.to_owned()], options(&help(&[tool, name]))));
        }
        found.push((vec![tool.to_owned()], options(&page)));
    }
    found
}

/// The tools with a table in a policy.
fn tables() -> impl Iterator<Item = &'static str> {
    let is_built = |tool: &&str| cfg!(feature = "net") || !NET.contains(tool);
    TOOLS.iter().copied().chain(["report", "notify"]).filter(is_built)
}

#[test]
fn every_option_of_every_tool_has_a_kind() {
    let commands = commands();
    let all: Vec<(&Vec<String>, &LongOption)> = commands
        .iter()
        .flat_map(|(command, options)| options.iter().map(move |option| (command, option)))
        .collect();
    assert!(commands.len() > 25 && all.len() > 300, "{} options were read", all.len());
    for (command, option) in &all {
        let kind = OptionKind::of(&option.name);
        assert!(kind.is_some(), "{command:?}: --{} has no kind in policy_keys.rs", option.name);
        // A file, a server or a person is never data, whatever its option is called.
        let outside = ["FILE", "DIR", "URL", "REMOTE", "REPO", "CHANNELS", "ALIAS", "ID", "REV", "REF"];
        let is_outside =
            option.value.split(|c: char| !c.is_ascii_uppercase()).any(|word| outside.contains(&word));
        let is_data = kind.unwrap().objection().is_none() && kind != Some(OptionKind::WordList);
        assert!(!is_outside || !is_data, "{command:?}: --{} <{}> is not data", option.name, option.value);
    }
}

#[test]
fn a_policy_sets_no_file_host_program_or_action() {
    let directory = fresh("refused");
    let mut keys = 0;
    for tool in tables() {
        for LongOption { name, .. } in options(&help(&[tool])) {
            if OptionKind::of(&name).is_some_and(|kind| kind.objection().is_none()) {
                continue;
            }
            keys += 1;
            let policy = format!("[{tool}]\n{name} = \"canary\"\n");
            for (file, words) in [
                ("spamops.toml", vec![tool, "rows.csv"]),
                ("other.toml", vec![tool, "--config", "other.toml"]),
            ] {
                fs::write(directory.join(file), &policy).unwrap();
                let (status, error) = run(&directory, &words);
                let start = format!("{file}: line 2: a policy cannot set '{name}', because it ");
                assert!(status == Some(2) && error.contains(&start), "{policy}{words:?}: {error}");
                assert!(error.contains(&format!("; remove it, and give --{name} to ")), "{error}");
                fs::remove_file(directory.join(file)).unwrap();
            }
        }
    }
    assert!(keys > 80, "only {keys} keys were tried");
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
}

#[test]
fn a_forbidden_key_of_another_tool_is_an_error_too() {
    let directory = fresh("other-tool");
    fs::write(
        directory.join("spamops.toml"),
        "[drift]\nmin-f1 = 0.9\n\n[track]\nuri = \"http://evil.example\"\n",
    )
    .unwrap();
    let (status, error) = run(&directory, &["validate", "rows.csv"]);
    assert_eq!(status, Some(2));
    assert_eq!(
        error,
        "validate: spamops.toml: line 5: a policy cannot set 'uri', because it names a server or a repository; \
         remove it, and give --uri to track, or set MLFLOW_TRACKING_URI\n"
    );
}

#[test]
fn the_table_rows_says_only_how_rows_are_read() {
    let directory = fresh("rows");
    fs::write(directory.join("rows.csv"), "text,label\nhello,ham\n").unwrap();
    fs::write(directory.join("v.sh"), "true\n").unwrap();
    for LongOption { name, .. } in options(&help(&["sample"])) {
        if ROW_KEYS.contains(&name.as_str()) {
            continue;
        }
        fs::write(directory.join("spamops.toml"), format!("[rows]\n{name} = \"v.sh\"\n")).unwrap();
        let (status, error) = run(&directory, &["sample", "rows.csv"]);
        let start = "sample: spamops.toml: line 2: ";
        assert!(status == Some(2) && error.starts_with(start), "{name}: {error}");
    }
    assert_eq!(fs::read_to_string(directory.join("v.sh")).unwrap(), "true\n");
    fs::write(directory.join("spamops.toml"), "[rows]\nsize = 2\n").unwrap();
    assert_eq!(
        run(&directory, &["sample", "rows.csv"]).1,
        "sample: spamops.toml: line 2: unknown key 'size'; [rows] has the keys text-column, label-column, \
         date-column, positive, input-format, delimiter, strict\n"
    );
}

#[test]
fn stop_words_of_a_policy_are_a_built_in_list() {
    let directory = fresh("stop-words");
    fs::write(directory.join("rows.csv"), "text,label\nthe prize,spam\nthe book,ham\n").unwrap();
    fs::write(directory.join("secret"), "hunter2\n").unwrap();
    let fit = ["fit", "--quiet", "rows.csv", "-o", "m.json"];
    fs::write(directory.join("spamops.toml"), "[fit]\nstop-words = \"secret\"\n").unwrap();
    let (status, error) = run(&directory, &fit);
    assert!(
        status == Some(2) && error.contains("line 2: a policy cannot name a file in 'stop-words'"),
        "{error}"
    );
    assert!(!directory.join("m.json").exists());
    fs::write(directory.join("spamops.toml"), "[fit]\nstop-words = \"english\"\n").unwrap();
    assert_eq!(run(&directory, &fit), (Some(0), String::new()));
}

#[test]
fn the_cycle_gets_files_from_its_command_line() {
    let directory = fresh("cycle");
    for name in ["rows.csv", "golden.csv", "words.txt"] {
        fs::write(directory.join(name), "text,label\nhello,ham\n").unwrap();
    }
    let words = ["run", "--data", "rows.csv", "--golden", "golden.csv", "--watch", "words.txt", "--dry-run"];
    let (status, printed) = run(&directory, &words);
    let line = |tool: &str| printed.lines().find(|line| line.contains(tool)).unwrap_or_default();
    assert_eq!(status, Some(0), "{printed}");
    assert!(line(" compare ").contains("--golden golden.csv"), "{printed}");
    assert!(line(" drift ").contains("--watch words.txt"), "{printed}");
}
