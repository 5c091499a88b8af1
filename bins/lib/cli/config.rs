//! Reads the policy file `spamops.toml` and applies it to a command line. The command line wins.

use anyhow::{Context, Result, anyhow, bail};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use toml::{Table, Value};

use super::{policy_keys, tool_list};
use crate::io::diagnostics::shown;
use crate::io::limits;
use crate::io::stream::Place;
use crate::io::toml_file;

/// The policy file that is read without `--config`, if it exists.
const DEFAULT_FILE: &str = "spamops.toml";

/// The table that applies to every tool that reads rows, and its keys.
const ROWS: &str = "rows";
const ROW_KEYS: [&str; 7] =
    ["text-column", "label-column", "date-column", "positive", "input-format", "delimiter", "strict"];

/// A policy file and its place, for error messages.
pub struct PolicyFile {
    place: Place,
    text: String,
    tables: Table,
}

/// Reads the given policy file, or `spamops.toml` if it exists.
pub fn read(given: Option<Place>) -> Result<Option<PolicyFile>> {
    let place = match given {
        Some(place) => place,
        None if std::path::Path::new(DEFAULT_FILE).is_file() => Place::File(DEFAULT_FILE.into()),
        None => return Ok(None),
    };
    let text = place.read_text_within(limits::SETTINGS_BYTES)?;
    PolicyFile::parse(text, place.clone()).with_context(|| place.to_string()).map(Some)
}

impl PolicyFile {
    /// Parses a policy. Unknown tables are errors, and so are keys that a policy must not set, in any table. The other
    /// keys are checked by `apply`.
    pub fn parse(text: String, place: Place) -> Result<Self> {
        let tables: Table = toml_file::parse(&text)?;
        let policy = Self { place, text, tables };
        for (name, value) in &policy.tables {
            let known_tables = || tool_list::tables().chain([ROWS]);
            if !known_tables().any(|table| table == name) {
                let line = policy.line_of(name, None);
                let advice = suggestion(name, known_tables()).unwrap_or("name a tool, or rows".to_owned());
                bail!("line {line}: unknown table {}; {advice}", shown(name));
            }
            let Some(keys) = value.as_table() else {
                bail!("line {}: {} is not a table; write [{name}]", policy.line_of(name, None), shown(name));
            };
            for (key, value) in keys {
                policy_keys::expect_data(name, key, value)
                    .with_context(|| format!("line {}", policy.line_of(name, Some(key))))?;
            }
        }
        Ok(policy)
    }

    /// Sets the values of the tool's table, and of `[rows]`, as defaults of the command's options.
    ///
    /// A value is skipped if its option conflicts with an option on the command line.
    pub fn apply(&self, table: &str, command: Command, given: Option<&ArgMatches>) -> Result<Command> {
        let command = self.apply_table(ROWS, command, given)?;
        self.apply_table(table, command, given)
    }

    fn apply_table(&self, table: &str, mut command: Command, given: Option<&ArgMatches>) -> Result<Command> {
        let Some(options) = self.tables.get(table).and_then(Value::as_table) else { return Ok(command) };
        for (key, value) in options {
            let place = || format!("{}: line {}", self.place, self.line_of(table, Some(key)));
            let is_allowed = table != ROWS || ROW_KEYS.contains(&key.as_str());
            let found = command.get_arguments().find(|arg| is_allowed && arg.get_long() == Some(key));
            let Some(arg) = found else {
                let longs = command.get_arguments().filter_map(Arg::get_long);
                let similar = match table {
                    // The tool reads no rows.
                    ROWS if ROW_KEYS.contains(&key.as_str()) => continue,
                    ROWS => {
                        let all = || format!("[rows] has the keys {}", ROW_KEYS.join(", "));
                        suggestion(key, ROW_KEYS.into_iter()).or_else(|| Some(all()))
                    }
                    _ => suggestion(key, longs),
                };
                let advice = similar.unwrap_or("use a long option from --help".to_owned());
                bail!("{}: unknown key {}; {advice}", place(), shown(key))
            };
            if !given.is_some_and(|given| has_conflict(arg, &command, given)) {
                let id = arg.get_id().clone();
                let values = arguments(value).with_context(|| shown(key)).with_context(place)?;
                command = command.mut_arg(id, |arg| arg.required(false).default_values(values));
            }
        }
        Ok(command)
    }

    /// Describes a clap error that the policy caused, with the line in the policy file.
    pub fn error(&self, table: &str, error: &clap::Error) -> anyhow::Error {
        use clap::error::{ContextKind, ContextValue};
        let text = |kind| match error.get(kind) {
            Some(ContextValue::String(text)) => text.clone(),
            _ => String::new(),
        };
        let option = text(ContextKind::InvalidArg);
        let key = option.split_whitespace().next().unwrap_or_default().trim_start_matches("--");
        let cause =
            std::error::Error::source(error).map_or_else(|| error.kind().to_string(), ToString::to_string);
        let value = text(ContextKind::InvalidValue);
        anyhow!("{}: line {}: {key} {}: {cause}", self.place, self.line_of(table, Some(key)), shown(&value))
    }

    /// The line number of a table, or of a key in it.
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

/// Whether an option on the command line conflicts with this one.
fn has_conflict(arg: &Arg, command: &Command, given: &ArgMatches) -> bool {
    let is_given = |other: &&Arg| {
        given.try_contains_id(other.get_id().as_str()).is_ok()
            && given.value_source(other.get_id().as_str()) == Some(ValueSource::CommandLine)
    };
    command.get_arguments().filter(is_given).any(|other| {
        let conflicts =
            |one: &Arg, id| command.get_arg_conflicts_with(one).iter().any(|found| found.get_id() == id);
        conflicts(arg, other.get_id()) || conflicts(other, arg.get_id())
    })
}

/// Converts a value to arguments.
fn arguments(value: &Value) -> Result<Vec<String>> {
    Ok(match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().map(arguments).collect::<Result<Vec<_>>>()?.concat(),
        // One argument per inner table: its name, then each entry as `key=value`.
        Value::Table(tables) if tables.values().all(Value::is_table) => {
            tables.iter().map(|(name, table)| named_argument(name, table)).collect::<Result<_>>()?
        }
        Value::Table(_) => bail!("expected a value, not a table; write key = value"),
        Value::Datetime(date) => vec![date.to_string()],
        other => vec![other.to_string()],
    })
}

fn named_argument(name: &str, table: &Value) -> Result<String> {
    let mut argument = name.to_owned();
    for (key, value) in table.as_table().into_iter().flatten() {
        if value.is_table() || value.is_array() {
            bail!("{}: expected a number, a string, true or false", shown(key));
        }
        argument.extend([" ", key, "=", &arguments(value)?.concat()]);
    }
    Ok(argument)
}

/// `did you mean 'size'?` if a known name is similar.
fn suggestion<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let best = known
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    match best {
        Some((similarity, known)) if similarity > 0.7 => Some(format!("did you mean '{known}'?")),
        _ => None,
    }
}
