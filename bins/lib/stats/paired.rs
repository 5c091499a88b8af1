//! Compares two models on the same rows: computes differences of shares and of AUC, with intervals.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rows::label::Label;
use crate::stats::confusion::Confusion;
use crate::stats::intervals::{Interval, Z, wilson};
use crate::stats::ranking::ScoredLabel;
use crate::stats::special::{difference_of_products, normal_tail};

/// Counts of rows by the models that have an outcome. The outcome is a positive verdict, or a correct verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct PairedCounts {
    /// Number of rows for which both models have the outcome.
    pub both: u64,
    /// Number of rows for which only the champion has the outcome.
    pub only_one: u64,
    /// Number of rows for which only the challenger has the outcome.
    pub only_other: u64,
    /// Number of rows for which neither model has the outcome.
    pub neither: u64,
}

/// Counts of labelled rows by label and by the verdicts of champion and challenger. These eight counts are enough to
/// compare all verdicts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct PairedConfusion {
    /// Counts of positive rows by the models that predict positive.
    pub positive: PairedCounts,
    /// Counts of negative rows by the models that predict positive.
    pub negative: PairedCounts,
}

impl PairedCounts {
    /// Counts a row. `one` is whether the champion has the outcome; `other` is whether the challenger has it.
    pub fn add(&mut self, one: bool, other: bool) {
        match (one, other) {
            (true, true) => self.both += 1,
            (true, false) => self.only_one += 1,
            (false, true) => self.only_other += 1,
            (false, false) => self.neither += 1,
        }
    }

    pub fn merge(&mut self, other: &Self) {
        self.both += other.both;
        self.only_one += other.only_one;
        self.only_other += other.only_other;
        self.neither += other.neither;
    }

    pub fn rows(self) -> u64 {
        self.both + self.only_one + self.only_other + self.neither
    }

    /// Share of rows for which only one model has the outcome; `None` if there are no rows.
    pub fn discordant(self) -> Option<f64> {
        let rows = self.rows();
        (rows > 0).then(|| (self.only_one + self.only_other) as f64 / rows as f64)
    }

    /// The challenger's share of rows with the outcome minus the champion's share; `None` if there are no rows.
    pub fn difference(self) -> Option<f64> {
        let size = self.only_one.abs_diff(self.only_other) as f64 / self.rows() as f64;
        (self.rows() > 0).then_some(if self.only_one > self.only_other { -size } else { size })
    }

    /// 95% interval of [`difference`](Self::difference). Combines Wilson's bounds of both shares with their
    /// correlation. A positive correlation is shrunk (Newcombe 1998, "Improved confidence intervals for the difference
    /// between binomial proportions based on paired data", method 10). `None` if there are no rows.
    pub fn newcombe(self) -> Option<Interval> {
        let Self { both, only_one, only_other, neither } = self;
        let rows = self.rows();
        let (one, other) =
            (WilsonReach::of(both + only_one, rows)?, WilsonReach::of(both + only_other, rows)?);
        let difference = self.difference()?;
        let margins = [both + only_one, only_other + neither, both + only_other, only_one + neither];
        let product = margins.iter().map(|sum| (*sum as f64).sqrt()).product::<f64>();
        let agreement = difference_of_products([both, neither], [only_one, only_other]);
        let shrunk = if agreement > 0.0 { (agreement - rows as f64 / 2.0).max(0.0) } else { agreement };
        let correlation = if product > 0.0 { shrunk / product } else { 0.0 };
        let reach =
            |up: f64, down: f64| (up * up - 2.0 * correlation * up * down + down * down).max(0.0).sqrt();
        Some(Interval(difference - reach(other.down, one.up), difference + reach(other.up, one.down)))
    }
}

/// Distances from a share to its Wilson bounds.
struct WilsonReach {
    down: f64,
    up: f64,
}

impl WilsonReach {
    fn of(part: u64, whole: u64) -> Option<Self> {
        let Interval(low, high) = wilson(part, whole)?;
        let share = part as f64 / whole as f64;
        Some(Self { down: share - low, up: high - share })
    }
}

/// 95% interval of the difference of two shares of different rows: `part / whole` minus `other_part / other_whole`.
/// Combines Wilson's bounds of both shares (Newcombe 1998, "Interval estimation for the difference between independent
/// proportions", method 10). `None` if a share has no rows.
pub fn newcombe(part: u64, whole: u64, other_part: u64, other_whole: u64) -> Option<Interval> {
    let (one, other) = (WilsonReach::of(part, whole)?, WilsonReach::of(other_part, other_whole)?);
    let all = whole as f64 * other_whole as f64;
    let difference = difference_of_products([part, other_whole], [other_part, whole]) / all;
    Some(Interval(difference - one.down.hypot(other.up), difference + one.up.hypot(other.down)))
}

