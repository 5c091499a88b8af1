//! validate: checks rows against a contract and separates valid rows from rejected rows.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use spamops::cli::options::{OutArgs, RowArgs};
use spamops::cli::tool::{self, Outcome, Scene, Tool};
use spamops::io::escape::neutral;
use spamops::io::result_file;
use spamops::io::stream::{self, Place};
use spamops::report::validate_sentences;
use spamops::rows::contract::{Contract, ContractDraft, Inspection, ValidateVerdict};
use spamops::rows::mask::{self, MaskKind};
use spamops::rows::{CellValue, MalformedRows, ReadOptions, Row, Rows, Writer};

/// Check rows against a contract, and separate valid rows from rejected rows
///
/// What it decides: Which rows are valid, and the verdict on the file: valid, invalid or empty. A contract lists the
/// checks. Each check has a severity: warn (only reported), reject (the row is rejected) or fail (the verdict is
/// invalid). A file without rows is empty, not invalid: no check fails.
///
/// Input: Rows as CSV or JSON Lines, plain, gzip or zstd, read once. Malformed rows are rejected. Without --contract,
/// the file needs a text column and readable labels, and no text may have both labels. The verdict is invalid if a quote
/// is never closed and swallows further lines, or if no row is valid.
///
/// Output: The valid rows, on stdout or in -o FILE. The rejected rows go to --rejects FILE, with the columns
/// reject_line, reject_reason and reject_rest. Every row is in exactly one of the two files. --report FILE has the
/// counts, examples (personal data masked) and the verdict. The exit status is 0 whatever the verdict, unless
/// --exit-code is set.
///
/// Memory: 16 bytes per distinct text if the contract checks duplicates or conflicting labels. Otherwise, memory is
/// constant.
///
/// Method: One pass. If a text occurs with both labels, the first label counts. Later rows with the other label are
/// rejected.
#[derive(Parser)]
#[command(
    name = "validate",
    after_help = "\
Examples:
  validate --contract contract.toml new.csv --rejects rejects.csv --report validate.json > clean.csv
  validate --infer good.csv > contract.toml
  sample --size 100 mail.csv | validate --rejects rejects.csv > clean.csv
  validate --mask email,phone,card,iban,ip --safe-csv clean.csv > for-the-agency.csv
  validate --contract data/contract.toml --exit-code new.csv > /dev/null"
)]
pub(crate) struct Args {
    /// Rows as CSV or JSON Lines, plain, gzip or zstd
    #[arg(value_name = "FILE", default_value = "-")]
    input: Place,

    /// Contract that defines which rows are valid
    ///
    /// Without a contract, the file needs a text column and readable labels, and no text may have both labels.
    #[arg(long, short, value_name = "FILE")]
    contract: Option<Place>,

    /// File for the rejected rows, with the reasons
    #[arg(long, value_name = "FILE")]
    rejects: Option<Place>,

    /// File for the report as JSON: counts, examples and verdict
    #[arg(long, value_name = "FILE")]
    report: Option<Place>,

    /// Write a contract that these rows satisfy, instead of the rows
    #[arg(long, conflicts_with_all = ["contract", "rejects", "report"])]
    infer: bool,

    /// Personal data to mask: email, phone, card, iban, ip
    ///
    /// Personal data is masked in all output rows. A model for such rows needs fit --mask with the same kinds.
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    mask: Vec<MaskKind>,

    /// Put an apostrophe before cells and column names that a spreadsheet would run as a formula
    #[arg(long)]
    safe_csv: bool,

    /// Exit with 1 if the verdict is invalid
    #[arg(long)]
    exit_code: bool,

    #[command(flatten)]
    out: OutArgs,

