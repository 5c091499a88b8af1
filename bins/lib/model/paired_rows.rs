//! Reads rows with the scores of two models: from two scored files (side by side or joined by id), or by scoring one
//! file.

use std::collections::HashMap;

use anyhow::{Result, bail};
use xxhash_rust::xxh3::xxh3_64;

use crate::io::diagnostics::shown;
use crate::io::stream::Place;
use crate::model::model_file::Model;
use crate::model::row_score::ScoringBuffers;
use crate::rows::label::Label;
use crate::rows::{ReadOptions, Row, Rows};

/// Verdict and score of one model for a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ModelVerdict {
    pub verdict: Label,
    /// The score, from 0 to 1; `None` if the row has none.
    pub score: Option<f64>,
}

/// A labelled row with the results of both models.
pub struct PairedRow<'a> {
    /// The file of the row. With two files, the challenger's file.
    pub rows: &'a Rows,
    pub row: &'a Row,
    /// The label of the row.
    pub truth: Label,
    /// The champion's result; `None` without a champion.
    pub champion: Option<ModelVerdict>,
    pub challenger: ModelVerdict,
}

impl PairedRow<'_> {
    /// A hash that identifies the row: the hash of the id if `id` names a column, otherwise the hash of the text.
    pub fn number(&self, id: Option<&str>) -> Result<u64> {
        let name = match id {
            Some(column) => name(self.rows, self.row, column)?,
            None => self.rows.text(self.row)?,
        };
        Ok(xxh3_64(name.as_bytes()))
    }
}

/// The models that score the rows.
#[derive(Clone, Copy, Default)]
pub struct ModelPair<'a> {
    pub champion: Option<&'a Model>,
    pub challenger: Option<&'a Model>,
}

/// Called with each row.
pub type PairedVisitor<'a> = dyn FnMut(&PairedRow) -> Result<()> + 'a;

/// Reads labelled rows with the results of both models, from one file or two. Two files are read side by side, or
/// joined by the column `id`.
pub fn read(
    scored: &[Place],
    id: Option<&str>,
    options: &ReadOptions,
    models: ModelPair,
    each: &mut PairedVisitor,
) -> Result<()> {
    match (scored, id) {
        ([rows], _) => read_one(rows, options, models, each),
        ([champion, challenger], Some(id)) => by_id(champion, challenger, id, options, each),
        ([champion, challenger], None) => side_by_side(champion, challenger, options, each),
        _ => bail!("expected one or two scored files; name one or two"),
    }
}

/// Reads the rows of one file. Scores them if there is a champion, or if there is a challenger and the rows have no
/// verdicts.
fn read_one(place: &Place, options: &ReadOptions, models: ModelPair, each: &mut PairedVisitor) -> Result<()> {
    let mut rows = Rows::open(place, options)?;
    rows.expect_text()?;
    match models {
        ModelPair { champion: champion @ Some(_), challenger: Some(challenger) } => {
            score_rows(&mut rows, champion, challenger, each)
        }
        ModelPair { champion: None, challenger: Some(challenger) } if !rows.has_verdicts() => {
            score_rows(&mut rows, None, challenger, each)
        }
        _ => read_scored(&mut rows, each),
    }
}

fn score_rows(
    rows: &mut Rows,
    champion: Option<&Model>,
    challenger: &Model,
    each: &mut PairedVisitor,
) -> Result<()> {
    let champion = champion.map(|model| model.columns(rows).map(|columns| (model, columns))).transpose()?;
    let columns = challenger.columns(rows)?;
    let (mut row, mut buffers) = (Row::default(), ScoringBuffers::default());
    while rows.read(&mut row)? {
        let Some(truth) = rows.label(&row)? else { continue };
        let mut score_with = |model: &Model, columns| {
            let score = model.score_row(&row, columns, &mut buffers);
            ModelVerdict { verdict: model.verdict(score), score: Some(score) }
        };
        let champion = champion.as_ref().map(|(model, columns)| score_with(model, columns));
        let challenger = score_with(challenger, &columns);
        each(&PairedRow { rows, row: &row, truth, champion, challenger })?;
    }
    Ok(())
}

fn read_scored(rows: &mut Rows, each: &mut PairedVisitor) -> Result<()> {
    let mut row = Row::default();
    while rows.read(&mut row)? {
        if let Some(truth) = rows.label(&row)? {
            let challenger = judgement(rows, &row)?;
            each(&PairedRow { rows, row: &row, truth, champion: None, challenger })?;
        }
    }
    Ok(())
}

/// The model's result, from the columns of a scored row.
fn judgement(rows: &Rows, row: &Row) -> Result<ModelVerdict> {
    let score = if rows.has_scores() { Some(rows.score(row)?) } else { None };
    Ok(ModelVerdict { verdict: rows.verdict(row)?, score })
}

/// Reads two files with the same rows in the same order.
fn side_by_side(
    champion: &Place,
    challenger: &Place,
    options: &ReadOptions,
    each: &mut PairedVisitor,
) -> Result<()> {
    let (mut challenger_rows, mut champion_rows) =
        (Rows::open(challenger, options)?, Rows::open(champion, options)?);
    champion_rows.expect_text()?;
    challenger_rows.expect_text()?;
    let (mut challenger_row, mut champion_row) = (Row::default(), Row::default());
    loop {
        match (champion_rows.read(&mut champion_row)?, challenger_rows.read(&mut challenger_row)?) {
            (false, false) => return Ok(()),
            (true, true) => {}
            (more, _) => {
                let (longer, shorter) = if more {
                    (&champion_rows, &challenger_rows)
                } else {
                    (&challenger_rows, &champion_rows)
                };
                bail!(
                    "{} has fewer rows than {}; score the same rows with both models",
                    shorter.place(),
                    longer.place()
                );
            }
        }
        let texts = (champion_rows.text(&champion_row)?, challenger_rows.text(&challenger_row)?);
        let truths = (champion_rows.label(&champion_row)?, challenger_rows.label(&challenger_row)?);
        if texts.0 != texts.1 || truths.0 != truths.1 {
            let (line, other) = (challenger_row.line(), challenger_rows.place());
            let what = format!(
                "differs from line {line} of {other}; score the same rows with both models, or join them with --id"
            );
            return Err(champion_rows.error(&champion_row, what));
        }
        if let Some(truth) = truths.0 {
            let champion = Some(judgement(&champion_rows, &champion_row)?);
            let challenger = judgement(&challenger_rows, &challenger_row)?;
            each(&PairedRow { rows: &challenger_rows, row: &challenger_row, truth, champion, challenger })?;
        }
    }
}

