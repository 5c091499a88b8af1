//! Writes rows in their original format or in another one.

use std::borrow::Cow;
use std::io::Write;

use anyhow::{Context, Result, bail};

use super::json_text::{keys, quoted};
use super::reader::Rows;
use super::row::{Format, ReadOptions, Row, cannot_become, json_line};
use super::sniff;
use crate::io::diagnostics::shown;
use crate::io::stream::{Output, Place};

/// A value of a column that a tool adds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CellValue<'a> {
    Text(&'a str),
    Number(f64),
    Count(u64),
}

impl CellValue<'_> {
    /// The value as an unquoted CSV cell.
    pub fn cell(self) -> String {
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

#[derive(Clone, Copy)]
enum OutputFormat {
    Csv { delimiter: u8 },
    Json,
}

pub struct Writer {
    to: OutputFormat,
    output: Output,
    place: Place,
    /// The source of the rows, for error messages.
    source: Place,
    source_format: (Format, u8),
    /// The column names of the source. A later JSON row may add names.
    names: Vec<String>,
    /// The columns added to each row, and the index of the column that each one replaces.
    added: Vec<(String, Option<usize>)>,
    quotes: Quoting,
}

impl Writer {
    /// Opens a place for rows with the columns of `rows` and the columns `added`.
    pub fn create(place: &Place, format: Option<Format>, rows: &mut Rows, added: &[&str]) -> Result<Self> {
        Self::create_with(place, format, rows, added, (&|name| name.to_owned(), Quoting::Needed))
    }

    /// Like [`Writer::create`], but `change` changes the names in a CSV header, and all cells of a CSV file are quoted,
    /// so that a spreadsheet with another separator does not split them.
    pub fn create_quoted(
        place: &Place,
        format: Option<Format>,
        rows: &mut Rows,
        added: &[&str],
        change: &dyn Fn(&str) -> String,
    ) -> Result<Self> {
        Self::create_with(place, format, rows, added, (change, Quoting::Always))
    }

    fn create_with(
        place: &Place,
        format: Option<Format>,
        rows: &mut Rows,
        added: &[&str],
        (change, quotes): (&dyn Fn(&str) -> String, Quoting),
    ) -> Result<Self> {
        let extension = Format::of_extension(place);
        let format = format.or(extension).unwrap_or_else(|| rows.format());
        let source_format = (rows.format(), rows.delimiter());
        if format == Format::Csv {
            rows.learn_all_columns()?;
        } else if let (Format::Csv, Some(name)) = (rows.format(), rows.header().duplicate_name()) {
            let (place, name) = (rows.place(), shown(name));
            bail!("{place}: two columns are named {name}, which JSON does not allow; rename one");
        }
        let to = match (format, extension, place.extension().as_deref()) {
            (Format::JsonLines, ..) => OutputFormat::Json,
            (_, _, Some("tsv")) => OutputFormat::Csv { delimiter: b'\t' },
            (_, Some(_), _) if rows.delimiter() == b'\t' => OutputFormat::Csv { delimiter: b',' },
            _ => OutputFormat::Csv { delimiter: rows.delimiter() },
        };
        let names: Vec<String> = rows.header().names().map(str::to_owned).collect();
        let added: Vec<(String, Option<usize>)> =
            added.iter().map(|name| ((*name).to_owned(), rows.header().find(name))).collect();
        let (output, place, source) = (place.writer()?, place.clone(), rows.place().clone());
        let mut writer = Self { to, output, place, source, source_format, names, added, quotes };
        if let OutputFormat::Csv { delimiter } = to {
            let new = writer.added.iter().filter(|(_, replaces)| replaces.is_none()).map(|(name, _)| name);
            let header: Vec<String> =
                writer.names.iter().map(|name| change(name)).chain(new.cloned()).collect();
            let header: Vec<&str> = header.iter().map(String::as_str).collect();
            // Ignore the extension .jsonl: to read CSV from such a file, you must set --format.
            let next = if extension == Some(Format::JsonLines) { &Place::Standard } else { &writer.place };
            // If you set this delimiter, you must also set it for the next reader.
            let set = rows.options.delimiter.filter(|set| *set == delimiter);
            // An empty JSON Lines file has no columns, so it gives an empty CSV file.
            if !header.is_empty() {
                let (line, delimiter) = detectable_header(&header, delimiter, quotes, (set, next))?;
                writer.to = OutputFormat::Csv { delimiter };
                writer.line(&line)?;
            }
        }
        Ok(writer)
    }

    /// Writes a row unchanged.
    pub fn write(&mut self, row: &Row) -> Result<()> {
        self.write_with(row, &[])
    }

    /// Writes a row with a value for each added column.
    pub fn write_with(&mut self, row: &Row, values: &[CellValue]) -> Result<()> {
        debug_assert_eq!(values.len(), self.added.len(), "a value for each added column");
        let line = match self.to {
            OutputFormat::Csv { delimiter } => self.csv(row, values, delimiter),
            OutputFormat::Json => {
                let values =
                    self.added.iter().zip(values).map(|((name, _), value)| (name.as_str(), value.json()));
                json_line(row, self.source_format.0, &self.names, &values.collect::<Vec<_>>())
            }
        };
        let line = line.with_context(|| self.source.to_string())?;
        self.line(&line)
    }

    fn line(&mut self, line: &str) -> Result<()> {
        let written = self.output.write_all(line.as_bytes()).and_then(|()| self.output.write_all(b"\n"));
        written.with_context(|| self.place.to_string())
    }

    fn csv<'a>(&self, row: &'a Row, values: &[CellValue], delimiter: u8) -> Result<Cow<'a, str>> {
        let Self { names, added, .. } = self;
        let is_same_format = self.source_format == (Format::Csv, delimiter);
        match (row.fault(), &row.raw) {
            // Write a malformed row unchanged, so that the next reader does not accept it as valid. Empty cells in the
            // added columns keep the number of surplus cells.
            (Some(_), Some(raw)) if is_same_format => {
                let new = added.iter().filter(|(_, replaces)| replaces.is_none()).count();
                let cells = char::from(delimiter).to_string().repeat(new);
                return Ok(if new == 0 { Cow::Borrowed(raw) } else { Cow::Owned(format!("{raw}{cells}")) });
            }
            (Some(fault), _) => bail!("line {}: {fault}; {}", row.line(), cannot_become("CSV")),
            (None, Some(raw)) if row.cells.len() > names.len() => {
                let key = keys(raw).into_iter().find(|key| !names.contains(key)).unwrap_or_default();
                let remedy = "read from a file instead of a pipe, or write JSON Lines";
                bail!("line {}: key {} is not in the CSV header; {remedy}", row.line(), shown(&key));
            }
            _ => {}
        }
        let cells = (0..names.len()).map(|column| {
            let value = added.iter().zip(values).find(|((_, replaces), _)| *replaces == Some(column));
            value.map_or(Cow::Borrowed(row.get(column)), |(_, value)| Cow::Owned(value.cell()))
        });
        let new = added.iter().zip(values).filter(|((_, replaces), _)| replaces.is_none());
        let new = new.map(|(_, value)| Cow::Owned(value.cell()));
        Ok(Cow::Owned(csv_line(cells.chain(new), delimiter, self.quotes).unwrap_or_default()))
    }

    /// Writes all data and renames the file to its final name.
    pub fn finish(self) -> Result<()> {
        self.output.finish()
    }
}