impl PairedConfusion {
    pub fn add(&mut self, truth: Label, champion: Label, challenger: Label) {
        let rows = if truth == Label::Positive { &mut self.positive } else { &mut self.negative };
        rows.add(champion == Label::Positive, challenger == Label::Positive);
    }

    pub fn merge(&mut self, other: &Self) {
        self.positive.merge(&other.positive);
        self.negative.merge(&other.negative);
    }

    pub fn rows(&self) -> u64 {
        self.positive.rows() + self.negative.rows()
    }

    /// The champion's confusion matrix.
    pub fn champion(&self) -> Confusion {
        let Self { positive, negative } = self;
        Confusion {
            true_positive: positive.both + positive.only_one,
            false_positive: negative.both + negative.only_one,
            true_negative: negative.only_other + negative.neither,
            false_negative: positive.only_other + positive.neither,
        }
    }

    /// The challenger's confusion matrix.
    pub fn challenger(&self) -> Confusion {
        self.swapped().champion()
    }

    /// Counts of rows by the models that are right: McNemar's table.
    pub fn right(&self) -> PairedCounts {
        let Self { positive, negative } = self;
        PairedCounts {
            both: positive.both + negative.neither,
            only_one: positive.only_one + negative.only_other,
            only_other: positive.only_other + negative.only_one,
            neither: positive.neither + negative.both,
        }
    }

    /// The challenger's F1 minus the champion's F1.
    pub fn f1_difference(&self) -> f64 {
        self.challenger().f1() - self.champion().f1()
    }

    /// The eight counts. The last count (negative rows with two negative verdicts) is usually the largest and does not
    /// affect F1.
    pub(crate) fn cells(&self) -> [u64; 8] {
        let Self { positive: p, negative: n } = self;
        [p.both, p.only_one, p.only_other, p.neither, n.both, n.only_one, n.only_other, n.neither]
    }

    /// The inverse of [`cells`](Self::cells).
    pub(crate) fn of_cells(cells: [u64; 8]) -> Self {
        let paired = |[both, only_one, only_other, neither]: [u64; 4]| PairedCounts {
            both,
            only_one,
            only_other,
            neither,
        };
        let [a, b, c, d, rest @ ..] = cells;
        Self { positive: paired([a, b, c, d]), negative: paired(rest) }
    }

    fn swapped(self) -> Self {
        let swap = |rows: PairedCounts| PairedCounts {
            only_one: rows.only_other,
            only_other: rows.only_one,
            ..rows
        };
        Self { positive: swap(self.positive), negative: swap(self.negative) }
    }
}

/// Two areas under the ROC curve on the same rows, and their difference.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct PairedAuc {
    /// The champion's area, from 0 to 1.
    pub champion: f64,
    /// The challenger's area, from 0 to 1.
    pub challenger: f64,
    /// The challenger's area minus the champion's area, from -1 to 1.
    pub difference: f64,
    /// Variance of the difference.
    pub variance: f64,
    /// 95% interval: the difference ± 1.96 standard errors, limited to -1 and 1.
    pub interval: Interval,
    /// Two-sided p-value of the hypothesis that the areas are equal; null if the areas differ but the sample shows no
    /// variance.
    pub p: Option<f64>,
}

impl PairedAuc {
    /// Compares the areas of two models' scores of the same rows, in the same order (DeLong, DeLong and Clarke-Pearson
    /// 1988).
    ///
    /// The place of a row is its rank among the rows of the other class. The variance comes from the differences of the
    /// places, over the rows of each class. Places are middle ranks, found by sorting (Sun and Xu 2014). `None` if the
    /// labels differ, or a class has fewer than two rows.
    pub fn compare(champion: &[ScoredLabel], challenger: &[ScoredLabel]) -> Option<Self> {
        let same = |(one, other): (&ScoredLabel, &ScoredLabel)| one.is_positive() == other.is_positive();
        if champion.len() != challenger.len() || !champion.iter().zip(challenger).all(same) {
            return None;
        }
        let positives = champion.iter().filter(|row| row.is_positive()).count();
        let negatives = champion.len() - positives;
        if positives < 2 || negatives < 2 {
            return None;
        }
        let pairs = 2.0 * positives as f64 * negatives as f64;
        let (one, other) = (places(champion), places(challenger));
        let area = |places: &[u64]| {
            let ahead = champion.iter().zip(places).filter(|(row, _)| row.is_positive());
            ahead.map(|(_, place)| u128::from(*place)).sum::<u128>()
        };
        let (ahead, other_ahead) = (area(&one), area(&other));
        let size = ahead.abs_diff(other_ahead) as f64 / pairs;
        let difference = if other_ahead < ahead { -size } else { size };
        let part = |class: bool| {
            let (rows, others) = if class { (positives, negatives) } else { (negatives, positives) };
            // The places of negatives count the positives above them, so they have the same sum.
            let mean = difference * 2.0 * others as f64;
            let of_class =
                champion.iter().zip(one.iter().zip(&other)).filter(|(row, _)| row.is_positive() == class);
            let squares = of_class.map(|(_, (one, other))| {
                let size = other.abs_diff(*one) as f64;
                (if other < one { -size } else { size } - mean).powi(2)
            });
            let twice = 2.0 * others as f64;
            squares.sum::<f64>() / (twice * twice) / (rows as f64 * (rows - 1) as f64)
        };
        let variance = part(true) + part(false);
        let reach = Z * variance.sqrt();
        let p = if variance > 0.0 {
            Some((2.0 * normal_tail(difference.abs() / variance.sqrt())).min(1.0))
        } else {
            (ahead == other_ahead).then_some(1.0)
        };
        Some(Self {
            champion: ahead as f64 / pairs,
            challenger: other_ahead as f64 / pairs,
            difference,
            variance,
            interval: Interval((difference - reach).max(-1.0), (difference + reach).min(1.0)),
            p,
        })
    }
}

