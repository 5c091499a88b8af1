//! Estimates the class balance of new rows from their scores (Saerens et al. 2002), and corrects the scores for the
//! shift.

use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Minimum number of distinct rows for an estimate.
pub const MIN_ROWS: u64 = 200;

/// Significance level of the test.
pub const LEVEL: f64 = 0.01;

/// Minimum effect: scores are not corrected for a smaller change of the class balance.
pub const MIN_EFFECT: f64 = 0.03;

/// Minimum of recall minus false positive rate. Below this value, the scores of the classes overlap too much for an
/// estimate.
pub const MIN_SEPARATION: f64 = 0.2;

/// Maximum factor by which an estimate changes the odds, up or down.
pub const MAX_ODDS_FACTOR: f64 = 10.0;

/// The class balance that scores are corrected for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RequestedPrior {
    /// Estimated from the rows.
    Auto,
    /// Set by the user, above 0 and below 1.
    Given(f64),
}

impl FromStr for RequestedPrior {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match (text, text.parse()) {
            ("auto", _) => Ok(Self::Auto),
            (_, Ok(share)) if share > 0.0 && share < 1.0 => Ok(Self::Given(share)),
            _ => bail!("expected auto, or a share between 0 and 1"),
        }
    }
}

/// Number of labelled rows of each class that a model was trained and calibrated on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrainingBalance {
    pub positive: u64,
    pub negative: u64,
}

impl TrainingBalance {
    /// Class balance: the share of positive rows, from 0 to 1. `None` if a class has no rows.
    pub fn share(self) -> Option<f64> {
        let (positive, negative) = (self.positive as f64, self.negative as f64);
        (positive > 0.0 && negative > 0.0).then(|| positive / (positive + negative))
    }
}

/// Estimates the class balance from the scores of a model that was trained with the class balance `training`.
///
/// The result is the maximum of the likelihood that the EM algorithm of Saerens, Latinne and Decaestecker (2002)
/// approaches. The likelihood is concave, so the direction of an EM step shows on which side of the maximum it starts.
/// Bisection finds the maximum to 2^-60, while EM steps converge slowly.
pub fn estimate(scores: &[f64], training: f64) -> f64 {
    most_likely(scores, training, TrainingBalance::default())
}

/// Likelihood-ratio test of a change in class balance (Wilks 1938), with one degree of freedom.
///
/// The null hypothesis is that rows and training rows have a common class balance. The alternative is two class
/// balances. Both sets of rows are samples. Saerens et al. take the class balance of the training rows as exact, which
/// would raise the false alarm rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PriorShiftTest {
    /// Class balance of the rows, estimated from the scores.
    pub estimated: f64,
    /// Class balance if it is the same for rows and training rows.
    pub common: f64,
    /// Twice the logarithm of the likelihood ratio.
    pub statistic: f64,
    /// p-value of the hypothesis that the class balance did not change.
    pub p: f64,
}

impl PriorShiftTest {
    /// Runs the test; `None` if a class has no training rows.
    pub fn test(scores: &[f64], trained: TrainingBalance) -> Option<Self> {
        let training = trained.share()?;
        let estimated = estimate(scores, training);
        let common = most_likely(scores, training, trained);
        let labelled =
            |share: f64| trained.positive as f64 * share.ln() + trained.negative as f64 * (1.0 - share).ln();
        let two = log_likelihood(scores, training, estimated) + labelled(training);
        let one = log_likelihood(scores, training, common) + labelled(common);
        let statistic = (2.0 * (two - one)).max(0.0);
        Some(Self { estimated, common, statistic, p: ChiSquared::new(1.0).ok()?.sf(statistic) })
    }
}

/// The maximum-likelihood class balance, given scored and labelled rows.
fn most_likely(scores: &[f64], training: f64, labelled: TrainingBalance) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let share = f64::midpoint(low, high);
        let slope = |&score: &f64| {
            let (positive, negative) = densities(score, training);
            (positive - negative) / (share * positive + (1.0 - share) * negative)
        };
        let known = labelled.positive as f64 / share - labelled.negative as f64 / (1.0 - share);
        if known + scores.iter().map(slope).sum::<f64>() > 0.0 {
            low = share;
        } else {
            high = share;
        }
    }
    // If bisection always moved to the same side, the maximum is at that end.
    match (low > 0.0, high < 1.0) {
        (false, _) => 0.0,
        (_, false) => 1.0,
        _ => f64::midpoint(low, high),
    }
}

