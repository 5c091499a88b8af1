//! Options that several tools share: how to read rows, and where to write them.

use anyhow::Result;
use clap::Args;

use crate::cli::progress;
use crate::cli::tool::Scene;
use crate::io::fraction::Fraction;
use crate::io::stream::Place;
use crate::rows::label::LabelSpelling;
use crate::rows::{self, ColumnNames, Format, MalformedRows, ScoredColumns, TextEncoding};

/// Options of every tool that reads rows.
#[derive(Args, Clone)]
#[command(next_help_heading = "Rows")]
pub struct RowArgs {
    /// Text column [default: text, message, body, email, content or v2]
    #[arg(long, value_name = "NAME")]
    text_column: Option<String>,

    /// Label column [default: label, category, class, target or v1]
    #[arg(long, value_name = "NAME")]
    label_column: Option<String>,

    /// Date column [default: date, time, timestamp or created_at]
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    date_column: Option<String>,

    /// Label of the positive class [default: spam, 1 or true]
    ///
    /// If you set this option, every other label is negative.
    #[arg(long, value_name = "VALUE", hide_short_help = true)]
    positive: Option<String>,

    /// Input format: csv or jsonl [default: from the extension, else the first byte]
    #[arg(long, value_name = "FORMAT", hide_short_help = true)]
    input_format: Option<Format>,

    /// Field separator: one character or tab [default: the most frequent of , ; tab | in the header]
    #[arg(long, value_name = "CHAR", value_parser = delimiter, hide_short_help = true)]
    delimiter: Option<u8>,

    /// Encoding of the input, such as shift_jis, gb18030 or utf-16le [default: UTF-8, else Windows-1252]
    ///
    /// Takes any label of the WHATWG encoding standard: euc-kr, big5, windows-1251, iso-8859-2. Output is UTF-8. Without
    /// this option, a field that is not UTF-8 is read as Windows-1252, or with U+FFFD for broken bytes.
    #[arg(long, value_name = "LABEL", hide_short_help = true)]
    encoding: Option<TextEncoding>,

    /// Fail on text that is not valid in its encoding
    ///
    /// Without --strict, such text is decoded, and a warning gives the number of fields.
    #[arg(long, hide_short_help = true)]
    strict: bool,
}

impl RowArgs {
    /// The options for reading rows. Warnings and progress go to the scene.
    pub fn options(&self, scene: &Scene) -> rows::ReadOptions {
        rows::ReadOptions {
            format: self.input_format,
            delimiter: self.delimiter,
            encoding: self.encoding,
            strict: self.strict,
            faults: MalformedRows::Stop,
            named: ColumnNames {
                text: self.text_column.clone(),
                label: self.label_column.clone(),
                date: self.date_column.clone(),
            },
            spelling: self.spelling(),
            scored: ScoredColumns::default(),
            notes: scene.warnings(),
            progress: progress::on_terminal(scene.name(), scene.is_quiet()),
        }
    }

    /// The same options as arguments, so that another process reads rows in the same way.
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
            ("--encoding", self.encoding.map(|encoding| encoding.to_string())),
        ];
        let given = named.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?)));
        given.chain(self.strict.then(|| "--strict".into())).collect()
    }

    pub fn spelling(&self) -> LabelSpelling {
        LabelSpelling { positive: self.positive.clone() }
    }
}

/// Options of every tool that reads the scores of another system.
#[derive(Args, Clone)]
#[command(next_help_heading = "Scores of another system")]
pub struct ScoredArgs {
    /// Column with the scores of another system, from 0 to 1
    ///
    /// Without this option, a positive verdict has the score 1, and a negative verdict 0.
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    score_column: Option<String>,

    /// Column with the verdicts of another system, written like labels [default: verdict, unless --threshold is set]
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    verdict_column: Option<String>,

    /// Score from which a row is positive [default: 0.5]
    #[arg(long, value_name = "SCORE", hide_short_help = true)]
    threshold: Option<Fraction>,
}

impl ScoredArgs {
    /// Adds the columns to the options for reading rows.
    pub fn options(&self, options: rows::ReadOptions) -> rows::ReadOptions {
        rows::ReadOptions { scored: self.columns(), ..options }
    }

    pub fn columns(&self) -> ScoredColumns {
        let Self { score_column, verdict_column, threshold } = self.clone();
        ScoredColumns { score: score_column, verdict: verdict_column, threshold, own_first: false }
    }
}

/// Options of every tool that writes rows.
#[derive(Args, Clone)]
pub struct OutArgs {
    /// File for the rows
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    pub output: Place,

    /// Output format: csv or jsonl [default: from the extension of --output, else the input format]
    #[arg(long, value_name = "FORMAT", hide_short_help = true)]
    pub format: Option<Format>,
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        _ => Err("expected one ASCII character or tab".into()),
    }
}

/// Parses a whole number.
pub fn whole_number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "expected a whole number".into())
}

/// Parses a positive number of days.
pub fn days(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(days) if days > 0.0 && days.is_finite() => Ok(days),
        _ => Err("expected a number of days greater than 0".into()),
    }
}

/// Parses a number of bytes such as 500M or 2G. The minimum is 1M.
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
        .ok_or_else(|| "expected a number of bytes such as 500M or 2G, at least 1M".into())
}
