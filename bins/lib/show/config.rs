//! `spamops.toml`: a table per tool with the names of its long options; the command line wins.

use anyhow::{Context, Result, bail};
use clap::Command;
use toml::{Table, Value};

use crate::data::place::Place;
use crate::data::settings;

/// Where the policy is looked for when nobody names a file.
const USUAL: &str = "spamops.toml";

/// The tables there may be: the tools and the sub-commands with options worth fixing.
const TABLES: [&str; 9] =
    ["sample", "validate", "score", "drift", "fit", "compare", "promote", "state", "report"];

/// Reads the policy; none where none is named and the usual file is not there.
pub fn read(asked: Option<Place>) -> Result<Option<(Table, Place)>> {
    let place = match asked {
        Some(place) => place,
        None if std::path::Path::new(USUAL).is_file() => Place::File(USUAL.into()),
        None => return Ok(None),
    };
    let policy = parse(&place.read_text()?).with_context(|| place.to_string())?;
    Ok(Some((policy, place)))
}

/// A TOML table from text, errors on one line with the line they are on.
pub fn parse(text: &str) -> Result<Table> {
    let policy: Table = settings::parse(text)?;
    for (name, value) in &policy {
        if !TABLES.contains(&name.as_str()) {
            bail!(
                "line {}: unknown table '{name}'{}",
                line_of(text, name),
                nearest(name, TABLES.into_iter())
            );
        }
        if !value.is_table() {
            bail!("line {}: '{name}' is not a table", line_of(text, name));
        }
    }
    Ok(policy)
}

fn line_of(text: &str, name: &str) -> usize {
    let mentions = |line: &str| line.trim_start_matches(['[', ' ']).starts_with(name);
    text.lines().position(mentions).map_or(1, |index| index + 1)
}

/// The command with the values of its table as the defaults of its options.
pub fn apply(policy: &Table, table: &str, mut command: Command) -> Result<Command> {
    let Some(options) = policy.get(table).and_then(Value::as_table) else { return Ok(command) };
    for (key, value) in options {
        let known: Vec<(String, clap::Id)> = command
            .get_arguments()
            .filter_map(|arg| arg.get_long().map(|long| (long.to_owned(), arg.get_id().clone())))
            .collect();
        let Some((_, id)) = known.iter().find(|(long, _)| long == key) else {
            let names = known.iter().map(|(long, _)| long.as_str());
            bail!("[{table}]: unknown key '{key}'{}", nearest(key, names));
        };
        let values = words(value).with_context(|| format!("[{table}]: '{key}'"))?;
        command = command.mut_arg(id.clone(), |arg| arg.required(false).default_values(values));
    }
    Ok(command)
}

fn words(value: &Value) -> Result<Vec<String>> {
    Ok(match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().map(words).collect::<Result<Vec<_>>>()?.concat(),
        Value::Table(_) => bail!("is a table where a value is expected"),
        Value::Datetime(date) => vec![date.to_string()],
        other => vec![other.to_string()],
    })
}

/// The option and value that a clap error is about.
pub fn blamed(error: &clap::Error) -> Option<(String, String)> {
    use clap::error::{ContextKind, ContextValue};
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    let option = text(ContextKind::InvalidArg)?;
    Some((option.split_whitespace().next()?.to_owned(), text(ContextKind::InvalidValue)?))
}

/// `; did you mean 'size'?`, or what there is.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let best = known
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    match best {
        Some((likeness, known)) if likeness > 0.7 => format!("; did you mean '{known}'?"),
        _ => String::new(),
    }
}