fn log_likelihood(scores: &[f64], training: f64, share: f64) -> f64 {
    let row = |&score: &f64| {
        let (positive, negative) = densities(score, training);
        (share * positive + (1.0 - share) * negative).ln()
    };
    scores.iter().map(row).sum()
}

/// The likelihoods of a score among positives and among negatives, relative to the training rows (Bayes' rule).
fn densities(score: f64, training: f64) -> (f64, f64) {
    (score / training, (1.0 - score) / (1.0 - training))
}

/// The facts about a model that decide whether its scores can be corrected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PriorBasis {
    pub trained: TrainingBalance,
    pub calibrated: bool,
    /// Recall minus false positive rate, out of fold.
    pub separation: f64,
}

/// A change other than the class balance, or too little evidence to rule out such a change. The estimate of the class
/// balance can then be wrong, and a correction can do more harm than good.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OtherChange {
    /// The model has no profile with scores and labels to compare with.
    NoReference,
    /// The messages or the training rows are too few to compare at this class balance.
    TooFewMessages {
        /// Minimum number of distinct messages on each side.
        minimum: u64,
    },
    /// The words differ from the training rows at the same class balance.
    Words {
        /// AUC of a classifier that separates the messages from the training rows.
        auc: f64,
    },
    /// The distance of the scores from the training rows at the same class balance can reach the minimum effect.
    Scores {
        /// Upper 95% bound of the distance.
        upper: f64,
        /// Minimum effect.
        limit: f64,
    },
}

impl fmt::Display for OtherChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoReference => {
                f.write_str("the model has no profile of its training rows to compare with; fit it again")
            }
            Self::TooFewMessages { minimum } => write!(
                f,
                "a comparison with the training rows at this class balance needs {minimum} distinct messages on each \
                 side; fit more rows, or set --prior SHARE"
            ),
            Self::Words { auc } => {
                write!(
                    f,
                    "the words differ from the training rows (AUC {auc:.3}), so the estimate can be wrong"
                )
            }
            Self::Scores { upper, limit } => write!(
                f,
                "other changes of the scores cannot be ruled out (distance up to {upper:.3}, limit {limit})"
            ),
        }
    }
}

/// The class balance that scores are corrected for, and the reason.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Prior {
    /// `auto` (estimated from the rows) or `given` (set by the user).
    pub asked: String,
    /// Class balance of the training rows, from 0 to 1; null if a class has no training rows.
    pub training: Option<f64>,
    /// Number of distinct rows that were scored for an estimate; null if the class balance was given.
    pub rows: Option<u64>,
    /// Estimated class balance, from 0 to 1; null if there is no estimate.
    pub estimated: Option<f64>,
    /// Class balance that the scores assume, from 0 to 1; null if a class has no training rows.
    pub used: Option<f64>,
    /// p-value of the test for a changed class balance; null if the test was not run.
    pub p: Option<f64>,
    /// Whether the scores were corrected.
    pub acted: bool,
    /// The reason for correcting the scores, or for leaving them unchanged.
    pub why: String,
}

impl Prior {
    /// Corrects scores for a given class balance. The change of the odds is not limited.
    pub fn given(share: f64, basis: PriorBasis) -> Self {
        let prior = Self::uncorrected("given", basis);
        match basis.obstacle() {
            Some(why) => Self { why, ..prior },
            None => Self { used: Some(share), acted: true, why: "set with --prior".into(), ..prior },
        }
    }

