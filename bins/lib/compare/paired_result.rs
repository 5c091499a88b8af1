//! Compares two models on the same rows: figures, tests, and the verdict on these rows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::stats::bootstrap::{self, ResampledF1};
use crate::stats::intervals::Interval;
use crate::stats::paired::{PairedConfusion, PairedCounts};
use crate::stats::power::{self, PowerAim};
use crate::stats::significance::{mcnemar_exact, mcnemar_mid_p};

/// Significance level of every exact test.
pub const SIGNIFICANCE_LEVEL: f64 = 0.05;

/// Minimum effect: a smaller difference of F1 is ignored.
pub const MIN_F1_EFFECT: f64 = 0.005;

/// Number of bootstrap samples for the interval of the F1 difference.
const BOOTSTRAP_DRAWS: usize = 10_000;

/// Seed of the bootstrap. The seed is fixed, so that the same rows give the same interval.
const BOOTSTRAP_SEED: u64 = 1;

/// Minimum number of discordant rows for the exact test to reach its level.
const MIN_DISCORDANT_ROWS: u64 = 6;

/// Whether the challenger is better than the champion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CompareVerdict {
    /// The challenger is better.
    Better,
    /// The champion is better.
    Worse,
    /// There are not enough rows for a verdict.
    Inconclusive,
}

impl CompareVerdict {
    pub const ALL: [Self; 3] = [Self::Better, Self::Worse, Self::Inconclusive];

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// The challenger's figure minus the champion's figure.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Difference {
    /// The measured difference.
    pub value: f64,
    /// Its 95% interval.
    pub interval: Interval,
}

/// McNemar's test (1947) on the discordant rows.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct McNemar {
    /// Rows that only the champion classified correctly.
    pub only_champion_right: u64,
    /// Rows that only the challenger classified correctly.
    pub only_challenger_right: u64,
    /// P-value of the exact two-sided test.
    pub exact: f64,
    /// P-value of the mid-p test. Information only; the exact test decides.
    pub mid_p: f64,
}

/// The result of both models on the same rows.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct PairedResult {
    /// Number of labelled rows; copies of a message count once.
    pub rows: u64,
    /// Verdict on these rows alone.
    pub verdict: CompareVerdict,
    /// Counts of rows by label and by the models that predict positive. `only_one` counts rows that only the champion
    /// predicts positive; `only_other`, only the challenger.
    pub counters: PairedConfusion,
    /// F1 of the champion.
    pub champion_f1: f64,
    /// F1 of the challenger.
    pub challenger_f1: f64,
    /// Difference in F1, with a bootstrap interval (Efron 1979); null without rows.
    pub f1: Option<Difference>,
    /// Difference in recall (interval by Newcombe 1998); null without positive rows.
    pub recall: Option<Difference>,
    /// Difference in the false positive rate (interval by Newcombe 1998); null without negative rows.
    pub false_positive_rate: Option<Difference>,
    /// Difference in accuracy (interval by Newcombe 1998); null without rows.
    pub accuracy: Option<Difference>,
    /// McNemar's test on the discordant rows.
    pub mcnemar: McNemar,
    /// Smallest difference in accuracy that McNemar's test detects with power 0.8 on these rows (Connor 1987).
    /// Null if no difference can be detected.
    pub detectable: Option<f64>,
    /// Rows needed for a verdict with power 0.8, if the true difference equals the measured difference. Null if there is a verdict
    /// or no number of rows is enough.
    pub rows_needed: Option<u64>,
}

impl McNemar {
    pub fn of(counters: &PairedConfusion) -> Self {
        let PairedCounts { only_one, only_other, .. } = counters.right();
        Self {
            only_champion_right: only_one,
            only_challenger_right: only_other,
            exact: mcnemar_exact(only_one, only_other),
            mid_p: mcnemar_mid_p(only_one, only_other),
        }
    }

    /// Whether the challenger is significantly more accurate.
    pub fn is_better(&self) -> bool {
        self.exact < SIGNIFICANCE_LEVEL && self.only_challenger_right > self.only_champion_right
    }

    /// Whether the champion is significantly more accurate.
    pub fn is_worse(&self) -> bool {
        self.exact < SIGNIFICANCE_LEVEL && self.only_challenger_right < self.only_champion_right
    }

    /// Rows that only one of the two models classified correctly.
    pub fn discordant_rows(&self) -> u64 {
        self.only_champion_right + self.only_challenger_right
    }

    /// Whether the exact test can reach its level with this number of discordant rows.
    pub fn can_reach_level(&self) -> bool {
        self.discordant_rows() >= MIN_DISCORDANT_ROWS
    }
}

/// The difference in F1 and its standard error; none without rows.
pub fn f1_difference(counters: &PairedConfusion) -> Option<(Difference, f64)> {
    let ResampledF1 { interval, error } =
        bootstrap::f1_difference(counters, BOOTSTRAP_DRAWS, BOOTSTRAP_SEED)?;
    Some((Difference { value: counters.f1_difference(), interval }, error))
}

impl PairedResult {
    pub fn of(counters: PairedConfusion) -> Self {
        let f1_difference = f1_difference(&counters);
        let mcnemar = McNemar::of(&counters);
        let newcombe = |paired: PairedCounts| {
            Some(Difference { value: paired.difference()?, interval: paired.newcombe()? })
        };
        let right = counters.right();
        let discordant = right.discordant().unwrap_or_default();
        let mut result = Self {
            rows: counters.rows(),
            verdict: CompareVerdict::Inconclusive,
            counters,
            champion_f1: counters.champion().f1(),
            challenger_f1: counters.challenger().f1(),
            f1: f1_difference.map(|(f1, _)| f1),
            recall: newcombe(counters.positive),
            false_positive_rate: newcombe(counters.negative),
            accuracy: newcombe(right),
            mcnemar,
            detectable: power::paired(counters.rows(), discordant, PowerAim::USUAL),
            rows_needed: None,
        };
        result.verdict = result.verdict_on_rows();
        if result.verdict == CompareVerdict::Inconclusive {
            result.rows_needed = result.needed(f1_difference.map_or(0.0, |(_, error)| error));
        }
        result
    }

