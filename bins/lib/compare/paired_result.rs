//! The paired figures of two models on the same rows, and the verdict on those rows alone.

use serde::{Deserialize, Serialize};

use crate::stats::bootstrap::{self, ResampledF1};
use crate::stats::intervals::Interval;
use crate::stats::paired::{PairedConfusion, PairedCounts};
use crate::stats::power::{self, PowerAim};
use crate::stats::significance::{mcnemar_exact, mcnemar_mid_p};

/// The level of every exact test.
pub const SIGNIFICANCE_LEVEL: f64 = 0.05;

/// The minimum effect: a smaller difference of F1 is ignored.
pub const MIN_F1_EFFECT: f64 = 0.005;

/// Bootstrap samples for the interval of the F1 difference.
const BOOTSTRAP_DRAWS: usize = 10_000;

/// The seed of the bootstrap: the same rows give the same interval.
const BOOTSTRAP_SEED: u64 = 1;

/// With fewer rows on which only one model is right, the exact test never reaches its level, whoever wins them.
const MIN_DISCORDANT_ROWS: u64 = 6;

/// Whether the challenger is better than the champion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CompareVerdict {
    /// The challenger is better.
    Better,
    /// The champion is better.
    Worse,
    /// The rows do not settle it.
    Inconclusive,
}

impl CompareVerdict {
    /// Every verdict.
    pub const ALL: [Self; 3] = [Self::Better, Self::Worse, Self::Inconclusive];

    /// The verdict as JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// The challenger's figure less the champion's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// As it was seen.
    pub value: f64,
    /// What holds the true one 95 times in 100.
    pub interval: Interval,
}

/// McNemar's table (1947) and tests.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct McNemar {
    /// Rows that only the champion got right.
    pub only_champion_right: u64,
    /// Rows that only the challenger got right.
    pub only_challenger_right: u64,
    /// The exact two-sided test.
    pub exact: f64,
    /// The mid-p test: for information, the exact one decides.
    pub mid_p: f64,
}

/// Two models on some rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairedResult {
    /// The labelled rows.
    pub rows: u64,
    /// What they tell, by themselves.
    pub verdict: CompareVerdict,
    /// The rows by truth and by who took them for positive: `only_one` is the champion alone, `only_other` the challenger.
    pub counters: PairedConfusion,
    /// The champion's F1.
    pub champion_f1: f64,
    /// The challenger's.
    pub challenger_f1: f64,
    /// By how much F1 differs, of rows drawn again and again (Efron 1979); none where there are no rows.
    pub f1: Option<Difference>,
    /// By how much the share of positive rows found does (Newcombe 1998); none where there are none.
    pub recall: Option<Difference>,
    /// By how much the share of negative rows taken for positive does (Newcombe 1998); none where there are none.
    pub false_positive_rate: Option<Difference>,
    /// By how much the share of right verdicts does (Newcombe 1998); none where there are no rows.
    pub accuracy: Option<Difference>,
    /// Which of the two gets right what the other gets wrong.
    pub mcnemar: McNemar,
    /// The least difference of the shares of right verdicts that McNemar's test sees four times in five on so many rows, where the
    /// models differ as often as here (Connor 1987); none where there is none.
    pub detectable: Option<f64>,
    /// Where these do not tell: the rows that would four times in five, were the difference what it looks like; none where there
    /// is nothing to be settled.
    pub rows_needed: Option<u64>,
}

impl McNemar {
    /// The tests of a table.
    pub fn of(counters: &PairedConfusion) -> Self {
        let PairedCounts { only_one, only_other, .. } = counters.right();
        Self {
            only_champion_right: only_one,
            only_challenger_right: only_other,
            exact: mcnemar_exact(only_one, only_other),
            mid_p: mcnemar_mid_p(only_one, only_other),
        }
    }

    /// Whether the exact test says that the challenger is right more often.
    pub fn is_better(&self) -> bool {
        self.exact < SIGNIFICANCE_LEVEL && self.only_challenger_right > self.only_champion_right
    }

    /// Whether it says that the champion is.
    pub fn is_worse(&self) -> bool {
        self.exact < SIGNIFICANCE_LEVEL && self.only_challenger_right < self.only_champion_right
    }

    /// Rows on which one of the two is right.
    pub fn apart(&self) -> u64 {
        self.only_champion_right + self.only_challenger_right
    }

    /// Whether the exact test could speak at all, had one of the two won every such row.
    pub fn can_tell(&self) -> bool {
        self.apart() >= MIN_DISCORDANT_ROWS
    }
}

/// By how much F1 differs; none where there are no rows.
pub fn f1_difference(counters: &PairedConfusion) -> Option<(Difference, f64)> {
    let ResampledF1 { interval, error } =
        bootstrap::f1_difference(counters, BOOTSTRAP_DRAWS, BOOTSTRAP_SEED)?;
    Some((Difference { value: counters.f1_difference(), interval }, error))
}

impl PairedResult {
    /// What can be said of these rows.
    pub fn of(counters: PairedConfusion) -> Self {
        let drawn = f1_difference(&counters);
        let mcnemar = McNemar::of(&counters);
        let newcombe = |paired: PairedCounts| {
            Some(Difference { value: paired.difference()?, interval: paired.newcombe()? })
        };
        let right = counters.right();
        let discordant = right.discordant().unwrap_or_default();
        let mut part = Self {
            rows: counters.rows(),
            verdict: CompareVerdict::Inconclusive,
            counters,
            champion_f1: counters.champion().f1(),
            challenger_f1: counters.challenger().f1(),
            f1: drawn.map(|(f1, _)| f1),
            recall: newcombe(counters.positive),
            false_positive_rate: newcombe(counters.negative),
            accuracy: newcombe(right),
            mcnemar,
            detectable: power::paired(counters.rows(), discordant, PowerAim::USUAL),
            rows_needed: None,
        };
        part.verdict = part.own_verdict();
        if part.verdict == CompareVerdict::Inconclusive {
            part.rows_needed = part.needed(drawn.map_or(0.0, |(_, error)| error));
        }
        part
    }

