//! Checks the help of every tool and sub-command: its size, its headings, and a text for every option.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use spamops::cli::help::HEADINGS;
use spamops::cli::tool_list::{TOOLS, subcommands};

const COLUMNS: usize = 100;
const SHORT_LINES: usize = 40;

/// Output of `spamops WORDS` in an empty environment.
fn printed(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_spamops"))
        .args(words)
        .env_clear()
        .env("COLUMNS", COLUMNS.to_string())
        .output()
        .unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Every command with a help text: the tools, their sub-commands, and the sub-commands of sub-commands.
fn commands() -> Vec<Vec<String>> {
    let mut commands: Vec<Vec<String>> =
        TOOLS.iter().copied().chain(subcommands()).map(|name| vec![name.to_owned()]).collect();
    for outer in commands.clone() {
        let help = help_of(&outer, "--help");
        let inner = help.lines().skip_while(|line| *line != "Commands:").skip(1);
        let names =
            inner.take_while(|line| !line.is_empty()).filter_map(|line| line.split_whitespace().next());
        commands
            .extend(names.filter(|name| *name != "help").map(|name| vec![outer[0].clone(), name.to_owned()]));
    }
    assert!(commands.len() > 25, "the lists of sub-commands were not read: {commands:?}");
    commands
}

fn help_of(command: &[String], option: &str) -> String {
    let words: Vec<&str> = command.iter().map(String::as_str).chain([option]).collect();
    printed(&words)
}

fn too_wide(help: &str) -> Option<&str> {
    help.lines().find(|line| line.chars().count() > COLUMNS)
}

#[test]
fn short_help_fits_a_screen_and_ends_with_examples() {
    for command in commands() {
        let help = help_of(&command, "-h");
        let lines: Vec<&str> = help.lines().collect();
        assert!(lines.len() <= SHORT_LINES, "{command:?}: {} lines\n{help}", lines.len());
        assert_eq!(too_wide(&help), None, "{command:?}");
        let hint = lines.last().unwrap();
        assert!(
            hint.starts_with("Run `") && hint.ends_with(" --help` for all options."),
            "{command:?}: {hint}"
        );
        let examples = lines.iter().skip_while(|line| **line != "Examples:").skip(1);
        let examples = examples.take_while(|line| line.starts_with("  ")).count();
        assert!((1..=2).contains(&examples), "{command:?}: {examples} examples\n{help}");
    }
}

#[test]
fn long_help_has_the_headings_in_order() {
    for command in commands() {
        let help = help_of(&command, "--help");
        assert_eq!(too_wide(&help), None, "{command:?}");
        let place = |heading: &str| help.lines().position(|line| line.strip_suffix(':') == Some(heading));
        let purpose = ["What it decides", "What it does"].map(place);
        assert!(purpose.iter().flatten().count() == 1, "{command:?}: needs one of the first two headings");
        let found: Vec<usize> =
            HEADINGS.into_iter().chain(["Options", "Examples"]).filter_map(place).collect();
        assert!(found.is_sorted(), "{command:?}: headings out of order\n{help}");
        assert!(place("Examples").is_some(), "{command:?}: no examples");
        if command.len() == 1 && TOOLS.contains(&command[0].as_str()) {
            assert_eq!(found.len(), 7, "{command:?}: a heading is missing\n{help}");
        }
    }
}

#[test]
fn examples_are_not_wrapped() {
    for command in commands() {
        let help = help_of(&command, "--help");
        let examples = help.lines().skip_while(|line| *line != "Examples:").skip(1);
        let mut is_continued = false;
        for example in examples.take_while(|line| line.starts_with("  ")) {
            let program = example.split_whitespace().next().unwrap();
            let is_known =
                TOOLS.contains(&program) || ["spamops", "cd", "source", "zcat", "python"].contains(&program);
            assert!(is_known || is_continued, "{command:?}: wrapped at: {example}");
            is_continued = example.ends_with('\\');
        }
    }
}

/// The arguments and options of a long help, each with the first line of its text. The line is empty without a text.
fn entries(help: &str) -> Vec<(String, String)> {
    let lines = help.lines().skip_while(|line| !["Arguments:", "Options:"].contains(line));
    let lines: Vec<&str> = lines.take_while(|line| *line != "Examples:").collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let is_option = |line: &str| (2..=6).contains(&indent(line)) && line.trim_start().starts_with('-');
    let is_argument = |line: &str| line.starts_with("  [") || line.starts_with("  <");
    let pairs = lines.windows(2).filter(|pair| is_option(pair[0]) || is_argument(pair[0]));
    let text = |line: &str| if indent(line) == 10 { line.trim().to_owned() } else { String::new() };
    pairs.map(|pair| (pair[0].trim().to_owned(), text(pair[1]))).collect()
}

#[test]
fn every_option_and_argument_has_a_text() {
    for command in commands() {
        for (option, text) in entries(&help_of(&command, "--help")) {
            assert!(!text.is_empty() && !text.starts_with('['), "{command:?}: {option} has no text");
        }
    }
}

#[test]
fn every_option_in_a_manual_page_has_a_text() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("man");
    let status = Command::new(env!("CARGO_BIN_EXE_spamops")).arg("man").arg(&directory).status().unwrap();
    assert!(status.success());
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let page = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = page.lines().collect();
        for part in lines.windows(3).filter(|part| part[0] == ".TP") {
            let has_text = !part[2].starts_with('.') && !part[2].is_empty();
            assert!(has_text, "{}: no text for {}", path.display(), part[1]);
        }
    }
}

/// Options with a meaning of their own in each tool.
const OWN_MEANING: [&str; 15] = [
    "--alias",
    "--dry-run",
    "--exit-code",
    "--force",
    "--metrics",
    "--max-fpr",
    "--min-f1",
    "--model",
    "--name",
    "--output",
    "--prior",
    "--report",
    "--since",
    "--size",
    "--state",
];

#[test]
fn the_same_option_has_the_same_text_in_every_tool() {
    let mut texts: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for command in commands() {
        for (option, text) in entries(&help_of(&command, "--help")) {
            let name = option.split_whitespace().find(|word| word.starts_with("--")).unwrap_or_default();
            if !OWN_MEANING.contains(&name) && option.starts_with('-') {
                let text = text.split(" [default").next().unwrap_or_default().to_owned();
                texts.entry(option).or_default().entry(text).or_default().push(command.join(" "));
            }
        }
    }
    assert!(texts.len() > 80, "the options were not read: {texts:#?}");
    texts.retain(|_, texts| texts.len() > 1);
    assert!(texts.is_empty(), "{texts:#?}");
}

#[test]
fn the_menu_lists_every_tool_and_command_on_one_line() {
    let menu = printed(&["--help"]);
    assert_eq!(too_wide(&menu), None);
    assert!(menu.lines().count() <= SHORT_LINES, "{menu}");
    for name in TOOLS.iter().copied().chain(subcommands()) {
        assert!(
            menu.lines().any(|line| line.starts_with(&format!("  {name:<12} "))),
            "{name} is missing\n{menu}"
        );
    }
}
