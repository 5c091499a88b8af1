//! validate: checks rows against a contract, and separates valid rows from rejected ones.

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

/// Hold rows against a contract: clean rows out, refused rows aside with a reason, counts in a report
///
/// Every row in is either clean or refused. One pass; sixteen bytes of memory for each distinct text, where the contract
/// asks about duplicates or conflicting labels. Of a text that comes with both labels the first is believed.
#[derive(Parser)]
#[command(
    name = "validate",
    after_help = "\
Examples:
  validate --contract data/contract.toml new.csv --rejects rejects.csv --report validate.json > clean.csv
  sample --size 100 mail.csv | validate --rejects rejects.csv > clean.csv
  validate --infer good.csv > contract.toml
  validate --mask email,phone,card,iban,ip --safe-csv clean.csv > for-the-agency.csv
  validate --contract data/contract.toml --exit-code new.csv > /dev/null"
)]
pub(crate) struct Args {
    /// Rows as CSV or JSON Lines, plain, gzip or zstd
    #[arg(value_name = "FILE", default_value = "-")]
    input: Place,

    /// What rows must be like [default: a text column, labels that can be read, no text with both labels]
    #[arg(long, short, value_name = "FILE")]
    contract: Option<Place>,

    /// Where refused rows go, with the columns reject_line, reject_reason and reject_rest
    #[arg(long, value_name = "FILE")]
    rejects: Option<Place>,

    /// Where counts, examples (personal data masked) and the verdict go, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<Place>,

    /// Write the contract that these rows keep, instead of the rows
    #[arg(long, conflicts_with_all = ["contract", "rejects", "report"])]
    infer: bool,

    /// Replace personal data in all rows that go out: email, phone, card, iban, ip; fit --mask learns from such rows
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    mask: Vec<MaskKind>,

    /// Put an apostrophe before cells that a spreadsheet would run as a formula
    #[arg(long)]
    safe_csv: bool,

    /// Exit with 1 where the verdict is invalid
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
        stream::expect_apart(&[Some(&self.out.output), self.rejects.as_ref(), self.report.as_ref()])?;
        let side = [self.rejects.as_ref(), self.report.as_ref()];
        stream::expect_kept(&side, self.contract.iter().chain([&self.input]))?;
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
        let mut clean = Writer::create(&self.out.output, self.out.format, &mut rows, &[])?;
        let added = ["reject_line", "reject_reason", "reject_rest"];
        let mut rejects = match &self.rejects {
            Some(place) => Some(Writer::create(place, self.out.format, &mut rows, &added)?),
            None => None,
        };
        let mut row = Row::default();
        while rows.read(&mut row)? {
            match (inspection.row(&rows, &row), &mut rejects) {
                (None, _) => clean.write(&self.leaving(&row))?,
                (Some(problem), Some(rejects)) => {
                    let leaving = self.leaving(&row);
                    let (row, rest) = leaving.squared(rows.header().len());
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
                "{input}: {} of {} rows refused; --rejects FILE keeps them",
                report.rejected, report.rows
            ));
        }
        let is_valid = report.verdict == ValidateVerdict::Valid;
        if !is_valid {
            scene.warn(format!("{}: {}", self.input, report.reasons.join("; ")));
        }
        rows.finish();
        if let Some(place) = &self.report {
            result_file::write(place, &report)?;
        }
        Ok(Outcome::answer(is_valid, self.exit_code))
    }
}

impl Args {
    fn infer(&self, rows: &mut Rows) -> Result<Outcome> {
        let mut sketch = ContractDraft::default();
        let mut row = Row::default();
        while rows.read(&mut row)? {
            if row.fault().is_none() {
                sketch.row(rows, &row);
            }
        }
        let text = toml::to_string(&sketch.contract(rows))?;
        let source = format!("# What rows must be like; inferred from {}.\n\n", self.input);
        self.out.output.write_text(&(source + &text))?;
        Ok(Outcome::Done)
    }

    /// The row as it may leave the house.
    fn leaving(&self, row: &Row) -> Row {
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