    /// Whether the interval of F1 excludes a loss of the minimum effect.
    pub fn is_not_worse(&self) -> bool {
        self.f1.is_some_and(|f1| f1.interval.0 > -MIN_F1_EFFECT)
    }

    /// The lower bound of the F1 difference; -1, the lowest there is, without rows.
    pub fn f1_lower_bound(&self) -> f64 {
        self.f1.map_or(-1.0, |f1| f1.interval.0)
    }

    /// Whether F1 is higher (the interval excludes 0) by at least the minimum effect.
    pub fn is_higher(&self) -> bool {
        self.f1.is_some_and(|f1| f1.value >= MIN_F1_EFFECT && f1.interval.0 > 0.0)
    }

    /// Whether F1 is lower (the interval excludes 0) by at least the minimum effect.
    fn is_lower(&self) -> bool {
        self.f1.is_some_and(|f1| f1.value <= -MIN_F1_EFFECT && f1.interval.1 < 0.0)
    }

    /// The rule: better is what is not worse, and either more often right or higher in F1.
    fn own_verdict(&self) -> CompareVerdict {
        if self.is_not_worse() && (self.mcnemar.is_better() || self.is_higher()) {
            CompareVerdict::Better
        } else if self.mcnemar.is_worse() || self.is_lower() {
            CompareVerdict::Worse
        } else {
            CompareVerdict::Inconclusive
        }
    }

    /// The fewest rows on which the exact test, or the interval of F1 with this standard error, would tell.
    fn needed(&self, error: f64) -> Option<u64> {
        let rows = self.rows as f64;
        let apart = self.mcnemar.apart();
        let discordant = self.counters.right().discordant()?;
        // Below six rows apart the exact test is silent, whatever the shares.
        let apart_enough = power::whole(rows * MIN_DISCORDANT_ROWS as f64 / apart as f64)?;
        let by_test = power::rows_for_paired(self.accuracy?.value, discordant, PowerAim::USUAL);
        let f1 = self.f1?.value;
        let reach = (PowerAim::USUAL.errors() * error / f1).powi(2) * rows;
        let by_f1 = (f1.abs() >= MIN_F1_EFFECT).then(|| power::whole(reach)).flatten();
        let needed = [by_test.map(|rows| rows.max(apart_enough)), by_f1].into_iter().flatten().min();
        needed.map(|needed| needed.max(self.rows + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(positive: [u64; 4], negative: [u64; 4]) -> PairedResult {
        let paired = |[both, only_one, only_other, neither]: [u64; 4]| PairedCounts {
            both,
            only_one,
            only_other,
            neither,
        };
        PairedResult::of(PairedConfusion { positive: paired(positive), negative: paired(negative) })
    }

    #[test]
    fn better_takes_more_than_a_few_rows() {
        let verdict = |ours, theirs| part([100, theirs, ours, 10], [2, 0, 0, 800]).verdict;
        assert_eq!(verdict(20, 4), CompareVerdict::Better);
        assert_eq!(verdict(4, 20), CompareVerdict::Worse);
        assert_eq!(verdict(5, 3), CompareVerdict::Inconclusive);
        assert_eq!(verdict(0, 0), CompareVerdict::Inconclusive);
    }

    #[test]
    fn more_often_right_at_the_cost_of_f1_is_not_better() {
        // 80 false alarms less, 40 positive rows missed: right more often by the exact test, and lower in F1.
        let found = part([60, 40, 0, 100], [120, 80, 0, 800]);
        assert!(found.mcnemar.is_better() && !found.is_not_worse());
        assert_ne!(found.verdict, CompareVerdict::Better);
    }

    #[test]
    fn four_to_nothing_is_enough_for_f1_and_three_are_not() {
        // None of k rows apart is drawn with a chance of e^-k: .018 of four, which is less than a fortieth, .05 of three.
        let verdict = |ours| part([20, 0, ours, 2], [0, 0, 0, 173]).verdict;
        assert_eq!((verdict(3), verdict(4)), (CompareVerdict::Inconclusive, CompareVerdict::Better));
        assert!(!part([20, 0, 4, 2], [0, 0, 0, 173]).mcnemar.is_better());
    }

    #[test]
    fn what_would_settle_it_grows_as_the_difference_shrinks() {
        let needed = |ours, theirs| part([100, theirs, ours, 10], [2, 0, 0, 800]).rows_needed;
        let (near, far) = (needed(12, 8), needed(14, 6));
        assert!(near > far && far > Some(930), "{near:?} {far:?}");
        assert_eq!((needed(8, 8), needed(20, 4), needed(0, 0)), (None, None, None));
        assert_eq!(PairedResult::of(PairedConfusion::default()).rows_needed, None);
    }

    #[test]
    fn eight_counters_say_it_all() {
        let found = part([80, 4, 9, 7], [3, 5, 1, 891]);
        assert_eq!((found.rows, found.mcnemar.only_challenger_right, found.mcnemar.apart()), (1000, 14, 19));
        let seen =
            [found.recall, found.false_positive_rate, found.accuracy].map(|found| found.unwrap().value);
        let wanted = [0.05, -4.0 / 900.0, 0.009];
        assert!(seen.iter().zip(wanted).all(|(seen, wanted)| (seen - wanted).abs() < 1e-12), "{seen:?}");
        assert!(
            found.detectable.is_some_and(|least| (0.009..0.02).contains(&least)),
            "{:?}",
            found.detectable
        );
    }
}