/// Makes a header from which a reader of a place detects the delimiter, unless it is set. Tries quotes and commas if the
/// wanted header does not do.
fn detectable_header(
    names: &[&str],
    delimiter: u8,
    quotes: Quoting,
    (set, place): (Option<u8>, &Place),
) -> Result<(String, u8)> {
    let ways = [(delimiter, quotes), (delimiter, Quoting::Always), (b',', Quoting::Always)];
    let options = ReadOptions { delimiter: set, ..ReadOptions::default() };
    for (delimiter, quotes) in ways {
        let cells = names.iter().map(|name| Cow::Borrowed(*name));
        let line = csv_line(cells, delimiter, quotes).unwrap_or_default();
        if sniff::is_detectable(format!("{line}\n").as_bytes(), delimiter, place, &options) {
            return Ok((line, delimiter));
        }
    }
    bail!("{place}: these column names cannot form a CSV header; rename them, or write JSON Lines")
}

/// Writes cells as a line of CSV with commas, quoted if RFC 4180 requires it.
pub fn csv(cells: &[&str]) -> String {
    let cells = cells.iter().map(|cell| Cow::Borrowed(*cell));
    csv_line(cells, b',', Quoting::Needed).unwrap_or_default()
}

/// The cells to quote.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quoting {
    /// The cells that RFC 4180 requires.
    Needed,
    Always,
}

/// Writes cells as a line of CSV. Returns `None` if there are no cells.
///
/// csv-core's writer follows the same rules, but it fills fixed-size buffers and needs more code than this function.
fn csv_line<'a>(cells: impl Iterator<Item = Cow<'a, str>>, delimiter: u8, quotes: Quoting) -> Option<String> {
    let delimiter = char::from(delimiter);
    let mut line: Option<String> = None;
    for cell in cells {
        let line = match &mut line {
            Some(line) => {
                line.push(delimiter);
                line
            }
            None => line.insert(String::new()),
        };
        if quotes == Quoting::Always || cell.contains(['"', '\r', '\n', delimiter]) {
            line.push('"');
            line.push_str(&cell.replace('"', "\"\""));
            line.push('"');
        } else {
            line.push_str(&cell);
        }
    }
    // A single empty cell would be a blank line, which readers skip.
    line.map(|line| if line.is_empty() { "\"\"".to_owned() } else { line })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_reader_detects_the_delimiter() {
        let cases = [
            (vec!["label", "text"], b';', None, "label;text", b';'),
            // Quotes inside a name hide later delimiters from detection.
            (vec!["a\"b", "c;d;e"], b',', None, "\"a\"\"b\",\"c;d;e\"", b','),
            (vec!["sep=", ""], b';', None, "\"sep=\";\"\"", b';'),
            (vec!["{a", "text"], b',', None, "\"{a\",\"text\"", b','),
            // No reader would detect a `+` from `sep=+`, or a tab from a .tsv file with one column.
            (vec!["label;text"], b'+', None, "\"label;text\"", b','),
            (vec!["text"], b'\t', None, "\"text\"", b','),
            (vec!["text"], b'^', Some(b'^'), "text", b'^'),
        ];
        for (names, delimiter, set, line, chosen) in cases {
            let found =
                detectable_header(&names, delimiter, Quoting::Needed, (set, &Place::Standard)).unwrap();
            assert_eq!(found, (line.to_owned(), chosen), "{names:?}");
        }
    }
}