/// A champion's row that waits for the challenger's row with the same id.
struct UnmatchedRow {
    line: u64,
    text: u64,
    truth: Option<Label>,
    judgement: Option<ModelVerdict>,
    is_matched: bool,
}

/// Reads two files with the same rows in any order, joined by the values of a column. Keeps the champion's rows in
/// memory, without their texts.
fn by_id(
    champion: &Place,
    challenger: &Place,
    id: &str,
    options: &ReadOptions,
    each: &mut PairedVisitor,
) -> Result<()> {
    let (mut challenger_rows, mut champion_rows) =
        (Rows::open(challenger, options)?, Rows::open(champion, options)?);
    champion_rows.expect_text()?;
    challenger_rows.expect_text()?;
    let (mut row, mut waiting) = (Row::default(), HashMap::new());
    while champion_rows.read(&mut row)? {
        let name = name(&champion_rows, &row, id)?;
        let truth = champion_rows.label(&row)?;
        let judgement = truth.map(|_| judgement(&champion_rows, &row)).transpose()?;
        let text = xxh3_64(champion_rows.text(&row)?.as_bytes());
        let before = waiting.insert(
            name.to_owned(),
            UnmatchedRow { line: row.line(), text, truth, judgement, is_matched: false },
        );
        if let Some(before) = before {
            return Err(duplicate_id(&champion_rows, &row, name, before.line));
        }
    }
    let mut last = HashMap::new();
    while challenger_rows.read(&mut row)? {
        let name = name(&challenger_rows, &row, id)?;
        let Some(partner) = waiting.get_mut(name) else {
            let what = format!(
                "id {} is not in {}; score the same rows with both models",
                shown(name),
                champion_rows.place()
            );
            return Err(challenger_rows.error(&row, what));
        };
        if partner.is_matched {
            return Err(duplicate_id(
                &challenger_rows,
                &row,
                name,
                last.get(&partner.line).copied().unwrap_or_default(),
            ));
        }
        partner.is_matched = true;
        last.insert(partner.line, row.line());
        let truth = challenger_rows.label(&row)?;
        let text = xxh3_64(challenger_rows.text(&row)?.as_bytes());
        for (differs, what) in [(truth != partner.truth, "label"), (text != partner.text, "text")] {
            if differs {
                let (name, line, other) = (shown(name), partner.line, champion_rows.place());
                let what = format!(
                    "id {name} has a different {what} in line {line} of {other}; score the same rows with both models"
                );
                return Err(challenger_rows.error(&row, what));
            }
        }
        if let (Some(truth), champion @ Some(_)) = (truth, partner.judgement) {
            let challenger = judgement(&challenger_rows, &row)?;
            each(&PairedRow { rows: &challenger_rows, row: &row, truth, champion, challenger })?;
        }
    }
    let left =
        waiting.iter().filter(|(_, partner)| !partner.is_matched).min_by_key(|(_, partner)| partner.line);
    if let Some((name, partner)) = left {
        let (place, other) = (champion_rows.place(), challenger_rows.place());
        bail!(
            "{place}: line {}: id {} is not in {other}; score the same rows with both models",
            partner.line,
            shown(name)
        );
    }
    Ok(())
}

fn name<'a>(rows: &Rows, row: &'a Row, column: &str) -> Result<&'a str> {
    let name = row.get(rows.column(column)?).trim();
    if name.is_empty() {
        return Err(
            rows.error(row, format!("column {} is empty; give every row a unique value", shown(column)))
        );
    }
    Ok(name)
}

fn duplicate_id(rows: &Rows, row: &Row, name: &str, line: u64) -> anyhow::Error {
    rows.error(row, format!("id {} is also in line {line}; give every row a unique id", shown(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn read(text: &'static str) -> Result<Vec<ModelVerdict>> {
        let mut found = Vec::new();
        let place = Place::File("rows.csv".into());
        let mut rows = Rows::from_bytes(Box::new(Cursor::new(text)), &place, &ReadOptions::default())?;
        read_scored(&mut rows, &mut |judged| {
            found.push(judged.challenger);
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn reads_optional_scores_and_rejects_scores_outside_0_to_1() {
        let scored = read("label,text,spam_score,verdict\nspam,a,0.9,spam\n,b,,\n").unwrap();
        assert_eq!(scored, [ModelVerdict { verdict: Label::Positive, score: Some(0.9) }]);
        let plain = read("label,text,verdict\nham,a,spam\n").unwrap();
        assert_eq!(plain, [ModelVerdict { verdict: Label::Positive, score: None }]);
        for (cell, why) in
            [("1.5", "is not between 0 and 1"), ("high", "is not a number"), ("NaN", "is not a number")]
        {
            let text = format!("label,text,spam_score,verdict\nspam,a,{cell},spam\n").leak();
            let error = read(text).unwrap_err().to_string();
            assert!(error.starts_with("rows.csv: line 2: ") && error.contains(why), "{error}");
        }
    }
}
