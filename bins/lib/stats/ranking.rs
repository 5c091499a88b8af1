//! Ranks scored rows at every threshold: ROC AUC, average precision, and the points of both curves.

use std::cmp::Reverse;

use crate::rows::label::Label;

/// The score (0 to 1) and the label of a row, in eight bytes. The sign bit holds the label, because scores have no
/// sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScoredLabel(u64);

const SIGN: u64 = 1 << 63;

impl ScoredLabel {
    pub fn new(score: f64, label: Label) -> Self {
        let bits = score.to_bits() & !SIGN;
        Self(if label == Label::Positive { bits | SIGN } else { bits })
    }

    pub fn score(self) -> f64 {
        f64::from_bits(self.0 & !SIGN)
    }

    pub fn is_positive(self) -> bool {
        self.0 & SIGN != 0
    }
}

/// Labelled rows by descending score.
#[derive(Clone, Copy, Debug)]
pub struct Ranking<'a> {
    scored: &'a [ScoredLabel],
    positives: u64,
    negatives: u64,
}

/// Rows with the same score, and the totals if this score is the threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Tie {
    score: f64,
    positives: u64,
    negatives: u64,
    true_positives: u64,
    false_positives: u64,
}

/// The rates at a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThresholdPoint {
    /// Lowest score with a positive verdict.
    pub threshold: f64,
    /// Share of negatives with a positive verdict; `None` if there are no negatives.
    pub false_positive_rate: Option<f64>,
    /// Share of positives with a positive verdict (recall); `None` if there are no positives.
    pub true_positive_rate: Option<f64>,
    /// Share of positives among rows with a positive verdict.
    pub precision: f64,
}

impl<'a> Ranking<'a> {
    /// Sorts the rows in place. Equal scores form one threshold, so the original order does not matter.
    pub fn of(scored: &'a mut [ScoredLabel]) -> Self {
        // The bits of floats without a sign sort as the floats do.
        scored.sort_unstable_by_key(|row| Reverse(row.0.rotate_left(1)));
        let positives = scored.iter().filter(|row| row.is_positive()).count() as u64;
        Self { negatives: scored.len() as u64 - positives, positives, scored }
    }

