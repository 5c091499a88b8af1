//! Explains a score: computes the contribution of each term to the log-odds.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::model::model_file::Model;
use crate::model::row_score::{ColumnPlaces, ScoringBuffers};
use crate::rows::Row;

/// The parts of a score in log-odds: a start, and the contribution of each known term. With an isotonic calibration,
/// the parts are the learner's log-odds, because a step cannot be divided among terms.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation<'a> {
    /// The log-odds without any term, minus the margin if a window of the text gave the score.
    pub start: f64,
    /// Terms of the text or window with their contributions, by descending absolute value.
    pub terms: Vec<(&'a str, f64)>,
}

impl Explanation<'_> {
    /// The log-odds of the score.
    pub fn sum(&self) -> f64 {
        self.start + self.terms.iter().map(|(_, share)| share).sum::<f64>()
    }
}

impl Model {
    pub fn explain(&self, text: &str, buffers: &mut ScoringBuffers) -> Explanation<'_> {
        buffers.cells.clear();
        self.explanation(text, buffers)
    }

    pub fn explain_row(
        &self,
        row: &Row,
        columns: &ColumnPlaces,
        buffers: &mut ScoringBuffers,
    ) -> Explanation<'_> {
        let text = columns.load_row(row, buffers);
        self.explanation(text, buffers)
    }

    /// The terms with the largest contributions to the score of a row, as one line: `free +1.32, (length 7) -0.40`.
    /// Contributions below 0.005 are left out.
    pub fn reasons(
        &self,
        row: &Row,
        columns: &ColumnPlaces,
        buffers: &mut ScoringBuffers,
        most: usize,
    ) -> String {
        let explanation = self.explain_row(row, columns, buffers);
        let spelled = |&(term, share): &(&str, f64)| (self.features.analyzer.spelled(term), share);
        line(explanation.terms.iter().map(spelled), most)
    }

    /// The terms that explain why this model scores a row differently from another model, as one line in the format of
    /// [`reasons`](Self::reasons).
    ///
    /// Each number is this model's contribution minus the other model's. Only terms that move the score towards this
    /// model's score are listed. `(start)` is the difference without any term. Terms for which `hides` is true are left
    /// out.
    pub fn differs(
        &self,
        columns: &ColumnPlaces,
        (other, other_columns): (&Model, &ColumnPlaces),
        row: &Row,
        buffers: &mut ScoringBuffers,
        most: usize,
        hides: &dyn Fn(&str) -> bool,
    ) -> String {
        let other_parts = other.explain_row(row, other_columns, buffers);
        let parts = self.explain_row(row, columns, buffers);
        let mut differences: BTreeMap<&str, f64> = parts.terms.iter().copied().collect();
        for (term, share) in &other_parts.terms {
            *differences.entry(term).or_default() -= share;
        }
        let up = if parts.sum() < other_parts.sum() { -1.0 } else { 1.0 };
        let spelled = |(term, share): (&str, f64)| (self.features.analyzer.spelled(term), share);
        let mut differences: Vec<(String, f64)> = differences.into_iter().map(spelled).collect();
        differences.push(("(start)".into(), parts.start - other_parts.start));
        differences.retain(|(term, share)| up * share > 0.0 && !hides(term));
        differences.sort_by(|one, other| other.1.abs().total_cmp(&one.1.abs()).then(one.0.cmp(&other.0)));
        line(differences.into_iter(), most)
    }

    fn explanation(&self, text: &str, buffers: &mut ScoringBuffers) -> Explanation<'_> {
        let text = self.read_as(text);
        let part = self.best_part(&text, buffers);
        self.sum(part.text, buffers);
        let (slope, shift) = self.calibration.line();
        let index = self.index();
        let value =
            |&(place, count): &(u32, u32)| self.weighting.weight(count, index.table[place as usize].0);
        let length = self.weighting.length(buffers.counts.iter().map(value));
        let share = |counted: &(u32, u32)| {
            let place = counted.0 as usize;
            (
                self.terms.term(index.order[place] as usize),
                slope * value(counted) * index.table[place].1 / length,
            )
        };
        let mut terms: Vec<(&str, f64)> = buffers.counts.iter().map(share).collect();
        terms.sort_unstable_by(|one, other| other.1.abs().total_cmp(&one.1.abs()).then(one.0.cmp(other.0)));
        Explanation { start: slope * (self.bias - part.margin) + shift, terms }
    }
}

/// Up to `most` terms that change a score by 0.005 or more, as one line.
fn line(terms: impl Iterator<Item = (String, f64)>, most: usize) -> String {
    let mut line = String::new();
    for (term, share) in terms.filter(|(_, share)| share.abs() >= 0.005).take(most) {
        let gap = if line.is_empty() { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(line, "{gap}{term} {share:+.2}");
    }
    line
}
