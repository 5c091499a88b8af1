//! Rows scored by two models: two scored files read side by side or joined by id, or rows scored here.

use std::collections::HashMap;

use anyhow::{Context, Result, bail};
use xxhash_rust::xxh3::xxh3_64;

use crate::io::diagnostics::shown;
use crate::io::stream::Place;
use crate::model::model_file::Model;
use crate::model::row_score::ScoringBuffers;
use crate::rows::label::Label;
use crate::rows::{ReadOptions, Row, Rows};

/// What one model says of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Label,
    /// The score, where the row has one.
    pub score: Option<f64>,
}

/// A labelled row, and what both models say of it.
pub struct PairedRow<'a> {
    /// The rows it is one of: the challenger's, where there are two files.
    pub rows: &'a Rows,
    /// The row.
    pub row: &'a Row,
    /// What it is.
    pub truth: Label,
    /// What the champion says; none without a champion.
    pub champion: Option<Judgement>,
    /// What the challenger says.
    pub challenger: Judgement,
}

impl PairedRow<'_> {
    /// A number that stands for the row: by its id, where it has one, else by its text.
    pub fn number(&self, id: Option<&str>) -> Result<u64> {
        let name = match id {
            Some(column) => name(self.rows, self.row, column)?,
            None => self.rows.text(self.row)?,
        };
        Ok(xxh3_64(name.as_bytes()))
    }
}

/// The models that were given.
#[derive(Clone, Copy, Default)]
pub struct ModelPair<'a> {
    /// The champion.
    pub champion: Option<&'a Model>,
    /// The challenger.
    pub challenger: Option<&'a Model>,
}

/// What is done with each row.
pub type PairedVisitor<'a> = dyn FnMut(&PairedRow) -> Result<()> + 'a;

/// Reads labelled rows as both models judge them: one file, or two that are read side by side or joined by the column `id`.
pub fn read(
    scored: &[Place],
    id: Option<&str>,
    options: &ReadOptions,
    models: ModelPair,
    each: &mut PairedVisitor,
) -> Result<()> {
    match (scored, id) {
        ([rows], _) => one(rows, options, models, each),
        ([champion, challenger], Some(id)) => by_id(champion, challenger, id, options, each),
        ([champion, challenger], None) => side_by_side(champion, challenger, options, each),
        _ => bail!("expected one or two files"),
    }
}

/// Rows of one file. They are scored here with a champion, or if they have no verdict and there is a challenger.
fn one(place: &Place, options: &ReadOptions, models: ModelPair, each: &mut PairedVisitor) -> Result<()> {
    let mut rows = Rows::open(place, options)?;
    rows.expect_text()?;
    match models {
        ModelPair { champion: champion @ Some(_), challenger: Some(challenger) } => {
            unscored(&mut rows, champion, challenger, each)
        }
        ModelPair { champion: None, challenger: Some(challenger) }
            if rows.header().find("verdict").is_none() =>
        {
            unscored(&mut rows, None, challenger, each)
        }
        _ => alone(&mut rows, each),
    }
}

fn unscored(
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
        let mut judge = |model: &Model, columns| {
            let score = model.score_row(&row, columns, &mut buffers);
            Judgement { verdict: model.verdict(score), score: Some(score) }
        };
        let champion = champion.as_ref().map(|(model, columns)| judge(model, columns));
        let challenger = judge(challenger, &columns);
        each(&PairedRow { rows, row: &row, truth, champion, challenger })?;
    }
    Ok(())
}

fn alone(rows: &mut Rows, each: &mut PairedVisitor) -> Result<()> {
    let mut row = Row::default();
    while rows.read(&mut row)? {
        if let Some(truth) = rows.label(&row)? {
            let challenger = judgement(rows, &row)?;
            each(&PairedRow { rows, row: &row, truth, champion: None, challenger })?;
        }
    }
    Ok(())
}

/// What the columns of a scored row say.
fn judgement(rows: &Rows, row: &Row) -> Result<Judgement> {
    let verdict = rows.label_in(row, rows.column("verdict")?)?;
    let verdict = verdict.with_context(|| rows.error(row, "the verdict is empty; score the rows first"))?;
    let score = match rows.header().find("spam_score") {
        Some(_) => Some(rows.number(row, "spam_score")?),
        None => None,
    };
    if let Some(score) = score.filter(|score| !(0.0..=1.0).contains(score)) {
        return Err(rows.error(row, format!("spam_score {score} is not between 0 and 1")));
    }
    Ok(Judgement { verdict, score })
}

/// Rows of two files with the same rows in the same order.
fn side_by_side(
    champion: &Place,
    challenger: &Place,
    options: &ReadOptions,
    each: &mut PairedVisitor,
) -> Result<()> {
    let (mut ours, mut theirs) = (Rows::open(challenger, options)?, Rows::open(champion, options)?);
    theirs.expect_text()?;
    ours.expect_text()?;
    let (mut our_row, mut their_row) = (Row::default(), Row::default());
    loop {
        match (theirs.read(&mut their_row)?, ours.read(&mut our_row)?) {
            (false, false) => return Ok(()),
            (true, true) => {}
            (more, _) => {
                let (longer, shorter) = if more { (&theirs, &ours) } else { (&ours, &theirs) };
                bail!("{} ends before {}; score the same rows twice", shorter.place(), longer.place());
            }
        }
        let texts = (theirs.text(&their_row)?, ours.text(&our_row)?);
        let truths = (theirs.label(&their_row)?, ours.label(&our_row)?);
        if texts.0 != texts.1 || truths.0 != truths.1 {
            let (line, other) = (our_row.line(), ours.place());
            let what = format!(
                "is another row than line {line} of {other}; score the same rows twice, or join them by --id"
            );
            return Err(theirs.error(&their_row, what));
        }
        if let Some(truth) = truths.0 {
            let champion = Some(judgement(&theirs, &their_row)?);
            let challenger = judgement(&ours, &our_row)?;
            each(&PairedRow { rows: &ours, row: &our_row, truth, champion, challenger })?;
        }
    }
}

