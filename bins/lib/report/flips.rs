//! Writes the messages whose verdict changes between two models as CSV, masked, with the words that cause the change.

use std::io::Write;

use anyhow::{Context, Result};

use crate::io::escape::{neutral, without_controls};
use crate::io::stream::{Output, Place};
use crate::model::paired_rows::{ModelPair, ModelVerdict, PairedRow};
use crate::model::row_score::{ColumnPlaces, ScoringBuffers};
use crate::rows::label::LabelNames;
use crate::rows::mask;
use crate::rows::{self, CellValue};

/// Maximum number of words per message.
const WORDS: usize = 8;

pub struct FlipsFile<'a> {
    output: Output,
    place: &'a Place,
    id: Option<&'a str>,
    names: LabelNames,
    models: ModelPair<'a>,
    columns: Option<[ColumnPlaces; 2]>,
    buffers: ScoringBuffers,
}

impl<'a> FlipsFile<'a> {
    /// Writes the header. The column `id` identifies a message, or the line number if `id` is none. `positive` names
    /// positive rows if there is no model.
    pub fn create(
        place: &'a Place,
        id: Option<&'a str>,
        models: ModelPair<'a>,
        positive: Option<&str>,
    ) -> Result<Self> {
        let names = match (models.challenger, positive) {
            (Some(model), _) => model.names.clone(),
            (None, Some(positive)) => LabelNames::with_positive(positive.into()),
            (None, None) => LabelNames::default(),
        };
        let (output, buffers) = (place.writer()?, ScoringBuffers::default());
        let mut flips = Self { output, place, id, names, models, columns: None, buffers };
        let id = neutral(&without_controls(id.unwrap_or("line"))).into_owned();
        flips.line(&[
            &id,
            "label",
            "champion",
            "challenger",
            "champion_score",
            "challenger_score",
            "words",
            "text",
        ])?;
        Ok(flips)
    }

    /// Adds a row if the models disagree on it.
    pub fn add(&mut self, judged: &PairedRow) -> Result<()> {
        let PairedRow { rows, row, truth, champion: Some(champion), challenger } = *judged else {
            return Ok(());
        };
        if champion.verdict == challenger.verdict {
            return Ok(());
        }
        let masked = |text: &str| mask::masked(text, &mask::ALL);
        let name = match self.id {
            Some(id) => masked(row.get(rows.column(id)?)),
            None => row.line().to_string(),
        };
        let text = masked(rows.text(row)?);
        let words = self.words(judged, &text)?;
        let score = |ModelVerdict { score, .. }: ModelVerdict| {
            score.map_or(String::new(), |score| CellValue::Number(score).cell())
        };
        let cells = [
            name,
            self.names.of(truth).to_owned(),
            self.names.of(champion.verdict).to_owned(),
            self.names.of(challenger.verdict).to_owned(),
            score(champion),
            score(challenger),
            masked(&words),
            text,
        ];
        let cells = cells.map(|cell| neutral(&without_controls(&cell)).into_owned());
        self.line(&cells.each_ref().map(String::as_str))
    }

    /// Renames the finished file to its final name.
    pub fn finish(self) -> Result<()> {
        self.output.finish()
    }

    fn line(&mut self, cells: &[&str]) -> Result<()> {
        writeln!(self.output, "{}", rows::csv(cells)).with_context(|| self.place.to_string())
    }

    /// The words that cause the change, except masked ones. Empty without both models.
    fn words(&mut self, judged: &PairedRow, masked: &str) -> Result<String> {
        let ModelPair { champion: Some(champion), challenger: Some(challenger) } = self.models else {
            return Ok(String::new());
        };
        if self.columns.is_none() {
            self.columns = Some([champion.columns(judged.rows)?, challenger.columns(judged.rows)?]);
        }
        let Some([champion_columns, challenger_columns]) = &self.columns else { return Ok(String::new()) };
        let [masked, text] = [masked, judged.rows.text(judged.row)?].map(str::to_lowercase);
        let hides = |term: &str| {
            let mut parts = term.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
            parts.any(|part| text.contains(part) && !masked.contains(part))
        };
        Ok(challenger.differs(
            challenger_columns,
            (champion, champion_columns),
            judged.row,
            &mut self.buffers,
            WORDS,
            &hides,
        ))
    }
}