    /// Corrects scores for the class balance estimated from the scores of distinct rows, if the change is significant
    /// and reaches [`MIN_EFFECT`], and if there is no other change. The odds change by a factor of at most
    /// [`MAX_ODDS_FACTOR`].
    pub fn auto(scores: &[f64], basis: PriorBasis, other: Option<OtherChange>) -> Self {
        let rows = scores.len() as u64;
        let mut prior = Self { rows: Some(rows), ..Self::uncorrected("auto", basis) };
        let change = match (basis.obstacle(), PriorShiftTest::test(scores, basis.trained)) {
            (None, Some(change)) if rows >= MIN_ROWS => change,
            (obstacle, _) => {
                let few = || format!("an estimate needs {MIN_ROWS} distinct rows (found {rows})");
                prior.why = obstacle.unwrap_or_else(few);
                return prior;
            }
        };
        let training = prior.training.unwrap_or_default();
        let PriorShiftTest { estimated, p, .. } = change;
        (prior.estimated, prior.p) = (Some(estimated), Some(p));
        let found = format!("estimated class balance is {estimated:.3} on {rows} distinct rows");
        let is_significant = p < LEVEL;
        let is_large = (estimated - training).abs() >= MIN_EFFECT;
        let is_separated = basis.separation >= MIN_SEPARATION;
        prior.acted = is_significant && is_large && is_separated && other.is_none();
        prior.why = if !is_significant {
            format!("{found}, which is not significantly different from {training:.3} in training (p {p:.3})")
        } else if !is_large {
            format!("{found}, which differs from {training:.3} in training by less than {MIN_EFFECT}")
        } else if !is_separated {
            format!(
                "{found}, but recall minus false positive rate was {:.3} out of fold (minimum {MIN_SEPARATION})",
                basis.separation
            )
        } else if let Some(other) = other {
            format!("{found}, but {other}")
        } else {
            let factor = odds_factor(training, estimated);
            prior.used = Some(scale_odds(training, factor));
            let limited = if factor == MAX_ODDS_FACTOR || factor == 1.0 / MAX_ODDS_FACTOR {
                format!("; the change of the odds was limited to a factor of {MAX_ODDS_FACTOR}")
            } else {
                String::new()
            };
            format!("{found} (p {p:.0e}){limited}")
        };
        prior
    }

    /// Corrects a score for the class balance, by Bayes' rule (Saerens et al. 2002).
    pub fn corrected(&self, score: f64) -> f64 {
        match (self.acted, self.training, self.used) {
            (true, Some(training), Some(used)) => scale_odds(score, odds(used) / odds(training)),
            _ => score,
        }
    }

    fn uncorrected(asked: &str, basis: PriorBasis) -> Self {
        let training = basis.trained.share();
        Self {
            asked: asked.into(),
            training,
            rows: None,
            estimated: None,
            used: training,
            p: None,
            acted: false,
            why: String::new(),
        }
    }
}

impl fmt::Display for Prior {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.acted, self.training, self.used) {
            (true, Some(training), Some(used)) => {
                write!(f, "scores corrected from class balance {training:.3} to {used:.3}: ")?;
            }
            _ => f.write_str("scores not corrected: ")?,
        }
        f.write_str(&self.why)
    }
}

impl PriorBasis {
    /// The reason why the model's scores cannot be corrected; `None` if the scores can be corrected.
    fn obstacle(self) -> Option<String> {
        if !self.calibrated {
            return Some("the model is not calibrated; fit one with --calibrate sigmoid".into());
        }
        self.trained
            .share()
            .is_none()
            .then(|| "the model has no training rows of one class; fit it on rows of both classes".into())
    }
}

/// A score corrected from the class balance `training` to the class balance `estimated`, as by [`Prior::auto`].
pub fn corrected_score(score: f64, training: f64, estimated: f64) -> f64 {
    scale_odds(score, odds_factor(training, estimated))
}

/// Change of the odds from one class balance to an estimated one, of at most [`MAX_ODDS_FACTOR`].
fn odds_factor(training: f64, estimated: f64) -> f64 {
    (odds(estimated) / odds(training)).clamp(1.0 / MAX_ODDS_FACTOR, MAX_ODDS_FACTOR)
}

fn odds(share: f64) -> f64 {
    share / (1.0 - share)
}

