//! Options that several tools share: how to read rows, and where to write them.

use anyhow::Result;
use clap::Args;

use crate::cli::progress;
use crate::cli::tool::Scene;
use crate::io::stream::Place;
use crate::rows::label::LabelSpelling;
use crate::rows::{self, ColumnNames, Format, MalformedRows};

/// Options of every tool that reads rows.
#[derive(Args, Clone)]
#[command(next_help_heading = "Rows")]
pub struct RowArgs {
    /// The column of the texts [default: text, message, body, email, content or v2]
    #[arg(long, value_name = "NAME")]
    text_column: Option<String>,

    /// The column of the labels [default: label, category, class, target or v1]
    #[arg(long, value_name = "NAME")]
    label_column: Option<String>,

    /// The column of the dates [default: date, time, timestamp or created_at]
    #[arg(long, value_name = "NAME")]
    date_column: Option<String>,

    /// The label looked for, where it is not spam, 1 or true; any other label is then the other class
    #[arg(long, value_name = "VALUE")]
    positive: Option<String>,

    /// How rows come in: csv or jsonl [default: by extension, else by the first byte]
    #[arg(long, value_name = "FORMAT")]
    input_format: Option<Format>,

    /// What stands between two fields: a character, or tab [default: the most frequent of , ; tab | in the header]
    #[arg(long, value_name = "CHAR", value_parser = delimiter)]
    delimiter: Option<u8>,

    /// Refuse text that is not UTF-8, which is decoded and counted otherwise
    #[arg(long)]
    strict: bool,
}

impl RowArgs {
    /// How to read rows, remarks and progress going to the scene.
    pub fn options(&self, scene: &Scene) -> rows::ReadOptions {
        rows::ReadOptions {
            format: self.input_format,
            delimiter: self.delimiter,
            strict: self.strict,
            faults: MalformedRows::Stop,
            named: ColumnNames {
                text: self.text_column.clone(),
                label: self.label_column.clone(),
                date: self.date_column.clone(),
            },
            spelling: self.spelling(),
            notes: scene.notes(),
            progress: progress::on_terminal(scene.name(), scene.is_quiet()),
        }
    }

    /// The same options in words, for another process that is to read rows alike.
    pub fn words(&self) -> Vec<String> {
        let format = self.input_format.map(|format| match format {
            Format::Csv => "csv".to_owned(),
            Format::JsonLines => "jsonl".to_owned(),
        });
        let delimiter = self.delimiter.map(|byte| match byte {
            b'\t' => "tab".to_owned(),
            byte => char::from(byte).to_string(),
        });
        let named = [
            ("--text-column", self.text_column.clone()),
            ("--label-column", self.label_column.clone()),
            ("--date-column", self.date_column.clone()),
            ("--positive", self.positive.clone()),
            ("--input-format", format),
            ("--delimiter", delimiter),
        ];
        let given = named.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?)));
        given.chain(self.strict.then(|| "--strict".into())).collect()
    }

    /// How labels are spelled.
    pub fn spelling(&self) -> LabelSpelling {
        LabelSpelling { positive: self.positive.clone() }
    }
}

/// Options of every tool that writes rows.
#[derive(Args, Clone)]
#[command(next_help_heading = "Rows")]
pub struct OutArgs {
    /// Where the rows go
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    pub output: Place,

    /// How rows go out: csv or jsonl [default: by the extension of --output, else as they came in]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        _ => Err("expected one ASCII character, or tab".into()),
    }
}

/// Reads a whole number.
pub fn whole(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "expected a whole number".into())
}

/// Reads a number of days, which must be positive.
pub fn days(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(days) if days > 0.0 && days.is_finite() => Ok(days),
        _ => Err("expected a number of days over 0".into()),
    }
}

/// Parses a number of bytes such as 500M or 2G; at least 1M.
pub fn memory_size(text: &str) -> Result<usize, String> {
    let (number, unit) = match text.as_bytes() {
        [.., b'k' | b'K'] => (&text[..text.len() - 1], 1 << 10),
        [.., b'm' | b'M'] => (&text[..text.len() - 1], 1 << 20),
        [.., b'g' | b'G'] => (&text[..text.len() - 1], 1 << 30),
        _ => (text, 1),
    };
    let bytes = number.parse::<usize>().ok().and_then(|number| number.checked_mul(unit));
    bytes
        .filter(|bytes| *bytes >= 1 << 20)
        .ok_or_else(|| "expected bytes from 1M up, such as 500M or 2G".into())
}