/// A row of the champion's that waits for its twin.
struct UnmatchedRow {
    line: u64,
    text: u64,
    truth: Option<Label>,
    judgement: Option<Judgement>,
    met: bool,
}

/// Rows of two files with the same rows in any order, joined by the values of a column; the champion's are kept in memory,
/// without their texts.
fn by_id(
    champion: &Place,
    challenger: &Place,
    id: &str,
    options: &ReadOptions,
    each: &mut PairedVisitor,
) -> Result<()> {
    let (mut ours, mut theirs) = (Rows::open(challenger, options)?, Rows::open(champion, options)?);
    theirs.expect_text()?;
    ours.expect_text()?;
    let (mut row, mut waiting) = (Row::default(), HashMap::new());
    while theirs.read(&mut row)? {
        let name = name(&theirs, &row, id)?;
        let truth = theirs.label(&row)?;
        let judgement = truth.map(|_| judgement(&theirs, &row)).transpose()?;
        let text = xxh3_64(theirs.text(&row)?.as_bytes());
        let before = waiting
            .insert(name.to_owned(), UnmatchedRow { line: row.line(), text, truth, judgement, met: false });
        if let Some(before) = before {
            return Err(twice(&theirs, &row, name, before.line));
        }
    }
    let mut last = HashMap::new();
    while ours.read(&mut row)? {
        let name = name(&ours, &row, id)?;
        let Some(twin) = waiting.get_mut(name) else {
            let what = format!("id {} is not in {}; score the same rows twice", shown(name), theirs.place());
            return Err(ours.error(&row, what));
        };
        if twin.met {
            return Err(twice(&ours, &row, name, last.get(&twin.line).copied().unwrap_or_default()));
        }
        twin.met = true;
        last.insert(twin.line, row.line());
        let truth = ours.label(&row)?;
        let text = xxh3_64(ours.text(&row)?.as_bytes());
        for (differs, what) in [(truth != twin.truth, "label"), (text != twin.text, "text")] {
            if differs {
                let (name, line, other) = (shown(name), twin.line, theirs.place());
                let what = format!(
                    "id {name} has another {what} in line {line} of {other}; score the same rows twice"
                );
                return Err(ours.error(&row, what));
            }
        }
        if let (Some(truth), champion @ Some(_)) = (truth, twin.judgement) {
            let challenger = judgement(&ours, &row)?;
            each(&PairedRow { rows: &ours, row: &row, truth, champion, challenger })?;
        }
    }
    let left = waiting.iter().filter(|(_, twin)| !twin.met).min_by_key(|(_, twin)| twin.line);
    if let Some((name, twin)) = left {
        let (place, other) = (theirs.place(), ours.place());
        bail!("{place}: line {}: id {} is not in {other}; score the same rows twice", twin.line, shown(name));
    }
    Ok(())
}

fn name<'a>(rows: &Rows, row: &'a Row, column: &str) -> Result<&'a str> {
    let name = row.get(rows.column(column)?).trim();
    if name.is_empty() {
        return Err(rows.error(row, format!("{} is empty; every row must have its own", shown(column))));
    }
    Ok(name)
}

fn twice(rows: &Rows, row: &Row, name: &str, line: u64) -> anyhow::Error {
    rows.error(row, format!("id {} is that of line {line}, too; every row must have its own", shown(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn read(text: &'static str) -> Result<Vec<Judgement>> {
        let mut found = Vec::new();
        let place = Place::File("rows.csv".into());
        let mut rows = Rows::from_bytes(Box::new(Cursor::new(text)), &place, &ReadOptions::default())?;
        alone(&mut rows, &mut |judged| {
            found.push(judged.challenger);
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn scores_are_read_where_there_are_any_and_must_be_shares() {
        let scored = read("label,text,spam_score,verdict\nspam,a,0.9,spam\n,b,,\n").unwrap();
        assert_eq!(scored, [Judgement { verdict: Label::Positive, score: Some(0.9) }]);
        let plain = read("label,text,verdict\nham,a,spam\n").unwrap();
        assert_eq!(plain, [Judgement { verdict: Label::Positive, score: None }]);
        for (cell, why) in
            [("1.5", "is not between 0 and 1"), ("high", "is not a number"), ("NaN", "is not a number")]
        {
            let text = format!("label,text,spam_score,verdict\nspam,a,{cell},spam\n").leak();
            let said = read(text).unwrap_err().to_string();
            assert!(said.starts_with("rows.csv: line 2: ") && said.contains(why), "{said}");
        }
    }
}
