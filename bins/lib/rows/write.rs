//! Writes rows in the format they were read in, or in another one on request.

use std::borrow::Cow;
use std::io::Write;

use anyhow::{Context, Result, bail};

use super::json_text::{keys, quoted};
use super::reader::Rows;
use super::row::{Format, ReadOptions, Row, cannot_become, json_line};
use super::sniff;
use crate::io::diagnostics::shown;
use crate::io::stream::{Output, Place};

/// The value of a column that a tool adds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CellValue<'a> {
    /// A text.
    Text(&'a str),
    /// A number.
    Number(f64),
    /// A count.
    Count(u64),
}

impl CellValue<'_> {
    /// The value as a cell of CSV has it, before quotes.
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

/// How rows are written.
#[derive(Clone, Copy)]
enum OutputFormat {
    Csv { delimiter: u8 },
    Json,
}

/// Rows going to a place.
pub struct Writer {
    to: OutputFormat,
    output: Output,
    place: Place,
    /// Where the rows come from, and how.
    from: Place,
    came_as: (Format, u8),
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
        let came_as = (rows.format(), rows.delimiter());
        if format == Format::Csv {
            rows.learn_all_columns()?;
        } else if let (Format::Csv, Some(name)) = (rows.format(), rows.header().twice()) {
            let (place, name) = (rows.place(), shown(name));
            bail!("{place}: two columns are named {name}, which JSON cannot say; rename one");
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
        let (output, place, from) = (place.writer()?, place.clone(), rows.place().clone());
        let mut writer = Self { to, output, place, from, came_as, names, added };
        if let OutputFormat::Csv { delimiter } = to {
            let new = writer.added.iter().filter(|(_, replaces)| replaces.is_none()).map(|(name, _)| name);
            let header: Vec<&str> = writer.names.iter().chain(new).map(String::as_str).collect();
            // CSV in a .jsonl file will be read by who knows what it is.
            let next = if extension == Some(Format::JsonLines) { &Place::Standard } else { &writer.place };
            // Who was asked for this delimiter asks the next reader for it as well.
            let asked = rows.options.delimiter.filter(|asked| *asked == delimiter);
            // Rows without columns are no rows: an empty JSON Lines file gives an empty CSV file.
            if !header.is_empty() {
                let (line, delimiter) = telling_header(&header, delimiter, asked, next)?;
                writer.to = OutputFormat::Csv { delimiter };
                writer.line(&line)?;
            }
        }
        Ok(writer)
    }

    /// Writes a row as it is.
    pub fn write(&mut self, row: &Row) -> Result<()> {
        self.write_with(row, &[])
    }

    /// Writes a row with the values of the added columns.
    pub fn write_with(&mut self, row: &Row, values: &[CellValue]) -> Result<()> {
        debug_assert_eq!(values.len(), self.added.len(), "a value for each added column");
        let line = match self.to {
            OutputFormat::Csv { delimiter } => self.csv(row, values, delimiter),
            OutputFormat::Json => {
                let values =
                    self.added.iter().zip(values).map(|((name, _), value)| (name.as_str(), value.json()));
                json_line(row, self.came_as.0, &self.names, &values.collect::<Vec<_>>())
            }
        };
        let line = line.with_context(|| self.from.to_string())?;
        self.line(&line)
    }

    fn line(&mut self, line: &str) -> Result<()> {
        let written = self.output.write_all(line.as_bytes()).and_then(|()| self.output.write_all(b"\n"));
        written.with_context(|| self.place.to_string())
    }

