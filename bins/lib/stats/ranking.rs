//! Scores and labels at every threshold: ROC AUC, average precision, and the points of both curves.

use std::cmp::Reverse;

use crate::rows::label::Label;

/// A score from 0 to 1 and the label of its row, in eight bytes: no such score has a sign, so the label takes its bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScoredLabel(u64);

const SIGN: u64 = 1 << 63;

impl ScoredLabel {
    /// A score of a labelled row.
    pub fn new(score: f64, label: Label) -> Self {
        let bits = score.to_bits() & !SIGN;
        Self(if label == Label::Positive { bits | SIGN } else { bits })
    }

    /// The score.
    pub fn score(self) -> f64 {
        f64::from_bits(self.0 & !SIGN)
    }

    /// Whether the row is positive.
    pub fn is_positive(self) -> bool {
        self.0 & SIGN != 0
    }
}

/// Labelled rows from the highest score down.
#[derive(Clone, Copy, Debug)]
pub struct Ranking<'a> {
    scored: &'a [ScoredLabel],
    positives: u64,
    negatives: u64,
}

/// Rows of one score, and all that are found where it is the threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Tie {
    score: f64,
    positives: u64,
    negatives: u64,
    true_positives: u64,
    false_positives: u64,
}

/// What a threshold finds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThresholdPoint {
    /// The least score that is taken for positive.
    pub threshold: f64,
    /// The share of negatives taken for positive; none where there are no negatives.
    pub false_positive_rate: Option<f64>,
    /// The share of positives found, which is recall; none where there are no positives.
    pub true_positive_rate: Option<f64>,
    /// The share of positives among the rows taken for it.
    pub precision: f64,
}

impl<'a> Ranking<'a> {
    /// Ranks rows, in place: equal scores are one threshold, so that the order they came in is of no consequence.
    pub fn of(scored: &'a mut [ScoredLabel]) -> Self {
        // Bits of numbers without a sign are in the order of the numbers.
        scored.sort_unstable_by_key(|row| Reverse(row.0.rotate_left(1)));
        let positives = scored.iter().filter(|row| row.is_positive()).count() as u64;
        Self { negatives: scored.len() as u64 - positives, positives, scored }
    }

    /// The rows, from the highest score down.
    pub fn rows(&self) -> &'a [ScoredLabel] {
        self.scored
    }

    /// The positive rows.
    pub fn positives(&self) -> u64 {
        self.positives
    }

    /// The area under the ROC curve: the chance that a positive row scores higher than a negative one, a tie being half
    /// of that (Hanley and McNeil 1982); none where a class has no rows.
    pub fn roc_auc(&self) -> Option<f64> {
        let pairs = self.positives as f64 * self.negatives as f64;
        // Twice the pairs in the right order, as whole numbers.
        let ahead = self.ties().map(|tie| u128::from(tie.positives) * u128::from(self.behind(tie)));
        (pairs > 0.0).then(|| ahead.sum::<u128>() as f64 / (2.0 * pairs))
    }

    /// The variance of the area (DeLong, DeLong and Clarke-Pearson 1988): that of the share of negatives below a positive
    /// row and that of the share of positives above a negative one, each over its number of rows. A tie has one rank, the
    /// middle one, as in the O(n log n) form of Sun and Xu (2014). None where a class has fewer than two rows.
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

    /// Average precision, the area under the steps of the precision-recall curve (Davis and Goadrich 2006 on why no
    /// straight lines are drawn through it); none where there are no positives.
    pub fn average_precision(&self) -> Option<f64> {
        let gained = |tie: Tie| tie.positives as f64 * tie.precision();
        (self.positives > 0).then(|| self.ties().map(gained).sum::<f64>() / self.positives as f64)
    }

    /// The most positives that a threshold finds with no more than this rate of false positives; none where a class has no
    /// rows. A threshold that nothing reaches finds none, and no false ones.
    pub fn found_at(&self, most: f64) -> Option<u64> {
        if self.positives == 0 || self.negatives == 0 {
            return None;
        }
        let allowed = |tie: &Tie| tie.false_positives as f64 / self.negatives as f64 <= most;
        Some(self.ties().take_while(allowed).last().map_or(0, |tie| tie.true_positives))
    }

    /// The points of the ROC curve and of the precision-recall curve, one for each distinct score, less those where the step
    /// before and the step after are alike, which lie on a straight line: scikit-learn's `drop_intermediate`.
    pub fn corners(&self) -> impl Iterator<Item = ThresholdPoint> {
        let mut ties = self.ties().peekable();
        let mut first = true;
        std::iter::from_fn(move || {
            loop {
                let tie = ties.next()?;
                let alike = |next: &Tie| (next.positives, next.negatives) == (tie.positives, tie.negatives);
                if std::mem::take(&mut first) || !ties.peek().is_some_and(alike) {
                    return Some(self.point(tie));
                }
            }
        })
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

    /// Twice the negatives behind a score, those that tie with it being half behind.
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
    /// The share of positives from this score up.
    fn precision(self) -> f64 {
        self.true_positives as f64 / (self.true_positives + self.false_positives) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_and_its_label_come_back() {
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
    fn the_order_rows_came_in_is_of_no_consequence() {
        let rows = [(0.5, true), (0.5, false), (0.25, true), (0.5, true), (0.0, false)];
        let scored = |(score, positive): &(f64, bool)| {
            ScoredLabel::new(*score, if *positive { Label::Positive } else { Label::Negative })
        };
        let mut forwards: Vec<ScoredLabel> = rows.iter().map(scored).collect();
        let mut backwards: Vec<ScoredLabel> = rows.iter().rev().map(scored).collect();
        assert_eq!(Ranking::of(&mut forwards).rows(), Ranking::of(&mut backwards).rows());
        let (one, other) = (Ranking::of(&mut forwards), Ranking::of(&mut backwards));
        assert_eq!(one.corners().collect::<Vec<_>>(), other.corners().collect::<Vec<_>>());
    }
}
