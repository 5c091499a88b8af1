//! Counts labelled rows while they are read: by label, date and slice, or in a sequential test. Copies count once.

use anyhow::{Result, ensure};

use crate::compare::evidence::{CompareEvidence, JudgedRows, RowCounts};
use crate::compare::recent::{DatedRows, NewestRows};
use crate::compare::sequential::{SequentialCheck, SequentialTest};
use crate::compare::slices::Slices;
use crate::model::paired_rows::PairedRow;
use crate::rows::label::Label;
use crate::rows::message_groups::{GroupedRow, MessageGroups};
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
    Sequential { test: Box<SequentialTest>, check: SequentialCheck },
}

impl TallyCounts {
    /// Empty counts: for a sequential test if given, else for one or two models.
    pub fn new(has_champion: bool, sequential: Option<SequentialTest>) -> Self {
        match sequential {
            Some(test) => Self::Sequential { test: Box::new(test), check: SequentialCheck::default() },
            None if has_champion => Self::Paired {
                counts: PairedConfusion::default(),
                dated: DatedRows::default(),
                slices: Slices::default(),
            },
            None => Self::Alone(Confusion::default()),
        }
    }
}

/// Counts the first row of each message, and its copies separately.
pub struct CompareTally<'a> {
    /// Column that identifies a row in a sequential test. Defaults to the text.
    id: Option<&'a str>,
    slice_columns: &'a [String],
    groups: MessageGroups,
    counts: TallyCounts,
    /// Scores of the first row of each message.
    first_scores: ScorePairs,
    copies: CopyCounts,
}

/// The scores of both models, in the order of the rows.
#[derive(Clone, Debug, Default)]
struct ScorePairs {
    champion: Vec<ScoredLabel>,
    challenger: Vec<ScoredLabel>,
}

impl ScorePairs {
    fn add(&mut self, judged: &PairedRow) {
        let scored = |score: Option<f64>| score.map(|score| ScoredLabel::new(score, judged.truth));
        self.challenger.extend(scored(judged.challenger.score));
        self.champion.extend(judged.champion.and_then(|champion| scored(champion.score)));
    }

    fn with(&self, other: Self) -> Self {
        let both = |one: &[ScoredLabel], other: Vec<ScoredLabel>| [one, &other].concat();
        Self {
            champion: both(&self.champion, other.champion),
            challenger: both(&self.challenger, other.challenger),
        }
    }

    fn judged(self, counts: RowCounts) -> JudgedRows {
        JudgedRows { counts, champion_scores: self.champion, challenger_scores: self.challenger }
    }
}

/// Rows that are copies of an earlier row.
#[derive(Clone, Debug, Default)]
struct CopyCounts {
    alone: Confusion,
    paired: PairedConfusion,
    scores: ScorePairs,
}

impl CopyCounts {
    fn add(&mut self, judged: &PairedRow) {
        self.scores.add(judged);
        self.alone.add(judged.truth, judged.challenger.verdict);
        if let Some(champion) = judged.champion {
            self.paired.add(judged.truth, champion.verdict, judged.challenger.verdict);
        }
    }

    /// All rows: the first rows and the copies. None if there are no copies.
    fn with(self, first: RowCounts, first_scores: &ScorePairs) -> Option<JudgedRows> {
        let counts = match first {
            RowCounts::Alone(first) => RowCounts::Alone(first + self.alone),
            RowCounts::Paired(mut counts) => {
                counts.merge(&self.paired);
                RowCounts::Paired(counts)
            }
        };
        (self.alone.total() > 0).then(|| first_scores.with(self.scores).judged(counts))
    }
}

impl<'a> CompareTally<'a> {
    pub fn new(counts: TallyCounts, id: Option<&'a str>, slice_columns: &'a [String]) -> Self {
        let (groups, first_scores, copies) = Default::default();
        Self { id, slice_columns, groups, counts, first_scores, copies }
    }

    pub fn add(&mut self, judged: &PairedRow) -> Result<()> {
        let PairedRow { rows, row, truth, champion, challenger } = *judged;
        // JSON rows need no text if the models read none.
        let text = rows.text(row).ok();
        let GroupedRow { message, is_first } = self.groups.add(text, truth);
        if is_first {
            self.first_scores.add(judged);
        } else {
            self.copies.add(judged);
        }
        let verdicts = champion.map(|champion| [truth, champion.verdict, challenger.verdict]);
        match (&mut self.counts, verdicts) {
            (TallyCounts::Alone(confusion), _) if is_first => confusion.add(truth, challenger.verdict),
            (TallyCounts::Sequential { test, check }, Some(labels)) => {
                test.add_once(check, judged.number(self.id)?, (message, text), labels);
            }
            (TallyCounts::Paired { counts, dated, slices }, Some(labels)) => {
                let [truth, champion, challenger] = labels;
                if is_first {
                    counts.add(truth, champion, challenger);
                }
                dated.add(message, rows.date(row), truth, champion, challenger);
                slice(slices, judged, message, labels, self.slice_columns)?;
            }
            (TallyCounts::Alone(_) | TallyCounts::Sequential { .. } | TallyCounts::Paired { .. }, _) => {}
        }
        Ok(())
    }

    /// The groups of copies.
    pub fn groups(&self) -> &MessageGroups {
        &self.groups
    }

    /// The evidence of these rows, and the state of the sequential test. Fails if `newest` is given but no row has a date.
    pub fn finish(self, newest: Option<NewestRows>) -> Result<(CompareEvidence, Option<SequentialTest>)> {
        let Self { counts, first_scores, copies, .. } = self;
        let evidence = |first: RowCounts| CompareEvidence {
            traffic: copies.with(first, &first_scores),
            messages: first_scores.judged(first),
            ..CompareEvidence::of(first)
        };
        Ok(match counts {
            TallyCounts::Alone(confusion) => (evidence(RowCounts::Alone(confusion)), None),
            TallyCounts::Paired { counts, dated, slices } => {
                ensure!(
                    newest.is_none() || counts.rows() == 0 || !dated.is_empty(),
                    "no row has a date for --recent; name the column with --date-column"
                );
                let rows = evidence(RowCounts::Paired(counts));
                (CompareEvidence { recent: dated.newest(newest), slices, ..rows }, None)
            }
            TallyCounts::Sequential { test, check } => {
                let rows = evidence(RowCounts::Paired(test.counters));
                let sequential = Some(test.evidence(&check));
                // The state has the counts of all checks, so this check's copies cannot be added to them.
                (CompareEvidence { sequential, traffic: None, ..rows }, Some(*test))
            }
        })
    }
}

/// Counts a row of a message in its slices: by text, by language, and by the given columns.
fn slice(
    slices: &mut Slices,
    judged: &PairedRow,
    message: u32,
    labels: [Label; 3],
    columns: &[String],
) -> Result<()> {
    let PairedRow { rows, row, .. } = *judged;
    slices.add_text(message, rows.text(row).unwrap_or_default(), labels);
    for name in LANGUAGE_COLUMNS.into_iter().filter(|name| !columns.iter().any(|column| column == name)) {
        if let Some(column) = rows.header().find(name) {
            slices.add_once(message, name, row.get(column), labels);
        }
    }
    for name in columns {
        slices.add_once(message, name, row.get(rows.column(name)?), labels);
    }
    Ok(())
}