    #[command(flatten)]
    rows: RowArgs,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        let options = ReadOptions { faults: MalformedRows::Keep, ..self.rows.options(scene) };
        stream::expect_distinct(&[Some(&self.out.output), self.rejects.as_ref(), self.report.as_ref()])?;
        let side = [self.rejects.as_ref(), self.report.as_ref()];
        stream::expect_not_overwritten(&side, self.contract.iter().chain([&self.input]))?;
        let mut rows = Rows::open(&self.input, &options)?;
        if self.infer {
            return self.infer(&mut rows);
        }
        rows.expect_text()?;
        let contract = match &self.contract {
            Some(place) => Contract::read(place)?,
            None => Contract::basic(),
        };
        let mut inspection = Inspection::new(&contract, &rows, scene.now()?)?;
        let mut clean = self.writer(&self.out.output, &mut rows, &[])?;
        let added_columns = ["reject_line", "reject_reason", "reject_rest"];
        let mut rejects =
            self.rejects.as_ref().map(|place| self.writer(place, &mut rows, &added_columns)).transpose()?;
        let mut row = Row::default();
        while rows.read(&mut row)? {
            match (inspection.row(&rows, &row), &mut rejects) {
                (None, _) => clean.write(&self.protected(&row))?,
                (Some(problem), Some(rejects)) => {
                    let protected = self.protected(&row);
                    let (row, rest) = protected.squared(rows.header().len());
                    let reason = self.masked(&validate_sentences::row_problem(&problem));
                    let values =
                        [CellValue::Count(row.line()), CellValue::Text(&reason), CellValue::Text(rest)];
                    rejects.write_with(&row, &values)?;
                }
                (Some(_), None) => {}
            }
        }
        rows.expect_text()?;
        rejects.map_or(Ok(()), Writer::finish)?;
        clean.finish()?;
        let mut report = validate_sentences::report(&inspection.finish(), scene.name());
        report.head.run_id = scene.run_id();
        if report.rejected > 0 && self.rejects.is_none() {
            let Self { input, .. } = &self;
            scene.warn(format!(
                "{input}: rejected {} of {} rows; use --rejects FILE to keep them",
                report.rejected, report.rows
            ));
        }
        let reasons = format!("{}: {}", self.input, report.reasons.join("; "));
        match report.verdict {
            ValidateVerdict::Valid => {}
            ValidateVerdict::Empty => scene.remark(reasons),
            ValidateVerdict::Invalid => scene.warn(reasons),
        }
        rows.finish();
        if let Some(place) = &self.report {
            result_file::write(place, &report)?;
        }
        Ok(Outcome::answer(report.verdict != ValidateVerdict::Invalid, self.exit_code))
    }
}

impl Args {
    fn infer(&self, rows: &mut Rows) -> Result<Outcome> {
        let mut draft = ContractDraft::default();
        let mut row = Row::default();
        while rows.read(&mut row)? {
            if row.fault().is_none() {
                draft.row(rows, &row);
            }
        }
        let text = toml::to_string(&draft.contract(rows))?;
        let source = format!("# A contract, inferred from {}.\n\n", self.input);
        self.out.output.write_text(&(source + &text))?;
        Ok(Outcome::Done)
    }

    /// Opens a place for rows.
    fn writer(&self, place: &Place, rows: &mut Rows, added_columns: &[&str]) -> Result<Writer> {
        if self.safe_csv {
            let safe = |name: &str| neutral(name).into_owned();
            return Writer::create_quoted(place, self.out.format, rows, added_columns, &safe);
        }
        Writer::create(place, self.out.format, rows, added_columns)
    }

    /// Masks personal data (`--mask`) and disarms formulas (`--safe-csv`).
    fn protected(&self, row: &Row) -> Row {
        if self.mask.is_empty() && !self.safe_csv {
            return row.clone();
        }
        row.rewritten(|cell| {
            let cell = self.masked(cell);
            if self.safe_csv { neutral(&cell).into_owned() } else { cell }
        })
    }

    fn masked(&self, text: &str) -> String {
        if self.mask.is_empty() { text.to_owned() } else { mask::masked(text, &self.mask) }
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
