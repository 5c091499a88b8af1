//! Counts labelled rows while they are read: by label, date and slice, or in a sequential test.

use anyhow::{Result, ensure};

use crate::compare::evidence::{CompareEvidence, RowCounts};
use crate::compare::recent::{DatedRows, NewestRows};
use crate::compare::sequential::SequentialTest;
use crate::compare::slices::Slices;
use crate::model::paired_rows::PairedRow;
use crate::rows::label::Label;
use crate::stats::confusion::Confusion;
use crate::stats::paired::PairedConfusion;
use crate::stats::ranking::ScoredLabel;

/// Columns that always define slices if the rows have them.
const LANGUAGE_COLUMNS: [&str; 2] = ["lang", "language"];

/// The counts of one kind of comparison.
#[derive(Clone, Debug)]
pub enum TallyCounts {
    /// The challenger without a champion.
    Alone(Confusion),
    /// Both models, on a fixed set of rows.
    Paired { counts: PairedConfusion, dated: DatedRows, slices: Slices },
    /// Both models, on labels that arrive over time.
    Sequential {
        test: SequentialTest,
        /// Number of rows that are new to the state.
        new: u64,
    },
}

impl TallyCounts {
    /// Empty counts: for a sequential test if given, else for one or two models.
    pub fn new(has_champion: bool, sequential: Option<SequentialTest>) -> Self {
        match sequential {
            Some(test) => Self::Sequential { test, new: 0 },
            None if has_champion => Self::Paired {
                counts: PairedConfusion::default(),
                dated: DatedRows::default(),
                slices: Slices::default(),
            },
            None => Self::Alone(Confusion::default()),
        }
    }
}

#[derive(Clone, Debug)]
pub struct CompareTally<'a> {
    /// Column that identifies a row in a sequential test. Defaults to the text.
    id: Option<&'a str>,
    slice_columns: &'a [String],
    counts: TallyCounts,
    champion_scores: Vec<ScoredLabel>,
    challenger_scores: Vec<ScoredLabel>,
}

impl<'a> CompareTally<'a> {
    pub fn new(counts: TallyCounts, id: Option<&'a str>, slice_columns: &'a [String]) -> Self {
        Self { id, slice_columns, counts, champion_scores: Vec::new(), challenger_scores: Vec::new() }
    }

    pub fn add(&mut self, judged: &PairedRow) -> Result<()> {
        let PairedRow { rows, row, truth, champion, challenger } = *judged;
        let scored = |score: Option<f64>| score.map(|score| ScoredLabel::new(score, truth));
        self.challenger_scores.extend(scored(challenger.score));
        self.champion_scores.extend(champion.and_then(|champion| scored(champion.score)));
        let verdicts = champion.map(|champion| [truth, champion.verdict, challenger.verdict]);
        match (&mut self.counts, verdicts) {
            (TallyCounts::Alone(confusion), _) => confusion.add(truth, challenger.verdict),
            (TallyCounts::Sequential { test, new }, Some([truth, champion, challenger])) => {
                *new += u64::from(test.add(judged.number(self.id)?, truth, champion, challenger));
            }
            (TallyCounts::Paired { counts, dated, slices }, Some(labels)) => {
                let [truth, champion, challenger] = labels;
                counts.add(truth, champion, challenger);
                dated.add(rows.date(row), truth, champion, challenger);
                slice(slices, judged, labels, self.slice_columns)?;
            }
            (TallyCounts::Sequential { .. } | TallyCounts::Paired { .. }, None) => {}
        }
        Ok(())
    }

    /// The evidence of these rows, and the state of the sequential test. Fails if `newest` is given but no row has a date.
    pub fn finish(self, newest: Option<NewestRows>) -> Result<(CompareEvidence, Option<SequentialTest>)> {
        let Self { counts, champion_scores, challenger_scores, .. } = self;
        let scored =
            |rows| CompareEvidence { champion_scores, challenger_scores, ..CompareEvidence::of(rows) };
        Ok(match counts {
            TallyCounts::Alone(confusion) => (scored(RowCounts::Alone(confusion)), None),
            TallyCounts::Paired { counts, dated, slices } => {
                ensure!(
                    newest.is_none() || counts.rows() == 0 || !dated.is_empty(),
                    "no row has a date for --recent; name the column with --date-column"
                );
                let rows = scored(RowCounts::Paired(counts));
                (CompareEvidence { recent: dated.newest(newest), slices, ..rows }, None)
            }
            TallyCounts::Sequential { test, new } => {
                let rows = scored(RowCounts::Paired(test.counters));
                (CompareEvidence { sequential: Some(test.evidence(new)), ..rows }, Some(test))
            }
        })
    }
}

/// Counts a row in its slices: by text, by language, and by the given columns.
fn slice(slices: &mut Slices, judged: &PairedRow, labels: [Label; 3], columns: &[String]) -> Result<()> {
    let PairedRow { rows, row, .. } = *judged;
    let [truth, champion, challenger] = labels;
    slices.add_text(rows.text(row).unwrap_or_default(), truth, champion, challenger);
    for name in LANGUAGE_COLUMNS.into_iter().filter(|name| !columns.iter().any(|column| column == name)) {
        if let Some(column) = rows.header().find(name) {
            slices.add(name, row.get(column), truth, champion, challenger);
        }
    }
    for name in columns {
        slices.add(name, row.get(rows.column(name)?), truth, champion, challenger);
    }
    Ok(())
}
