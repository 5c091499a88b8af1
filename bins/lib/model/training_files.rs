//! Reads training rows from CSV and JSON Lines files: selects the columns, and collects warnings.

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::time::SystemTime;

use anyhow::{Context, Result, bail, ensure};

use crate::io::dates::DAY;
use crate::io::stream::Place;
use crate::model::training_rows::{TrainingRow, TrainingRows};
use crate::rows::label::{Label, LabelNames};
use crate::rows::mask::{self, MaskKind};
use crate::rows::{ReadOptions, Row, Rows};

/// The files to learn from, and how to read them.
pub struct TrainingFiles<'a> {
    pub inputs: &'a [Place],
    /// The feature columns, besides the text.
    pub features: &'a [String],
    /// The column with the weights of the rows; `None` gives every row the weight 1.
    pub weight_column: Option<&'a str>,
    /// The column with the source of the labels; `None` if unknown.
    pub source_column: Option<&'a str>,
    /// Kinds of personal data to mask.
    pub masked: &'a [MaskKind],
    /// Returns the options for reading. Called once for each file, so that each file has its own progress line.
    pub options: &'a dyn Fn() -> ReadOptions,
    /// Set by the first pass with `--memory`; empty at the start.
    pub stamps: OnceLock<FileStamps>,
}

/// Counts of the rows read, for messages.
#[derive(Debug, Default)]
pub struct TrainingSummary {
    /// Whether a file has a text column.
    pub has_text: bool,
    /// Number of unlabelled rows, which are skipped.
    pub unlabelled: u64,
    /// Number of negative rows, then of positive rows.
    pub classes: [u64; 2],
    /// Spellings of the negative labels.
    negative_labels: BTreeSet<String>,
    /// Number of rows that are already masked with a kind that the model does not mask.
    masked: u64,
    /// The masked kind in the first of these rows.
    masked_kind: Option<MaskKind>,
}

/// Number of rows passed on at a time.
const BLOCK_ROWS: usize = 1 << 11;

/// Size and time of the last change of each file, to notice a file that changes between two passes.
#[derive(Debug, PartialEq)]
pub struct FileStamps(Vec<(u64, Option<SystemTime>)>);

impl TrainingRows for TrainingFiles<'_> {
    fn read(&self, each: &mut dyn FnMut(&[TrainingRow]) -> Result<()>) -> Result<()> {
        // The first pass already made the summary.
        self.read_some(&mut TrainingSummary::default(), &mut |rows| each(rows))?;
        self.expect_unchanged()
    }

    fn are_in_memory(&self) -> bool {
        false
    }
}

impl TrainingFiles<'_> {
    /// Reads all rows into memory.
    pub fn read_all(&self) -> Result<(Vec<TrainingRow>, TrainingSummary)> {
        let (mut all, mut summary) = (Vec::new(), TrainingSummary::default());
        self.read_some(&mut summary, &mut |rows| {
            all.append(rows);
            Ok(())
        })?;
        Ok((all, summary))
    }

    /// Reads all rows once, for the summary. Fails if a file cannot be read again.
    pub fn survey(&self) -> Result<TrainingSummary> {
        for input in self.inputs {
            ensure!(
                input.is_regular_file(),
                "{input}: --memory reads files several times, but this is not a regular file; save it to a file first"
            );
        }
        self.expect_unchanged()?;
        let mut summary = TrainingSummary::default();
        self.read_some(&mut summary, &mut |_| Ok(()))?;
        self.expect_unchanged()?;
        Ok(summary)
    }

    /// Fails if a file has changed since the first call. Passes over different rows would give a wrong model.
    fn expect_unchanged(&self) -> Result<()> {
        let stamp = |input: &Place| {
            let path = input.path().context("standard input cannot be read twice")?;
            let found = path.metadata().with_context(|| input.to_string())?;
            Ok((found.len(), found.modified().ok()))
        };
        let stamps = FileStamps(self.inputs.iter().map(stamp).collect::<Result<_>>()?);
        let FileStamps(before) = self.stamps.get_or_init(|| FileStamps(stamps.0.clone()));
        let changed =
            self.inputs.iter().zip(before.iter().zip(&stamps.0)).find(|(_, (one, other))| one != other);
        ensure!(
            changed.is_none(),
            "{}: changed while fit was reading it; wait until nothing writes to the file, and fit again",
            changed.map_or(String::new(), |(input, _)| input.to_string())
        );
        Ok(())
    }

    /// Calls `each` with blocks of rows. `each` may take the rows.
    fn read_some(
        &self,
        summary: &mut TrainingSummary,
        each: &mut dyn FnMut(&mut Vec<TrainingRow>) -> Result<()>,
    ) -> Result<()> {
        let mut some = Vec::new();
        for input in self.inputs {
            let mut rows = Rows::open(input, &(self.options)())?;
            let columns = TrainingColumns::find(self, &rows)?;
            summary.has_text |= columns.text.is_some();
            let mut row = Row::default();
            while rows.read(&mut row)? {
                let Some(label) = rows.label(&row)? else {
                    summary.unlabelled += 1;
                    continue;
                };
                let training = columns.training_row(self, &rows, &row, label)?;
                summary.note(rows.label_cell(&row), &training, self.masked);
                some.push(training);
                if some.len() == BLOCK_ROWS {
                    each(&mut some)?;
                    some.clear();
                }
            }
        }
        if some.is_empty() { Ok(()) } else { each(&mut some) }
    }
}

