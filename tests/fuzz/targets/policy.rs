//! Fuzzes `spamops.toml`: any text sets options or gives an error of one line, and the command line wins.

#![no_main]

use clap::{Arg, ArgAction, Command, value_parser};
use libfuzzer_sys::{Corpus, fuzz_target};
use spamops::cli::config::PolicyFile;
use spamops::io::stream::Place;

fuzz_target!(|text: &str| -> Corpus {
    let check_error = |error: String, start: &str| {
        assert!(error.starts_with(start) && !error.contains(char::is_control), "{error}");
        Corpus::Keep
    };
    let policy = match PolicyFile::parse(text.to_owned(), Place::File("spamops.toml".into())) {
        Ok(policy) => policy,
        Err(error) => return check_error(format!("{error:#}"), "line "),
    };
    let command = match policy.apply("sample", sample(), None) {
        Ok(command) => command,
        Err(error) => return check_error(format!("{error:#}"), "spamops.toml: line "),
    };
    if let Err(error) = command.clone().try_get_matches_from(["sample"]) {
        let _ = (policy.error("sample", &error), error.to_string());
    }
    if let Ok(matches) = command.try_get_matches_from(["sample", "--size", "3", "rows.csv"]) {
        assert_eq!(matches.get_one::<u64>("size"), Some(&3));
    }
    Corpus::Keep
});

/// A command with every kind of option that the tools have.
fn sample() -> Command {
    Command::new("sample")
        .arg(Arg::new("input").default_value("-"))
        .arg(Arg::new("size").long("size").value_parser(value_parser!(u64)))
        .arg(Arg::new("near").long("near").value_parser(value_parser!(f64)).default_value("0.8"))
        .arg(Arg::new("exclude").long("exclude").action(ArgAction::Append))
        .arg(Arg::new("mask").long("mask").value_delimiter(',').action(ArgAction::Append))
        .arg(Arg::new("strict").long("strict").action(ArgAction::SetTrue))
        .arg(Arg::new("output").long("output").default_value("-"))
}
