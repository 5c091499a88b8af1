//! Rows on their way out, in the format they came in unless another is asked for.

use std::borrow::Cow;
use std::io::Write;

use anyhow::{Context, Result, bail};

use super::json_rows::{keys, object, quoted, with_values};
use super::{Format, Row, Rows};
use crate::data::place::{Output, Place};

/// The value of a column that a tool adds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A text.
    Text(&'a str),
    /// A number.
    Number(f64),
    /// A count.
    Count(u64),
}

impl Value<'_> {
    fn cell(self) -> String {
        match self {
            Self::Text(text) => text.to_owned(),
            other => other.json(),
        }
    }

    fn json(self) -> String {
        match self {
            Self::Text(text) => quoted(text),
            Self::Number(number) => serde_json::Value::from(number).to_string(),
            Self::Count(count) => count.to_string(),
        }
    }
}

enum To {
    Csv(Box<csv::Writer<Output>>),
    Json(Output),
}

/// Rows going to a place.
pub struct Writer {
    to: To,
    place: Place,
    /// The columns of the rows, by name; those of JSON rows may be fewer than a later row has.
    names: Vec<String>,
    /// The columns added to each row, and where they replace one that is there.
    added: Vec<(String, Option<usize>)>,
}

impl Writer {
    /// Opens a place for rows like those of `rows`, each with the columns `added`.
    pub fn create(place: &Place, format: Option<Format>, rows: &mut Rows, added: &[&str]) -> Result<Self> {
        let extension = Format::of_extension(place);
        let format = format.or(extension).unwrap_or_else(|| rows.format());
        if format == Format::Csv {
            rows.learn_all_columns()?;
        } else if let (Format::Csv, Some(name)) = (rows.format(), rows.header().twice()) {
            bail!("{}: line 1: two columns are named '{name}', which JSON cannot say", rows.place());
        }
        let names: Vec<String> = rows.header().names().map(str::to_owned).collect();
        let added: Vec<(String, Option<usize>)> =
            added.iter().map(|name| ((*name).to_owned(), rows.header().find(name))).collect();
        let mut output = place.writer()?;
        let to = match format {
            Format::JsonLines => To::Json(output),
            Format::Csv => {
                let delimiter = match (extension, place.extension().as_deref()) {
                    (_, Some("tsv")) => b'\t',
                    (Some(_), _) if rows.delimiter() == b'\t' => b',',
                    _ => rows.delimiter(),
                };
                if names.is_empty() && added.is_empty() {
                    // Rows without columns are no rows: an empty JSON Lines file gives an empty CSV file.
                    output.flush()?;
                }
                let mut writer =
                    csv::WriterBuilder::new().flexible(true).delimiter(delimiter).from_writer(output);
                let new = added.iter().filter(|(_, replaces)| replaces.is_none()).map(|(name, _)| name);
                let header: Vec<&String> = names.iter().chain(new).collect();
                if !header.is_empty() {
                    writer.write_record(header)?;
                }
                To::Csv(Box::new(writer))
            }
        };
        Ok(Self { to, place: place.clone(), names, added })
    }

    /// Writes a row as it is.
    pub fn write(&mut self, row: &Row) -> Result<()> {
        self.write_with(row, &[])
    }

    /// Writes a row with the values of the added columns.
    pub fn write_with(&mut self, row: &Row, values: &[Value]) -> Result<()> {
        let Self { to, names, added, place } = self;
        debug_assert_eq!(values.len(), added.len(), "a value for each added column");
        match to {
            To::Csv(writer) => write_csv(writer, row, names, added, values),
            To::Json(output) => {
                let values = added.iter().zip(values).map(|((name, _), value)| (name.as_str(), value.json()));
                json_line(row, names, &values.collect::<Vec<_>>()).and_then(|line| {
                    output.write_all(line.as_bytes())?;
                    Ok(output.write_all(b"\n")?)
                })
            }
        }
        .with_context(|| place.to_string())
    }

    /// Writes what is left and gives the file its name.
    pub fn finish(self) -> Result<()> {
        let output = match self.to {
            To::Json(output) => output,
            To::Csv(writer) => writer.into_inner().map_err(csv::IntoInnerError::into_error)?,
        };
        output.finish()
    }
}

type Added = [(String, Option<usize>)];

fn write_csv(
    writer: &mut csv::Writer<Output>,
    row: &Row,
    names: &[String],
    added: &Added,
    values: &[Value],
) -> Result<()> {
    if row.json().is_some() {
        if let Some(fault) = row.fault() {
            bail!("line {}: {fault}; such a line cannot become CSV", row.line());
        }
        if row.cells.len() > names.len() {
            let key = row.json().map(keys).unwrap_or_default().into_iter().find(|key| !names.contains(key));
            let way_out = "give the file by name, or write JSON Lines";
            let key = key.unwrap_or_default();
            bail!("line {}: key '{key}' comes too late for the CSV header; {way_out}", row.line());
        }
    }
    if added.is_empty() && row.cells.len() >= names.len() {
        writer.write_byte_record(row.cells.as_byte_record())?;
        return Ok(());
    }
    let short = if row.json().is_some() { names.len().saturating_sub(row.cells.len()) } else { 0 };
    for (column, cell) in row.cells().chain(std::iter::repeat_n("", short)).enumerate() {
        match added.iter().position(|(_, replaces)| *replaces == Some(column)) {
            Some(place) => writer.write_field(values[place].cell())?,
            None => writer.write_field(cell)?,
        }
    }
    for ((_, replaces), value) in added.iter().zip(values) {
        if replaces.is_none() {
            writer.write_field(value.cell())?;
        }
    }
    writer.write_record(None::<&[u8]>)?;
    Ok(())
}

/// A row as a line of JSON, with the values of added columns written as JSON already.
pub(super) fn json_line<'a>(
    row: &'a Row,
    names: &[String],
    added: &[(&str, String)],
) -> Result<Cow<'a, str>> {
    match (row.json(), row.fault()) {
        (Some(line), fault) if added.is_empty() || fault.is_some() => Ok(Cow::Borrowed(line)),
        (Some(line), _) => with_values(line, added).map(Cow::Owned),
        (None, Some(fault)) => bail!("line {}: {fault}; such a row cannot become JSON", row.line()),
        (None, None) => {
            let cells = names.iter().zip(row.cells());
            let line = object(cells.map(|(name, cell)| (Cow::Borrowed(name.as_str()), quoted(cell))));
            Ok(Cow::Owned(if added.is_empty() { line } else { with_values(&line, added)? }))
        }
    }
}