    /// Whether the 95% interval of the F1 difference excludes a loss of the minimum effect.
    pub fn is_not_worse(&self) -> bool {
        self.f1.is_some_and(|f1| f1.interval.0 > -MIN_F1_EFFECT)
    }

    /// Lower bound of the F1 difference; -1 (the minimum) without rows.
    pub fn f1_lower_bound(&self) -> f64 {
        self.f1.map_or(-1.0, |f1| f1.interval.0)
    }

    /// Whether F1 is higher by at least the minimum effect, and the 95% interval excludes 0.
    pub fn is_higher(&self) -> bool {
        self.f1.is_some_and(|f1| f1.value >= MIN_F1_EFFECT && f1.interval.0 > 0.0)
    }

    /// Whether F1 is lower by at least the minimum effect, and the 95% interval excludes 0.
    fn is_lower(&self) -> bool {
        self.f1.is_some_and(|f1| f1.value <= -MIN_F1_EFFECT && f1.interval.1 < 0.0)
    }

    /// Better means: F1 is not worse, and either accuracy or F1 is significantly higher.
    fn verdict_on_rows(&self) -> CompareVerdict {
        if self.is_not_worse() && (self.mcnemar.is_better() || self.is_higher()) {
            CompareVerdict::Better
        } else if self.mcnemar.is_worse() || self.is_lower() {
            CompareVerdict::Worse
        } else {
            CompareVerdict::Inconclusive
        }
    }

    /// Rows needed for a verdict: the smaller of the number for the exact test and the number for the F1 interval.
    /// `error` is the standard error of the F1 difference.
    fn needed(&self, error: f64) -> Option<u64> {
        let rows = self.rows as f64;
        let discordant_rows = self.mcnemar.discordant_rows();
        let discordant = self.counters.right().discordant()?;
        // With fewer than six discordant rows, the exact test cannot reach its level.
        let enough_discordant =
            power::round_up_rows(rows * MIN_DISCORDANT_ROWS as f64 / discordant_rows as f64)?;
        let by_test = power::rows_for_paired(self.accuracy?.value, discordant, PowerAim::USUAL);
        let f1 = self.f1?.value;
        let rows_for_f1 = (PowerAim::USUAL.errors() * error / f1).powi(2) * rows;
        let by_f1 = (f1.abs() >= MIN_F1_EFFECT).then(|| power::round_up_rows(rows_for_f1)).flatten();
        let needed = [by_test.map(|rows| rows.max(enough_discordant)), by_f1].into_iter().flatten().min();
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
    fn three_verdicts_depend_on_the_discordant_rows() {
        let verdict = |only_challenger, only_champion| {
            part([100, only_champion, only_challenger, 10], [2, 0, 0, 800]).verdict
        };
        assert_eq!(verdict(20, 4), CompareVerdict::Better);
        assert_eq!(verdict(4, 20), CompareVerdict::Worse);
        assert_eq!(verdict(5, 3), CompareVerdict::Inconclusive);
        assert_eq!(verdict(0, 0), CompareVerdict::Inconclusive);
    }

    #[test]
    fn higher_accuracy_with_lower_f1_is_not_better() {
        // 80 fewer false positives and 40 more false negatives: accuracy is significantly higher, but F1 is lower.
        let result = part([60, 40, 0, 100], [120, 80, 0, 800]);
        assert!(result.mcnemar.is_better() && !result.is_not_worse());
        assert_ne!(result.verdict, CompareVerdict::Better);
    }

    #[test]
    fn four_discordant_rows_settle_f1_and_three_do_not() {
        // A bootstrap sample has none of k discordant rows with probability e^-k: .018 for four (under .025), .05 for three.
        let verdict = |only_challenger| part([20, 0, only_challenger, 2], [0, 0, 0, 173]).verdict;
        assert_eq!((verdict(3), verdict(4)), (CompareVerdict::Inconclusive, CompareVerdict::Better));
        assert!(!part([20, 0, 4, 2], [0, 0, 0, 173]).mcnemar.is_better());
    }

    #[test]
    fn a_smaller_difference_needs_more_rows() {
        let needed = |only_challenger, only_champion| {
            part([100, only_champion, only_challenger, 10], [2, 0, 0, 800]).rows_needed
        };
        let (small, large) = (needed(12, 8), needed(14, 6));
        assert!(small > large && large > Some(930), "{small:?} {large:?}");
        assert_eq!((needed(8, 8), needed(20, 4), needed(0, 0)), (None, None, None));
        assert_eq!(PairedResult::of(PairedConfusion::default()).rows_needed, None);
    }

    #[test]
    fn computes_every_figure_from_eight_counts() {
        let result = part([80, 4, 9, 7], [3, 5, 1, 891]);
        assert_eq!(
            (result.rows, result.mcnemar.only_challenger_right, result.mcnemar.discordant_rows()),
            (1000, 14, 19)
        );
        let values =
            [result.recall, result.false_positive_rate, result.accuracy].map(|figure| figure.unwrap().value);
        let wanted = [0.05, -4.0 / 900.0, 0.009];
        assert!(
            values.iter().zip(wanted).all(|(value, wanted)| (value - wanted).abs() < 1e-12),
            "{values:?}"
        );
        assert!(
            result.detectable.is_some_and(|smallest| (0.009..0.02).contains(&smallest)),
            "{:?}",
            result.detectable
        );
    }
}