    fn csv<'a>(&self, row: &'a Row, values: &[CellValue], delimiter: u8) -> Result<Cow<'a, str>> {
        let Self { names, added, .. } = self;
        let as_it_came = self.came_as == (Format::Csv, delimiter) && added.is_empty();
        match (row.fault(), &row.raw) {
            // What is no row leaves as it came, or the next reader would take it for one.
            (Some(_), Some(raw)) if as_it_came => return Ok(Cow::Borrowed(raw)),
            (Some(fault), _) => bail!("line {}: {fault}; {}", row.line(), cannot_become("CSV")),
            (None, Some(raw)) if row.cells.len() > names.len() => {
                let key = keys(raw).into_iter().find(|key| !names.contains(key)).unwrap_or_default();
                let way_out = "give the file by name, or write JSON Lines";
                bail!(
                    "line {}: key {} comes too late for the CSV header; {way_out}",
                    row.line(),
                    shown(&key)
                );
            }
            _ => {}
        }
        let cells = (0..names.len()).map(|column| {
            let value = added.iter().zip(values).find(|((_, replaces), _)| *replaces == Some(column));
            value.map_or(Cow::Borrowed(row.get(column)), |(_, value)| Cow::Owned(value.cell()))
        });
        let new = added.iter().zip(values).filter(|((_, replaces), _)| replaces.is_none());
        let new = new.map(|(_, value)| Cow::Owned(value.cell()));
        Ok(Cow::Owned(csv_line(cells.chain(new), delimiter, Quoting::Needed).unwrap_or_default()))
    }

    /// Writes what is left and gives the file its name.
    pub fn finish(self) -> Result<()> {
        self.output.finish()
    }
}

/// A header that tells a reader the delimiter: quoted, or with commas, where its names would tell it another one.
fn telling_header(names: &[&str], delimiter: u8, asked: Option<u8>, place: &Place) -> Result<(String, u8)> {
    let ways = [(delimiter, Quoting::Needed), (delimiter, Quoting::Always), (b',', Quoting::Always)];
    let options = ReadOptions { delimiter: asked, ..ReadOptions::default() };
    for (delimiter, quotes) in ways {
        let cells = names.iter().map(|name| Cow::Borrowed(*name));
        let line = csv_line(cells, delimiter, quotes).unwrap_or_default();
        if sniff::tells(format!("{line}\n").as_bytes(), delimiter, place, &options) {
            return Ok((line, delimiter));
        }
    }
    bail!("{place}: these names of columns cannot be the header of a CSV file")
}

/// Cells as a line of CSV between commas, quoted where RFC 4180 asks for it.
pub fn csv(cells: &[&str]) -> String {
    let cells = cells.iter().map(|cell| Cow::Borrowed(*cell));
    csv_line(cells, b',', Quoting::Needed).unwrap_or_default()
}

/// Which cells are quoted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quoting {
    /// Those that RFC 4180 asks for.
    Needed,
    Always,
}

/// Cells as a line of CSV; none if there are no cells.
///
/// csv-core's writer has the same rules, but it fills buffers of a fixed size: to drive it takes more code than this.
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
    // One empty cell alone would be a blank line, which is no row.
    line.map(|line| if line.is_empty() { "\"\"".to_owned() } else { line })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_tells_the_next_reader_the_delimiter() {
        let cases = [
            (vec!["label", "text"], b';', None, "label;text", b';'),
            // Quotes within a name hide what follows from a reader that guesses.
            (vec!["a\"b", "c;d;e"], b',', None, "\"a\"\"b\",\"c;d;e\"", b','),
            (vec!["sep=", ""], b';', None, "\"sep=\";\"\"", b';'),
            (vec!["{a", "text"], b',', None, "\"{a\",\"text\"", b','),
            // After `sep=+` in the file, and with one column from a .tsv: no reader would guess these.
            (vec!["label;text"], b'+', None, "\"label;text\"", b','),
            (vec!["text"], b'\t', None, "\"text\"", b','),
            (vec!["text"], b'^', Some(b'^'), "text", b'^'),
        ];
        for (names, delimiter, asked, line, chosen) in cases {
            let found = telling_header(&names, delimiter, asked, &Place::Standard).unwrap();
            assert_eq!(found, (line.to_owned(), chosen));
        }
    }
}
