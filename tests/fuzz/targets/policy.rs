//! Any text as `spamops.toml`: it sets options, or is refused with one line; the command line wins.

#![no_main]

use clap::{Arg, ArgAction, Command, value_parser};
use libfuzzer_sys::{Corpus, fuzz_target};
use spamops::show::config;

fuzz_target!(|text: &str| -> Corpus {
    let policy = match config::parse(text) {
        Ok(policy) => policy,
        Err(error) => {
            let said = format!("{error:#}");
            assert!(said.starts_with("line ") && !said.contains(char::is_control), "{said}");
            return Corpus::Keep;
        }
    };
    let command = match config::apply(&policy, "sample", sample()) {
        Ok(command) => command,
        Err(error) => {
            assert!(format!("{error:#}").starts_with("[sample]: "), "{error:#}");
            return Corpus::Keep;
        }
    };
    if let Err(error) = command.clone().try_get_matches_from(["sample"]) {
        let _ = (config::blamed(&error), error.to_string());
    }
    if let Ok(matches) = command.try_get_matches_from(["sample", "--size", "3", "rows.csv"]) {
        assert_eq!(matches.get_one::<u64>("size"), Some(&3));
    }
    Corpus::Keep
});

/// Options of every sort that the tools have.
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
