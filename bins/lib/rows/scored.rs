//! Reads scores and verdicts from columns: those that `score` adds, or those of another system.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use anyhow::{Result, bail, ensure};
use xxhash_rust::xxh3::xxh3_64;

use crate::io::diagnostics::shown;
use crate::io::stream::Place;
use crate::rows::label::Label;
use crate::rows::{ReadOptions, Row, Rows, ScoredColumns};

/// The columns that `score` adds.
pub const SCORE: &str = "spam_score";
pub const VERDICT: &str = "verdict";

impl Rows {
    /// The columns of another system that this file is read with; none for the output of `score`.
    fn foreign(&self) -> Option<&ScoredColumns> {
        let named = &self.options.scored;
        let is_own = named.own_first && self.header().find(SCORE).is_some();
        (named.are_named() && !is_own).then_some(named)
    }

    fn score_column(&self) -> &str {
        self.foreign().and_then(|named| named.score.as_deref()).unwrap_or(SCORE)
    }

    /// Whether the rows have the scores of another system, in columns that were named.
    pub fn has_named_scores(&self) -> bool {
        self.foreign().is_some()
    }

    /// Whether the rows have scores.
    pub fn has_scores(&self) -> bool {
        let is_named = self.foreign().is_some_and(|named| named.score.is_some());
        is_named || self.header().find(SCORE).is_some()
    }

    /// Whether the rows have verdicts, or scores of another system that give the verdicts.
    pub fn has_verdicts(&self) -> bool {
        self.foreign().is_some() || self.header().find(VERDICT).is_some()
    }

    /// The score of a scored row, from 0 to 1. Without a score column, 1 for a positive verdict and 0 for a negative one.
    pub fn score(&self, row: &Row) -> Result<f64> {
        if self.foreign().is_some() && !self.has_scores() {
            return Ok(if self.verdict(row)? == Label::Positive { 1.0 } else { 0.0 });
        }
        let column = self.score_column();
        let score = self.number(row, column)?;
        if (0.0..=1.0).contains(&score) {
            return Ok(score);
        }
        Err(self.error(row, format!("{column} {score} is not between 0 and 1; score the rows again")))
    }

    /// The verdict of a scored row.
    pub fn verdict(&self, row: &Row) -> Result<Label> {
        let Some(column) = self.verdict_column()? else {
            let threshold = self.options.scored.threshold();
            let is_positive = self.score(row)? >= threshold.value();
            return Ok(if is_positive { Label::Positive } else { Label::Negative });
        };
        match self.label_in(row, column)? {
            Some(verdict) => Ok(verdict),
            None => bail!(self.error(row, "the verdict is empty; score the row first")),
        }
    }

    /// The column with the verdicts; none if the scores give the verdicts.
    fn verdict_column(&self) -> Result<Option<usize>> {
        let Some(named) = self.foreign() else { return self.column(VERDICT).map(Some) };
        match (&named.verdict, named.threshold) {
            (Some(name), _) => self.column(name).map(Some),
            (None, Some(_)) => Ok(None),
            (None, None) => Ok(self.header().find(VERDICT)),
        }
    }

    /// Whether a row of this file has a score. Fails if the file has no score column.
    fn is_scored(&self, row: &Row) -> Result<bool> {
        let name = match self.foreign() {
            Some(ScoredColumns { score: None, verdict: Some(verdict), .. }) => verdict,
            _ => self.score_column(),
        };
        Ok(!row.get(self.column(name)?).trim().is_empty())
    }
}

/// The scores and verdicts of scored files, by the text or the id of their rows.
pub struct KnownScores {
    place: Place,
    /// Column with the ids; none to join rows by their text.
    id: Option<String>,
    scores: HashMap<u64, KnownScore>,
    /// Number of rows with the key of an earlier row in the same file, but another score or verdict.
    contradictory: u64,
}

#[derive(Clone, Copy, PartialEq)]
struct KnownScore {
    score: f64,
    verdict: Label,
}

impl KnownScores {
    /// Reads scored files. The first score of a key counts. Only the first file must have the named columns; a later
    /// file may also be an output of `score`, and rows without a score are skipped.
    pub fn read(places: &[Place], id: Option<&str>, options: &ReadOptions) -> Result<Self> {
        let Some((first, later)) = places.split_first() else { bail!("no scored file; set --scores") };
        let (place, id) = (first.clone(), id.map(str::to_owned));
        let mut known = Self { place, id, scores: HashMap::new(), contradictory: 0 };
        known.add(&mut Rows::open(first, options)?, true)?;
        let mut options = options.clone();
        options.scored.own_first = true;
        later.iter().try_for_each(|place| known.add(&mut Rows::open(place, &options)?, false))?;
        Ok(known)
    }