    /// The rows by descending score.
    pub fn rows(&self) -> &'a [ScoredLabel] {
        self.scored
    }

    pub fn positives(&self) -> u64 {
        self.positives
    }

    /// Area under the ROC curve: the probability that a positive row scores higher than a negative row (Hanley and
    /// McNeil 1982). A tie counts half. `None` if a class has no rows.
    pub fn roc_auc(&self) -> Option<f64> {
        let pairs = self.positives as f64 * self.negatives as f64;
        // Twice the number of pairs in the right order, as an integer.
        let ahead = self.ties().map(|tie| u128::from(tie.positives) * u128::from(self.behind(tie)));
        (pairs > 0.0).then(|| ahead.sum::<u128>() as f64 / (2.0 * pairs))
    }

    /// Variance of the area under the ROC curve (DeLong, DeLong and Clarke-Pearson 1988): the sum of two variances,
    /// each divided by its number of rows. The first is the variance of the share of negatives below a positive row.
    /// The second is the variance of the share of positives above a negative row. Ties share the middle rank, as in
    /// the O(n log n) form of Sun and Xu (2014). `None` if a class has fewer than two rows.
    pub fn auc_variance(&self) -> Option<f64> {
        let auc = self.roc_auc().filter(|_| self.positives > 1 && self.negatives > 1)?;
        let (positives, negatives) = (self.positives as f64, self.negatives as f64);
        let (mut below, mut above) = (0.0, 0.0);
        for tie in self.ties() {
            let ahead = (2 * tie.true_positives - tie.positives) as f64;
            below += tie.positives as f64 * (self.behind(tie) as f64 / (2.0 * negatives) - auc).powi(2);
            above += tie.negatives as f64 * (ahead / (2.0 * positives) - auc).powi(2);
        }
        Some(below / (positives * (positives - 1.0)) + above / (negatives * (negatives - 1.0)))
    }

    /// Average precision: the area under the steps of the precision-recall curve. Davis and Goadrich (2006) explain
    /// why the points of the curve are not joined by straight lines. `None` if there are no positives.
    pub fn average_precision(&self) -> Option<f64> {
        let gained = |tie: Tie| tie.positives as f64 * tie.precision();
        (self.positives > 0).then(|| self.ties().map(gained).sum::<f64>() / self.positives as f64)
    }

    /// The largest number of positives that a threshold finds with a false positive rate of at most `most`; 0 if every
    /// observed threshold exceeds the rate. `None` if a class has no rows.
    pub fn found_at(&self, most: f64) -> Option<u64> {
        if self.positives == 0 || self.negatives == 0 {
            return None;
        }
        let allowed = |tie: &Tie| tie.false_positives as f64 / self.negatives as f64 <= most;
        Some(self.ties().take_while(allowed).last().map_or(0, |tie| tie.true_positives))
    }

    /// The points of the ROC and precision-recall curves, one for each distinct score. Points on a straight line of the
    /// ROC are kept: the precision-recall curve is not straight there, and average precision sums all its steps.
    pub fn points(&self) -> impl Iterator<Item = ThresholdPoint> {
        self.ties().map(|tie| self.point(tie))
    }

    fn point(&self, tie: Tie) -> ThresholdPoint {
        let rate = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        ThresholdPoint {
            threshold: tie.score,
            false_positive_rate: rate(tie.false_positives, self.negatives),
            true_positive_rate: rate(tie.true_positives, self.positives),
            precision: tie.precision(),
        }
    }

    /// Twice the number of negatives below this score. Ties count half.
    fn behind(&self, tie: Tie) -> u64 {
        2 * (self.negatives - tie.false_positives) + tie.negatives
    }

    fn ties(&self) -> impl Iterator<Item = Tie> {
        let alike = self.scored.chunk_by(|one, other| one.0 & !SIGN == other.0 & !SIGN);
        alike.scan(Tie::default(), |last, rows| {
            let positives = rows.iter().filter(|row| row.is_positive()).count() as u64;
            let negatives = rows.len() as u64 - positives;
            *last = Tie {
                score: rows.first()?.score(),
                positives,
                negatives,
                true_positives: last.true_positives + positives,
                false_positives: last.false_positives + negatives,
            };
            Some(*last)
        })
    }
}

impl Tie {
    /// Share of positives at this score or above.
    fn precision(self) -> f64 {
        self.true_positives as f64 / (self.true_positives + self.false_positives) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_score_and_the_label() {
        for score in [0.0, f64::MIN_POSITIVE, 0.1, 1.0 - f64::EPSILON, 1.0] {
            for label in [Label::Positive, Label::Negative] {
                let scored = ScoredLabel::new(score, label);
                assert_eq!((scored.score(), scored.is_positive()), (score, label == Label::Positive));
            }
        }
        assert!(!ScoredLabel::new(-0.0, Label::Negative).is_positive());
        assert_eq!(size_of::<ScoredLabel>(), 8);
    }

    #[test]
    fn the_order_of_rows_does_not_matter() {
        let rows = [(0.5, true), (0.5, false), (0.25, true), (0.5, true), (0.0, false)];
        let scored = |(score, positive): &(f64, bool)| {
            ScoredLabel::new(*score, if *positive { Label::Positive } else { Label::Negative })
        };
        let mut forwards: Vec<ScoredLabel> = rows.iter().map(scored).collect();
        let mut backwards: Vec<ScoredLabel> = rows.iter().rev().map(scored).collect();
        assert_eq!(Ranking::of(&mut forwards).rows(), Ranking::of(&mut backwards).rows());
        let (one, other) = (Ranking::of(&mut forwards), Ranking::of(&mut backwards));
        assert_eq!(one.points().collect::<Vec<_>>(), other.points().collect::<Vec<_>>());
    }
}