/// Multiplies the odds of a probability by a factor.
fn scale_odds(share: f64, factor: f64) -> f64 {
    share * factor / (share * factor + (1.0 - share))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASIS: PriorBasis = PriorBasis {
        trained: TrainingBalance { positive: 200, negative: 1800 },
        calibrated: true,
        separation: 0.9,
    };

    /// Scores of rows whose class is nearly certain.
    fn confident(positive: usize, negative: usize) -> Vec<f64> {
        [vec![0.99; positive], vec![0.01; negative]].concat()
    }

    #[test]
    fn each_check_alone_prevents_a_correction() {
        let shifted = confident(100, 100);
        let acted = Prior::auto(&shifted, BASIS, None);
        assert!(acted.acted, "{acted:?}");
        let rejects = |scores: &[f64], basis: PriorBasis, why: &str| {
            let prior = Prior::auto(scores, basis, None);
            assert!(!prior.acted && prior.why.contains(why), "{why}: {prior:?}");
            assert_eq!((prior.used, prior.corrected(0.3)), (basis.trained.share(), 0.3));
        };
        rejects(&confident(100, 99), BASIS, "(found 199)");
        rejects(&shifted, PriorBasis { calibrated: false, ..BASIS }, "calibrated");
        rejects(&shifted, PriorBasis { separation: 0.199, ..BASIS }, "out of fold");
        rejects(
            &shifted,
            PriorBasis { trained: TrainingBalance { positive: 0, negative: 9 }, ..BASIS },
            "of one class",
        );
        rejects(&confident(25, 175), BASIS, "not significantly");
        for (other, why) in [
            (OtherChange::NoReference, "no profile"),
            (
                OtherChange::TooFewMessages { minimum: 30 },
                "needs 30 distinct messages on each side; fit more rows",
            ),
            (OtherChange::Words { auc: 0.9 }, "the words differ from the training rows (AUC 0.900)"),
            (OtherChange::Scores { upper: 0.12, limit: 0.1 }, "(distance up to 0.120, limit 0.1)"),
        ] {
            let prior = Prior::auto(&shifted, BASIS, Some(other));
            assert!(!prior.acted && prior.why.contains(why), "{prior:?}");
        }
        // The change from 0.1 to 0.115 on many rows is significant, but below the minimum effect.
        let many = PriorBasis { trained: TrainingBalance { positive: 10_000, negative: 90_000 }, ..BASIS };
        rejects(&confident(2300, 17_700), many, "by less than 0.03");
    }

    #[test]
    fn the_odds_change_by_a_factor_of_ten_at_most() {
        for scores in [confident(990, 10), vec![1.0; 300]] {
            let up = Prior::auto(&scores, BASIS, None);
            assert!((odds(up.used.unwrap()) - 10.0 / 9.0).abs() < 1e-12, "{up:?}");
            assert!(
                (odds(up.corrected(0.5)) - 10.0).abs() < 1e-12 && up.why.contains("was limited"),
                "{up:?}"
            );
        }
        let down = Prior::auto(
            &confident(0, 3000),
            PriorBasis { trained: TrainingBalance { positive: 900, negative: 1100 }, ..BASIS },
            None,
        );
        assert!(down.estimated == Some(0.0) && (odds(down.corrected(0.5)) - 0.1).abs() < 1e-12, "{down:?}");
        let given = Prior::given(0.99, BASIS);
        assert!((odds(given.corrected(0.1)) - 99.0).abs() < 1e-9, "{given:?}");
    }

    #[test]
    fn a_correction_keeps_0_and_1_and_the_order_of_scores() {
        let prior = Prior::given(0.7, BASIS);
        assert_eq!((prior.corrected(0.0), prior.corrected(1.0)), (0.0, 1.0));
        let corrected: Vec<f64> = (0..=1000).map(|n| prior.corrected(f64::from(n) / 1000.0)).collect();
        assert!(corrected.is_sorted());
    }

    #[test]
    fn accepts_auto_or_a_share_between_0_and_1() {
        assert_eq!("auto".parse::<RequestedPrior>().unwrap(), RequestedPrior::Auto);
        assert_eq!("0.25".parse::<RequestedPrior>().unwrap(), RequestedPrior::Given(0.25));
        for invalid in ["0", "1", "-0.5", "1.5", "NaN", "inf", "", "Auto", "50%"] {
            assert!(invalid.parse::<RequestedPrior>().is_err(), "{invalid}");
        }
    }
}