/// The columns of a file that the model learns from.
struct TrainingColumns {
    text: Option<usize>,
    cells: Vec<usize>,
}

impl TrainingColumns {
    /// Finds the columns. A file needs no text if there are feature columns.
    fn find(files: &TrainingFiles, rows: &Rows) -> Result<Self> {
        let text = match rows.text_column() {
            Ok(column) => Some(column),
            Err(_) if !files.features.is_empty() => None,
            Err(error) => return Err(error),
        };
        let cells: Vec<usize> = files.features.iter().map(|name| rows.column(name)).collect::<Result<_>>()?;
        for (place, (name, column)) in files.features.iter().zip(&cells).enumerate() {
            ensure!(
                rows.header().label() != Some(*column),
                "--features {name}: is the label column; leave it out"
            );
            ensure!(!cells[..place].contains(column), "--features {name}: is listed twice; remove one");
        }
        Ok(Self { text, cells })
    }

    fn training_row(
        &self,
        files: &TrainingFiles,
        rows: &Rows,
        row: &Row,
        label: Label,
    ) -> Result<TrainingRow> {
        let text = self.text.map_or("", |column| row.get(column));
        let text = if files.masked.is_empty() { text.to_owned() } else { mask::masked(text, files.masked) };
        let cells = self.cells.iter().map(|&column| row.get(column).to_owned()).collect();
        let weight = files.weight_column.map_or(Ok(1.0), |column| rows.number(row, column))?;
        if !(0.0..=1e9).contains(&weight) {
            return Err(
                rows.error(row, format!("weight {weight} is not between 0 and 1000000000; fix the row"))
            );
        }
        let day = rows.date(row).map(|date| date.0.div_euclid(DAY));
        let source =
            files.source_column.map_or(Ok(""), |column| rows.column(column).map(|column| row.get(column)))?;
        Ok(TrainingRow { text, cells, label, weight, day, source: source.to_owned() })
    }
}

impl TrainingSummary {
    /// Counts a labelled row.
    fn note(&mut self, label_cell: &str, row: &TrainingRow, masked: &[MaskKind]) {
        if row.label == Label::Negative && !self.negative_labels.contains(label_cell) {
            self.negative_labels.insert(label_cell.to_owned());
        }
        self.classes[usize::from(row.label == Label::Positive)] += 1;
        let traces = mask::traces(&row.text);
        if let Some(kind) = traces.into_iter().find(|kind| !masked.contains(kind)) {
            self.masked += 1;
            self.masked_kind = self.masked_kind.or(Some(kind));
        }
    }

    /// Fails if more than 1% of the rows are already masked, unless scoring masks the same kind. A few such rows are
    /// allowed, because otherwise a sender could stop the fit with one message.
    pub fn expect_unmasked(&self) -> Result<()> {
        let all = self.classes[0] + self.classes[1];
        match self.masked_kind {
            Some(kind) if self.masked * 100 > all => bail!(
                "{} of {all} rows are already masked; add --mask {kind}, so that scoring masks the same way",
                self.masked
            ),
            _ => Ok(()),
        }
    }

    /// The values of the verdicts. If `--positive` is set, the values are spelled as in the labels.
    pub fn names(&self, positive: Option<String>) -> LabelNames {
        match (positive, self.negative_labels.first()) {
            (None, _) => LabelNames::default(),
            (Some(positive), Some(negative)) if self.negative_labels.len() == 1 => {
                LabelNames { positive, negative: negative.clone() }
            }
            (Some(positive), _) => LabelNames::with_positive(positive),
        }
    }
}