    fn add(&mut self, rows: &mut Rows, is_first: bool) -> Result<()> {
        let mut row = Row::default();
        while rows.read(&mut row)? {
            let is_scored = rows.is_scored(&row);
            if !(if is_first { is_scored? } else { is_scored.unwrap_or(false) }) {
                continue;
            }
            let Some(key) = self.key(rows, &row)? else { continue };
            let known = KnownScore { score: rows.score(&row)?, verdict: rows.verdict(&row)? };
            match self.scores.entry(key) {
                Entry::Vacant(entry) => {
                    entry.insert(known);
                }
                Entry::Occupied(entry) if is_first && *entry.get() != known => self.contradictory += 1,
                Entry::Occupied(_) => {}
            }
        }
        Ok(())
    }

    /// The score and the verdict of a row of another file; none if no scored file has the row.
    pub fn of(&self, rows: &Rows, row: &Row) -> Result<Option<(f64, Label)>> {
        let known = self.key(rows, row)?.and_then(|key| self.scores.get(&key));
        Ok(known.map(|known| (known.score, known.verdict)))
    }

    /// The warnings after `unknown` of `rows` rows had no score. Fails if no row had one.
    pub fn warnings(&self, unknown: u64, rows: &Rows) -> Result<Vec<String>> {
        let (Self { place, contradictory, .. }, key) = (self, self.key_name());
        let (all, input) = (rows.seen(), rows.place());
        let advice = if self.id.is_some() { "" } else { ", or join rows with --id" };
        ensure!(
            unknown == 0 || unknown < all,
            "{place}: has the {key} of none of the {all} rows of {input}; score these rows first{advice}"
        );
        let mut warnings = Vec::new();
        if unknown > 0 {
            warnings.push(format!("{unknown} of {all} rows left out: {place} has no score for their {key}"));
        }
        if *contradictory > 0 {
            let what = format!("other scores for the {key} of an earlier row: {contradictory}");
            let advice = if self.id.is_some() { "make the ids unique" } else { "join rows with --id" };
            warnings.push(format!("{place}: {what}; the first one counts; {advice}"));
        }
        Ok(warnings)
    }

    /// The hash that joins rows; none for an empty id.
    fn key(&self, rows: &Rows, row: &Row) -> Result<Option<u64>> {
        let key = match &self.id {
            Some(id) => row.get(rows.column(id)?).trim(),
            None => rows.text(row)?,
        };
        Ok((self.id.is_none() || !key.is_empty()).then(|| xxh3_64(key.as_bytes())))
    }

    fn key_name(&self) -> String {
        self.id.as_deref().map_or_else(|| "text".to_owned(), shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn read(text: &'static str, scored: ScoredColumns) -> Result<Vec<(f64, Label)>> {
        let options = ReadOptions { scored, ..ReadOptions::default() };
        let place = Place::File("rows.csv".into());
        let mut rows = Rows::from_bytes(Box::new(Cursor::new(text)), &place, &options)?;
        let (mut row, mut found) = (Row::default(), Vec::new());
        while rows.read(&mut row)? {
            found.push((rows.score(&row)?, rows.verdict(&row)?));
        }
        Ok(found)
    }

    fn named(score: Option<&str>, verdict: Option<&str>, threshold: Option<&str>) -> ScoredColumns {
        ScoredColumns {
            score: score.map(str::to_owned),
            verdict: verdict.map(str::to_owned),
            threshold: threshold.map(|text| text.parse().unwrap()),
            own_first: false,
        }
    }

    #[test]
    fn reads_the_columns_of_another_system() {
        use Label::{Negative, Positive};
        let own = "text,spam_score,verdict\na,0.4,spam\n";
        let other = "text,p,is_spam\na,0.4,1\n";
        let both = "text,p,spam_score,verdict\na,0.4,0.8,spam\n";
        let with_own_first = |columns| ScoredColumns { own_first: true, ..columns };
        for (text, columns, found) in [
            (own, named(None, None, None), (0.4, Positive)),
            (own, with_own_first(named(Some("p"), Some("is_spam"), Some("0.9"))), (0.4, Positive)),
            (other, named(Some("p"), Some("is_spam"), None), (0.4, Positive)),
            (other, with_own_first(named(Some("p"), Some("is_spam"), None)), (0.4, Positive)),
            (other, named(Some("p"), None, None), (0.4, Negative)),
            (other, named(Some("p"), None, Some("0.4")), (0.4, Positive)),
            (other, named(None, Some("is_spam"), None), (1.0, Positive)),
            (both, named(Some("p"), None, None), (0.4, Positive)),
            (both, named(Some("p"), None, Some("0.5")), (0.4, Negative)),
            (both, with_own_first(named(Some("p"), None, Some("0.9"))), (0.8, Positive)),
        ] {
            assert_eq!(read(text, columns.clone()).unwrap(), [found], "{text} {columns:?}");
        }
        for (columns, why) in [
            (named(None, None, None), "no column 'spam_score' among"),
            (named(Some("q"), None, None), "no column 'q'"),
            (named(None, Some("q"), None), "no column 'q'"),
        ] {
            let error = format!("{:#}", read(other, columns).unwrap_err());
            assert!(error.contains(why), "{error}");
        }
    }
}
