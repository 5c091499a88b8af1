//! The policy file `spamops.toml`: one table of long options for each tool; the command line wins.

use anyhow::{Context, Result, anyhow, bail};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use toml::{Table, Value};

use super::tool_list;
use crate::io::diagnostics::shown;
use crate::io::stream::Place;
use crate::io::toml_file;

/// Where the policy is looked for when nobody names a file.
const USUAL: &str = "spamops.toml";

/// The table that every tool reads besides its own, and what may stand there: how rows come in.
const ROWS: &str = "rows";
const ROW_KEYS: [&str; 7] =
    ["text-column", "label-column", "date-column", "positive", "input-format", "delimiter", "strict"];

/// A policy, and where it was read.
pub struct PolicyFile {
    place: Place,
    text: String,
    tables: Table,
}

/// Reads the policy; none where none is named and the usual file is not there.
pub fn read(asked: Option<Place>) -> Result<Option<PolicyFile>> {
    let place = match asked {
        Some(place) => place,
        None if std::path::Path::new(USUAL).is_file() => Place::File(USUAL.into()),
        None => return Ok(None),
    };
    let text = place.read_text()?;
    PolicyFile::parse(text, place.clone()).with_context(|| place.to_string()).map(Some)
}

impl PolicyFile {
    /// A policy from its text; a table that no tool has is an error.
    pub fn parse(text: String, place: Place) -> Result<Self> {
        let tables: Table = toml_file::parse(&text)?;
        let policy = Self { place, text, tables };
        for (name, value) in &policy.tables {
            let known = || tool_list::tables().chain([ROWS]);
            if !known().any(|table| table == name) {
                let line = policy.line_of(name, None);
                bail!("line {line}: unknown table {}{}", shown(name), nearest(name, known()));
            }
            if !value.is_table() {
                bail!("line {}: {} is not a table", policy.line_of(name, None), shown(name));
            }
        }
        Ok(policy)
    }

    /// The command with the values of its table, and of `[rows]`, as the defaults of its options, but for those that contradict an option
    /// given on the command line.
    pub fn apply(&self, table: &str, command: Command, given: Option<&ArgMatches>) -> Result<Command> {
        let command = self.apply_table(ROWS, command, given)?;
        self.apply_table(table, command, given)
    }

    fn apply_table(&self, table: &str, mut command: Command, given: Option<&ArgMatches>) -> Result<Command> {
        let Some(options) = self.tables.get(table).and_then(Value::as_table) else { return Ok(command) };
        for (key, value) in options {
            let place = || format!("{}: line {}", self.place, self.line_of(table, Some(key)));
            let Some(arg) = command.get_arguments().find(|arg| arg.get_long() == Some(key)) else {
                let longs = command.get_arguments().filter_map(Arg::get_long);
                match ROW_KEYS.contains(&key.as_str()) {
                    // A tool that reads no rows need not know how they come in.
                    true if table == ROWS => continue,
                    _ if table == ROWS => {
                        bail!("{}: unknown key {}{}", place(), shown(key), nearest(key, ROW_KEYS.into_iter()))
                    }
                    _ => bail!("{}: unknown key {}{}", place(), shown(key), nearest(key, longs)),
                }
            };
            if !given.is_some_and(|given| contradicts(arg, &command, given)) {
                let id = arg.get_id().clone();
                let values = words(value).with_context(|| shown(key)).with_context(place)?;
                command = command.mut_arg(id, |arg| arg.required(false).default_values(values));
            }
        }
        Ok(command)
    }

    /// The policy's part in an error of the command line.
    pub fn blame(&self, table: &str, error: &clap::Error) -> anyhow::Error {
        use clap::error::{ContextKind, ContextValue};
        let text = |kind| match error.get(kind) {
            Some(ContextValue::String(text)) => text.clone(),
            _ => String::new(),
        };
        let option = text(ContextKind::InvalidArg);
        let key = option.split_whitespace().next().unwrap_or_default().trim_start_matches("--");
        let why =
            std::error::Error::source(error).map_or_else(|| error.kind().to_string(), ToString::to_string);
        let value = text(ContextKind::InvalidValue);
        anyhow!("{}: line {}: {key} {}: {why}", self.place, self.line_of(table, Some(key)), shown(&value))
    }

    /// The line of a table, or of a key in it.
    fn line_of(&self, table: &str, key: Option<&str>) -> usize {
        let named = |line: &str, name: &str| {
            let rest = line.trim_start_matches(['[', ' ', '\t']).strip_prefix(name);
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_'))
        };
        let lines = || self.text.lines().enumerate();
        let start = lines().find(|(_, line)| named(line, table)).map_or(0, |(index, _)| index);
        let inside = |key| lines().skip(start).find(|(_, line)| named(line, key)).map(|(index, _)| index);
        key.and_then(inside).unwrap_or(start) + 1
    }
}

/// Whether an option that was given on the command line rules this one out.
fn contradicts(arg: &Arg, command: &Command, given: &ArgMatches) -> bool {
    let is_given = |other: &&Arg| {
        given.try_contains_id(other.get_id().as_str()).is_ok()
            && given.value_source(other.get_id().as_str()) == Some(ValueSource::CommandLine)
    };
    command.get_arguments().filter(is_given).any(|other| {
        let rules_out =
            |one: &Arg, id| command.get_arg_conflicts_with(one).iter().any(|found| found.get_id() == id);
        rules_out(arg, other.get_id()) || rules_out(other, arg.get_id())
    })
}

fn words(value: &Value) -> Result<Vec<String>> {
    Ok(match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().map(words).collect::<Result<Vec<_>>>()?.concat(),
        // One value for each table: its name, and its keys and values as `key=value`.
        Value::Table(tables) if tables.values().all(Value::is_table) => {
            tables.iter().map(|(name, table)| named(name, table)).collect::<Result<_>>()?
        }
        Value::Table(_) => bail!("is a table where a value is expected"),
        Value::Datetime(date) => vec![date.to_string()],
        other => vec![other.to_string()],
    })
}

fn named(name: &str, table: &Value) -> Result<String> {
    let mut word = name.to_owned();
    for (key, value) in table.as_table().into_iter().flatten() {
        if value.is_table() || value.is_array() {
            bail!("{}: a number, a word or a truth is expected", shown(key));
        }
        word.extend([" ", key, "=", &words(value)?.concat()]);
    }
    Ok(word)
}

/// `; did you mean 'size'?`, where a known name is near.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let best = known
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    match best {
        Some((likeness, known)) if likeness > 0.7 => format!("; did you mean '{known}'?"),
        _ => String::new(),
    }
}
