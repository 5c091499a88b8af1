//! Lays out the help of every tool: one screen for `-h`, a page with headings for `--help`. The source is the doc
//! comment of the tool. The first paragraph is the summary. A later paragraph may open a section with one of the
//! headings (`Input: …`). The examples come from `after_help`, the best two first.

use clap::Command;
use clap::builder::{StyledStr, Styles};

/// The headings of `--help` before the options, in order. A tool has one of the first two.
pub const HEADINGS: [&str; 6] = ["What it decides", "What it does", "Input", "Output", "Memory", "Method"];

const EXAMPLES: &str = "Examples:";

/// Number of examples that `-h` shows.
const SHORT_EXAMPLES: usize = 2;

/// Usage comes right after the summary. The sections are the `before-help` of the long page.
const TEMPLATE: &str = "{about-with-newline}\n{usage-heading} {usage}\n\n{before-help}{all-args}{after-help}";

/// Lays out the help of a command and of its sub-commands.
pub fn lay_out(command: Command) -> Command {
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    let command = command.mut_subcommands(|inner| {
        let full_name = format!("{name} {}", inner.get_name());
        lay_out(inner.bin_name(full_name))
    });
    let sections = command.get_long_about().map(|text| sections(&text.to_string()));
    let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let hint = format!("Run `{name} --help` for all options.");
    let command = match sections {
        Some(sections) => command.before_long_help(with_bold_headings(&sections)),
        None => command,
    };
    command
        .long_about(None)
        .help_template(TEMPLATE)
        .after_help(with_bold_headings(&format!("{}{hint}", shortened(&examples))))
        .after_long_help(with_bold_headings(&examples))
}

/// Lays out the paragraphs after the summary. Each heading gets its own line, and the text below is indented.
fn sections(long_about: &str) -> String {
    let mut lines = Vec::new();
    for paragraph in long_about.split("\n\n").skip(1) {
        let heading = HEADINGS
            .iter()
            .find_map(|heading| Some((heading, paragraph.strip_prefix(heading)?.strip_prefix(": ")?)));
        let separator = if lines.is_empty() { "" } else { "\n" };
        match heading {
            Some((heading, text)) => lines.push(format!("{separator}{heading}:\n  {text}")),
            None => lines.push(format!("{separator}  {paragraph}")),
        }
    }
    lines.join("\n")
}

/// The first examples, with their heading; empty if there are none.
fn shortened(examples: &str) -> String {
    let lines = examples.lines().skip_while(|line| *line != EXAMPLES).skip(1);
    let lines: Vec<&str> = lines.take(SHORT_EXAMPLES).collect();
    if lines.is_empty() { String::new() } else { format!("{EXAMPLES}\n{}\n\n", lines.join("\n")) }
}

/// The text with its headings in clap's own style: bold on a terminal.
pub fn with_bold_headings(text: &str) -> StyledStr {
    let styles = Styles::styled();
    let bold = styles.get_header();
    let lines = text.lines().map(|line| {
        let is_heading = line.ends_with(':') && !line.starts_with(' ');
        if is_heading { format!("{bold}{line}{bold:#}") } else { line.to_owned() }
    });
    lines.collect::<Vec<_>>().join("\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> Command {
        Command::new("tool")
            .about("Does it")
            .long_about("Does it\n\nInput: Rows.\n\nMore about rows.\n\nMethod: Counting.")
            .after_help("Examples:\n  tool one\n  tool two\n  tool three")
    }

    #[test]
    fn long_help_has_sections_after_the_usage_and_all_examples() {
        let help = lay_out(command()).render_long_help().to_string();
        assert!(help.starts_with(
            "Does it\n\nUsage: tool\n\nInput:\n  Rows.\n\n  More about rows.\n\nMethod:\n  Counting."
        ));
        assert!(help.ends_with("Examples:\n  tool one\n  tool two\n  tool three\n"), "{help}");
    }

    #[test]
    fn short_help_has_two_examples_and_names_the_long_help() {
        let help = lay_out(command()).render_help().to_string();
        assert!(help.starts_with("Does it\n\nUsage: tool\n\nOptions:"), "{help}");
        assert!(
            help.ends_with("Examples:\n  tool one\n  tool two\n\nRun `tool --help` for all options.\n"),
            "{help}"
        );
    }
}