/// For each row, twice the number of rows of the other class on its correct side. The correct side is below a positive
/// row and above a negative row. Ties count half.
fn places(rows: &[ScoredLabel]) -> Vec<u64> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_unstable_by(|&one, &other| rows[one].score().total_cmp(&rows[other].score()));
    let mut places = vec![0; rows.len()];
    let (mut positives_left, mut negatives) = (rows.iter().filter(|row| row.is_positive()).count() as u64, 0);
    for tie in order.chunk_by(|&one, &other| rows[one].score().total_cmp(&rows[other].score()).is_eq()) {
        let positive = tie.iter().filter(|&&row| rows[row].is_positive()).count() as u64;
        let negative = tie.len() as u64 - positive;
        for &row in tie {
            places[row] = if rows[row].is_positive() {
                2 * negatives + negative
            } else {
                2 * positives_left - positive
            };
        }
        positives_left -= positive;
        negatives += negative;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_counts_give_both_confusion_matrices() {
        let mut eight = PairedConfusion::default();
        let labels = [Label::Positive, Label::Negative];
        let (mut champion, mut challenger) = (Confusion::default(), Confusion::default());
        let mut right = PairedCounts::default();
        for (count, cell) in (0..8usize).map(|cell| (cell * cell + 1, cell)) {
            let [truth, one, other] = [labels[cell >> 2], labels[cell >> 1 & 1], labels[cell & 1]];
            for _ in 0..count {
                eight.add(truth, one, other);
                champion.add(truth, one);
                challenger.add(truth, other);
                right.add(one == truth, other == truth);
            }
        }
        assert_eq!((eight.champion(), eight.challenger(), eight.right()), (champion, challenger, right));
        assert_eq!((eight.rows(), PairedConfusion::of_cells(eight.cells())), (148, eight));
        let mut twice = eight;
        twice.merge(&eight);
        assert_eq!(twice.cells(), eight.cells().map(|cell| 2 * cell));
    }

    #[test]
    fn gives_none_without_rows_or_with_different_labels() {
        let none = PairedCounts::default();
        assert_eq!((none.newcombe(), none.difference(), none.discordant()), (None, None, None));
        assert_eq!((newcombe(0, 0, 1, 2), newcombe(1, 2, 0, 0), newcombe(3, 2, 1, 2)), (None, None, None));
        let rows = |labels: &[u8], scores: &[f64]| -> Vec<ScoredLabel> {
            let label = |label: &u8| if *label == 1 { Label::Positive } else { Label::Negative };
            labels.iter().zip(scores).map(|(one, score)| ScoredLabel::new(*score, label(one))).collect()
        };
        let good = rows(&[1, 1, 0, 0], &[0.9, 0.4, 0.5, 0.1]);
        assert!(PairedAuc::compare(&good, &good).is_some_and(|found| found.p == Some(1.0)));
        for other in [rows(&[1, 1, 0], &[0.1; 3]), rows(&[1, 0, 1, 0], &[0.1; 4]), vec![]] {
            assert_eq!(PairedAuc::compare(&good, &other), None);
        }
        let few = rows(&[1, 0, 0, 0], &[0.9, 0.4, 0.5, 0.1]);
        assert_eq!(PairedAuc::compare(&few, &few), None);
        let (best, worst) =
            (rows(&[1, 1, 0, 0], &[0.9, 0.8, 0.2, 0.1]), rows(&[1, 1, 0, 0], &[0.1, 0.2, 0.8, 0.9]));
        assert_eq!(
            PairedAuc::compare(&worst, &best).map(|found| (found.difference, found.p)),
            Some((1.0, None))
        );
    }
}
